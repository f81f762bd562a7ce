// CUDA's words for the host compiler: qualifiers and vector types.
#pragma once
// libstdc++ writes __attribute__((__noinline__)); what does so is read before the word becomes a macro.
#include <memory>
#if __has_include(<stacktrace>)
#include <stacktrace>
#endif
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>
// The C headers of libstdc++ put every overload (abs(float), exp(float), ...) into the global namespace, as nvcc does. Without
// them abs(1.5f) would silently be abs(int).
#include <math.h>
#include <stdlib.h>

#define CUDART_VERSION 13000
#define __host__
#define __device__
#define __global__
#define __constant__
#define __managed__
#define __grid_constant__
// In a function thread_local implies static, and `extern thread_local` is accepted where `extern __shared__` is written. The
// whole block runs on one host thread. Which of the host's thread_local variables are shared memory: see shared_memory.cpp.
#define __shared__ thread_local
#define __launch_bounds__(...)
#define __maxnreg__(...)
#define __align__(n) __attribute__((aligned(n)))
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __builtin_assume(condition) static_cast<void>(0)
#define __nv_pure__
#define __inline_hint__

using uint = unsigned int;
using uchar = unsigned char;

#define EMULATED_VECTORS(name, scalar, align2, align4)                                        \
  struct __align__(sizeof(scalar)) name##1 { scalar x; };                                     \
  struct __align__(align2) name##2 { scalar x, y; };                                          \
  struct __align__(sizeof(scalar)) name##3 { scalar x, y, z; };                               \
  struct __align__(align4) name##4 { scalar x, y, z, w; };                                    \
  inline constexpr name##1 make_##name##1(scalar x) { return {x}; }                           \
  inline constexpr name##2 make_##name##2(scalar x, scalar y) { return {x, y}; }              \
  inline constexpr name##3 make_##name##3(scalar x, scalar y, scalar z) { return {x, y, z}; } \
  inline constexpr name##4 make_##name##4(scalar x, scalar y, scalar z, scalar w) { return {x, y, z, w}; }
EMULATED_VECTORS(char, signed char, 2, 4)
EMULATED_VECTORS(uchar, unsigned char, 2, 4)
EMULATED_VECTORS(short, short, 4, 8)
EMULATED_VECTORS(ushort, unsigned short, 4, 8)
EMULATED_VECTORS(int, int, 8, 16)
EMULATED_VECTORS(uint, unsigned int, 8, 16)
EMULATED_VECTORS(longlong, long long, 16, 16)
EMULATED_VECTORS(ulonglong, unsigned long long, 16, 16)
EMULATED_VECTORS(float, float, 8, 16)
EMULATED_VECTORS(double, double, 16, 16)
#undef EMULATED_VECTORS

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
  constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
  constexpr operator uint3() const { return {x, y, z}; }
};
