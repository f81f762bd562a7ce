#include "core/solver.h"
#include "core/direct/kept_factor.h"
#include <algorithm>
#include <chrono>
#include <cmath>
#include "core/check.h"
#include "core/history.h"
#include "core/many/right_sides.h"

namespace dinf {
namespace {

template <class Real>
class Solver final : public SolverBase {
 public:
  Solver(ProblemSpec spec, const DeviceSpec& device) : spec_(std::move(spec)), backend_(makeBackend<Real>(device)), folded_(spec_.folded) {
    problem_ = std::make_unique<Problem<Real>>(spec_, *backend_, folded_);
    problem().draw(0);
    parameters_ = DeviceVector<Real>(*backend_, parameterCount());
    for (TermSpec& term : spec_.terms)
      for (std::vector<double>& channel : term.channels) channel = std::vector<double>();  // the problem has them
    if (!folded_) setParameters(problem().initial());
  }
  void rest() override { backend_->rest(); }

  bool folded() const override { return folded_; }
  void setFolded(bool folded) override {
    if (folded == folded_) return;
    check(folded, ErrorCode::invalidArgument, "a folded decoder cannot be unfolded: put first-order stages before least squares");
    adam_ = nullptr;
    rightSides_ = nullptr;
    factor_ = nullptr;
    parameters_ = problem().fold(parameters_);
    folded_ = true;
    problem().draw(0);
  }

  int64_t parameterCount() const override { return problem().parameterCount(); }
  int64_t rowCount() const override { return problem().rowCount(); }
  std::vector<double> parameters() const override { return read(parameters_, parameterCount()); }
  std::vector<double> parameters(int64_t begin, int64_t count) const override { return read(parameters_ + begin, count); }
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
  void setParameters(int64_t begin, const std::vector<double>& values) override {
    adam_ = nullptr;
    write(parameters_ + begin, values);
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
    if (adam_->current) state.current = read(adam_->current, n);
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
    adam_->current = DeviceVector<Real>(*backend_, n);
    write(adam_->current, state.current);
  }
  void setUniforms(const std::vector<double>& values) override {
    rightSides_ = nullptr;
    takeUniforms(values);
  }
  void setChannels(int term, const std::vector<std::vector<double>>& values) override {
    rightSides_ = nullptr;
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
      check(stage.uniforms.empty() || stage.uniforms.size() == spec_.uniforms.size(), ErrorCode::invalidArgument, "the number of uniforms is fixed");
      planned += std::visit([&](const auto& options) { return options.plannedIterations(stage); }, stage.optimizer);
    }
    result.stopReason = StopReason::iterations;
    const std::function<void(double)> report = [&](double loss) {
      history.add(result.iterations, loss);
      if (onProgress) onProgress({result.iterations, planned, loss});
    };
    for (const StageSpec& stage : stages) {
      if (result.stopReason == StopReason::aborted || result.stopReason == StopReason::diverged) break;
      result.stopReason = StopReason::iterations;
      if (!stage.uniforms.empty()) setUniforms(stage.uniforms);
      std::visit(
          [&](const auto& options) {
            if (options.kFolds) setFolded(true);
            if (!options.kResumes || stage.begun == 0) adam_ = nullptr;
            const DeviceVector<Real> start = copyOfStart();
            try {
              runStage(stage, options, StageRun<Real>{problem(), parameters_, result, report, cancelled, adam_, factor_});
            } catch (...) {
              goBackTo(start);
              throw;
            }
            keepFinite(start, result);
          },
          stage.optimizer);
    }
    problem().forgetLinearisation();  // it may stand at a trial point that is gone
    result.unknowns = parameterCount();
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    history.moveTo(result);
    return result;
  }

  VariationResults runMany(const std::vector<StageSpec>& stages, const Variations& variations, const std::atomic<bool>& cancelled) override {
    VariationResults results;
    results.ends.resize(variations.count);
    if (!variations.sameJacobian) rightSides_ = nullptr;
    int next = 0;
    while (next < variations.count) {
      if (!rightSides_) {
        solveOne(stages, variations, next++, cancelled, results);
        if (variations.sameJacobian && !results.ends[next - 1].inner.undetermined) shareFactor(stages, variations.evaluations);
        continue;
      }
      const int count = std::min(variations.count - next, rightSides_->capacity());
      if (cancelled) {
        for (int i = next; i < next + count; ++i) results.ends[i].stopReason = StopReason::aborted;
      } else {
        results.parameters.resize(variations.count * parameterCount());
        if (!variations.evaluations.empty()) results.values.resize(variations.count * rightSides_->valuesEach());
        const std::vector<int> unserved = rightSides_->solve(variations, next, count, stages[0], cancelled, results);
        // Alone they make a factor of their own.
        if (!unserved.empty()) rightSides_ = nullptr;
        for (const int i : unserved) solveOne(stages, variations, i, cancelled, results);
      }
      next += count;
    }
    results.parameters.resize(variations.count * parameterCount());
    return results;
  }

