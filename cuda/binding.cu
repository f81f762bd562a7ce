#include "cuda/binding.h"
#include <algorithm>
#include <utility>

namespace dinf::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int64_t kSamplesPerItem = 1024;
constexpr int kManyItems = 8;  // of one tile: a warp adds up its nodes' patches

struct CurveTable {
  int dims, bits[kMaxDims], cells[kMaxDims], lastCell[kMaxDims];
  const double* unit[kMaxDims];
};

// The finest cell and the fraction in it, in double whatever Real is: t = 512 leaves a float 3e-5 of a cell.
template <class Real>
__global__ void locateKernel(const __grid_constant__ CurveTable table,
                             const __grid_constant__ GridTable<Real> grid,
                             uint32_t* __restrict__ keys,
                             int64_t count) {
  const int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= count) return;
  int cell[kMaxDims] = {0, 0, 0};
#pragma unroll
  for (int k = 0; k < kMaxDims; ++k) {
    if (k >= table.dims) continue;
    double fraction;
    if (grid.knots[k].spans > 0) {
      cell[k] = generic::knotSpan(grid.knots[k], table.unit[k][i], fraction);
    } else {
      const double t = table.unit[k][i] * table.cells[k];
      const int floor = static_cast<int>(t);
      cell[k] = floor > table.lastCell[k] ? table.lastCell[k] : floor;
      fraction = t - cell[k];
    }
    const_cast<int*>(grid.cell[k])[i] = cell[k];
    const_cast<Real*>(grid.fraction[k])[i] = static_cast<Real>(fraction);
  }
  // MortonCurve::key
  uint32_t key = 0;
  const int total = table.bits[0] + table.bits[1] + table.bits[2];
  for (int b = 0, at = 0; at < total; ++b)
#pragma unroll
    for (int k = kMaxDims - 1; k >= 0; --k)
      if (b < table.bits[k]) key |= static_cast<uint32_t>(cell[k] >> b & 1) << at++;
  keys[i] = key;
}

__device__ int64_t lowerBound(const uint32_t* keys, int64_t count, uint32_t key) {
  int64_t low = 0, high = count;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (keys[middle] < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

__global__ void rangeKernel(const TileItem* __restrict__ items,
                            const uint32_t* __restrict__ keys,
                            uint2* __restrict__ ranges,
                            int64_t itemCount,
                            int64_t count) {
  const int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= itemCount) return;
  const TileItem item = items[i];
  const int64_t begin = lowerBound(keys, count, item.low);
  const int64_t length = (item.high == 0 ? count : lowerBound(keys, count, item.high)) - begin;
  ranges[i] = make_uint2(static_cast<unsigned>(begin + length * item.part / item.parts),
                         static_cast<unsigned>(begin + length * (item.part + 1) / item.parts));
}

struct TileTable {
  int dims, levels, channels, side, taps;
  TileGrid level[kMaxLevels];
};

// One packed node of one level a thread, or a warp where many items share a tile; channels along y. Reads each patch once, 1.7 values a
// node in 2-D where a tile has one item, and leaves zeros for the next pass to add to.
// Counted (scattered): 6.1 M warp instructions, 0 M wavefronts, 1.3 M sectors.
template <class Real>
__global__ void __launch_bounds__(kThreads, 1) addPatchesKernel(const __grid_constant__ TileTable table,
                                                             const int* __restrict__ itemStart,
                                                             const TileItem* __restrict__ items,
                                                             const uint2* __restrict__ ranges,
                                                             Real* __restrict__ patches,
                                                             int64_t patchSize,
                                                             Real* __restrict__ packed,
                                                             int64_t channelStride,
                                                             int64_t threads,
                                                             bool add) {
  const int64_t thread = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (thread >= threads) return;
  int s = 0;
  while (s + 1 < table.levels && thread >= table.level[s + 1].firstNode) ++s;
  const TileGrid& level = table.level[s];
  const int lane = level.lanes == 1 ? 0 : static_cast<int>(thread - level.firstNode) % 32;
  int64_t rest = (thread - level.firstNode) / level.lanes, at = level.firstPacked;
  int low[kMaxDims], high[kMaxDims], node[kMaxDims];
#pragma unroll
  for (int k = kMaxDims - 1; k >= 0; --k) {
    node[k] = static_cast<int>(rest % level.packedNodes[k]);
    rest /= level.packedNodes[k];
    at += node[k] * level.packedStride[k];
    const int reach = node[k] - table.side - table.taps + 2;  // a tile reaches side + taps - 1 nodes from its first
    low[k] = k >= table.dims || reach <= 0 ? 0 : (reach + table.side - 1) / table.side;
    high[k] = k >= table.dims ? 0 : min(node[k] / table.side, level.tiles[k] - 1);
  }
  if (rest > 0) return;  // between this level's last node and the next level's first warp
  Real* from = patches + blockIdx.y * patchSize;
  Real sum = 0;
  for (int a = low[0]; a <= high[0]; ++a)
    for (int b = low[1]; b <= high[1]; ++b)
      for (int c = low[2]; c <= high[2]; ++c) {
        const int tile = level.firstTile + (a * level.tiles[1] + b) * level.tiles[2] + c;
        const int place = ((node[0] - a * table.side) * level.patchNodes[1] + (table.dims > 1 ? node[1] - b * table.side : 0)) * level.patchNodes[2] +
                          (table.dims > 2 ? node[2] - c * table.side : 0);
        for (int i = itemStart[tile] + lane; i < itemStart[tile + 1]; i += level.lanes)
          if (ranges[i].x < ranges[i].y) {
            Real& value = from[items[i].patch + place];
            sum += value;
            value = 0;
          }
      }
  if (level.lanes > 1)
    for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, step);
  Real& to = packed[blockIdx.y * channelStride + at];
  if (lane == 0) to = add ? to + sum : sum;
}

}  // namespace

