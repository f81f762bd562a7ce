// The encoder: features and their derivatives at samples, and its adjoint. Planes of jets are [channel][plane][count].
#pragma once
#include "cuda/binding.h"

namespace dinf::cuda {

// Samples begin .. begin + count.
template <class Real>
void encode(Context&, const CudaBinding<Real>&, int64_t begin, int64_t count, const Real* packed, Real* jets);
template <class Real>
void encodeRadial(Context&, const CudaBinding<Real>&, int64_t begin, int64_t count, const Real* packed, Real* jets);

// What the adjoint multiplies weights with: a plane of values for some of the planes of binding.closed, null for the others.
template <class Real>
struct Sources {
  const Real* plane[kMaxPlanes];
  int64_t channelStride;            // from one channel's planes to the next's
  int64_t levelStride;              // from one level's to the next's; 0: all levels read the same
  int firstPatch, channels;         // the first source channel's place among the patches' channels; how many there are
  int firstLevel, levels;
  bool squares;                     // add the square of each sample's contribution
};
template <class Real>
void encodeAdjoint(Context&, CudaBinding<Real>&, int64_t begin, int64_t count, const Sources<Real>&);
template <class Real>
void encodeAdjointRadial(Context&, CudaBinding<Real>&, int64_t begin, int64_t count, const Sources<Real>&);

// The same of a binding with `tensor`, axis by axis; the adjoints go to its target, but for planes that are `absent`.
template <class Real>
void encodeTensor(Context&, const CudaBinding<Real>&, int64_t begin, int64_t count, const Real* packed, Real* jets);
template <class Real>
void encodeTensorAdjoint(Context&, CudaBinding<Real>&, int64_t begin, int64_t count, const Real* jetAdjoints, uint64_t absent);
// A plane of `jets`, and the derivative of a row by it at each sample from `begin` on.
template <class Real>
struct PlaneValues {
  int plane;
  const Real* values;
};
template <class Real>
void encodeTensorSquares(Context&, CudaBinding<Real>&, int64_t begin, int64_t count, const std::vector<PlaneValues<Real>>&, int channel,
                         int firstLevel, int levels);

}  // namespace dinf::cuda
