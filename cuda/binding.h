// Grid x sample set x jets on a device: where each sample lies in the finest level, and the work items of the encoder's adjoint.
//
// The adjoint gives every tile of kTileSide^dims cells of a level to blocks of its own. Samples stand in the order of a Morton curve
// through the finest cells, so those of a tile, on any level, are one range; where a tile of a coarse level has many, several blocks
// share it, each with a part of the range. A block sums into a patch of its own, the tile's nodes and the rings around them; a second
// kernel adds, node by node, the patches over it in their order. No float atomics, the same bits on every run.
//
// A tensor-product set needs none of this: its axes are applied one by one (tensor_axes.h), and the adjoint writes where it is to go. Radial kernels, whose weights are no products, take such a set sample by sample.
//
// Memory of the others: 4 + sizeof(Real) bytes a sample and axis, 4 for the key (8 more where the set has to be sorted anew each draw), and the
// patches: (kTileSide + taps - 1)^dims values an item and channel.
#pragma once
#include <utility>
#include "core/backend.h"
#include "cuda/samples.h"
#include "cuda/sort.h"
#include "cuda/tensor_axes.h"

namespace dinf::cuda {

constexpr int tileSide(int dims) { return dims == 1 ? 64 : dims == 2 ? 16 : 8; }

// A block's work in the adjoint.
struct TileItem {
  int level;
  int corner[kMaxDims];   // the tile's first cell
  uint32_t low, high;     // keys of its samples: low <= key < high (high 0: no bound)
  int part, parts;        // which equal share of them
  int64_t patch;          // where its patch lies, in one channel's patches
};

// The tiles of one level, and their items.
struct TileGrid {
  int tiles[kMaxDims];
  int patchNodes[kMaxDims];
  int firstTile;          // in the list of all tiles' first items
  int lanes;              // that share the items of a node when patches are added up
  int64_t firstPacked, packedStride[kMaxDims];
  int packedNodes[kMaxDims];
  int64_t firstNode;      // packed nodes of the levels before, lanes counted
};

// The geometry that every encoder kernel reads.
template <class Real>
struct GridTable {
  int dims, levels, taps;
  Kernel1d kernel;
  Real tails[kMaxTaps / 2];
  int cells[kMaxDims], lastCell[kMaxDims];
  Edge edge[kMaxDims];
  KnotTable knots[kMaxDims];
  int64_t offset[kMaxLevels], stride[kMaxLevels][kMaxDims];  // packed, of one channel
  int64_t channelStride;
  const int* cell[kMaxDims];        // of each sample, finest level
  const Real* fraction[kMaxDims];
};

template <class Real>
class CudaBinding final : public Binding, public FollowsSamples {
 public:
  CudaBinding(Context& context, const GridShape& grid, const SampleSet& samples, const JetSet& jets, int channels, ChannelMap map);
  ~CudaBinding() override;
  void samplesMoved() override;

  GridTable<Real> table;
  JetSet closed;                   // of the set's order rounded up to what kernels are compiled for
  int order = 0;                   // that order
  const Real* scale = nullptr;     // [level][plane of `closed`]: from cells to Taylor coefficients in the unit box
  int planeOf[kMaxPlanes];         // of a plane of `closed`: the one of `jets`, or -1
  std::unique_ptr<TensorAxes<Real>> tensor;  // of sets that are applied axis by axis; null: sample by sample

  // From its begin to its end an adjoint has a target. `add`: to what is there, or in its place.
  void beginAdjoint(Real* packed, bool add);
  void endAdjoint();
  // Of `tensor`, which needs nothing else. Whoever writes all that samples reach asks whether to add to it; from then on one does.
  Real* target() const { return target_; }
  bool addsNow() {
    if (!tensor->whole) occupied();
    return std::exchange(adds_, true);
  }
  // The same for who adds to a part of it: zeros where nobody has written yet.
  Real* occupied();

  // Of other sets, made when an adjoint is first begun.
  const TileItem* items() const { return items_.data(); }
  int64_t itemCount = 0;
  const uint32_t* numbers() const { return sorted_ ? nullptr : numbers_.data(); }  // sample at each place of the order by key
  const uint2* ranges() const { return ranges_.data(); }                            // places of each item's samples
  Real* patches() const { return patches_.data(); }
  int64_t patchSize = 0;           // of one channel, all items

 private:
  KnotTable uploadKnots(const Knots& knots, int axis);
  const std::vector<uint32_t>* keysOfSet() const;
  std::vector<uint32_t> hostKeys() const;
  void layTiles();
  // The patches in their order into packed, `add` to it or in its place; leaves them cleared.
  void addPatches(Real* packed, bool add);
  void findRanges();

  Context& context_;
  MortonCurve curve_;
  bool sorted_ = true;
  Buffer<int> cell_[kMaxDims];
  Buffer<Real> fraction_[kMaxDims];
  Buffer<Real> scale_;
  Buffer<double> knots_[kMaxDims];  // of axes that have any: what a KnotTable points at, one after another
  Buffer<uint32_t> keys_, numbers_;
  KeySort sort_;
  Buffer<uint2> ranges_;
  Buffer<Real> patches_;
  Real* target_ = nullptr;
  bool adds_ = true;
  Buffer<TileItem> items_;
  Buffer<int> itemStart_;  // of each tile: its first item; one more at the end
  TileGrid tiles_[kMaxLevels];
  int64_t nodeThreads_ = 0;
  bool dirty_ = true;  // the patches may not be zero
};

}  // namespace dinf::cuda
