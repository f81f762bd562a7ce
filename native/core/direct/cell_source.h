// Where the rows of a least-squares problem come from, cell by cell.
#pragma once
#include <cstdint>

namespace dinf {

class CellSource {
 public:
  virtual ~CellSource() = default;
  // The most rows of any cell.
  virtual int maxRows() const = 0;
  // Writes the rows of a cell into room for `maxRows` and one more, row-major, as many columns as CellGrid::columns says: those of a node's unknowns side by side, nodes
  // row-major. Returns how many. Called from several threads.
  virtual int rows(const int* cell, double* out) const = 0;
};

}  // namespace dinf
