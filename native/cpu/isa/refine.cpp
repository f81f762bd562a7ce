// Nested B-spline levels summed into one, row by row along the last axis, and the adjoint (math/refinement.h).
//
// Budget of a fine row of n values in 2-D: (rho + 1/2) n / 2 multiply-adds across the rows, (rho + 1/2) n along the row; the adjoint
// (2 rho + 1) n and (2 rho + 1) n / 2. In 3-D rho + 1/2 and 2 rho + 1 times as many across. All of it contiguous and in the first-level cache but the rows.
#include "cpu/isa/table.h"

DINF_MATH_BEGIN

namespace {

// out = sum of the call's rows, each times its weight
template <class Real>
void combineRows(const RefineCall<Real>& call, int64_t nodes, Real* __restrict__ out) {
  for (int64_t i = 0; i < nodes; ++i) out[i] = call.weight[0] * call.rows[0][i];
  for (int r = 1; r < call.count; ++r) {
    const Real weight = call.weight[r];
    const Real* __restrict__ row = call.rows[r];
    for (int64_t i = 0; i < nodes; ++i) out[i] += weight * row[i];
  }
}

template <class Real>
void addScaled(Real* __restrict__ out, const Real* __restrict__ in, Real weight, int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] += weight * in[i];
}

}  // namespace

// Places 2 a and 2 a + 1 read the coarse places from a on, rho and rho + 1 of them.
template <class Real>
void refineRow(const RefineCall<Real>& call, const Real* base, Real* out, Real* scratch) {
  const int rings = call.rings;
  const int64_t evens = (call.fine + 1) / 2, odds = call.fine / 2;
  Real* coarse = scratch;
  Real* even = coarse + call.coarse;
  Real* odd = even + evens;
  combineRows(call, call.coarse, coarse);
  for (int64_t i = 0; i < evens + odds; ++i) even[i] = 0;
  for (int k = 0; k < rings; ++k) addScaled(even, coarse + k, call.mask[2 * (rings - k) - 1], evens);
  for (int k = 0; k <= rings; ++k) addScaled(odd, coarse + k, call.mask[2 * (rings - k)], odds);
  for (int64_t i = 0; i < odds; ++i) {
    out[2 * i] = even[i] + (base ? base[2 * i] : Real(0));
    out[2 * i + 1] = odd[i] + (base ? base[2 * i + 1] : Real(0));
  }
  if (evens > odds) out[2 * odds] = even[odds] + (base ? base[2 * odds] : Real(0));
}

// Coarse place a reads the fine places 2 a - 2 rho + 1 ... 2 a + 1 that there are.
template <class Real>
void refineRowAdjoint(const RefineCall<Real>& call, Real* out, Real* scratch) {
  const int rings = call.rings;
  Real* even = scratch;                    // of the fine places 2 a, from a = -rho on
  Real* odd = even + call.coarse + rings;  // of 2 a + 1
  Real* fine = odd + call.coarse + rings;
  combineRows(call, call.fine, fine);
  for (int64_t a = 0; a < call.coarse + rings; ++a) {
    const int64_t at = 2 * (a - rings);
    even[a] = at >= 0 && at < call.fine ? fine[at] : Real(0);
    odd[a] = at + 1 >= 0 && at + 1 < call.fine ? fine[at + 1] : Real(0);
  }
  for (int64_t a = 0; a < call.coarse; ++a) out[a] = 0;
  for (int k = 0; k <= rings; ++k) {  // fine place 2 (a - rho + k) + 1 has index 2 k of the mask, 2 (a - rho + k) has 2 k - 1
    addScaled(out, odd + k, call.mask[2 * k], call.coarse);
    if (k > 0) addScaled(out, even + k, call.mask[2 * k - 1], call.coarse);
  }
}

DINF_INSTANTIATE(refineRow)
DINF_INSTANTIATE(refineRowAdjoint)

DINF_MATH_END
