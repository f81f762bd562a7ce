// The encoder, its adjoint and its squares spread over threads: forward by pieces of a tile, backward by bands, which own accumulators
// and are summed in their order.
#pragma once
#include <algorithm>
#include <vector>
#include "core/backend.h"
#include "cpu/binding.h"
#include "cpu/kernels.h"
#include "cpu/pieces.h"
#include "cpu/thread_pool.h"

namespace dinf {

template <class Real>
class CpuEncoder {
 public:
  CpuEncoder(ThreadPool& pool, const CpuKernels<Real>& kernels) : pool_(pool), kernels_(kernels), scratch_(pool.threads()) {}

  void encode(const CpuBinding<Real>& binding, const Tile& tile, const Real* packed, Real* jets) {
    const int64_t piece = binding.tensor() ? binding.samples.unit() : kPiece;
    const std::vector<Segment> parts = pieces(tile, piece);
    reserveTensorScratch(binding);
    pool_.parallelFor(static_cast<int64_t>(parts.size()), [&](int64_t i, int thread) {
      const Segment& at = parts[i];
      if (!binding.tensor()) {
        ScatteredCall call = binding.scatteredCall(0, binding.grid.levels);
        call.outputStride = binding.jets.count * tile.size;
        const auto apply = binding.radial() ? kernels_.encodeRadial : kernels_.encodeScattered;
        apply(call, packed, at.begin, at.end, jets + at.local, tile.size);
        return;
      }
      eachOutputChannel(binding, [&](int output, int channel, int firstLevel, int levels) {
        const Real* plane = packed + binding.grid.packedOffset(0, channel);
        Real* out = jets + int64_t{output} * binding.jets.count * tile.size + at.local;
        kernels_.encodeTensor(binding.tensorCall(firstLevel, levels), plane, at.begin / piece, out, tile.size, scratch_[thread].data());
      });
    });
  }

  void adjointBegin(CpuBinding<Real>& binding, Real* packed) {
    binding.target = packed;
    std::vector<Real> buffer;
    if (!spare_.empty()) {
      const auto largest = std::max_element(spare_.begin(), spare_.end(), [](const auto& a, const auto& b) { return a.capacity() < b.capacity(); });
      buffer = std::move(*largest);
      spare_.erase(largest);
    }
    binding.takeAccumulators(std::move(buffer));
    pool_.parallelFor(binding.bands(), [&](int64_t band, int) { binding.clearBand(static_cast<int>(band)); });
  }

  void adjoint(CpuBinding<Real>& binding, const Tile& tile, const Real* jets) {
    reserveTensorScratch(binding);
    const int64_t unit = binding.samples.unit();
    pool_.parallelFor(static_cast<int64_t>(tile.segments.size()), [&](int64_t i, int thread) {
      const Segment& at = tile.segments[i];
      if (!binding.tensor()) {
        ScatteredCall call = binding.scatteredCall(0, binding.grid.levels);
        binding.aim(call, 0, at.band);
        call.outputStride = binding.jets.count * tile.size;
        const auto apply = binding.radial() ? kernels_.encodeRadialAdjoint : kernels_.encodeScatteredAdjoint;
        apply(call, binding.accumulator(at.band, 0), at.begin, at.end, jets + at.local, tile.size);
        return;
      }
      eachOutputChannel(binding, [&](int output, int channel, int firstLevel, int levels) {
        const Real* in = jets + int64_t{output} * binding.jets.count * tile.size + at.local;
        TensorCall<Real> call = binding.tensorCall(firstLevel, levels);
        binding.aim(call, firstLevel, at.band);
        for (int64_t n = at.begin; n < at.end; n += unit)
          kernels_.encodeTensorAdjoint(call, binding.accumulator(at.band, channel), n / unit, in + (n - at.begin), tile.size,
                                       scratch_[thread].data());
      });
    });
  }

