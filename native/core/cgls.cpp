#include "core/cgls.h"
#include "core/plays.h"

namespace dinf {
namespace {
// Relative gradient norm below which CGLS may be at its floor. Iterations without a better one say that it is: a quarter of those
// done, and at least kStall, since the norm falls in waves (10 was seen to stop one problem at a hundredth of its accuracy).
template <class Real>
constexpr double kRoundingFloor = sizeof(Real) == 4 ? 1e-4 : 1e-11;
constexpr int64_t kStall = 20;
}  // namespace

template <class Real>
Cgls<Real>::Cgls(const StageCommon& stage, const StageRun<Real>& run, Real* scratch, const Real* freed)
    : stage_(stage), run_(run), problem_(run.problem), be_(run.backend()), energies_(problem_.hasEnergy()), n_(problem_.parameterCount()),
      m_(problem_.rowCount()), r_(be_, m_), q_(be_, m_), y_(be_, n_), p_(be_, n_), s_(be_, n_), scale_(be_, n_),
      g_(be_, energies_ ? n_ : 1), best_(be_, n_), d_(scratch), freed_(freed) {}

// CGLS consumes the rows, so they are computed anew even where the parameters stand as they stood; the scale is not.
template <class Real>
void Cgls<Real>::linearise(const Real* parameters, bool moved) {
  // r = r(parameters), g = the energies' gradient
  problem_.linearise(parameters, r_, energies_ ? static_cast<Real*>(g_) : nullptr);
  if (!moved) return;
  // D_i = 1 / |A e_i|
  problem_.columnSquares(s_);
  be_.inverseRoots(scale_, s_, 1e-30, n_);
  if (freed_) be_.multiply(scale_, scale_, freed_, n_);
}

// The textbook's s has the opposite sign, and so has its direction: steps along p go by -alpha here.
template <class Real>
void Cgls<Real>::unscaledGradient() {
  // s = A^T r
  problem_.adjoint(r_, s_);
  // s = s + g / 2
  if (energies_) be_.axpy(s_, 0.5, kOne, g_, n_);
}

template <class Real>
InnerEnd Cgls<Real>::solve(double loss, double damping, int64_t begun) {
  const bool damped = damping > 0;
  // y = 0
  be_.fill(y_, Real(0), n_);
  be_.setSlot(CglsSlots::damping, damping);
  unscaledGradient();
  // s = D s; y is 0
  be_.multiply(s_, s_, scale_, n_);
  // gamma = s^T s
  be_.dot(s_, s_, n_, CglsSlots::gamma);
  const double firstGamma = be_.slot(CglsSlots::gamma);
  // p = s
  be_.copy(p_, s_, n_);
  // d = D p
  be_.multiply(d_, p_, scale_, n_);
  be_.setSlot(CglsSlots::firstGamma, firstGamma);
  be_.setSlot(CglsSlots::bestGamma, firstGamma);
  be_.setSlot(CglsSlots::sinceBest, 0);
  be_.setSlot(CglsSlots::predicted, loss);
  be_.setSlot(CglsSlots::stepNorm, damped ? firstGamma : 0);  // p^T p
  be_.setSlot(CglsSlots::count, static_cast<double>(begun));
  be_.setSlot(CglsSlots::stopped, firstGamma == 0 ? kConverged : kRunning);
  const CglsSettings settings{stage_.tolerance, kRoundingFloor<Real>, kStall};
  const auto iteration = be_.record([&] {
    // q = A d, and q^T q
    problem_.tangent(d_, q_, CglsSlots::rowNorm);
    // alpha = gamma / (q^T q + damping p^T p), r = r - alpha q
    be_.cglsStep(r_, q_, m_);
    // s = A^T r + g / 2
    unscaledGradient();
    // s = D s + damping (y - alpha p); beta = s^T s / gamma, gamma = s^T s
    be_.cglsAdvance(s_, scale_, damped ? static_cast<const Real*>(y_) : nullptr, p_, n_, settings);
    // y = y - alpha p; best = y, or y = best, where rounding decides; p = s + beta p; d = D p, and p^T p
    be_.cglsTurn({y_, p_, d_, best_, s_, scale_}, n_, damped);
  });
  int stopped = firstGamma == 0 ? kConverged : kRunning;
  predicted_ = loss;
  Plays plays(be_, *iteration, stopped == kRunning ? stage_.iterations - begun : 0);
  while (const double* line = plays.next(run_.isCancelled())) {
    if (stopped != kRunning) continue;  // played ahead: it changed nothing
    stopped = static_cast<int>(line[CglsSlots::stopped]);
    if (stopped == kNoImage || stopped == kNotFinite) plays.cancel();
    else {
      ++run_.result.iterations;
      predicted_ = line[CglsSlots::predicted];
      run_.report(predicted_);
      if (stopped == kConverged) plays.cancel();
    }
  }
  if (stopped == kNotFinite) return InnerEnd::notFinite;
  // d = D y
  be_.multiply(y_, y_, scale_, n_);
  if (stopped == kConverged) return InnerEnd::converged;
  return stopped == kRunning && plays.cancelled() ? InnerEnd::aborted : InnerEnd::iterations;
}

template class Cgls<float>;
template class Cgls<double>;

}  // namespace dinf
