// Nested dissection of a tensor-product grid (George 1973), by boxes of cells rather than of nodes: a box is bisected along its longest
// axis, and a node belongs to the lowest box that holds all cells whose rows read it. Separators of as many nodes as a row reaches come
// out by themselves, and every cell lies whole in one leaf, so that rows are assembled in leaves alone.
#pragma once
#include <vector>
#include "core/direct/cell_grid.h"

namespace dinf {

// A front of the multifrontal method (Duff & Reid 1983): the unknowns that its box owns and its children do not, the pivots, and those
// that its rows read beside them, the boundary.
struct TreeFront {
  CellBox box;
  int child[2] = {-1, -1};  // fronts, -1: a leaf has none
  int parent = -1;
  int firstPivot = 0;        // position in the order of elimination
  int pivotNodes = 0;
  std::vector<int> boundary;  // positions, ascending
  // Row of the parent front of each boundary unknown, ascending. Pivots of a front are padded to `padding`, then follows its boundary.
  std::vector<int> map;
  double flops = 0, flopsOfTree = 0;

  bool isLeaf() const { return child[0] < 0; }
};

// What a factorisation takes, by recursion over boxes alone.
struct TreeCost {
  double flops = 0;
  double entries = 0;  // of the factor
};

class CellTree {
 public:
  // `padding`: whole panels of that many rows (cpu/front.h).
  CellTree(const CellGrid& grid, int padding);

  const CellGrid& grid() const { return grid_; }
  // Children before parents.
  const std::vector<TreeFront>& fronts() const { return fronts_; }
  int position(int64_t node) const { return position_[node]; }
  int padding() const { return padding_; }
  int pivots(const TreeFront& front) const { return front.pivotNodes * grid_.unknowns; }
  int boundary(const TreeFront& front) const { return static_cast<int>(front.boundary.size()) * grid_.unknowns; }
  int padded(int rows) const { return (rows + padding_ - 1) / padding_ * padding_; }
  // Row of a front of the first unknown of the node at this position.
  int rowOf(const TreeFront& front, int position) const;

  static TreeCost cost(const CellGrid& grid);

 private:
  int build(const CellBox& box, int& next);
  template <class F>
  void eachNode(const CellBox& box, F f) const;

  const CellGrid grid_;
  const int padding_;
  std::vector<TreeFront> fronts_;
  std::vector<int> position_;
};

}  // namespace dinf
