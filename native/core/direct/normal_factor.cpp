#include "core/direct/normal_factor.h"
#include <cmath>

namespace dinf {
namespace {

// What is added to the diagonal, which is 1: rounding of the matrix's sums leaves smallest eigenvalues of about this. More where pivots
// say that there was more of it: conjugate gradients make good what a shift takes away.
constexpr double kShifts[] = {1e-15, 1e-13, 1e-11};

}  // namespace

template <class Real>
NormalFactor<Real>::NormalFactor(Problem<Real>& problem, const ProblemGrid& grid)
    : problem_(problem), be_(problem.backend()), grid_(grid), rows_(problem, grid), factor_(grid.cells), ordered_(grid.parameter.size()) {}

template <class Real>
int64_t NormalFactor<Real>::bytes() const {
  const int64_t vectors = 4 + 2 * int64_t{grid_.scalars};
  return factor_.bytes(be_.hostThreads().threads()) + CellRows<Real>::bytes(problem_) + vectors * grid_.parameterCount * static_cast<int64_t>(sizeof(double));
}

template <class Real>
bool NormalFactor<Real>::factorise(const Real* scale, double damping, const std::function<bool()>& cancelled) {
  std::vector<Real> host(grid_.parameterCount);
  be_.download(host.data(), scale, grid_.parameterCount);
  rows_.read(problem_, {host.begin(), host.end()});
  const auto untouched = [this](int64_t node, int unknown) { return rows_.columnScale(node, unknown) == 0; };
  for (const double shift : kShifts) {
    if (!factor_.factorise(rows_, damping + shift, untouched, be_.hostThreads(), cancelled)) return false;
    if (factor_.pivots().held == 0) break;
  }
  rows_.forget();
  factoriseBorder(scale, damping);
  return true;
}

// The scalars' columns come from the products with the Jacobian: they read all rows.
template <class Real>
void NormalFactor<Real>::factoriseBorder(const Real* scale, double damping) {
  const int count = grid_.scalars;
  const int64_t n = grid_.parameterCount;
  columns_.clear();
  solved_.clear();
  if (count == 0) return;
  DeviceVector<Real> unit(be_, n), image(be_, problem_.rowCount());
  std::vector<Real> host(n);
  for (int i = 0; i < count; ++i) {
    std::fill(host.begin(), host.end(), Real(0));
    host[grid_.scalarOffset + i] = Real(1);
    be_.upload(unit, host.data(), n);
    be_.multiply(unit, unit, scale, n);
    problem_.tangent(unit, image);
    problem_.adjoint(image, unit);
    be_.multiply(unit, unit, scale, n);
    be_.download(host.data(), unit, n);
    columns_.emplace_back(host.begin(), host.end());
    solved_.push_back(columns_.back());
    solveGrid(solved_.back().data());
  }
  // C - B^T G^-1 B, then its Cholesky factor.
  schur_.assign(static_cast<size_t>(count) * count, 0.0);
  for (int i = 0; i < count; ++i)
    for (int j = 0; j <= i; ++j) {
      double value = columns_[j][grid_.scalarOffset + i] + (i == j ? damping : 0);
      for (int64_t k = 0; k < grid_.scalarOffset; ++k) value -= columns_[i][k] * solved_[j][k];
      for (int l = 0; l < j; ++l) value -= schur_[i * count + l] * schur_[j * count + l];
      // A scalar that the rows do not tell from the field, or that they do not read, stays where it is.
      schur_[i * count + j] = i != j ? value / schur_[j * count + j] : value > kShifts[0] ? std::sqrt(value) : 1e15;
    }
}

template <class Real>
void NormalFactor<Real>::apply(const Real* s, Real* z) {
  const int64_t n = grid_.parameterCount;
  const int count = grid_.scalars;
  std::vector<Real> host(n);
  be_.download(host.data(), s, n);
  std::vector<double> values(host.begin(), host.end());
  solveGrid(values.data());
  // (C - B^T G^-1 B) t = s_t - B^T G^-1 s_g
  double* const t = values.data() + grid_.scalarOffset;
  for (int i = 0; i < count; ++i) {
    for (int64_t k = 0; k < grid_.scalarOffset; ++k) t[i] -= columns_[i][k] * values[k];
    for (int l = 0; l < i; ++l) t[i] -= schur_[i * count + l] * t[l];
    t[i] /= schur_[i * count + i];
  }
  for (int i = count - 1; i >= 0; --i) {
    for (int l = i + 1; l < count; ++l) t[i] -= schur_[l * count + i] * t[l];
    t[i] /= schur_[i * count + i];
  }
  for (int i = 0; i < count; ++i)
    for (int64_t k = 0; k < grid_.scalarOffset; ++k) values[k] -= solved_[i][k] * t[i];
  std::copy(values.begin(), values.end(), host.begin());
  be_.upload(z, host.data(), n);
}

// The grid's part of a vector of all parameters; levels that the finest one spans become zero.
template <class Real>
void NormalFactor<Real>::solveGrid(double* parameters) {
  const int unknowns = grid_.cells.unknowns;
  const int64_t nodes = grid_.cells.nodes();
  for (int64_t node = 0; node < nodes; ++node)
    for (int u = 0; u < unknowns; ++u) {
      const int64_t from = grid_.parameter[node * unknowns + u];
      ordered_[int64_t{factor_.tree().position(node)} * unknowns + u] = from < 0 ? 0 : parameters[from];
    }
  factor_.solve(ordered_.data(), be_.hostThreads());
  std::fill_n(parameters, grid_.scalarOffset, 0.0);
  for (int64_t node = 0; node < nodes; ++node)
    for (int u = 0; u < unknowns; ++u) {
      const int64_t to = grid_.parameter[node * unknowns + u];
      if (to >= 0) parameters[to] = ordered_[int64_t{factor_.tree().position(node)} * unknowns + u];
    }
}

template class NormalFactor<float>;
template class NormalFactor<double>;

}  // namespace dinf
