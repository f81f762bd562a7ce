// The direct solver's parts: the tree against counts, the factorisation against a dense one, kernels against loops.
#pragma once
#include <memory>
#include "core/direct/multifrontal.h"
#include "test/check.h"

namespace dinf::test {

// As many random rows in each cell, some of the unknowns read by none.
class RandomRows final : public CellSource {
 public:
  RandomRows(const CellGrid& grid, int perCell, bool holes) : grid_(grid), perCell_(perCell) {
    Random random(7);
    untouched_.resize(grid.nodes() * grid.unknowns);
    if (holes)
      for (size_t i = 0; i < untouched_.size(); ++i) untouched_[i] = random.next() > 0.9;
    values_ = random.vector(grid.cellCount() * perCell * grid.columns());
  }
  int maxRows() const override { return perCell_; }
  int rows(const int* cell, double* out) const override {
    const int columns = grid_.columns();
    const double* from = values_.data() + grid_.cell(cell) * perCell_ * columns;
    int column = 0;
    each(cell, [&](int64_t unknown) {
      for (int r = 0; r < perCell_; ++r) out[r * columns + column] = untouched_[unknown] ? 0 : from[r * columns + column];
      ++column;
    });
    return grid_.cell(cell) % 5 == 3 ? perCell_ - 1 : perCell_;
  }
  bool untouched(int64_t node, int unknown) const { return untouched_[node * grid_.unknowns + unknown]; }
  // A^T A + shift I, row-major, unknowns by node.
  std::vector<double> normalMatrix(double shift) const {
    const int64_t n = grid_.nodes() * grid_.unknowns;
    const int columns = grid_.columns();
    std::vector<double> matrix(n * n, 0.0), block(perCell_ * columns);
    int cell[3];
    for (cell[0] = 0; cell[0] < grid_.cells[0]; ++cell[0])
      for (cell[1] = 0; cell[1] < grid_.cells[1]; ++cell[1])
        for (cell[2] = 0; cell[2] < grid_.cells[2]; ++cell[2]) {
          const int count = rows(cell, block.data());
          std::vector<int64_t> unknowns;
          each(cell, [&](int64_t unknown) { unknowns.push_back(unknown); });
          for (int r = 0; r < count; ++r)
            for (int i = 0; i < columns; ++i)
              for (int j = 0; j < columns; ++j) matrix[unknowns[i] * n + unknowns[j]] += block[r * columns + i] * block[r * columns + j];
        }
    for (int64_t i = 0; i < n; ++i) matrix[i * n + i] += untouched_[i] ? 1 : shift;
    return matrix;
  }

 private:
  template <class F>
  void each(const int* cell, F f) const {
    for (int i = 0; i <= grid_.reach(0); ++i)
      for (int j = 0; j <= grid_.reach(1); ++j)
        for (int k = 0; k <= grid_.reach(2); ++k)
          for (int u = 0; u < grid_.unknowns; ++u) f(grid_.node(cell[0] + i, cell[1] + j, cell[2] + k) * grid_.unknowns + u);
  }

