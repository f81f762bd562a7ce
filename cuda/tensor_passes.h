// Tensor-product samples axis by axis: what the encoder and its adjoint have in common. Arrays between two axes hold, one piece after
// another, samples of the leading axes beside nodes of the trailing ones, level by level; a piece is one order of derivative along each
// of the leading axes. In 2-D:
//
//   nodes x nodes  --axis 0-->  samples x nodes, [channel][piece][level][sample][node]  --last axis-->  jets
//
// and the adjoint comes back the same way. In 3-D the middle axis lies between, once a sample of axis 0.
#pragma once
#include <algorithm>
#include <vector>
#include "cuda/tensor_axes.h"

namespace dinf::cuda {

constexpr int kTensorThreads = 256;
constexpr int kColumns = 32, kRowGroups = kTensorThreads / kColumns;  // of a block of an axis pass
constexpr int kSamplesAtOnce = 4;                                     // of an axis pass, one after another
constexpr int kRowsAtOnce = 4;                                        // of the last axis, that share a sample's weights
constexpr int64_t kScratchBytes = int64_t{64} << 20;                  // of arrays between the axes, where one slab does not need more

// The order whose weights a pass takes along its axis; of squares, the two whose products it takes.
struct AxisOrder {
  short first = 0, second = -1;
  auto operator<=>(const AxisOrder&) const = default;
};

// A piece of the arrays on a pass' two sides.
struct Piece {
  int nodes, samples;
  AxisOrder order;
};

// What the last axis meets at the samples: a plane, of squares the product of two.
template <class Real>
struct Term {
  AxisOrder order[kMaxDims] = {};
  int plane = 0;
  const Real *x = nullptr, *y = nullptr;  // of an adjoint: its values, of squares times y and the factor
  double factor = 1;
};

// One axis but the last.
template <class Real>
struct AxisPass {
  AxisLevel<Real> axis[kMaxLevels];
  struct Level {
    int64_t nodes, samples;             // where the level begins in a piece
    int64_t nodeStride, nodeOuter;      // from one node to the next, from one of the outer indices to the next
    int64_t sampleStride, sampleOuter;
    int width, outer;                   // values side by side that a node or sample stands for; how many of those
    int lanes;                          // adjoint: threads that share a node's samples
    unsigned firstBlock, columns, rows;  // blocks: columns * rows * outer
  } level[kMaxLevels];
  int64_t nodePiece, nodeChannel, samplePiece, sampleChannel;
  int taps, count, firstSample, samples;  // the axis' samples, and those of this pass
  int firstLevel, levels;
};

// The last axis, whose nodes and samples lie side by side.
template <class Real>
struct LastPass {
  AxisLevel<Real> axis[kMaxLevels];
  struct Level {
    int64_t nodes;
    int laneBits;         // adjoint: 2^laneBits threads share a node's samples
    unsigned firstBlock;
  } level[kMaxLevels];
  int64_t nodePiece, nodeChannel;
  int64_t planeStride;   // of jets; rows of samples lie `count` apart
  int dims, taps, count, channels;
  int64_t rows;
  int firstLevel, levels;
};

// Lays a pass' blocks, level after level; returns how many there are. `rowsOf(level)`: blocks one above another.
template <class Real, class F>
unsigned layBlocks(AxisPass<Real>& pass, F rowsOf) {
  unsigned blocks = 0;
  for (int s = pass.firstLevel; s < pass.firstLevel + pass.levels; ++s) {
    auto& level = pass.level[s];
    level.firstBlock = blocks;
    level.columns = blocksFor(level.width, kColumns);
    level.rows = rowsOf(s);
    blocks += level.columns * level.rows * static_cast<unsigned>(level.outer);
  }
  return blocks;
}

// Which part of a pass a block of it has.
struct AxisBlock {
  int level, outer, row, column;
};
template <class Real>
__device__ __forceinline__ AxisBlock axisBlock(const AxisPass<Real>& pass) {
  int s = pass.firstLevel;
  while (s + 1 < pass.firstLevel + pass.levels && blockIdx.x >= pass.level[s + 1].firstBlock) ++s;
  const auto& level = pass.level[s];
  const unsigned at = blockIdx.x - level.firstBlock, column = at % level.columns, rest = at / level.columns;
  return {s, static_cast<int>(rest / level.rows), static_cast<int>(rest % level.rows), static_cast<int>(column)};
}

// The orders' weights at one tap, `place` = tap * samples + sample.
template <bool Squares, class Real>
__device__ __forceinline__ Real weightAt(const Real* __restrict__ first, const Real* __restrict__ second, int place) {
  const Real w = __ldg(first + place);
  return Squares ? w * __ldg(second + place) : w;
}

// The terms of an op in the order in which its pieces hold them, and those pieces.
template <class Real>
struct TensorPlan {
  std::vector<Term<Real>> terms;
  std::vector<int> firstTerm;     // of each piece before the last axis; one more at the end
  std::vector<Piece> lead, middle;  // passes over axis 0 and, in 3-D, axis 1: in the order of their nodes' pieces
  int leadPieces = 0, pieces = 0;   // behind axis 0; before the last axis

