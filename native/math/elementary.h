// exp, tanh and sqrt for scalars and for GCC/Clang vectors of float or double, one polynomial for all lanes.
#pragma once
#include <cmath>
#include <cstdint>
#include "math/config.h"

DINF_MATH_BEGIN

template <class V>
struct ElementOf {
  using type = std::remove_reference_t<decltype(V{}[0])>;
};
template <>
struct ElementOf<float> {
  using type = float;
};
template <>
struct ElementOf<double> {
  using type = double;
};

DINF_HD DINF_INLINE float vectorExp(float x) { return ::expf(x); }
DINF_HD DINF_INLINE double vectorExp(double x) { return ::exp(x); }

// exp by range reduction x = n ln 2 + r, |r| <= ln2/2, and a Taylor polynomial in r; the rounding to n uses the
// classic "add 1.5 * 2^mantissa" so that it is two adds in any vector width. Relative error about 1e-7 / 3e-16.
// `Full`: the whole range of exp, down to subnormal numbers and up to infinity, by scaling in two steps. Without it results
// stay within the normal numbers.
template <class V, bool Full = false>
DINF_INLINE V vectorExp(V x) {
  using Real = typename ElementOf<V>::type;
  if constexpr (sizeof(Real) == 4) {
    typedef int32_t I __attribute__((vector_size(sizeof(V))));
    constexpr float low = Full ? -104.0f : -87.0f, high = Full ? 89.0f : 88.0f;
    x = x < low ? V{} + low : x;
    x = x > high ? V{} + high : x;
    const V shifted = x * 1.44269504088896341f + 12582912.0f;
    const V n = shifted - 12582912.0f;
    const V r = (x - n * 0.693145751953125f) - n * 1.42860682030941723212e-6f;
    V p = V{} + 1.3888889e-3f;
    if constexpr (Full) p = 1.9841270e-4f * r + p;
    p = p * r + 8.3333333e-3f;
    p = p * r + 4.1666667e-2f;
    p = p * r + 1.6666667e-1f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    I bits;
    __builtin_memcpy(&bits, &shifted, sizeof bits);
    bits -= 0x4B400000;  // the bits of 1.5 * 2^23
    if constexpr (Full) {
      const I half = bits >> 1, first = (half + 127) << 23, second = (bits - half + 127) << 23;
      V a, b;
      __builtin_memcpy(&a, &first, sizeof a);
      __builtin_memcpy(&b, &second, sizeof b);
      return (p * a) * b;
    }
    const I scale = (bits + 127) << 23;
    V factor;
    __builtin_memcpy(&factor, &scale, sizeof factor);
    return p * factor;
  } else {
    typedef int64_t I __attribute__((vector_size(sizeof(V))));
    constexpr double low = Full ? -746.0 : -708.0, high = Full ? 710.0 : 709.0;
    x = x < low ? V{} + low : x;
    x = x > high ? V{} + high : x;
    const V shifted = x * 1.44269504088896340736 + 6755399441055744.0;
    const V n = shifted - 6755399441055744.0;
    const V r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
    V p = V{} + 1.0 / 6227020800.0;
    p = p * r + 1.0 / 479001600.0;
    p = p * r + 1.0 / 39916800.0;
    p = p * r + 1.0 / 3628800.0;
    p = p * r + 1.0 / 362880.0;
    p = p * r + 1.0 / 40320.0;
    p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    I bits;
    __builtin_memcpy(&bits, &shifted, sizeof bits);
    bits -= 0x4338000000000000LL;  // the bits of 1.5 * 2^52
    if constexpr (Full) {
      const I half = bits >> 1, first = (half + 1023) << 52, second = (bits - half + 1023) << 52;
      V a, b;
      __builtin_memcpy(&a, &first, sizeof a);
      __builtin_memcpy(&b, &second, sizeof b);
      return (p * a) * b;
    }
    const I scale = (bits + 1023) << 52;
    V factor;
    __builtin_memcpy(&factor, &scale, sizeof factor);
    return p * factor;
  }
}

DINF_HD DINF_INLINE float vectorSqrt(float x) { return ::sqrtf(x); }
DINF_HD DINF_INLINE double vectorSqrt(double x) { return ::sqrt(x); }
template <class V>
DINF_INLINE V vectorSqrt(V x) {
  constexpr int W = sizeof(V) / sizeof(x[0]);
  for (int l = 0; l < W; ++l) x[l] = vectorSqrt(x[l]);  // one instruction, without errno
  return x;
}

DINF_HD DINF_INLINE float vectorTanh(float x) { return ::tanhf(x); }
DINF_HD DINF_INLINE double vectorTanh(double x) { return ::tanh(x); }

// tanh = 1 - 2 / (1 + exp(2|x|)) away from 0; near 0 that cancels, so an odd Taylor polynomial takes over.
template <class V>
DINF_INLINE V vectorTanh(V x) {
  using Real = typename ElementOf<V>::type;
  const V a = x < Real(0) ? -x : x;
  const V far = Real(1) - Real(2) / (Real(1) + vectorExp<V>(a * Real(2)));
  const V s = x * x;
  // Coefficients 2^(2n) (2^(2n) - 1) B_2n / (2n)!; at |x| = 0.2 the first one left out is 4e-8 (float) or 5e-17 of x.
  V p;
  if constexpr (sizeof(Real) == 4) {
    p = 2.1869488e-2f - s * 8.863235e-3f;
    p = s * p - 5.3968254e-2f;
    p = s * p + 1.3333333e-1f;
    p = s * p - 3.3333333e-1f;
  } else {
    p = 5.900274409455859e-4 - s * 2.3912911424355248e-4;
    p = s * p - 1.4558343870513183e-3;
    p = s * p + 3.592128036572481e-3;
    p = s * p - 8.863235529902197e-3;
    p = s * p + 2.1869488536155203e-2;
    p = s * p - 5.3968253968253971e-2;
    p = s * p + 1.3333333333333333e-1;
    p = s * p - 3.3333333333333331e-1;
  }
  const V near = x + x * (s * p);
  const V signedFar = x < Real(0) ? -far : far;
  return a < Real(0.2) ? near : signedFar;
}

DINF_MATH_END
