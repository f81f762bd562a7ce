// Radial kernels (math/radial.h): no products over the axes, so every neighbour's jet is computed where it is needed. A path for
// comparison, not for speed: jets of doubles, whatever Real is, as on the CPU, and on the stack where they have many coefficients.
//
// Budget a sample and level, 2-D, order 1, rho 3: 36 neighbours of about 20 operations in double for the jet and 3 for the sums;
// the adjoint computes each jet twice, once for the normaliser and once for the node.
#include <algorithm>
#include "cuda/encode.h"
#include "cuda/tile_gather.h"
#include "cuda/weights.h"
#include "math/radial.h"

namespace dinf::cuda {
namespace {

template <class Real>
struct RadialTable {
  GridTable<Real> grid;
  const JetProduct* product;  // of the closed set
  double power, epsilon;
  int planeOf[kMaxPlanes];
  int channels, outputPlanes;
  bool separate;
};

// Where a sample lies in one level.
template <int D, class Real>
struct RadialPlace {
  double fraction[D];
  int cell[D], cells[D];
  bool clamped;

  __device__ RadialPlace(const GridTable<Real>& grid, int level, int64_t sample) : clamped(false) {
#pragma unroll
    for (int k = 0; k < D; ++k) {
      const int fine = grid.cell[k][sample];
      cell[k] = fine >> level;
      cells[k] = grid.cells[k] >> level;
      fraction[k] = (static_cast<double>(fine & ((1 << level) - 1)) + static_cast<double>(grid.fraction[k][sample])) / (1 << level);
      clamped = clamped || (grid.edge[k] == Edge::clamp && generic::touchesBorder(cell[k], cells[k], grid.kernel.rings));
    }
  }

  template <int K>
  __device__ void jet(const GridTable<Real>& grid, double power, double epsilon, const int* tap, double* phi) const {
    const int rings = grid.kernel.rings;
    double distance[D], factor = 1;
#pragma unroll
    for (int k = 0; k < D; ++k) {
      distance[k] = fraction[k] - static_cast<double>(tap[k] - rings + 1);
      if (clamped && grid.edge[k] == Edge::clamp && generic::touchesBorder(cell[k], cells[k], rings))
        factor *= generic::ClampedMultiplicity<double>(rings, cell[k], cells[k], true)[tap[k]];
    }
    generic::radialJet<D, K, double, double>(power, epsilon, distance, factor, phi);
  }

  // Taylor coefficients in the unit box from those in cells.
  __device__ double scale(const MultiIndex& index) const {
    double value = 1;
#pragma unroll
    for (int k = 0; k < D; ++k)
      for (int a = 0; a < index.a[k]; ++a) value *= cells[k];
    return value;
  }

