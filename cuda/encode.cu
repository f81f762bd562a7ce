// Features and their derivatives at samples, kernels that are products over the axes.
//
// Budget a sample and level, 2-D, order 1, rho 3: 24 weights (a pair of exponentials an axis), 36 nodes read once through the caches, 36 x 2
// multiply-adds along the last axis, 6 x 3 along the first. With the number of taps as a constant the weights lie in registers and that is
// about 500 instructions of PTX, 36 of them loads; with columns of shared memory in place of registers it was 1 600.
#include <algorithm>
#include "cuda/encode.h"
#include "cuda/weights.h"

namespace dinf::cuda {
namespace {

template <class Real>
struct EncodeTable {
  GridTable<Real> grid;
  const Real* scale;
  int planeOf[kMaxPlanes];
  int channels, outputPlanes;
  bool separate;          // levels are channels of their own
  int channelsAtOnce;
};

// Sums over the neighbourhood of one sample, in cells: value[closedIndex] for every multi-index of order <= K. T taps, or as many as
// `taps` says where T is 0.
template <int D, int K, int T, class Real, class Weights>
__device__ __forceinline__ void contract(const Real* __restrict__ corner,
                                         const int64_t* __restrict__ stride,
                                         int given,
                                         const Weights* w,
                                         Real* value) {
  [[maybe_unused]] constexpr int kTurns = T > 0 ? T : 1, kInnerTurns = T > 0 ? T : 4;  // of a loop that are unrolled
  const int taps = T > 0 ? T : given;
#pragma unroll
  for (int i = 0; i < closedCount<D, K>; ++i) value[i] = 0;
  // Along the last axis, nodes that lie side by side.
  const auto row = [&](const Real* from, const Weights& weights, Real* out) {
#pragma unroll
    for (int c = 0; c <= K; ++c) out[c] = 0;
#pragma unroll kInnerTurns
    for (int j = 0; j < taps; ++j) {
      const Real node = __ldg(from + j);
#pragma unroll
      for (int c = 0; c <= K; ++c) out[c] += weights[c][j] * node;
    }
  };
  if constexpr (D == 1) {
    row(corner, w[0], value);
  } else if constexpr (D == 2) {
#pragma unroll kTurns
    for (int i = 0; i < taps; ++i) {
      Real r[K + 1];
      row(corner + i * stride[0], w[1], r);
#pragma unroll
      for (int a = 0; a <= K; ++a) {
        const Real lead = w[0][a][i];
#pragma unroll
        for (int b = 0; b <= K - a; ++b) value[closedIndex<2>(a, b, 0)] += lead * r[b];
      }
    }
  } else {
#pragma unroll kTurns
    for (int i = 0; i < taps; ++i) {
      Real slab[closedCount<2, K>];
#pragma unroll
      for (int n = 0; n < closedCount<2, K>; ++n) slab[n] = 0;
#pragma unroll kTurns
      for (int j = 0; j < taps; ++j) {
        Real r[K + 1];
        row(corner + i * stride[0] + j * stride[1], w[2], r);
#pragma unroll
        for (int b = 0; b <= K; ++b) {
          const Real middle = w[1][b][j];
#pragma unroll
          for (int c = 0; c <= K - b; ++c) slab[closedIndex<2>(b, c, 0)] += middle * r[c];
        }
      }
#pragma unroll
      for (int a = 0; a <= K; ++a) {
        const Real lead = w[0][a][i];
#pragma unroll
        for (int b = 0; b <= K - a; ++b)
#pragma unroll
          for (int c = 0; c <= K - a - b; ++c) value[closedIndex<3>(a, b, c)] += lead * slab[closedIndex<2>(b, c, 0)];
      }
    }
  }
}

// A thread a sample; what it keeps lies in registers or its own columns, so nothing waits for anybody.
// Counted (scattered): 24.6 M warp instructions, 0.16 M wavefronts, 5.5 M sectors.
template <int D, int K, int T, class Real>
__global__ void __launch_bounds__(256, 1) encodeKernel(const __grid_constant__ EncodeTable<Real> table,
                                                    const Real* __restrict__ packed,
                                                    Real* __restrict__ jets,
                                                    int64_t begin,
                                                    int64_t count) {
  constexpr int planes = closedCount<D, K>;
  const GridTable<Real>& grid = table.grid;
  const int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= count) return;
  const int stride = blockDim.x, taps = grid.taps;
  Real* const own = blockShared<Real>() + threadIdx.x;
  Real* const sums = own + (T > 0 ? 0 : D * (K + 1) * taps * stride);  // [channel][plane]
  const auto axis = [&](int k) { return Columns<Real>{own + k * (K + 1) * taps * stride, taps, stride}; };
  std::conditional_t<(T > 0), FixedWeights<Real, K, (T > 0 ? T : 1)>, Columns<Real>> w[D];
  if constexpr (T == 0)
#pragma unroll
    for (int k = 0; k < D; ++k) w[k] = axis(k);
  for (int first = 0; first < table.channels; first += table.channelsAtOnce) {
    const int last = min(first + table.channelsAtOnce, table.channels);
    for (int s = 0; s < grid.levels; ++s) {
      int64_t at = grid.offset[s];
#pragma unroll(T > 0 ? D : 1)
      for (int k = 0; k < D; ++k) {  // one copy of the code where weights lie in columns
        if constexpr (T > 0) axisWeights(grid, s, k, begin + i, w[k]);
        else axisWeights(grid, s, k, K, begin + i, axis(k));
        at += (grid.cell[k][begin + i] >> s) * grid.stride[s][k];
      }
      for (int c = first; c < last; ++c) {
        Real value[planes];
        contract<D, K, T>(packed + c * grid.channelStride + at, grid.stride[s], taps, w, value);
        Real* const out = jets + (int64_t{table.separate ? s * table.channels + c : c} * table.outputPlanes) * count + i;
        Real* const sum = sums + (c - first) * planes * stride;
#pragma unroll
        for (int p = 0; p < planes; ++p) {
          if (table.planeOf[p] < 0) continue;
          Real v = value[p] * table.scale[s * planes + p];
          if (!table.separate && s > 0) v += sum[p * stride];
          if (table.separate || s + 1 == grid.levels) out[table.planeOf[p] * count] = v;
          else sum[p * stride] = v;
        }
      }
    }
  }
}

}  // namespace

