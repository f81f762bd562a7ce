// L-BFGS (Nocedal 1980), for any mixture of terms. Draws samples at its start and every `resample` iterations.
#pragma once
#include "core/optimizer.h"

namespace dinf {

struct LbfgsStage {
  static constexpr StageKind kKind = StageKind::lbfgs;
  static constexpr bool kFolds = true;
  static constexpr bool kResumes = false;
  int history = 10;
  int64_t resample = 0;  // iterations between draws; 0: one draw
  Scaling scaling = Scaling::columns;
  int64_t plannedIterations(const StageCommon& stage) const { return stage.iterations; }
};

template <class Real>
void runStage(const StageCommon& stage, const LbfgsStage& options, const StageRun<Real>& run);

}  // namespace dinf
