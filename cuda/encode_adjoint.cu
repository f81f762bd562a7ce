// The encoder's adjoint, kernels that are products over the axes: what every node gets from the samples around it.
//
// A round's samples meet their planes once: a_c(i, j) = sum of planes times the weights of all axes but the last, for each order c along
// the last; a node then gets sum over c of a_c(i, j) w_c(k). For squares of the Jacobian's entries the same number is squared.
//
// Budget a sample and level, 2-D, order 1, rho 3: weights 100 instructions, a_c 6 x 3 multiply-adds, then 36 (sample, node) pairs of 2
// multiply-adds and 4 words of shared memory, about 9 instructions with the walk through the cells. 262 144 samples, 6 levels: 7e8
// thread instructions; predicted, not measured: 45 us at half the issue rate of an H200. Patches: 4 MB written and read.
#include <algorithm>
#include "cuda/encode.h"
#include "cuda/tile_gather.h"
#include "cuda/weights.h"

namespace dinf::cuda {
namespace {

// The planes that a call reads, those of one order along the last axis together.
template <class Real>
struct AdjointTable {
  GridTable<Real> grid;
  Sources<Real> sources;
  int planes;
  int plane[kMaxPlanes];                        // of the closed set
  unsigned char lead[kMaxPlanes], middle[kMaxPlanes];  // orders along the first axis, and along the second of three
  int firstOfOrder[kMaxOrder + 2];              // where each order along the last axis begins
  int closedPlanes;
  int patchNodes[kMaxDims];
  int samplesPerRound;
};

// Shared memory of a round: weights of all axes, values of the planes, a_c; each with the sample last.
template <class Real>
__host__ __device__ inline int wordsPerSample(int dims, int order, int taps, int planes) {
  int lead = 1;
  for (int k = 1; k < dims; ++k) lead *= taps;
  return dims * (order + 1) * taps + planes + lead * (order + 1);
}

template <int D, int K, class Real>
__global__ void __launch_bounds__(kGatherThreads, 1) encodeAdjointKernel(const __grid_constant__ AdjointTable<Real> table,
                                                                           const TileItem* __restrict__ items,
                                                                           const uint2* __restrict__ ranges,
                                                                           const uint32_t* __restrict__ numbers,
                                                                           const Real* __restrict__ scale,
                                                                           Real* __restrict__ patches,
                                                                           int64_t patchSize,
                                                                           int64_t begin,
                                                                           int64_t end) {
  const TileItem item = items[blockIdx.x];
  const Sources<Real>& sources = table.sources;
  if (item.level < sources.firstLevel || item.level >= sources.firstLevel + sources.levels) return;
  const uint2 range = placesOf(ranges[blockIdx.x], numbers, begin, end);
  const GridTable<Real>& grid = table.grid;
  const int taps = grid.taps, size = table.samplesPerRound;
  Real* const shared = blockShared<Real>();
  const TileFrame<D, Real> frame(shared);
  Real* const weights = TileFrame<D, Real>::behind(shared);
  Real* const values = weights + D * (K + 1) * taps * size;  // [plane][sample]
  Real* const folded = values + table.planes * size;         // [tap of the leading axes][order][sample]
  const auto axis = [&](int k) { return Columns<Real>{weights + k * (K + 1) * taps * size, taps, size}; };
  constexpr int kLead = D - 1;
  int leadTaps = 1;
  for (int k = 0; k < kLead; ++k) leadTaps *= taps;

  for (unsigned at = range.x; at < range.y; at += size) {
    const unsigned count = min(static_cast<unsigned>(size), range.y - at);
    const auto sampleOf = [&](unsigned n) { return numbers ? static_cast<int64_t>(numbers[at + n]) : static_cast<int64_t>(at + n); };
    const Round round = frame.survey(grid, item, numbers, at, count);
    for (unsigned task = threadIdx.x; task < D * count; task += kGatherThreads) {
      const int k = task / count, n = task % count;
      Columns<Real> w = axis(k);
      w.base += n;
      axisWeights(grid, item.level, k, K, sampleOf(n), w);
    }
    for (int c = 0; c < sources.channels; ++c) {
      const int64_t from = c * sources.channelStride + item.level * sources.levelStride;
      for (unsigned task = threadIdx.x; task < table.planes * count; task += kGatherThreads) {
        const int p = task / count, n = task % count, plane = table.plane[p];
        const int64_t sample = sampleOf(n);
        // A sample of another tile of the set, in an order that is not the set's.
        const bool here = sample >= begin && sample < end;
        values[p * size + n] = here ? sources.plane[plane][from + sample - begin] * scale[item.level * table.closedPlanes + plane] : Real(0);
      }
      __syncthreads();
      for (unsigned task = threadIdx.x; task < leadTaps * count; task += kGatherThreads) {
        const int lead = task / count, n = task % count;
        const int i = D == 3 ? lead / taps : lead, j = D == 3 ? lead % taps : 0;
#pragma unroll
        for (int last = 0; last <= K; ++last) {
          Real sum = 0;
          for (int p = table.firstOfOrder[last]; p < table.firstOfOrder[last + 1]; ++p) {
            Real value = values[p * size + n];
            if constexpr (D >= 2) value *= weights[(table.lead[p] * taps + i) * size + n];
            if constexpr (D == 3) value *= weights[(((K + 1) + table.middle[p]) * taps + j) * size + n];
            sum += value;
          }
          folded[(lead * (K + 1) + last) * size + n] = sum;
        }
      }
      __syncthreads();
      const Columns<Real> w = axis(D - 1);
      const bool squares = sources.squares;
      frame.gather(round, taps, table.patchNodes, patches + (sources.firstPatch + c) * patchSize + item.patch, [&](const int* tap, unsigned n) {
        const int lead = D == 1 ? 0 : D == 2 ? tap[0] : tap[0] * taps + tap[1];
        Real sum = 0;
#pragma unroll
        for (int last = 0; last <= K; ++last)
          sum += folded[(lead * (K + 1) + last) * size + n] * w.base[(last * taps + tap[D - 1]) * size + n];
        return squares ? sum * sum : sum;
      });
      __syncthreads();
    }
  }
}

}  // namespace

template <class Real>
void encodeAdjoint(Context& context, CudaBinding<Real>& binding, int64_t begin, int64_t count, const Sources<Real>& sources) {
  if (binding.itemCount == 0) return;
  const int d = binding.grid.dims;
  AdjointTable<Real> table{};
  table.grid = binding.table;
  table.sources = sources;
  table.closedPlanes = binding.closed.count;
  for (int last = 0; last <= binding.order; ++last) {
    table.firstOfOrder[last] = table.planes;
    for (int p = 0; p < binding.closed.count; ++p) {
      const MultiIndex& index = binding.closed.index[p];
      if (!sources.plane[p] || index.a[d - 1] != last) continue;
      table.lead[table.planes] = static_cast<unsigned char>(d >= 2 ? index.a[0] : 0);
      table.middle[table.planes] = static_cast<unsigned char>(d == 3 ? index.a[1] : 0);
      table.plane[table.planes++] = p;
    }
  }
  table.firstOfOrder[binding.order + 1] = table.planes;
  for (int k = 0; k < kMaxDims; ++k) table.patchNodes[k] = k < d ? tileSide(d) + table.grid.taps - 1 : 1;
  // As many samples as 48 KB hold, a multiple of a warp where they hold one.
  const size_t sampleBytes = wordsPerSample<Real>(d, binding.order, table.grid.taps, table.planes) * sizeof(Real);
  const size_t room = 48 * 1024 - frameBytes<Real>(d);
  int samples = static_cast<int>(std::min<size_t>(kGatherThreads, room / sampleBytes));
  if (samples > 32) samples = samples / 32 * 32;
  table.samplesPerRound = samples;
  const size_t bytes = frameBytes<Real>(d) + samples * sampleBytes;
  byShape(d, binding.order, [&]<int D, int K>() {
    launch(encodeAdjointKernel<D, K, Real>, dim3(static_cast<unsigned>(binding.itemCount)), dim3(kGatherThreads), bytes, context.stream(), table,
           binding.items(), binding.ranges(), binding.numbers(), binding.scale, binding.patches(), binding.patchSize, begin, begin + count);
  });
}

template void encodeAdjoint<float>(Context&, CudaBinding<float>&, int64_t, int64_t, const Sources<float>&);
template void encodeAdjoint<double>(Context&, CudaBinding<double>&, int64_t, int64_t, const Sources<double>&);

}  // namespace dinf::cuda
