// Vector ops of the solvers. Memory-bound: one pass each, as many bytes as operands.
#include <cmath>
#include "cpu/isa/table.h"

DINF_MATH_BEGIN

// Eight running sums in double, combined in a fixed order: vector width must not change which terms are added to which.
template <class Real>
double dotProduct(const Real* x, const Real* y, int64_t count) {
  double sum[8] = {};
  int64_t i = 0;
  for (; i + 8 <= count; i += 8)
    for (int k = 0; k < 8; ++k) sum[k] += static_cast<double>(x[i + k]) * static_cast<double>(y[i + k]);
  double tail = 0;
  for (; i < count; ++i) tail += static_cast<double>(x[i]) * static_cast<double>(y[i]);
  return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7])) + tail;
}

template <class Real>
void axpy(Real* __restrict__ y, Real a, const Real* __restrict__ x, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] += a * x[i];
}

template <class Real>
void xpby(Real* __restrict__ y, const Real* __restrict__ x, Real b, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = x[i] + b * y[i];
}

template <class Real>
void multiply(Real* out, const Real* x, const Real* y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] = x[i] * y[i];
}

template <class Real>
void addTo(Real* __restrict__ y, const Real* __restrict__ x, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] += x[i];
}

// Kingma & Ba, Algorithm 1, with the bias corrections folded into `step` = rate / (1 - beta1^t) and 1 / sqrt(1 - beta2^t).
template <class Real>
void adamStep(Real* __restrict__ parameters, const Real* __restrict__ gradient, Real* __restrict__ first, Real* __restrict__ second,
              int64_t count, Real step, Real beta1, Real beta2, Real epsilon, Real inverseRootCorrection) {
  for (int64_t i = 0; i < count; ++i) {
    const Real g = gradient[i];
    const Real m = first[i] = beta1 * first[i] + (1 - beta1) * g;
    const Real v = second[i] = beta2 * second[i] + (1 - beta2) * g * g;
    parameters[i] -= step * m / (std::sqrt(v) * inverseRootCorrection + epsilon);
  }
}

DINF_INSTANTIATE(dotProduct)
DINF_INSTANTIATE(axpy)
DINF_INSTANTIATE(xpby)
DINF_INSTANTIATE(multiply)
DINF_INSTANTIATE(addTo)
DINF_INSTANTIATE(adamStep)

DINF_MATH_END