template <class Real>
void encode(Context& context, const CudaBinding<Real>& binding, int64_t begin, int64_t count, const Real* packed, Real* jets) {
  EncodeTable<Real> table{binding.table, binding.scale, {}, binding.channels, binding.jets.count, binding.map == ChannelMap::separateLevels, 1};
  for (int p = 0; p < binding.closed.count; ++p) table.planeOf[p] = binding.planeOf[p];
  const int planes = binding.closed.count;
  const bool sums = !table.separate && table.grid.levels > 1;
  int weights = binding.grid.dims * (binding.order + 1) * table.grid.taps;
  byTaps(binding, [&]<int D, int K, int T>() { weights = T > 0 ? 0 : weights; });  // which then lie in registers
  const auto bytes = [&](int threads) {
    return static_cast<size_t>(threads) * (weights + (sums ? table.channelsAtOnce * planes : 0)) * sizeof(Real);
  };
  // All channels at once while a warp's columns still fit, so that weights are computed once; then as many threads as fit.
  constexpr size_t kShared = 48 * 1024;
  table.channelsAtOnce = binding.channels;
  while (table.channelsAtOnce > 1 && bytes(64) > kShared) --table.channelsAtOnce;
  int threads = 256;
  while (threads > 32 && bytes(threads) > kShared) threads /= 2;
  byTaps(binding, [&]<int D, int K, int T>() {
    launch(encodeKernel<D, K, T, Real>, blocksFor(count, threads), dim3(threads), bytes(threads), context.stream(),
           table, packed, jets, begin, count);
  });
}

template void encode<float>(Context&, const CudaBinding<float>&, int64_t, int64_t, const float*, float*);
template void encode<double>(Context&, const CudaBinding<double>&, int64_t, int64_t, const double*, double*);

}  // namespace dinf::cuda