  template <int K>
  __device__ void inverseNormaliser(const RadialTable<Real>& table, double* inverse) const {
    constexpr int planes = closedCount<D, K>;
    double sum[planes], phi[planes];
    for (int p = 0; p < planes; ++p) sum[p] = 0;
    int tap[kMaxDims] = {0, 0, 0};
    const int taps = table.grid.taps;
    for (tap[0] = 0; tap[0] < taps; ++tap[0])
      for (tap[1] = 0; tap[1] < (D > 1 ? taps : 1); ++tap[1])
        for (tap[2] = 0; tap[2] < (D > 2 ? taps : 1); ++tap[2]) {
          jet<K>(table.grid, table.power, table.epsilon, tap, phi);
          for (int p = 0; p < planes; ++p) sum[p] += phi[p];
        }
    generic::reciprocalJet<double, double>(*table.product, sum, inverse);
  }
};

// The closed set's multi-indices, in its order.
template <int D, int K, class F>
__device__ void eachIndex(F f) {
  int p = 0;
  for (int k = 0; k <= K; ++k)
    for (int i = k; i >= (D > 1 ? 0 : k); --i)
      for (int j = k - i; j >= (D > 2 ? 0 : k - i); --j) f(p++, MultiIndex{{i, j, k - i - j}});
}

template <int D, int K, class Real>
__global__ void __launch_bounds__(128, 1) encodeRadialKernel(const __grid_constant__ RadialTable<Real> table,
                                                             const Real* __restrict__ packed,
                                                             Real* __restrict__ jets,
                                                             int64_t begin,
                                                             int64_t count) {
  constexpr int planes = closedCount<D, K>;
  const int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= count) return;
  const GridTable<Real>& grid = table.grid;
  const int taps = grid.taps;
  for (int c = 0; c < table.channels; ++c) {
    double total[planes];
    for (int p = 0; p < planes; ++p) total[p] = 0;
    for (int s = 0; s < grid.levels; ++s) {
      const RadialPlace<D, Real> place(grid, s, begin + i);
      int64_t at = c * grid.channelStride + grid.offset[s];
#pragma unroll
      for (int k = 0; k < D; ++k) at += place.cell[k] * grid.stride[s][k];
      double sum[planes], numerator[planes], phi[planes];
      for (int p = 0; p < planes; ++p) sum[p] = numerator[p] = 0;
      int tap[kMaxDims] = {0, 0, 0};
      for (tap[0] = 0; tap[0] < taps; ++tap[0])
        for (tap[1] = 0; tap[1] < (D > 1 ? taps : 1); ++tap[1])
          for (tap[2] = 0; tap[2] < (D > 2 ? taps : 1); ++tap[2]) {
            place.template jet<K>(grid, table.power, table.epsilon, tap, phi);
            int64_t offset = 0;
#pragma unroll
            for (int k = 0; k < D; ++k) offset += tap[k] * grid.stride[s][k];
            const double node = static_cast<double>(packed[at + offset]);
            for (int p = 0; p < planes; ++p) {
              sum[p] += phi[p];
              numerator[p] += phi[p] * node;
            }
          }
      generic::reciprocalJet<double, double>(*table.product, sum, phi);
      for (int p = 0; p < planes; ++p) sum[p] = 0;
      generic::multiplyJet<double>(*table.product, numerator, phi, sum);
      if (table.separate)
        for (int p = 0; p < planes; ++p) total[p] = 0;
      eachIndex<D, K>([&](int p, const MultiIndex& index) { total[p] += sum[p] * place.scale(index); });
      if (!table.separate && s + 1 < grid.levels) continue;
      Real* const out = jets + int64_t{table.separate ? s * table.channels + c : c} * table.outputPlanes * count + i;
      for (int p = 0; p < planes; ++p)
        if (table.planeOf[p] >= 0) out[table.planeOf[p] * count] = static_cast<Real>(total[p]);
    }
  }
}

// A round keeps, for each sample, the adjoints of the numerators: what each neighbour's jet meets.
template <int D, int K, class Real>
__global__ void __launch_bounds__(kGatherThreads, 1) adjointRadialKernel(const __grid_constant__ RadialTable<Real> table,
                                                                           const __grid_constant__ Sources<Real> sources,
                                                                           const TileItem* __restrict__ items,
                                                                           const uint2* __restrict__ ranges,
                                                                           const uint32_t* __restrict__ numbers,
                                                                           Real* __restrict__ patches,
                                                                           int64_t patchSize,
                                                                           int64_t begin,
                                                                           int64_t end,
                                                                           int size) {
  constexpr int planes = closedCount<D, K>;
  const TileItem item = items[blockIdx.x];
  if (item.level < sources.firstLevel || item.level >= sources.firstLevel + sources.levels) return;
  const uint2 range = placesOf(ranges[blockIdx.x], numbers, begin, end);
  const GridTable<Real>& grid = table.grid;
  const int taps = grid.taps;
  double* const shared = blockShared<double>();
  const TileFrame<D, double> frame(shared);
  double* const numerators = TileFrame<D, double>::behind(shared);  // [plane][sample]
  int patchNodes[kMaxDims];
#pragma unroll
  for (int k = 0; k < kMaxDims; ++k) patchNodes[k] = k < D ? tileSide(D) + taps - 1 : 1;

  for (unsigned at = range.x; at < range.y; at += size) {
    const unsigned count = min(static_cast<unsigned>(size), range.y - at);
    const auto sampleOf = [&](unsigned n) { return numbers ? static_cast<int64_t>(numbers[at + n]) : static_cast<int64_t>(at + n); };
    const Round round = frame.survey(grid, item, numbers, at, count);
    for (int c = 0; c < sources.channels; ++c) {
      const int64_t from = c * sources.channelStride + item.level * sources.levelStride;
      if (threadIdx.x < count) {
        const unsigned n = threadIdx.x;
        const int64_t sample = sampleOf(n);
        const bool here = sample >= begin && sample < end;
        const RadialPlace<D, Real> place(grid, item.level, sample);
        double inverse[planes], adjoint[planes], numerator[planes];
        place.template inverseNormaliser<K>(table, inverse);
        eachIndex<D, K>([&](int p, const MultiIndex& index) {
          adjoint[p] = here && sources.plane[p] ? static_cast<double>(sources.plane[p][from + sample - begin]) * place.scale(index) : 0;
          numerator[p] = 0;
        });
        generic::multiplyJetAdjoint<double>(*table.product, numerator, inverse, adjoint);
        for (int p = 0; p < planes; ++p) numerators[p * size + n] = numerator[p];
      }
      __syncthreads();
      frame.gather(round, taps, patchNodes, patches + (sources.firstPatch + c) * patchSize + item.patch, [&](const int* tap, unsigned n) {
        const RadialPlace<D, Real> place(grid, item.level, sampleOf(n));
        double phi[planes], sum = 0;
        const auto contract = [&](const int* at) {
          place.template jet<K>(grid, table.power, table.epsilon, at, phi);
          for (int p = 0; p < planes; ++p) sum += phi[p] * numerators[p * size + n];
        };
        if (!sources.squares) {
          contract(tap);
          return sum;
        }
        // Around a periodic axis shorter than the neighbourhood one node is several neighbours, whose parts of a row's entry are summed
        // before they are squared, once.
        int step[kMaxDims] = {taps, taps, taps}, other[kMaxDims];
#pragma unroll
        for (int k = 0; k < D; ++k) {
          if (generic::meetsItself(grid.edge[k], place.cells[k], taps)) step[k] = place.cells[k];
          if (tap[k] >= step[k]) return 0.0;
        }
        for (other[0] = tap[0]; other[0] < taps; other[0] += step[0])
          for (other[1] = D > 1 ? tap[1] : 0; other[1] < (D > 1 ? taps : 1); other[1] += step[1])
            for (other[2] = D > 2 ? tap[2] : 0; other[2] < (D > 2 ? taps : 1); other[2] += step[2]) contract(other);
        return sum * sum;
      });
      __syncthreads();
    }
  }
}

template <class Real>
RadialTable<Real> tableOf(Context& context, const CudaBinding<Real>& binding) {
  RadialTable<Real> table{};
  table.grid = binding.table;
  const JetProduct product(binding.closed);
  table.product = context.constant(&product, 1);
  table.power = generic::radialPower(binding.grid.kernel);
  table.epsilon = binding.grid.kernel.epsilon;
  for (int p = 0; p < binding.closed.count; ++p) table.planeOf[p] = binding.planeOf[p];
  table.channels = binding.channels;
  table.outputPlanes = binding.jets.count;
  table.separate = binding.map == ChannelMap::separateLevels;
  return table;
}

}  // namespace

