// The encoder's adjoint, kernels that are products over the axes: what every node gets from the samples around it.
//
// A round's samples meet their planes once: a_c(i, j) = sum of planes times the weights of all axes but the last, for each order c along
// the last; a node then gets sum over c of a_c(i, j) w_c(k). For squares of the Jacobian's entries the same number is squared.
//
// Budget a sample and level, 2-D, order 1, rho 3: weights 400 instructions of PTX, a_c 400, then 36 (sample, node) pairs of 2 multiply-adds
// and 4 words of shared memory, about 50 with the walk through the cells. Patches: 4 MB written and read.
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

// Samples of cells that lie one above another stand 4^n apart in Morton order: without a word of padding in every 32, their columns would
// share a few banks.
__host__ __device__ constexpr int padded(int n) { return n + (n >> 5); }

// Shared memory of a round: weights of all axes, values of the planes, a_c; each with the sample last.
template <class Real>
__host__ __device__ constexpr int wordsPerSample(int dims, int order, int taps, int planes) {
  int lead = 1;
  for (int k = 1; k < dims; ++k) lead *= taps;
  return dims * (order + 1) * taps + planes + lead * (order + 1);
}

// Samples of a round: as many as 48 KB hold, a multiple of a warp where they hold one.
template <class Real>
__host__ __device__ constexpr int roundSamples(int dims, int order, int taps, int planes) {
  const int most = static_cast<int>((48 * 1024 - frameBytes<Real>(dims)) / (wordsPerSample<Real>(dims, order, taps, planes) * sizeof(Real)));
  int samples = most < kGatherThreads ? most : kGatherThreads;
  if (samples > 32) samples = samples / 32 * 32;
  while (padded(samples) > most) samples -= samples > 32 ? 32 : 1;
  return samples;
}

// T: the number of taps, 0: known at run time.
// Counted (scattered): 137 M warp instructions, 26.5 M wavefronts, 3.0 M sectors.
template <int D, int K, int T, class Real>
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
  const int taps = T > 0 ? T : grid.taps;
  const int size = T > 0 ? roundSamples<Real>(D, K, T, closedCount<D, K>) : table.samplesPerRound, pitch = padded(size);
  Real* const shared = blockShared<Real>();
  const TileFrame<D, Real> frame(shared);
  Real* const weights = TileFrame<D, Real>::behind(shared);
  Real* const values = weights + D * (K + 1) * taps * pitch;  // [plane][sample]
  Real* const folded = values + table.planes * pitch;         // [tap of the leading axes][order][sample]
  const auto axis = [&](int k) { return Columns<Real>{weights + k * (K + 1) * taps * pitch, taps, pitch}; };
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
      w.base += padded(n);
      if constexpr (T > 0) {
        FixedWeights<Real, K, T> own;
        axisWeights(grid, item.level, k, sampleOf(n), own);
#pragma unroll
        for (int a = 0; a <= K; ++a)
#pragma unroll
          for (int j = 0; j < T; ++j) w[a][j] = own[a][j];
      } else {
        axisWeights(grid, item.level, k, K, sampleOf(n), w);
      }
    }
    for (int c = 0; c < sources.channels; ++c) {
      const int64_t from = c * sources.channelStride + item.level * sources.levelStride;
      for (unsigned task = threadIdx.x; task < table.planes * count; task += kGatherThreads) {
        const int p = task / count, n = task % count, plane = table.plane[p];
        const int64_t sample = sampleOf(n);
        // A sample of another tile of the set, in an order that is not the set's.
        const bool here = sample >= begin && sample < end;
        values[p * pitch + padded(n)] = here ? sources.plane[plane][from + sample - begin] * scale[item.level * table.closedPlanes + plane] : Real(0);
      }
      __syncthreads();
      for (unsigned task = threadIdx.x; task < leadTaps * count; task += kGatherThreads) {
        const int lead = task / count, n = padded(task % count);
        const int i = D == 3 ? lead / taps : lead, j = D == 3 ? lead % taps : 0;
#pragma unroll
        for (int last = 0; last <= K; ++last) {
          Real sum = 0;
          for (int p = table.firstOfOrder[last]; p < table.firstOfOrder[last + 1]; ++p) {
            Real value = values[p * pitch + n];
            if constexpr (D >= 2) value *= weights[(table.lead[p] * taps + i) * pitch + n];
            if constexpr (D == 3) value *= weights[(((K + 1) + table.middle[p]) * taps + j) * pitch + n];
            sum += value;
          }
          folded[(lead * (K + 1) + last) * pitch + n] = sum;
        }
      }
      __syncthreads();
      const Columns<Real> w = axis(D - 1);
      const bool squares = sources.squares;
      frame.gather(round, taps, table.patchNodes, patches + (sources.firstPatch + c) * patchSize + item.patch, [&](const int* tap, unsigned sample) {
        const int n = padded(static_cast<int>(sample));
        const int lead = D == 1 ? 0 : D == 2 ? tap[0] : tap[0] * taps + tap[1];
        Real sum = 0;
#pragma unroll
        for (int last = 0; last <= K; ++last)
          sum += folded[(lead * (K + 1) + last) * pitch + n] * w.base[(last * taps + tap[D - 1]) * pitch + n];
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
  byTaps(binding, [&]<int D, int K, int T>() {
    table.samplesPerRound = roundSamples<Real>(d, binding.order, table.grid.taps, T > 0 ? closedCount<D, K> : table.planes);
    const size_t words = static_cast<size_t>(wordsPerSample<Real>(d, binding.order, table.grid.taps, table.planes)) * padded(table.samplesPerRound);
    const size_t bytes = frameBytes<Real>(d) + words * sizeof(Real);
    launch(encodeAdjointKernel<D, K, T, Real>, dim3(static_cast<unsigned>(binding.itemCount)), dim3(kGatherThreads), bytes, context.stream(), table,
           binding.items(), binding.ranges(), binding.numbers(), binding.scale, binding.patches(), binding.patchSize, begin, begin + count);
  });
}

template void encodeAdjoint<float>(Context&, CudaBinding<float>&, int64_t, int64_t, const Sources<float>&);
template void encodeAdjoint<double>(Context&, CudaBinding<double>&, int64_t, int64_t, const Sources<double>&);

}  // namespace dinf::cuda
