// The kernels of emulation_tests.cu: some right, some with the fault that their name tells.
#pragma once
#include "launch.h"

namespace {

using dinf::cuda::blockShared;

// ---- kernels that are right
__global__ void __launch_bounds__(256) reverseBlock(const float* __restrict__ x, float* __restrict__ y) {
  __shared__ float values[256];
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  values[threadIdx.x] = x[i];
  __syncthreads();
  y[i] = values[blockDim.x - 1 - threadIdx.x];
}
struct Tile {
  float4 quads[64];
  double sums[8];
};
__global__ void dynamicReverse(float* x) {
  Tile* tile = blockShared<Tile>();
  auto* values = reinterpret_cast<float*>(tile->quads);
  values[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  x[threadIdx.x] = values[255 - threadIdx.x];
}
__global__ void scan(const int* x, int* y) {
  __shared__ int a[2][1024];
  const unsigned t = threadIdx.x;
  int from = 0;
  a[0][t] = x[t];
  for (unsigned d = 1; d < blockDim.x; d *= 2, from ^= 1) {
    __syncthreads();
    a[from ^ 1][t] = a[from][t] + (t >= d ? a[from][t - d] : 0);
  }
  y[t] = a[from][t];
}
__global__ void warpSum(const double* x, double* y, int n) {
  __shared__ double part[32];
  double v = 0;
  for (int i = int(threadIdx.x); i < n; i += int(blockDim.x)) v += x[i];
  for (unsigned d = 16; d; d /= 2) v += __shfl_down_sync(~0u, v, d);
  if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = v;
  __syncthreads();
  if (threadIdx.x < 32) {
    v = threadIdx.x < blockDim.x / 32 ? part[threadIdx.x] : 0;
    for (int d = 16; d; d /= 2) v += __shfl_xor_sync(~0u, v, d);
    if (threadIdx.x == 0) *y = v;
  }
}
// Halves of a warp that do unlike numbers of operations, then one together.
__global__ void unevenHalves(int* y) {
  const int lane = int(threadIdx.x % 32);
  int v = lane;
  if (lane < 16) {
    for (int i = 0; i < 3; ++i) v = __shfl_sync(0x0000ffffu, v, (lane + 1) % 16);
  } else {
    v = __shfl_sync(0xffff0000u, v, 16 + (lane + 1) % 16);
  }
  y[threadIdx.x] = __shfl_sync(~0u, v, 31 - lane);
}
__global__ void votes(unsigned* y) {
  const unsigned lane = threadIdx.x % 32;
  const unsigned odd = __ballot_sync(~0u, lane & 1), active = __activemask();
  const int all = __all_sync(~0u, lane < 32), some = __any_sync(~0u, lane == 7), none = __any_sync(~0u, lane > 99);
  const int count = __syncthreads_count(threadIdx.x % 3 == 0), every = __syncthreads_and(threadIdx.x < 63),
            any = __syncthreads_or(lane == 3);
  if (threadIdx.x == 0) {
    y[0] = odd, y[1] = unsigned(all), y[2] = unsigned(some), y[3] = unsigned(none), y[4] = unsigned(count),
    y[5] = unsigned(every);
    y[6] = unsigned(any), y[7] = active;
  }
}
__global__ void atomics(int* i, unsigned long long* u, float* f, double* d, unsigned* wrap) {
  atomicAdd(&i[0], 1);
  atomicMax(&i[1], int(threadIdx.x));
  atomicMin(&i[2], -int(threadIdx.x));
  atomicOr(&i[3], 1 << threadIdx.x % 8);
  for (int old = *static_cast<volatile int*>(&i[4]), seen;; old = seen)
    if ((seen = atomicCAS(&i[4], old, old + 2)) == old) break;
  atomicAdd(u, 1ull << 33);
  atomicAdd(f, 0.5f);
  atomicAdd(d, 0.25);
  atomicInc(wrap, 9);
}
__global__ void add(float* x, float v) { x[blockIdx.x * blockDim.x + threadIdx.x] += v; }
__global__ void twice(const float* x, float* y) { y[threadIdx.x] = 2 * x[threadIdx.x]; }
__global__ void fill(float* x, float v) { x[threadIdx.x] = v; }
// The last block adds what the others left: ordered by a fence and an atomic.
__global__ void lastBlockSums(const float* x, float* parts, unsigned* count, float* y) {
  __shared__ bool last;
  if (threadIdx.x == 0) {
    parts[blockIdx.x] = x[blockIdx.x];
    __threadfence();
    last = atomicAdd(count, 1u) == gridDim.x - 1;
  }
  __syncthreads();
  if (!last || threadIdx.x) return;
  float sum = 0;
  for (unsigned b = 0; b < gridDim.x; ++b) sum += parts[b];
  *y = sum;
}
__global__ void warpSynchronous(int* y) {
  __shared__ int a[64];
  a[threadIdx.x] = int(threadIdx.x);
  __syncwarp();
  const int v = a[threadIdx.x ^ 1];
  __syncwarp();
  a[threadIdx.x] = v;
  __syncwarp();
  y[threadIdx.x] = a[threadIdx.x ^ 1];
}
__global__ void bytes(unsigned char* y) { y[threadIdx.x] = static_cast<unsigned char>(threadIdx.x); }
struct Big {
  int n;
  float values[100];
};
__global__ void parameters(const __grid_constant__ Big big, float* y) { y[threadIdx.x] = big.values[threadIdx.x % big.n]; }
__constant__ float coefficients[4];
__global__ void constants(float* y) { y[threadIdx.x] = coefficients[threadIdx.x % 4]; }
__global__ void mathematics(double* y) {
  const double x = -3 + 0.01 * threadIdx.x;
  double s, c;
  sincospi(x, &s, &c);
  y[threadIdx.x] = s, y[blockDim.x + threadIdx.x] = c;
  if (threadIdx.x) return;
  sincospi(0.5, &s, &c);
  double* rest = y + 2 * blockDim.x;
  rest[0] = s, rest[1] = c, rest[2] = __longlong_as_double(__double_as_longlong(-2.5)), rest[3] = abs(-1.5f);
  rest[4] = __umulhi(1u << 31, 6), rest[5] = __clz(1), rest[6] = rsqrt(4.0), rest[7] = __hiloint2double(0x40080000, 0);
}

// ---- kernels that are wrong
__global__ void divergentBarrier(float* x) {
  if (threadIdx.x < 32) {
    __syncthreads();
    x[threadIdx.x] = 1;
  } else {
    __syncthreads();
    x[threadIdx.x] = 2;
  }
}
__global__ void barrierAfterReturn() {
  if (threadIdx.x == 5) return;
  __syncthreads();
}
__global__ void shuffleWithoutSome(int* x) {
  if (threadIdx.x < 16) x[threadIdx.x] = __shfl_sync(~0u, int(threadIdx.x), 3);
  else __syncthreads();
}
__global__ void shuffleFromNobody(int* x) {
  if (threadIdx.x < 16) x[threadIdx.x] = __shfl_sync(0x0000ffffu, int(threadIdx.x), 20);
}
__global__ void shuffleOutsideMask(int* x) { x[threadIdx.x] = __shfl_sync(1u, int(threadIdx.x), 0); }
__global__ void spin(volatile int* flag) {
  while (!*flag) __nanosleep(100);
}
__global__ void missingBarrier(const float* x, float* y) {
  __shared__ float a[256];
  a[threadIdx.x] = x[threadIdx.x];
  y[threadIdx.x] = a[threadIdx.x ^ 32];
}
__global__ void missingSecondBarrier(float* y) {
  __shared__ float a[64];
  a[threadIdx.x] = float(threadIdx.x);
  __syncthreads();
  const float v = a[63 - threadIdx.x];
  a[threadIdx.x] = v;
  y[threadIdx.x] = v;
}
__global__ void missingWarpSync(int* y) {
  __shared__ int a[32];
  a[threadIdx.x] = int(threadIdx.x);
  y[threadIdx.x] = a[threadIdx.x ^ 1];
}
__global__ void shuffleIsNoFence(int* y) {
  __shared__ int a[32];
  a[threadIdx.x] = int(threadIdx.x);
  const int v = __shfl_xor_sync(~0u, int(threadIdx.x), 1);
  y[threadIdx.x] = v + a[threadIdx.x ^ 1];
}
__global__ void lostUpdate(int* y) {
  __shared__ int sum;
  if (threadIdx.x == 0) sum = 0;
  __syncthreads();
  sum += 1;
  __syncthreads();
  if (threadIdx.x == 0) *y = sum;
}
__global__ void blocksCollide(float* x) { x[threadIdx.x] += 1; }
__global__ void lastBlockWithoutFence(float* parts, unsigned* count, float* y) {
  parts[blockIdx.x] = 1;
  if (atomicAdd(count, 1u) == gridDim.x - 1) *y = parts[(blockIdx.x + 1) % gridDim.x];
}
__global__ void outOfBounds(float* x, int n) { x[n] = 1; }
__global__ void dynamicOutOfBounds(float* y) {
  float* a = blockShared<float>();
  a[threadIdx.x] = 1;
  y[threadIdx.x] = a[threadIdx.x];
}
__global__ void unwrittenShared(float* y) {
  __shared__ float a[64];
  if (threadIdx.x < 32) a[threadIdx.x] = 1;
  __syncthreads();
  y[threadIdx.x] = a[threadIdx.x];
}

}  // namespace
