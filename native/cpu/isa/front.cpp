// The kernels of one front. One micro-kernel carries all of the work: tiles of a few panels by one, minus the product of panels, with
// the accumulators in registers (24 x 8 with AVX-512, 12 x 4 with AVX2, 8 x 2 with SSE).
#include "cpu/front.h"
#include "cpu/isa/simd.h"
#if defined(__AVX__)
#include <immintrin.h>
#endif

DINF_MATH_BEGIN

namespace {

using V = Simd<double>::V;
constexpr int W = Simd<double>::W;
constexpr int kTall = W == 2 ? 4 : 3;   // panels of a tile
constexpr int kGroup = 16 * kTall;      // panels whose block columns stay in the second-level cache (786 KB of AVX-512)

DINF_INLINE V at(const double* p) { return load<V>(p); }

// A broadcast straight from memory: one from a register is a shuffle, on a port that products want.
DINF_INLINE V everywhere(const double* p) {
#if defined(__AVX512F__) && DINF_VECTOR_BYTES == 64
  return (V)_mm512_set1_pd(*p);
#elif defined(__AVX__) && DINF_VECTOR_BYTES == 32
  return (V)_mm256_broadcast_sd(p);
#else
  return V{} + *p;
#endif
}

// to[m] -= a_m b^T over `count` columns, panels of `a` a stride apart. What is subtracted from is fetched behind the loop.
template <int M>
DINF_INLINE void subtractProduct(int count, const double* a, int64_t stride, const double* b, double* const* to) {
  V sum[W][M];
#pragma GCC unroll 8
  for (int n = 0; n < W; ++n)
#pragma GCC unroll 4
    for (int m = 0; m < M; ++m) {
      sum[n][m] = V{};
      __builtin_prefetch(to[m] + n * W, 1);
    }
  for (int k = 0; k < count; ++k, a += W, b += W) {
    V column[M];
#pragma GCC unroll 4
    for (int m = 0; m < M; ++m) column[m] = at(a + m * stride);
#pragma GCC unroll 8
    for (int n = 0; n < W; ++n) {
      const V factor = everywhere(b + n);
#pragma GCC unroll 4
      for (int m = 0; m < M; ++m) sum[n][m] += column[m] * factor;
    }
  }
#pragma GCC unroll 8
  for (int n = 0; n < W; ++n)
#pragma GCC unroll 4
    for (int m = 0; m < M; ++m) store(to[m] + n * W, at(to[m] + n * W) - sum[n][m]);
}
void subtractTile(int panels, int count, const double* a, int64_t stride, const double* b, double* const* to) {
  switch (panels) {
    case 4: return subtractProduct<kTall == 4 ? 4 : 1>(count, a, stride, b, to);
    case 3: return subtractProduct<3>(count, a, stride, b, to);
    case 2: return subtractProduct<2>(count, a, stride, b, to);
    default: return subtractProduct<1>(count, a, stride, b, to);
  }
}

// x = x L^-T for one tile, L the factor of a diagonal tile.
DINF_INLINE void solveTile(double* x, const double* factor) {
  V column[W];
#pragma GCC unroll 8
  for (int j = 0; j < W; ++j) column[j] = at(x + j * W);
#pragma GCC unroll 8
  for (int l = 0; l < W; ++l) {
    column[l] *= everywhere(factor + l * W + l);
#pragma GCC unroll 8
    for (int j = l + 1; j < W; ++j) column[j] -= column[l] * everywhere(factor + l * W + j);
  }
#pragma GCC unroll 8
  for (int j = 0; j < W; ++j) store(x + j * W, column[j]);
}

// A held unknown has a pivot so large that it does not move.
void factoriseTile(double* tile, double least, PivotReport& report) {
  constexpr double kHeld = 1e30;
  for (int j = 0; j < W; ++j) {
    double pivot = tile[j * W + j];
    if (!(pivot >= report.smallest)) report.smallest = pivot;
    if (!(pivot > least)) {
      pivot = kHeld;
      ++report.held;
    }
    const double inverse = 1 / __builtin_sqrt(pivot);
    for (int i = j + 1; i < W; ++i) tile[j * W + i] *= inverse;
    tile[j * W + j] = inverse;
    for (int l = j + 1; l < W; ++l) {
      const double factor = tile[j * W + l];
      for (int i = l; i < W; ++i) tile[l * W + i] -= tile[j * W + i] * factor;
    }
  }
}

// A block column of a front: its first panel, and how far its panels are apart.
struct Column {
  double* first;
  int64_t stride;
  int begin, end;  // row panels of its diagonal part
  Column(const Front& front, int block)
      : first(front.pivots + front.layout.panel(block, front.layout.firstPanel(block))),
        stride(int64_t{front.layout.pivotsOf(block)} * W), begin(front.layout.firstPanel(block)), end(front.layout.lastPanel(block)) {}
  double* panel(int r) const { return first + (r - begin) * stride; }
  double* tile(int r, int q) const { return panel(r) + int64_t{q - begin} * W * W; }
};

// Column panel q of row panels r...: minus what the columns before it say.
DINF_INLINE void advance(const Column& column, int r, int panels, int q) {
  if (q == column.begin) return;
  double* to[kTall];
  for (int m = 0; m < panels; ++m) to[m] = column.tile(r + m, q);
  subtractTile(panels, (q - column.begin) * W, column.panel(r), column.stride, column.panel(q), to);
}

}  // namespace

