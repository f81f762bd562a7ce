// Vector ops of the solvers: memory-bound, one pass each. A thread takes 16 bytes of every operand at a time where all of them
// are aligned to that; sub-vectors at odd offsets are read value by value, in the same order, so that alignment changes no bit.
// Scalars come from slots on the device. Budgets are bytes a value of 4 bytes; 703 000 of them at 3 TB/s are 1 us for each 4
// bytes.
#include <algorithm>
#include "cuda/ops.h"
#include "cuda/reduce.h"

namespace dinf::cuda {
namespace {

constexpr int kThreads = 256;

template <bool Wide, class Real, int N>
__device__ __forceinline__ Pack<Real, N> load(const Real* from) {
  if constexpr (Wide && N > 1) {
    return *reinterpret_cast<const Pack<Real, N>*>(from);
  } else {
    Pack<Real, N> pack;
#pragma unroll
    for (int k = 0; k < N; ++k) pack.v[k] = from[k];
    return pack;
  }
}
template <bool Wide, class Real, int N>
__device__ __forceinline__ void store(Real* to, const Pack<Real, N>& pack) {
  if constexpr (Wide && N > 1) {
    *reinterpret_cast<Pack<Real, N>*>(to) = pack;
  } else {
#pragma unroll
    for (int k = 0; k < N; ++k) to[k] = pack.v[k];
  }
}

template <int N>
struct Width {
  static constexpr int value = N;
};
// Calls body(first, Width<N>) for packs of values spread over the grid, and value by value for what is left at the end.
template <class Real, class Body>
__device__ __forceinline__ void sweep(int64_t count, Body body) {
  constexpr int N = kPackWidth<Real>;
  const int64_t thread = int64_t{blockIdx.x} * kThreads + threadIdx.x, step = int64_t{gridDim.x} * kThreads;
  const int64_t packs = count / N;
  for (int64_t p = thread; p < packs; p += step) body(p * N, Width<N>{});
  for (int64_t i = packs * N + thread; i < count; i += step) body(i, Width<1>{});
}

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
  sum = blockSum<kThreads>(sum);
  if (threadIdx.x == 0) partial[blockIdx.x] = sum;
  if (!lastToArrive(arrivals)) return;
  double total = 0;
  for (unsigned b = threadIdx.x; b < gridDim.x; b += kThreads) total += __ldcg(partial + b);
  total = blockSum<kThreads>(total);
  if (threadIdx.x == 0) *slot = total;
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

// 8 bytes; none where the slot is 0.
template <class Real, bool Wide>
__global__ void __launch_bounds__(kThreads)
    copyIfKernel(const double* __restrict__ slot, Real* __restrict__ to, const Real* __restrict__ from, int64_t count) {
  if (*slot == 0) return;
  sweep<Real>(count, [&](int64_t i, auto width) {
    constexpr int N = decltype(width)::value;
    store<Wide, Real, N>(to + i, load<Wide, Real, N>(from + i));
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

// 28 bytes. Kingma & Ba, Algorithm 1, with the bias corrections folded into the rate and the factor of the root.
// Counted (paper): 0.31 M warp instructions, 0 M wavefronts, 0.62 M sectors.
template <class Real, bool Wide>
__global__ void __launch_bounds__(kThreads) adamKernel(Real* __restrict__ parameters,
                                                       const Real* __restrict__ gradient,
                                                       Real* __restrict__ first,
                                                       Real* __restrict__ second,
                                                       int64_t count,
                                                       const double* __restrict__ slots,
                                                       Real beta1,
                                                       Real beta2,
                                                       Real epsilon) {
  if (slots[AdamSlots::stopped] != 0) return;
  const Real step = static_cast<Real>(slots[AdamSlots::rate]),
             rootCorrection = static_cast<Real>(slots[AdamSlots::rootCorrection]);
  sweep<Real>(count, [&](int64_t i, auto width) {
    constexpr int N = decltype(width)::value;
    const auto g = load<Wide, Real, N>(gradient + i);
    auto m = load<Wide, Real, N>(first + i), v = load<Wide, Real, N>(second + i), p = load<Wide, Real, N>(parameters + i);
#pragma unroll
    for (int k = 0; k < N; ++k) {
      m.v[k] = beta1 * m.v[k] + (1 - beta1) * g.v[k];
      v.v[k] = beta2 * v.v[k] + (1 - beta2) * g.v[k] * g.v[k];
      p.v[k] -= step * m.v[k] / (::sqrt(v.v[k]) * rootCorrection + epsilon);
    }
    store<Wide, Real, N>(first + i, m);
    store<Wide, Real, N>(second + i, v);
    store<Wide, Real, N>(parameters + i, p);
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

// Enough blocks to fill the device, none with less than a pack a thread.
template <class Real>
unsigned blocksFor(const Context& context, int64_t count) {
  const int64_t packs = (count + kPackWidth<Real> - 1) / kPackWidth<Real>;
  return static_cast<unsigned>(std::clamp<int64_t>((packs + kThreads - 1) / kThreads, 1, int64_t{context.multiprocessors()} * 8));
}
// Of a dot product: from the count alone; 16 values a thread keep every multiprocessor busy from half a million on.
unsigned dotBlocks(int64_t count) { return static_cast<unsigned>(std::clamp<int64_t>((count + 4095) / 4096, 1, 512)); }

template <class... Pointers>
bool aligned(const Pointers*... pointers) {
  return ((reinterpret_cast<uintptr_t>(pointers) % 16 == 0) && ...);
}
const double* slotOf(const Context& context, int slot) { return slot == kOne ? nullptr : context.slots() + slot; }

}  // namespace

template <class Real>
void fill(Context& context, Real* to, Real value, int64_t count) {
  if (count <= 0) return;
  launch(aligned(to) ? fillKernel<Real, true> : fillKernel<Real, false>, blocksFor<Real>(context, count), kThreads, 0,
         context.stream(), to, value, count);
}
template <class Real>
void dot(Context& context, const Real* x, const Real* y, int64_t count, int slot) {
  const unsigned blocks = dotBlocks(count);
  launch(aligned(x, y) ? dotKernel<Real, true> : dotKernel<Real, false>, blocks, kThreads, 0, context.stream(), x, y, count,
         context.scratch<double>(blocks), context.arrivals(), context.slots() + slot);
}
template <class Real>
void axpy(Context& context, Real* y, double factor, int slot, const Real* x, int64_t count) {
  if (count <= 0) return;
  launch(aligned(x, y) ? axpyKernel<Real, true> : axpyKernel<Real, false>, blocksFor<Real>(context, count), kThreads, 0,
         context.stream(), y, factor, slotOf(context, slot), x, count);
}
template <class Real>
void xpby(Context& context, Real* y, const Real* x, int slot, int64_t count) {
  if (count <= 0) return;
  launch(aligned(x, y) ? xpbyKernel<Real, true> : xpbyKernel<Real, false>, blocksFor<Real>(context, count), kThreads, 0,
         context.stream(), y, x, slotOf(context, slot), count);
}
template <class Real>
void multiply(Context& context, Real* out, const Real* x, const Real* y, int64_t count) {
  if (count <= 0) return;
  launch(aligned(out, x, y) ? multiplyKernel<Real, true> : multiplyKernel<Real, false>, blocksFor<Real>(context, count), kThreads,
         0, context.stream(), out, x, y, count);
}
template <class Real>
void copyIf(Context& context, int slot, Real* to, const Real* from, int64_t count) {
  if (count <= 0) return;
  launch(aligned(to, from) ? copyIfKernel<Real, true> : copyIfKernel<Real, false>, blocksFor<Real>(context, count), kThreads, 0,
         context.stream(), static_cast<const double*>(context.slots() + slot), to, from, count);
}
template <class Real>
void inverseRoots(Context& context, Real* out, const Real* squares, double floor, int64_t count) {
  if (count <= 0) return;
  launch(aligned(out, squares) ? inverseRootsKernel<Real, true> : inverseRootsKernel<Real, false>,
         blocksFor<Real>(context, count), kThreads, 0, context.stream(), out, squares, floor, count);
}
template <class Real>
void adam(Context& context,
          Real* parameters,
          const Real* gradient,
          Real* first,
          Real* second,
          int64_t count,
          const AdamSettings& settings) {
  if (count <= 0) return;
  launch(aligned(parameters, gradient, first, second) ? adamKernel<Real, true> : adamKernel<Real, false>,
         blocksFor<Real>(context, count), kThreads, 0, context.stream(), parameters, gradient, first, second, count,
         static_cast<const double*>(context.slots()), static_cast<Real>(settings.beta1), static_cast<Real>(settings.beta2),
         static_cast<Real>(settings.epsilon));
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
  template void copyIf<Real>(Context&, int, Real*, const Real*, int64_t);                             \
  template void inverseRoots<Real>(Context&, Real*, const Real*, double, int64_t);                    \
  template void adam<Real>(Context&, Real*, const Real*, Real*, Real*, int64_t, const AdamSettings&); \
  template void collectSums<Real>(Context&, Real*, const double*, int64_t, int64_t);
DINF_INSTANTIATE(float)
DINF_INSTANTIATE(double)
#undef DINF_INSTANTIATE

}  // namespace dinf::cuda
