// Normalised radial kernels, w_i = phi(|t - t_i|) / sum_j phi(|t - t_j|) over the (2 rho)^d nodes around t, and their derivatives.
// Unlike the kernels of kernel1d.h these are no products over the axes: everything is a jet in d variables.
//
// Both kernels are powers of one quadratic, phi = q^-p with q = 1 + epsilon^2 r^2: p = 1 the inverse quadratic, p = 1/2 the inverse
// multiquadric. Euler's operator E = sum_k h_k d/dh_k multiplies the coefficient of h^gamma by |gamma|, and q E phi = -p phi E q, so
//   phi[gamma] = -1 / (|gamma| q[0]) sum_(beta > 0) (|gamma| - |beta| + p |beta|) q[beta] phi[gamma - beta],
// where q has only 2 d coefficients beside q[0]: along each axis one of order 1 and one of order 2.
//
// An encoder needs no jet of a weight: sum_i w_i F_i = (sum_i phi_i F_i) / (sum_i phi_i), one division of jets a sample. The
// adjoint takes the adjoints of jets through that division and then meets each neighbour's phi once.
#pragma once
#include "math/elementary.h"
#include "math/jet.h"
#include "math/kernel1d.h"

DINF_MATH_BEGIN

// The closed jet set of order K in D variables, in JetSet::closed's order, and where each coefficient's predecessors are: constants of
// the code, so that a jet of few coefficients stays in registers.
template <int D, int K>
struct RadialTables {
  static constexpr int number(int d) { return d == 0 ? 1 : number(d - 1) * (K + d) / d; }
  static constexpr int count = number(D);
  int order[count] = {};
  int one[count][D] = {}, two[count][D] = {};  // of gamma - e_k and gamma - 2 e_k, or -1

  constexpr RadialTables() {
    int index[count][3] = {};
    int n = 0;
    for (int k = 0; k <= K; ++k)
      for (int i = k; i >= 0; --i)
        for (int j = k - i; j >= 0; --j) {
          const int l = k - i - j;
          if ((D < 2 && j > 0) || (D < 3 && l > 0)) continue;
          index[n][0] = i;
          index[n][1] = j;
          index[n][2] = l;
          order[n++] = k;
        }
    for (int i = 0; i < count; ++i)
      for (int k = 0; k < D; ++k) {
        one[i][k] = two[i][k] = -1;
        for (int j = 0; j < i; ++j) {
          bool same = true;
          for (int c = 0; c < 3; ++c) same = same && (c == k || index[i][c] == index[j][c]);
          if (same && index[i][k] - index[j][k] == 1) one[i][k] = j;
          if (same && index[i][k] - index[j][k] == 2) two[i][k] = j;
        }
      }
  }
};

DINF_HD inline double radialPower(const Kernel1d& kernel) { return kernel.kind == KernelKind::inverseQuadratic ? 1 : 0.5; }

// Taylor coefficients of phi at `distance` (t - t_i along each axis, in cells), times `factor`.
template <int D, int K, class Real, class V>
DINF_HD DINF_INLINE void radialJet(Real power, Real epsilon, const V* distance, V factor, V* phi) {
  constexpr RadialTables<D, K> tables;
  const Real e2 = epsilon * epsilon;
  V q = V{} + Real(1);
  V first[D];  // q's coefficients of order 1
  DINF_UNROLL(3)
  for (int k = 0; k < D; ++k) {
    q = q + distance[k] * distance[k] * e2;
    first[k] = distance[k] * (2 * e2);
  }
  const V inverse = Real(1) / q;
  phi[0] = (power == Real(1) ? inverse : vectorSqrt(inverse)) * factor;
  DINF_UNROLL(35)
  for (int i = 1; i < tables.count; ++i) {
    V ones = V{}, twos = V{};
  DINF_UNROLL(3)
    for (int k = 0; k < D; ++k) {
      if (tables.one[i][k] >= 0) ones = ones + first[k] * phi[tables.one[i][k]];
      if (tables.two[i][k] >= 0) twos = twos + phi[tables.two[i][k]];
    }
    const Real n = static_cast<Real>(tables.order[i]);
    phi[i] = (ones * ((n - 1 + power) / n) + twos * (e2 * ((n - 2 + 2 * power) / n))) * -inverse;
  }
}

// 1 / s by long division; coefficients of lower order come first in a closed set, and the triples of one coefficient together.
template <class Real, class V>
DINF_HD DINF_INLINE void reciprocalJet(const JetProduct& product, const V* s, V* r) {
  r[0] = Real(1) / s[0];
  for (int t = 1; t < product.count;) {
    const int out = product.triples[t].out;
    V sum = V{};
    for (; t < product.count && product.triples[t].out == out; ++t)
      if (product.triples[t].left != 0) sum = sum + s[product.triples[t].left] * r[product.triples[t].right];
    r[out] = sum * -r[0];
  }
}

// c += a b, and its adjoint in a: a += b^T c.
template <class V>
DINF_HD DINF_INLINE void multiplyJet(const JetProduct& product, const V* a, const V* b, V* c) {
  for (int t = 0; t < product.count; ++t) {
    const JetProduct::Triple& triple = product.triples[t];
    c[triple.out] = c[triple.out] + a[triple.left] * b[triple.right];
  }
}
template <class V>
DINF_HD DINF_INLINE void multiplyJetAdjoint(const JetProduct& product, V* a, const V* b, const V* c) {
  for (int t = 0; t < product.count; ++t) {
    const JetProduct::Triple& triple = product.triples[t];
    a[triple.left] = a[triple.left] + c[triple.out] * b[triple.right];
  }
}

DINF_MATH_END
