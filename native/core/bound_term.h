// A sample set on a backend with what lies over it, and a term bound to it and to the fields that it reads.
#pragma once
#include <memory>
#include <vector>
#include "core/bound_field.h"
#include "core/device_vector.h"
#include "core/problem_spec.h"

namespace dinf {

template <class Real>
class BoundSamples {
 public:
  BoundSamples(Backend<Real>& backend, std::unique_ptr<SampleSet> set);

  SampleSet& set() const { return *set_; }
  Real* weights() const { return weights_; }
  // One plane an axis, made when first asked for and current from then on.
  const Real* coordinates();
  // Moves the set to the draw of the iteration whose number is in a slot. `number`: of the set in its problem.
  void draw(uint64_t seed, uint32_t number, int iterationSlot);

 private:
  void locate();

  Backend<Real>& backend_;
  std::unique_ptr<SampleSet> set_;
  DeviceVector<Real> weights_, coordinates_;
};

// Bands and tiles come from the sample set.
template <class Real>
class BoundTerm {
 public:
  // `spec` and `samples` must live as long as the term does.
  BoundTerm(Backend<Real>& backend, const TermSpec& spec, BoundSamples<Real>& samples, const std::vector<BoundField<Real>>& fields,
            int64_t tileBytes, int lanes = 1);
  // Per-sample data, user order.
  void setChannels(const std::vector<std::vector<double>>& values);

  const TermSpec& spec() const { return spec_; }
  BoundSamples<Real>& samples() const { return samples_; }
  int64_t paddedCount() const { return samples_.set().paddedCount(); }
  const FieldReading& reading(size_t field) const { return readings_[field]; }
  const std::vector<Tile>& tiles() const { return tiles_; }
  const Real* channel(int number) const { return channels_[number]; }
  Real* plane(int number) const { return channels_[number]; }
  int laneChannels() const { return static_cast<int>(channels_.size()) / lanes_; }
  // One channel of the spec's, or of a lane behind them; user order.
  void setChannel(int number, const double* values);
  // Planes over the set that the linearisation keeps, made at the first one.
  Real* coefficients();
  // Where the term's rows begin among those of the problem.
  int64_t rowOffset = 0;
  // Jets whose adjoints no store writes, and that are read: they are zero.
  const std::vector<JetRef>& untouched() const { return untouched_; }
  // A bit for each plane of a field's jets whose adjoints no store writes, and that nobody reads then (Backend::encodeAdjoint).
  uint64_t absent(size_t field) const { return absent_[field]; }

 private:
  Backend<Real>& backend_;
  const TermSpec& spec_;
  BoundSamples<Real>& samples_;
  const int lanes_;
  std::vector<FieldReading> readings_;
  std::vector<Tile> tiles_;
  std::vector<DeviceVector<Real>> channels_;  // in internal order
  std::vector<Real> ordered_;                 // one on its way there
  DeviceVector<Real> coefficients_;
  std::vector<JetRef> untouched_;
  std::vector<uint64_t> absent_;
};

}  // namespace dinf
