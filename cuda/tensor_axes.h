// A tensor-product sample set beside a grid: the weights of each axis' samples, computed once in double on the host, as the CPU has
// them (native/cpu/binding.h). A sample costs nothing here, only a sample of one axis: 512 x 512 samples on 6 levels are 6 x 1024 sets
// of weights, not 6 x 262 144 x 2.
//
// Memory: (orders * taps * sizeof(Real) + 4) bytes a sample of an axis and level.
#pragma once
#include "core/backend.h"
#include "cuda/context.h"

namespace dinf::cuda {

// One axis at one level. Samples ascend, so those that reach a node are neighbours.
template <class Real>
struct AxisLevel {
  const Real* weight;  // [order][tap][sample], scaled to Taylor coefficients in the unit box
  const int* start;    // a sample's first node, counted from `first`
  const int* bound;    // [nodes + 1]: the first sample whose first node is this one or a later one
  int first, nodes;    // the packed nodes that samples reach
};

template <class Real>
class TensorAxes {
 public:
  TensorAxes(Context& context, const GridShape& grid, const SampleSet& samples, const JetSet& jets);

  int dims, taps, levels;
  int count[kMaxDims];  // samples an axis, padding included
  AxisLevel<Real> level[kMaxDims][kMaxLevels];
  bool whole = true;    // samples reach every packed node
  // The packed plane of a channel's level, and its first node that samples reach.
  int64_t corner[kMaxLevels], stride[kMaxLevels][kMaxDims];

 private:
  Buffer<Real> weights_;
  Buffer<int> places_;
};

}  // namespace dinf::cuda
