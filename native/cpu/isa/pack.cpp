// The linear decoder folded into the grid, row by row: G_o = sum_f c_of F_f + b_o, and its adjoint.
#include "cpu/isa/table.h"

DINF_MATH_BEGIN

template <class Real>
void combine(Real* __restrict__ out, const Real* __restrict__ in, const Real* __restrict__ weight, int terms, int64_t stride, Real bias,
             int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] = bias + weight[0] * in[i];
  for (int f = 1; f < terms; ++f)
    for (int64_t i = 0; i < count; ++i) out[i] += weight[f] * in[f * stride + i];
}

template <class Real>
void spread(Real* __restrict__ out, const Real* __restrict__ in, const Real* __restrict__ values, const Real* __restrict__ weight,
            int terms, int64_t stride, bool add, int64_t count, double* __restrict__ dots) {
  for (int f = 0; f < terms; ++f) {
    Real* to = out + f * stride;
    if (add)
      for (int64_t i = 0; i < count; ++i) to[i] += weight[f] * in[i];
    else
      for (int64_t i = 0; i < count; ++i) to[i] = weight[f] * in[i];
    dots[f] += dotProduct(in, values + f * stride, count);
  }
}

DINF_INSTANTIATE(combine)
DINF_INSTANTIATE(spread)

DINF_MATH_END