  // Rows of a summed channel reach every level; of separate levels, one.
  void squares(CpuBinding<Real>& binding, const Tile& tile, int output, const std::vector<JacobianPlane<Real>>& planes) {
    const bool separate = binding.map == ChannelMap::separateLevels;
    const int channel = separate ? output % binding.channels : output;
    const int firstLevel = separate ? output / binding.channels : 0, levels = separate ? 1 : binding.grid.levels;
    if (binding.tensor()) {
      squaresByProducts(binding, tile, channel, firstLevel, levels, planes);
      return;
    }
    pool_.parallelFor(static_cast<int64_t>(tile.segments.size()), [&](int64_t i, int) {
      const Segment& at = tile.segments[i];
      ScatteredCall call = binding.scatteredCall(firstLevel, levels);
      binding.aim(call, firstLevel, at.band);
      int index[kMaxPlanes];
      const Real* values[kMaxPlanes];
      for (size_t p = 0; p < planes.size(); ++p) {
        index[p] = planes[p].plane;
        values[p] = planes[p].values + (planes[p].scope == InputPlane<Real>::tile ? at.local : at.begin);
      }
      const auto apply = binding.radial() ? kernels_.encodeRadialSquares : kernels_.encodeScatteredSquares;
      apply(call, binding.accumulator(at.band, channel), at.begin, at.end, static_cast<int>(planes.size()), index, values);
    });
  }

  void adjointEnd(CpuBinding<Real>& binding) {
    struct Item {
      int channel, level, first, last;
    };
    std::vector<Item> items;
    for (int c = 0; c < binding.channels; ++c)
      for (int s = 0; s < binding.grid.levels; ++s) {
        const int rows = binding.grid.packedNodes(s, 0);
        const int step = binding.grid.dims == 1 ? rows : static_cast<int>(kReductionRows);
        for (int r = 0; r < rows; r += step) items.push_back({c, s, r, std::min(rows, r + step)});
      }
    pool_.parallelFor(static_cast<int64_t>(items.size()), [&](int64_t i, int) {
      const Item& item = items[i];
      binding.reduceRows(kernels_, item.channel, item.level, item.first, item.last, binding.target);
    });
    spare_.push_back(binding.giveAccumulators());
  }

 private:
  static constexpr int64_t kReductionRows = 16;  // grid rows of one reduction item

  template <class F>
  static void eachOutputChannel(const CpuBinding<Real>& binding, F f) {
    if (binding.map == ChannelMap::sumLevels) {
      for (int c = 0; c < binding.channels; ++c) f(c, c, 0, binding.grid.levels);
    } else {
      for (int s = 0; s < binding.grid.levels; ++s)
        for (int c = 0; c < binding.channels; ++c) f(s * binding.channels + c, c, s, 1);
    }
  }

  void reserve(int64_t size) {
    for (std::vector<Real>& s : scratch_)
      if (static_cast<int64_t>(s.size()) < size) s.resize(size);
  }
  void reserveTensorScratch(const CpuBinding<Real>& binding) {
    if (binding.tensor()) reserve(tensorScratch(binding.tensorCall(0, binding.grid.levels)));
  }

  // (sum_p c_p w^(p))^2 = sum_pq c_p c_q w^(p) w^(q), and each product of weights is again a product over the axes.
  void squaresByProducts(CpuBinding<Real>& binding, const Tile& tile, int channel, int firstLevel, int levels,
                         const std::vector<JacobianPlane<Real>>& planes) {
    std::vector<Real> product(tile.size + kLanes);
    for (size_t a = 0; a < planes.size(); ++a)
      for (size_t b = a; b < planes.size(); ++b) {
        ProductTables<Real> tables(binding, planes[a].plane, planes[b].plane);
        if (levels == 1) {
          tables.call.level[0] = tables.call.level[firstLevel];
          tables.call.levels = 1;
        }
        reserve(tensorScratch(tables.call));
        const Real twice = a == b ? Real(1) : Real(2);
        const int64_t unit = binding.samples.unit();
        pool_.parallelFor(static_cast<int64_t>(tile.segments.size()), [&](int64_t i, int thread) {
          const Segment& at = tile.segments[i];
          const auto from = [&](const JacobianPlane<Real>& p) { return p.values + (p.scope == InputPlane<Real>::tile ? at.local : at.begin); };
          const Real *x = from(planes[a]), *y = from(planes[b]);
          Real* to = product.data() + at.local;
          for (int64_t n = 0; n < at.end - at.begin; ++n) to[n] = twice * x[n] * y[n];
          TensorCall<Real> call = tables.call;
          binding.aim(call, firstLevel, at.band);
          for (int64_t n = at.begin; n < at.end; n += unit)
            kernels_.encodeTensorAdjoint(call, binding.accumulator(at.band, channel), n / unit, to + (n - at.begin), tile.size,
                                         scratch_[thread].data());
        });
      }
  }

  ThreadPool& pool_;
  const CpuKernels<Real>& kernels_;
  std::vector<std::vector<Real>> scratch_;
  std::vector<std::vector<Real>> spare_;  // accumulators of adjoints that have ended: as many as fields are read by one term
};

}  // namespace dinf
