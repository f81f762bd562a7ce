#include "calibration_kernels.h"

namespace dinf::bench {
namespace {

#if defined(__AVX512F__)
constexpr int kBytes = 64, kChains = 16;
#elif defined(__AVX__)
constexpr int kBytes = 32, kChains = 10;  // and two operands: sixteen registers
#elif defined(__aarch64__)
constexpr int kBytes = 16, kChains = 24;
#else
constexpr int kBytes = 16, kChains = 10;
#endif

template <class Real>
double multiplyAdds(int64_t rounds) {
  typedef Real V __attribute__((vector_size(kBytes)));
  const V a = V{} + Real(0.5), b = V{} + Real(0.25);
  V sum[kChains];
  for (int c = 0; c < kChains; ++c) sum[c] = V{} + Real(c);
  for (int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 32
    for (int c = 0; c < kChains; ++c) sum[c] = sum[c] * a + b;
  }
  double total = 0;
  for (int c = 0; c < kChains; ++c) total += static_cast<double>(sum[c][0]);
  return total;
}

}  // namespace

double flopsOfRound(bool isDouble) { return 2.0 * kChains * kBytes / (isDouble ? sizeof(double) : sizeof(float)); }
double multiplyAddsFloat(int64_t rounds) { return multiplyAdds<float>(rounds); }
double multiplyAddsDouble(int64_t rounds) { return multiplyAdds<double>(rounds); }

void stream(float* __restrict__ y, const float* __restrict__ x, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = 0.5f * y[i] + x[i];
}

}  // namespace dinf::bench
