// The linear decoder multiplied into the grid, and its adjoint: canonical parameters to packed planes and back, ghosts that stand for
// other nodes included. Work is split by rows of the grid.
#pragma once
#include <algorithm>
#include <vector>
#include "core/backend.h"
#include "cpu/kernels.h"
#include "cpu/thread_pool.h"

namespace dinf {

template <class Real>
class CpuFolding {
 public:
  CpuFolding(ThreadPool& pool, const CpuKernels<Real>& kernels) : pool_(pool), kernels_(kernels) {}

  void fold(const FoldShape& shape, const Real* parameters, Real* packed) {
    const int features = shape.folded ? 1 : shape.features;
    const int channels = shape.folded ? shape.outputs : shape.features;
    const int64_t gridSize = shape.grid.canonicalSize(channels);
    const Real* decoder = parameters + gridSize;
    const Real* bias = decoder + int64_t{shape.outputs} * shape.grid.levels * shape.features;
    const Real one = 1;
    eachRow(shape.grid, [&](int level, int64_t canonicalRow, int64_t packedRow, int64_t nodes, int64_t) {
      const int64_t stride = shape.grid.nodesAt(level);
      for (int o = 0; o < shape.outputs; ++o) {
        const int64_t from = shape.grid.canonicalOffset(level, shape.folded ? o : 0, channels) + canonicalRow;
        Real* to = packed + shape.grid.packedOffset(level, o) + packedRow;
        if (shape.folded) kernels_.combine(to, parameters + from, &one, 1, stride, Real(0), nodes);
        else
          kernels_.combine(to, parameters + from, decoder + (int64_t{o} * shape.grid.levels + level) * shape.features, features, stride,
                           level == 0 ? bias[o] : Real(0), nodes);
      }
    });
    eachGhostPlane(shape, [&](Real* plane, int level) { fillGhosts(shape, level, plane); }, packed);
  }

  void foldAdjoint(const FoldShape& shape, const Real* parameters, Real* packed, Real* gradient) {
    const GridShape& grid = shape.grid;
    eachGhostPlane(shape, [&](Real* plane, int level) { addGhosts(shape, level, plane); }, packed);
    if (shape.folded) {
      eachRow(grid, [&](int level, int64_t canonicalRow, int64_t packedRow, int64_t nodes, int64_t) {
        const Real one = 1;
        for (int o = 0; o < shape.outputs; ++o) {
          const int64_t to = grid.canonicalOffset(level, o, shape.outputs) + canonicalRow;
          const Real* from = packed + grid.packedOffset(level, o) + packedRow;
          kernels_.combine(gradient + to, from, &one, 1, 0, Real(0), nodes);
        }
      });
      return;
    }
    const int features = shape.features, outputs = shape.outputs;
    const int64_t gridSize = grid.canonicalSize(features), weights = int64_t{outputs} * grid.levels * features;
    const Real* decoder = parameters + gridSize;
    // Decoder gradients: a partial sum a row and (output, feature), and the sum of level 0 for the bias.
    const int64_t perRow = int64_t{outputs} * (features + 1);
    std::vector<double> partial(rowCount(grid) * perRow, 0.0);
    std::vector<int> rowLevel(rowCount(grid));
    eachRow(grid, [&](int level, int64_t canonicalRow, int64_t packedRow, int64_t nodes, int64_t item) {
      const int64_t stride = grid.nodesAt(level), at = grid.canonicalOffset(level, 0, features) + canonicalRow;
      rowLevel[item] = level;
      for (int o = 0; o < outputs; ++o) {
        const Real* from = packed + grid.packedOffset(level, o) + packedRow;
        double* dots = partial.data() + item * perRow + o * (features + 1);
        kernels_.spread(gradient + at, from, parameters + at, decoder + (int64_t{o} * grid.levels + level) * features, features, stride,
                        o > 0, nodes, dots);
        if (level == 0 && shape.biasActive)
          for (int64_t i = 0; i < nodes; ++i) dots[features] += static_cast<double>(from[i]);
      }
    });
    std::vector<double> total(weights + outputs, 0.0);
    for (int64_t item = 0; item < rowCount(grid); ++item)
      for (int o = 0; o < outputs; ++o) {
        const double* dots = partial.data() + item * perRow + o * (features + 1);
        for (int f = 0; f < features; ++f) total[(int64_t{o} * grid.levels + rowLevel[item]) * features + f] += dots[f];
        total[weights + o] += dots[features];  // weights of a sample sum to one: level 0 alone sees every sample once
      }
    for (int64_t i = 0; i < weights + outputs; ++i) gradient[gridSize + i] = static_cast<Real>(total[i]);
  }

 private:
  static constexpr int64_t kRowChunk = 16;  // rows of one item

