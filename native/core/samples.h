// Sample sets: where the rows of a term lie, what each is worth, and in which order a backend walks them.
//
// Internal order: whole lane groups of kLanes samples, grouped into bands. A band is a range of samples whose neighbourhoods
// along axis 0 are contiguous; the number and borders of bands depend on the set alone, never on threads, which is what
// makes every sum reproducible. Padding samples repeat a real one and weigh nothing.
//
// A backend that walks samples cell by cell asks for SampleOrder::cells instead: one band, sorted along a Morton curve through
// the cells of the finest grid, so that the samples of any aligned block of cells, on every level, follow one another. A tensor
// product of several axes stands row by row there, every axis ascending: what is applied axis by axis needs no other order.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>
#include "math/config.h"
#include "math/schema.h"

namespace dinf {

struct SampleSetSpec {
  SampleKind kind = SampleKind::points;
  int dims = 0;
  double lower[kMaxDims] = {0, 0, 0}, upper[kMaxDims] = {1, 1, 1};  // the box that unit coordinates refer to
  std::vector<double> axes[kMaxDims];         // tensor: unit coordinates an axis
  std::vector<double> axisWeights[kMaxDims];  // tensor: quadrature weights an axis (all empty: 1 / n)
  std::vector<double> points;                 // points: unit coordinates, (n, dims) row-major
  std::vector<double> weights;                // a weight a sample in user order (empty: axisWeights or 1 / n)
  int64_t boxes[kMaxDims] = {1, 1, 1};        // stratified: boxes an axis
  int64_t draws = 0;                          // tensor, points: that many drawn with replacement an iteration (0: full pass)
  bool redraw = true;                         // a new draw each iteration
};

enum class SampleOrder : int { bands = 0, cells = 1 };

// Interleaves the lowest bits of the coordinates: cells of one aligned block of 2^s cells an axis share key >> (dims s). Axes of
// fewer bits drop out of the interleaving, so that the key of a long axis beside a short one stays small.
struct MortonCurve {
  int dims = 0;
  int bits[kMaxDims] = {0, 0, 0};

  MortonCurve() = default;
  MortonCurve(int dims, const int* cells) : dims(dims) {
    for (int k = 0; k < dims; ++k)
      while ((int64_t{1} << bits[k]) < cells[k]) ++bits[k];
  }
  int totalBits() const { return bits[0] + bits[1] + bits[2]; }
  int64_t key(const int* cell) const {
    int64_t key = 0;
    int at = 0;
    for (int b = 0; at < totalBits(); ++b)
      for (int k = dims - 1; k >= 0; --k)
        if (b < bits[k]) key |= int64_t{cell[k] >> b & 1} << at++;
    return key;
  }
};

// What a backend keeps of a sample set in memory of its own.
struct SampleMirror {
  virtual ~SampleMirror() = default;
};

struct Segment {
  int64_t begin, end;  // internal sample indices, multiples of kLanes
  int64_t local;       // where the segment starts in buffers that live for one tile
  int band;
};

struct Tile {
  std::vector<Segment> segments;
  int64_t size = 0;  // samples of a tile-local plane
};

class SampleSet {
 public:
  // `orderCells`: cells an axis by which samples are sorted (the finest grid that reads the set).
  SampleSet(SampleSetSpec spec, const int orderCells[kMaxDims], SampleOrder sampleOrder = SampleOrder::bands);

  // Without points and weights, which `unit` and `weights` hold.
  const SampleSetSpec& spec() const { return spec_; }
  int dims() const { return spec_.dims; }
  int64_t userCount() const { return userCount_; }
  int64_t paddedCount() const { return paddedCount_; }
  // A tensor product laid out as one. In cell order one of a single axis is a set of samples like any other.
  bool isTensor() const { return spec_.kind == SampleKind::tensor && (sampleOrder_ == SampleOrder::bands || spec_.dims > 1); }
  SampleOrder sampleOrder() const { return sampleOrder_; }
  bool changesEachDraw() const { return spec_.kind == SampleKind::stratified || spec_.draws > 0; }

