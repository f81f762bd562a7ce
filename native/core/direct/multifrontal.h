// Multifrontal Cholesky factorisation of the normal matrix of rows that are local to cells, A^T A + shift I. Bits do not depend on the
// number of threads: each tile's arithmetic is fixed, and threads share out tiles.
#pragma once
#include <functional>
#include "core/direct/arena.h"
#include "core/direct/cell_source.h"
#include "core/direct/storage_plan.h"
#include "cpu/thread_pool.h"

namespace dinf {

class Multifrontal {
 public:
  explicit Multifrontal(const CellGrid& grid);

  const CellTree& tree() const { return tree_; }
  int64_t unknowns() const { return tree_.grid().nodes() * tree_.grid().unknowns; }
  double flops() const { return tree_.fronts().back().flopsOfTree; }
  // Bytes of the arena, and of what is remembered of cells.
  int64_t bytes(int threads) const;
  // `untouched(node, unknown)`: no row reads it, so that its pivot is 1. Asked to stop it returns false, and holds no factor.
  // Throws OUT_OF_MEMORY.
  bool factorise(const CellSource& source, double shift, const std::function<bool(int64_t, int)>& untouched, ThreadPool& threads,
                 const std::function<bool()>& cancelled);
  const PivotReport& pivots() const { return report_; }
  // x = (A^T A + shift I)^-1 x, unknowns in the order of elimination: those of node n from tree().position(n) * unknowns on.
  void solve(double* x, ThreadPool& threads);
  // Right sides that are solved for together.
  int lanes() const { return kernels_.lanes; }
  // The same for `groups` times as many right sides, on this thread: x is [group][unknown][lane].
  void solveMany(double* x, int groups);

 private:
  struct Scratch;
  using Each = std::function<void(int64_t, const std::function<void(int64_t)>&)>;

  Front front(int number, int thread) const;
  void zero(const Front& front, const Each& each) const;
  void setDiagonal(int number, const Front& front, double shift, const std::function<bool(int64_t, int)>& untouched) const;
  void assemble(int number, const Front& front, const CellSource& source, Scratch& scratch) const;
  void addChildren(int number, const Front& front, int thread, const Each& each) const;
  void eliminate(const Front& front, double least, PivotReport& report, const Each& each) const;
  void forward(int number, double* x, double* values);
  void backward(int number, double* x, double* values) const;

  const FrontKernels& kernels_;
  const CellTree tree_;
  const StoragePlan plan_;
  std::vector<int64_t> nodeAt_;       // node of each position
  std::vector<int64_t> carryOffset_;  // where what a front hands up lies
  std::vector<double> carry_;
  // Of each cell, where few have them: rows of its leaf's front in ascending order, and which columns of the cell they are.
  mutable std::vector<int> cellRows_, cellColumns_;
  std::vector<double> carryMany_, valuesMany_;  // of solveMany
  std::unique_ptr<Arena> arena_;
  int stacks_ = 0;  // of the arena
  PivotReport report_;
};

}  // namespace dinf
