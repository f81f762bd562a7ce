// B-splines on knots: the weights of one span and their derivatives where cells differ in size, or splines are less smooth across some
// of their ends. A span is what a cell is elsewhere: it reads the degree + 1 nodes from its own number on. Repeated knots make empty
// spans, in which no sample lies.
#pragma once
#include <cstdint>
#include "math/config.h"

namespace dinf {

// An axis' knots as encoders read them; `spans` is 0 where the cells are uniform.
struct KnotTable {
  int spans = 0;  // of a periodic axis one more than it has: its upper bound lies in the first one over again
  int degree = 1;
  const double* lower = nullptr;    // of each span, in the unit box; ascending
  const double* inverse = nullptr;  // 1 / length; 0 of an empty span
  const double* pieces = nullptr;   // [span][tap][power of (fraction - 1/2)]
};

}  // namespace dinf

DINF_MATH_BEGIN

// The span of a place in the unit box, and where in it the place lies.
DINF_HD inline int knotSpan(const KnotTable& table, double x, double& fraction) {
  int low = 0, high = table.spans;
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    if (table.lower[middle] <= x) low = middle;
    else high = middle;
  }
  const double part = (x - table.lower[low]) * table.inverse[low];
  fraction = part < 0 ? 0 : part > 1 ? 1 : part;
  return low;
}

// As edgeWeights of kernel1d.h, in units of an axis of `cells` cells of one size: callers scale by cells^k / k!.
template <class Real, class W>
DINF_HD inline void knotWeights(const KnotTable& table, int order, int span, int cells, Real fraction, W w) {
  const Real at = fraction - Real(0.5), stretch = static_cast<Real>(table.inverse[span] / cells);
  const int taps = table.degree + 1;
  for (int j = 0; j < taps; ++j) {
    const double* piece = table.pieces + (static_cast<int64_t>(span) * taps + j) * taps;
    Real scale = 1;
    for (int k = 0; k <= order; ++k) {
      Real value = 0;
      for (int m = table.degree; m >= k; --m) {
        int falling = 1;
        for (int q = 0; q < k; ++q) falling *= m - q;
        value = value * at + static_cast<Real>(piece[m]) * static_cast<Real>(falling);
      }
      w[k][j] = value * scale;
      scale *= stretch;
    }
  }
}

DINF_MATH_END