  const CellGrid grid_;
  const int perCell_;
  std::vector<char> untouched_;
  std::vector<double> values_;
};

inline CellGrid cellGrid(std::vector<int> cells, int degree, int unknowns, std::vector<int> periodic = {}) {
  CellGrid grid;
  grid.dims = static_cast<int>(cells.size());
  for (int k = 0; k < grid.dims; ++k) grid.cells[k] = cells[k];
  for (const int k : periodic) grid.periodic[k] = true;
  grid.degree = degree;
  grid.unknowns = unknowns;
  return grid;
}

struct DirectShape {
  const char* name;
  CellGrid grid;
  bool quick = true;
};
inline std::vector<DirectShape> directShapes() {
  return {{"one cell", cellGrid({1}, 3, 1)},
          {"1-D", cellGrid({37}, 3, 1), false},
          {"1-D, degree 9, three unknowns", cellGrid({60}, 9, 3)},
          {"1-D, hats", cellGrid({50}, 1, 2), false},
          {"1-D, periodic", cellGrid({41}, 5, 1, {0}), false},
          {"1-D, periodic and as short as a row", cellGrid({6}, 5, 2, {0})},
          {"2-D", cellGrid({21, 18}, 3, 1), false},
          {"2-D, long and thin", cellGrid({3, 70}, 3, 1), false},
          {"2-D, two unknowns", cellGrid({19, 20}, 3, 2), false},
          {"2-D, periodic along one axis", cellGrid({11, 9}, 3, 1, {1})},
          {"2-D, periodic along both", cellGrid({20, 17}, 3, 1, {0, 1}), false},
          {"2-D, degree 5, larger than a leaf", cellGrid({20, 35}, 5, 1), false},
          {"3-D", cellGrid({7, 5, 6}, 1, 1)},
          {"3-D, degree 3, two unknowns, periodic", cellGrid({6, 5, 9}, 3, 2, {2}), false}};
}

// The solution by Gaussian elimination, in the plainest way.
inline std::vector<double> solveDensely(std::vector<double> matrix, std::vector<double> x) {
  const size_t n = x.size();
  for (size_t j = 0; j < n; ++j)
    for (size_t i = j + 1; i < n; ++i) {
      const double factor = matrix[i * n + j] / matrix[j * n + j];
      if (factor == 0) continue;
      for (size_t k = j; k < n; ++k) matrix[i * n + k] -= factor * matrix[j * n + k];
      x[i] -= factor * x[j];
    }
  for (size_t j = n; j-- > 0;) {
    x[j] /= matrix[j * n + j];
    for (size_t i = 0; i < j; ++i) x[i] -= matrix[i * n + j] * x[j];
  }
  return x;
}

inline std::vector<double> solveByFronts(const CellGrid& grid, const RandomRows& rows, double shift, const std::vector<double>& right, int threads) {
  ThreadPool pool(threads);
  Multifrontal factor(grid);
  const auto untouched = [&](int64_t node, int unknown) { return rows.untouched(node, unknown); };
  const auto goOn = [] { return false; };
  // Twice: what a factorisation leaves in the arena is not to be seen by the next.
  for (int turn = 0; turn < 2; ++turn) DINF_EXPECT(factor.factorise(rows, shift, untouched, pool, goOn), "the factorisation was not whole");
  DINF_EXPECT(factor.pivots().held == 0 && factor.pivots().smallest > 0, "%lld pivots were held, the smallest %g",
              static_cast<long long>(factor.pivots().held), factor.pivots().smallest);
  const int unknowns = grid.unknowns;
  const auto place = [&](int64_t i) { return int64_t{factor.tree().position(i / unknowns)} * unknowns + i % unknowns; };
  std::vector<double> ordered(right.size()), x(right.size());
  for (size_t i = 0; i < right.size(); ++i) ordered[place(i)] = right[i];
  factor.solve(ordered.data(), pool);
  for (size_t i = 0; i < right.size(); ++i) x[i] = ordered[place(i)];
  return x;
}

inline void directCases() {
  for (const DirectShape& shape : directShapes()) {
    if (report().quick && !shape.quick) continue;
    const CellGrid& grid = shape.grid;
    testCase(std::string("a tree counts each node once: ") + shape.name, [&] {
      const CellTree tree(grid, 4);
      int64_t pivots = 0;
      double flops = 0, entries = 0;
      std::vector<int> seen(grid.nodes(), 0);
      for (const TreeFront& front : tree.fronts()) {
        const double k = tree.pivots(front), u = tree.boundary(front);
        pivots += front.pivotNodes;
        flops += front.flops;
        entries += k * u + k * (k + 1) / 2;
        DINF_EXPECT(std::is_sorted(front.map.begin(), front.map.end()), "a map does not ascend");
        DINF_EXPECT(front.parent >= 0 || front.boundary.empty(), "the root has a boundary");
      }
      for (int64_t node = 0; node < grid.nodes(); ++node) {
        DINF_EXPECT(tree.position(node) >= 0 && tree.position(node) < grid.nodes(), "node %lld has no position", static_cast<long long>(node));
        ++seen[tree.position(node)];
      }
      DINF_EXPECT(pivots == grid.nodes() && std::all_of(seen.begin(), seen.end(), [](int count) { return count == 1; }), "not each node once");
      const TreeCost cost = CellTree::cost(grid);
      DINF_EXPECT(std::abs(cost.flops - flops) <= 1e-12 * flops, "%.15g flops foreseen, %.15g in the tree", cost.flops, flops);
      DINF_EXPECT(cost.entries == entries, "%.15g entries foreseen, %.15g in the tree", cost.entries, entries);
    });
    testCase(std::string("fronts solve what elimination solves: ") + shape.name, [&] {
      for (const bool holes : {false, true}) {
        if (report().quick && !holes) continue;
        const RandomRows rows(grid, grid.columns() + 2, holes);
        const double shift = 0.5;
        const std::vector<double> right = Random(3).vector(grid.nodes() * grid.unknowns);
        const std::vector<double> x = solveByFronts(grid, rows, shift, right, 1);
        const std::vector<double> dense = solveDensely(rows.normalMatrix(shift), right);
        DINF_EXPECT(distance(x, dense) < 1e-11, "solutions differ by %g", distance(x, dense));
        DINF_EXPECT(sameBits(x, solveByFronts(grid, rows, shift, right, 3)), "bits depend on the threads");
      }
    });
  }
  testCase("pivots that vanish are held and counted", [] {
    const CellGrid grid = cellGrid({12}, 3, 1);
    RandomRows rows(grid, 1, false);  // 12 rows for 15 unknowns
    ThreadPool pool(1);
    Multifrontal factor(grid);
    factor.factorise(rows, 1e-15, [](int64_t, int) { return false; }, pool, [] { return false; });
    DINF_EXPECT(factor.pivots().smallest < 1e-12, "the smallest pivot is %g", factor.pivots().smallest);
  });
  testCase("a factorisation that is asked to stop stops", [] {
    const CellGrid grid = cellGrid({40, 40}, 3, 1);
    const RandomRows rows(grid, 4, false);
    ThreadPool pool(2);
    Multifrontal factor(grid);
    std::atomic<int> asked{0};
    const bool whole = factor.factorise(rows, 1, [](int64_t, int) { return false; }, pool, [&] { return ++asked > 5; });
    DINF_EXPECT(!whole && asked < 20, "it asked %d times", asked.load());
  });
}

}  // namespace dinf::test
