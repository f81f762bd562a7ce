// Conjugate gradients for least squares (core/cgls.h): the vectors of an iteration, one pass each, with the arithmetic on slots that
// stands between them. What a pass needs of the slots each block works out for itself, and the last block to come writes it down: a
// kernel of one thread for it would cost as much as the pass.
#include "cuda/log.h"
#include "cuda/ops.h"
#include "cuda/sweep.h"
#include "math/iteration.h"

namespace dinf::cuda {
namespace {

// 12 bytes a row; none where the step has no length.
template <class Real, bool Wide>
__global__ void __launch_bounds__(kSweepThreads)
    cglsStepKernel(Real* __restrict__ r, const Real* __restrict__ q, int64_t count, double* slots, unsigned* arrivals) {
  __shared__ double state[kStageSlots];
  if (threadIdx.x < kStageSlots) state[threadIdx.x] = slots[threadIdx.x];
  __syncthreads();
  if (threadIdx.x == 0) generic::cglsStep(state);
  __syncthreads();
  const Real a = static_cast<Real>(-state[CglsSlots::alpha]);
  if (a != 0)  // r as it is, even where q is not finite
    sweep<Real>(count, [&](int64_t i, auto width) {
      constexpr int N = decltype(width)::value;
      auto out = load<Wide, Real, N>(r + i);
      const auto in = load<Wide, Real, N>(q + i);
#pragma unroll
      for (int k = 0; k < N; ++k) out.v[k] += a * in.v[k];
      store<Wide, Real, N>(r + i, out);
    });
  if (lastToArrive(arrivals) && threadIdx.x < kStageSlots) slots[threadIdx.x] = state[threadIdx.x];
}

// 12 bytes an unknown, 8 more with damping.
template <class Real, bool Wide, bool Damped>
__global__ void __launch_bounds__(kSweepThreads) cglsAdvanceKernel(Real* __restrict__ s,
                                                                   const Real* __restrict__ scale,
                                                                   const Real* __restrict__ y,
                                                                   const Real* __restrict__ p,
                                                                   int64_t count,
                                                                   double* slots,
                                                                   double* __restrict__ partial,
                                                                   unsigned* arrivals,
                                                                   const CglsSettings settings,
                                                                   const Log log) {
  [[maybe_unused]] const Real damping = static_cast<Real>(slots[CglsSlots::damping]), alpha = static_cast<Real>(slots[CglsSlots::alpha]);
  double sum = 0;
  sweep<Real>(count, [&](int64_t i, auto width) {
    constexpr int N = decltype(width)::value;
    auto out = load<Wide, Real, N>(s + i);
    const auto by = load<Wide, Real, N>(scale + i);
    Pack<Real, N> at{}, along{};
    if constexpr (Damped) at = load<Wide, Real, N>(y + i), along = load<Wide, Real, N>(p + i);
#pragma unroll
    for (int k = 0; k < N; ++k) {
      out.v[k] *= by.v[k];
      if constexpr (Damped) out.v[k] += damping * (alpha == 0 ? at.v[k] : at.v[k] - alpha * along.v[k]);
      sum += static_cast<double>(out.v[k]) * static_cast<double>(out.v[k]);
    }
    store<Wide, Real, N>(s + i, out);
  });
  if (!gridSum(sum, partial, arrivals)) return;
  if (threadIdx.x == 0) {
    slots[CglsSlots::nextGamma] = sum;
    generic::cglsAdvance(slots, settings);
  }
  __syncthreads();
  publishLine(log, slots, kStageSlots);
}

// 32 bytes an unknown.
template <class Real, bool Wide, bool Damped>
__global__ void __launch_bounds__(kSweepThreads)
    cglsTurnKernel(const CglsVectors<Real> v, int64_t count, double* slots, double* __restrict__ partial, unsigned* arrivals) {
  const Real a = static_cast<Real>(-slots[CglsSlots::alpha]), beta = static_cast<Real>(slots[CglsSlots::beta]);
  const bool keep = slots[CglsSlots::keep] != 0, restore = slots[CglsSlots::restore] != 0;
  double sum = 0;
  sweep<Real>(count, [&](int64_t i, auto width) {
    constexpr int N = decltype(width)::value;
    auto y = load<Wide, Real, N>(v.y + i), p = load<Wide, Real, N>(v.p + i), d = load<Wide, Real, N>(v.scale + i);
    const auto s = load<Wide, Real, N>(v.s + i);
#pragma unroll
    for (int k = 0; k < N; ++k) {
      if (a != 0) y.v[k] += a * p.v[k];
      p.v[k] = s.v[k] + beta * p.v[k];
      d.v[k] *= p.v[k];
      if constexpr (Damped) sum += static_cast<double>(p.v[k]) * static_cast<double>(p.v[k]);
    }
    if (keep) store<Wide, Real, N>(v.best + i, y);
    if (restore) y = load<Wide, Real, N>(v.best + i);
    store<Wide, Real, N>(v.y + i, y);
    store<Wide, Real, N>(v.p + i, p);
    store<Wide, Real, N>(v.d + i, d);
  });
  if constexpr (Damped)
    if (gridSum(sum, partial, arrivals) && threadIdx.x == 0) slots[CglsSlots::stepNorm] = sum;
}

}  // namespace

template <class Real>
void cglsStep(Context& context, Real* r, const Real* q, int64_t count) {
  launch(aligned(r, q) ? cglsStepKernel<Real, true> : cglsStepKernel<Real, false>, sweepBlocks<Real>(context, count), kSweepThreads, 0,
         context.stream(), r, q, count, context.slots(), context.arrivals());
}
template <class Real>
void cglsAdvance(Context& context,
                 Real* s,
                 const Real* scale,
                 const Real* y,
                 const Real* p,
                 int64_t count,
                 const CglsSettings& settings,
                 const Log& log) {
  const bool wide = aligned(s, scale) && (!y || aligned(y, p));
  const auto kernel = y ? (wide ? cglsAdvanceKernel<Real, true, true> : cglsAdvanceKernel<Real, false, true>)
                        : (wide ? cglsAdvanceKernel<Real, true, false> : cglsAdvanceKernel<Real, false, false>);
  const unsigned blocks = sumBlocks(count);
  launch(kernel, blocks, kSweepThreads, 0, context.stream(), s, scale, y, p, count, context.slots(), context.scratch<double>(blocks),
         context.arrivals(), settings, log);
}
template <class Real>
void cglsTurn(Context& context, const CglsVectors<Real>& v, int64_t count, bool damped) {
  const bool wide = aligned(v.y, v.p, v.d, v.best, v.s, v.scale);
  const auto kernel = damped ? (wide ? cglsTurnKernel<Real, true, true> : cglsTurnKernel<Real, false, true>)
                             : (wide ? cglsTurnKernel<Real, true, false> : cglsTurnKernel<Real, false, false>);
  const unsigned blocks = damped ? sumBlocks(count) : sweepBlocks<Real>(context, count);
  launch(kernel, blocks, kSweepThreads, 0, context.stream(), v, count, context.slots(), context.scratch<double>(blocks),
         context.arrivals());
}

#define DINF_INSTANTIATE(Real)                                                                                                       \
  template void cglsStep<Real>(Context&, Real*, const Real*, int64_t);                                                               \
  template void cglsAdvance<Real>(Context&, Real*, const Real*, const Real*, const Real*, int64_t, const CglsSettings&, const Log&); \
  template void cglsTurn<Real>(Context&, const CglsVectors<Real>&, int64_t, bool);
DINF_INSTANTIATE(float)
DINF_INSTANTIATE(double)
#undef DINF_INSTANTIATE

}  // namespace dinf::cuda
