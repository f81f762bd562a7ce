// exp, tanh, sin with cos, sqrt and the normal distribution for scalars and for GCC/Clang vectors of float or double, one polynomial
// for all lanes.
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

// As for vectors below. Not the library's: a device's needs a stack for large arguments.
DINF_HD DINF_INLINE void vectorSinCos(float x, float& sine, float& cosine) {
  const float n = ::rintf(x * 0.636619772367581343f);
  const float r = ((x - n * 1.5703125f) - n * 4.8351287841796875e-4f) - n * 3.1391647865048132e-7f, q = r * r;
  float s = 2.7557319e-6f * q - 1.9841270e-4f;
  s = s * q + 8.3333333e-3f;
  s = s * q - 1.6666667e-1f;
  s = r + r * (s * q);
  float c = 2.4801587e-5f * q - 1.3888889e-3f;
  c = c * q + 4.1666667e-2f;
  c = (c * q - 0.5f) * q + 1.0f;
  const int quarter = static_cast<int>(n);
  const float a = quarter & 1 ? c : s, b = quarter & 1 ? s : c;
  sine = quarter & 2 ? -a : a;
  cosine = (quarter + 1) & 2 ? -b : b;
}
DINF_HD DINF_INLINE void vectorSinCos(double x, double& sine, double& cosine) {
  const double n = ::rint(x * 0.63661977236758134308);
  const double r = ((x - n * 1.5707963267341256142) - n * 6.0771005063039659766e-11) - n * 2.0222662487959507324e-21, q = r * r;
  double s = 1.0 / 6227020800.0 - q * (1.0 / 1307674368000.0);
  s = s * q - 1.0 / 39916800.0;
  s = s * q + 1.0 / 362880.0;
  s = s * q - 1.0 / 5040.0;
  s = s * q + 1.0 / 120.0;
  s = s * q - 1.0 / 6.0;
  s = r + r * (s * q);
  double c = q * (1.0 / 20922789888000.0) - 1.0 / 87178291200.0;
  c = c * q + 1.0 / 479001600.0;
  c = c * q - 1.0 / 3628800.0;
  c = c * q + 1.0 / 40320.0;
  c = c * q - 1.0 / 720.0;
  c = c * q + 1.0 / 24.0;
  c = (c * q - 0.5) * q + 1.0;
  const int quarter = static_cast<int>(n);
  const double a = quarter & 1 ? c : s, b = quarter & 1 ? s : c;
  sine = quarter & 2 ? -a : a;
  cosine = (quarter + 1) & 2 ? -b : b;
}

// x = n pi/2 + r, |r| <= pi/4, with pi/2 in three parts of which the first two leave n times them exact; Taylor polynomials in r.
// Absolute error about 1e-7 / 2e-16 for |x| up to 2e4 / 1e6, growing with |x| beyond.
template <class V>
DINF_INLINE void vectorSinCos(V x, V& sine, V& cosine) {
  using Real = typename ElementOf<V>::type;
  V r, s, c;
  decltype(V{} < V{}) quarter;
  if constexpr (sizeof(Real) == 4) {
    const V shifted = x * 0.636619772367581343f + 12582912.0f;
    const V n = shifted - 12582912.0f;
    __builtin_memcpy(&quarter, &shifted, sizeof quarter);  // the last bits are those of n
    r = ((x - n * 1.5703125f) - n * 4.8351287841796875e-4f) - n * 3.1391647865048132e-7f;
    const V q = r * r;
    s = 2.7557319e-6f * q - 1.9841270e-4f;
    s = s * q + 8.3333333e-3f;
    s = s * q - 1.6666667e-1f;
    c = 2.4801587e-5f * q - 1.3888889e-3f;
    c = c * q + 4.1666667e-2f;
    s = r + r * (s * q);
    c = (c * q - 0.5f) * q + 1.0f;
  } else {
    const V shifted = x * 0.63661977236758134308 + 6755399441055744.0;
    const V n = shifted - 6755399441055744.0;
    __builtin_memcpy(&quarter, &shifted, sizeof quarter);
    r = ((x - n * 1.5707963267341256142) - n * 6.0771005063039659766e-11) - n * 2.0222662487959507324e-21;
    const V q = r * r;
    s = 1.0 / 6227020800.0 - q * (1.0 / 1307674368000.0);
    s = s * q - 1.0 / 39916800.0;
    s = s * q + 1.0 / 362880.0;
    s = s * q - 1.0 / 5040.0;
    s = s * q + 1.0 / 120.0;
    s = s * q - 1.0 / 6.0;
    c = q * (1.0 / 20922789888000.0) - 1.0 / 87178291200.0;
    c = c * q + 1.0 / 479001600.0;
    c = c * q - 1.0 / 3628800.0;
    c = c * q + 1.0 / 40320.0;
    c = c * q - 1.0 / 720.0;
    c = c * q + 1.0 / 24.0;
    s = r + r * (s * q);
    c = (c * q - 0.5) * q + 1.0;
  }
  const V a = (quarter & 1) != 0 ? c : s, b = (quarter & 1) != 0 ? s : c;
  sine = (quarter & 2) != 0 ? -a : a;
  cosine = ((quarter + 1) & 2) != 0 ? -b : b;
}

