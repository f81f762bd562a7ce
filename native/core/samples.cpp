#include "core/samples.h"
#include <algorithm>
#include <cmath>
#include <numeric>
#include "core/check.h"

namespace dinf {
namespace {
constexpr int kBands = 16;                     // enough for 16 cores; more would only add halos
constexpr int64_t kSmallestScatteredBand = 256;  // samples under which a band's fixed costs outweigh its parallelism

int64_t roundUp(int64_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

// 0 ... n - 1 by ascending key, equal ones as they come: a radix sort, with which a set of 262 144
// samples takes 15 ms to lay out, with a comparing sort 21.
std::vector<int64_t> orderOf(const std::vector<int64_t>& keys) {
  constexpr int kBits = 11, kDigits = 1 << kBits;
  const size_t n = keys.size();
  std::vector<int64_t> order(n), next(n);
  std::iota(order.begin(), order.end(), 0);
  const int64_t largest = n > 0 ? *std::max_element(keys.begin(), keys.end()) : 0;
  for (int shift = 0; shift < 63 && largest >> shift > 0; shift += kBits) {
    int64_t start[kDigits + 1] = {};
    const auto digit = [&](int64_t i) { return keys[i] >> shift & (kDigits - 1); };
    for (const int64_t i : order) ++start[digit(i) + 1];
    for (int d = 0; d < kDigits; ++d) start[d + 1] += start[d];
    for (const int64_t i : order) next[start[digit(i)]++] = i;
    order.swap(next);
  }
  return order;
}
}  // namespace

SampleSet::SampleSet(SampleSetSpec spec, const int orderCells[kMaxDims], SampleOrder sampleOrder)
    : spec_(std::move(spec)), sampleOrder_(sampleOrder) {
  check(spec_.dims >= 1 && spec_.dims <= kMaxDims, ErrorCode::invalidArgument, "a sample set has 1, 2 or 3 dimensions");
  if (sampleOrder_ == SampleOrder::cells && isTensor()) layRows();
  else if (sampleOrder_ == SampleOrder::cells) layCells(orderCells);
  else if (spec_.kind == SampleKind::tensor) layTensor();
  else if (spec_.kind == SampleKind::points) layPoints(orderCells);
  else layStratified();
  if (!implied_) {
    place_.assign(userCount_, -1);
    for (int64_t i = 0; i < paddedCount(); ++i)
      if (order_[i] >= 0) place_[order_[i]] = i;
    layWeights();
  }
  // What follows the internal order holds them now.
  spec_.points = std::vector<double>();  // an empty list would leave the memory with them
  spec_.weights = std::vector<double>();
}

// Lane = 16 neighbouring samples of axis 0; within a slab the other axes run, last axis fastest.
void SampleSet::layTensor() {
  const int64_t n0 = tensorCount(0), rest = tensorCount(1) * tensorCount(2);
  userCount_ = n0 * rest;
  const int64_t slabs = (n0 + kLanes - 1) / kLanes;
  unit_ = rest * kLanes;
  paddedCount_ = slabs * unit_;
  implied_ = spec_.draws == 0 && spec_.weights.empty();
  if (!implied_) {
    order_.resize(paddedCount_);
    for (int64_t i = 0; i < paddedCount_; ++i) order_[i] = userOfTensor(i);
  }
  const int64_t bands = std::min<int64_t>(slabs, kBands);
  for (int64_t b = 0; b <= bands; ++b) bandStart_.push_back(slabs * b / bands * unit_);
  for (int64_t b = 0; b < bands; ++b) {
    const int64_t q = slabs * b / bands * kLanes, e = std::min(n0, slabs * (b + 1) / bands * kLanes);
    const auto [low, high] = std::minmax_element(spec_.axes[0].begin() + q, spec_.axes[0].begin() + e);
    bandLow_.push_back(*low);
    bandHigh_.push_back(*high);
  }
}

// Sorted by finest cell, so that neighbours in the order share grid rows; bands are ranges of cell rows along axis 0.
void SampleSet::layPoints(const int orderCells[kMaxDims]) {
  const int d = spec_.dims;
  const int64_t n = static_cast<int64_t>(spec_.points.size()) / d;
  userCount_ = n;
  std::vector<int64_t> key(n);
  const auto cellOf = [&](int64_t i, int k) {
    return std::min<int64_t>(static_cast<int64_t>(spec_.points[i * d + k] * orderCells[k]), orderCells[k] - 1);
  };
  for (int64_t i = 0; i < n; ++i) {
    int64_t cell = 0;
    for (int k = 0; k < d; ++k) cell = cell * orderCells[k] + cellOf(i, k);
    key[i] = cell;
  }
  const std::vector<int64_t> sorted = orderOf(key);

  const int64_t bands = std::max<int64_t>(1, std::min<int64_t>(kBands, n / kSmallestScatteredBand));
  bandStart_.push_back(0);
  for (int64_t b = 0; b < bands; ++b) {
    const int64_t begin = n * b / bands, end = n * (b + 1) / bands;
    double low = 1, high = 0;
    for (int64_t i = begin; i < end; ++i) {
      order_.push_back(sorted[i]);
      low = std::min(low, spec_.points[sorted[i] * d]);
      high = std::max(high, spec_.points[sorted[i] * d]);
    }
    order_.resize(roundUp(static_cast<int64_t>(order_.size())), -1);
    bandStart_.push_back(static_cast<int64_t>(order_.size()));
    bandLow_.push_back(low);
    bandHigh_.push_back(high);
  }
  paddedCount_ = static_cast<int64_t>(order_.size());
  for (int k = 0; k < d; ++k) {
    unitCoordinates_[k].resize(order_.size());
    double last = 0;
    for (size_t i = 0; i < order_.size(); ++i) {
      if (order_[i] >= 0) last = spec_.points[order_[i] * d + k];
      unitCoordinates_[k][i] = last;  // padding repeats the sample before it
    }
  }
}

// One sample in each box, boxes row-major: already in cell order, so a draw moves samples but never re-sorts them.
void SampleSet::layStratified() {
  const int64_t n0 = spec_.boxes[0];
  int64_t rest = 1;
  for (int k = 1; k < spec_.dims; ++k) rest *= spec_.boxes[k];
  userCount_ = n0 * rest;
  const int64_t bands = std::max<int64_t>(1, std::min<int64_t>({kBands, n0, userCount_ / kSmallestScatteredBand}));
  order_.reserve(userCount_ + bands * kLanes);  // too many boxes fail here, not after filling the memory
  bandStart_.push_back(0);
  for (int64_t b = 0; b < bands; ++b) {
    const int64_t begin = n0 * b / bands, end = n0 * (b + 1) / bands;
    for (int64_t i = begin * rest; i < end * rest; ++i) order_.push_back(i);
    order_.resize(roundUp(static_cast<int64_t>(order_.size())), -1);
    bandStart_.push_back(static_cast<int64_t>(order_.size()));
    bandLow_.push_back(static_cast<double>(begin) / n0);
    bandHigh_.push_back(static_cast<double>(end) / n0);
  }
  paddedCount_ = static_cast<int64_t>(order_.size());
  for (int k = 0; k < spec_.dims; ++k) unitCoordinates_[k].assign(order_.size(), 0.5);
}

// Before any draw a stratified sample stands for its box at the box's centre.
void SampleSet::userCoordinates(int64_t user, double* unit) const {
  int64_t rest = user;
  for (int k = spec_.dims - 1; k >= 0; --k) {
    const int64_t n = spec_.kind == SampleKind::tensor ? tensorCount(k) : spec_.boxes[k];
    if (spec_.kind == SampleKind::points) unit[k] = spec_.points[user * spec_.dims + k];
    else if (spec_.kind == SampleKind::tensor) unit[k] = spec_.axes[k][rest % n];
    else unit[k] = (static_cast<double>(rest % n) + 0.5) / static_cast<double>(n);
    rest /= n;
  }
}

void SampleSet::layCells(const int orderCells[kMaxDims]) {
  const int d = spec_.dims;
  userCount_ = 1;
  for (int k = 0; k < d; ++k) userCount_ *= spec_.kind == SampleKind::tensor ? tensorCount(k) : spec_.boxes[k];
  if (spec_.kind == SampleKind::points) userCount_ = static_cast<int64_t>(spec_.points.size()) / d;
  const MortonCurve curve(d, orderCells);
  std::vector<int64_t> key(userCount_);
  std::vector<double> unit(userCount_ * d);
  for (int64_t i = 0; i < userCount_; ++i) {
    userCoordinates(i, &unit[i * d]);
    int cell[kMaxDims];
    for (int k = 0; k < d; ++k) cell[k] = std::min(static_cast<int>(unit[i * d + k] * orderCells[k]), orderCells[k] - 1);
    key[i] = curve.key(cell);
  }
  order_ = orderOf(key);
  order_.resize(roundUp(userCount_), -1);
  paddedCount_ = static_cast<int64_t>(order_.size());
  bandStart_ = {0, paddedCount()};
  bandLow_ = {0};
  bandHigh_ = {1};
  std::copy_n(orderCells, d, keyCells_);
  if (curve.totalBits() <= 32) keys_.resize(order_.size());
  for (int k = 0; k < d; ++k) unitCoordinates_[k].resize(order_.size());
  int64_t last = 0;
  for (int64_t i = 0; i < paddedCount(); ++i) {
    if (order_[i] >= 0) last = order_[i];  // padding repeats the last sample
    for (int k = 0; k < d; ++k) unitCoordinates_[k][i] = unit[last * d + k];
    if (!keys_.empty()) keys_[i] = static_cast<uint32_t>(key[last]);
  }
}

// Row-major, the last axis fastest. Whole lane groups by padding the axis where it takes the fewest samples: padding repeats the axis'
// last sample, so that all rows are of one length.
void SampleSet::layRows() {
  const int d = spec_.dims;
  const auto others = [&](int axis) {
    int64_t count = 1;
    for (int k = 0; k < d; ++k) count *= k == axis ? 1 : tensorCount(k);
    return count;
  };
  const auto padded = [&](int axis) {
    const int64_t step = kLanes / std::gcd<int64_t>(kLanes, others(axis));
    return (tensorCount(axis) + step - 1) / step * step;
  };
  int longer = 0;
  for (int k = 0; k < d; ++k)
    if (padded(k) * others(k) < padded(longer) * others(longer)) longer = k;
  std::vector<int64_t> ascending[kMaxDims];
  for (int k = 0; k < d; ++k) {
    laid_[k] = k == longer ? padded(k) : tensorCount(k);
    ascending[k].resize(tensorCount(k));
    std::iota(ascending[k].begin(), ascending[k].end(), 0);
    std::stable_sort(ascending[k].begin(), ascending[k].end(), [&](int64_t a, int64_t b) { return spec_.axes[k][a] < spec_.axes[k][b]; });
  }
  userCount_ = others(longer) * tensorCount(longer);
  paddedCount_ = others(longer) * laid_[longer];
  unit_ = std::lcm<int64_t>(kLanes, laid_[1] * laid_[2]);
  bandStart_ = {0, paddedCount_};
  bandLow_ = {0};
  bandHigh_ = {1};
  order_.resize(paddedCount_);
  for (int k = 0; k < d; ++k) unitCoordinates_[k].resize(paddedCount_);
  for (int64_t i = 0; i < paddedCount_; ++i) {
    int64_t rest = i, step = 1, user = 0;
    for (int k = d - 1; k >= 0; --k) {
      const int64_t q = rest % laid_[k], n = tensorCount(k), at = ascending[k][std::min(q, n - 1)];
      user = user < 0 || q >= n ? -1 : user + at * step;
      unitCoordinates_[k][i] = spec_.axes[k][at];
      rest /= laid_[k];
      step *= n;
    }
    order_[i] = user;
  }
}

const std::vector<uint32_t>& SampleSet::keys(const int* cells) const {
  static const std::vector<uint32_t> kNone;
  return std::equal(cells, cells + spec_.dims, keyCells_) ? keys_ : kNone;
}

void SampleSet::layWeights() {
  weights_.assign(order_.size(), 0);
  for (int64_t i = 0; i < paddedCount(); ++i) weights_[i] = spec_.weights.empty() || order_[i] < 0 ? weightOfUser(order_[i]) : spec_.weights[order_[i]];
}

double SampleSet::weightOfUser(int64_t user) const {
  if (user < 0) return 0;
  if (spec_.kind != SampleKind::tensor || spec_.axisWeights[0].empty()) return 1.0 / static_cast<double>(userCount_);
  const int64_t n1 = tensorCount(1), n2 = tensorCount(2);
  double weight = spec_.axisWeights[0][user / (n1 * n2)];
  if (spec_.dims > 1) weight *= spec_.axisWeights[1][user / n2 % n1];
  if (spec_.dims > 2) weight *= spec_.axisWeights[2][user % n2];
  return weight;
}

void SampleSet::unitCoordinates(int64_t internal, double* unit) const {
  if (spec_.kind == SampleKind::tensor && sampleOrder_ == SampleOrder::bands) {
    const int64_t n1 = tensorCount(1), n2 = tensorCount(2), lane = internal % kLanes, r = internal % unit_ / kLanes;
    unit[0] = spec_.axes[0][std::min(internal / unit_ * kLanes + lane, tensorCount(0) - 1)];
    if (spec_.dims > 1) unit[1] = spec_.axes[1][r / n2 % n1];
    if (spec_.dims > 2) unit[2] = spec_.axes[2][r % n2];
  } else {
    for (int k = 0; k < spec_.dims; ++k) unit[k] = unitCoordinates_[k][internal];
  }
}

void SampleSet::coordinates(int64_t internal, double* out) const {
  double unit[kMaxDims] = {0, 0, 0};
  unitCoordinates(internal, unit);
  for (int k = 0; k < spec_.dims; ++k) out[k] = spec_.lower[k] + unit[k] * (spec_.upper[k] - spec_.lower[k]);
}

Tile SampleSet::whole() const {
  Tile tile;
  for (int b = 0; b < bands(); ++b) tile.segments.push_back({bandStart_[b], bandStart_[b + 1], bandStart_[b], b});
  tile.size = paddedCount();
  return tile;
}

std::vector<Tile> SampleSet::tiles(int64_t limit, bool slabs) const {
  if (paddedCount() <= limit) return {whole()};
  int64_t longest = 0;
  for (int b = 0; b < bands(); ++b) longest = std::max(longest, bandStart_[b + 1] - bandStart_[b]);
  int64_t unit = slabs ? unit_ : kLanes;
  while (!slabs && unit < 1024 && 2 * unit <= limit / bands()) unit *= 2;
  const int64_t piece = std::max<int64_t>(1, limit / bands() / unit) * unit;
  std::vector<Tile> result;
  for (int64_t from = 0; from < longest; from += piece) {
    Tile tile;
    for (int b = 0; b < bands(); ++b) {
      const int64_t begin = bandStart_[b] + from, end = std::min(bandStart_[b + 1], begin + piece);
      if (begin >= end) continue;
      tile.segments.push_back({begin, end, tile.size, b});
      tile.size += end - begin;
    }
    result.push_back(std::move(tile));
  }
  return result;
}

}  // namespace dinf
