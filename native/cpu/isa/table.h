// Declares the kernels of one instruction set; table.cpp gathers them.
#pragma once
#include "cpu/kernels.h"

#define DINF_INSTANTIATE(f)              \
  template decltype(f<float>) f<float>;  \
  template decltype(f<double>) f<double>;

DINF_MATH_BEGIN

template <class Real>
void encodeTensor(const TensorCall<Real>&, const Real* packed, int64_t slab, Real* out, int64_t planeStride, Real* scratch);
template <class Real>
void encodeTensorAdjoint(const TensorCall<Real>&, Real* accumulator, int64_t slab, const Real* in, int64_t planeStride, Real* scratch);
template <class Real>
void encodeScattered(const ScatteredCall&, const Real* packed, int64_t begin, int64_t end, Real* out, int64_t planeStride);
template <class Real>
void encodeScatteredAdjoint(const ScatteredCall&, Real* accumulator, int64_t begin, int64_t end, const Real* in, int64_t planeStride);
template <class Real>
void encodeScatteredSquares(const ScatteredCall&, Real* accumulator, int64_t begin, int64_t end, int terms, const int* plane,
                            const Real* const* coefficient);
template <class Real>
void encodeRadial(const ScatteredCall&, const Real* packed, int64_t begin, int64_t end, Real* out, int64_t planeStride);
template <class Real>
void encodeRadialAdjoint(const ScatteredCall&, Real* accumulator, int64_t begin, int64_t end, const Real* in, int64_t planeStride);
template <class Real>
void encodeRadialSquares(const ScatteredCall&, Real* accumulator, int64_t begin, int64_t end, int terms, const int* plane,
                         const Real* const* coefficient);
template <class Real>
void runProgram(const RunCall<Real>&, int64_t count);
template <class Real>
void mlpForward(const MlpCall<Real>&, int64_t begin, int64_t end);
template <class Real>
void mlpForwardTangent(const MlpCall<Real>&, int64_t begin, int64_t end);
template <class Real>
void mlpAdjoint(const MlpCall<Real>&, int64_t begin, int64_t end);
template <class Real>
int64_t mlpScratchSize(const MlpShape&, const JetSet&);
template <class Real>
int64_t mlpStateSize(const MlpShape&, const JetSet&);
template <class Real>
void combine(Real* out, const Real* in, const Real* weight, int terms, int64_t stride, Real bias, int64_t count);
template <class Real>
void spread(Real* out, const Real* in, const Real* values, const Real* weight, int terms, int64_t stride, bool add, int64_t count,
            double* dots);
template <class Real>
void refineRow(const RefineCall<Real>&, const Real* base, Real* out, Real* scratch);
template <class Real>
void refineRowAdjoint(const RefineCall<Real>&, Real* out, Real* scratch);
void randomBits(uint64_t seed, uint32_t first, uint32_t iteration, uint32_t term, uint32_t stream, int64_t groups, uint32_t* out);
template <class Real>
double dotProduct(const Real* x, const Real* y, int64_t count);
template <class Real>
void axpy(Real* y, Real a, const Real* x, int64_t count);
template <class Real>
void xpby(Real* y, const Real* x, Real b, int64_t count);
template <class Real>
void multiply(Real* out, const Real* x, const Real* y, int64_t count);
template <class Real>
void addTo(Real* y, const Real* x, int64_t count);
template <class Real>
void adamStep(Real* parameters, const Real* gradient, Real* first, Real* second, int64_t count, Real step, Real beta1, Real beta2,
              Real epsilon, Real inverseRootCorrection);

template <class Real>
const CpuKernels<Real>& kernelTable();

DINF_MATH_END