  static int64_t rowCount(const GridShape& grid) {
    int64_t rows = 0;
    for (int s = 0; s < grid.levels; ++s) rows += grid.nodesAt(s) / grid.nodesAt(s, grid.dims - 1);
    return rows;
  }
  // Calls f(level, canonical offset in the plane, packed offset in the plane, nodes, item) for each row along the last axis.
  template <class F>
  void eachRow(const GridShape& grid, F f) {
    struct Item {
      int level;
      int64_t row, number;
    };
    std::vector<Item> items;
    int64_t number = 0;
    for (int s = 0; s < grid.levels; ++s) {
      const int64_t rows = grid.nodesAt(s) / grid.nodesAt(s, grid.dims - 1);
      for (int64_t r = 0; r < rows; r += kRowChunk) items.push_back({s, r, number + r});
      number += rows;
    }
    const int shift0 = grid.packedShift(0), shift1 = grid.packedShift(1), shiftLast = grid.packedShift(grid.dims - 1);
    pool_.parallelFor(static_cast<int64_t>(items.size()), [&](int64_t i, int) {
      const int s = items[i].level;
      const int64_t nodes = grid.nodesAt(s, grid.dims - 1), rows = grid.nodesAt(s) / nodes;
      for (int64_t r = items[i].row; r < std::min(rows, items[i].row + kRowChunk); ++r) {
        int64_t at = shiftLast;
        if (grid.dims == 2) at += (r + shift0) * grid.packedStride0(s);
        if (grid.dims == 3) {
          const int64_t n1 = grid.nodesAt(s, 1);
          at += (r / n1 + shift0) * grid.packedStride0(s) + (r % n1 + shift1) * grid.packedStride1(s);
        }
        f(s, r * nodes, at, nodes, items[i].number + r - items[i].row);
      }
    });
  }

  // Do ghosts around an axis stand for other nodes?
  static bool ghostsStand(const FoldShape& shape, int axis) {
    return shape.grid.periodic(axis) || (shape.clampedGhosts && axis < shape.grid.dims && shape.grid.edge[axis] == Edge::clamp);
  }
  // Calls f(packed plane, level) for every plane of a grid that has such an axis.
  template <class F>
  void eachGhostPlane(const FoldShape& shape, F f, Real* packed) {
    const GridShape& grid = shape.grid;
    if (!ghostsStand(shape, 0) && !ghostsStand(shape, 1) && !ghostsStand(shape, 2)) return;
    pool_.parallelFor(int64_t{shape.outputs} * grid.levels, [&](int64_t i, int) {
      const int channel = static_cast<int>(i / grid.levels), level = static_cast<int>(i % grid.levels);
      f(packed + grid.packedOffset(level, channel), level);
    });
  }
  // Ghosts around a periodic axis stand for the nodes that their indices are modulo N, those around a clamped one for the node at the
  // border. Later axes first, so that a ghost along two axes is filled from one that is; added in the opposite order, the exact
  // adjoint.
  static void fillGhosts(const FoldShape& shape, int level, Real* plane) {
    for (int k = shape.grid.dims - 1; k >= 0; --k)
      eachGhost(shape, level, k, [&](int64_t ghost, int64_t node) { plane[ghost] = plane[node]; });
  }
  static void addGhosts(const FoldShape& shape, int level, Real* plane) {
    for (int k = 0; k < shape.grid.dims; ++k)
      eachGhost(shape, level, k, [&](int64_t ghost, int64_t node) { plane[node] += plane[ghost]; });
  }
  // Calls f(ghost, node) for the packed offsets of every ghost of such an axis, at all packed places of the other axes.
  template <class F>
  static void eachGhost(const FoldShape& shape, int level, int axis, F f) {
    if (!ghostsStand(shape, axis)) return;
    const GridShape& grid = shape.grid;
    int64_t count[kMaxDims], stride[kMaxDims];
    for (int k = 0; k < kMaxDims; ++k) {
      count[k] = grid.packedNodes(level, k);
      stride[k] = k == grid.dims - 1 ? 1 : k == 0 ? grid.packedStride0(level) : grid.packedStride1(level);
    }
    const int nodes = grid.nodesAt(level, axis), shift = grid.packedShift(axis), packed = static_cast<int>(count[axis]);
    const bool periodic = grid.periodic(axis);
    count[axis] = 1;
    for (int64_t i = 0; i < count[0]; ++i)
      for (int64_t j = 0; j < count[1]; ++j)
        for (int64_t l = 0; l < count[2]; ++l) {
          const int64_t at = i * stride[0] + j * stride[1] + l * stride[2];
          for (int n = 0; n < packed; ++n) {
            const int ghost = n - shift;
            if (ghost >= 0 && ghost < nodes) continue;
            const int node = periodic ? (ghost % nodes + nodes) % nodes : ghost < 0 ? 0 : nodes - 1;
            f(at + n * stride[axis], at + (node + shift) * stride[axis]);
          }
        }
  }

  ThreadPool& pool_;
  const CpuKernels<Real>& kernels_;
};

}  // namespace dinf
