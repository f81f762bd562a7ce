// Draws of sample sets, written into the set's own memory: a pure function of seed, term, iteration and sample, whatever the threads.
#pragma once
#include <algorithm>
#include <vector>
#include "core/samples.h"
#include "cpu/kernels.h"
#include "cpu/thread_pool.h"
#include "math/philox.h"

namespace dinf {

template <class Real>
class CpuDraws {
 public:
  CpuDraws(ThreadPool& pool, const CpuKernels<Real>& kernels) : pool_(pool), kernels_(kernels) {}

  // Boxes follow one another in the internal order of a band, so an odometer replaces divisions by their numbers.
  void stratified(SampleSet& samples, uint64_t seed, uint32_t term, uint32_t iteration) {
    const SampleSetSpec& spec = samples.spec();
    const std::vector<int64_t>& order = samples.order();
    constexpr int64_t kDraws = 1024;
    pool_.chunks(samples.paddedCount(), [&](int64_t begin, int64_t n) {
      uint32_t bits[4 * kDraws];
      for (int64_t at = begin; at < begin + n;) {
        const bool padding = order[at] < 0;  // repeats the last real sample of its band
        int64_t from = at;
        while (order[from] < 0) --from;
        const int64_t user = order[from], high = user >> 32;
        int64_t count = 1;
        while (!padding && count < kDraws && at + count < begin + n && order[at + count] == user + count && (user + count) >> 32 == high)
          ++count;
        kernels_.randomBits(seed, static_cast<uint32_t>(user), iteration, term,
                            generic::kStreamSamples | static_cast<uint32_t>(high) << 8, count, bits);
        int64_t box[kMaxDims] = {0, 0, 0}, rest = user;
        for (int k = spec.dims - 1; k >= 0; --k) {
          box[k] = rest % spec.boxes[k];
          rest /= spec.boxes[k];
        }
        for (int64_t i = 0; i < count; ++i) {
          for (int k = 0; k < spec.dims; ++k)
            samples.unit(k)[at + i] = (static_cast<double>(box[k]) + generic::philoxUniform(bits[4 * i + k])) / static_cast<double>(spec.boxes[k]);
          for (int k = spec.dims - 1; k >= 0 && ++box[k] == spec.boxes[k]; --k) box[k] = 0;
        }
        at += count;
      }
    });
  }

  // Data drawn with replacement are the whole set times how often each was drawn: exact, and the lattice keeps its structure.
  // Every thread counts for itself; sums of integers do not depend on who counted what.
  void counts(SampleSet& samples, uint64_t seed, uint32_t term, uint32_t iteration) {
    const int64_t draws = samples.spec().draws, n = samples.userCount();
    constexpr int64_t kDraws = 8192;
    counts_.resize(pool_.threads());
    pool_.parallelFor(pool_.threads(), [&](int64_t t, int) { counts_[t].assign(n, 0); });
    pool_.parallelFor((draws + kDraws - 1) / kDraws, [&](int64_t piece, int thread) {
      const int64_t from = piece * kDraws, count = std::min(kDraws, draws - from);
      uint32_t bits[kDraws];
      kernels_.randomBits(seed, static_cast<uint32_t>(from / 4), iteration, term, generic::kStreamSamples, (count + 3) / 4, bits);
      uint32_t* counts = counts_[thread].data();
      for (int64_t i = 0; i < count; ++i) ++counts[(uint64_t{bits[i]} * static_cast<uint64_t>(n)) >> 32];
    });
    std::vector<double>& weights = samples.weights();
    const std::vector<int64_t>& order = samples.order();
    const double one = 1.0 / static_cast<double>(draws);
    pool_.chunks(samples.paddedCount(), [&](int64_t at, int64_t count) {
      for (int64_t i = at; i < at + count; ++i) {
        uint32_t times = 0;
        if (order[i] >= 0)
          for (const std::vector<uint32_t>& counts : counts_) times += counts[order[i]];
        weights[i] = times * one;
      }
    });
  }

 private:
  ThreadPool& pool_;
  const CpuKernels<Real>& kernels_;
  std::vector<std::vector<uint32_t>> counts_;  // a thread
};

}  // namespace dinf
