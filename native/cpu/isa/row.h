// A piece of a grid row as native vectors, and sums over the lanes of one vector.
#pragma once
#include "cpu/isa/simd.h"

DINF_MATH_BEGIN

// The sum of a vector's lanes, halves onto halves: log2(W) additions one after the other instead of W.
template <int H, class V>
DINF_INLINE V foldHalves(V v) {
  if constexpr (H >= 1) {
    constexpr int W = sizeof(V) / sizeof(v[0]);
#if defined(__clang__)
    V other{};
    for (int k = 0; k < W; ++k) other[k] = v[k ^ H];
#else
    decltype(V{} < V{}) swap{};
    for (int k = 0; k < W; ++k) swap[k] = k ^ H;
    const V other = __builtin_shuffle(v, swap);
#endif
    return foldHalves<H / 2>(v + other);
  } else {
    return v;
  }
}

template <class Real, int Size>
struct Row {
  static constexpr int bytes = Size * sizeof(Real) < DINF_VECTOR_BYTES ? Size * sizeof(Real) : DINF_VECTOR_BYTES;
  typedef Real V __attribute__((vector_size(bytes)));
  static constexpr int W = bytes / sizeof(Real), N = Size / W;
  V v[N];

  static DINF_INLINE Row zero() {
    Row r;
#pragma GCC unroll 8
    for (int i = 0; i < N; ++i) r.v[i] = V{};
    return r;
  }
  static DINF_INLINE Row at(const Real* p) {
    Row r;
#pragma GCC unroll 8
    for (int i = 0; i < N; ++i) r.v[i] = load<V>(p + i * W);
    return r;
  }
  DINF_INLINE void to(Real* p) const {
#pragma GCC unroll 8
    for (int i = 0; i < N; ++i) store<V>(p + i * W, v[i]);
  }
  DINF_INLINE void addScaled(const Row& x, Real a) {
#pragma GCC unroll 8
    for (int i = 0; i < N; ++i) v[i] += x.v[i] * a;
  }
  DINF_INLINE void addProduct(const Row& x, const Row& y) {
#pragma GCC unroll 8
    for (int i = 0; i < N; ++i) v[i] += x.v[i] * y.v[i];
  }
  DINF_INLINE Row square() const {
    Row r;
#pragma GCC unroll 8
    for (int i = 0; i < N; ++i) r.v[i] = v[i] * v[i];
    return r;
  }
  DINF_INLINE void addTo(Real* p) const {
#pragma GCC unroll 8
    for (int i = 0; i < N; ++i) store<V>(p + i * W, load<V>(p + i * W) + v[i]);
  }
  DINF_INLINE Real total() const {
    V sum = v[0];
#pragma GCC unroll 8
    for (int i = 1; i < N; ++i) sum += v[i];
    return foldHalves<W / 2>(sum)[0];
  }
};

DINF_MATH_END