template <class Real>
CudaBinding<Real>::CudaBinding(Context& context, const GridShape& grid, const SampleSet& samples, const JetSet& jets, int channels,
                               ChannelMap map)
    : Binding(grid, samples, jets, channels, map), context_(context) {
  const int maxOrder = jets.maxOrder(), d = grid.dims;
  order = maxOrder <= 1 ? 1 : maxOrder == 2 ? 2 : 4;
  closed = JetSet::closed(d, order);
  for (int p = 0; p < closed.count; ++p) planeOf[p] = jets.find(closed.index[p]);

  table = {};
  table.channelStride = grid.packedOffset(0, 1);
  if (samples.isTensor() && !grid.kernel.radial()) {
    tensor = std::make_unique<TensorAxes<Real>>(context, grid, samples, jets);
    return;
  }
  table.dims = d;
  table.levels = grid.levels;
  table.taps = grid.kernel.taps();
  table.kernel = grid.kernel;
  if (grid.kernel.kind == KernelKind::gaussian) generic::gaussianTails(grid.kernel, table.tails);
  int cells[kMaxDims] = {1, 1, 1};
  const int64_t count = samples.paddedCount();
  for (int k = 0; k < d; ++k) {
    table.cells[k] = grid.cells[k];
    table.lastCell[k] = grid.lastCell(k);
    cells[k] = grid.lastCell(k) + 1;
    table.edge[k] = grid.edge[k];
    if (grid.knots[k]) table.knots[k] = uploadKnots(*grid.knots[k], k);
    cell_[k] = Buffer<int>(context, count);
    fraction_[k] = Buffer<Real>(context, count);
    table.cell[k] = cell_[k].data();
    table.fraction[k] = fraction_[k].data();
  }
  std::vector<Real> scales(grid.levels * closed.count);
  for (int s = 0; s < grid.levels; ++s) {
    table.offset[s] = grid.packedOffset(s, 0);
    for (int k = 0; k < d; ++k) table.stride[s][k] = k == d - 1 ? 1 : k == 0 ? grid.packedStride0(s) : grid.packedStride1(s);
    for (int p = 0; p < closed.count; ++p) {
      double scale = 1;
      for (int k = 0; k < d; ++k)
        for (int a = 1; a <= closed.index[p].a[k]; ++a) scale *= static_cast<double>(grid.cellsAt(s, k)) / a;
      scales[s * closed.count + p] = static_cast<Real>(scale);
    }
  }
  scale_ = Buffer<Real>(context, static_cast<int64_t>(scales.size()));
  scale_.upload(scales);
  scale = scale_.data();

  // The set's own order is sorted for this grid where its keys never fall: host coordinates are those of before any draw.
  curve_ = MortonCurve(d, cells);
  check(curve_.totalBits() <= 32 && count < int64_t{1} << 32, ErrorCode::outOfMemory, "a grid on a CUDA device has at most 2^32 cells and samples");
  if (!keysOfSet()) {
    const std::vector<uint32_t> keys = hostKeys();
    sorted_ = std::is_sorted(keys.begin(), keys.end());
  }
  if (samples.spec().kind == SampleKind::stratified)
    for (int k = 0; k < d; ++k)  // a box in two cells, or so many that rounding could move a sample over a face
      sorted_ = sorted_ && !grid.knots[k] && samples.spec().boxes[k] % grid.cells[k] == 0 && samples.spec().boxes[k] < int64_t{1} << 18;
  keys_ = Buffer<uint32_t>(context, count);
  if (!sorted_) {
    numbers_ = Buffer<uint32_t>(context, count);
    sort_ = KeySort(context, count, curve_.totalBits());
  }
  deviceSamples(context, samples).followers.push_back(this);
  samplesMoved();
}

