// Linear layers on jets by the tensor cores (tensor_products.h): the same matrix product as mlp_linear.cu's.
#include "cuda/mlp_kernels.h"
#include "cuda/ops.h"
#include "cuda/tensor_products.h"

namespace dinf::cuda {
namespace {

constexpr int kDepth = 16;     // terms of the sums that a block loads at a time
constexpr int kColumns = 128;  // of a block, all of one plane
constexpr int kWarpColumns = 32, kColumnTiles = kWarpColumns / 8;
// Rows of shared memory: the lanes of a fragment, 8 rows of 4 or 4 rows of 8, fall into 32 different banks.
constexpr int kTermPitch = kDepth + 4, kColumnPitch = kColumns + 8;

struct TensorArguments {
  LinearCall<float> call;
  int64_t columnTiles;  // a plane
  bool weightQuads, inQuads, pairs;  // what can be read four at once, and stored two at once
};

// A block of eight warps sums 32 * RowTiles units x 128 columns of one plane, a warp 16 * RowTiles x 32 of them. 16 terms at a time
// go through shared memory, in two buffers: the next 16 are copied from L2 while these are multiplied. Budget a warp and eight
// terms, RowTiles 2, two parts: 24 instructions of the tensor cores, of 1024 multiply-adds each, 16 4-byte reads of shared memory
// without conflicts, 48 instructions that split, 32 additions; a block reads 12 KB of L2 for 16 terms, 131 072 multiply-adds. Four row
// tiles of two parts need more than the 128 registers that leave room for two blocks.
// Counted (siren): 4.4 M warp instructions, 0.57 M wavefronts, 0.71 M sectors.
template <int RowTiles, bool Transposed, int Parts>
__global__ void __launch_bounds__(kMlpThreads, 2) linearTensorKernel(const __grid_constant__ TensorArguments arguments) {
  constexpr int rows = 32 * RowTiles, warpRows = 16 * RowTiles;
  constexpr int weightPitch = Transposed ? rows + 8 : kTermPitch, weightSize = Transposed ? kDepth * weightPitch : rows * weightPitch;
  constexpr int weightQuads = kDepth * rows / kMlpThreads / 4, inQuads = kDepth * kColumns / kMlpThreads / 4;
  __shared__ __align__(16) float weightTile[2][weightSize];
  __shared__ __align__(16) float inTile[2][kDepth * kColumnPitch];
  const LinearCall<float>& call = arguments.call;
  const int thread = static_cast<int>(threadIdx.x), lane = thread % 32, warp = thread / 32;
  const int plane = static_cast<int>(blockIdx.x / arguments.columnTiles);
  const int64_t firstSample = (blockIdx.x - plane * arguments.columnTiles) * kColumns;
  const int firstUnit = static_cast<int>(blockIdx.y) * rows;

  // Where a thread's quads of either tile are, and how far apart.
  constexpr int weightAcross = (Transposed ? rows : kDepth) / 4, weightStep = kMlpThreads / weightAcross;
  const int weightAlong = thread % weightAcross * 4, weightRow = thread / weightAcross;
  const int inColumn = thread % (kColumns / 4) * 4, inTerm = thread / (kColumns / 4);
  constexpr int inStep = kMlpThreads / (kColumns / 4);

  // Values left from the thread's first one on, along either matrix's rows: the same in every step but for weights along terms.
  const int inLeft = static_cast<int>(call.samples - firstSample < kColumns ? call.samples - firstSample : kColumns) - inColumn;
  const int unitsLeft = call.units - firstUnit - (Transposed ? weightAlong : weightRow);
  const float *weights, *in;
  int64_t inStride;
  int termsLeft;
  const int weightStride = Transposed ? call.units : call.depth;
  const auto begin = [&](const float* allWeights, const Jets<const float>& jets) {
    weights = allWeights + (Transposed ? int64_t{weightRow} * weightStride + firstUnit : int64_t{firstUnit + weightRow} * weightStride) + weightAlong;
    inStride = jets.stride * call.planes;
    in = jets.data + plane * jets.stride + inTerm * inStride + firstSample + inColumn;
    termsLeft = call.depth;
  };
  const auto fetch = [&](int buffer) {
    const int left = termsLeft < kDepth ? termsLeft : kDepth;
#pragma unroll
    for (int j = 0; j < weightQuads; ++j) {
      const bool there = Transposed ? weightRow + weightStep * j < left : weightStep * j < unitsLeft;
      copyFour(&weightTile[buffer][(weightRow + weightStep * j) * weightPitch + weightAlong], weights + j * weightStep * weightStride,
               arguments.weightQuads, there ? (Transposed ? unitsLeft : left - weightAlong) : 0);
    }
#pragma unroll
    for (int j = 0; j < inQuads; ++j)
      copyFour(&inTile[buffer][(inTerm + inStep * j) * kColumnPitch + inColumn], in + j * inStep * inStride, arguments.inQuads,
               inTerm + inStep * j < left ? inLeft : 0);
    weights += Transposed ? kDepth * weightStride : kDepth;
    in += kDepth * inStride;
    termsLeft -= kDepth;
    if (termsLeft <= 0 && call.secondWeights) begin(call.secondWeights, call.secondIn);
  };
  const int row = warp / 4 * warpRows, column = warp % 4 * kWarpColumns;
  float sum[RowTiles][kColumnTiles][4] = {};
  const auto multiply = [&](int buffer) {
#pragma unroll 1
    for (int k = 0; k < kDepth; k += 8) {
      const float* const weightPart = weightTile[buffer] + (Transposed ? k * weightPitch + row : row * weightPitch + k);
      const float* const inPart = inTile[buffer] + k * kColumnPitch + column;
      multiplyEight<RowTiles, kColumnTiles, Parts>(
          sum, [&](int unit, int term) { return weightPart[Transposed ? term * weightPitch + unit : unit * weightPitch + term]; },
          [&](int term, int at) { return inPart[term * kColumnPitch + at]; });
    }
  };
  begin(call.weights, call.in);
  fetch(0);
  const int steps = (call.depth + kDepth - 1) / kDepth, all = call.secondWeights ? 2 * steps : steps;
  for (int step = 0; step < all; ++step) {
    waitForCopies();
    __syncthreads();  // every warp has done with the other buffer
    if (step + 1 < all) fetch((step + 1) & 1);
    multiply(step & 1);
  }

  const int64_t sample = firstSample + column + lane % 4 * 2;
#pragma unroll
  for (int m = 0; m < RowTiles; ++m)
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int unit = firstUnit + row + lane / 4 + 16 * m + 8 * half;
      if (unit >= call.units) continue;
      const float bias = call.bias && plane == 0 ? __ldg(call.bias + unit) : 0.0f;
      float* const to = call.out.data + (int64_t{unit} * call.planes + plane) * call.out.stride + sample;
#pragma unroll
      for (int n = 0; n < kColumnTiles; ++n) {
        const float first = sum[m][n][2 * half] + bias, second = sum[m][n][2 * half + 1] + bias;
        if (arguments.pairs && sample + 8 * n + 1 < call.samples) {
          *reinterpret_cast<float2*>(to + 8 * n) = make_float2(first, second);
        } else {
          if (sample + 8 * n < call.samples) to[8 * n] = first;
          if (sample + 8 * n + 1 < call.samples) to[8 * n + 1] = second;
        }
      }
    }
}

template <int RowTiles, int Parts>
void launchTensor(Context& context, const LinearCall<float>& call) {
  TensorArguments arguments{call, (call.samples + kColumns - 1) / kColumns, false, false, false};
  const int64_t along = call.transposed ? call.units : call.depth;
  arguments.weightQuads = alignedTo(call.weights, along, 4) && (!call.secondWeights || alignedTo(call.secondWeights, along, 4));
  arguments.inQuads = alignedTo(call.in.data, call.in.stride, 4) && (!call.secondWeights || alignedTo(call.secondIn.data, call.secondIn.stride, 4));
  arguments.pairs = alignedTo(call.out.data, call.out.stride, 2);
  constexpr int rows = 32 * RowTiles;
  launch(call.transposed ? linearTensorKernel<RowTiles, true, Parts> : linearTensorKernel<RowTiles, false, Parts>,
         dim3(static_cast<unsigned>(arguments.columnTiles * call.planes), static_cast<unsigned>((call.units + rows - 1) / rows)),
         dim3(kMlpThreads), 0, context.stream(), arguments);
}

}  // namespace

bool linearOnTensorCores(Context& context, const LinearCall<float>& call) {
  // Narrower layers are bound by what they read and write; tiles half empty would compute for nobody.
  const auto padded = [&](int rows) { return (call.units + rows - 1) / rows * rows; };
  const bool small = padded(64) < padded(128);
  if (context.tensorCores() == TensorCores::none || call.depth < 32 || padded(64) * 3 > call.units * 4) return false;
  if (context.tensorCores() == TensorCores::tf32) (small ? launchTensor<2, 1> : launchTensor<4, 1>)(context, call);
  else launchTensor<2, 2>(context, call);
  return true;
}

}  // namespace dinf::cuda
