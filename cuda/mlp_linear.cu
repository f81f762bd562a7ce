// Linear layers on jets: one matrix product over columns (plane, sample).
#include "cuda/mlp_kernels.h"
#include "cuda/ops.h"

namespace dinf::cuda {
namespace {

constexpr int kDepth = 16;  // terms of the sums that a block loads at a time
constexpr int kNarrow = 4;  // units that one thread can sum alone
constexpr int kNarrowDepth = 128;

template <class Real>
struct LinearArguments {
  LinearCall<Real> call;
  int64_t columnTiles;  // a plane
  bool quads;           // four neighbours of `out` can be stored at once
};

// A thread sums RowsPer units x 4 columns in registers, a block RowThreads * RowsPer units x 1024 / RowThreads columns of one
// plane, 16 terms at a time through shared memory; the next 16 are on their way from memory meanwhile. Budget a block and 16
// terms, 128 x 64, float: 131 072 multiply-adds, 12 KB read (from L2, where a chunk's jets stay), 32 768 x 3 16-byte reads of
// shared memory, four wavefronts for each 32 multiply-adds of a warp: bound by the arithmetic. 64 units of 12 inputs (the paper's
// network) are bound by the 4 bytes written for 24 flops: 2.5 TB/s of L2 would be 15 Tflop/s.
template <class Real, int RowThreads, int RowsPer, bool Transposed>
__global__ void __launch_bounds__(kMlpThreads) linearKernel(const __grid_constant__ LinearArguments<Real> arguments) {
  constexpr int columnThreads = kMlpThreads / RowThreads, rows = RowThreads * RowsPer, columns = columnThreads * 4;
  constexpr int weightLoads = kDepth * rows / kMlpThreads, inLoads = kDepth * columns / kMlpThreads;
  __shared__ __align__(16) Real weightTile[kDepth][rows + 4];
  __shared__ __align__(16) Real inTile[kDepth][columns];
  const LinearCall<Real>& call = arguments.call;
  const int thread = static_cast<int>(threadIdx.x);
  const int plane = static_cast<int>(blockIdx.x / arguments.columnTiles);
  const int64_t firstSample = (blockIdx.x - plane * arguments.columnTiles) * columns;
  const int firstUnit = static_cast<int>(blockIdx.y) * rows;

  // Eight terms of four units a warp, where memory runs along the terms: conflict-free stores with a row of 4 (mod 32) words.
  const int weightTerm = Transposed ? thread / rows : thread % 8 + 8 * (thread / 32 % 2);
  const int weightUnit = Transposed ? thread % rows : thread / 8 % 4 + 4 * (thread / 64);
  constexpr int termStep = Transposed ? kMlpThreads / rows : 0, unitStep = Transposed ? 0 : 16;
  const int inTerm = thread / columns, inColumn = thread % columns;
  constexpr int inStep = kMlpThreads / columns;
  const bool sampleThere = firstSample + inColumn < call.samples;

  Real nextWeight[weightLoads], nextIn[inLoads];
  const int steps = (call.depth + kDepth - 1) / kDepth, all = call.secondWeights ? 2 * steps : steps;
  const auto fetch = [&](int step) {
    const bool second = step >= steps;
    const Real* const weights = second ? call.secondWeights : call.weights;
    const Real* const in = second ? call.secondIn.data : call.in.data;
    const int64_t stride = second ? call.secondIn.stride : call.in.stride;
    const int first = (second ? step - steps : step) * kDepth;
#pragma unroll
    for (int j = 0; j < weightLoads; ++j) {
      const int term = first + weightTerm + termStep * j, unit = firstUnit + weightUnit + unitStep * j;
      nextWeight[j] = Real(0);
      if (term < call.depth && unit < call.units)
        nextWeight[j] = __ldg(weights + (Transposed ? int64_t{term} * call.units + unit : int64_t{unit} * call.depth + term));
    }
#pragma unroll
    for (int j = 0; j < inLoads; ++j) {
      const int term = first + inTerm + inStep * j;
      nextIn[j] = Real(0);
      if (sampleThere && term < call.depth)
        nextIn[j] = __ldg(in + (int64_t{term} * call.planes + plane) * stride + firstSample + inColumn);
    }
  };

  const int row = thread / columnThreads, column = thread % columnThreads;
  Real sum[RowsPer][4];
#pragma unroll
  for (int i = 0; i < RowsPer; ++i)
#pragma unroll
    for (int j = 0; j < 4; ++j) sum[i][j] = Real(0);
  fetch(0);
  for (int step = 0; step < all; ++step) {
    __syncthreads();
#pragma unroll
    for (int j = 0; j < weightLoads; ++j) weightTile[weightTerm + termStep * j][weightUnit + unitStep * j] = nextWeight[j];
#pragma unroll
    for (int j = 0; j < inLoads; ++j) inTile[inTerm + inStep * j][inColumn] = nextIn[j];
    __syncthreads();
    if (step + 1 < all) fetch(step + 1);
    const int left = call.depth - (step >= steps ? step - steps : step) * kDepth;  // the tile is zero beyond
    const int terms = left < kDepth ? left : kDepth;
    for (int k = 0; k < terms; k += 4)
#pragma unroll
      for (int kk = 0; kk < 4; ++kk) {
        const Quad<Real> x = *reinterpret_cast<const Quad<Real>*>(&inTile[k + kk][column * 4]);
#pragma unroll
        for (int part = 0; part < RowsPer / 4; ++part) {
          const Quad<Real> w = *reinterpret_cast<const Quad<Real>*>(&weightTile[k + kk][row * RowsPer + part * 4]);
#pragma unroll
          for (int i = 0; i < 4; ++i)
#pragma unroll
            for (int j = 0; j < 4; ++j) sum[part * 4 + i][j] += w.v[i] * x.v[j];
        }
      }
  }

  const int64_t sample = firstSample + column * 4;
#pragma unroll
  for (int i = 0; i < RowsPer; ++i) {
    const int unit = firstUnit + row * RowsPer + i;
    if (unit >= call.units) break;
    const Real bias = call.bias && plane == 0 ? __ldg(call.bias + unit) : Real(0);
    Real* const to = call.out.data + (int64_t{unit} * call.planes + plane) * call.out.stride + sample;
    if (arguments.quads && sample + 4 <= call.samples) {
      *reinterpret_cast<Quad<Real>*>(to) = {{sum[i][0] + bias, sum[i][1] + bias, sum[i][2] + bias, sum[i][3] + bias}};
    } else {
#pragma unroll
      for (int j = 0; j < 4; ++j)
        if (sample + j < call.samples) to[j] = sum[i][j] + bias;
    }
  }
}

// At most four units: a thread sums a column alone. Budget a column: 4 bytes read a term (once), 4 multiply-adds, one 16-byte
// broadcast: bound by L2.
template <class Real>
__global__ void __launch_bounds__(kMlpThreads) linearNarrowKernel(const __grid_constant__ LinearArguments<Real> arguments) {
  __shared__ __align__(16) Real tile[kNarrowDepth][kNarrow];
  const LinearCall<Real>& call = arguments.call;
  const int thread = static_cast<int>(threadIdx.x);
  const int plane = static_cast<int>(blockIdx.x / arguments.columnTiles);
  const int64_t sample = (blockIdx.x - plane * arguments.columnTiles) * kMlpThreads + thread;
  const bool there = sample < call.samples;
  Real sum[kNarrow] = {};
  for (int pair = 0; pair < (call.secondWeights ? 2 : 1); ++pair) {
    const Real* const weights = pair ? call.secondWeights : call.weights;
    const int64_t stride = (pair ? call.secondIn.stride : call.in.stride) * call.planes;
    const Real* in = (pair ? call.secondIn.data + plane * call.secondIn.stride : call.in.data + plane * call.in.stride) + sample;
    for (int first = 0; first < call.depth; first += kNarrowDepth) {
      const int terms = call.depth - first < kNarrowDepth ? call.depth - first : kNarrowDepth;
      __syncthreads();
      for (int i = thread; i < terms * kNarrow; i += kMlpThreads) {
        const int term = first + i / kNarrow, unit = i % kNarrow;
        tile[i / kNarrow][unit] = unit >= call.units ? Real(0)
                                  : call.transposed  ? __ldg(weights + int64_t{term} * call.units + unit)
                                                     : __ldg(weights + int64_t{unit} * call.depth + term);
      }
      __syncthreads();
      if (!there) continue;
#pragma unroll 8
      for (int k = 0; k < terms; ++k, in += stride) {
        const Real x = __ldg(in);
        const Quad<Real> w = *reinterpret_cast<const Quad<Real>*>(&tile[k][0]);
#pragma unroll
        for (int u = 0; u < kNarrow; ++u) sum[u] += w.v[u] * x;
      }
    }
  }
  if (!there) return;
#pragma unroll
  for (int u = 0; u < kNarrow; ++u) {
    if (u >= call.units) break;
    const Real bias = call.bias && plane == 0 ? __ldg(call.bias + u) : Real(0);
    call.out.data[(int64_t{u} * call.planes + plane) * call.out.stride + sample] = sum[u] + bias;
  }
}

template <class Real, int RowThreads, int RowsPer>
void launchLinear(Context& context, LinearArguments<Real> arguments) {
  constexpr int rows = RowThreads * RowsPer, columns = kMlpThreads / RowThreads * 4;
  const LinearCall<Real>& call = arguments.call;
  arguments.columnTiles = (call.samples + columns - 1) / columns;
  arguments.quads = call.out.stride % 4 == 0 && reinterpret_cast<uintptr_t>(call.out.data) % 16 == 0;
  const dim3 grid(static_cast<unsigned>(arguments.columnTiles * call.planes),
                  static_cast<unsigned>((call.units + rows - 1) / rows));
  launch(call.transposed ? linearKernel<Real, RowThreads, RowsPer, true> : linearKernel<Real, RowThreads, RowsPer, false>, grid,
         dim3(kMlpThreads), 0, context.stream(), arguments);
}

}  // namespace

template <class Real>
void linear(Context& context, const LinearCall<Real>& call) {
  if constexpr (sizeof(Real) == sizeof(float))
    if (linearOnTensorCores(context, call)) return;
  LinearArguments<Real> arguments{call, 0, false};
  [[maybe_unused]] const auto padded = [&](int rows) { return (call.units + rows - 1) / rows * rows; };
  if (call.units <= kNarrow) {
    arguments.columnTiles = (call.samples + kMlpThreads - 1) / kMlpThreads;
    launch(linearNarrowKernel<Real>, dim3(static_cast<unsigned>(arguments.columnTiles * call.planes)), dim3(kMlpThreads), 0,
           context.stream(), arguments);
    return;
  }
  if (call.units <= 16) {
    launchLinear<Real, 4, 4>(context, arguments);
    return;
  }
  if constexpr (sizeof(Real) == sizeof(float)) {  // doubles of 8 x 4 sums take more registers than two blocks leave
    if (padded(128) == padded(64)) {
      launchLinear<Real, 16, 8>(context, arguments);
      return;
    }
  }
  launchLinear<Real, 16, 4>(context, arguments);
}

template void linear(Context&, const LinearCall<float>&);
template void linear(Context&, const LinearCall<double>&);

}  // namespace dinf::cuda