  TensorPlan(std::vector<Term<Real>> all, int dims) : terms(std::move(all)) {
    const auto leading = [dims](const Term<Real>& t) { return std::pair(t.order[0], dims == 3 ? t.order[1] : AxisOrder{}); };
    std::stable_sort(terms.begin(), terms.end(), [&](const auto& a, const auto& b) { return leading(a) < leading(b); });
    for (size_t i = 0; i < terms.size(); ++i) {
      if (i > 0 && leading(terms[i]) == leading(terms[i - 1])) continue;
      firstTerm.push_back(static_cast<int>(i));
      const bool fresh = i == 0 || terms[i].order[0] != terms[i - 1].order[0];
      if (fresh) lead.push_back({0, leadPieces++, terms[i].order[0]});
      if (dims == 3) middle.push_back({leadPieces - 1, pieces, terms[i].order[1]});
      ++pieces;
    }
    firstTerm.push_back(static_cast<int>(terms.size()));
  }
};

// The passes of one slab: `samples` of axis 0 from `firstSample` on. All arrays between the axes lie in one scratch.
template <class Real>
struct TensorPasses {
  AxisPass<Real> lead{}, middle{};
  LastPass<Real> last{};
  int64_t leadSize = 0, lastSize = 0;  // values behind axis 0 (none in 2-D, where they are those before the last axis) and before the last

  TensorPasses(const TensorAxes<Real>& axes, const TensorPlan<Real>& plan, int channels, int64_t channelStride, int firstLevel, int levels,
               int firstSample, int samples) {
    const int d = axes.dims, end = firstLevel + levels;
    const int64_t middleCount = d == 3 ? axes.count[1] : 1;
    const auto place = [&](AxisPass<Real>& pass, int axis) {
      std::copy_n(axes.level[axis], kMaxLevels, pass.axis);
      pass.taps = axes.taps;
      pass.count = axes.count[axis];
      pass.firstLevel = firstLevel;
      pass.levels = levels;
    };
    place(lead, 0);
    lead.firstSample = firstSample;
    lead.samples = samples;
    lead.nodeChannel = channelStride;
    std::copy_n(axes.level[d - 1], kMaxLevels, last.axis);
    last.dims = d;
    last.taps = axes.taps;
    last.count = axes.count[d - 1];
    last.channels = channels;
    last.rows = samples * middleCount;
    last.firstLevel = firstLevel;
    last.levels = levels;
    int64_t leadPiece = 0, lastPiece = 0;
    for (int s = firstLevel; s < end; ++s) {
      const int width = axes.level[d - 1][s].nodes, height = d == 3 ? axes.level[1][s].nodes : 1;
      auto& first = lead.level[s];
      first.nodes = axes.corner[s];
      first.nodeStride = axes.stride[s][0];
      first.nodeOuter = d == 3 ? axes.stride[s][1] : 0;
      first.samples = leadPiece;
      first.sampleStride = int64_t{width} * height;
      first.sampleOuter = width;
      first.width = width;
      first.outer = height;
      if (d == 3) {
        auto& second = middle.level[s];
        second.nodes = leadPiece;
        second.nodeStride = width;
        second.nodeOuter = int64_t{width} * height;
        second.samples = lastPiece;
        second.sampleStride = width;
        second.sampleOuter = width * middleCount;
        second.width = width;
        second.outer = samples;
      }
      last.level[s].nodes = lastPiece;
      leadPiece += int64_t{samples} * height * width;
      lastPiece += last.rows * width;
    }
    if (d == 3) {
      place(middle, 1);
      middle.samples = axes.count[1];
      middle.nodePiece = leadPiece;
      middle.nodeChannel = leadPiece * plan.leadPieces;
      middle.samplePiece = last.nodePiece = lastPiece;
      middle.sampleChannel = last.nodeChannel = lastPiece * plan.pieces;
      lead.samplePiece = leadPiece;
      lead.sampleChannel = middle.nodeChannel;
      leadSize = middle.nodeChannel * channels;
    } else {
      lead.samplePiece = last.nodePiece = lastPiece;
      lead.sampleChannel = last.nodeChannel = lastPiece * plan.pieces;
    }
    lastSize = last.nodeChannel * channels;
  }
};

// Calls f(first sample of axis 0, how many) for slabs of as many as the scratch has room for, all of them where it does.
template <class Real, class F>
void eachSlab(const TensorAxes<Real>& axes, const TensorPlan<Real>& plan, int channels, int firstLevel, int levels, int64_t first, int64_t count,
              F f) {
  const TensorPasses<Real> one(axes, plan, channels, 0, firstLevel, levels, static_cast<int>(first), 1);
  const int64_t most = std::max<int64_t>(1, kScratchBytes / ((one.leadSize + one.lastSize) * static_cast<int64_t>(sizeof(Real))));
  for (int64_t at = first; at < first + count; at += most) f(static_cast<int>(at), static_cast<int>(std::min(most, first + count - at)));
}

}  // namespace dinf::cuda