template <class Real>
KnotTable CudaBinding<Real>::uploadKnots(const Knots& knots, int axis) {
  std::vector<double> all = knots.lower();
  all.insert(all.end(), knots.inverse().begin(), knots.inverse().end());
  all.insert(all.end(), knots.pieces().begin(), knots.pieces().end());
  knots_[axis] = Buffer<double>(context_, static_cast<int64_t>(all.size()));
  knots_[axis].upload(all);
  KnotTable there = knots.table();
  there.lower = knots_[axis].data();
  there.inverse = there.lower + there.spans;
  there.pieces = there.inverse + there.spans;
  return there;
}

template <class Real>
CudaBinding<Real>::~CudaBinding() {
  std::erase(deviceSamples(context_, samples).followers, this);
}

// Those that the set was sorted by, where they are of this grid's cells; a periodic axis has one cell more than the set knows of, and
// one with knots has others.
template <class Real>
const std::vector<uint32_t>* CudaBinding<Real>::keysOfSet() const {
  for (int k = 0; k < grid.dims; ++k)
    if (grid.periodic(k) || grid.knots[k]) return nullptr;
  const std::vector<uint32_t>& keys = samples.keys(grid.cells);
  return keys.empty() ? nullptr : &keys;
}

// Key by key as locateKernel finds them, from where the host knows the samples to be.
template <class Real>
std::vector<uint32_t> CudaBinding<Real>::hostKeys() const {
  std::vector<uint32_t> keys(static_cast<size_t>(samples.paddedCount()));
  for (size_t i = 0; i < keys.size(); ++i) {
    int cell[kMaxDims] = {0, 0, 0};
    double fraction;
    for (int k = 0; k < grid.dims; ++k) cell[k] = grid.locate(k, samples.unit(k)[i], fraction);
    keys[i] = static_cast<uint32_t>(curve_.key(cell));
  }
  return keys;
}

// Items are laid from the numbers of samples where they stay in their cells, so that empty tiles cost nothing; else as if samples were
// spread evenly.
template <class Real>
void CudaBinding<Real>::layTiles() {
  const int d = grid.dims, side = tileSide(d), taps = grid.kernel.taps();
  const int64_t count = samples.paddedCount();
  std::vector<uint32_t> computed;
  const std::vector<uint32_t>* keys = keysOfSet();
  const bool fixed = !samples.changesEachDraw() || samples.spec().kind != SampleKind::stratified || sorted_;
  if (fixed && !keys) {
    keys = &(computed = hostKeys());
    if (!sorted_) std::sort(computed.begin(), computed.end());
  }
  std::vector<TileItem> list;
  std::vector<int> starts;
  int64_t patch = 0;
  nodeThreads_ = 0;
  for (int s = 0; s < grid.levels; ++s) {
    TileGrid& level = tiles_[s];
    level = {};
    int64_t tiles = 1, patchNodes = 1, nodes = 1;
    int shared = 0;  // bits of the keys of one tile
    for (int k = 0; k < kMaxDims; ++k) {
      const int lastCell = k < d ? grid.lastCell(k) >> s : 0;
      level.tiles[k] = k < d ? lastCell / side + 1 : 1;
      level.patchNodes[k] = k < d ? side + taps - 1 : 1;
      level.packedNodes[k] = grid.packedNodes(s, k);
      level.packedStride[k] = k < d ? table.stride[s][k] : 0;
      tiles *= level.tiles[k];
      patchNodes *= level.patchNodes[k];
      nodes *= level.packedNodes[k];
      int inTile = s;
      while ((1 << (inTile - s)) < side) ++inTile;
      if (k < d) shared += std::min(curve_.bits[k], inTile);
    }
    level.firstTile = static_cast<int>(starts.size());
    level.firstPacked = table.offset[s];
    int most = 0;
    for (int64_t t = 0; t < tiles; ++t) {
      TileItem item{};
      item.level = s;
      int64_t rest = t;
      int cell[kMaxDims];
      for (int k = kMaxDims - 1; k >= 0; --k) {
        item.corner[k] = static_cast<int>(rest % level.tiles[k]) * side;
        rest /= level.tiles[k];
        cell[k] = item.corner[k] << s;
      }
      const uint64_t low = static_cast<uint64_t>(curve_.key(cell)), high = low + (uint64_t{1} << shared);
      item.low = static_cast<uint32_t>(low);
      item.high = high >> 32 ? 0 : static_cast<uint32_t>(high);
      int64_t here = (count + tiles - 1) / tiles;
      if (fixed) {
        const auto first = std::lower_bound(keys->begin(), keys->end(), item.low);
        here = (item.high == 0 ? keys->end() : std::lower_bound(first, keys->end(), item.high)) - first;
      }
      item.parts = static_cast<int>((here + kSamplesPerItem - 1) / kSamplesPerItem);
      most = std::max(most, item.parts);
      starts.push_back(static_cast<int>(list.size()));
      for (item.part = 0; item.part < item.parts; ++item.part, patch += patchNodes) {
        item.patch = patch;
        list.push_back(item);
      }
    }
    level.lanes = most > kManyItems ? 32 : 1;
    // A warp shares a node, so levels begin at whole warps.
    level.firstNode = nodeThreads_ = (nodeThreads_ + 31) / 32 * 32;
    nodeThreads_ += nodes * level.lanes;
  }
  starts.push_back(static_cast<int>(list.size()));
  patchSize = patch;
  itemCount = static_cast<int64_t>(list.size());
  items_ = Buffer<TileItem>(context_, itemCount);
  items_.upload(list);
  itemStart_ = Buffer<int>(context_, static_cast<int64_t>(starts.size()));
  itemStart_.upload(starts);
  ranges_ = Buffer<uint2>(context_, itemCount);
  patches_ = Buffer<Real>(context_, patchSize * channels);
  findRanges();
}

