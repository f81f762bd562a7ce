// A solve: stages of Adam, Gauss-Newton or L-BFGS over one problem, with progress, cancellation, divergence and "keep the best".
// Type-erased over the precision, so that the addon is written once.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>
#include "core/device.h"
#include "core/many/variations.h"
#include "core/stage.h"

namespace dinf {

struct Progress {
  int64_t iteration, iterations;
  double loss;
};

// What Adam carries from one iteration to the next beside the parameters: with it, a stage goes on as if it had never stopped.
struct OptimizerState {
  int64_t iteration = 0;  // 0: there is none
  double bestMean = 0, windowSum = 0;
  int64_t windowCount = 0;
  std::vector<double> first, second, best;
  std::vector<double> current;  // the iterate, where the parameters went back to `best`; else empty
};

// How the parameters are held: `factored` (grid and decoder) or `folded` (linear decoders multiplied in).
class SolverBase {
 public:
  virtual ~SolverBase() = default;
  virtual SolveResult run(const std::vector<StageSpec>& stages, const std::function<void(const Progress&)>& onProgress,
                          const std::atomic<bool>& cancelled) = 0;

  // Solves variations one after another, or together where they have one Jacobian, each from the start that a new solver has. What the
  // solver holds afterwards is the last one's, or none of theirs. Asked to stop, it leaves those that it has not begun `aborted`.
  virtual VariationResults runMany(const std::vector<StageSpec>& stages, const Variations& variations, const std::atomic<bool>& cancelled) = 0;

  // Between two calls: threads go back to the process.
  virtual void rest() = 0;

  virtual bool folded() const = 0;
  virtual void setFolded(bool folded) = 0;
  virtual int64_t parameterCount() const = 0;
  virtual int64_t rowCount() const = 0;
  // What the parameters are, in their order.
  virtual std::vector<ParameterBlock> blocks() const = 0;
  virtual std::vector<double> parameters() const = 0;
  // `count` of them from `begin` on.
  virtual std::vector<double> parameters(int64_t begin, int64_t count) const = 0;
  // Forgets the optimizer's state.
  virtual void setParameters(const std::vector<double>&) = 0;
  // Those from `begin` on; the others stay.
  virtual void setParameters(int64_t begin, const std::vector<double>&) = 0;
  // Of the last stage, if that was Adam and did not diverge.
  virtual OptimizerState optimizerState() const = 0;
  virtual void setOptimizerState(const OptimizerState&) = 0;
  virtual void setUniforms(const std::vector<double>&) = 0;
  // A term's per-sample data, user order: as many channels as it has, of as many values.
  virtual void setChannels(int term, const std::vector<std::vector<double>>& values) = 0;
  virtual void draw(uint32_t iteration) = 0;
  virtual std::vector<double> sampleWeights(int term) const = 0;
  virtual std::vector<double> evaluate(const EvaluationSpec&) = 0;
  // The pieces, for whoever brings an optimizer of their own, and for the tests.
  virtual double loss() = 0;
  virtual double gradient(std::vector<double>& out) = 0;
  virtual std::vector<double> linearise() = 0;  // rows
  virtual std::vector<double> tangent(const std::vector<double>& direction) = 0;
  virtual std::vector<double> adjoint(const std::vector<double>& rows) = 0;
  virtual std::vector<double> columnSquares() = 0;
};

std::unique_ptr<SolverBase> makeSolver(ProblemSpec spec, Precision precision, const DeviceSpec& device);
inline std::unique_ptr<SolverBase> makeSolver(ProblemSpec spec, Precision precision, int threads) {
  return makeSolver(std::move(spec), precision, DeviceSpec{DriverKind::cpu, 0, 0, threads});
}

}  // namespace dinf
