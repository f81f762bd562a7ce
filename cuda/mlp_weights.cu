// Adjoints of a linear layer's weights: a product of two matrices of jets over all their columns, by parts of the samples.
#include "cuda/mlp_kernels.h"
#include "cuda/ops.h"

namespace dinf::cuda {
namespace {

constexpr int64_t kPartGranule = 64;  // samples
constexpr int kRealColumns = 256;     // columns that are summed in Real before they are added to the total

template <class Real>
struct WeightAdjointArguments {
  WeightAdjointCall<Real> call;
  int inTiles;
  int64_t partSamples;
};

// A sum that loses nothing to its length. Of floats: two of them, the second what the first had no digits for, 48 bits in seven additions;
// double precision takes consumer cards 64 times as long as float. What is not finite becomes NaN.
template <class Real>
struct Total {
  double sum = 0;
  __device__ void add(Real x) { sum += x; }
  __device__ double value() const { return sum; }
};
template <>
struct Total<float> {
  float high = 0, low = 0;
  __device__ void add(float x) {
    const float sum = high + x, took = sum - high;
    low += (high - (sum - took)) + (x - took);
    high = sum;
  }
  __device__ double value() const { return static_cast<double>(high) + static_cast<double>(low); }
};

// A block sums Tile x Tile weights over one part, a thread 4 x 4 of them. Where that takes fewer threads than a block has, slices
// of the block take columns in turn and are added in their order. Tile * columns = 1024 values of either matrix at a time. Budget
// a block and column, float, Tile 64: 4096 multiply-adds, 512 bytes read; Tile 16: 256 multiply-adds, 128 bytes, so that a layer
// of 12 or 2 inputs or outputs, bound by L2 anyway, computes little in vain. Every 256 columns 20 additions of seven instructions a
// thread, 3 % of what its 4096 multiply-adds take.
template <class Real, int Tile>
__global__ void __launch_bounds__(kMlpThreads)
    weightAdjointKernel(const __grid_constant__ WeightAdjointArguments<Real> arguments) {
  constexpr int slices = 4096 / (Tile * Tile), columns = 1024 / Tile, sliceColumns = columns / slices,
                sliceThreads = kMlpThreads / slices;
  constexpr int pitch = Tile + 4, loads = 4;
  const WeightAdjointCall<Real>& call = arguments.call;
  Real* const outTile = blockShared<Real>();  // [column][pitch]
  Real* const inTile = outTile + columns * pitch;
  const int thread = static_cast<int>(threadIdx.x);
  const int firstUnit = static_cast<int>(blockIdx.x) / arguments.inTiles * Tile;
  const int firstTerm = static_cast<int>(blockIdx.x) % arguments.inTiles * Tile;
  const int64_t begin = blockIdx.y * arguments.partSamples;
  const int64_t end = begin + arguments.partSamples < call.samples ? begin + arguments.partSamples : call.samples;
  if (begin >= end) return;

  // Eight columns of four rows a warp: whole sectors of memory, and stores without conflicts.
  const int loadColumn = thread % 8 + 8 * (thread / 32 % (columns / 8));
  const int loadRow = thread / 8 % 4 + 4 * (thread / 32 / (columns / 8));
  constexpr int rowStep = kMlpThreads / columns;
  Real nextOut[loads], nextIn[loads];
  const auto fetch = [&](int plane, int64_t from) {
    const int64_t sample = from + loadColumn;
#pragma unroll
    for (int j = 0; j < loads; ++j) {
      const int unit = firstUnit + loadRow + rowStep * j, term = firstTerm + loadRow + rowStep * j;
      nextOut[j] = nextIn[j] = Real(0);
      if (sample < end && unit < call.units)
        nextOut[j] = __ldg(call.outAdjoint.data + (int64_t{unit} * call.planes + plane) * call.outAdjoint.stride + sample);
      if (sample < end && term < call.depth)
        nextIn[j] = __ldg(call.in.data + (int64_t{term} * call.planes + plane) * call.in.stride + sample);
    }
  };

  const int slice = thread / sliceThreads, within = thread % sliceThreads;
  const int row = within / (Tile / 4), column = within % (Tile / 4);
  const bool sumsBias = firstTerm == 0 && column == 0;
  Real sum[4][4], biasSum[4];
  Total<Real> total[4][4], biasTotal[4];
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    biasSum[i] = Real(0);
#pragma unroll
    for (int j = 0; j < 4; ++j) sum[i][j] = Real(0);
  }
  const auto flush = [&] {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      biasTotal[i].add(biasSum[i]);
      biasSum[i] = Real(0);
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        total[i][j].add(sum[i][j]);
        sum[i][j] = Real(0);
      }
    }
  };
  int plane = 0;
  [[maybe_unused]] int pending = 0;
  int64_t sample = begin;
  fetch(plane, sample);
  while (plane < call.planes) {
    const bool withBias = plane == 0;
    __syncthreads();
#pragma unroll
    for (int j = 0; j < loads; ++j) {
      outTile[loadColumn * pitch + loadRow + rowStep * j] = nextOut[j];
      inTile[loadColumn * pitch + loadRow + rowStep * j] = nextIn[j];
    }
    __syncthreads();
    sample += columns;
    if (sample >= end) {
      sample = begin;
      ++plane;
    }
    if (plane < call.planes) fetch(plane, sample);
#pragma unroll 4
    for (int k = 0; k < sliceColumns; ++k) {
      const int at = (slice * sliceColumns + k) * pitch;
      const Quad<Real> z = *reinterpret_cast<const Quad<Real>*>(outTile + at + row * 4);
      const Quad<Real> x = *reinterpret_cast<const Quad<Real>*>(inTile + at + column * 4);
#pragma unroll
      for (int i = 0; i < 4; ++i)
#pragma unroll
        for (int j = 0; j < 4; ++j) sum[i][j] += z.v[i] * x.v[j];
      if (withBias && sumsBias)
#pragma unroll
        for (int i = 0; i < 4; ++i) biasSum[i] += z.v[i];
    }
    if constexpr (sizeof(Real) < sizeof(double)) {
      pending += sliceColumns;
      if (pending >= kRealColumns) {
        flush();
        pending = 0;
      }
    }
  }
  flush();

  double* const to = call.sums + blockIdx.y * call.partStride;
  double* const biasTo = to + int64_t{call.units} * call.depth;
  if constexpr (slices == 1) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int unit = firstUnit + row * 4 + i;
      if (unit >= call.units) break;
      if (sumsBias) biasTo[unit] += biasTotal[i].value();
