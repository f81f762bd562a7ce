// The adjoint of the tensor path, axis by axis in reverse: what every node gets from the samples around it, along one axis at a time.
// Samples ascend along an axis, so those of a node are one range; where a coarse level's nodes have many, several threads share them and
// are added up in their order. Nothing is written twice.
//
// Squares of the rows' entries take the same way: (sum_p c_p w^(p))^2 = sum_pq c_p c_q w^(p) w^(q), and each product of weights is again a
// product over the axes.
#include <utility>
#include "cuda/encode.h"
#include "cuda/tensor_passes.h"

namespace dinf::cuda {
namespace {

constexpr int kSamplesAThread = 8;  // of a node: beyond, several threads share them
constexpr int kSpreadRows = 8;      // that a thread of the last axis takes at once: a sample's weights are read once for them

// Threads, a power of two, that share the samples of a node.
int sharing(int samples, int taps, int nodes, int most) {
  int lanes = 1;
  while (lanes < most && int64_t{samples} * taps > int64_t{kSamplesAThread} * lanes * nodes) lanes *= 2;
  return lanes;
}

// Jets become nodes of the last axis: a thread a node in kSpreadRows rows.
// Counted (paper): 8.7 M warp instructions, 0 M wavefronts, 3.6 M sectors.
// Counted (gauss): 1.28 M warp instructions, 0 M wavefronts, 0.60 M sectors.
template <class Real, bool Squares>
__global__ void __launch_bounds__(kTensorThreads, 1) spreadLastKernel(const __grid_constant__ LastPass<Real> pass,
                                                                   const Term<Real>* __restrict__ terms,
                                                                   const int* __restrict__ firstTerm,
                                                                   Real* __restrict__ nodes,
                                                                   int64_t channelStride,
                                                                   int64_t levelStride) {
  int s = pass.firstLevel;
  while (s + 1 < pass.firstLevel + pass.levels && blockIdx.x >= pass.level[s + 1].firstBlock) ++s;
  const AxisLevel<Real>& axis = pass.axis[s];
  const int bits = pass.level[s].laneBits, lanes = 1 << bits;
  const unsigned perGroup = static_cast<unsigned>(axis.nodes) << bits;
  const unsigned thread = (blockIdx.x - pass.level[s].firstBlock) * kTensorThreads + threadIdx.x, group = thread / perGroup;
  const int at = static_cast<int>(thread - group * perGroup), node = at >> bits, lane = at & (lanes - 1);
  const int64_t row = int64_t{group} * kSpreadRows;
  const bool works = row < pass.rows;
  const int rows = static_cast<int>(min(int64_t{kSpreadRows}, pass.rows - row)), n = pass.count, taps = pass.taps;
  Real sum[kSpreadRows] = {};
  if (works) {
    const int begin = __ldg(axis.bound + max(0, node - taps + 1)) + lane, end = __ldg(axis.bound + node + 1);
    const int64_t from = blockIdx.z * channelStride + s * levelStride + row * n + begin;
    for (int t = firstTerm[blockIdx.y]; t < firstTerm[blockIdx.y + 1]; ++t) {
      const Term<Real>& term = terms[t];
      const AxisOrder order = term.order[pass.dims - 1];
      const Real* const first = axis.weight + order.first * taps * n;
      const Real* const second = axis.weight + (Squares ? order.second : 0) * taps * n;
      const Real factor = Squares ? static_cast<Real>(term.factor) : Real(1);
      const int* start = axis.start + begin;
      const Real *x[kSpreadRows], *y[kSpreadRows];
#pragma unroll
      for (int r = 0; r < kSpreadRows; ++r) {
        x[r] = term.x + from + min(r, rows - 1) * n;
        if constexpr (Squares) y[r] = term.y + from + min(r, rows - 1) * n;
      }
      for (int q = begin; q < end; q += lanes, start += lanes) {
        const Real w = factor * weightAt<Squares>(first, second, (node - __ldg(start)) * n + q);
#pragma unroll
        for (int r = 0; r < kSpreadRows; ++r) {
          if constexpr (Squares) {
            sum[r] += w * __ldg(x[r]) * __ldg(y[r]);
            y[r] += lanes;
          } else {
            sum[r] += w * __ldg(x[r]);
          }
          x[r] += lanes;
        }
      }
    }
  }
  for (int step = lanes / 2; step > 0; step /= 2)
#pragma unroll
    for (int r = 0; r < kSpreadRows; ++r) sum[r] += __shfl_xor_sync(0xffffffffu, sum[r], step);
  if (!works || lane != 0) return;
  Real* const to = nodes + blockIdx.z * pass.nodeChannel + blockIdx.y * pass.nodePiece + pass.level[s].nodes + row * axis.nodes + node;
#pragma unroll
  for (int r = 0; r < kSpreadRows; ++r)
    if (r < rows) to[r * axis.nodes] = sum[r];
}

// Samples of one axis become nodes, all pieces of a node's summed: a block takes 32 values side by side at as many nodes as its threads
// come to. `add`: to what is there.
// Counted (paper): 7.4 M warp instructions, 0.016 M wavefronts, 1.7 M sectors.
// Counted (gauss): 0.98 M warp instructions, 0.005 M wavefronts, 0.22 M sectors.
template <class Real, bool Squares>
__global__ void __launch_bounds__(kTensorThreads, 1) spreadAxisKernel(const __grid_constant__ AxisPass<Real> pass,
                                                                   const Piece* __restrict__ pieces,
                                                                   const int* __restrict__ firstPiece,
                                                                   const Real* __restrict__ samples,
                                                                   Real* __restrict__ nodes,
                                                                   bool add) {
  __shared__ Real sums[kRowGroups][kColumns];
  const AxisBlock block = axisBlock(pass);
  const auto& level = pass.level[block.level];
  const AxisLevel<Real>& axis = pass.axis[block.level];
  const int x = block.column * kColumns + static_cast<int>(threadIdx.x), y = static_cast<int>(threadIdx.y), lanes = level.lanes;
  const int node = (block.row * kRowGroups + y) / lanes, lane = y % lanes, taps = pass.taps, count = pass.count;
  const bool works = x < level.width && node < axis.nodes;
  Real sum = 0;
  if (works) {
    const int begin = max(__ldg(axis.bound + max(0, node - taps + 1)), pass.firstSample) + lane;
    const int end = min(__ldg(axis.bound + node + 1), pass.firstSample + pass.samples);
    const int64_t step = lanes * level.sampleStride;
    const Real* const level0 = samples + blockIdx.z * pass.sampleChannel + level.samples + block.outer * level.sampleOuter +
                               (begin - pass.firstSample) * level.sampleStride + x;
    for (int p = firstPiece[blockIdx.y]; p < firstPiece[blockIdx.y + 1]; ++p) {
      const Piece piece = pieces[p];
      const Real* const first = axis.weight + piece.order.first * taps * count;
      const Real* const second = axis.weight + (Squares ? piece.order.second : 0) * taps * count;
      const Real* from = level0 + piece.samples * pass.samplePiece;
#pragma unroll 2
      for (int q = begin; q < end; q += lanes, from += step)
        sum += weightAt<Squares>(first, second, (node - __ldg(axis.start + q)) * count + q) * __ldg(from);
    }
  }
  if (lanes > 1) {
    sums[y][threadIdx.x] = sum;
    __syncthreads();
    if (lane > 0) return;
    for (int l = 1; l < lanes; ++l) sum += sums[y + l][threadIdx.x];
  }
  if (!works) return;
  Real* const to = nodes + blockIdx.z * pass.nodeChannel + blockIdx.y * pass.nodePiece + level.nodes + block.outer * level.nodeOuter + node * level.nodeStride + x;
  *to = add ? *to + sum : sum;
}

template <class Real, bool Squares>
void spreadAxis(Context& context, AxisPass<Real>& pass, const std::vector<Piece>& pieces, int channels, const Real* samples, Real* nodes, bool add) {
  std::vector<int> first;
  for (size_t p = 0; p < pieces.size(); ++p)
    if (p == 0 || pieces[p].nodes != pieces[p - 1].nodes) first.push_back(static_cast<int>(p));
  const unsigned targets = static_cast<unsigned>(first.size());
  first.push_back(static_cast<int>(pieces.size()));
  const unsigned blocks = layBlocks(pass, [&](int s) {
    pass.level[s].lanes = sharing(pass.samples, pass.taps, pass.axis[s].nodes, kRowGroups);
    return blocksFor(pass.axis[s].nodes, kRowGroups / pass.level[s].lanes);
  });
  const Piece* const list = context.constant(pieces.data(), static_cast<int64_t>(pieces.size()));
  launch(spreadAxisKernel<Real, Squares>, dim3(blocks, targets, channels), dim3(kColumns, kRowGroups), 0, context.stream(), pass, list,
         context.constant(first.data(), static_cast<int64_t>(first.size())), samples, nodes, add);
}

template <class Real, bool Squares>
void spread(Context& context, const CudaBinding<Real>& binding, int64_t begin, int64_t count, std::vector<Term<Real>> terms, int firstLevel,
            int levels, int channels, int64_t channelStride, int64_t levelStride, Real* packed, bool add) {
  const TensorAxes<Real>& axes = *binding.tensor;
  const int d = axes.dims;
  const int64_t row = binding.samples.paddedCount() / axes.count[0];
  TensorPlan<Real> plan(std::move(terms), d);
  const std::vector<Term<Real>> planes = plan.terms;
  eachSlab(axes, plan, channels, firstLevel, levels, begin / row, count / row, [&](int first, int samples) {
    TensorPasses<Real> passes(axes, plan, channels, binding.table.channelStride, firstLevel, levels, first, samples);
    Real* const behindLead = context.scratch<Real>(passes.leadSize + passes.lastSize);
    Real* const beforeLast = behindLead + passes.leadSize;
    for (size_t t = 0; t < planes.size(); ++t) {
      plan.terms[t].x = planes[t].x + first * row - begin;
      plan.terms[t].y = planes[t].y ? planes[t].y + first * row - begin : nullptr;
    }
    LastPass<Real>& last = passes.last;
    unsigned blocks = 0;
    for (int s = firstLevel; s < firstLevel + levels; ++s) {
      auto& level = last.level[s];
      const int lanes = sharing(last.count, last.taps, last.axis[s].nodes, 32);
      while ((1 << level.laneBits) < lanes) ++level.laneBits;
      level.firstBlock = blocks;
      const int64_t threads = (last.rows + kSpreadRows - 1) / kSpreadRows * last.axis[s].nodes * lanes;
      blocks += blocksFor(threads, kTensorThreads);
    }
    const Term<Real>* const list = context.constant(plan.terms.data(), static_cast<int64_t>(plan.terms.size()));
    launch(spreadLastKernel<Real, Squares>, dim3(blocks, plan.pieces, channels), dim3(kTensorThreads), 0, context.stream(), last, list,
           context.constant(plan.firstTerm.data(), static_cast<int64_t>(plan.firstTerm.size())), beforeLast, channelStride, levelStride);
    if (d == 3)
      spreadAxis<Real, Squares>(context, passes.middle, plan.middle, channels, static_cast<const Real*>(beforeLast), behindLead, false);
    spreadAxis<Real, Squares>(context, passes.lead, plan.lead, channels, static_cast<const Real*>(behindLead), packed, std::exchange(add, true));
  });
}

}  // namespace

template <class Real>
void encodeTensorAdjoint(Context& context, CudaBinding<Real>& binding, int64_t begin, int64_t count, const Real* jetAdjoints, uint64_t absent) {
  const int channels = binding.channels, planes = binding.jets.count;
  std::vector<Term<Real>> terms;
  for (int p = 0; p < planes; ++p) {
    if (absent >> p & 1) continue;
    Term<Real>& term = terms.emplace_back();
    for (int k = 0; k < binding.grid.dims; ++k) term.order[k].first = static_cast<short>(binding.jets.index[p].a[k]);
    term.x = jetAdjoints + p * count;
  }
  if (terms.empty()) return;
  const int64_t channelStride = planes * count, levelStride = binding.map == ChannelMap::separateLevels ? channelStride * channels : 0;
  spread<Real, false>(context, binding, begin, count, std::move(terms), 0, binding.grid.levels, channels, channelStride, levelStride, binding.target(),
                      binding.addsNow());
}

template <class Real>
void encodeTensorSquares(Context& context, CudaBinding<Real>& binding, int64_t begin, int64_t count, const std::vector<PlaneValues<Real>>& planes,
                         int channel, int firstLevel, int levels) {
  std::vector<Term<Real>> terms;
  for (size_t i = 0; i < planes.size(); ++i)
    for (size_t j = i; j < planes.size(); ++j) {
      Term<Real>& term = terms.emplace_back();
      for (int k = 0; k < binding.grid.dims; ++k) {
        const auto [low, high] = std::minmax(binding.jets.index[planes[i].plane].a[k], binding.jets.index[planes[j].plane].a[k]);
        term.order[k] = {static_cast<short>(low), static_cast<short>(high)};
      }
      term.x = planes[i].values;
      term.y = planes[j].values;
      term.factor = i == j ? 1 : 2;
    }
  if (terms.empty()) return;
  spread<Real, true>(context, binding, begin, count, std::move(terms), firstLevel, levels, 1, 0, 0, binding.occupied() + channel * binding.table.channelStride, true);
}

#define DINF_INSTANTIATE(Real)                                                                                                                  \
  template void encodeTensorAdjoint<Real>(Context&, CudaBinding<Real>&, int64_t, int64_t, const Real*, uint64_t);                            \
  template void encodeTensorSquares<Real>(Context&, CudaBinding<Real>&, int64_t, int64_t, const std::vector<PlaneValues<Real>>&, int, int, int);
DINF_INSTANTIATE(float)
DINF_INSTANTIATE(double)

}  // namespace dinf::cuda