template <class Real>
void CudaBinding<Real>::samplesMoved() {
  CurveTable curve{grid.dims, {}, {}, {}, {}};
  const DeviceSamples& device = deviceSamples(context_, samples);
  for (int k = 0; k < grid.dims; ++k) {
    curve.bits[k] = curve_.bits[k];
    curve.cells[k] = table.cells[k];
    curve.lastCell[k] = table.lastCell[k];
    curve.unit[k] = device.unit[k].data();
  }
  const int64_t count = samples.paddedCount();
  launch(locateKernel<Real>, blocksFor(count, kThreads), dim3(kThreads), 0, context_.stream(), curve, table,
         keys_.data(), count);
  if (!sorted_) sort_.run(context_, keys_.data(), numbers_.data());
  if (ranges_.data()) findRanges();
}

template <class Real>
void CudaBinding<Real>::findRanges() {
  launch(rangeKernel, blocksFor(itemCount, kThreads), dim3(kThreads), 0, context_.stream(), items_.data(),
         keys_.data(), ranges_.data(), itemCount, samples.paddedCount());
}

template <class Real>
void CudaBinding<Real>::beginAdjoint(Real* packed, bool add) {
  target_ = packed;
  adds_ = add;
  if (tensor) return;
  if (!patches_.data()) layTiles();  // evaluations never ask for them; patches are the last thing that may not fit
  if (!std::exchange(dirty_, true)) return;
  checkCuda(cudaMemsetAsync(patches_.data(), 0, patchSize * channels * sizeof(Real), context_.stream()), "clearing patches");
}

template <class Real>
Real* CudaBinding<Real>::occupied() {
  if (!std::exchange(adds_, true))
    checkCuda(cudaMemsetAsync(target_, 0, grid.packedSize(channels) * sizeof(Real), context_.stream()), "clearing an adjoint");
  return target_;
}

template <class Real>
void CudaBinding<Real>::endAdjoint() {
  if (tensor) occupied();
  else addPatches(target_, adds_);
}

template <class Real>
void CudaBinding<Real>::addPatches(Real* packed, bool add) {
  TileTable tiles{grid.dims, grid.levels, channels, tileSide(grid.dims), table.taps, {}};
  for (int s = 0; s < grid.levels; ++s) tiles.level[s] = tiles_[s];
  const dim3 blocks(blocksFor(nodeThreads_, kThreads), channels);
  launch(addPatchesKernel<Real>, blocks, dim3(kThreads), 0, context_.stream(), tiles, itemStart_.data(), items_.data(), ranges_.data(), patches_.data(),
         patchSize, packed, table.channelStride, nodeThreads_, add);
  dirty_ = false;
}

template class CudaBinding<float>;
template class CudaBinding<double>;

}  // namespace dinf::cuda