  // Internal index -> user index, -1 for padding.
  int64_t userOf(int64_t internal) const { return implied_ ? userOfTensor(internal) : order_[internal]; }
  // User index -> internal index.
  int64_t placeOf(int64_t user) const { return implied_ ? placeOfTensor(user) : place_[user]; }
  // `userOf` as a table; empty for a tensor product that is never drawn, whose order and weights follow from its axes and take no memory.
  const std::vector<int64_t>& order() const { return order_; }
  int bands() const { return static_cast<int>(bandStart_.size()) - 1; }
  const std::vector<int64_t>& bandStart() const { return bandStart_; }
  // The smallest piece that may be split off a band: a slab of a tensor set (kLanes leading samples and all others; in cell order as few
  // leading samples as make whole lane groups).
  int64_t unit() const { return unit_; }
  int64_t tensorCount(int axis) const { return axis < spec_.dims ? static_cast<int64_t>(spec_.axes[axis].size()) : 1; }
  // Of a tensor product in cell order: samples along an axis, its padding included.
  int64_t laidCount(int axis) const { return laid_[axis]; }

  // Unit coordinates in internal order, one plane an axis (of a tensor product in bands: none).
  const std::vector<double>& unit(int axis) const { return unitCoordinates_[axis]; }
  std::vector<double>& unit(int axis) { return unitCoordinates_[axis]; }
  // In cell order: the Morton key of each sample's cell in a grid of `cells`, ascending, of before any draw; empty where the set was
  // sorted for another grid.
  const std::vector<uint32_t>& keys(const int* cells) const;
  // What a sample is worth, internal order; padding is 0.
  double weightOf(int64_t internal) const { return implied_ ? weightOfUser(userOfTensor(internal)) : weights_[internal]; }
  // `weightOf` as a table; empty where `order` is.
  const std::vector<double>& weights() const { return weights_; }
  std::vector<double>& weights() { return weights_; }
  // Unit-coordinate range along axis 0 of a band, for the rows of a grid that the band may touch.
  void bandRange(int band, double& low, double& high) const {
    low = bandLow_[band];
    high = bandHigh_[band];
  }
  // Unit and domain coordinates of an internal sample.
  void unitCoordinates(int64_t internal, double* out) const;
  void coordinates(int64_t internal, double* out) const;

  // Filled by the backend that works on the set; no part of what the set is.
  mutable std::unique_ptr<SampleMirror> mirror;

  // Cuts the set into tiles of at most `limit` samples a tile (at least one piece a band): pieces of whole units where `slabs`, which
  // encoders need, else of as many lane groups as fit, a power of two.
  std::vector<Tile> tiles(int64_t limit, bool slabs = true) const;
  // The set as one tile whose local indices are the set's own.
  Tile whole() const;

 private:
  void layTensor();
  void layPoints(const int orderCells[kMaxDims]);
  void layStratified();
  void layCells(const int orderCells[kMaxDims]);
  void layRows();
  void layWeights();
  int64_t userOfTensor(int64_t internal) const {
    const int64_t q0 = internal / unit_ * kLanes + internal % kLanes, rest = unit_ / kLanes;
    return q0 < tensorCount(0) ? q0 * rest + internal % unit_ / kLanes : -1;
  }
  int64_t placeOfTensor(int64_t user) const {
    const int64_t rest = unit_ / kLanes, q0 = user / rest;
    return q0 / kLanes * unit_ + user % rest * kLanes + q0 % kLanes;
  }
  // Of a set without weights of its own.
  double weightOfUser(int64_t user) const;
  void userCoordinates(int64_t user, double* unit) const;

  SampleSetSpec spec_;
  SampleOrder sampleOrder_;
  int64_t userCount_ = 0, paddedCount_ = 0, unit_ = kLanes, laid_[kMaxDims] = {1, 1, 1};
  bool implied_ = false;  // no tables of order, places and weights
  std::vector<int64_t> order_, place_, bandStart_;
  std::vector<double> unitCoordinates_[kMaxDims], weights_, bandLow_, bandHigh_;
  std::vector<uint32_t> keys_;
  int keyCells_[kMaxDims] = {1, 1, 1};
};

}  // namespace dinf
