// The frame that both adjoints of the encoder share. A block takes its item's samples in rounds of as many as its shared memory
// holds; in each round it notes the smallest box of cells around them and where each cell's samples stand, and then every node of
// that box and its rings gathers from the cells around it. A node belongs to one thread (or, where a box has fewer nodes than the
// block threads, to several that share each cell's samples and are added up in their order), so nothing is written twice.
#pragma once
#include "cuda/binding.h"

namespace dinf::cuda {

constexpr int kGatherThreads = 256;

struct Round {
  unsigned begin, count;         // places in the order by key
  int low[kMaxDims];             // the box: cells, from the tile's corner
  int cells[kMaxDims];           // how many
};

// The places of an item's samples that a call about samples begin .. end walks: in the set's own order those alone, in another order
// (`numbers`) all of them.
__device__ inline uint2 placesOf(uint2 range, const uint32_t* numbers, int64_t begin, int64_t end) {
  if (numbers) return range;
  return make_uint2(static_cast<unsigned>(max(static_cast<int64_t>(range.x), begin)), static_cast<unsigned>(min(static_cast<int64_t>(range.y), end)));
}

// Shared memory of the frame: cell of each sample, first and last sample of each cell, partial sums.
__host__ __device__ constexpr int tileCells(int dims) {
  return dims == 1 ? tileSide(1) : dims == 2 ? tileSide(2) * tileSide(2) : tileSide(3) * tileSide(3) * tileSide(3);
}
template <class Sum>
__host__ __device__ constexpr size_t frameBytes(int dims) {
  return ((tileCells(dims) + 2 * kMaxDims) * sizeof(unsigned) + 15) / 16 * 16 + kGatherThreads * sizeof(Sum);
}

// Sum: in which a round's contributions to a node are added up.
template <int D, class Sum>
struct TileFrame {
  unsigned* cellRange;   // [cell of the tile]: begin | end << 16 within the round; 0: none
  int* box;              // lowest, then highest cell an axis
  Sum* sums;             // a thread

  // Memory behind the frame's own is the caller's.
  __device__ explicit TileFrame(Sum* shared) {
    sums = shared;
    cellRange = reinterpret_cast<unsigned*>(shared + kGatherThreads);
    box = reinterpret_cast<int*>(cellRange + tileCells(D));
  }
  static __device__ Sum* behind(Sum* shared) { return shared + frameBytes<Sum>(D) / sizeof(Sum); }

  template <class Real>
  static __device__ int cellOf(const GridTable<Real>& grid, const TileItem& item, int axis, int64_t sample) {
    return (grid.cell[axis][sample] >> item.level) - item.corner[axis];
  }
  static __device__ int flat(const int* cell) {
    int at = 0;
#pragma unroll
    for (int k = 0; k < D; ++k) at = at * tileSide(D) + cell[k];
    return at;
  }

  // `numbers` null: samples stand in the set's own order. Ends with a barrier.
  template <class Real>
  __device__ Round survey(const GridTable<Real>& grid, const TileItem& item, const uint32_t* numbers, unsigned begin, unsigned count) const {
    for (int i = threadIdx.x; i < tileCells(D); i += kGatherThreads) cellRange[i] = 0;
    if (threadIdx.x < D) {
      box[threadIdx.x] = tileSide(D);
      box[kMaxDims + threadIdx.x] = 0;
    }
    __syncthreads();
    const auto flatOf = [&](unsigned n, int* cell) {
      const int64_t sample = numbers ? numbers[begin + n] : begin + n;
#pragma unroll
      for (int k = 0; k < D; ++k) cell[k] = cellOf(grid, item, k, sample);
      return flat(cell);
    };
    // Samples of a cell follow one another: only the first and the last of them write, each half a word.
    if (threadIdx.x < count) {
      int cell[D], other[D];
      const int here = flatOf(threadIdx.x, cell);
      const bool first = threadIdx.x == 0 || flatOf(threadIdx.x - 1, other) != here;
      const bool last = threadIdx.x + 1 == count || flatOf(threadIdx.x + 1, other) != here;
      if (first) atomicOr(cellRange + here, static_cast<unsigned>(threadIdx.x));
      if (last) atomicOr(cellRange + here, static_cast<unsigned>(threadIdx.x + 1) << 16);
      if (first)
#pragma unroll
        for (int k = 0; k < D; ++k) {
          atomicMin(box + k, cell[k]);
          atomicMax(box + kMaxDims + k, cell[k]);
        }
    }
    __syncthreads();
    Round round{begin, count, {0, 0, 0}, {1, 1, 1}};
#pragma unroll
    for (int k = 0; k < D; ++k) {
      round.low[k] = box[k];
      round.cells[k] = box[kMaxDims + k] - box[k] + 1;
    }
    return round;
  }

  // patch[node] += the sum of contribution(tap of each axis, sample of the round) over the samples whose neighbourhood holds the node.
  // Begins after a barrier, ends without one.
  template <class Real, class F>
  __device__ void gather(const Round& round, int taps, const int* patchNodes, Real* patch, F contribution) const {
    int nodes[kMaxDims] = {1, 1, 1}, total = 1;
#pragma unroll
    for (int k = 0; k < D; ++k) total *= nodes[k] = round.cells[k] + taps - 1;
    const int groups = total < kGatherThreads ? kGatherThreads / total : 1;
    for (int base = 0; base < total; base += kGatherThreads) {
      const int group = groups == 1 ? 0 : static_cast<int>(threadIdx.x) / total;
      const int number = base + static_cast<int>(threadIdx.x) - group * total;
      const bool works = number < total && group < groups;
      Sum sum = 0;
      int node[D] = {};
      if (works) {
        int rest = number, low[D], high[D];
#pragma unroll
        for (int k = D - 1; k >= 0; --k) {
          node[k] = rest % nodes[k];
          rest /= nodes[k];
          low[k] = max(0, node[k] - round.cells[k] + 1);  // taps whose cell lies in the box
          high[k] = min(taps - 1, node[k]);
        }
        int tap[kMaxDims] = {0, 0, 0}, cell[D];
        const auto visit = [&] {
#pragma unroll
          for (int k = 0; k < D; ++k) cell[k] = round.low[k] + node[k] - tap[k];
          const unsigned range = cellRange[flat(cell)];
          for (unsigned n = (range & 0xffff) + group; n < range >> 16; n += groups) sum += contribution(tap, n);
        };
        for (tap[0] = low[0]; tap[0] <= high[0]; ++tap[0]) {
          if constexpr (D == 1) visit();
          else
            for (tap[1] = low[1]; tap[1] <= high[1]; ++tap[1]) {
              if constexpr (D == 2) visit();
              else
                for (tap[2] = low[2]; tap[2] <= high[2]; ++tap[2]) visit();
            }
        }
      }
      if (groups > 1) {
        sums[threadIdx.x] = sum;
        __syncthreads();
        if (works && group == 0)
          for (int g = 1; g < groups; ++g) sum += sums[g * total + threadIdx.x];
      }
      if (works && group == 0) {
        int at = 0;
#pragma unroll
        for (int k = 0; k < D; ++k) at = at * patchNodes[k] + round.low[k] + node[k];
        patch[at] += static_cast<Real>(sum);
      }
    }
  }
};

}  // namespace dinf::cuda
