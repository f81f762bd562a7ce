// The direct inner solver: conjugate gradients on the normal equations as CGLS has them, with the factor of their matrix as the
// preconditioner. The matrix's condition is that of the rows squared; what its rounding loses comes back with the second iteration.
#pragma once
#include "core/direct/kept_factor.h"
#include "core/optimizer_gauss_newton.h"
#include "core/inner_solver.h"
#include "core/optimizer.h"

namespace dinf {

template <class Real>
class DirectSolver final : public InnerSolver<Real> {
 public:
  // `grid` has no obstacle. `scratch`: as many values as there are parameters, overwritten by `solve`. `freed`: 0 of
  // unknowns that stay, else 1; null: none stays. `worth`: iterations that cost as much as a factorisation.
  DirectSolver(const StageCommon& stage, const GaussNewtonStage& options, const StageRun<Real>& run, const ProblemGrid& grid, Real* scratch,
               const Real* freed, int64_t worth);
  int64_t bytes() const { return kept_->factor.bytes(); }
  void linearise(const Real* parameters, bool moved) override;
  InnerEnd solve(double loss, double damping, int64_t begun) override;
  const Real* step() const override { return y_; }
  double predicted() const override { return predicted_; }
  double attained() const override { return attained_; }
  // Makes sure of a factor that serves the linearisation with this damping. Asked to stop it returns false.
  bool prepare(double damping);
  // Do the rows leave an unknown free? After `prepare`.
  bool undetermined();
  double smallestPivot() const { return kept_->factor.smallestPivot(); }
  int64_t factorisations() const { return factorisations_; }
  double flops() const { return kept_->factor.flops(); }
  double factorSeconds() const { return kept_->seconds; }

 private:
  double dot(const Real* a, const Real* b, int64_t count);
  void gradient(double damping);
  InnerEnd iterate(double loss, double damping, int64_t begun);
  bool settled();

  const StageCommon& stage_;
  const StageRun<Real>& run_;
  Problem<Real>& problem_;
  Backend<Real>& be_;
  const int64_t n_, m_;
  const int slot_;
  std::unique_ptr<KeptFactor<Real>> own_;  // where nobody keeps it
  KeptFactor<Real>* kept_;
  DeviceVector<Real> r_;      // rows: the residual r + A D y
  DeviceVector<Real> q_;      // image of the direction, A D p
  DeviceVector<Real> y_;      // scaled unknowns, then the step itself
  DeviceVector<Real> p_;      // direction
  DeviceVector<Real> s_;      // scaled gradient
  DeviceVector<Real> z_;      // the preconditioned one
  DeviceVector<Real> best_;   // the best y yet
  Real* const d_;             // D p
  const Real* const freed_;
  const int64_t worth_;
  const double smallStep_;
  double predicted_ = 0, attained_ = 0;
  bool fresh_ = false, linearised_ = false;
  const Real* parameters_ = nullptr;  // where it is linearised
  int64_t factorisations_ = 0;
};

}  // namespace dinf
