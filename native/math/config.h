// What every header of native/math needs: the host/device markers, and the namespace that keeps the copies of these
// templates compiled for different instruction sets apart (one definition rule: an AVX-512 copy must never be picked
// by the linker for a machine without it).
#pragma once

#if defined(__CUDACC__)
#define DINF_HD __host__ __device__
#else
#define DINF_HD
#endif

#ifndef DINF_ISA
#define DINF_ISA generic
#endif

// Unrolls the loop that follows, of at most n turns.
#define DINF_PRAGMA(text) _Pragma(#text)
#if defined(__CUDA_ARCH__)
#define DINF_UNROLL(n) DINF_PRAGMA(unroll)
#elif defined(__CUDACC__)
#define DINF_UNROLL(n)  // nvcc's pass for the host: nothing there is hot
#else
#define DINF_UNROLL(n) DINF_PRAGMA(GCC unroll n)
#endif

#define DINF_INLINE inline __attribute__((always_inline))
#define DINF_NOINLINE __attribute__((noinline))

#define DINF_MATH_BEGIN namespace dinf { namespace DINF_ISA {
#define DINF_MATH_END }}

namespace dinf {
constexpr int kMaxDims = 3;
constexpr int kMaxOrder = 4;
constexpr int kMaxTaps = 10;    // 2 rho, rho <= 5
constexpr int kMaxLevels = 16;
constexpr int kLanes = 16;      // samples of one lane group, on every instruction set: layouts do not depend on it
}