#pragma unroll
      for (int j = 0; j < 4; ++j)
        if (firstTerm + column * 4 + j < call.depth) to[int64_t{unit} * call.depth + firstTerm + column * 4 + j] += total[i][j].value();
    }
  } else {
    double* const partial = blockShared<double>();  // [slice][Tile][Tile], then [slice][Tile] of the bias
    double* const biasPartial = partial + slices * Tile * Tile;
    __syncthreads();
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      if (column == 0) biasPartial[slice * Tile + row * 4 + i] = biasTotal[i].value();
#pragma unroll
      for (int j = 0; j < 4; ++j) partial[(slice * Tile + row * 4 + i) * Tile + column * 4 + j] = total[i][j].value();
    }
    __syncthreads();
    for (int i = thread; i < Tile * Tile; i += kMlpThreads) {
      const int unit = firstUnit + i / Tile, term = firstTerm + i % Tile;
      if (unit >= call.units || term >= call.depth) continue;
      double all = 0;
#pragma unroll
      for (int s = 0; s < slices; ++s) all += partial[s * Tile * Tile + i];
      to[int64_t{unit} * call.depth + term] += all;
    }
    if (firstTerm == 0 && thread < Tile && firstUnit + thread < call.units) {
      double all = 0;
#pragma unroll
      for (int s = 0; s < slices; ++s) all += biasPartial[s * Tile + thread];
      biasTo[firstUnit + thread] += all;
    }
  }
}

template <class Real, int Tile>
void launchWeightAdjoint(Context& context, const WeightAdjointCall<Real>& call) {
  constexpr int slices = 4096 / (Tile * Tile), columns = 1024 / Tile;
  const int outTiles = (call.units + Tile - 1) / Tile, inTiles = (call.depth + Tile - 1) / Tile;
  // About 512 blocks where the layer is large; adding to many parts would then cost more than their sums.
  int64_t parts = kMlpParts;
  while (parts > 8 && parts * outTiles * inTiles > 512) parts /= 2;
  const int64_t granules = (call.samples + kPartGranule - 1) / kPartGranule;
  const int64_t partSamples = (granules + parts - 1) / parts * kPartGranule;
  const size_t tiles = size_t{2} * columns * (Tile + 4) * sizeof(Real);
  const size_t partials = slices == 1 ? 0 : size_t{slices} * Tile * (Tile + 1) * sizeof(double);
  launch(weightAdjointKernel<Real, Tile>, dim3(static_cast<unsigned>(outTiles * inTiles), static_cast<unsigned>(parts)),
         dim3(kMlpThreads), tiles > partials ? tiles : partials, context.stream(),
         WeightAdjointArguments<Real>{call, inTiles, partSamples});
}

}  // namespace

template <class Real>
void weightAdjoint(Context& context, const WeightAdjointCall<Real>& call) {
  if constexpr (sizeof(Real) == sizeof(float))
    if (weightAdjointOnTensorCores(context, call)) return;
  const int narrow = call.units < call.depth ? call.units : call.depth;
  if (narrow <= 16) launchWeightAdjoint<Real, 16>(context, call);
  else if (narrow <= 64) launchWeightAdjoint<Real, 32>(context, call);
  else launchWeightAdjoint<Real, 64>(context, call);
}

template void weightAdjoint(Context&, const WeightAdjointCall<float>&);
template void weightAdjoint(Context&, const WeightAdjointCall<double>&);

}  // namespace dinf::cuda
