// The inner loops of the calibration, compiled for the machine that they run on.
#pragma once
#include <cstdint>

namespace dinf::bench {

double flopsOfRound(bool isDouble);
double multiplyAddsFloat(int64_t rounds);
double multiplyAddsDouble(int64_t rounds);
// y = y / 2 + x, which stays near 2 x.
void stream(float* y, const float* x, int64_t count);

}  // namespace dinf::bench
