// Sums whose order the problem alone decides: the same bits on every run and every device. And packs of 16 bytes, the widest
// access a thread has.
#pragma once
#include <cstdint>
#include "cuda/launch.h"

namespace dinf::cuda {

template <class T, int N>
struct __align__(sizeof(T) * N) Pack {
  T v[N];
};
template <class Real>
constexpr int kPackWidth = 16 / sizeof(Real);
template <class Real>
using WidePack = Pack<Real, kPackWidth<Real>>;

// The sum over a warp, the same in every lane.
__device__ __forceinline__ double warpSum(double value) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) value += __shfl_xor_sync(0xffffffffu, value, distance);
  return value;
}

// The sum over a block of kThreads, the same in every thread.
template <int kThreads>
__device__ __forceinline__ double blockSum(double value) {
  __shared__ double warps[kThreads / 32];
  value = warpSum(value);
  __syncthreads();  // of the call before, every thread has read `warps`
  if (threadIdx.x % 32 == 0) warps[threadIdx.x / 32] = value;
  __syncthreads();
  double sum = 0;
#pragma unroll
  for (int w = 0; w < kThreads / 32; ++w) sum += warps[w];
  return sum;
}

// True in the last block of a launch that comes here: what the others wrote before is then seen by all its threads (read it with
// __ldcg). `arrivals` is 0 before and after.
__device__ __forceinline__ bool lastToArrive(unsigned* arrivals) {
  __shared__ bool last;
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) {
    last = atomicInc(arrivals, gridDim.x - 1) == gridDim.x - 1;  // the last one sets it to 0
    __threadfence();
  }
  __syncthreads();
  return last;
}

}  // namespace dinf::cuda
