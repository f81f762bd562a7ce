// Vector ops of the solvers: memory-bound, one pass each (sweep.h). Scalars come from slots on the device. Budgets are bytes a value of
// 4 bytes; 703 000 of them at 3 TB/s are 1 us for each 4 bytes.
#include "cuda/adam.h"
#include "cuda/ops.h"
#include "cuda/sweep.h"

namespace dinf::cuda {
namespace {

constexpr int kThreads = kSweepThreads;

// 4 bytes
template <class Real, bool Wide>
__global__ void __launch_bounds__(kThreads) fillKernel(Real* __restrict__ to, Real value, int64_t count) {
  sweep<Real>(count, [&](int64_t i, auto width) {
    constexpr int N = decltype(width)::value;
    Pack<Real, N> out;
#pragma unroll
    for (int k = 0; k < N; ++k) out.v[k] = value;
    store<Wide, Real, N>(to + i, out);
  });
}

// 8 bytes. Sums a thread, a block, and by the last block over the blocks, whose number depends on the count alone.
template <class Real, bool Wide>
__global__ void __launch_bounds__(kThreads) dotKernel(const Real* __restrict__ x,
                                                      const Real* __restrict__ y,
                                                      int64_t count,
                                                      double* __restrict__ partial,
                                                      unsigned* arrivals,
                                                      double* __restrict__ slot) {
  double sum = 0;
  sweep<Real>(count, [&](int64_t i, auto width) {
    constexpr int N = decltype(width)::value;
    const auto a = load<Wide, Real, N>(x + i), b = load<Wide, Real, N>(y + i);
#pragma unroll
    for (int k = 0; k < N; ++k) sum += static_cast<double>(a.v[k]) * static_cast<double>(b.v[k]);
  });
  if (gridSum(sum, partial, arrivals) && threadIdx.x == 0) *slot = sum;
}

// 12 bytes; none where the factor is 0.
template <class Real, bool Wide>
__global__ void __launch_bounds__(kThreads)
    axpyKernel(Real* __restrict__ y, double factor, const double* __restrict__ slot, const Real* __restrict__ x, int64_t count) {
  const Real a = static_cast<Real>(slot ? factor * *slot : factor);
  if (a == 0) return;  // y as it is, even where x is not finite
  sweep<Real>(count, [&](int64_t i, auto width) {
    constexpr int N = decltype(width)::value;
    auto out = load<Wide, Real, N>(y + i);
    const auto in = load<Wide, Real, N>(x + i);
#pragma unroll
    for (int k = 0; k < N; ++k) out.v[k] += a * in.v[k];
    store<Wide, Real, N>(y + i, out);
  });
}

// 12 bytes
template <class Real, bool Wide>
__global__ void __launch_bounds__(kThreads)
    xpbyKernel(Real* __restrict__ y, const Real* __restrict__ x, const double* __restrict__ slot, int64_t count) {
  const Real b = slot ? static_cast<Real>(*slot) : Real(1);
  sweep<Real>(count, [&](int64_t i, auto width) {
    constexpr int N = decltype(width)::value;
    auto out = load<Wide, Real, N>(y + i);
    const auto in = load<Wide, Real, N>(x + i);
#pragma unroll
    for (int k = 0; k < N; ++k) out.v[k] = in.v[k] + b * out.v[k];
    store<Wide, Real, N>(y + i, out);
  });
}

// 12 bytes. `out` may be x or y.
template <class Real, bool Wide>
__global__ void __launch_bounds__(kThreads) multiplyKernel(Real* out, const Real* x, const Real* y, int64_t count) {
  sweep<Real>(count, [&](int64_t i, auto width) {
    constexpr int N = decltype(width)::value;
    auto product = load<Wide, Real, N>(x + i);
    const auto by = load<Wide, Real, N>(y + i);
#pragma unroll
    for (int k = 0; k < N; ++k) product.v[k] *= by.v[k];
    store<Wide, Real, N>(out + i, product);
  });
}

// 8 bytes. `out` may be `squares`. Once a linearisation: double costs nothing that matters.
template <class Real, bool Wide>
__global__ void __launch_bounds__(kThreads) inverseRootsKernel(Real* out, const Real* squares, double floor, int64_t count) {
  sweep<Real>(count, [&](int64_t i, auto width) {
    constexpr int N = decltype(width)::value;
    auto values = load<Wide, Real, N>(squares + i);
#pragma unroll
    for (int k = 0; k < N; ++k) {
      const double s = static_cast<double>(values.v[k]);
      values.v[k] = s > floor ? static_cast<Real>(1 / ::sqrt(s)) : Real(0);
    }
    store<Wide, Real, N>(out + i, values);
  });
}

// 28 bytes; 8 more where the iterate is kept.
// Counted (paper): 0.31 M warp instructions, 0 M wavefronts, 0.62 M sectors.
template <class Real, bool Wide>
__global__ void __launch_bounds__(kThreads, 1) adamKernel(const __grid_constant__ AdamStep<Real> adam, int64_t count) {
  const AdamRates<Real> rates(adam);
  if (rates.stopped && !rates.keep) return;
  const AdamVectors<Real>& at = adam.vectors;
  sweep<Real>(count, [&](int64_t i, auto width) {
    constexpr int N = decltype(width)::value;
    auto p = load<Wide, Real, N>(at.parameters + i);
    if (rates.keep) store<Wide, Real, N>(at.best + i, p);
    if (rates.stopped) return;
    const auto g = load<Wide, Real, N>(at.gradient + i);
    auto m = load<Wide, Real, N>(at.first + i), v = load<Wide, Real, N>(at.second + i);
#pragma unroll
    for (int k = 0; k < N; ++k) rates.apply(g.v[k], m.v[k], v.v[k], p.v[k]);
    store<Wide, Real, N>(at.first + i, m);
    store<Wide, Real, N>(at.second + i, v);
    store<Wide, Real, N>(at.parameters + i, p);
  });
}

// 8 bytes a part: a thread a sum, so that parts are added in their order; neighbours read neighbours.
template <class Real>
__global__ void __launch_bounds__(kThreads)
    collectSumsKernel(Real* __restrict__ out, const double* __restrict__ sums, int64_t parts, int64_t count) {
  const int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (i >= count) return;
  double sum = 0;
#pragma unroll 8
  for (int64_t part = 0; part < parts; ++part) sum += sums[part * count + i];
  out[i] = static_cast<Real>(sum);
}

const double* slotOf(const Context& context, int slot) { return slot == kOne ? nullptr : context.slots() + slot; }

}  // namespace

template <class Real>
void fill(Context& context, Real* to, Real value, int64_t count) {
  if (count <= 0) return;
  launch(aligned(to) ? fillKernel<Real, true> : fillKernel<Real, false>, sweepBlocks<Real>(context, count), kThreads, 0,
         context.stream(), to, value, count);
}
template <class Real>
void dot(Context& context, const Real* x, const Real* y, int64_t count, int slot) {
  const unsigned blocks = sumBlocks(count);
  launch(aligned(x, y) ? dotKernel<Real, true> : dotKernel<Real, false>, blocks, kThreads, 0, context.stream(), x, y, count,
         context.scratch<double>(blocks), context.arrivals(), context.slots() + slot);
}
template <class Real>
void axpy(Context& context, Real* y, double factor, int slot, const Real* x, int64_t count) {
  if (count <= 0) return;
  launch(aligned(x, y) ? axpyKernel<Real, true> : axpyKernel<Real, false>, sweepBlocks<Real>(context, count), kThreads, 0,
         context.stream(), y, factor, slotOf(context, slot), x, count);
}
template <class Real>
void xpby(Context& context, Real* y, const Real* x, int slot, int64_t count) {
  if (count <= 0) return;
  launch(aligned(x, y) ? xpbyKernel<Real, true> : xpbyKernel<Real, false>, sweepBlocks<Real>(context, count), kThreads, 0,
         context.stream(), y, x, slotOf(context, slot), count);
}
template <class Real>
void multiply(Context& context, Real* out, const Real* x, const Real* y, int64_t count) {
  if (count <= 0) return;
  launch(aligned(out, x, y) ? multiplyKernel<Real, true> : multiplyKernel<Real, false>, sweepBlocks<Real>(context, count), kThreads,
         0, context.stream(), out, x, y, count);
}
template <class Real>
void inverseRoots(Context& context, Real* out, const Real* squares, double floor, int64_t count) {
  if (count <= 0) return;
  launch(aligned(out, squares) ? inverseRootsKernel<Real, true> : inverseRootsKernel<Real, false>,
         sweepBlocks<Real>(context, count), kThreads, 0, context.stream(), out, squares, floor, count);
}
template <class Real>
void adam(Context& context, const AdamVectors<Real>& v, int64_t count, const AdamSettings& settings) {
  if (count <= 0) return;
  launch(aligned(v.parameters, v.gradient, v.first, v.second, v.best) ? adamKernel<Real, true> : adamKernel<Real, false>,
         sweepBlocks<Real>(context, count), kThreads, 0, context.stream(), AdamStep<Real>::of(v, context.slots(), settings), count);
}
template <class Real>
void collectSums(Context& context, Real* out, const double* sums, int64_t parts, int64_t count) {
  if (count <= 0) return;
  launch(collectSumsKernel<Real>, blocksFor(count, kThreads), kThreads, 0, context.stream(), out,
         sums, parts, count);
}

#define DINF_INSTANTIATE(Real)                                                                        \
  template void fill<Real>(Context&, Real*, Real, int64_t);                                           \
  template void dot<Real>(Context&, const Real*, const Real*, int64_t, int);                          \
  template void axpy<Real>(Context&, Real*, double, int, const Real*, int64_t);                       \
  template void xpby<Real>(Context&, Real*, const Real*, int, int64_t);                               \
  template void multiply<Real>(Context&, Real*, const Real*, const Real*, int64_t);                   \
  template void inverseRoots<Real>(Context&, Real*, const Real*, double, int64_t);                    \
  template void adam<Real>(Context&, const AdamVectors<Real>&, int64_t, const AdamSettings&);          \
  template void collectSums<Real>(Context&, Real*, const double*, int64_t, int64_t);
DINF_INSTANTIATE(float)
DINF_INSTANTIATE(double)
#undef DINF_INSTANTIATE

}  // namespace dinf::cuda
