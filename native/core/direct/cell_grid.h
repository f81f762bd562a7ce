// The grid that a direct solver sees: cells, and the nodes that a row inside of a cell may read.
#pragma once
#include <algorithm>
#include <cstdint>
#include "math/config.h"

namespace dinf {

// A row that lies in cell c reads nodes c to c + degree along each axis; of a periodic axis node N is node 0.
struct CellGrid {
  int dims = 0;
  int cells[kMaxDims] = {1, 1, 1};
  int degree = 1;
  int unknowns = 1;  // at a node
  bool periodic[kMaxDims] = {false, false, false};

  int reach(int axis) const { return axis < dims ? degree : 0; }
  int nodes(int axis) const { return axis >= dims ? 1 : periodic[axis] ? cells[axis] : cells[axis] + degree; }
  int64_t nodes() const { return int64_t{nodes(0)} * nodes(1) * nodes(2); }
  int64_t cellCount() const { return int64_t{cells[0]} * cells[1] * cells[2]; }
  // Row-major; indices of periodic axes may lie one turn beyond.
  int64_t node(int i, int j, int k) const {
    const auto wrap = [this](int axis, int at) { return at >= nodes(axis) ? at - nodes(axis) : at; };
    return (int64_t{wrap(0, i)} * nodes(1) + wrap(1, j)) * nodes(2) + wrap(2, k);
  }
  int64_t cell(const int* at) const { return (int64_t{at[0]} * cells[1] + at[1]) * cells[2] + at[2]; }
  // Unknowns that a row may read.
  int columns() const {
    int count = unknowns;
    for (int k = 0; k < dims; ++k) count *= degree + 1;
    return count;
  }
  // Is every node that a row reads another one?
  bool resolvesRows() const {
    for (int k = 0; k < dims; ++k)
      if (periodic[k] && cells[k] < degree + 1) return false;
    return true;
  }
};

// Half-open, in cells.
struct CellBox {
  int lower[kMaxDims] = {0, 0, 0}, upper[kMaxDims] = {1, 1, 1};

  static CellBox all(const CellGrid& grid) {
    CellBox box;
    std::copy_n(grid.cells, kMaxDims, box.upper);
    return box;
  }
  int size(int axis) const { return upper[axis] - lower[axis]; }
  bool covers(const CellGrid& grid, int axis) const { return lower[axis] == 0 && upper[axis] == grid.cells[axis]; }
  // Nodes along an axis that rows inside may read.
  int reached(const CellGrid& grid, int axis) const { return std::min(size(axis) + grid.reach(axis), grid.nodes(axis)); }
  // Is node `at` (unwrapped) read by rows inside alone?
  bool owns(const CellGrid& grid, int axis, int at) const {
    if (axis >= grid.dims) return true;
    if (grid.periodic[axis]) return covers(grid, axis) || (at >= lower[axis] + grid.degree && at < upper[axis]);
    return (lower[axis] == 0 || at >= lower[axis] + grid.degree) && (upper[axis] == grid.cells[axis] || at < upper[axis]);
  }
  int owned(const CellGrid& grid, int axis) const {
    if (axis >= grid.dims) return 1;
    if (covers(grid, axis)) return grid.nodes(axis);
    if (grid.periodic[axis]) return std::max(0, size(axis) - grid.degree);
    const int low = lower[axis] + (lower[axis] > 0 ? grid.degree : 0);
    const int high = upper[axis] + (upper[axis] == grid.cells[axis] ? grid.degree : 0);
    return std::max(0, high - low);
  }
};

}  // namespace dinf
