#include "cpu/binding.h"
#include <algorithm>
#include <cmath>

namespace dinf {
namespace {
// An axis that is not there: one sample, one tap, weight one.
const int32_t kNoStart[1] = {0};
template <class Real>
const Real kNoWeight[1] = {Real(1)};
template <class Real>
AxisTable<Real> absentAxis() {
  return {kNoStart, kNoWeight<Real>, 1, 1};
}
}  // namespace

template <class Real>
CpuBinding<Real>::CpuBinding(const GridShape& grid, const SampleSet& samples, const JetSet& jets, int channels, ChannelMap map)
    : Binding(grid, samples, jets, channels, map) {
  if (tensor()) tabulate();
  else if (samples.isTensor()) enumerate();
  placeBands();
}

// Weights in double, whatever Real is: a table is computed once.
template <class Real>
void CpuBinding<Real>::tabulate() {
  const int taps = grid.kernel.taps();
  for (int k = 0; k < grid.dims; ++k) {
    for (int p = 0; p < jets.count; ++p) orders_[k] = std::max(orders_[k], jets.index[p].a[k] + 1);
    const std::vector<double>& axis = samples.spec().axes[k];
    const int64_t real = static_cast<int64_t>(axis.size());
    const int64_t count = k == 0 ? (real + kLanes - 1) / kLanes * kLanes : real;
    for (int s = 0; s < grid.levels; ++s) {
      start_[k][s].resize(count);
      weight_[k][s].resize(count * orders_[k] * taps);
      for (int64_t q = 0; q < count; ++q) {
        double w[kMaxOrder + 1][kMaxTaps];
        start_[k][s][q] = grid.tabulate(k, s, orders_[k] - 1, axis[std::min(q, real - 1)], w);
        for (int a = 0; a < orders_[k]; ++a)
          for (int j = 0; j < taps; ++j) weight_[k][s][(a * count + q) * taps + j] = static_cast<Real>(w[a][j]);
      }
    }
  }
}

template <class Real>
void CpuBinding<Real>::enumerate() {
  for (int k = 0; k < grid.dims; ++k) unit_[k].resize(samples.paddedCount());
  double unit[kMaxDims];
  for (int64_t i = 0; i < samples.paddedCount(); ++i) {
    samples.unitCoordinates(i, unit);
    for (int k = 0; k < grid.dims; ++k) unit_[k][i] = unit[k];
  }
}

template <class Real>
void CpuBinding<Real>::placeBands() {
  const int pad = grid.dims == 1 ? 2 * kLanes : 0;  // 1-D rows are single nodes; kernels load whole vectors past the last
  int64_t total = 0;
  rows_.resize(bands());
  for (int b = 0; b < bands(); ++b) {
    double low, high;
    samples.bandRange(b, low, high);
    double fraction;
    const auto cellOf = [&](double x) { return grid.locate(0, x, fraction); };
    int64_t size = 0;
    for (int s = 0; s < grid.levels; ++s) {
      const int first = cellOf(low) >> s, last = (cellOf(high) >> s) + grid.kernel.taps();
      rows_[b].push_back({first, last - first, size});
      size += (last - first) * grid.packedStride0(s) + pad;
    }
    bandOffset_.push_back(total);
    bandSize_.push_back(size);
    total += size * channels;
  }
  accumulatorSize_ = total + kLanes;
}

template <class Real>
void CpuBinding<Real>::takeAccumulators(std::vector<Real> buffer) {
  accumulators_ = std::move(buffer);
  if (static_cast<int64_t>(accumulators_.capacity()) < accumulatorSize_) {
    accumulators_ = std::vector<Real>();  // gives back before it takes, and takes no more than it needs
    accumulators_.reserve(accumulatorSize_);
  }
  accumulators_.resize(accumulatorSize_);
  std::fill_n(accumulators_.end() - kLanes, kLanes, Real(0));
}

template <class Real>
TensorCall<Real> CpuBinding<Real>::tensorCall(int firstLevel, int levels) const {
  TensorCall<Real> call{};
  const int taps = grid.kernel.taps();
  call.levels = levels;
  call.planes = jets.count;
  for (int p = 0; p < jets.count; ++p) {
    call.lead[p] = jets.index[p].a[0];
    call.mid[p] = grid.dims == 3 ? jets.index[p].a[1] : 0;
    call.last[p] = grid.dims == 1 ? 0 : jets.index[p].a[grid.dims - 1];
  }
  call.leadOrders = orders_[0];
  call.midOrders = grid.dims == 3 ? orders_[1] : 1;
  for (int i = 0; i < levels; ++i) {
    const int s = firstLevel + i;
    TensorLevel<Real>& level = call.level[i];
    const auto table = [&](int k) {
      return AxisTable<Real>{start_[k][s].data(), weight_[k][s].data(), static_cast<int64_t>(start_[k][s].size()), taps};
    };
    level.lead = table(0);
    level.mid = grid.dims == 3 ? table(1) : absentAxis<Real>();
    level.last = grid.dims >= 2 ? table(grid.dims - 1) : absentAxis<Real>();
    level.offset = grid.packedOffset(s, 0);
    level.rowStride = grid.packedStride0(s);
    level.midStride = grid.packedStride1(s);
    level.midNodes = grid.dims == 3 ? grid.packedNodes(s, 1) : 1;
    level.lastNodes = grid.dims >= 2 ? grid.packedNodes(s, grid.dims - 1) : 1;
    level.firstRow = 0;
  }
  return call;
}

template <class Real>
ScatteredCall CpuBinding<Real>::scatteredCall(int firstLevel, int levels) const {
  ScatteredCall call{};
  call.dims = grid.dims;
  call.levels = levels;
  call.firstLevel = firstLevel;
  call.kernel = grid.kernel;
  call.jets = jets;
  call.channels = channels;
  call.separate = map == ChannelMap::separateLevels;
  call.channelStride = grid.packedOffset(0, 1);
  for (int k = 0; k < grid.dims; ++k) {
    call.edge[k] = grid.edge[k];
    call.cells[k] = grid.cells[k];
    call.lastCell[k] = grid.lastCell(k);
    call.knots[k] = grid.knots[k] ? grid.knots[k]->table() : KnotTable{};
    call.unit[k] = unit_[k].empty() ? samples.unit(k).data() : unit_[k].data();
  }
  for (int i = 0; i < levels; ++i) {
    const int s = firstLevel + i;
    call.offset[i] = grid.packedOffset(s, 0);
    call.stride0[i] = grid.packedStride0(s);
    call.stride1[i] = grid.packedStride1(s);
    call.firstRow[i] = 0;
  }
  return call;
}

template <class Real>
void CpuBinding<Real>::aim(TensorCall<Real>& call, int firstLevel, int band) const {
  for (int i = 0; i < call.levels; ++i) {
    call.level[i].offset = rows_[band][firstLevel + i].offset;
    call.level[i].firstRow = rows_[band][firstLevel + i].first;
  }
}
template <class Real>
void CpuBinding<Real>::aim(ScatteredCall& call, int firstLevel, int band) const {
  call.channelStride = bandSize_[band];
  for (int i = 0; i < call.levels; ++i) {
    call.offset[i] = rows_[band][firstLevel + i].offset;
    call.firstRow[i] = rows_[band][firstLevel + i].first;
  }
}

template <class Real>
void CpuBinding<Real>::clearBand(int band) {
  Real* from = accumulator(band, 0);
  std::fill(from, from + bandSize_[band] * channels, Real(0));
}

template <class Real>
void CpuBinding<Real>::reduceRows(const CpuKernels<Real>& kernels, int channel, int level, int firstRow, int lastRow, Real* packed) const {
  const int64_t stride = grid.packedStride0(level);
  Real* plane = packed + grid.packedOffset(level, channel);
  for (int b = 0; b < bands(); ++b) {
    const Rows& rows = rows_[b][level];
    const int from = std::max(firstRow, rows.first), to = std::min(lastRow, rows.first + rows.count);
    if (from >= to) continue;
    const Real* band = accumulators_.data() + bandOffset_[b] + channel * bandSize_[b] + rows.offset;
    kernels.add(plane + from * stride, band + (from - rows.first) * stride, (to - from) * stride);
  }
}

template <class Real>
ProductTables<Real>::ProductTables(const CpuBinding<Real>& binding, int firstPlane, int secondPlane)
    : call(binding.tensorCall(0, binding.grid.levels)) {
  const MultiIndex &a = binding.jets.index[firstPlane], &b = binding.jets.index[secondPlane];
  for (int s = 0; s < call.levels; ++s)
    for (int k = 0; k < binding.grid.dims; ++k) {
      TensorLevel<Real>& level = call.level[s];
      AxisTable<Real>& table = k == 0 ? level.lead : k == binding.grid.dims - 1 ? level.last : level.mid;
      const int64_t size = table.count * table.taps;
      weight_[k][s].resize(size);
      for (int64_t i = 0; i < size; ++i) weight_[k][s][i] = table.weight[a.a[k] * size + i] * table.weight[b.a[k] * size + i];
      table.weight = weight_[k][s].data();
    }
  call.planes = 1;
  call.lead[0] = call.mid[0] = call.last[0] = 0;
  call.leadOrders = call.midOrders = 1;
}

template class CpuBinding<float>;
template class CpuBinding<double>;
template class ProductTables<float>;
template class ProductTables<double>;

}  // namespace dinf
