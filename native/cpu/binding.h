// What the CPU backend tabulates for grid x sample set x jets: axis weight tables of tensor sets, and where each band's own
// accumulator of packed rows lies.
#pragma once
#include <utility>
#include <vector>
#include "core/backend.h"
#include "cpu/kernels.h"

namespace dinf {

template <class Real>
class CpuBinding final : public Binding {
 public:
  CpuBinding(const GridShape& grid, const SampleSet& samples, const JetSet& jets, int channels, ChannelMap map);

  bool radial() const { return grid.kernel.radial(); }
  // Applied axis by axis: a tensor-product set and weights that are products.
  bool tensor() const { return samples.isTensor() && !radial(); }
  // All levels (summed), or one level alone.
  TensorCall<Real> tensorCall(int firstLevel, int levels) const;
  ScatteredCall scatteredCall(int firstLevel, int levels) const;
  // The same calls aimed at a band's accumulator of one channel.
  Real* accumulator(int band, int channel) { return accumulators_.data() + bandOffset_[band] + channel * bandSize_[band]; }
  void aim(TensorCall<Real>& call, int firstLevel, int band) const;
  void aim(ScatteredCall& call, int firstLevel, int band) const;
  void clearBand(int band);
  Real* target = nullptr;  // of an adjoint from its begin to its end
  // Accumulators are there as long, in a buffer that bindings hand on to one another.
  void takeAccumulators(std::vector<Real> buffer);
  std::vector<Real> giveAccumulators() { return std::exchange(accumulators_, {}); }
  // Adds the bands' rows [firstRow, lastRow) of (channel, level) in band order.
  void reduceRows(const CpuKernels<Real>& kernels, int channel, int level, int firstRow, int lastRow, Real* packed) const;
  int bands() const { return samples.bands(); }

 private:
  struct Rows {
    int first, count;
    int64_t offset;  // in the band's channel
  };
  void tabulate();
  void enumerate();
  void placeBands();

  std::vector<int32_t> start_[kMaxDims][kMaxLevels];
  std::vector<Real> weight_[kMaxDims][kMaxLevels];
  int orders_[kMaxDims] = {1, 1, 1};
  std::vector<double> unit_[kMaxDims];   // radial kernels on a tensor set: its samples one by one, internal order
  std::vector<std::vector<Rows>> rows_;  // [band][level]
  std::vector<int64_t> bandOffset_, bandSize_;
  int64_t accumulatorSize_ = 0;
  std::vector<Real> accumulators_;
};

// Tables whose weights are products w^(a) w^(b) of two planes' weights: what squares of rows need (exact column norms).
template <class Real>
class ProductTables {
 public:
  ProductTables(const CpuBinding<Real>& binding, int firstPlane, int secondPlane);
  TensorCall<Real> call;

 private:
  std::vector<Real> weight_[kMaxDims][kMaxLevels];
};

}  // namespace dinf
