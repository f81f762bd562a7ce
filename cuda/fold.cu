// The linear decoder folded into the grid, G_o = sum_f c_of F_f + b_o, and its adjoint, between the two layouts of core/grid.h.
// A thread owns a node: of the packed planes it fills while folding, of the parameters in the adjoint, so that both directions
// gather and nothing is added atomically.
#include <algorithm>
#include "cuda/adam.h"
#include "cuda/ops.h"
#include "cuda/reduce.h"

namespace dinf::cuda {
namespace {

constexpr int kThreads = 256;

// What a kernel needs of one level; counts and strides in values, axes that do not exist have one node.
struct FoldLevel {
  int64_t canonical;  // offset of channel 0
  int64_t nodes;      // between channels
  int64_t packed;     // offset of the plane of channel 0
  int64_t items;      // nodes that threads share out: packed ones while folding, canonical ones in the adjoint
  int64_t perBlock;   // of them
  unsigned firstBlock;
  int count[kMaxDims];        // canonical nodes
  int packedCount[kMaxDims];  // packed nodes
  int64_t stride[kMaxDims];   // packed
};
struct FoldTable {
  FoldLevel level[kMaxLevels];
  int64_t channelStride;  // packed
  int levels, features, outputs;
  int shift[kMaxDims];
  bool periodic[kMaxDims];
  bool clamped[kMaxDims];  // ghosts stand for the node at the border
};

// 32-bit division where it is enough: a tenth of the instructions.
__device__ __forceinline__ void divide(int64_t& value, int by, int& rest) {
  if (value <= 0xffffffffll) {
    const unsigned small = static_cast<unsigned>(value), quotient = small / static_cast<unsigned>(by);
    rest = static_cast<int>(small - quotient * static_cast<unsigned>(by));
    value = quotient;
  } else {
    const int64_t quotient = value / by;
    rest = static_cast<int>(value - quotient * by);
    value = quotient;
  }
}
// Coordinates of a node in row-major order.
__device__ __forceinline__ void coordinates(int64_t index, const int* count, int* at) {
  divide(index, count[2], at[2]);
  divide(index, count[1], at[1]);
  at[0] = static_cast<int>(index);
}
__device__ __forceinline__ int levelOf(const FoldTable& table) {
  int level = 0;
  while (level + 1 < table.levels && blockIdx.x >= table.level[level + 1].firstBlock) ++level;
  return level;
}

// A thread a packed node: 4 (F + m) bytes a node. A ghost of a periodic axis stands for the node that its index is modulo N, one of a
// clamped axis, where it is asked for, for the node at the border; a ghost that stands for no parameter is left as it is.
// Counted (paper): 2.1 M warp instructions, 0 M wavefronts, 0.19 M sectors.
template <class Real, bool Folded>
__global__ void __launch_bounds__(kThreads, 1) foldKernel(const __grid_constant__ FoldTable table,
                                                       const Real* __restrict__ parameters,
                                                       const Real* __restrict__ decoder,
                                                       const Real* __restrict__ bias,
                                                       Real* __restrict__ packed) {
  const int s = levelOf(table);
  const FoldLevel& level = table.level[s];
  const int64_t item = (blockIdx.x - level.firstBlock) * level.perBlock + threadIdx.x;
  if (item >= level.items) return;
  int at[kMaxDims];
  coordinates(item, level.packedCount, at);
  int64_t from = level.canonical, to = level.packed, node = 0;
#pragma unroll
  for (int k = 0; k < kMaxDims; ++k) {
    to += at[k] * level.stride[k];
    int n = at[k] - table.shift[k];
    if (table.periodic[k]) {
      n %= level.count[k];
      if (n < 0) n += level.count[k];
    } else if (table.clamped[k]) {
      n = n < 0 ? 0 : n < level.count[k] ? n : level.count[k] - 1;
    }
    if (n < 0 || n >= level.count[k]) return;
    node = node * level.count[k] + n;
  }
  from += node;
  for (int o = 0; o < table.outputs; ++o, to += table.channelStride) {
    if constexpr (Folded) {
      packed[to] = parameters[from + o * level.nodes];
    } else {
      const Real* weight = decoder + (int64_t{o} * table.levels + s) * table.features;
      Real value = (s == 0 ? bias[o] : Real(0)) + weight[0] * parameters[from];
      for (int f = 1; f < table.features; ++f) value += weight[f] * parameters[from + f * level.nodes];
      packed[to] = value;
    }
  }
}

// What a node and the ghosts that stand for it hold: itself, then its ghosts ascending, axis 0 innermost; the adjoint of the
// order in which ghosts are filled.
template <class Real>
__device__ __forceinline__ Real gather(const FoldTable& table, const FoldLevel& level, const Real* plane, const int* at) {
  const auto images = [&](int k, auto value) {
    const int own = at[k] + table.shift[k];
    Real sum = value(own);
    if (table.periodic[k])
      for (int n = own % level.count[k]; n < level.packedCount[k]; n += level.count[k])
        if (n != own) sum += value(n);
    if (table.clamped[k] && at[k] == 0)
      for (int n = 0; n < own; ++n) sum += value(n);
    if (table.clamped[k] && at[k] == level.count[k] - 1)
      for (int n = own + 1; n < level.packedCount[k]; ++n) sum += value(n);
    return sum;
  };
  return images(2, [&](int n2) {
    return images(1, [&](int n1) {
      return images(0, [&](int n0) { return plane[n0 * level.stride[0] + n1 * level.stride[1] + n2 * level.stride[2]]; });
    });
  });
}

constexpr int kFeatureChunk = 4;  // sums a thread holds at a time, and one for the bias

// What becomes of a gradient: it is written down, or goes into a step of Adam at once. Values of the outputs before the last wait in
// `gradient`.
template <class Real>
struct WriteGradient {
  Real* gradient;
  struct Known {
    __device__ __forceinline__ explicit Known(const WriteGradient&) {}
  };
  __device__ __forceinline__ void take(const Known&, int64_t i, Real value) const { gradient[i] = value; }
};
template <class Real>
struct StepAdam {
  Real* gradient;
  AdamStep<Real> adam;
  struct Known : AdamRates<Real> {
    __device__ __forceinline__ explicit Known(const StepAdam& sink) : AdamRates<Real>(sink.adam) {}
  };
  __device__ __forceinline__ void take(const Known& rates, int64_t i, Real value) const { rates.apply(adam.vectors, i, value); }
};

// A thread a parameter node: 4 (m + 2 F) bytes a node, 4 m more where ghosts stand for nodes, 24 F more with a step of Adam. `partial` is
// [block][output][feature, and one for the bias] in double; the last block adds the blocks of a level. `parameters` begin with the grid's,
// behind them are weights and biases: where a step moves them, a grid's own thread has read its own before, and the last block moves
// the others when all have read them.
// Counted (paper): 1.36 M warp instructions, 0.007 M wavefronts, 0.28 M sectors.
template <class Real, bool Folded, class Sink>
__global__ void __launch_bounds__(kThreads, 1) foldAdjointKernel(const __grid_constant__ FoldTable table,
                                                         const Real* parameters,
                                                         int64_t gridSize,
                                                         Real* __restrict__ packed,
                                                         const __grid_constant__ Sink sink,
                                                         bool biasActive,
                                                         double* __restrict__ partial,
                                                         unsigned* arrivals) {
  const Real* const decoder = parameters + gridSize;
  const typename Sink::Known known(sink);
  const int s = levelOf(table);
  const FoldLevel& level = table.level[s];
  const int64_t begin = (blockIdx.x - level.firstBlock) * level.perBlock;
  const int64_t end = begin + level.perBlock < level.items ? begin + level.perBlock : level.items;
  bool ghosts = false;
  for (int k = 0; k < kMaxDims; ++k) ghosts = ghosts || table.periodic[k] || table.clamped[k];
  const int features = Folded ? 1 : table.features;
  for (int o = 0; o < table.outputs; ++o) {
    Real* plane = packed + level.packed + o * table.channelStride;
    const Real* weight = Folded ? nullptr : decoder + (int64_t{o} * table.levels + s) * features;
    for (int chunk = 0; chunk < features; chunk += kFeatureChunk) {
      double sum[kFeatureChunk] = {}, values = 0;
      for (int64_t item = begin + threadIdx.x; item < end; item += kThreads) {
        int at[kMaxDims];
        coordinates(item, level.count, at);
        Real* own = plane;
#pragma unroll
        for (int k = 0; k < kMaxDims; ++k) own += (at[k] + table.shift[k]) * level.stride[k];
        Real value = *own;
        if (ghosts && chunk == 0) *own = value = gather(table, level, plane, at);
        if constexpr (Folded) {
          sink.take(known, level.canonical + o * level.nodes + item, value);
        } else {
          values += static_cast<double>(value);
#pragma unroll
          for (int i = 0; i < kFeatureChunk; ++i) {
            const int f = chunk + i;
            if (f >= features) break;
            const int64_t place = level.canonical + f * level.nodes + item;
            const Real all = o > 0 ? sink.gradient[place] + weight[f] * value : weight[f] * value;
            sum[i] += static_cast<double>(value) * static_cast<double>(parameters[place]);
            if (o + 1 < table.outputs) sink.gradient[place] = all;
            else sink.take(known, place, all);
          }
        }
      }
      if constexpr (!Folded) {
        double* to = partial + (int64_t{blockIdx.x} * table.outputs + o) * (features + 1);
#pragma unroll
        for (int i = 0; i < kFeatureChunk; ++i) {
          if (chunk + i >= features) break;
          const double total = blockSum<kThreads>(sum[i]);
          if (threadIdx.x == 0) to[chunk + i] = total;
        }
        if (s == 0 && chunk == 0 && biasActive) {
          const double total = blockSum<kThreads>(values);
          if (threadIdx.x == 0) to[features] = total;
        }
      }
    }
  }
  if constexpr (!Folded) {
    if (!lastToArrive(arrivals)) return;
    // A warp a sum: weights [output][level][feature], then biases, of which level 0 alone sees every sample once.
    const int weights = table.outputs * table.levels * features;
    for (int i = static_cast<int>(threadIdx.x / 32); i < weights + table.outputs; i += kThreads / 32) {
      const bool isBias = i >= weights;
      const int o = isBias ? i - weights : i / (table.levels * features);
      const int l = isBias ? 0 : i / features % table.levels, f = isBias ? features : i % features;
      double total = 0;
      if (!isBias || biasActive) {
        const unsigned last = l + 1 < table.levels ? table.level[l + 1].firstBlock : gridDim.x;
        for (unsigned b = table.level[l].firstBlock + threadIdx.x % 32; b < last; b += 32)
          total += __ldcg(partial + (int64_t{b} * table.outputs + o) * (features + 1) + f);
      }
      total = warpSum(total);
      if (threadIdx.x % 32 == 0) sink.take(known, gridSize + i, static_cast<Real>(total));
    }
  }
}

FoldTable tableOf(const FoldShape& shape) {
  const GridShape& grid = shape.grid;
  const int channels = shape.folded ? shape.outputs : shape.features;
  FoldTable table{};
  table.levels = grid.levels;
  table.features = shape.features;
  table.outputs = shape.outputs;
  table.channelStride = grid.packedOffset(0, 1);
  for (int k = 0; k < kMaxDims; ++k) {
    table.shift[k] = k < grid.dims ? grid.packedShift(k) : 0;
    table.periodic[k] = grid.periodic(k);
    table.clamped[k] = shape.clampedGhosts && k < grid.dims && grid.edge[k] == Edge::clamp;
  }
  for (int s = 0; s < grid.levels; ++s) {
    FoldLevel& level = table.level[s];
    level.canonical = grid.canonicalOffset(s, 0, channels);
    level.nodes = grid.nodesAt(s);
    level.packed = grid.packedOffset(s, 0);
    for (int k = 0; k < kMaxDims; ++k) {
      level.count[k] = grid.nodesAt(s, k);
      level.packedCount[k] = grid.packedNodes(s, k);
      level.stride[k] = k == grid.dims - 1 ? 1 : k == 0 ? grid.packedStride0(s) : grid.packedStride1(s);
    }
  }
  return table;
}
// Shares the blocks out over the levels, returns their number.
template <class Items>
unsigned layBlocks(FoldTable& table, int64_t perBlock, Items items) {
  int64_t blocks = 0;
  for (int s = 0; s < table.levels; ++s) {
    FoldLevel& level = table.level[s];
    level.items = items(level);
    level.perBlock = perBlock;
    level.firstBlock = static_cast<unsigned>(blocks);
    blocks += (level.items + perBlock - 1) / perBlock;
  }
  check(blocks < int64_t{1} << 31, ErrorCode::outOfMemory, "a grid of that many nodes is too large for a CUDA device");
  return static_cast<unsigned>(blocks);
}

}  // namespace

template <class Real>
void fold(Context& context, const FoldShape& shape, const Real* parameters, Real* packed) {
  FoldTable table = tableOf(shape);
  const unsigned blocks = layBlocks(table, kThreads, [](const FoldLevel& level) {
    return int64_t{level.packedCount[0]} * level.packedCount[1] * level.packedCount[2];
  });
  const Real* decoder = parameters + shape.grid.canonicalSize(shape.folded ? shape.outputs : shape.features);
  const Real* bias = decoder + int64_t{shape.outputs} * shape.grid.levels * shape.features;
  launch(shape.folded ? foldKernel<Real, true> : foldKernel<Real, false>, blocks, kThreads, 0, context.stream(), table,
         parameters, decoder, bias, packed);
}

namespace {

template <class Real, class Sink>
void launchAdjoint(Context& context, const FoldShape& shape, const Real* parameters, Real* packed, const Sink& sink) {
  FoldTable table = tableOf(shape);
  const auto items = [](const FoldLevel& level) { return level.nodes; };
  // Eight nodes a thread, more where that would be more than 1024 blocks: from the shape alone, as the order of the sums is.
  int64_t nodes = 0;
  for (int s = 0; s < table.levels; ++s) nodes += table.level[s].nodes;
  const int64_t unit = int64_t{kThreads} * 8, perBlock = unit * std::max<int64_t>(1, (nodes + unit * 1024 - 1) / (unit * 1024));
  const unsigned blocks = layBlocks(table, perBlock, items);
  const int64_t gridSize = shape.grid.canonicalSize(shape.folded ? shape.outputs : shape.features);
  double* partial = shape.folded ? nullptr : context.scratch<double>(int64_t{blocks} * shape.outputs * (shape.features + 1));
  launch(shape.folded ? foldAdjointKernel<Real, true, Sink> : foldAdjointKernel<Real, false, Sink>, blocks, kThreads, 0, context.stream(),
         table, parameters, gridSize, packed, sink, shape.biasActive, partial, context.arrivals());
}

}  // namespace

template <class Real>
void foldAdjoint(Context& context, const FoldShape& shape, const Real* parameters, Real* packed, Real* gradient) {
  launchAdjoint(context, shape, parameters, packed, WriteGradient<Real>{gradient});
}
template <class Real>
void foldAdjointAdam(Context& context, const FoldShape& shape, Real* packed, const AdamVectors<Real>& v, const AdamSettings& settings) {
  launchAdjoint(context, shape, static_cast<const Real*>(v.parameters), packed,
                StepAdam<Real>{v.gradient, AdamStep<Real>::of(v, context.slots(), settings)});
}

template void fold<float>(Context&, const FoldShape&, const float*, float*);
template void fold<double>(Context&, const FoldShape&, const double*, double*);
template void foldAdjoint<float>(Context&, const FoldShape&, const float*, float*, float*);
template void foldAdjoint<double>(Context&, const FoldShape&, const double*, double*, double*);
template void foldAdjointAdam<float>(Context&, const FoldShape&, float*, const AdamVectors<float>&, const AdamSettings&);
template void foldAdjointAdam<double>(Context&, const FoldShape&, double*, const AdamVectors<double>&, const AdamSettings&);

}  // namespace dinf::cuda
