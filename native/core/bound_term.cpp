#include "core/bound_term.h"
#include <algorithm>

namespace dinf {

template <class Real>
BoundSamples<Real>::BoundSamples(Backend<Real>& backend, std::unique_ptr<SampleSet> set)
    : backend_(backend), set_(std::move(set)), weights_(backend, set_->paddedCount()) {
  backend_.weights(*set_, weights_);
}

template <class Real>
const Real* BoundSamples<Real>::coordinates() {
  if (!coordinates_) {
    coordinates_ = DeviceVector<Real>(backend_, set_->paddedCount() * set_->dims());
    locate();
  }
  return coordinates_;
}

template <class Real>
void BoundSamples<Real>::locate() {
  const Tile whole = set_->whole();
  for (int k = 0; k < set_->dims(); ++k) backend_.coordinates(*set_, whole, k, coordinates_ + k * set_->paddedCount());
}

// Coordinates with the draw, not when a program next reads them: a recording does not look whether they are current.
template <class Real>
void BoundSamples<Real>::draw(uint64_t seed, uint32_t number, int iterationSlot) {
  backend_.draw(*set_, seed, number, iterationSlot, weights_);
  if (coordinates_ && set_->spec().kind == SampleKind::stratified) locate();
}

template <class Real>
BoundTerm<Real>::BoundTerm(Backend<Real>& backend, const TermSpec& spec, BoundSamples<Real>& samples,
                           const std::vector<BoundField<Real>>& fields, int64_t tileBytes, int lanes)
    : backend_(backend), spec_(spec), samples_(samples), lanes_(lanes) {
  const SampleSet& set = samples_.set();
  int64_t planes = 1;
  bool slabs = false;  // encoders of grids walk whole slabs
  for (size_t f = 0; f < fields.size(); ++f) {
    const JetSet& jets = spec_.jetSets[f];
    readings_.push_back(fields[f].bind(set, jets));
    planes += fields[f].planesPerSample(jets);
    slabs = slabs || readings_.back().binding;
    const auto stored = [&](int output, int plane) {
      return std::any_of(spec_.jets.begin(), spec_.jets.end(), [&](const JetRef& jet) {
        return jet.field == static_cast<int>(f) && jet.output == output && jet.plane == plane;
      });
    };
    const int outputs = fields[f].spec().outputs / lanes;
    absent_.push_back(0);
    for (int p = 0; p < jets.count; ++p) {
      bool nowhere = fields[f].isLinear();  // an MLP reads all of them
      for (int o = 0; o < outputs; ++o) nowhere = nowhere && !stored(o, p);
      if (nowhere) absent_[f] |= uint64_t{1} << p;
      for (int o = 0; o < outputs && !nowhere; ++o)
        if (!stored(o, p)) untouched_.push_back({static_cast<int>(f), o, p});
    }
  }
  tiles_ = set.tiles(std::max<int64_t>(kLanes, tileBytes / (planes * static_cast<int64_t>(sizeof(Real)))), slabs);
  for (size_t i = 0; i < spec_.channels.size(); ++i) channels_.emplace_back(backend_, set.paddedCount());
  setChannels(spec_.channels);
}

template <class Real>
void BoundTerm<Real>::setChannels(const std::vector<std::vector<double>>& values) {
  for (size_t c = 0; c < values.size(); ++c)
    if (!values[c].empty()) setChannel(static_cast<int>(c), values[c].data());
}

template <class Real>
void BoundTerm<Real>::setChannel(int number, const double* values) {
  const SampleSet& set = samples_.set();
  ordered_.resize(set.paddedCount());
  for (int64_t i = 0, last = 0; i < set.paddedCount(); ++i) {
    const int64_t user = set.userOf(i);
    if (user >= 0) last = user;
    ordered_[i] = static_cast<Real>(values[last]);  // padding repeats a real sample
  }
  backend_.upload(channels_[number], ordered_.data(), set.paddedCount());
}

template <class Real>
Real* BoundTerm<Real>::coefficients() {
  if (!coefficients_) coefficients_ = DeviceVector<Real>(backend_, paddedCount() * spec_.coefficients);
  return coefficients_;
}

template class BoundSamples<float>;
template class BoundSamples<double>;
template class BoundTerm<float>;
template class BoundTerm<double>;

}  // namespace dinf
