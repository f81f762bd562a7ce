// The 1-D interpolation weights of one cell and their derivatives, order 0..4: everything an encoder knows about a kernel.
//
// A cell has 2 rho nodes at offsets o_j = j - rho + 1 (j = 0..2 rho - 1) from its lower face; `fraction` in [0, 1] is the
// position in the cell. Weights are in grid units; callers scale by (cells)^k / k! to get Taylor coefficients in the unit box.
#pragma once
#include "math/config.h"
#include "math/elementary.h"
#include "math/schema.h"

namespace dinf {

// Nothing below knows the radial kernels, whose weights are no products over the axes: math/radial.h does.
struct Kernel1d {
  KernelKind kind = KernelKind::gaussian;
  double epsilon = 1;  // all but bspline: shape, with r in cells. gaussian: phi(r) = exp(-(epsilon r)^2)
  int rings = 3;       // rho
  int degree = 1;      // bspline: 2 rho = degree + 1
  int taps() const { return 2 * rings; }
  bool radial() const { return kind == KernelKind::inverseQuadratic || kind == KernelKind::inverseMultiquadric; }
};
}  // namespace dinf

DINF_MATH_BEGIN

// Normalised Gaussian, paper eq. for w(x, x_i). exp(-eps^2 (f - o_j)^2) over the cell is, up to a common factor that the
// normaliser cancels, c_j h^(2j - 2 rho + 1) with h = exp(eps^2 (f - 1/2)): one exponential and its reciprocal. The normalised weights are a
// softmax whose logits are linear in f, so their derivatives are cumulants of the node offsets under the weights.
// `multiplicity` (or null) counts a node several times: that is what clamping indices at the border does. `tails` are the c_j,
// from gaussianTails: they depend on the kernel alone. `w[k][j]` is order k of tap j: an array on the host, columns of shared
// memory on a device.
template <class Real>
DINF_HD inline void gaussianTails(const Kernel1d& kernel, Real* tails) {
  const Real e2 = static_cast<Real>(kernel.epsilon) * static_cast<Real>(kernel.epsilon);
  for (int r = 0; r < kernel.rings; ++r) {
    const Real a = r + Real(0.5);
    tails[r] = vectorExp(-e2 * a * a);
  }
}
// exp(x) and exp(-x), |x| <= 1/2, as the sum and the difference of their even and odd parts: two short polynomials side by side instead of
// an exponential and a division one after the other. Cut off at 1.4e-9 (float) and 4e-17 of the value.
template <class Real, class V>
DINF_HD DINF_INLINE void exponentials(V x, V& up, V& down) {
  const V s = x * x;
  V even, odd;
  if constexpr (sizeof(Real) == 4) {
    even = s * Real(2.45e-5) + Real(1.389e-3);
    odd = s * Real(2.7e-6) + Real(1.9846e-4);
    even = even * s + Real(4.166664568e-2);
    odd = odd * s + Real(8.33332e-3);
  } else {
    even = s * Real(1.0 / 87178291200.0) + Real(1.0 / 479001600.0);
    odd = s * Real(1.0 / 6227020800.0) + Real(1.0 / 39916800.0);
    even = even * s + Real(1.0 / 3628800.0);
    odd = odd * s + Real(1.0 / 362880.0);
    even = even * s + Real(1.0 / 40320.0);
    odd = odd * s + Real(1.0 / 5040.0);
    even = even * s + Real(1.0 / 720.0);
    odd = odd * s + Real(1.0 / 120.0);
    even = even * s + Real(1.0 / 24.0);
  }
  even = even * s + Real(0.5);
  odd = odd * s + Real(1.0 / 6.0);
  even = even * s + Real(1);
  odd = (odd * s + Real(1)) * x;
  up = even + odd;
  down = even - odd;
}
template <class Real, class V, class M, class W>
DINF_HD DINF_INLINE void gaussianWeights(Real epsilon, const Real* tails, int rings, int order, V fraction, const M& multiplicity, W w) {
  const int taps = 2 * rings;
  const Real e2 = epsilon * epsilon;
  V up, down, sum = V{}, moment = V{};
  const V exponent = (fraction - Real(0.5)) * e2;
  if (e2 <= Real(1)) {
    exponentials<Real, V>(exponent, up, down);
  } else {
    up = vectorExp(exponent);
    down = Real(1) / up;
  }
  const V upStep = up * up, downStep = down * down;
  for (int r = 0; r < rings; ++r) {
    V right = up * tails[r], left = down * tails[r];
    if (multiplicity) {
      right = right * multiplicity[rings + r];
      left = left * multiplicity[rings - 1 - r];
    }
    w[0][rings + r] = right;
    w[0][rings - 1 - r] = left;
    sum = sum + (right + left);
    moment = moment + (right - left) * (r + Real(0.5));
    up = up * upStep;
    down = down * downStep;
  }
  const V inverse = Real(1) / sum;
  for (int j = 0; j < taps; ++j) w[0][j] = w[0][j] * inverse;
  if (order == 0) return;

  const auto offset = [rings](int j) { return Real(j - rings) + Real(0.5); };
  const V mean = moment * inverse;
  const Real s1 = 2 * e2, s2 = s1 * s1, s3 = s2 * s1, s4 = s2 * s2;
  V variance = V{}, third = V{}, fourth = V{};
  for (int j = 0; j < taps; ++j) {
    const V d = offset(j) - mean, d2 = d * d;
    variance = variance + w[0][j] * d2;
    if (order >= 3) third = third + w[0][j] * (d2 * d);
    if (order >= 4) fourth = fourth + w[0][j] * (d2 * d2);
  }
  for (int j = 0; j < taps; ++j) {
    const V d = offset(j) - mean, d2 = d * d;
    w[1][j] = w[0][j] * d * s1;
    if (order >= 2) w[2][j] = w[0][j] * (d2 - variance) * s2;
    if (order >= 3) w[3][j] = w[0][j] * (d * (d2 - Real(3) * variance) - third) * s3;
    if (order >= 4)
      w[4][j] = w[0][j] * (d2 * (d2 - Real(6) * variance) - Real(4) * d * third + Real(6) * variance * variance - fourth) * s4;
  }
}

