// Adjoints of a linear layer's weights by the tensor cores (tensor_products.h): the same product as mlp_weights.cu's, by parts of the
// samples.
#include "cuda/mlp_kernels.h"
#include "cuda/ops.h"
#include "cuda/tensor_products.h"

namespace dinf::cuda {
namespace {

constexpr int kTile = 128;     // units, and terms, of a block
constexpr int kColumns = 16;   // that a block loads at a time
constexpr int kPitch = kColumns + 4;  // a fragment, 8 rows of 4 neighbours, falls into 32 different banks
constexpr int kFloatColumns = 256;    // columns that are summed in float before they are added in double
constexpr int64_t kPartGranule = 64;  // samples
constexpr int kRowTiles = 4, kColumnTiles = 4;  // a warp has 64 units x 32 terms

struct TensorArguments {
  WeightAdjointCall<float> call;
  int inTiles;
  int64_t partSamples;
  bool outQuads, inQuads;  // can be read four at once
};

// A block of eight warps sums 128 x 128 weights over one part. Budget a warp and eight columns, two parts of a number: 48 instructions of
// the tensor cores, 24 4-byte reads of shared memory without conflicts, 72 instructions that split; a block reads 16 KB of L2 for 16
// columns, 262 144 multiply-adds. Every 256 columns a thread adds its 64 sums to those in memory.
// Counted (siren): 3.7 M warp instructions, 0.51 M wavefronts, 1.7 M sectors.
template <int Parts>
__global__ void __launch_bounds__(kMlpThreads, 1) weightAdjointTensorKernel(const __grid_constant__ TensorArguments arguments) {
  __shared__ __align__(16) float outTile[2][kTile * kPitch];
  __shared__ __align__(16) float inTile[2][kTile * kPitch];
  const WeightAdjointCall<float>& call = arguments.call;
  const int thread = static_cast<int>(threadIdx.x), lane = thread % 32, warp = thread / 32;
  const int firstUnit = static_cast<int>(blockIdx.x) / arguments.inTiles * kTile;
  const int firstTerm = static_cast<int>(blockIdx.x) % arguments.inTiles * kTile;
  const int64_t begin = blockIdx.y * arguments.partSamples;
  const int64_t end = begin + arguments.partSamples < call.samples ? begin + arguments.partSamples : call.samples;
  if (begin >= end) return;

  constexpr int quads = kTile * kColumns / kMlpThreads / 4, across = kColumns / 4, rowStep = kMlpThreads / across;
  const int quadRow = thread / across, quadColumn = thread % across * 4;
  const auto fetch = [&](int buffer, int plane, int64_t sample) {
    const int left = static_cast<int>(end - sample < kColumns ? end - sample : kColumns) - quadColumn;
#pragma unroll
    for (int j = 0; j < quads; ++j) {
      const int row = quadRow + rowStep * j, unit = firstUnit + row, term = firstTerm + row;
      copyFour(&outTile[buffer][row * kPitch + quadColumn],
               call.outAdjoint.data + (int64_t{unit} * call.planes + plane) * call.outAdjoint.stride + sample + quadColumn, arguments.outQuads,
               unit < call.units ? left : 0);
      copyFour(&inTile[buffer][row * kPitch + quadColumn],
               call.in.data + (int64_t{term} * call.planes + plane) * call.in.stride + sample + quadColumn, arguments.inQuads,
               term < call.depth ? left : 0);
    }
  };

  const int row = warp / 4 * 16 * kRowTiles, column = warp % 4 * 8 * kColumnTiles;
  double* const to = call.sums + blockIdx.y * call.partStride;
  float sum[kRowTiles][kColumnTiles][4] = {};
  float biasSum = 0;
  const bool sumsBias = firstTerm == 0 && thread < kTile && firstUnit + thread < call.units;
  const auto flush = [&] {
#pragma unroll
    for (int m = 0; m < kRowTiles; ++m)
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int unit = firstUnit + row + lane / 4 + 16 * m + i / 2 * 8;
#pragma unroll
        for (int n = 0; n < kColumnTiles; ++n) {
          const int term = firstTerm + column + lane % 4 * 2 + 8 * n + i % 2;
          if (unit < call.units && term < call.depth) to[int64_t{unit} * call.depth + term] += static_cast<double>(sum[m][n][i]);
          sum[m][n][i] = 0;
        }
      }
    if (sumsBias) to[int64_t{call.units} * call.depth + firstUnit + thread] += static_cast<double>(biasSum);
    biasSum = 0;
  };

  int plane = 0, buffer = 0, pending = 0;
  int64_t sample = begin;
  fetch(buffer, plane, sample);
  while (plane < call.planes) {
    const bool withBias = plane == 0;
    waitForCopies();
    __syncthreads();  // every warp has done with the other buffer
    sample += kColumns;
    if (sample >= end) {
      sample = begin;
      ++plane;
    }
    if (plane < call.planes) fetch(buffer ^ 1, plane, sample);
#pragma unroll 1
    for (int k = 0; k < kColumns; k += 8)
      multiplyEight<kRowTiles, kColumnTiles, Parts>(
          sum, [&](int unit, int at) { return outTile[buffer][(row + unit) * kPitch + k + at]; },
          [&](int at, int term) { return inTile[buffer][(column + term) * kPitch + k + at]; });
    if (withBias && sumsBias)
#pragma unroll
      for (int k = 0; k < kColumns; k += 4) {
        const Quad<float> z = *reinterpret_cast<const Quad<float>*>(&outTile[buffer][thread * kPitch + k]);
        biasSum += (z.v[0] + z.v[1]) + (z.v[2] + z.v[3]);
      }
    buffer ^= 1;
    pending += kColumns;
    if (pending < kFloatColumns && plane < call.planes) continue;
    flush();
    pending = 0;
  }
}

}  // namespace

bool weightAdjointOnTensorCores(Context& context, const WeightAdjointCall<float>& call) {
  const auto padded = [](int size) { return int64_t{(size + kTile - 1) / kTile} * kTile; };
  const int64_t computed = padded(call.units) * padded(call.depth), wanted = int64_t{call.units} * call.depth;
  if (context.tensorCores() == TensorCores::none || 9 * computed > 16 * wanted) return false;
  const auto tiles = static_cast<int>(computed / (kTile * kTile));
  // About a block a multiprocessor: adding to more parts would cost more than it hides.
  int64_t parts = kMlpParts;
  while (parts > 8 && parts * tiles > 128) parts /= 2;
  const int64_t granules = (call.samples + kPartGranule - 1) / kPartGranule;
  const TensorArguments arguments{call, static_cast<int>(padded(call.depth) / kTile), (granules + parts - 1) / parts * kPartGranule,
                                  alignedTo(call.outAdjoint.data, call.outAdjoint.stride, 4), alignedTo(call.in.data, call.in.stride, 4)};
  launch(context.tensorCores() == TensorCores::tf32 ? weightAdjointTensorKernel<1> : weightAdjointTensorKernel<2>,
         dim3(static_cast<unsigned>(tiles), static_cast<unsigned>(parts)), dim3(kMlpThreads), 0, context.stream(), arguments);
  return true;
}

}  // namespace dinf::cuda
