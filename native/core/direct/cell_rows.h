// The rows of a problem's Jacobian, sorted by the cells that they lie in.
#pragma once
#include <memory>
#include <vector>
#include "core/direct/cell_source.h"
#include "core/direct/problem_grid.h"

namespace dinf {

template <class Real>
class CellRows final : public CellSource {
 public:
  // Sorts the samples; rows come with `read`.
  CellRows(Problem<Real>& problem, const ProblemGrid& grid);
  // The Jacobian where the problem is linearised, its columns scaled: that of parameter i by scale[i].
  void read(Problem<Real>& problem, const std::vector<double>& scale);
  // Gives back what `read` took.
  void forget();
  double columnScale(int64_t node, int unknown) const { return scale_[node * grid_.cells.unknowns + unknown]; }
  // Bytes that `read` takes, and what the sorted samples hold.
  static int64_t bytes(const Problem<Real>& problem);

  int maxRows() const override { return maxRows_; }
  int rows(const int* cell, double* out) const override;

 private:
  // Of a sample set: its samples cell by cell.
  struct Sorted {
    const SampleSet* set;
    std::vector<int32_t> order;  // internal indices
    std::vector<int64_t> begin;  // a cell, and one more
    std::vector<int32_t> axis[kMaxDims];  // of a tensor product: which of an axis' coordinates each of `order` has
  };
  struct Entry {
    int residual, unknown, slot;
    MultiIndex index;
  };
  struct Term {
    int sorted;
    int residuals;
    std::vector<Entry> entries;  // residuals ascending
    int orders[kMaxDims];        // derivatives that entries take along each axis
    std::vector<double> tables[kMaxDims];  // of a tensor product: weights of each of an axis' coordinates, [coordinate][order][tap]
    int64_t plane;               // values of one store
    std::vector<Real> values;    // of the stores
  };

  void place(const SampleSet& set, int64_t sample, int* cell, double* fraction) const;
  int sort(const SampleSet& set);
  // Weights of one axis, [order][tap], as Taylor coefficients in the unit box.
  using Weights = double[kMaxTaps];
  void weightsOf(const Term& term, int axis, int cell, double fraction, Weights* weights) const;
  void tabulate(Term& term, const SampleSet& set) const;
  void addEntry(const Entry& entry, double value, const Weights* const* weights, double* row) const;

  const ProblemGrid& grid_;
  std::vector<Sorted> sorted_;
  std::vector<Term> terms_;
  std::vector<double> scale_;  // of unknown u of node n, at n * unknowns + u
  int maxRows_ = 0;
};

}  // namespace dinf
