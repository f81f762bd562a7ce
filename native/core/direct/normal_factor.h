// The inverse of a problem's scaled normal matrix, D A^T A D + damping, as a preconditioner: the grid's unknowns by a multifrontal
// Cholesky factor, trainable scalars as a border of it.
#pragma once
#include <functional>
#include <memory>
#include <vector>
#include "core/direct/cell_rows.h"
#include "core/direct/multifrontal.h"

namespace dinf {

template <class Real>
class NormalFactor {
 public:
  NormalFactor(Problem<Real>& problem, const ProblemGrid& grid);
  // What a factorisation holds, all in all.
  int64_t bytes() const;
  // Factorises where the problem is linearised; `scale` is D, on the device. Asked to stop it returns false, and holds no factor.
  // Throws OUT_OF_MEMORY.
  bool factorise(const Real* scale, double damping, const std::function<bool()>& cancelled);
  // z = (D A^T A D + damping)^-1 s
  void apply(const Real* s, Real* z);
  // The same for the grid's unknowns alone, in the order of elimination: `groups` times `lanes()` right sides, [group][place][lane].
  void applyMany(double* values, int groups) { factor_.solveMany(values, groups); }
  int lanes() const { return factor_.lanes(); }
  int64_t places() const { return factor_.unknowns(); }
  int64_t place(int64_t node, int unknown) const { return int64_t{factor_.tree().position(node)} * grid_.cells.unknowns + unknown; }
  double flops() const { return factor_.flops(); }
  double smallestPivot() const { return factor_.pivots().smallest; }
  // Pivots that were no numbers to believe, with the largest shift that was tried.
  int64_t held() const { return factor_.pivots().held; }

 private:
  void factoriseBorder(const Real* scale, double damping);
  void solveGrid(double* parameters);

  Problem<Real>& problem_;
  Backend<Real>& be_;
  const ProblemGrid& grid_;
  CellRows<Real> rows_;
  Multifrontal factor_;
  std::vector<double> ordered_;               // unknowns in the order of elimination
  std::vector<std::vector<double>> columns_;  // D A^T A D e of each scalar, all parameters
  std::vector<std::vector<double>> solved_;   // the same with the grid's inverse applied to the grid's part
  std::vector<double> schur_;                 // Cholesky factor of what is left for the scalars, row-major
};

}  // namespace dinf
