// The activations of multi-layer perceptrons as truncated Taylor series, which is all that composition with a jet needs
// (docs/design.md, "Jets"): sigma(g + d) = sum_k c_k d^k. The coefficients of sigma' follow as (k + 1) c_{k+1}.
#pragma once
#include "math/elementary.h"
#include "math/schema.h"

namespace dinf {

// sigma(omega g) for the sine (Siren's omega); 1 and of no effect for the others.
struct LayerActivation {
  Activation kind = Activation::tanh;
  double omega = 1;
};

}  // namespace dinf

DINF_MATH_BEGIN

// y' = 1 - y^2 gives (k + 1) c_{k+1} = [k = 0] - sum c_i c_{k-i}.
template <class V>
DINF_HD DINF_INLINE void tanhSeries(V g, int order, V* c) {
  using Real = typename ElementOf<V>::type;
  c[0] = vectorTanh(g);
  for (int k = 0; k < order; ++k) {
    V sum = V{};
    for (int i = 0; i <= k; ++i) sum += c[i] * c[k - i];
    c[k + 1] = ((k == 0 ? V{} + Real(1) : V{}) - sum) / Real(k + 1);
  }
}

// c_k = omega^k / k! times sin, cos, -sin, -cos in turn.
template <class V, class Real>
DINF_HD DINF_INLINE void sineSeries(V g, Real omega, int order, V* c) {
  V sine, cosine;
  vectorSinCos(V(g * omega), sine, cosine);
  Real factor = 1;
  for (int k = 0; k <= order; ++k) {
    c[k] = (k & 1 ? cosine : sine) * (k & 2 ? -factor : factor);
    factor *= omega / Real(k + 1);
  }
}

// g Phi(g), Phi the normal distribution and phi its density (GELU as defined, not its tanh approximation). Derivatives from the
// second on are phi times polynomials: p_2 = 2 - g^2, p_{k+1} = p_k' - g p_k.
template <class V>
DINF_HD DINF_INLINE void geluSeries(V g, int order, V* c) {
  using Real = typename ElementOf<V>::type;
  V density, distribution;
  vectorNormal(g, density, distribution);
  const V s = g * g;
  c[0] = g * distribution;
  if (order >= 1) c[1] = distribution + g * density;
  if (order >= 2) c[2] = density * (Real(2) - s) / Real(2);
  if (order >= 3) c[3] = density * (s - Real(4)) * g / Real(6);
  if (order >= 4) c[4] = density * ((Real(7) - s) * s - Real(4)) / Real(24);
  if (order >= 5) c[5] = density * ((s - Real(11)) * s + Real(18)) * g / Real(120);
}

// c_0 ... c_order at g, order <= kMaxOrder + 1.
template <class V>
DINF_HD DINF_INLINE void activationSeries(const LayerActivation& activation, V g, int order, V* c) {
  using Real = typename ElementOf<V>::type;
  switch (activation.kind) {
    case Activation::tanh: tanhSeries(g, order, c); break;
    case Activation::sine: sineSeries(g, static_cast<Real>(activation.omega), order, c); break;
    case Activation::gelu: geluSeries(g, order, c); break;
    case Activation::identity:
    default:
      c[0] = g;
      for (int k = 1; k <= order; ++k) c[k] = V{} + Real(k == 1);
      break;
  }
}

DINF_MATH_END
