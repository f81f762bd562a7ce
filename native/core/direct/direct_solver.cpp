#include "core/direct/direct_solver.h"
#include <algorithm>
#include <chrono>
#include <cmath>

namespace dinf {
namespace {

constexpr int64_t kMostIterations = 40;  // with a factor of another linearisation, or a shift; or as many as cost what a factor costs
constexpr int64_t kKept = 8;             // a factor that took no more serves the next linearisation, and so does one that is worth more
// A step of a nonlinear problem, or of a window of many, is whole where the loss that is left to gain is so small a part of what stays, and
// what is left of the step so small a part of it: a loss that corners keep high says nothing of smooth parts, which weigh little in it.
constexpr double kWhole = 1e-10, kSettled = 1e-3;
// Below this part of the first gradient all is rounding. Above it, a gradient that has not halved in so many iterations is: two with the
// matrix's own factor; with one of another linearisation it may rise for a while.
constexpr double kFloor = 1e-15;
constexpr int64_t kStallFresh = 2, kStallKept = 5;
// A kept factor that does not come this far is none to keep.
constexpr double kServed = 1e-8;
// A first gradient below this part of the residuals (columns have norm one) is that of a start which is the minimum already: how far it comes
// down says nothing.
constexpr double kSmall = 1e-4;

// Squared norm of the rows' image of a unit vector, in units of columns, below which the rows do not see it: what rounding leaves.
template <class Real>
constexpr double kUnseen = sizeof(Real) == 4 ? 1e-12 : 1e-26;

}  // namespace

template <class Real>
DirectSolver<Real>::DirectSolver(const StageCommon& stage, const GaussNewtonStage& options, const StageRun<Real>& run, const ProblemGrid& grid,
                                 Real* scratch, const Real* freed, int64_t worth)
    : stage_(stage), run_(run), problem_(run.problem), be_(run.backend()), n_(problem_.parameterCount()), m_(problem_.rowCount()),
      slot_(problem_.freeSlot()), r_(be_, m_), q_(be_, m_), y_(be_, n_), p_(be_, n_), s_(be_, n_), z_(be_, n_), best_(be_, n_), d_(scratch),
      freed_(freed), worth_(worth), smallStep_(options.stepTolerance) {
  be_.reserveSlots(slot_ + 1);
  std::unique_ptr<KeptFactor<Real>>& place = options.keepFactor ? run.factor : own_;
  const bool same = place && place->heldAxis == options.heldAxis && place->held == options.held;
  if (!same) place = std::make_unique<KeptFactor<Real>>(problem_, grid, options.heldAxis, options.held);
  kept_ = place.get();
  if (options.freshFactor) kept_->factored = false;
}

template <class Real>
double DirectSolver<Real>::dot(const Real* a, const Real* b, int64_t count) {
  be_.dot(a, b, count, slot_);
  return be_.slot(slot_);
}

// A factor that is kept keeps its scale: any serves as unknowns' units.
template <class Real>
void DirectSolver<Real>::linearise(const Real* parameters, bool moved) {
  parameters_ = parameters;
  problem_.linearise(parameters, r_, nullptr);
  if (moved || !linearised_) fresh_ = false;
  linearised_ = true;
}

template <class Real>
bool DirectSolver<Real>::prepare(double damping) {
  if (kept_->factored && damping == kept_->damping) return true;
  kept_->factored = fresh_ = false;
  // D_i = 1 / |A e_i|
  problem_.columnSquares(s_);
  be_.inverseRoots(kept_->scale, s_, 1e-30, n_);
  if (freed_) be_.multiply(kept_->scale, kept_->scale, freed_, n_);
  const auto begun = std::chrono::steady_clock::now();
  if (!kept_->factor.factorise(kept_->scale, damping, [this] { return run_.isCancelled(); })) return false;
  kept_->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  ++factorisations_;
  kept_->damping = damping;
  kept_->factored = fresh_ = true;
  return true;
}

// Inverse iteration: what the rows see least of.
template <class Real>
bool DirectSolver<Real>::undetermined() {
  constexpr double kSuspicious = 1e-6;
  constexpr int kTurns = 5;
  if (!fresh_ || (kept_->factor.held() == 0 && kept_->factor.smallestPivot() > kSuspicious)) return false;
  std::vector<Real> start(n_);
  uint64_t state = 1;
  for (Real& value : start) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    value = static_cast<Real>(static_cast<double>(state >> 11) * 0x1p-52 - 1);
  }
  be_.upload(p_, start.data(), n_);
  if (freed_) be_.multiply(p_, p_, freed_, n_);
  for (int turn = 0; turn < kTurns; ++turn) {
    kept_->factor.apply(p_, z_);
    const double square = dot(z_, z_, n_);
    if (!(square > 0) || !std::isfinite(square)) return true;
    be_.fill(p_, Real(0), n_);
    be_.axpy(p_, 1 / std::sqrt(square), kOne, z_, n_);
  }
  be_.multiply(d_, p_, kept_->scale, n_);
  problem_.tangent(d_, q_);
  return !(dot(q_, q_, m_) > kUnseen<Real>);
}

