// The dense work of one front of a multifrontal Cholesky factorisation (core/direct), and how a front lies in memory. cpu/isa/front.cpp
// is compiled once an instruction set.
#pragma once
#include <algorithm>
#include <cstdint>

namespace dinf {

constexpr int kBlockPivots = 256;  // pivots a block column: a panel of them, 16 KB of AVX-512, stays in the first-level cache

// Everything dense lies in row panels: as many consecutive rows as a vector has lanes, column after column. Such a panel is at once the
// vector operand of a product, its broadcast operand, the tile it is subtracted from, and the stored factor: nothing is packed or copied.
//
// The pivots' columns are cut into block columns of kBlockPivots. A block column holds the panels from its own diagonal down, one after
// the other, each contiguous; whole columns instead would put panels at strides of powers of two, which meet in the caches.
// What is left for the parent, the update matrix, is a packed lower triangle of panels.
struct FrontLayout {
  int width = 1;     // rows of a panel
  int pivots = 0;    // columns that are eliminated, padded to whole panels
  int boundary = 0;  // rows of the update matrix, padded to whole panels

  int rows() const { return pivots + boundary; }
  int panels() const { return rows() / width; }
  int pivotPanels() const { return pivots / width; }
  int blocks() const { return (pivots + kBlockPivots - 1) / kBlockPivots; }
  int pivotsOf(int block) const { return std::min(kBlockPivots, pivots - block * kBlockPivots); }
  int firstPanel(int block) const { return block * kBlockPivots / width; }
  int lastPanel(int block) const { return firstPanel(block) + pivotsOf(block) / width; }
  // Where row panel `r` of a block column begins among the pivots' values.
  int64_t panel(int block, int r) const {
    const int64_t before = int64_t{kBlockPivots} * (int64_t{block} * rows() - int64_t{kBlockPivots} * block * (block - 1) / 2);
    return before + int64_t{r - firstPanel(block)} * pivotsOf(block) * width;
  }
  // Where the tile of row panel `r` and column panel `q` begins there.
  int64_t tile(int r, int q) const {
    const int block = q * width / kBlockPivots;
    return panel(block, r) + int64_t{q - firstPanel(block)} * width * width;
  }
  int64_t pivotValues() const { return blocks() == 0 ? 0 : panel(blocks() - 1, panels()); }
  // Where row panel `r` of a packed lower triangle begins.
  static int64_t triangle(int64_t r, int64_t width) { return width * width * (r * (r + 1) / 2); }
  int64_t updateValues() const { return triangle(boundary / width, width); }
};

struct Front {
  FrontLayout layout;
  double* pivots = nullptr;
  double* update = nullptr;
};

// What pivots said of the matrix.
struct PivotReport {
  double smallest = 1e300;
  int64_t held = 0;  // pivots below the least that is believed: their unknowns are held where they are
};

// Rows of a packed lower triangle that are added to a front: row i of `from` becomes row map[i], map ascending.
struct ScatterCall {
  const double* from;
  const int* map;
  int rows;
  int begin, end;  // those rows alone
  double sign;
};

struct FrontKernels {
  int width;
  // Factorises the square diagonal part of a block column; diagonals become their reciprocals. Pivots of at most `least` are held.
  void (*factorise)(const Front&, int block, double least, PivotReport&);
  // Solves with it for row panels [begin, end) below.
  void (*solveRows)(const Front&, int block, int begin, int end);
  // Subtracts the products of row panels of a block column from columns [firstColumn, lastColumn) of panels [begin, end), lower part alone.
  void (*subtract)(const Front&, int block, int begin, int end, int firstColumn, int lastColumn);
  // The lower triangle of -rows^T rows in row panels: `rows` holds `panels` panels of `count` rows of columns. Overwrites.
  void (*gram)(const double* rows, int count, int panels, double* out);
  void (*scatter)(const ScatterCall&, const Front&);
  // One front's part of the solve with the factor and with its transpose: `values` are those of its rows.
  void (*forward)(const Front&, double* values);
  void (*backward)(const Front&, double* values);
  // The same for `lanes` right sides at once: those of a row side by side.
  int lanes;
  void (*forwardMany)(const Front&, double* values);
  void (*backwardMany)(const Front&, double* values);
};

// Of the instruction set in use.
const FrontKernels& frontKernels();

}  // namespace dinf
