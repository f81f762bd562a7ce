#include "core/solver.h"
#include <chrono>
#include "core/check.h"
#include "core/history.h"
#include "core/optimizer.h"

namespace dinf {
namespace {

template <class Real>
class Solver final : public SolverBase {
 public:
  Solver(const ProblemSpec& spec, const DeviceSpec& device)
      : spec_(spec),
        backend_(device.cuda ? makeCudaBackend<Real>(device.index, device.memoryLimit) : makeCpuBackend<Real>(device.threads)) {
    rebuild(false);
    setParameters(problem().initial());
  }
  ~Solver() override { backend_->release(parameters_); }

  bool folded() const override { return folded_; }
  void setFolded(bool folded) override {
    if (folded == folded_) return;
    check(folded, "INVALID_ARGUMENT", "a folded decoder cannot be unfolded: put first-order stages before least squares");
    const std::vector<double> before = parameters();
    std::vector<double> after;
    for (const Field& field : problem().fields()) {
      const auto from = before.begin() + field.offset();
      std::vector<double> part(from, from + field.parameterCount());
      if (field.isLinear()) part = field.fold(part);
      after.insert(after.end(), part.begin(), part.end());
    }
    after.insert(after.end(), before.end() - static_cast<int64_t>(spec_.scalars.size()), before.end());
    try {
      rebuild(true);
    } catch (...) {  // the planes do not fit where the factors did
      rebuild(false);
      setParameters(before);
      throw;
    }
    setParameters(after);
  }

  int64_t parameterCount() const override { return problem().parameterCount(); }
  int64_t rowCount() const override { return problem().rowCount(); }
  std::vector<double> parameters() const override { return read(parameters_, parameterCount()); }
  std::vector<ParameterBlock> blocks() const override {
    std::vector<ParameterBlock> all;
    for (size_t f = 0; f < problem().fields().size(); ++f) {
      const std::vector<ParameterBlock> part = problem().fields()[f].blocks("field" + std::to_string(f));
      all.insert(all.end(), part.begin(), part.end());
    }
    if (!spec_.scalars.empty()) all.push_back({"scalars", {static_cast<int64_t>(spec_.scalars.size())}});
    return all;
  }
  void setParameters(const std::vector<double>& values) override {
    adam_ = nullptr;
    write(parameters_, values);
  }
  OptimizerState optimizerState() const override {
    OptimizerState state;
    if (!adam_) return state;
    const int64_t n = parameterCount();
    state.iteration = adam_->iteration;
    state.bestMean = adam_->bestMean;
    state.windowSum = adam_->windowSum;
    state.windowCount = adam_->windowCount;
    state.first = read(adam_->first, n);
    state.second = read(adam_->second, n);
    state.best = read(adam_->best, n);
    if (adam_->current) state.current = read(*adam_->current, n);
    return state;
  }
  void setOptimizerState(const OptimizerState& state) override {
    const int64_t n = parameterCount();
    adam_ = std::make_unique<AdamState<Real>>(*backend_, n);
    adam_->iteration = state.iteration;
    adam_->bestMean = state.bestMean;
    adam_->windowSum = state.windowSum;
    adam_->windowCount = state.windowCount;
    write(adam_->first, state.first);
    write(adam_->second, state.second);
    write(adam_->best, state.best);
    if (state.current.empty()) return;
    adam_->current = std::make_unique<DeviceVector<Real>>(*backend_, n);
    write(*adam_->current, state.current);
  }
  void setUniforms(const std::vector<double>& values) override {
    spec_.uniforms = values;
    problem().setUniforms(values);
  }
  void setChannels(int term, const std::vector<std::vector<double>>& values) override {
    spec_.terms[term].channels = values;  // for the problem that folding makes anew
    problem().setChannels(term, values);
  }
  void draw(uint32_t iteration) override { problem().draw(iteration); }
  std::vector<double> sampleWeights(int term) const override { return problem().sampleWeights(term); }
  std::vector<double> evaluate(const EvaluationSpec& evaluation) override {
    const std::vector<Real> values = problem().evaluate(parameters_, evaluation);
    return {values.begin(), values.end()};
  }
  double loss() override { return problem().loss(parameters_); }
  double gradient(std::vector<double>& out) override {
    DeviceVector<Real> gradient(*backend_, parameterCount());
    const double value = problem().gradient(parameters_, gradient);
    out = read(gradient, parameterCount());
    return value;
  }
  std::vector<double> linearise() override {
    DeviceVector<Real> rows(*backend_, rowCount());
    problem().linearise(parameters_, rows, nullptr);
    return read(rows, rowCount());
  }
  std::vector<double> tangent(const std::vector<double>& direction) override {
    DeviceVector<Real> rows(*backend_, rowCount()), x(*backend_, parameterCount());
    write(x, direction);
    problem().tangent(x, rows);
    return read(rows, rowCount());
  }
  std::vector<double> adjoint(const std::vector<double>& values) override {
    DeviceVector<Real> rows(*backend_, rowCount()), x(*backend_, parameterCount());
    write(rows, values);
    problem().adjoint(rows, x);
    return read(x, parameterCount());
  }
  std::vector<double> columnSquares() override {
    DeviceVector<Real> x(*backend_, parameterCount());
    problem().columnSquares(x);
    return read(x, parameterCount());
  }