void factoriseBlock(const Front& front, int block, double least, PivotReport& report) {
  const Column column(front, block);
  for (int q = column.begin; q < column.end; ++q)
    for (int r = q; r < column.end; r += kTall) {
      const int panels = std::min(kTall, column.end - r);
      advance(column, r, panels, q);
      for (int m = 0; m < panels; ++m) {
        if (r + m == q) factoriseTile(column.tile(q, q), least, report);
        else solveTile(column.tile(r + m, q), column.tile(q, q));
      }
    }
}

void solveRowsOfBlock(const Front& front, int block, int begin, int end) {
  const Column column(front, block);
  for (int r = begin; r < end; r += kTall) {
    const int panels = std::min(kTall, end - r);
    for (int q = column.begin; q < column.end; ++q) {
      advance(column, r, panels, q);
      for (int m = 0; m < panels; ++m) solveTile(column.tile(r + m, q), column.tile(q, q));
    }
  }
}

void subtractBlock(const Front& front, int block, int begin, int end, int firstColumn, int lastColumn) {
  const FrontLayout& layout = front.layout;
  const Column column(front, block);
  const int pivotPanels = layout.pivotPanels();
  for (int r0 = begin; r0 < end; r0 += kGroup)
    for (int q = firstColumn; q < std::min(lastColumn, std::min(end, r0 + kGroup)); ++q)
      for (int r = r0; r < std::min(end, r0 + kGroup); r += kTall) {
        const int stop = std::min(std::min(end, r0 + kGroup), r + kTall), start = std::max(r, q);
        if (start >= stop) continue;
        double* to[kTall];
        for (int m = start; m < stop; ++m)
          to[m - start] = q < pivotPanels ? front.pivots + layout.tile(m, q)
                                          : front.update + FrontLayout::triangle(m - pivotPanels, W) + int64_t{q - pivotPanels} * W * W;
        subtractTile(stop - start, layout.pivotsOf(block), column.panel(start), column.stride, column.panel(q), to);
      }
}

void gramOfRows(const double* rows, int count, int panels, double* out) {
  std::fill_n(out, FrontLayout::triangle(panels, W), 0.0);
  const int64_t stride = int64_t{count} * W;
  for (int q = 0; q < panels; ++q)
    for (int r = q; r < panels; r += kTall) {
      const int tall = std::min(kTall, panels - r);
      double* to[kTall];
      for (int m = 0; m < tall; ++m) to[m] = out + FrontLayout::triangle(r + m, W) + int64_t{q} * W * W;
      subtractTile(tall, count, rows + r * stride, stride, rows + q * stride, to);
    }
}

namespace {

typedef int64_t Bits __attribute__((vector_size(DINF_VECTOR_BYTES)));

// Adds those lanes of `from` that the mask has; the others are whatever lies there.
DINF_INLINE void addLanes(double* to, const double* from, Bits mask, double sign) {
  const V value = (V)((Bits)at(from) & mask);
  store(to, at(to) + value * sign);
}

// Row i: the first i lanes.
struct LaneTable {
  alignas(DINF_VECTOR_BYTES) int64_t first[W + 1][W];
  constexpr LaneTable() : first() {
    for (int i = 0; i <= W; ++i)
      for (int j = 0; j < W; ++j) first[i][j] = j < i ? -1 : 0;
  }
};
constexpr LaneTable kLaneTable;

// Lanes first to last - 1.
DINF_INLINE Bits lanes(int first, int last) {
  const auto leading = [](int count) { return *reinterpret_cast<const Bits*>(kLaneTable.first[count]); };
  return leading(last) & ~leading(first);
}

}  // namespace

