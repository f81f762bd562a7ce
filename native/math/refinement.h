// B-splines refine exactly: one of a grid is a sum of those of the grid of half the step (the two-scale relation),
//   B_p(t) = sum_m mask[m + rho] B_p(2 t - m),  m = -rho ... rho,  mask[m + rho] = C(p + 1, m + rho) / 2^p,  2 rho = p + 1,
// so that a level's coefficients c become those of the next finer one by d_i = sum_j mask[i - 2 j + rho] c_j. Both planes are packed
// (core/grid.h): with node i at place i + rho - 1 of either, place q of the finer one reads the coarser places from q / 2 on, as many
// as firstRefined and lastRefined say. They all exist: no edge needs a case of its own once its ghosts are filled.
#pragma once
#include "math/config.h"

DINF_MATH_BEGIN

template <class Real>
struct RefinementMask {
  int rings = 1;
  Real weight[kMaxTaps + 1];  // 2 rho + 1

  RefinementMask() = default;
  explicit RefinementMask(int rings) : rings(rings) {
    double binomial = 1.0 / (1 << (2 * rings - 1));
    for (int k = 0; k <= 2 * rings; ++k) {
      weight[k] = static_cast<Real>(binomial);
      binomial = binomial * (2 * rings - k) / (k + 1);
    }
  }

  // What coarse place `coarse` gives fine place `fine`.
  DINF_HD DINF_INLINE Real between(int fine, int coarse) const { return weight[fine - 2 * coarse + 2 * rings - 1]; }
  // The coarse places that a fine one reads.
  DINF_HD static DINF_INLINE int firstRefined(int fine) { return fine / 2; }
  DINF_HD DINF_INLINE int lastRefined(int fine) const { return (fine + 1) / 2 + rings - 1; }
  // The fine places that read a coarse one, of `count` that there are.
  DINF_HD DINF_INLINE int firstReader(int coarse) const {
    const int first = 2 * coarse - 2 * rings + 1;
    return first > 0 ? first : 0;
  }
  DINF_HD static DINF_INLINE int lastReader(int coarse, int count) {
    const int last = 2 * coarse + 1;
    return last < count ? last : count - 1;
  }
};

DINF_MATH_END
