#include "core/direct/cell_rows.h"
#include <algorithm>

namespace dinf {

template <class Real>
CellRows<Real>::CellRows(Problem<Real>& problem, const ProblemGrid& grid) : grid_(grid) {
  const std::vector<TermSpec>& specs = problem.spec().terms;
  for (size_t t = 0; t < specs.size(); ++t) {
    const TermSpec& spec = specs[t];
    Term term{};
    term.sorted = sort(problem.sampleSet(static_cast<int>(t)));
    term.residuals = spec.residuals;
    term.plane = problem.sampleSet(static_cast<int>(t)).paddedCount();
    for (const JacobianEntry& entry : spec.pattern) {
      const JetRef& jet = spec.jets[entry.jet];
      const MultiIndex& index = spec.jetSets[jet.field].index[jet.plane];
      term.entries.push_back({entry.residual, grid.firstUnknown[jet.field] + jet.output, entry.slot, index});
      for (int k = 0; k < kMaxDims; ++k) term.orders[k] = std::max(term.orders[k], index.a[k]);
    }
    tabulate(term, problem.sampleSet(static_cast<int>(t)));
    std::stable_sort(term.entries.begin(), term.entries.end(), [](const Entry& a, const Entry& b) { return a.residual < b.residual; });
    terms_.push_back(std::move(term));
  }
  const int64_t cells = grid.cells.cellCount();
  for (int64_t c = 0; c < cells; ++c) {
    int64_t rows = 0;
    for (const Term& term : terms_) {
      const std::vector<int64_t>& begin = sorted_[term.sorted].begin;
      rows += (begin[c + 1] - begin[c]) * term.residuals;
    }
    maxRows_ = static_cast<int>(std::max<int64_t>(maxRows_, rows));
  }
}

template <class Real>
int64_t CellRows<Real>::bytes(const Problem<Real>& problem) {
  int64_t bytes = 0;
  for (size_t t = 0; t < problem.spec().terms.size(); ++t) {
    const int64_t samples = problem.sampleSet(static_cast<int>(t)).paddedCount();
    bytes += samples * static_cast<int64_t>(sizeof(int32_t) + problem.spec().terms[t].squares.stores * sizeof(Real));
  }
  return bytes;
}

template <class Real>
void CellRows<Real>::place(const SampleSet& set, int64_t sample, int* cell, double* fraction) const {
  double unit[kMaxDims] = {0, 0, 0};
  set.unitCoordinates(sample, unit);
  for (int k = 0; k < kMaxDims; ++k) {
    cell[k] = 0;
    fraction[k] = 0;
    if (k >= grid_.cells.dims) continue;
    cell[k] = grid_.grid.locate(k, unit[k], fraction[k]);
  }
}

// Counting sort. The last cell of a periodic axis is the first one over again.
template <class Real>
int CellRows<Real>::sort(const SampleSet& set) {
  for (size_t i = 0; i < sorted_.size(); ++i)
    if (sorted_[i].set == &set) return static_cast<int>(i);
  Sorted sorted{&set, {}, std::vector<int64_t>(grid_.cells.cellCount() + 1, 0), {}};
  const auto cellOf = [&](int64_t sample) {
    int cell[kMaxDims];
    double fraction[kMaxDims];
    place(set, sample, cell, fraction);
    for (int k = 0; k < grid_.cells.dims; ++k) cell[k] %= grid_.cells.cells[k];
    return grid_.cells.cell(cell);
  };
  int64_t count = 0;
  for (int64_t i = 0; i < set.paddedCount(); ++i)
    if (set.userOf(i) >= 0) ++sorted.begin[cellOf(i) + 1], ++count;
  for (size_t c = 1; c < sorted.begin.size(); ++c) sorted.begin[c] += sorted.begin[c - 1];
  sorted.order.resize(count);
  std::vector<int64_t> next(sorted.begin.begin(), sorted.begin.end() - 1);
  for (int64_t i = 0; i < set.paddedCount(); ++i)
    if (set.userOf(i) >= 0) sorted.order[next[cellOf(i)]++] = static_cast<int32_t>(i);
  if (set.spec().kind == SampleKind::tensor)
    for (const int32_t sample : sorted.order) {
      int64_t rest = set.userOf(sample);
      for (int k = grid_.cells.dims - 1; k >= 0; --k) {
        sorted.axis[k].push_back(static_cast<int32_t>(rest % set.tensorCount(k)));
        rest /= set.tensorCount(k);
      }
    }
  sorted_.push_back(std::move(sorted));
  return static_cast<int>(sorted_.size()) - 1;
}

template <class Real>
void CellRows<Real>::read(Problem<Real>& problem, const std::vector<double>& scale) {
  for (size_t t = 0; t < terms_.size(); ++t) terms_[t].values = problem.jacobianEntries(static_cast<int>(t));
  scale_.resize(grid_.parameter.size());
  for (size_t i = 0; i < scale_.size(); ++i) scale_[i] = grid_.parameter[i] < 0 ? 0 : scale[grid_.parameter[i]];
}

template <class Real>
void CellRows<Real>::forget() {
  for (Term& term : terms_) std::vector<Real>().swap(term.values);
}

template <class Real>
void CellRows<Real>::weightsOf(const Term& term, int axis, int cell, double fraction, Weights* weights) const {
  weights[0][0] = 1;
  if (axis >= grid_.cells.dims) return;
  grid_.grid.weightsAt(axis, 0, term.orders[axis], cell, fraction, weights);
  double power = 1;
  for (int order = 1; order <= term.orders[axis]; ++order) {
    power *= static_cast<double>(grid_.cells.cells[axis]) / order;
    for (int tap = 0; tap <= grid_.cells.degree; ++tap) weights[order][tap] *= power;
  }
}

// A tensor product has as many different weights along an axis as it has coordinates there.
template <class Real>
void CellRows<Real>::tabulate(Term& term, const SampleSet& set) const {
  if (set.spec().kind != SampleKind::tensor) return;
  for (int k = 0; k < grid_.cells.dims; ++k) {
    const std::vector<double>& axis = set.spec().axes[k];
    const size_t each = static_cast<size_t>(term.orders[k] + 1) * kMaxTaps;
    term.tables[k].resize(axis.size() * each);
    for (size_t i = 0; i < axis.size(); ++i) {
      double fraction;
      const int cell = grid_.grid.locate(k, axis[i], fraction);
      weightsOf(term, k, cell, fraction, reinterpret_cast<Weights*>(term.tables[k].data() + i * each));
    }
  }
}

template <class Real>
int CellRows<Real>::rows(const int* cell, double* out) const {
  const CellGrid& cells = grid_.cells;
  const int64_t number = cells.cell(cell);
  const int columns = cells.columns();
  int count = 0;
  double own[kMaxDims][kMaxOrder + 1][kMaxTaps];
  const Weights* weights[kMaxDims] = {own[0], own[1], own[2]};
  for (int k = 0; k < kMaxDims; ++k) own[k][0][0] = 1;
  for (const Term& term : terms_) {
    const Sorted& sorted = sorted_[term.sorted];
    const bool tabulated = !term.tables[0].empty();
    for (int64_t i = sorted.begin[number]; i < sorted.begin[number + 1]; ++i) {
      const int64_t sample = sorted.order[i];
      if (tabulated) {
        for (int k = 0; k < cells.dims; ++k)
          weights[k] = reinterpret_cast<const Weights*>(term.tables[k].data()) + int64_t{sorted.axis[k][i]} * (term.orders[k] + 1);
      } else {
        int at[kMaxDims];
        double fraction[kMaxDims];
        place(*sorted.set, sample, at, fraction);
        for (int k = 0; k < cells.dims; ++k) weightsOf(term, k, at[k], fraction[k], own[k]);
        for (int k = 0; k < kMaxDims; ++k) weights[k] = own[k];
      }
      for (size_t e = 0; e < term.entries.size();) {
        const int residual = term.entries[e].residual;
        double* const row = out + static_cast<int64_t>(count) * columns;
        bool empty = true;
        for (; e < term.entries.size() && term.entries[e].residual == residual; ++e) {
          const double value = term.values[term.entries[e].slot * term.plane + sample];
          if (value == 0) continue;
          if (empty) std::fill_n(row, columns, 0.0);
          empty = false;
          addEntry(term.entries[e], value, weights, row);
        }
        if (!empty) ++count;
      }
    }
  }
  if (count == 0) return 0;
  // The columns' scales, behind the rows where there is room for one more.
  double* const scales = out + static_cast<int64_t>(maxRows_) * columns;
  int column = 0;
  for (int i = 0; i <= cells.reach(0); ++i)
    for (int j = 0; j <= cells.reach(1); ++j)
      for (int k = 0; k <= cells.reach(2); ++k) {
        const int64_t node = cells.node(cell[0] + i, cell[1] + j, cell[2] + k);
        for (int u = 0; u < cells.unknowns; ++u, ++column) scales[column] = columnScale(node, u);
      }
  for (int r = 0; r < count; ++r)
    for (int c = 0; c < columns; ++c) out[static_cast<int64_t>(r) * columns + c] *= scales[c];
  return count;
}

// The last axis is the innermost loop.
template <class Real>
void CellRows<Real>::addEntry(const Entry& entry, double value, const Weights* const* weights, double* row) const {
  const CellGrid& cells = grid_.cells;
  const int last = cells.dims - 1, taps = cells.degree + 1, step = cells.unknowns;
  const double* const inner = weights[last][entry.index.a[last]];
  const double *first = weights[0][entry.index.a[0]], *second = weights[1][entry.index.a[1]];
  double* to = row + entry.unknown;
  for (int i = 0; i < (last > 0 ? taps : 1); ++i)
    for (int j = 0; j < (last > 1 ? taps : 1); ++j, to += taps * step) {
      const double factor = value * (last > 0 ? first[i] : 1) * (last > 1 ? second[j] : 1);
      if (step == 1)
        for (int k = 0; k < taps; ++k) to[k] += factor * inner[k];
      else
        for (int k = 0; k < taps; ++k) to[k * step] += factor * inner[k];
    }
}

template class CellRows<float>;
template class CellRows<double>;

}  // namespace dinf
