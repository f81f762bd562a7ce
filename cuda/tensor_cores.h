// The tensor cores as PTX has them: 16 x 8 sums over 8 products a warp, of numbers with 11 significant bits (tf32), summed in float;
// and the copies to shared memory that feed them, which take no registers and are waited for when they are needed.
// The emulated device has a file of its own under this name, found first (test/cuda-emulation/cuda): this one holds the only PTX of the
// sources. GPUs before compute capability 8.0 have no such instruction; what asks for it there traps, and is never launched (see
// Context::tensorCores).
#pragma once
#include <cuda_runtime.h>
#include <cstdint>

namespace dinf::cuda {

// To the nearest number of 11 significant bits, halves away from zero; as the bits of a float.
__device__ __forceinline__ uint32_t tf32(float x) {
#if __CUDA_ARCH__ >= 800
  uint32_t bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
  return bits;
#else
  return __float_as_uint(x);
#endif
}

// sum += a b, by the 32 lanes of a warp together: a is 16 x 8, b is 8 x 8. With g = lane / 4 and t = lane % 4 a lane holds
//   a    (g, t), (g + 8, t), (g, t + 4), (g + 8, t + 4)
//   b    (t, g), (t + 4, g)
//   sum  (g, 2 t), (g, 2 t + 1), (g + 8, 2 t), (g + 8, 2 t + 1)
__device__ __forceinline__ void multiplyAdd(float (&sum)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if __CUDA_ARCH__ >= 800
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  __trap();
#endif
}

// Starts a copy of four neighbours to shared memory, of which the first `left` are there; the others become 0. `quads`: 16 bytes at once,
// where both ends are aligned to that.
__device__ __forceinline__ void copyFour(float* shared, const float* from, bool quads, int left) {
#if __CUDA_ARCH__ >= 800
  const auto to = static_cast<uint32_t>(__cvta_generic_to_shared(shared));
  if (quads) {
    const int bytes = left >= 4 ? 16 : left > 0 ? 4 * left : 0;
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" : : "r"(to), "l"(from), "r"(bytes) : "memory");
  } else {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int bytes = left > i ? 4 : 0;
      asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" : : "r"(to + 4 * i), "l"(from + i), "r"(bytes) : "memory");
    }
  }
#else
  __trap();
#endif
}
// Waits for the copies that this thread has started; a barrier of the block then shows all of them to all threads.
__device__ __forceinline__ void waitForCopies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_all;" : : : "memory");
#endif
}

}  // namespace dinf::cuda