  SolveResult run(const std::vector<StageSpec>& stages, const std::function<void(const Progress&)>& onProgress,
                  const std::atomic<bool>& cancelled) override {
    SolveResult result;
    History history;
    const auto start = std::chrono::steady_clock::now();
    int64_t planned = 0;
    for (const StageSpec& stage : stages) {
      check(stage.uniforms.empty() || stage.uniforms.size() == spec_.uniforms.size(), "INVALID_ARGUMENT", "the number of uniforms is fixed");
      planned += stage.iterations * (stage.kind == StageKind::gaussNewton ? stage.steps : 1);
    }
    result.stopReason = "iterations";
    const std::function<void(double)> report = [&](double loss) {
      history.add(result.iterations, loss);
      if (onProgress) onProgress({result.iterations, planned, loss});
    };
    for (const StageSpec& stage : stages) {
      if (result.stopReason == "aborted" || result.stopReason == "diverged") break;
      result.stopReason = "iterations";
      if (!stage.uniforms.empty()) setUniforms(stage.uniforms);
      if (stage.kind != StageKind::adam) setFolded(true);
      const StageRun<Real> run{problem(), parameters_, result, report, cancelled};
      if (stage.kind != StageKind::adam || stage.begun == 0) adam_ = nullptr;
      if (stage.kind == StageKind::adam) {
        if (stage.begun == 0) adam_ = std::make_unique<AdamState<Real>>(*backend_, parameterCount());
        check(adam_ && adam_->iteration == stage.begun, "INVALID_ARGUMENT", "Adam cannot go on: its state is not there");
        runAdam(stage, run, *adam_);
        if (result.stopReason == "diverged") adam_ = nullptr;
      } else if (stage.kind == StageKind::lbfgs) {
        runLbfgs(stage, run);
      } else {
        runGaussNewton(stage, run);
      }
    }
    problem().forgetLinearisation();  // it may stand at a trial point that is gone
    result.unknowns = parameterCount();
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    history.moveTo(result);
    return result;
  }

 private:
  void rebuild(bool folded) {
    adam_ = nullptr;
    if (parameters_) backend_->release(parameters_);
    parameters_ = nullptr;
    const auto sets = problem_ ? problem_->sampleSets() : std::vector<std::shared_ptr<SampleSet>>();
    problem_ = nullptr;  // frees before it takes
    problem_ = std::make_unique<Problem<Real>>(spec_, *backend_, folded, sets);
    problem().draw(0);
    folded_ = folded;
    parameters_ = backend_->allocate(problem().parameterCount());
  }

  // There is none after a failure that left no room for any.
  Problem<Real>& problem() const {
    check(problem_ != nullptr, "OUT_OF_MEMORY", "this solver could not make its problem anew: make another solver");
    return *problem_;
  }

  std::vector<double> read(const Real* from, int64_t count) const {
    std::vector<Real> host(count);
    backend_->download(host.data(), from, count);
    return {host.begin(), host.end()};
  }
  void write(Real* to, const std::vector<double>& values) {
    const std::vector<Real> host(values.begin(), values.end());
    backend_->upload(to, host.data(), static_cast<int64_t>(host.size()));
  }

  ProblemSpec spec_;
  std::unique_ptr<Backend<Real>> backend_;
  std::unique_ptr<Problem<Real>> problem_;
  std::unique_ptr<AdamState<Real>> adam_;
  Real* parameters_ = nullptr;
  bool folded_ = false;
};

}  // namespace

std::unique_ptr<SolverBase> makeSolver(const ProblemSpec& spec, Precision precision, const DeviceSpec& device) {
  if (precision == Precision::float32) return std::make_unique<Solver<float>>(spec, device);
  return std::make_unique<Solver<double>>(spec, device);
}

}  // namespace dinf
