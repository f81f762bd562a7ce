#include "core/optimizer_adam.h"
#include <algorithm>
#include "core/check.h"
#include "core/plays.h"

namespace dinf {
namespace {
constexpr int64_t kWindow = 50;  // losses are noisy: iterates are compared by the mean over this many
}  // namespace

// An iteration's line in the log: the loss, and the terms' shares of it.
template <class Real>
void runStage(const StageCommon& stage, const AdamStage& options, const StageRun<Real>& run) {
  Problem<Real>& problem = run.problem;
  Backend<Real>& be = run.backend();
  if (stage.begun == 0) run.state = std::make_unique<AdamState<Real>>(be, problem.parameterCount());
  check(run.state && run.state->iteration == stage.begun, ErrorCode::invalidArgument, "Adam cannot go on: its state is not there");
  AdamState<Real>& state = *run.state;
  Real* const parameters = run.parameters;
  SolveResult& result = run.result;
  const int64_t n = problem.parameterCount();
  DeviceVector<Real> gradient(be, n);
  if (state.iteration == 0) be.copy(state.best, parameters, n);
  if (state.current) be.copy(parameters, state.current, n);
  state.current = {};
  be.setSlot(AdamSlots::iteration, static_cast<double>(state.iteration));
  be.setSlot(AdamSlots::stopped, 0);
  be.setSlot(AdamSlots::windowSum, state.windowSum);
  be.setSlot(AdamSlots::windowCount, static_cast<double>(state.windowCount));
  be.setSlot(AdamSlots::bestMean, state.bestMean);
  if (state.iteration == 0) problem.draw(0);
  const AdamSettings settings{options.learningRate, options.decaySteps, options.beta1, options.beta2, options.epsilon, kWindow};
  const int terms = std::min(problem.termSlots(), Backend<Real>::kLogWidth - 1);
  const auto iteration = be.record([&] {
    problem.redraw(AdamSlots::iteration);
    problem.iterateAdam({parameters, gradient, state.first, state.second, state.best}, settings, terms);
  });
  Plays plays(be, *iteration, stage.iterations - state.iteration);
  bool diverged = false;
  const double* line;
  while (!diverged && (line = plays.next(run.isCancelled()))) {
    diverged = !std::isfinite(line[0]);
    if (!diverged) {
      result.loss = line[0];
      run.report(line[0]);
      ++result.iterations;
      continue;
    }
    std::string term = "an unknown term";
    for (int t = 0; t < terms; ++t)
      if (!std::isfinite(line[1 + t])) term = "term '" + problem.spec().terms[t].name + "'";
    plays.finish();
    run.diverged(parameters, term);
    be.copy(parameters, state.best, n);
  }
  plays.finish();
  if (diverged) {
    run.state = nullptr;
    return;
  }
  if (plays.cancelled()) result.stopReason = StopReason::aborted;
  state.iteration = static_cast<int64_t>(be.slot(AdamSlots::iteration));
  state.windowSum = be.slot(AdamSlots::windowSum);
  state.windowCount = static_cast<int64_t>(be.slot(AdamSlots::windowCount));
  state.bestMean = be.slot(AdamSlots::bestMean);
  // A run that ended worse than it was (or was stopped in a bad stretch) goes back to its best window.
  if (state.windowCount > 0 && result.stopReason == StopReason::aborted && state.windowSum / state.windowCount > state.bestMean) {
    state.current = DeviceVector<Real>(be, n);
    be.copy(state.current, parameters, n);
    be.copy(parameters, state.best, n);
  }
}

template void runStage<float>(const StageCommon&, const AdamStage&, const StageRun<float>&);
template void runStage<double>(const StageCommon&, const AdamStage&, const StageRun<double>&);

}  // namespace dinf