void scatterRows(const ScatterCall& call, const Front& front) {
  const FrontLayout& layout = front.layout;
  const int* map = call.map;
  const int pivotColumns = static_cast<int>(std::lower_bound(map, map + call.rows, layout.pivots) - map);
  for (int i = call.begin; i < call.end;) {
    // Rows i to stop - 1, of one panel, go to consecutive rows of one panel.
    const int source = i / W, target = map[i] / W, shift = map[i] % W - i % W, limit = std::min(call.end, (source + 1) * W);
    int stop = i + 1;
    while (stop < limit && map[stop] == map[i] + stop - i && map[stop] / W == target) ++stop;
    const double* from = call.from + FrontLayout::triangle(source, W) - shift;
    const int firstLane = map[i] % W, lastLane = firstLane + stop - i;
    const Bits whole = lanes(firstLane, lastLane);
    // Columns up to the diagonal; lanes above it drop out.
    const auto mask = [&](int j) { return j > i ? lanes(std::min(lastLane, std::max(firstLane, firstLane + j - i)), lastLane) : whole; };
    int j = 0;
    const int pivotEnd = std::min(pivotColumns, stop);
    while (j < pivotEnd) {
      const int block = map[j] / kBlockPivots, blockEnd = (block + 1) * kBlockPivots;
      double* to = front.pivots + layout.panel(block, target) - int64_t{block} * kBlockPivots * W;
      for (; j < pivotEnd && map[j] < blockEnd; ++j) addLanes(to + int64_t{map[j]} * W, from + int64_t{j} * W, mask(j), call.sign);
    }
    if (map[i] >= layout.pivots) {
      double* to = front.update + FrontLayout::triangle(target - layout.pivotPanels(), W) - int64_t{layout.pivots} * W;
      for (; j < stop; ++j) addLanes(to + int64_t{map[j]} * W, from + int64_t{j} * W, mask(j), call.sign);
    }
    i = stop;
  }
}

void solveForward(const Front& front, double* z) {
  const FrontLayout& layout = front.layout;
  for (int block = 0; block < layout.blocks(); ++block) {
    const Column column(front, block);
    const int pivots = layout.pivotsOf(block);
    const double* known = z + int64_t{block} * kBlockPivots;
    for (int r = column.begin; r < layout.panels(); ++r) {
      const double* values = column.panel(r);
      const int before = std::min((r - column.begin) * W, pivots);
      V first = at(z + r * W), second{};
      for (int j = 0; j < before; j += 2) {
        first -= at(values + j * W) * everywhere(known + j);
        second -= at(values + (j + 1) * W) * everywhere(known + j + 1);
      }
      double* row = z + r * W;
      store(row, first + second);
      if (before == pivots) continue;
      for (int j = 0; j < W; ++j) {
        const double* factor = values + int64_t{before + j} * W;
        row[j] *= factor[j];
        for (int i = j + 1; i < W; ++i) row[i] -= factor[i] * row[j];
      }
    }
  }
}

void solveBackward(const Front& front, double* z) {
  const FrontLayout& layout = front.layout;
  V sums[kBlockPivots];
  for (int block = layout.blocks() - 1; block >= 0; --block) {
    const Column column(front, block);
    const int pivots = layout.pivotsOf(block), panels = layout.panels();
    for (int j = 0; j < pivots; ++j) sums[j] = V{};
    int r = column.end;
    for (; r + 3 < panels; r += 4) {
      const double* values = column.panel(r);
      const V z0 = at(z + r * W), z1 = at(z + (r + 1) * W), z2 = at(z + (r + 2) * W), z3 = at(z + (r + 3) * W);
      for (int j = 0; j < pivots; ++j, values += W)
        sums[j] += (at(values) * z0 + at(values + column.stride) * z1) + (at(values + 2 * column.stride) * z2 + at(values + 3 * column.stride) * z3);
    }
    for (; r < panels; ++r) {
      const double* values = column.panel(r);
      const V row = at(z + r * W);
      for (int j = 0; j < pivots; ++j) sums[j] += at(values + j * W) * row;
    }
    for (r = column.end - 1; r >= column.begin; --r) {
      const double* values = column.panel(r);
      double* row = z + r * W;
      const int own = (r - column.begin) * W;
      for (int j = W - 1; j >= 0; --j) {
        const double* factor = values + int64_t{own + j} * W;
        double value = row[j];
        for (int q = 0; q < W; ++q) value -= sums[own + j][q];
        for (int i = j + 1; i < W; ++i) value -= factor[i] * row[i];
        row[j] = value * factor[j];
      }
      const V solved = at(row);
      for (int j = 0; j < own; ++j) sums[j] += at(values + j * W) * solved;
    }
  }
}

