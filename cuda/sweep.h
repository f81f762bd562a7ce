// How a kernel walks vectors: a thread takes 16 bytes of every operand at a time where all of them are aligned to that; sub-vectors at
// odd offsets are read value by value, in the same order, so that alignment changes no bit.
#pragma once
#include <algorithm>
#include "cuda/context.h"
#include "cuda/reduce.h"

namespace dinf::cuda {

constexpr int kSweepThreads = 256;

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
  const int64_t thread = int64_t{blockIdx.x} * kSweepThreads + threadIdx.x, step = int64_t{gridDim.x} * kSweepThreads;
  const int64_t packs = count / N;
  for (int64_t p = thread; p < packs; p += step) body(p * N, Width<N>{});
  for (int64_t i = packs * N + thread; i < count; i += step) body(i, Width<1>{});
}

// The sum over the grid of what each thread brings, in every thread of the last block to come here; false in all others. `partial` has
// room for a sum a block.
__device__ __forceinline__ bool gridSum(double& sum, double* partial, unsigned* arrivals) {
  sum = blockSum<kSweepThreads>(sum);
  if (threadIdx.x == 0) partial[blockIdx.x] = sum;
  if (!lastToArrive(arrivals)) return false;
  double total = 0;
  for (unsigned b = threadIdx.x; b < gridDim.x; b += kSweepThreads) total += __ldcg(partial + b);
  sum = blockSum<kSweepThreads>(total);
  return true;
}

// Enough blocks to fill the device, none with less than a pack a thread.
template <class Real>
unsigned sweepBlocks(const Context& context, int64_t count) {
  const int64_t packs = (count + kPackWidth<Real> - 1) / kPackWidth<Real>;
  return static_cast<unsigned>(
      std::clamp<int64_t>((packs + kSweepThreads - 1) / kSweepThreads, 1, int64_t{context.multiprocessors()} * 8));
}
// Where a sum is made: from the count alone; 16 values a thread keep every multiprocessor busy from half a million on.
inline unsigned sumBlocks(int64_t count) { return static_cast<unsigned>(std::clamp<int64_t>((count + 4095) / 4096, 1, 512)); }

template <class... Pointers>
bool aligned(const Pointers*... pointers) {
  return ((reinterpret_cast<uintptr_t>(pointers) % 16 == 0) && ...);
}

}  // namespace dinf::cuda
