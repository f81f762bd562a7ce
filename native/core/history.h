// The losses of a solve, thinned evenly so that a long one holds no more than a plot can show.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>
#include "core/solver.h"

namespace dinf {

class History {
 public:
  void add(int64_t iteration, double loss) {
    if (iteration % stride_ == 0) {
      iterations_.push_back(iteration);
      losses_.push_back(loss);
    }
    if (losses_.size() < kMaxHistory) return;
    size_t kept = 0;
    stride_ *= 2;
    for (size_t i = 0; i < losses_.size(); ++i)
      if (iterations_[i] % stride_ == 0) {
        iterations_[kept] = iterations_[i];
        losses_[kept++] = losses_[i];
      }
    iterations_.resize(kept);
    losses_.resize(kept);
  }
  void moveTo(SolveResult& result) {
    result.losses = std::move(losses_);
    result.lossIterations = std::move(iterations_);
  }

 private:
  static constexpr size_t kMaxHistory = 20000;

  int64_t stride_ = 1;
  std::vector<int64_t> iterations_;
  std::vector<double> losses_;
};

}  // namespace dinf
