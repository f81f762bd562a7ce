// A solve: stages of Adam, Gauss-Newton or L-BFGS over one problem, with progress, cancellation, divergence and "keep the best".
// Type-erased over the precision, so that the addon is written once.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>
#include "core/problem.h"

namespace dinf {

enum class StageKind : int { adam = 0, gaussNewton = 1, lbfgs = 2 };
// What L-BFGS measures lengths of steps with: each unknown's own column norm, one for all outputs of a field at a node, or nothing.
enum class Scaling : int { columns = 0, shared = 1, none = 2 };

struct StageSpec {
  StageKind kind = StageKind::adam;
  int64_t iterations = 1000;  // Adam, L-BFGS: steps; Gauss-Newton: inner iterations a step
  // Gauss-Newton: relative norm of the scaled gradient; L-BFGS: relative decrease over 10 iterations; 0: run all iterations.
  double tolerance = 0;
  std::vector<double> uniforms;  // set before the stage begins, and left so; empty: as they are
  // Adam
  double learningRate = 1e-3, decaySteps = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  // rate 0.1^(i / decaySteps)
  int64_t begun = 0;          // iterations that an earlier run of this stage has done: it goes on from there
  // Gauss-Newton
  int64_t steps = 1;
  bool fromHere = false;  // a linear problem starts from the parameters as they are, not from zero
  double damping = 0;  // initial Levenberg-Marquardt damping, in units of the scaled normal matrix's diagonal (= 1)
  // L-BFGS
  int history = 10;
  int64_t resample = 0;  // iterations between draws; 0: one draw
  Scaling scaling = Scaling::columns;
};

struct Progress {
  int64_t iteration, iterations;
  double loss;
};

struct SolveResult {
  std::string stopReason;  // iterations | tolerance | aborted | diverged
  std::string message;     // where it diverged
  int64_t iterations = 0;
  double seconds = 0, loss = 0;
  int64_t unknowns = 0;    // of the last stage
  std::vector<double> losses;         // thinned evenly so that a plot can hold them (core/history.h)
  std::vector<int64_t> lossIterations;
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

  virtual bool folded() const = 0;
  virtual void setFolded(bool folded) = 0;
  virtual int64_t parameterCount() const = 0;
  virtual int64_t rowCount() const = 0;
  // What the parameters are, in their order.
  virtual std::vector<ParameterBlock> blocks() const = 0;
  virtual std::vector<double> parameters() const = 0;
  // Forgets the optimizer's state.
  virtual void setParameters(const std::vector<double>&) = 0;
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

enum class Precision : int { float32 = 0, float64 = 1 };
// Where a solve runs.
struct DeviceSpec {
  bool cuda = false;
  int index = 0;            // of the CUDA device
  int64_t memoryLimit = 0;  // bytes that the solve may hold on it; 0: no limit but the device's
  int threads = 1;          // of the CPU
};
std::unique_ptr<SolverBase> makeSolver(const ProblemSpec& spec, Precision precision, const DeviceSpec& device);
inline std::unique_ptr<SolverBase> makeSolver(const ProblemSpec& spec, Precision precision, int threads) {
  return makeSolver(spec, precision, DeviceSpec{false, 0, 0, threads});
}

}  // namespace dinf
