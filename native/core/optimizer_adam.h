// Adam (Kingma & Ba 2015), on freshly drawn samples each iteration.
#pragma once
#include <cmath>
#include "core/optimizer.h"

namespace dinf {

struct AdamStage {
  static constexpr StageKind kKind = StageKind::adam;
  static constexpr bool kFolds = false;    // it trains both factors of a linear decoder
  static constexpr bool kResumes = true;   // it goes on from the state that an earlier run left
  double learningRate = 1e-3, decaySteps = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  // rate 0.1^(i / decaySteps)
  int64_t plannedIterations(const StageCommon& stage) const { return stage.iterations; }
};

// OptimizerState (core/solver.h) on the device.
template <class Real>
struct AdamState {
  AdamState(Backend<Real>& backend, int64_t count) : first(backend, count), second(backend, count), best(backend, count) {}
  int64_t iteration = 0;
  double bestMean = INFINITY, windowSum = 0;
  int64_t windowCount = 0;
  DeviceVector<Real> first, second, best;
  DeviceVector<Real> current;  // the iterate, where the parameters went back to `best`; else nothing
};

// Begins with a new state, or goes on from the one that is there, and leaves it unless the solve diverged.
template <class Real>
void runStage(const StageCommon& stage, const AdamStage& options, const StageRun<Real>& run);

}  // namespace dinf
