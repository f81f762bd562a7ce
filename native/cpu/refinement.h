// Nested levels summed into the finest grid, and the adjoint: the rows of a level are work items, whatever the threads.
#pragma once
#include <algorithm>
#include <vector>
#include "core/backend.h"
#include "cpu/kernels.h"
#include "cpu/thread_pool.h"
#include "math/refinement.h"

namespace dinf {

template <class Real>
class CpuRefinement {
 public:
  CpuRefinement(ThreadPool& pool, const CpuKernels<Real>& kernels) : pool_(pool), kernels_(kernels), scratch_(pool.threads()) {}

  void refine(const GridShape& grid, int channels, Real* levels, Real* finest) {
    const generic::RefinementMask<Real> mask(grid.rings());
    const GridShape target = grid.finest();
    for (int s = grid.levels - 1; s > 0; --s) {
      eachRow(grid, s - 1, channels, [&](int channel, const int* at, Real* scratch) {
        const Real* coarse = levels + grid.packedOffset(s, channel);
        const Real* base = levels + grid.packedOffset(s - 1, channel) + rowOffset(grid, s - 1, at);
        Real* out = s > 1 ? levels + (base - levels) : finest + target.packedOffset(0, channel) + rowOffset(target, 0, at);
        Rows rows(grid, s, coarse);
        for (int k = 0; k + 1 < grid.dims; ++k) {
          rows.first[k] = mask.firstRefined(at[k]);
          rows.last[k] = mask.lastRefined(at[k]);
        }
        rows.gather([&](int k, int j) { return mask.between(at[k], j); });
        kernels_.refineRow(rows.call(grid, s, mask), base, out, scratch);
      });
    }
  }

  void refineAdjoint(const GridShape& grid, int channels, const Real* finest, Real* levels) {
    const generic::RefinementMask<Real> mask(grid.rings());
    const GridShape source = grid.finest();
    for (int c = 0; c < channels; ++c) {
      const Real* from = finest + source.packedOffset(0, c);
      Real* to = levels + grid.packedOffset(0, c);
      pool_.chunks(grid.packedPlane(0), [&](int64_t at, int64_t n) { std::copy_n(from + at, n, to + at); });
    }
    for (int s = 1; s < grid.levels; ++s) {
      eachRow(grid, s, channels, [&](int channel, const int* at, Real* scratch) {
        Rows rows(grid, s - 1, levels + grid.packedOffset(s - 1, channel));
        for (int k = 0; k + 1 < grid.dims; ++k) {
          rows.first[k] = mask.firstReader(at[k]);
          rows.last[k] = mask.lastReader(at[k], grid.packedNodes(s - 1, k));
        }
        rows.gather([&](int k, int j) { return mask.between(j, at[k]); });
        kernels_.refineRowAdjoint(rows.call(grid, s, mask), levels + grid.packedOffset(s, channel) + rowOffset(grid, s, at), scratch);
      });
    }
  }

 private:
  static constexpr int64_t kItem = 1 << 16;  // multiply-adds worth waking a thread for: some 10 us

  static int64_t rowOffset(const GridShape& grid, int level, const int* at) {
    return grid.dims == 1 ? 0 : at[0] * grid.packedStride0(level) + (grid.dims == 3 ? at[1] * grid.packedStride1(level) : 0);
  }

  // The rows of a level that one row of its neighbour reads: products of the weights of the axes across them.
  struct Rows {
    Rows(const GridShape& grid, int level, const Real* plane) : grid(grid), level(level), plane(plane) {}
    const GridShape& grid;
    const int level;
    const Real* plane;
    int first[2] = {0, 0}, last[2] = {0, 0};
    int count = 0;
    static constexpr int kMost = (kMaxTaps + 1) * (kMaxTaps + 1);
    const Real* row[kMost];
    Real weight[kMost];

    template <class F>
    void gather(F between) {
      int at[2];
      for (at[0] = first[0]; at[0] <= last[0]; ++at[0])
        for (at[1] = first[1]; at[1] <= last[1]; ++at[1]) {
          row[count] = plane + rowOffset(grid, level, at);
          weight[count] = Real(1);
          for (int k = 0; k + 1 < grid.dims; ++k) weight[count] *= between(k, at[k]);
          ++count;
        }
    }
    RefineCall<Real> call(const GridShape& grid, int coarser, const generic::RefinementMask<Real>& mask) const {
      const int axis = grid.dims - 1;
      return {mask.rings, mask.weight, row, weight, count, grid.packedNodes(coarser - 1, axis), grid.packedNodes(coarser, axis)};
    }
  };

  // Calls f(channel, index of the row on the axes before the last, scratch) for every packed row of a level.
  template <class F>
  void eachRow(const GridShape& grid, int level, int channels, F f) {
    const int axis = grid.dims - 1;
    const int64_t rows0 = grid.dims > 1 ? grid.packedNodes(level, 0) : 1, rows1 = grid.dims > 2 ? grid.packedNodes(level, 1) : 1;
    int64_t perRow = 4 * grid.rings() * grid.packedNodes(level, axis);
    for (int k = 1; k < grid.dims; ++k) perRow *= 2 * grid.rings();
    const int64_t rows = rows0 * rows1, chunk = std::max<int64_t>(1, kItem / perRow), items = (rows + chunk - 1) / chunk;
    for (std::vector<Real>& scratch : scratch_)
      scratch.resize(std::max<size_t>(scratch.size(), refineScratch(grid.packedNodes(0, axis), grid.packedNodes(0, axis))));
    pool_.parallelFor(items * channels, [&](int64_t i, int thread) {
      for (int64_t r = i % items * chunk; r < std::min(rows, (i % items + 1) * chunk); ++r) {
        const int at[2] = {static_cast<int>(r / rows1), static_cast<int>(r % rows1)};
        f(static_cast<int>(i / items), at, scratch_[thread].data());
      }
    });
  }

  ThreadPool& pool_;
  const CpuKernels<Real>& kernels_;
  std::vector<std::vector<Real>> scratch_;
};

}  // namespace dinf
