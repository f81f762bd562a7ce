// L-BFGS (Nocedal 1980; Nocedal & Wright, Numerical Optimization, algorithms 7.4, 3.5 and 3.6): for energies, and for any mixture of
// terms, since it asks for nothing but loss and gradient. Samples stay fixed while it compares losses.
#include "core/optimizer_lbfgs.h"
#include <algorithm>
#include <cmath>
#include <memory>

namespace dinf {
namespace {
constexpr double kSufficient = 1e-4, kCurvature = 0.9;  // of the strong Wolfe conditions
constexpr int kMaxTrials = 20;                          // of one line search
constexpr double kMaxGrowth = 8;                        // of a step that still runs downhill
constexpr int kWindow = 10;                             // iterations over which the decrease is judged
constexpr double kScaleFloor = 1e-10;                   // of the largest column: what is below is scaled as if it were this
// Relative differences of losses that rounding alone may make. Each sample is rounded to Real; sums are in double.
template <class Real>
constexpr double kNoise = sizeof(Real) == 4 ? 5e-8 : 2e-15;

// A point of the line through the iterate along the direction.
struct Trial {
  double step = 0, value = 0, slope = 0;
};

// The minimum of the cubic through both ends (Nocedal & Wright, 3.59), kept away from them.
double cubicMinimum(const Trial& a, const Trial& b) {
  const double width = b.step - a.step;
  const double d1 = a.slope + b.slope - 3 * (b.value - a.value) / width;
  const double d2 = std::copysign(std::sqrt(d1 * d1 - a.slope * b.slope), width);
  double part = 1 - (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
  if (!std::isfinite(part)) part = 0.5;
  return a.step + width * std::clamp(part, 0.1, 0.9);
}

template <class Real>
class Lbfgs {
 public:
  Lbfgs(const StageCommon& stage, const LbfgsStage& options, const StageRun<Real>& run)
      : stage_(stage), options_(options), run_(run), problem_(run.problem), be_(run.backend()), n_(problem_.parameterCount()), metric_(be_, n_),
        direction_(be_, n_), scratch_(be_, n_), trial_(be_, n_), trialGradient_(be_, n_), gradient_(be_, n_), best_(be_, n_), firstSlot_(problem_.freeSlot()) {
    be_.reserveSlots(firstSlot_ + 1 + 2 * options.history);
    for (int i = 0; i < options.history; ++i) {
      steps_.emplace_back(be_, n_);
      changes_.emplace_back(be_, n_);
    }
    products_.resize(options.history);
  }

  void solve() {
    SolveResult& result = run_.result;
    std::vector<double> window;
    double loss = 0, best = INFINITY;
    for (int64_t i = 0; i < stage_.iterations; ++i) {
      if (run_.isCancelled()) return finish(StopReason::aborted, best);
      if (i == 0 || (options_.resample > 0 && i % options_.resample == 0)) {
        // Losses on another draw are no measure of these: everything that compares them begins anew.
        problem_.draw(static_cast<uint32_t>(options_.resample > 0 ? i / options_.resample : 0));
        if (i == 0) scale();
        pairs_ = 0;
        window.clear();
        best = loss = gradientAt(run_.parameters, gradient_);
        if (!std::isfinite(loss)) return run_.diverged(run_.parameters, "the gradient");
        be_.copy(best_, run_.parameters, n_);
        result.loss = loss;
        run_.report(loss);
      }
      Trial start{0, loss, aim()}, found;
      if (start.slope == 0) return finish(StopReason::tolerance, best);
      // Without history a step is a guess: in unknowns of unit curvature it is 1, and without a scale at most of unit length.
      const bool scaled = pairs_ > 0 || options_.scaling != Scaling::none;
      bool moved = search(start, scaled ? 1 : std::min(1.0, 1 / std::sqrt(-start.slope)), found);
      if (!moved && !run_.isCancelled() && pairs_ > 0) {
        pairs_ = 0;
        start.slope = aim();
        moved = start.slope < 0 && search(start, 1, found);
      }
      if (run_.isCancelled() && !moved) return finish(StopReason::aborted, best);
      if (!moved) return finish(StopReason::tolerance, best);  // no step along the gradient lowers the loss: rounding decides
      remember(found.step);
      loss = found.value;
      ++result.iterations;
      result.loss = loss;
      run_.report(loss);
      if (loss < best) {
        best = loss;
        be_.copy(best_, run_.parameters, n_);
      }
      window.push_back(loss);
      const size_t last = window.size() - 1;
      if (stage_.tolerance > 0 && last >= kWindow && window[last - kWindow] - loss <= stage_.tolerance * std::abs(loss))
        return finish(StopReason::tolerance, best);
    }
    finish(StopReason::iterations, best);
  }

 private:
  double dot(const Real* x, const Real* y) {
    be_.dot(x, y, n_, firstSlot_);
    return be_.slot(firstSlot_);
  }
  void add(Real* y, double factor, const Real* x) { be_.axpy(y, factor, kOne, x, n_); }
  double gradientAt(const Real* parameters, Real* gradient) {
    auto& recording = parameters == static_cast<Real*>(trial_) ? atTrial_ : atStart_;
    if (!recording) recording = be_.record([this, parameters, gradient] { problem_.computeGradient(parameters, gradient); });
    recording->play();
    return be_.slot(problem_.lossSlot());
  }

  // Rounding may let the last iterates rise by a few units in the last place.
  void finish(StopReason reason, double best) {
    run_.result.stopReason = reason;
    if (run_.result.loss <= best || !std::isfinite(best)) return;
    be_.copy(run_.parameters, best_, n_);
    run_.result.loss = best;
  }

  // metric_ = one over the curvature along each unknown at the start, from columns of rows and the curvature of energies: what stands
  // for the inverse Hessian while there is no history, and (times gamma_) below it.
  void scale() {
    std::vector<Real> values(n_, Real(1));
    if (options_.scaling != Scaling::none) {
      DeviceVector<Real> rows(be_, std::max<int64_t>(1, problem_.rowCount()));
      problem_.linearise(run_.parameters, rows, nullptr);
      problem_.columnSquares(metric_, true);
      problem_.forgetLinearisation();
      be_.download(values.data(), metric_, n_);
      if (options_.scaling == Scaling::shared) share(values);
      double largest = 0;
      for (const Real value : values)
        if (std::isfinite(static_cast<double>(value))) largest = std::max(largest, static_cast<double>(value));
      for (Real& value : values) {
        const double square = static_cast<double>(value);
        const double bounded = std::isfinite(square) ? std::max(square, kScaleFloor * largest) : largest;
        value = bounded > 0 ? static_cast<Real>(1 / bounded) : Real(1);
      }
    }
    be_.upload(metric_, values.data(), n_);
  }

  // All channels of a field get the sum over its channels, node by node.
  void share(std::vector<Real>& values) const {
    for (const Field& field : problem_.fields()) {
      if (field.isNetwork()) continue;  // it has no nodes
      const GridShape& grid = field.spec().grid;
      const int channels = field.gridChannels();
      for (int s = 0; s < grid.levels; ++s)
        for (int64_t i = 0; i < grid.nodesAt(s); ++i) {
          Real sum = 0;
          for (int c = 0; c < channels; ++c) sum += values[field.offset() + grid.canonicalOffset(s, c, channels) + i];
          for (int c = 0; c < channels; ++c) values[field.offset() + grid.canonicalOffset(s, c, channels) + i] = sum;
        }
    }
  }

  // direction_ = -H gradient by the two-loop recursion; returns the slope along it. A history that gives no descent is forgotten.
  double aim() {
    for (;;) {
      // Scalars stay in slots: the two products that alpha and beta of a pair are made from lie side by side.
      be_.copy(scratch_, gradient_, n_);
      for (int k = 0; k < pairs_; ++k) {
        const int at = slot(k);
        be_.dot(steps_[at], scratch_, n_, pairSlot(at));
        be_.axpy(scratch_, -1 / products_[at], pairSlot(at), changes_[at], n_);
      }
      be_.multiply(scratch_, scratch_, metric_, n_);
      be_.fill(direction_, Real(0), n_);
      add(direction_, pairs_ > 0 ? -gamma_ : -1, scratch_);
      for (int k = pairs_ - 1; k >= 0; --k) {
        const int at = slot(k);
        // direction_ is -r of the textbook: the step gets beta - alpha.
        be_.dot(changes_[at], direction_, n_, pairSlot(at) + 1);
        be_.addSlots(firstSlot_, pairSlot(at), 2);
        be_.axpy(direction_, -1 / products_[at], firstSlot_, steps_[at], n_);
      }
      const double slope = dot(gradient_, direction_);
      if (slope < 0 || pairs_ == 0) return slope < 0 ? slope : 0;
      pairs_ = 0;
    }
  }

  int pairSlot(int at) const { return firstSlot_ + 1 + 2 * at; }
  // The k-th latest pair.
  int slot(int k) const { return static_cast<int>((newest_ + options_.history - k) % options_.history); }

  Trial probe(double step) {
    be_.copy(trial_, run_.parameters, n_);
    add(trial_, step, direction_);
    Trial at{step, gradientAt(trial_, trialGradient_), 0};
    at.slope = dot(trialGradient_, direction_);
    if (!std::isfinite(at.slope)) at.value = INFINITY;
    return at;
  }

  // A step that meets the strong Wolfe conditions, or at least lowers the loss; trial_ and trialGradient_ then stand there.
  bool search(const Trial& start, double first, Trial& found) {
    // Values that rounding cannot tell apart count as equal; their slopes decide.
    const double slack = kNoise<Real> * std::abs(start.value);
    Trial low = start, high;
    bool bracketed = false;
    double step = first;
    for (int i = 0; i < kMaxTrials && !run_.isCancelled(); ++i) {
      found = probe(step);
      if (!std::isfinite(found.value) || found.value > start.value + kSufficient * step * start.slope + slack ||
          (low.step > 0 && found.value >= low.value + slack)) {
        high = found;
        bracketed = true;
      } else {
        if (std::abs(found.slope) <= -kCurvature * start.slope) return true;
        if (found.slope * (bracketed ? high.step - low.step : 1) >= 0) {
          high = low;
          bracketed = true;
        }
        low = found;
      }
      if (!bracketed) {
        step *= low.slope < 0 && low.slope > start.slope ? std::clamp(start.slope / (start.slope - low.slope), 2.0, kMaxGrowth) : kMaxGrowth;
      } else {
        step = std::isfinite(high.value) ? cubicMinimum(low, high) : low.step + 0.2 * (high.step - low.step);
      }
    }
    if (low.step == 0 || low.value >= start.value) return false;
    found = probe(low.step);
    return true;
  }

  // Moves to the trial point and keeps the pair (step, change of the gradient), unless it says that the loss curves downwards.
  void remember(double step) {
    const int at = static_cast<int>((newest_ + 1) % options_.history);
    Real* const s = steps_[at];
    Real* const y = changes_[at];
    be_.fill(s, Real(0), n_);
    add(s, step, direction_);
    be_.copy(y, trialGradient_, n_);
    add(y, -1, gradient_);
    be_.copy(run_.parameters, trial_, n_);
    be_.copy(gradient_, trialGradient_, n_);
    const double product = dot(s, y);
    be_.multiply(scratch_, y, metric_, n_);
    const double norm = dot(y, scratch_);
    if (!(product > 0 && norm > 0 && std::isfinite(product / norm) && std::isfinite(1 / product))) {
      pairs_ = std::min(pairs_, options_.history - 1);  // the oldest was overwritten
      return;
    }
    products_[at] = product;
    gamma_ = product / norm;
    newest_ = at;
    pairs_ = std::min(pairs_ + 1, options_.history);
  }

  const StageCommon& stage_;
  const LbfgsStage& options_;
  const StageRun<Real>& run_;
  Problem<Real>& problem_;
  Backend<Real>& be_;
  const int64_t n_;
  DeviceVector<Real> metric_, direction_, scratch_, trial_, trialGradient_, gradient_, best_;
  std::vector<DeviceVector<Real>> steps_, changes_;
  std::vector<double> products_;
  const int firstSlot_;  // of the state block: one for dot products, then two a pair
  std::unique_ptr<Recording> atStart_, atTrial_;  // the gradient at the iterate, and at a trial point
  double gamma_ = 1;
  int pairs_ = 0, newest_ = 0;
};

}  // namespace

template <class Real>
void runStage(const StageCommon& stage, const LbfgsStage& options, const StageRun<Real>& run) {
  Lbfgs<Real>(stage, options, run).solve();
}

template void runStage<float>(const StageCommon&, const LbfgsStage&, const StageRun<float>&);
template void runStage<double>(const StageCommon&, const LbfgsStage&, const StageRun<double>&);

}  // namespace dinf
