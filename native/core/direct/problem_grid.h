// A problem's unknowns as those of one grid of cells, where they are that.
#pragma once
#include <string>
#include <vector>
#include "core/direct/cell_grid.h"
#include "core/problem.h"

namespace dinf {

struct ProblemGrid {
  CellGrid cells;
  GridShape grid;
  std::vector<int> firstUnknown;   // a field: which of a node's unknowns is its first output
  std::vector<int64_t> parameter;  // of unknown u of node n, at n * unknowns + u; -1: there is none
  std::string obstacle;            // why it is no such problem; empty: it is
  int64_t parameterCount = 0;
  int64_t scalarOffset = 0;        // trainable scalars, beside the grid's unknowns
  int scalars = 0;

  template <class Real>
  explicit ProblemGrid(const Problem<Real>& problem);
};

}  // namespace dinf
