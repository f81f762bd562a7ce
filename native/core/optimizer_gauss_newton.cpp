// Least squares and damped Gauss-Newton, with CGLS inside.
#include <algorithm>
#include <cmath>
#include "core/check.h"
#include "core/optimizer.h"
#include "core/plays.h"

namespace dinf {
namespace {
// Relative gradient norm below which CGLS may be at its floor. Iterations without a better one say that it is: a quarter of those
// done, and at least kStall, since the norm falls in waves (10 was seen to stop one problem at a hundredth of its accuracy).
template <class Real>
constexpr double kRoundingFloor = sizeof(Real) == 4 ? 1e-4 : 1e-11;
constexpr int64_t kStall = 20;
}  // namespace

// min ||r + A d||^2 + energy by CGLS on the scaled unknowns y = d / D, D the inverse column norms (on a multi-level grid
// that is the BPX preconditioner). Energies that are affine enter through their gradient alone: the normal equations read
// D A^T A D y = -D (A^T r + g / 2). One step for a linear problem, damped Gauss-Newton with backtracking otherwise.
template <class Real>
void runGaussNewton(const StageSpec& stage, const StageRun<Real>& run) {
  Problem<Real>& problem = run.problem;
  Backend<Real>& be = run.backend();
  Real* const parameters = run.parameters;
  SolveResult& result = run.result;
  const bool linear = problem.linear(), energies = problem.hasEnergy();
  const int64_t n = problem.parameterCount(), m = problem.rowCount();
  check(m > 0, "INVALID_ARGUMENT", "least squares needs a term with a squared, absolute or Huber loss");
  DeviceVector<Real> rows(be, m), image(be, m), y(be, n), direction(be, n), residual(be, n), scaled(be, n), scale(be, n),
      energy(be, energies ? n : 1), trial(be, n), best(be, n);
  // The answer of a linear problem does not depend on the start; unreached unknowns stay zero. Stopped early it does: a problem that
  // differs little from the one just solved is better begun there.
  if (linear && stage.begun == 0 && !stage.fromHere) be.fill(parameters, Real(0), n);
  double loss = problem.loss(parameters), damping = stage.damping;
  result.loss = loss;
  run.report(loss);
  bool moved = true;
  for (int64_t step = 0; step < stage.steps; ++step) {
    // CGLS consumes the rows, so they are computed anew even after a refused step; the scale is not.
    problem.linearise(parameters, rows, energies ? static_cast<Real*>(energy) : nullptr);
    if (moved) {
      problem.columnSquares(scaled);
      be.inverseRoots(scale, scaled, 1e-30, n);
    }
    be.fill(y, Real(0), n);
    const double start = loss;
    // s = -D (A^T r + g / 2) - damping y; rows hold the current residual r + A D y.
    const bool damped = damping > 0;
    be.setSlot(CglsSlots::damping, damping);
    const auto gradient = [&] {
      problem.adjoint(rows, residual);
      if (energies) be.axpy(residual, 0.5, kOne, energy, n);
      be.multiply(scaled, residual, scale, n);
      if (damped) be.axpy(scaled, 1, CglsSlots::damping, y, n);
    };
    gradient();
    be.dot(scaled, scaled, n, CglsSlots::gamma);
    const double firstGamma = be.slot(CglsSlots::gamma);
    be.copy(direction, scaled, n);
    const int64_t begun = step == 0 ? stage.begun : 0;
    be.setSlot(CglsSlots::firstGamma, firstGamma);
    be.setSlot(CglsSlots::bestGamma, firstGamma);
    be.setSlot(CglsSlots::sinceBest, 0);
    be.setSlot(CglsSlots::predicted, loss);
    be.setSlot(CglsSlots::stepNorm, 0);
    be.setSlot(CglsSlots::count, static_cast<double>(begun));
    be.setSlot(CglsSlots::stopped, firstGamma == 0 ? kConverged : kRunning);
    const CglsSettings settings{stage.tolerance, kRoundingFloor<Real>, kStall};
    const auto iteration = be.record([&] {
      be.multiply(trial, direction, scale, n);
      problem.tangent(trial, image);
      be.dot(image, image, m, CglsSlots::rowNorm);
      if (damped) be.dot(direction, direction, n, CglsSlots::stepNorm);
      be.cglsStep();
      // `scaled` and `direction` carry the opposite sign of CGLS's textbook residual, hence the minus signs.
      be.axpy(y, -1, CglsSlots::alpha, direction, n);
      be.axpy(rows, -1, CglsSlots::alpha, image, m);
      gradient();
      be.dot(scaled, scaled, n, CglsSlots::nextGamma);
      be.cglsAdvance(settings);
      be.copyIf(CglsSlots::keep, best, y, n);
      be.copyIf(CglsSlots::restore, y, best, n);
      be.xpby(direction, scaled, CglsSlots::beta, n);
      be.publish(0, kStageSlots);
    });
    int stopped = firstGamma == 0 ? kConverged : kRunning;
    Plays plays(be, *iteration, stopped == kRunning ? stage.iterations - begun : 0);
    while (const double* line = plays.next(run.isCancelled())) {
      if (stopped != kRunning) continue;  // played ahead: it changed nothing
      stopped = static_cast<int>(line[CglsSlots::stopped]);
      if (stopped == kNoImage || stopped == kNotFinite) plays.cancel();
      else {
        ++result.iterations;
        run.report(line[CglsSlots::predicted]);
        if (stopped == kConverged) plays.cancel();
      }
    }
    if (stopped == kNotFinite) {
      run.diverged(parameters, "the linear solve");
      return;
    }
    const bool stop = stopped == kConverged, aborted = stopped == kRunning && plays.cancelled();
    // The step, backtracked until the loss falls; a linear problem's step is the answer itself.
    be.multiply(y, y, scale, n);
    double length = 1;
    bool accepted = false;
    for (int halving = 0; halving < 12 && !accepted; ++halving, length *= 0.5) {
      be.copy(trial, parameters, n);
      be.axpy(trial, length, kOne, y, n);
      const double value = problem.loss(trial);
      accepted = linear || (std::isfinite(value) && value < loss);
      if (!accepted) continue;
      if (!std::isfinite(value)) {
        run.diverged(trial, "the linear solve");
        return;
      }
      be.copy(parameters, trial, n);
      loss = value;
    }
    result.loss = loss;
    run.report(loss);
    if (aborted) {
      result.stopReason = "aborted";
      return;
    }
    if (linear) {
      if (stop) result.stopReason = "tolerance";
      return;
    }
    // Levenberg-Marquardt: trust the model more after a full step, less after a shortened or refused one.
    // (length has been halved once more after the accepted trial)
    damping = !accepted ? std::max(1e-2, damping * 10) : length == 0.5 ? damping * 0.2 : damping;
    moved = accepted;
    if (!accepted && damping > 1e6) return;
    if (accepted && stage.tolerance > 0 && start - loss <= stage.tolerance * std::abs(start)) {
      result.stopReason = "tolerance";
      return;
    }
  }
}

template void runGaussNewton<float>(const StageSpec&, const StageRun<float>&);
template void runGaussNewton<double>(const StageSpec&, const StageRun<double>&);

}  // namespace dinf