namespace {

constexpr int kVectors = 2;          // of a row of right sides
constexpr int kLanes = kVectors * W;

// sum[i] -= sum over j of tile(i, j) x_j: `count` columns of W entries, and as many rows of right sides.
DINF_INLINE void subtractRows(int count, const double* tiles, const double* x, V (*sum)[kVectors]) {
  for (int j = 0; j < count; ++j, tiles += W, x += kLanes) {
    V row[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) row[v] = at(x + v * W);
#pragma GCC unroll 8
    for (int i = 0; i < W; ++i) {
      const V factor = everywhere(tiles + i);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sum[i][v] -= factor * row[v];
    }
  }
}

// sum[j] -= sum over i of tile(i, j) x_i.
DINF_INLINE void subtractColumns(const double* tile, const double* x, V (*sum)[kVectors]) {
#pragma GCC unroll 8
  for (int i = 0; i < W; ++i, x += kLanes) {
    V row[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) row[v] = at(x + v * W);
#pragma GCC unroll 8
    for (int j = 0; j < W; ++j) {
      const V factor = everywhere(tile + j * W + i);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sum[j][v] -= factor * row[v];
    }
  }
}

DINF_INLINE void loadRows(const double* from, V (*rows)[kVectors]) {
#pragma GCC unroll 8
  for (int i = 0; i < W; ++i)
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) rows[i][v] = at(from + i * kLanes + v * W);
}
DINF_INLINE void storeRows(double* to, V (*rows)[kVectors]) {
#pragma GCC unroll 8
  for (int i = 0; i < W; ++i)
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) store(to + i * kLanes + v * W, rows[i][v]);
}

}  // namespace

void solveForwardMany(const Front& front, double* z) {
  const FrontLayout& layout = front.layout;
  for (int block = 0; block < layout.blocks(); ++block) {
    const Column column(front, block);
    const int pivots = layout.pivotsOf(block);
    const double* known = z + int64_t{block} * kBlockPivots * kLanes;
    for (int r = column.begin; r < layout.panels(); ++r) {
      const double* values = column.panel(r);
      const int before = std::min((r - column.begin) * W, pivots);
      V rows[W][kVectors];
      loadRows(z + int64_t{r} * W * kLanes, rows);
      subtractRows(before, values, known, rows);
      if (before < pivots) {
        const double* factor = values + int64_t{before} * W;
#pragma GCC unroll 8
        for (int j = 0; j < W; ++j) {
#pragma GCC unroll 2
          for (int v = 0; v < kVectors; ++v) rows[j][v] *= everywhere(factor + j * W + j);
#pragma GCC unroll 8
          for (int i = j + 1; i < W; ++i)
#pragma GCC unroll 2
            for (int v = 0; v < kVectors; ++v) rows[i][v] -= everywhere(factor + j * W + i) * rows[j][v];
        }
      }
      storeRows(z + int64_t{r} * W * kLanes, rows);
    }
  }
}

void solveBackwardMany(const Front& front, double* z) {
  const FrontLayout& layout = front.layout;
  for (int block = layout.blocks() - 1; block >= 0; --block) {
    const Column column(front, block);
    for (int q = column.end - 1; q >= column.begin; --q) {
      V rows[W][kVectors];
      loadRows(z + int64_t{q} * W * kLanes, rows);
      for (int r = q + 1; r < layout.panels(); ++r) subtractColumns(column.tile(r, q), z + int64_t{r} * W * kLanes, rows);
      const double* factor = column.tile(q, q);
#pragma GCC unroll 8
      for (int j = W - 1; j >= 0; --j) {
#pragma GCC unroll 8
        for (int i = j + 1; i < W; ++i)
#pragma GCC unroll 2
          for (int v = 0; v < kVectors; ++v) rows[j][v] -= everywhere(factor + j * W + i) * rows[i][v];
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) rows[j][v] *= everywhere(factor + j * W + j);
      }
      storeRows(z + int64_t{q} * W * kLanes, rows);
    }
  }
}

const FrontKernels& frontTable() {
  static constexpr FrontKernels table = {W,          factoriseBlock, solveRowsOfBlock, subtractBlock,    gramOfRows,        scatterRows,
                                         solveForward, solveBackward,  kLanes,           solveForwardMany, solveBackwardMany};
  return table;
}

DINF_MATH_END
