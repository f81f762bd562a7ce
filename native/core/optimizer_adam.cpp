// Adam (Kingma & Ba 2015), on freshly drawn samples each iteration.
#include <cmath>
#include "core/optimizer.h"

namespace dinf {
namespace {
constexpr int64_t kWindow = 50;  // losses are noisy: iterates are compared by the mean over this many
}  // namespace

template <class Real>
void runAdam(const StageSpec& stage, const StageRun<Real>& run, AdamState<Real>& state) {
  Problem<Real>& problem = run.problem;
  Backend<Real>& be = run.backend();
  Real* const parameters = run.parameters;
  SolveResult& result = run.result;
  const int64_t n = problem.parameterCount();
  DeviceVector<Real> gradient(be, n);
  if (state.iteration == 0) be.copy(state.best, parameters, n);
  if (state.current) be.copy(parameters, *state.current, n);
  state.current = nullptr;
  std::vector<double> perTerm;
  for (int64_t i = state.iteration; i < stage.iterations; ++i) {
    if (run.isCancelled()) {
      result.stopReason = "aborted";
      break;
    }
    problem.draw(static_cast<uint32_t>(i));
    const double loss = problem.gradient(parameters, gradient, &perTerm);
    if (!std::isfinite(loss)) {
      std::string term = "an unknown term";
      for (size_t t = 0; t < perTerm.size(); ++t)
        if (!std::isfinite(perTerm[t])) term = "term '" + problem.spec().terms[t].name + "'";
      run.diverged(parameters, term);
      be.copy(parameters, state.best, n);
      return;
    }
    result.loss = loss;
    run.report(loss);
    state.windowSum += loss;
    if (++state.windowCount == kWindow) {
      if (state.windowSum / kWindow < state.bestMean) {
        state.bestMean = state.windowSum / kWindow;
        be.copy(state.best, parameters, n);
      }
      state.windowSum = 0;
      state.windowCount = 0;
    }
    const double decay = stage.decaySteps > 0 ? std::pow(0.1, static_cast<double>(i) / stage.decaySteps) : 1;
    be.adam(parameters, gradient, state.first, state.second, n, stage.learningRate * decay, stage.beta1, stage.beta2, stage.epsilon, i + 1);
    ++result.iterations;
    state.iteration = i + 1;
  }
  // A run that ended worse than it was (or was stopped in a bad stretch) goes back to its best window.
  if (state.windowCount > 0 && result.stopReason == "aborted" && state.windowSum / state.windowCount > state.bestMean) {
    state.current = std::make_unique<DeviceVector<Real>>(be, n);
    be.copy(*state.current, parameters, n);
    be.copy(parameters, state.best, n);
  }
}

template void runAdam<float>(const StageSpec&, const StageRun<float>&, AdamState<float>&);
template void runAdam<double>(const StageSpec&, const StageRun<double>&, AdamState<double>&);

}  // namespace dinf
