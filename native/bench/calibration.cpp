#include "calibration.h"
#include <algorithm>
#include <chrono>
#include <cmath>
#include "calibration_kernels.h"

namespace dinf::bench {
namespace {

constexpr double kBatch = 1e-3;                      // seconds that a batch takes at least
constexpr int kBatches = 3;                          // the fastest counts, as of ops
constexpr double kLeast = 1 << 16, kMost = 1 << 28;  // bytes: within a first or second-level cache, beyond any last-level one

volatile double sink;  // keeps the chains

// What `work(n)` does a second, n such that it takes a batch.
template <class F>
double fastest(F work) {
  double best = 0;
  int batches = 0;
  for (int64_t n = 1; batches < kBatches;) {
    const double began = now(), done = work(n), seconds = now() - began;
    if (seconds < kBatch) {
      n *= seconds < kBatch / 16 ? 8 : 2;
      continue;
    }
    best = std::max(best, done / seconds);
    ++batches;
  }
  return best;
}

}  // namespace

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double Calibration::flopRate(bool isDouble, int threads) {
  std::vector<double> results(threads);
  return fastest([&](int64_t rounds) {
    pool_.parallelFor(threads,
                      [&](int64_t i, int) { results[i] = isDouble ? multiplyAddsDouble(rounds) : multiplyAddsFloat(rounds); });
    sink = results[0];
    return threads * static_cast<double>(rounds) * flopsOfRound(isDouble);
  });
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
  return fastest([&](int64_t passes) {
    pass(passes);
    return 3.0 * sizeof(float) * static_cast<double>(each * threads * passes);
  });
}

}  // namespace dinf::bench
