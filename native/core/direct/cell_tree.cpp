#include "core/direct/cell_tree.h"
#include <array>
#include <map>

namespace dinf {
namespace {

// Cells a side of a leaf. Dense leaves of more cost more than the separators that they save; smaller ones spend their time adding up
// (measured in 2-D for degrees 3, 5 and 7 on 256 cells a side, in 3-D on 16).
int leafCells(const CellGrid& grid) {
  if (grid.dims == 3) return grid.degree <= 1 ? 2 : grid.degree <= 5 ? 4 : 6;
  return grid.degree <= 1 ? 4 : grid.degree <= 3 ? 8 : grid.degree <= 7 ? 16 : 24;
}

int longestAxis(const CellGrid& grid, const CellBox& box) {
  int axis = 0;
  for (int k = 1; k < grid.dims; ++k)
    if (box.size(k) > box.size(axis)) axis = k;
  return axis;
}

// False: the box is a leaf.
bool bisect(const CellGrid& grid, const CellBox& box, CellBox* halves) {
  const int axis = longestAxis(grid, box);
  if (box.size(axis) <= leafCells(grid)) return false;
  halves[0] = halves[1] = box;
  halves[0].upper[axis] = halves[1].lower[axis] = box.lower[axis] + box.size(axis) / 2;
  return true;
}

double sumOfSquares(double n) { return n * (n + 1) * (2 * n + 1) / 6; }

// Of the partial Cholesky factorisation of `rows` rows: sum over pivots j of (rows - j)^2.
double frontFlops(double pivots, double rows) { return sumOfSquares(rows) - sumOfSquares(rows - pivots); }

class CostOfBoxes {
 public:
  explicit CostOfBoxes(const CellGrid& grid) : grid_(grid) {}

  TreeCost operator()(const CellBox& box) {
    std::array<int, 3 * kMaxDims> key;
    for (int k = 0; k < kMaxDims; ++k) {
      key[3 * k] = box.size(k);
      key[3 * k + 1] = box.lower[k] == 0;
      key[3 * k + 2] = box.upper[k] == grid_.cells[k];
    }
    const auto known = known_.find(key);
    if (known != known_.end()) return known->second;
    TreeCost cost;
    double gone = 0;
    CellBox halves[2];
    if (bisect(grid_, box, halves))
      for (const CellBox& half : halves) {
        const TreeCost part = (*this)(half);
        cost.flops += part.flops;
        cost.entries += part.entries;
        gone += owned(half);
      }
    double reached = 1;
    for (int k = 0; k < kMaxDims; ++k) reached *= box.reached(grid_, k);
    const double rows = (reached - gone) * grid_.unknowns, pivots = (owned(box) - gone) * grid_.unknowns, rest = rows - pivots;
    cost.flops += frontFlops(pivots, rows);
    cost.entries += pivots * rest + pivots * (pivots + 1) / 2;
    known_.emplace(key, cost);
    return cost;
  }

 private:
  double owned(const CellBox& box) const {
    double count = 1;
    for (int k = 0; k < kMaxDims; ++k) count *= box.owned(grid_, k);
    return count;
  }

  const CellGrid& grid_;
  std::map<std::array<int, 3 * kMaxDims>, TreeCost> known_;
};

}  // namespace

TreeCost CellTree::cost(const CellGrid& grid) { return CostOfBoxes(grid)(CellBox::all(grid)); }

CellTree::CellTree(const CellGrid& grid, int padding) : grid_(grid), padding_(padding), position_(grid.nodes(), -1) {
  int next = 0;
  build(CellBox::all(grid), next);
  for (TreeFront& front : fronts_) {
    eachNode(front.box, [&](int64_t node, bool) {
      if (position_[node] >= front.firstPivot + front.pivotNodes) front.boundary.push_back(position_[node]);
    });
    std::sort(front.boundary.begin(), front.boundary.end());
    front.flops = frontFlops(pivots(front), pivots(front) + boundary(front));
    front.flopsOfTree = front.flops;
    for (int c : front.child) {
      if (c < 0) continue;
      TreeFront& child = fronts_[c];
      front.flopsOfTree += child.flopsOfTree;
      child.map.reserve(boundary(child));
      for (int position : child.boundary)
        for (int u = 0, row = rowOf(front, position); u < grid_.unknowns; ++u) child.map.push_back(row + u);
    }
  }
}

int CellTree::build(const CellBox& box, int& next) {
  TreeFront front;
  front.box = box;
  CellBox halves[2];
  if (bisect(grid_, box, halves))
    for (int h = 0; h < 2; ++h) front.child[h] = build(halves[h], next);
  front.firstPivot = next;
  eachNode(box, [&](int64_t node, bool owned) {
    if (owned && position_[node] < 0) position_[node] = next++;
  });
  front.pivotNodes = next - front.firstPivot;
  const int number = static_cast<int>(fronts_.size());
  for (int c : front.child)
    if (c >= 0) fronts_[c].parent = number;
  fronts_.push_back(std::move(front));
  return number;
}

// Calls f(node, whether the box owns it) for the nodes that rows of the box may read, each once.
template <class F>
void CellTree::eachNode(const CellBox& box, F f) const {
  int end[kMaxDims];
  for (int k = 0; k < kMaxDims; ++k) end[k] = box.lower[k] + box.reached(grid_, k);
  for (int i = box.lower[0]; i < end[0]; ++i)
    for (int j = box.lower[1]; j < end[1]; ++j)
      for (int k = box.lower[2]; k < end[2]; ++k)
        f(grid_.node(i, j, k), box.owns(grid_, 0, i) && box.owns(grid_, 1, j) && box.owns(grid_, 2, k));
}

int CellTree::rowOf(const TreeFront& front, int position) const {
  if (position < front.firstPivot + front.pivotNodes) return (position - front.firstPivot) * grid_.unknowns;
  const auto at = std::lower_bound(front.boundary.begin(), front.boundary.end(), position) - front.boundary.begin();
  return padded(pivots(front)) + static_cast<int>(at) * grid_.unknowns;
}

}  // namespace dinf
