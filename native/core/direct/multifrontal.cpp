#include "core/direct/multifrontal.h"
#include <atomic>
#include <cstring>
#include <utility>

namespace dinf {
namespace {

// Pieces of the work on one front that threads share out. What they compute does not depend on them.
constexpr int64_t kZeroed = 1 << 17;  // values
constexpr int kRowPanels = 24;        // panels that are solved for at once
constexpr int kTilePanels = 48;       // panels a side of a tile of the update
constexpr double kWorthSharing = 4e6; // flops of a front
constexpr int64_t kRemembered = 1 << 21;  // columns of all cells whose order is kept for the next factorisation: 16 MiB

// Columns of a cell are sorted by their rows in the front, so that lower triangles go to lower triangles.
struct CellColumns {
  std::vector<std::pair<int, int>> order;  // row of the front, column of the cell
  std::vector<int> map, chosen;
};

}  // namespace

struct Multifrontal::Scratch {
  std::vector<double> rows, panels, gram;
  std::vector<int> box;
  CellColumns columns;
};

Multifrontal::Multifrontal(const CellGrid& grid)
    : kernels_(frontKernels()), tree_(grid, kernels_.width), plan_(tree_, kernels_.width), nodeAt_(grid.nodes()) {
  for (int64_t node = 0; node < grid.nodes(); ++node) nodeAt_[tree_.position(node)] = node;
  int64_t carried = 0;
  for (const TreeFront& f : tree_.fronts()) {
    carryOffset_.push_back(carried);
    carried += tree_.boundary(f);
  }
  carry_.resize(carried);
  if (grid.cellCount() * grid.columns() > kRemembered) return;
  cellRows_.assign(grid.cellCount() * grid.columns(), -1);
  cellColumns_.resize(cellRows_.size());
}

int64_t Multifrontal::bytes(int threads) const { return plan_.values(threads) * static_cast<int64_t>(sizeof(double)) + static_cast<int64_t>((cellRows_.size() + cellColumns_.size()) * sizeof(int)); }

Front Multifrontal::front(int number, int thread) const {
  double* const factor = arena_->data();
  double* const shared = factor + plan_.factorValues;
  double* const stack = shared + plan_.sharedValues + plan_.stackValues * thread;
  const UpdatePlace& place = plan_.update[number];
  double* const update = place.region == UpdatePlace::shared  ? shared + place.offset
                         : place.region == UpdatePlace::stack ? stack + place.offset
                                                              : stack + plan_.stackValues - place.offset;
  return {plan_.layouts[number], factor + plan_.pivotOffset[number], update};
}

bool Multifrontal::factorise(const CellSource& source, double shift, const std::function<bool(int64_t, int)>& untouched, ThreadPool& threads,
                             const std::function<bool()>& cancelled) {
  if (!arena_ || stacks_ < threads.threads()) {
    arena_ = nullptr;
    arena_ = std::make_unique<Arena>(plan_.values(threads.threads()));
    stacks_ = threads.threads();
  }
  report_ = {};
  const double least = shift / 100;
  std::vector<Scratch> scratch(stacks_);
  std::vector<PivotReport> reports(plan_.subtrees.size());
  std::atomic<bool> stopped{false};
  const Each alone = [](int64_t count, const std::function<void(int64_t)>& work) {
    for (int64_t i = 0; i < count; ++i) work(i);
  };
  const Each together = [&](int64_t count, const std::function<void(int64_t)>& work) {
    threads.parallelFor(count, [&](int64_t i, int) { work(i); });
  };
  const auto make = [&](int number, int thread, PivotReport& report, const Each& each) {
    const Front made = front(number, thread);
    zero(made, each);
    setDiagonal(number, made, shift, untouched);
    if (tree_.fronts()[number].isLeaf()) assemble(number, made, source, scratch[thread]);
    else addChildren(number, made, thread, each);
    eliminate(made, least, report, each);
  };
  threads.parallelFor(static_cast<int64_t>(plan_.subtrees.size()), [&](int64_t i, int thread) {
    for (int f = plan_.subtrees[i].first; f <= plan_.subtrees[i].root; ++f) {
      if (stopped || (stopped = cancelled())) return;
      make(f, thread, reports[i], alone);
    }
  });
  for (int f : plan_.top) {
    if (stopped || (stopped = cancelled())) break;
    make(f, 0, report_, tree_.fronts()[f].flops > kWorthSharing ? together : alone);
  }
  for (const PivotReport& report : reports) {
    report_.smallest = std::min(report_.smallest, report.smallest);
    report_.held += report.held;
  }
  return !stopped;
}

void Multifrontal::zero(const Front& front, const Each& each) const {
  const auto clear = [&](double* values, int64_t count) {
    each((count + kZeroed - 1) / kZeroed, [&](int64_t i) { std::fill_n(values + i * kZeroed, std::min(kZeroed, count - i * kZeroed), 0.0); });
  };
  clear(front.pivots, front.layout.pivotValues());
  clear(front.update, front.layout.updateValues());
}

void Multifrontal::setDiagonal(int number, const Front& front, double shift, const std::function<bool(int64_t, int)>& untouched) const {
  const TreeFront& made = tree_.fronts()[number];
  const int unknowns = tree_.grid().unknowns, width = front.layout.width;
  for (int i = 0; i < front.layout.pivots; ++i) {
    const int node = i / unknowns;
    const bool idle = node >= made.pivotNodes || untouched(nodeAt_[made.firstPivot + node], i % unknowns);
    front.pivots[front.layout.tile(i / width, i / width) + (i % width) * (width + 1)] = idle ? 1 : shift;
  }
}

void Multifrontal::assemble(int number, const Front& front, const CellSource& source, Scratch& scratch) const {
  const CellGrid& grid = tree_.grid();
  const TreeFront& made = tree_.fronts()[number];
  const int width = front.layout.width, columns = grid.columns(), panels = (columns + width - 1) / width, margin = width;
  scratch.rows.resize(static_cast<size_t>(source.maxRows() + 1) * columns);
  scratch.panels.resize(static_cast<size_t>(source.maxRows()) * panels * width);
  scratch.gram.resize(FrontLayout::triangle(panels, width) + 2 * margin);
  double* const gram = scratch.gram.data() + margin;
  // Rows of the front of the nodes that the box reaches.
  int extent[kMaxDims];
  for (int k = 0; k < kMaxDims; ++k) extent[k] = made.box.size(k) + grid.reach(k);
  scratch.box.clear();
  for (int i = 0; i < extent[0]; ++i)
    for (int j = 0; j < extent[1]; ++j)
      for (int k = 0; k < extent[2]; ++k)
        scratch.box.push_back(tree_.rowOf(made, tree_.position(grid.node(made.box.lower[0] + i, made.box.lower[1] + j, made.box.lower[2] + k))));
  auto& [order, map, chosen] = scratch.columns;
  order.resize(columns);
  map.resize(columns);
  chosen.resize(columns);
  const bool remembers = !cellRows_.empty();
  const auto known = [&](int64_t kept) { return kept >= 0 && cellRows_[kept] >= 0; };
  int cell[kMaxDims];
  for (cell[0] = made.box.lower[0]; cell[0] < made.box.upper[0]; ++cell[0])
    for (cell[1] = made.box.lower[1]; cell[1] < made.box.upper[1]; ++cell[1])
      for (cell[2] = made.box.lower[2]; cell[2] < made.box.upper[2]; ++cell[2]) {
        const int rows = source.rows(cell, scratch.rows.data());
        if (rows == 0) continue;
        const int64_t kept = remembers ? grid.cell(cell) * columns : -1;
        int column = 0;
        for (int i = 0; i <= grid.reach(0) && !known(kept); ++i)
          for (int j = 0; j <= grid.reach(1); ++j)
            for (int k = 0; k <= grid.reach(2); ++k) {
              const int64_t at = (int64_t{cell[0] - made.box.lower[0] + i} * extent[1] + cell[1] - made.box.lower[1] + j) * extent[2] +
                                 cell[2] - made.box.lower[2] + k;
              for (int u = 0; u < grid.unknowns; ++u, ++column) order[column] = {scratch.box[at] + u, column};
            }
        const int* columnOf = chosen.data();
        const int* rowOf = map.data();
        if (!known(kept)) {
          std::sort(order.begin(), order.end());
          for (int c = 0; c < columns; ++c) {
            map[c] = order[c].first;
            chosen[c] = order[c].second;
          }
          if (kept >= 0) {
            std::copy_n(map.data(), columns, cellRows_.data() + kept);
            std::copy_n(chosen.data(), columns, cellColumns_.data() + kept);
          }
        } else {
          rowOf = cellRows_.data() + kept;
          columnOf = cellColumns_.data() + kept;
        }
        for (int p = 0; p < panels; ++p) {
          double* panel = scratch.panels.data() + static_cast<int64_t>(p) * rows * width;
          const int lanes = std::min(width, columns - p * width);
          if (lanes < width) std::fill_n(panel, static_cast<int64_t>(rows) * width, 0.0);
          for (int r = 0; r < rows; ++r)
            for (int lane = 0; lane < lanes; ++lane)
              panel[r * width + lane] = scratch.rows[static_cast<int64_t>(r) * columns + columnOf[p * width + lane]];
        }
        kernels_.gram(scratch.panels.data(), rows, panels, gram);
        kernels_.scatter({gram, rowOf, columns, 0, columns, -1}, front);
      }
}

// Pieces end where the front's panels do, so that no two of them write to one.
void Multifrontal::addChildren(int number, const Front& front, int thread, const Each& each) const {
  constexpr int kPieceRows = 32;
  const int width = front.layout.width;
  for (int c : tree_.fronts()[number].child) {
    const std::vector<int>& map = tree_.fronts()[c].map;
    const int rows = static_cast<int>(map.size());
    const Front child = this->front(c, thread);
    std::vector<int> ends;
    for (int at = 0; at < rows;) {
      int end = std::min(rows, at + kPieceRows);
      while (end < rows && map[end] / width == map[end - 1] / width) ++end;
      ends.push_back(end);
      at = end;
    }
    each(static_cast<int64_t>(ends.size()),
         [&](int64_t i) { kernels_.scatter({child.update, map.data(), rows, i == 0 ? 0 : ends[i - 1], ends[i], 1}, front); });
  }
}

void Multifrontal::eliminate(const Front& front, double least, PivotReport& report, const Each& each) const {
  const FrontLayout& layout = front.layout;
  const int panels = layout.panels();
  for (int block = 0; block < layout.blocks(); ++block) {
    kernels_.factorise(front, block, least, report);
    const int first = layout.lastPanel(block), rest = panels - first;
    each((rest + kRowPanels - 1) / kRowPanels, [&](int64_t i) {
      const int begin = first + static_cast<int>(i) * kRowPanels;
      kernels_.solveRows(front, block, begin, std::min(panels, begin + kRowPanels));
    });
    // Tiles of the lower triangle, row by row.
    const int64_t side = (rest + kTilePanels - 1) / kTilePanels;
    each(side * (side + 1) / 2, [&](int64_t i) {
      int64_t row = 0;
      while ((row + 1) * (row + 2) / 2 <= i) ++row;
      const int begin = first + static_cast<int>(row) * kTilePanels;
      const int column = first + static_cast<int>(i - row * (row + 1) / 2) * kTilePanels;
      kernels_.subtract(front, block, begin, std::min(panels, begin + kTilePanels), column, std::min(panels, column + kTilePanels));
    });
  }
}

void Multifrontal::solve(double* x, ThreadPool& threads) {
  std::vector<std::vector<double>> values(threads.threads());
  for (auto& v : values) v.resize(plan_.rows);
  const int64_t subtrees = static_cast<int64_t>(plan_.subtrees.size());
  threads.parallelFor(subtrees, [&](int64_t i, int thread) {
    for (int f = plan_.subtrees[i].first; f <= plan_.subtrees[i].root; ++f) forward(f, x, values[thread].data());
  });
  for (int f : plan_.top) forward(f, x, values[0].data());
  for (auto f = plan_.top.rbegin(); f != plan_.top.rend(); ++f) backward(*f, x, values[0].data());
  threads.parallelFor(subtrees, [&](int64_t i, int thread) {
    for (int f = plan_.subtrees[i].root; f >= plan_.subtrees[i].first; --f) backward(f, x, values[thread].data());
  });
}

// Front by front, all groups of right sides at once: a front's factor is read from memory once.
void Multifrontal::solveMany(double* x, int groups) {
  const int lanes = kernels_.lanes;
  const int64_t unknowns = tree_.grid().unknowns, count = this->unknowns() * lanes, carried = static_cast<int64_t>(carry_.size()) * lanes;
  const int fronts = static_cast<int>(tree_.fronts().size());
  carryMany_.resize(carried * groups);
  valuesMany_.resize(plan_.rows * lanes);
  double* const values = valuesMany_.data();
  for (int f = 0; f < fronts; ++f) {
    const TreeFront& made = tree_.fronts()[f];
    const FrontLayout& layout = plan_.layouts[f];
    const int64_t pivots = tree_.pivots(made), boundary = tree_.boundary(made);
    for (int g = 0; g < groups; ++g) {
      double* const own = x + g * count + int64_t{made.firstPivot} * unknowns * lanes;
      double* const carry = carryMany_.data() + g * carried;
      std::copy_n(own, pivots * lanes, values);
      std::fill(values + pivots * lanes, values + int64_t{layout.rows()} * lanes, 0.0);
      for (int c : made.child) {
        if (c < 0) continue;
        const std::vector<int>& map = tree_.fronts()[c].map;
        const double* handed = carry + carryOffset_[c] * lanes;
        for (size_t i = 0; i < map.size(); ++i, handed += lanes) {
          double* const to = values + int64_t{map[i]} * lanes;
          for (int l = 0; l < lanes; ++l) to[l] += handed[l];
        }
      }
      kernels_.forwardMany({layout, arena_->data() + plan_.pivotOffset[f], nullptr}, values);
      std::copy_n(values, pivots * lanes, own);
      std::copy_n(values + int64_t{layout.pivots} * lanes, boundary * lanes, carry + carryOffset_[f] * lanes);
    }
  }
  for (int f = fronts - 1; f >= 0; --f) {
    const TreeFront& made = tree_.fronts()[f];
    const FrontLayout& layout = plan_.layouts[f];
    const int64_t pivots = tree_.pivots(made);
    for (int g = 0; g < groups; ++g) {
      double* const all = x + g * count;
      double* const own = all + int64_t{made.firstPivot} * unknowns * lanes;
      std::copy_n(own, pivots * lanes, values);
      std::fill(values + pivots * lanes, values + int64_t{layout.pivots} * lanes, 0.0);
      double* at = values + int64_t{layout.pivots} * lanes;
      for (int position : made.boundary) {
        std::copy_n(all + int64_t{position} * unknowns * lanes, unknowns * lanes, at);
        at += unknowns * lanes;
      }
      std::fill(at, values + int64_t{layout.rows()} * lanes, 0.0);
      kernels_.backwardMany({layout, arena_->data() + plan_.pivotOffset[f], nullptr}, values);
      std::copy_n(values, pivots * lanes, own);
    }
  }
}

void Multifrontal::forward(int number, double* x, double* values) {
  const TreeFront& made = tree_.fronts()[number];
  const FrontLayout& layout = plan_.layouts[number];
  const int pivots = tree_.pivots(made), boundary = tree_.boundary(made);
  double* const own = x + int64_t{made.firstPivot} * tree_.grid().unknowns;
  std::fill_n(values, layout.rows(), 0.0);
  std::copy_n(own, pivots, values);
  for (int c : made.child) {
    if (c < 0) continue;
    const std::vector<int>& map = tree_.fronts()[c].map;
    const double* handed = carry_.data() + carryOffset_[c];
    for (size_t i = 0; i < map.size(); ++i) values[map[i]] += handed[i];
  }
  kernels_.forward({layout, arena_->data() + plan_.pivotOffset[number], nullptr}, values);
  std::copy_n(values, pivots, own);
  std::copy_n(values + layout.pivots, boundary, carry_.data() + carryOffset_[number]);
}

void Multifrontal::backward(int number, double* x, double* values) const {
  const TreeFront& made = tree_.fronts()[number];
  const FrontLayout& layout = plan_.layouts[number];
  const int unknowns = tree_.grid().unknowns, pivots = tree_.pivots(made);
  double* const own = x + int64_t{made.firstPivot} * unknowns;
  std::fill_n(values, layout.rows(), 0.0);
  std::copy_n(own, pivots, values);
  double* at = values + layout.pivots;
  for (int position : made.boundary)
    for (int u = 0; u < unknowns; ++u) *at++ = x[int64_t{position} * unknowns + u];
  kernels_.backward({layout, arena_->data() + plan_.pivotOffset[number], nullptr}, values);
  std::copy_n(values, pivots, own);
}

}  // namespace dinf