template <class Real>
void encodeRadial(Context& context, const CudaBinding<Real>& binding, int64_t begin, int64_t count, const Real* packed, Real* jets) {
  const RadialTable<Real> table = tableOf(context, binding);
  byShape(binding.grid.dims, binding.order, [&]<int D, int K>() {
    launch(encodeRadialKernel<D, K, Real>, blocksFor(count, 128), dim3(128), 0, context.stream(), table, packed, jets,
           begin, count);
  });
}

template <class Real>
void encodeAdjointRadial(Context& context, CudaBinding<Real>& binding, int64_t begin, int64_t count, const Sources<Real>& sources) {
  if (binding.itemCount == 0) return;
  const RadialTable<Real> table = tableOf(context, binding);
  const size_t sampleBytes = binding.closed.count * sizeof(double), frame = frameBytes<double>(binding.grid.dims);
  const int size = static_cast<int>(std::min<size_t>(kGatherThreads, (48 * 1024 - frame) / sampleBytes));
  byShape(binding.grid.dims, binding.order, [&]<int D, int K>() {
    launch(adjointRadialKernel<D, K, Real>, dim3(static_cast<unsigned>(binding.itemCount)), dim3(kGatherThreads), frame + size * sampleBytes,
           context.stream(), table, sources, binding.items(), binding.ranges(), binding.numbers(), binding.patches(), binding.patchSize, begin,
           begin + count, size);
  });
}

template void encodeRadial<float>(Context&, const CudaBinding<float>&, int64_t, int64_t, const float*, float*);
template void encodeRadial<double>(Context&, const CudaBinding<double>&, int64_t, int64_t, const double*, double*);
template void encodeAdjointRadial<float>(Context&, CudaBinding<float>&, int64_t, int64_t, const Sources<float>&);
template void encodeAdjointRadial<double>(Context&, CudaBinding<double>&, int64_t, int64_t, const Sources<double>&);

}  // namespace dinf::cuda
