// Least squares and damped Gauss-Newton.
#pragma once
#include "core/optimizer.h"

namespace dinf {

struct GaussNewtonStage {
  static constexpr StageKind kKind = StageKind::gaussNewton;
  static constexpr bool kFolds = true;  // it needs a field that is linear in its parameters
  static constexpr bool kResumes = false;
  int64_t steps = 1;
  double damping = 0;     // initial Levenberg-Marquardt damping, in units of the scaled normal matrix's diagonal (= 1)
  double stepTolerance = 0;  // a step that changes the parameters by no more than this part of their norm is the last one
  bool fromHere = false;  // a linear problem starts from the parameters as they are, not from zero
  InnerKind inner = InnerKind::automatic;
  int64_t innerMemory = 0;  // bytes that a factorisation may hold; 0: no limit
  // Unknowns that stay as they are: of each output of all fields, the first so many nodes along an axis. Empty: none.
  int heldAxis = 0;
  std::vector<int> held;
  bool keepFactor = false;  // for the next stage that keeps it
  bool freshFactor = false;  // what an earlier stage kept is no use here, but for its memory
  int64_t plannedIterations(const StageCommon& stage) const { return stage.iterations * steps; }
};

template <class Real>
void runStage(const StageCommon& stage, const GaussNewtonStage& options, const StageRun<Real>& run);

}  // namespace dinf
