// What every optimizer works with. An optimizer moves `parameters` from where they stand, reports each iteration, stops when asked,
// and leaves the best parameters it knows. Each has a file of its own with its options and `runStage`; core/stage.h lists them.
#pragma once
#include <atomic>
#include <functional>
#include <string>
#include <vector>
#include "core/device_vector.h"
#include "core/problem.h"

namespace dinf {

// What all stages have, whatever their optimizer.
struct StageCommon {
  int64_t iterations = 1000;  // Gauss-Newton: inner iterations a step
  // Gauss-Newton: relative norm of the scaled gradient; L-BFGS: relative decrease over 10 iterations; 0: run all iterations.
  double tolerance = 0;
  std::vector<double> uniforms;  // set before the stage begins, and left so; empty: as they are
  int64_t begun = 0;             // iterations that an earlier run of this stage has done: it goes on from there
};

// Which inner solver a Gauss-Newton stage took.
struct InnerReport {
  InnerKind kind = InnerKind::automatic;  // automatic: no stage has had one
  std::string reason;
  int64_t factorisations = 0;
  // Of the last factorisation, its columns scaled to 1:
  double smallestPivot = 0;
  double flops = 0;     // counted, not measured: what a Cholesky factorisation of its fronts takes
  double seconds = 0;   // assembly and pivots held anew included
  int64_t bytes = 0;    // that it holds
  double worth = 0;     // iterations with a factor that cost what a factorisation costs: counted, so that it is the same everywhere
  bool undetermined = false;  // the rows leave some of the unknowns free
};

struct SolveResult {
  StopReason stopReason = StopReason::iterations;
  std::string message;  // where it diverged
  int64_t iterations = 0;
  double seconds = 0, loss = 0;
  int64_t unknowns = 0;        // of the last stage
  std::vector<double> losses;  // thinned evenly so that a plot can hold them (core/history.h)
  std::vector<int64_t> lossIterations;
  InnerReport inner;
};

template <class Real>
struct AdamState;
template <class Real>
struct KeptFactor;

template <class Real>
struct StageRun {
  Problem<Real>& problem;
  Real* parameters;
  SolveResult& result;
  const std::function<void(double)>& report;  // the loss after result.iterations iterations
  const std::atomic<bool>& cancelled;
  std::unique_ptr<AdamState<Real>>& state;  // what an earlier run of this stage left; null: nothing
  std::unique_ptr<KeptFactor<Real>>& factor;  // what an earlier stage left that keeps it; null: nothing

  Backend<Real>& backend() const { return problem.backend(); }
  bool isCancelled() const { return cancelled.load(std::memory_order_relaxed); }
  // Says where `at` breaks the loss; `fallback` names the culprit when no residual does.
  void diverged(const Real* at, const std::string& fallback) const {
    const std::string place = problem.findNonFinite(at);
    result.stopReason = StopReason::diverged;
    result.message = "the loss is not finite at iteration " + std::to_string(result.iterations) + ", " + (place.empty() ? fallback : place);
  }
};

}  // namespace dinf
