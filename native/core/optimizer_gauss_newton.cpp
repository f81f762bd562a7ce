// Gauss-Newton in three parts: the inner solver, which finds a step; the step rule, which says how far to go along it; and the
// damping of the next one.
#include "core/optimizer_gauss_newton.h"
#include <algorithm>
#include <cmath>
#include "core/check.h"
#include "core/choose_inner.h"

namespace dinf {
namespace {

// A linear solve whose gradient stands still above this part of the first has not found the minimum: 1e-15 and less is what rounding leaves
// of one that has (float64).
template <class Real>
constexpr double kLost = sizeof(Real) == 4 ? 1e-3 : 1e-9;

// What became of a step.
struct Taken {
  bool accepted = false;
  bool whole = false;  // at its full length
  double loss = 0;     // at the new parameters
};

// Backtracking: the longest of d, d/2, d/4, ... along which the loss falls. A linear problem's step is the answer itself.
template <class Real>
class StepRule {
 public:
  // `trial`: as many values as there are parameters; left at the last point that was tried.
  StepRule(Problem<Real>& problem, Real* trial) : problem_(problem), trial_(trial), linear_(problem.linear()) {}

  Taken take(Real* parameters, const Real* step, double loss) {
    Backend<Real>& be = problem_.backend();
    const int64_t n = problem_.parameterCount();
    double length = 1;
    for (int halvings = 0; halvings < kMaxHalvings; ++halvings, length *= 0.5) {
      // trial = parameters + length d
      be.copy(trial_, parameters, n);
      be.axpy(trial_, length, kOne, step, n);
      const double value = problem_.loss(trial_);
      if (!linear_ && !(std::isfinite(value) && value < loss)) continue;
      if (std::isfinite(value)) be.copy(parameters, trial_, n);
      return {true, halvings == 0, value};
    }
    return {false, false, loss};
  }

 private:
  static constexpr int kMaxHalvings = 12;

  Problem<Real>& problem_;
  Real* const trial_;
  const bool linear_;
};

// Levenberg-Marquardt: the model is trusted more after a whole step, and less after one that was refused.
class Damping {
 public:
  explicit Damping(double start) : value_(start) {}
  double value() const { return value_; }
  void after(const Taken& step) {
    if (!step.accepted) value_ = std::max(1e-2, value_ * 10);
    else if (step.whole) value_ *= 0.2;
  }
  // So short a step that a shorter one gains nothing either.
  bool exhausted() const { return value_ > 1e6; }

 private:
  double value_;
};

}  // namespace

// min |r(x)|^2 + energies(x): one step for a linear problem, damped Gauss-Newton with backtracking otherwise.
template <class Real>
void runStage(const StageCommon& stage, const GaussNewtonStage& options, const StageRun<Real>& run) {
  Problem<Real>& problem = run.problem;
  Backend<Real>& be = run.backend();
  Real* const parameters = run.parameters;
  SolveResult& result = run.result;
  const bool linear = problem.linear();
  const int64_t n = problem.parameterCount();
  check(problem.rowCount() > 0, ErrorCode::invalidArgument, "least squares needs a term with a squared, absolute or Huber loss");
  const int slot = problem.freeSlot();
  be.reserveSlots(slot + 1);
  const auto norm = [&](const Real* vector) {
    be.dot(vector, vector, n, slot);
    return std::sqrt(be.slot(slot));
  };
  DeviceVector<Real> trial(be, n);
  ChosenInner<Real> inner(stage, options, run, trial);
  StepRule<Real> rule(problem, trial);
  Damping damping(options.damping);
  // The answer of a linear problem does not depend on the start; unreached unknowns stay zero. Stopped early it does: a problem that
  // differs little from the one just solved is better begun there.
  if (linear && stage.begun == 0 && !options.fromHere) be.fill(parameters, Real(0), n);
  double loss = problem.loss(parameters);
  result.loss = loss;
  run.report(loss);
  bool moved = true;
  for (int64_t step = 0; step < options.steps; ++step) {
    const double start = loss;
    inner.linearise(parameters, moved);
    const InnerEnd end = inner.solve(loss, damping.value(), step == 0 ? stage.begun : 0);
    if (end == InnerEnd::notFinite) return run.diverged(parameters, "the linear solve");
    const Taken taken = rule.take(parameters, inner.step(), loss);
    if (taken.accepted && !std::isfinite(taken.loss)) return run.diverged(trial, "the linear solve");
    loss = taken.loss;
    result.loss = loss;
    run.report(loss);
    if (end == InnerEnd::aborted) {
      result.stopReason = StopReason::aborted;
      return;
    }
    if (linear) {
      // A factor of a matrix that rounding has spoilt leads nowhere, and stands still there. From a start that is nearly right there is
      // nothing to go by: its gradient is small already.
      const bool lost = !options.fromHere && inner.attained() > kLost<Real>;
      if (end == InnerEnd::converged && !lost) result.stopReason = StopReason::tolerance;
      return;
    }
    // Nor does it matter whether rounding lets so short a step gain anything. A damped one may be short for its damping.
    if (options.stepTolerance > 0 && damping.value() == 0 && norm(inner.step()) <= options.stepTolerance * norm(parameters)) {
      result.stopReason = StopReason::tolerance;
      return;
    }
    // A step that is to gain nothing is the last one, whether rounding lets it gain that or not: the gradient vanishes here.
    if (stage.tolerance > 0 && damping.value() == 0 && start - inner.predicted() <= stage.tolerance * std::abs(start)) {
      result.stopReason = StopReason::tolerance;
      return;
    }
    damping.after(taken);
    moved = taken.accepted;
    if (!taken.accepted && damping.exhausted()) return;
    // (start - loss) / |start| <= tolerance
    if (taken.accepted && stage.tolerance > 0 && start - loss <= stage.tolerance * std::abs(start)) {
      result.stopReason = StopReason::tolerance;
      return;
    }
  }
}

template void runStage<float>(const StageCommon&, const GaussNewtonStage&, const StageRun<float>&);
template void runStage<double>(const StageCommon&, const GaussNewtonStage&, const StageRun<double>&);

}  // namespace dinf
