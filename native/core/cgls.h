// CGLS (Hestenes & Stiefel 1952; Bjorck, Numerical Methods for Least Squares Problems, algorithm 7.4.1): conjugate gradients on the
// normal equations, which are never formed.
#pragma once
#include "core/inner_solver.h"
#include "core/optimizer.h"

namespace dinf {

// On the scaled unknowns y = D^-1 d, which on a multi-level grid is the BPX preconditioner. The normal equations read
//
//   (D A^T A D + damping) y = -D (A^T r + g / 2).
template <class Real>
class Cgls final : public InnerSolver<Real> {
 public:
  // `scratch`: as many values as there are parameters, overwritten by `solve`. `freed`: 0 of unknowns that stay, else 1; null: none stays.
  Cgls(const StageCommon& stage, const StageRun<Real>& run, Real* scratch, const Real* freed);
  void linearise(const Real* parameters, bool moved) override;
  InnerEnd solve(double loss, double damping, int64_t begun) override;
  const Real* step() const override { return y_; }
  double predicted() const override { return predicted_; }
  double attained() const override { return 0; }  // it says so itself

 private:
  void unscaledGradient();

  const StageCommon& stage_;
  const StageRun<Real>& run_;
  Problem<Real>& problem_;
  Backend<Real>& be_;
  const bool energies_;
  const int64_t n_, m_;
  DeviceVector<Real> r_;      // rows: the residual r + A D y
  DeviceVector<Real> q_;      // image of the direction, A D p
  DeviceVector<Real> y_;      // scaled unknowns, then the step itself
  DeviceVector<Real> p_;      // direction
  DeviceVector<Real> s_;      // scaled gradient
  DeviceVector<Real> scale_;  // D
  DeviceVector<Real> g_;      // gradient of the energies
  DeviceVector<Real> best_;   // the best y yet
  Real* const d_;             // D p
  const Real* const freed_;
  double predicted_ = 0;
};

}  // namespace dinf