 private:
  // A factor that serves all variations is made by the first of them. Their vectors have what the factor leaves of the stage's memory.
  void shareFactor(const std::vector<StageSpec>& stages, const std::vector<EvaluationSpec>& evaluations) {
    constexpr int64_t kMostBytes = int64_t{512} << 20;
    const auto* const options = stages.size() == 1 ? std::get_if<GaussNewtonStage>(&stages[0].optimizer) : nullptr;
    if (!options || !options->keepFactor || !stages[0].uniforms.empty() || !factor_ || !RightSides<Real>::serves(problem(), *factor_)) return;
    const int64_t left = options->innerMemory > 0 ? options->innerMemory - factor_->factor.bytes() : kMostBytes;
    const int64_t bytes = std::min(left, kMostBytes);
    if (bytes >= RightSides<Real>::groupBytes(problem(), *factor_)) rightSides_ = std::make_unique<RightSides<Real>>(problem(), *factor_, evaluations, bytes);
  }

  void solveOne(const std::vector<StageSpec>& stages, const Variations& variations, int i, const std::atomic<bool>& cancelled, VariationResults& results) {
    SolveResult& end = results.ends[i];
    end = {};
    end.stopReason = StopReason::aborted;
    if (cancelled) return;
    begin(variations, i);
    end = run(stages, nullptr, cancelled);
    end.losses = {};
    end.lossIterations = {};
    const std::vector<double> found = parameters();
    results.parameters.resize(variations.count * found.size());
    std::copy(found.begin(), found.end(), results.parameters.begin() + i * static_cast<int64_t>(found.size()));
    if (variations.evaluations.empty()) return;
    const std::vector<double> values = evaluate(variations.evaluations[0]);
    results.values.resize(variations.count * values.size());
    std::copy(values.begin(), values.end(), results.values.begin() + i * static_cast<int64_t>(values.size()));
  }

  // The solver as a new one would be, with the data, uniforms and seed of a variation.
  void begin(const Variations& variations, int i) {
    if (!variations.uniforms.empty()) {
      const auto each = static_cast<int64_t>(spec_.uniforms.size());
      takeUniforms({variations.uniforms.begin() + i * each, variations.uniforms.begin() + (i + 1) * each});
    }
    for (const VariedChannel& varied : variations.channels)
      problem().setChannel(varied.term, varied.channel, varied.values.data() + i * (static_cast<int64_t>(varied.values.size()) / variations.count));
    if (!variations.seeds.empty()) spec_.seed = variations.seeds[i];
    adam_ = nullptr;
    if (spec_.folded) backend_->fill(parameters_, Real(0), parameterCount());
    else write(parameters_, problem().initial());
    problem().draw(0);
  }

  void takeUniforms(const std::vector<double>& values) {
    spec_.uniforms = values;
    problem().setUniforms(values);
  }

  // Nothing where all parameters are 0.
  DeviceVector<Real> copyOfStart() {
    const int slot = problem().freeSlot();
    backend_->reserveSlots(slot + 1);
    backend_->dot(parameters_, parameters_, parameterCount(), slot);
    if (backend_->slot(slot) == 0) return {};
    DeviceVector<Real> start(*backend_, parameterCount());
    backend_->copy(start, parameters_, parameterCount());
    return start;
  }

  // A stage that failed, of too little memory say, leaves the parameters as they were. `start` as `copyOfStart` gave it.
  void goBackTo(const Real* start) noexcept {
    try {
      if (start) backend_->copy(parameters_, start, parameterCount());
      else backend_->fill(parameters_, Real(0), parameterCount());
    } catch (...) {  // a device that is lost has none
    }
  }

  // The loss tells neither of what the last step did, nor of parameters that it does not see. A stage that left some that are not finite
  // goes back to the best that it knows, else to its start, which is null for zeros.
  void keepFinite(const Real* start, SolveResult& result) {
    if (finite(parameters_)) return;
    const bool best = adam_ && finite(adam_->best);
    if (best || start) backend_->copy(parameters_, best ? static_cast<const Real*>(adam_->best) : start, parameterCount());
    else backend_->fill(parameters_, Real(0), parameterCount());
    adam_ = nullptr;
    if (result.stopReason != StopReason::diverged)
      result.message = "the parameters are not finite after iteration " + std::to_string(result.iterations);
    result.stopReason = StopReason::diverged;
    result.loss = problem().loss(parameters_);
  }

  bool finite(const Real* parameters) {
    const int slot = problem().freeSlot();
    backend_->reserveSlots(slot + 1);
    backend_->dot(parameters, parameters, parameterCount(), slot);
    if (std::isfinite(backend_->slot(slot))) return true;
    const std::vector<double> values = read(parameters, parameterCount());  // large ones have no square
    return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
  }

  Problem<Real>& problem() const { return *problem_; }

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
  std::unique_ptr<KeptFactor<Real>> factor_;
  std::unique_ptr<RightSides<Real>> rightSides_;  // of that factor
  DeviceVector<Real> parameters_;
  bool folded_;
};

}  // namespace

std::unique_ptr<SolverBase> makeSolver(ProblemSpec spec, Precision precision, const DeviceSpec& device) {
  if (precision == Precision::float32) return std::make_unique<Solver<float>>(std::move(spec), device);
  return std::make_unique<Solver<double>>(std::move(spec), device);
}

}  // namespace dinf
