#include "emulated/tensor_cores.h"
#include "machine.h"

namespace cuda_emulation {
namespace {

struct Lane {
  float sum[4];
  uint32_t a[4], b[2];
};

double valueOf(uint32_t tf32) {
  const uint32_t bits = tf32 & 0xffffe000u;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return double(value);
}
float towardsZero(double x) {
  const auto nearest = float(x);
  return std::abs(double(nearest)) > std::abs(x) ? std::nextafter(nearest, 0.0f) : nearest;
}

// Fragments as the PTX manual lays them out over the lanes (cuda/tensor_cores.h).
void multiply(const void* const* offered, void* const* answers) {
  double a[16][8], b[8][8];
  for (unsigned l = 0; l < 32; ++l) {
    const Lane& lane = *static_cast<const Lane*>(offered[l]);
    const unsigned g = l / 4, t = l % 4;
    for (unsigned i = 0; i < 4; ++i) a[g + 8 * (i % 2)][t + 4 * (i / 2)] = valueOf(lane.a[i]);
    for (unsigned i = 0; i < 2; ++i) b[t + 4 * i][g] = valueOf(lane.b[i]);
  }
  for (unsigned l = 0; l < 32; ++l) {
    const Lane& lane = *static_cast<const Lane*>(offered[l]);
    float out[4];
    for (unsigned i = 0; i < 4; ++i) {
      const unsigned row = l / 4 + 8 * (i / 2), column = 2 * (l % 4) + i % 2;
      double sum = double(lane.sum[i]);
      for (unsigned k = 0; k < 8; ++k) sum += a[row][k] * b[k][column];
      out[i] = towardsZero(sum);
    }
    std::memcpy(answers[l], out, sizeof out);
  }
}

}  // namespace

void multiplyTf32(float* sum, const uint32_t* a, const uint32_t* b, Site site) {
  Lane own;
  std::memcpy(own.sum, sum, sizeof own.sum);
  std::memcpy(own.a, a, sizeof own.a);
  std::memcpy(own.b, b, sizeof own.b);
  std::memcpy(sum, wholeWarp(multiply, &own, sizeof own, site), 4 * sizeof(float));
}

}  // namespace cuda_emulation