template <class Real>
void DirectSolver<Real>::gradient(double damping) {
  // s = D A^T r + damping y
  problem_.adjoint(r_, s_);
  be_.multiply(s_, s_, kept_->scale, n_);
  if (damping > 0) be_.axpy(s_, damping, kOne, y_, n_);
}

template <class Real>
InnerEnd DirectSolver<Real>::solve(double loss, double damping, int64_t begun) {
  if (!prepare(damping)) {
    be_.fill(y_, Real(0), n_);
    return InnerEnd::aborted;
  }
  const bool kept = !fresh_;
  InnerEnd end = iterate(loss, damping, begun);
  if (kept && kept_->served > kServed && (end == InnerEnd::converged || end == InnerEnd::iterations)) {
    kept_->factored = false;
    problem_.linearise(parameters_, r_, nullptr);
    if (prepare(damping)) end = iterate(loss, damping, begun);
    else end = InnerEnd::aborted;
  }
  return end;
}

// z is what is left of y, as far as the factor is the matrix's. A step shorter than the shortest that counts is none.
template <class Real>
bool DirectSolver<Real>::settled() {
  const auto length = [this](const Real* vector) {
    be_.multiply(d_, vector, kept_->scale, n_);
    return std::sqrt(dot(d_, d_, n_));
  };
  const double left = length(z_);
  return left <= kSettled * length(y_) || (smallStep_ > 0 && left <= smallStep_ * std::sqrt(dot(parameters_, parameters_, n_)));
}

// As in Cgls the sign of s, and so of the direction, is the opposite of the textbook's.
template <class Real>
InnerEnd DirectSolver<Real>::iterate(double loss, double damping, int64_t begun) {
  be_.fill(y_, Real(0), n_);
  be_.fill(best_, Real(0), n_);
  gradient(damping);
  predicted_ = loss;
  double gamma = 0, first = std::sqrt(dot(s_, s_, n_)), least = first;
  if (!std::isfinite(first)) return InnerEnd::notFinite;
  InnerEnd end = first == 0 ? InnerEnd::converged : InnerEnd::iterations;
  const int64_t limit = std::min(std::max(kMostIterations, worth_), stage_.iterations - begun);
  const bool last = problem_.linear() && freed_ == nullptr;
  bool whole = false;
  int64_t done = 0, sinceHalved = 0;
  for (; end == InnerEnd::iterations && done < limit; ++done) {
    if (run_.isCancelled()) {
      end = InnerEnd::aborted;
      break;
    }
    // z = P^-1 s, p = z + beta p
    kept_->factor.apply(s_, z_);
    const double next = dot(s_, z_, n_), beta = done == 0 ? 0 : next / gamma;
    if (!std::isfinite(next) || next <= 0) break;
    gamma = next;
    // In the metric of the factor, the square of the gradient is what the loss can still fall by.
    if (!last && gamma <= kWhole * predicted_ && settled()) {
      end = InnerEnd::converged;
      whole = true;
      break;
    }
    be_.setSlot(slot_, beta);
    if (done == 0) be_.copy(p_, z_, n_);
    else be_.xpby(p_, z_, slot_, n_);
    // alpha = gamma / (|A D p|^2 + damping |p|^2)
    be_.multiply(d_, p_, kept_->scale, n_);
    problem_.tangent(d_, q_);
    const double curvature = dot(q_, q_, m_) + (damping > 0 ? damping * dot(p_, p_, n_) : 0);
    if (!(curvature > 0) || !std::isfinite(curvature)) break;
    const double alpha = gamma / curvature;
    be_.axpy(y_, -alpha, kOne, p_, n_);
    be_.axpy(r_, -alpha, kOne, q_, m_);
    predicted_ -= alpha * gamma;
    gradient(damping);
    ++run_.result.iterations;
    run_.report(std::max(0.0, predicted_));
    const double norm = std::sqrt(dot(s_, s_, n_));
    if (!std::isfinite(norm)) break;
    if (norm < least) be_.copy(best_, y_, n_);
    sinceHalved = norm < 0.5 * least ? 0 : sinceHalved + 1;
    least = std::min(least, norm);
    if (least <= kFloor * first || sinceHalved == (fresh_ ? kStallFresh : kStallKept)) end = InnerEnd::converged;
  }
  kept_->served = first > 0 && !whole ? least / first : 0;
  attained_ = first > 0 ? least / std::max(first, kSmall * std::sqrt(std::abs(loss))) : 0;
  kept_->factored = kept_->factored && done <= std::max(kKept, worth_);
  fresh_ = false;
  // d = D y
  be_.multiply(y_, best_, kept_->scale, n_);
  return end;
}

template class DirectSolver<float>;
template class DirectSolver<double>;

}  // namespace dinf
