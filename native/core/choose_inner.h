// Which inner solver finds the steps of a Gauss-Newton stage, and why.
#pragma once
#include <memory>
#include "core/cgls.h"
#include "core/direct/direct_solver.h"
#include "core/optimizer_gauss_newton.h"

namespace dinf {

// Hands each solve to CGLS, to the direct solver, or to the second where the first has had as many iterations as a factorisation takes.
template <class Real>
class ChosenInner final : public InnerSolver<Real> {
 public:
  // `scratch`: as many values as there are parameters.
  // Throws INVALID_ARGUMENT where the direct solver is asked for and cannot serve.
  ChosenInner(const StageCommon& stage, const GaussNewtonStage& options, const StageRun<Real>& run, Real* scratch);
  void linearise(const Real* parameters, bool moved) override;
  InnerEnd solve(double loss, double damping, int64_t begun) override;
  const Real* step() const override { return last_->step(); }
  double predicted() const override { return last_->predicted(); }
  double attained() const override { return last_->attained(); }

 private:
  void plan();
  void hold();
  void choose(InnerKind kind, const std::string& reason);
  bool makeDirect();
  InnerEnd solveByCgls(double loss, double damping, int64_t begun);
  InnerEnd solveDirectly(double loss, double damping, int64_t begun);

  const StageCommon& stage_;
  StageCommon patience_;  // the stage, with as many iterations as CGLS gets before the direct solver's turn
  const GaussNewtonStage& options_;
  const StageRun<Real>& run_;
  Real* const scratch_;
  ProblemGrid grid_;
  DeviceVector<Real> freed_;  // 0 of unknowns that stay, else 1; where any stays
  std::unique_ptr<Cgls<Real>> cgls_;
  std::unique_ptr<DirectSolver<Real>> direct_;
  InnerSolver<Real>* last_ = nullptr;
  const Real* parameters_ = nullptr;
  bool moved_ = false;       // since CGLS saw the parameters last
  bool directMoved_ = false;  // since the direct solver did
  double worth_ = 0;         // iterations that cost what a factorisation costs
  bool mayTurn_ = false;     // CGLS may give way to the direct solver
};

}  // namespace dinf
