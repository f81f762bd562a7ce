// Nested B-spline levels summed into the finest grid, and the adjoint (math/refinement.h). A thread owns a packed node, of the finer
// level of two on the way down and of the coarser on the way up, and gathers from the other: nothing is added atomically, and sums run in
// one order. Levels follow one another, two at a launch.
#include "cuda/launch.h"
#include "cuda/ops.h"
#include "math/refinement.h"

namespace dinf::cuda {
namespace {

constexpr int kThreads = 256;

// One of the two levels; axes that do not exist have one node, and stride 0.
struct RefineLevel {
  int count[kMaxDims];       // packed nodes
  int64_t stride[kMaxDims];  // of a packed plane
  int64_t offset, channelStride;
};
struct RefineTable {
  int dims;
  RefineLevel fine, coarse;
};

// The axes are the last `dims` of three, so that loops over the others have one turn. A level's nodes number less than 2^31.
__device__ __forceinline__ bool place(const RefineLevel& level, int* at) {
  const unsigned item = blockIdx.x * blockDim.x + threadIdx.x;
  const unsigned rows = item / level.count[2];
  at[2] = static_cast<int>(item - rows * level.count[2]);
  at[0] = static_cast<int>(rows / level.count[1]);
  at[1] = static_cast<int>(rows - static_cast<unsigned>(at[0]) * level.count[1]);
  return at[0] < level.count[0];
}
__device__ __forceinline__ int64_t offsetOf(const RefineLevel& level, const int* at) {
  return level.offset + blockIdx.y * level.channelStride + at[0] * level.stride[0] + at[1] * level.stride[1] + at[2] * level.stride[2];
}

// The nodes of a level from `first` to `last`, each times the product of its axes' weights.
template <class Real, class Weight>
__device__ __forceinline__ Real weighted(const RefineLevel& level, const Real* __restrict__ values, const int* first, const int* last,
                                         Weight weight) {
  Real total = 0;
  int j[kMaxDims];
  for (j[0] = first[0]; j[0] <= last[0]; ++j[0]) {
    Real plane = 0;
    for (j[1] = first[1]; j[1] <= last[1]; ++j[1]) {
      j[2] = 0;
      const Real* from = values + offsetOf(level, j);
      Real row = 0;
      for (j[2] = first[2]; j[2] <= last[2]; ++j[2]) row += weight(2, j[2]) * from[j[2] * level.stride[2]];
      plane += weight(1, j[1]) * row;
    }
    total += weight(0, j[0]) * plane;
  }
  return total;
}

// Budget a node of the finer level: (rho + 1/2)^d multiply-adds of values that its neighbours read too (a warp's in 2-D: 16 + rho
// columns of rho + 1 rows, from the first-level cache), 4 bytes read and written.
template <class Real>
__global__ void __launch_bounds__(kThreads, 1) refineKernel(const __grid_constant__ RefineTable table,
                                                         const __grid_constant__ generic::RefinementMask<Real> mask,
                                                         const Real* __restrict__ coarse,
                                                         const Real* base,
                                                         const RefineLevel out,
                                                         Real* to) {
  int at[kMaxDims];
  if (!place(table.fine, at)) return;
  int first[kMaxDims] = {0, 0, 0}, last[kMaxDims] = {0, 0, 0};
#pragma unroll
  for (int k = 0; k < kMaxDims; ++k)
    if (k >= kMaxDims - table.dims) {
      first[k] = mask.firstRefined(at[k]);
      last[k] = mask.lastRefined(at[k]);
    }
  const auto weight = [&](int k, int j) { return k >= kMaxDims - table.dims ? mask.between(at[k], j) : Real(1); };
  to[offsetOf(out, at)] = base[offsetOf(table.fine, at)] + weighted(table.coarse, coarse, first, last, weight);
}

// Budget a node of the coarser level: (2 rho + 1)^d multiply-adds, 2^d times 4 bytes read.
template <class Real>
__global__ void __launch_bounds__(kThreads, 1) refineAdjointKernel(const __grid_constant__ RefineTable table,
                                                                const __grid_constant__ generic::RefinementMask<Real> mask,
                                                                const Real* __restrict__ fine,
                                                                Real* __restrict__ coarse) {
  int at[kMaxDims];
  if (!place(table.coarse, at)) return;
  int first[kMaxDims] = {0, 0, 0}, last[kMaxDims] = {0, 0, 0};
#pragma unroll
  for (int k = 0; k < kMaxDims; ++k)
    if (k >= kMaxDims - table.dims) {
      first[k] = mask.firstReader(at[k]);
      last[k] = mask.lastReader(at[k], table.fine.count[k]);
    }
  const auto weight = [&](int k, int j) { return k >= kMaxDims - table.dims ? mask.between(j, at[k]) : Real(1); };
  coarse[offsetOf(table.coarse, at)] = weighted(table.fine, fine, first, last, weight);
}

RefineLevel levelOf(const GridShape& grid, int level) {
  RefineLevel to{};
  for (int k = 0; k < kMaxDims; ++k) {
    const int axis = k - (kMaxDims - grid.dims);
    to.count[k] = axis < 0 ? 1 : grid.packedNodes(level, axis);
    to.stride[k] = axis < 0 ? 0 : axis == grid.dims - 1 ? 1 : axis == 0 ? grid.packedStride0(level) : grid.packedStride1(level);
  }
  to.offset = grid.packedOffset(level, 0);
  to.channelStride = grid.packedOffset(0, 1);
  return to;
}
dim3 blocksOf(const RefineLevel& level, int channels) {
  const int64_t nodes = int64_t{level.count[0]} * level.count[1] * level.count[2];
  check(nodes < int64_t{1} << 31, ErrorCode::outOfMemory, "a grid of that many nodes is too large for a CUDA device");
  return dim3(blocksFor(nodes, kThreads), channels);
}

}  // namespace

template <class Real>
void refine(Context& context, const GridShape& grid, int channels, Real* levels, Real* finest) {
  const generic::RefinementMask<Real> mask(grid.rings());
  for (int s = grid.levels - 1; s > 0; --s) {
    const RefineTable table{grid.dims, levelOf(grid, s - 1), levelOf(grid, s)};
    const RefineLevel out = s > 1 ? table.fine : levelOf(grid.finest(), 0);
    launch(refineKernel<Real>, blocksOf(table.fine, channels), kThreads, 0, context.stream(), table, mask, levels, levels, out,
           s > 1 ? levels : finest);
  }
}

template <class Real>
void refineAdjoint(Context& context, const GridShape& grid, int channels, const Real* finest, Real* levels) {
  const generic::RefinementMask<Real> mask(grid.rings());
  const GridShape source = grid.finest();
  for (int c = 0; c < channels; ++c)
    checkCuda(cudaMemcpyAsync(levels + grid.packedOffset(0, c), finest + source.packedOffset(0, c),
                              static_cast<size_t>(grid.packedPlane(0)) * sizeof(Real), cudaMemcpyDeviceToDevice, context.stream()),
              "a copy");
  for (int s = 1; s < grid.levels; ++s) {
    const RefineTable table{grid.dims, levelOf(grid, s - 1), levelOf(grid, s)};
    launch(refineAdjointKernel<Real>, blocksOf(table.coarse, channels), kThreads, 0, context.stream(), table, mask, levels, levels);
  }
}

template void refine<float>(Context&, const GridShape&, int, float*, float*);
template void refine<double>(Context&, const GridShape&, int, double*, double*);
template void refineAdjoint<float>(Context&, const GridShape&, int, const float*, float*);
template void refineAdjoint<double>(Context&, const GridShape&, int, const double*, double*);

}  // namespace dinf::cuda