// Cardinal B-spline of odd degree p: the k-th derivative is the k-th difference of the degree p - k basis, and bases grow by
// the uniform Cox-de Boor recursion, a convex combination at every step (no cancellation).
template <class Real, class V, class W>
DINF_HD DINF_INLINE void bsplineWeights(int degree, int order, V fraction, W w) {
  const int taps = degree + 1;
  for (int k = 0; k <= order; ++k) {
    auto b = w[k];
    for (int j = 0; j < taps; ++j) b[j] = V{};
    const int lower = degree - k;
    if (lower < 0) continue;  // a polynomial of degree p has no derivative of order p + 1
    b[0] = V{} + Real(1);
    for (int q = 1; q <= lower; ++q) {
      const Real inverse = Real(1) / Real(q);
      for (int j = q; j >= 0; --j) {
        V value = V{};
        if (j > 0) value = (fraction + Real(q - j)) * b[j - 1];
        if (j < q) value = value + (Real(1 + j) - fraction) * b[j];
        b[j] = value * inverse;
      }
    }
    for (int q = lower + 1; q <= degree; ++q)
      for (int j = q; j >= 0; --j) b[j] = (j > 0 ? b[j - 1] : V{}) - (j < q ? b[j] : V{});
  }
}

// Is cell c of n one whose neighbourhood leaves the nodes 0..n?
DINF_HD DINF_INLINE bool touchesBorder(int cell, int cells, int rings) { return cell < rings - 1 || cell > cells - rings; }

// How often each node of a neighbourhood counts when indices beyond the border are clamped onto it; ghosts count nothing.
template <class Real>
struct ClampedMultiplicity {
  int first, last, cells;  // node indices of the neighbourhood's first and last tap
  bool clamped;
  DINF_HD ClampedMultiplicity(int rings, int cell, int cells, bool clamped)
      : first(cell - rings + 1), last(cell + rings), cells(cells), clamped(clamped) {}
  DINF_HD explicit operator bool() const { return clamped; }
  DINF_HD Real operator[](int tap) const {
    const int node = first + tap;
    if (node < 0 || node > cells) return Real(0);
    return Real(1 + (node == 0 && first < 0 ? -first : 0) + (node == cells && last > cells ? last - cells : 0));
  }
};
template <class Real>
DINF_HD inline void clampedMultiplicity(int rings, int cell, int cells, Real* m) {
  const ClampedMultiplicity<Real> multiplicity(rings, cell, cells, true);
  for (int j = 0; j < 2 * rings; ++j) m[j] = multiplicity[j];
}

// Do two taps of one neighbourhood meet the same node? Only around a periodic axis that is shorter than the neighbourhood.
DINF_HD DINF_INLINE bool meetsItself(Edge edge, int cells, int taps) { return edge == Edge::periodic && cells < taps; }

// One sample's weights with the edge mode applied, for a cell that may touch the border. `extend` needs nothing: its ghost
// nodes are unknowns. `clamp` has no ghost nodes: the Gaussian counts the border node as often as the clamped index hits it
// (the paper's code), a B-spline gives the border node the weights of the ghosts beyond it; ghosts get weight zero either way.
// `periodic` needs nothing but this: taps that meet the same node are summed, so that squares of weights are squares of rows.
template <class Real, class W>
DINF_HD inline void edgeWeights(const Kernel1d& kernel, const Real* tails, Edge edge, int order, int cell, int cells, Real fraction,
                                W w) {
  const int rings = kernel.rings, taps = 2 * rings, first = cell - rings + 1;  // node index of tap 0
  const bool clamped = edge == Edge::clamp && touchesBorder(cell, cells, rings);
  if (kernel.kind == KernelKind::gaussian) {
    gaussianWeights<Real, Real>(static_cast<Real>(kernel.epsilon), tails, rings, order, fraction,
                                ClampedMultiplicity<Real>(rings, cell, cells, clamped), w);
  } else {
    bsplineWeights<Real, Real>(kernel.degree, order, fraction, w);
    for (int k = 0; clamped && k <= order; ++k)
      for (int j = 0; j < taps; ++j) {
        const int node = first + j, inside = node < 0 ? 0 : node > cells ? cells : node;
        if (inside == node) continue;
        w[k][inside - first] += w[k][j];
        w[k][j] = 0;
      }
  }
  if (!meetsItself(edge, cells, taps)) return;
  for (int k = 0; k <= order; ++k)
    for (int j = cells; j < taps; ++j) {
      w[k][j % cells] += w[k][j];
      w[k][j] = 0;
    }
}
template <class Real>
DINF_HD inline void edgeWeights(const Kernel1d& kernel, Edge edge, int order, int cell, int cells, Real fraction,
                                Real (*w)[kMaxTaps]) {
  Real tails[kMaxTaps / 2];
  if (kernel.kind == KernelKind::gaussian) gaussianTails(kernel, tails);
  edgeWeights<Real>(kernel, tails, edge, order, cell, cells, fraction, w);
}

DINF_MATH_END