// The standard normal distribution: density phi and distribution Phi.
DINF_HD DINF_INLINE void vectorNormal(float x, float& density, float& distribution) {
  density = 0.398942280401432678f * ::expf(-0.5f * x * x);
  distribution = 0.5f * ::erfcf(-0.707106781186547524f * x);
}
DINF_HD DINF_INLINE void vectorNormal(double x, double& density, double& distribution) {
  density = 0.398942280401432678 * ::exp(-0.5 * x * x);
  distribution = 0.5 * ::erfc(-0.707106781186547524 * x);
}

// Phi(-|x|) = exp(-z^2) erfcx(z) / 2, z = |x| / sqrt(2), and erfcx(z) = t P(y) with t = 2 / (2 + z) and P a Chebyshev fit over
// z in [0, 10] / [0, 28], y linear in t from -1 to 1; relative error of the fit 5e-8 / 2e-17. Beyond, both are 0.
template <class V>
DINF_INLINE void vectorNormal(V x, V& density, V& distribution) {
  using Real = typename ElementOf<V>::type;
  const V a = x < Real(0) ? -x : x;
  const V t = Real(2) / (Real(2) + a * Real(0.707106781186547524));
  const V e = vectorExp<V, true>(x * x * Real(-0.5));
  V p;
  if constexpr (sizeof(Real) == 4) {
    const V y = t * 2.4f - 1.4f;
    p = 1.98380996e-5f - y * 5.424914697e-5f;
    p = p * y + 5.873263004e-4f;
    p = p * y - 6.311517342e-4f;
    p = p * y - 6.151694287e-3f;
    p = p * y + 5.966061744e-3f;
    p = p * y + 1.020295999e-1f;
    p = p * y + 3.262222517e-1f;
    p = p * y + 5.720119758e-1f;
  } else {
    const V y = t * (15.0 / 7.0) - 8.0 / 7.0;
    constexpr double coefficient[] = {
        0.53432294013269322977, 0.33827892810777677407, 0.12464235007162021849, 0.012373178041203208366, -0.0088998342734189384167,
        -0.0018328807504931017763, 0.001123272367333565566, 0.00014901183588519532265, -0.00018906135039048367964, 0.000014081898553696906713,
        0.000028690848852714981356, -0.000010796819430398306868, -1.8787012720126128688e-6, 2.7912669948069934511e-6, -7.1098962084610318778e-7,
        -2.8474032416993062671e-7, 2.8367833137074815713e-7, -7.5825767464652275911e-8, -3.087585374424315044e-8, 3.9136669348138053463e-8,
        -9.977672823106763355e-9, -7.4482477510514380901e-9, 4.3641066279200272813e-9, 5.6557277362201289027e-10, -5.6310180774635728024e-10,
    };
    p = V{} + coefficient[24];
    DINF_UNROLL(24)
    for (int i = 23; i >= 0; --i) p = p * y + coefficient[i];
  }
  const V tail = e * (t * p) * Real(0.5);
  density = e * Real(0.398942280401432678);
  distribution = x < Real(0) ? tail : Real(1) - tail;
}

DINF_MATH_END
