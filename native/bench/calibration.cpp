#include "calibration.h"
#include <chrono>
#include <cmath>
#include "calibration_kernels.h"

namespace dinf::bench {
namespace {

constexpr double kLong = 3e-3;  // seconds that a calibration takes at least: short beside how fast a machine drifts
constexpr double kLeast = 1 << 16, kMost = 1 << 28;  // bytes: within a first or second-level cache, beyond any last-level one

volatile double sink;  // keeps the chains

}  // namespace

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double Calibration::flopRate(bool isDouble, int threads) {
  for (int64_t rounds = 1 << 12;; rounds *= 4) {
    std::vector<double> results(threads);
    const double began = now();
    pool_.parallelFor(threads,
                      [&](int64_t i, int) { results[i] = isDouble ? multiplyAddsDouble(rounds) : multiplyAddsFloat(rounds); });
    const double seconds = now() - began;
    sink = results[0];
    if (seconds >= kLong) return threads * static_cast<double>(rounds) * flopsOfRound(isDouble) / seconds;
  }
}

double Calibration::bandwidth(double footprint, int threads) {
  const double bytes = std::min(kMost, std::max(kLeast, std::exp2(std::round(std::log2(footprint)))));
  const int64_t count = static_cast<int64_t>(bytes / sizeof(float) / 2), each = count / threads;
  if (static_cast<int64_t>(memory_.size()) < 2 * count) {
    memory_.assign(2 * count, 1.0f);
    pool_.parallelFor(threads,
                      [&](int64_t i, int) { stream(memory_.data() + i * each, memory_.data() + count + i * each, each); });
  }
  // Threads go over their own parts, and meet at the end alone. The first pass brings the memory in.
  const auto pass = [&](int64_t passes) {
    pool_.parallelFor(threads, [&](int64_t i, int) {
      for (int64_t p = 0; p < passes; ++p) stream(memory_.data() + i * each, memory_.data() + count + i * each, each);
    });
  };
  pass(1);
  for (int64_t passes = 1;; passes *= 4) {
    const double began = now();
    pass(passes);
    const double seconds = now() - began;
    if (seconds >= kLong) return 3.0 * sizeof(float) * static_cast<double>(each * threads * passes) / seconds;
  }
}

}  // namespace dinf::bench
