// Native vectors of the instruction set this unit is compiled for, and what the kernels do with them.
#pragma once
#include <cstdint>
#include "math/config.h"

DINF_MATH_BEGIN

template <class Real>
struct Simd {
  typedef Real V __attribute__((vector_size(DINF_VECTOR_BYTES)));
  typedef int32_t I __attribute__((vector_size(DINF_VECTOR_BYTES / sizeof(Real) * 4)));  // as many lanes
  static constexpr int W = DINF_VECTOR_BYTES / sizeof(Real);
};

template <class V, class Real>
DINF_INLINE V load(const Real* p) {
  V v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
template <class V, class Real>
DINF_INLINE void store(Real* p, V v) {
  __builtin_memcpy(p, &v, sizeof v);
}
template <class V, class Real>
DINF_INLINE V splat(Real x) {
  return V{} + x;
}

// Swaps the off-diagonal blocks of size H of the W x W matrix held in rows r; doing so for H = W/2 ... 1 transposes it.
template <class Real, int H>
DINF_INLINE void transposeStep(typename Simd<Real>::V* r) {
  using V = typename Simd<Real>::V;
  constexpr int W = Simd<Real>::W;
  if constexpr (H >= 1) {
    typedef decltype(V{} < V{}) Mask;
    Mask low{}, high{};
    for (int k = 0; k < W; ++k) {
      low[k] = (k & H) == 0 ? k : W + k - H;
      high[k] = (k & H) == 0 ? k + H : W + k;
    }
#pragma GCC unroll 16
    for (int i = 0; i < W; ++i) {
      if (i & H) continue;
#if defined(__clang__)
      V a = r[i], b = r[i + H], x{}, y{};
      for (int k = 0; k < W; ++k) {
        x[k] = (k & H) == 0 ? a[k] : b[k - H];
        y[k] = (k & H) == 0 ? a[k + H] : b[k];
      }
      r[i] = x;
      r[i + H] = y;
#else
      const V a = r[i], b = r[i + H];
      r[i] = __builtin_shuffle(a, b, low);
      r[i + H] = __builtin_shuffle(a, b, high);
#endif
    }
    transposeStep<Real, H / 2>(r);
  }
}
template <class Real>
DINF_INLINE void transpose(typename Simd<Real>::V* r) {
  transposeStep<Real, Simd<Real>::W / 2>(r);
}

DINF_MATH_END
