#include "core/bound_field.h"
#include <algorithm>
#include <utility>

namespace dinf {

template <class Real>
BoundField<Real>::BoundField(Backend<Real>& backend, const ProblemSpec& problem, size_t number, int64_t offset, bool folded)
    : Field(problem.fields[number], offset, folded), backend_(backend) {
  refined_ = std::all_of(problem.terms.begin(), problem.terms.end(),
                         [&](const TermSpec& term) { return refines(term.jetSets[number]); });
  for (const TermSpec& term : problem.terms)
    for (const JetRef& jet : term.jets)
      if (static_cast<size_t>(jet.field) == number && term.jetSets[number].index[jet.plane].order() == 0) biasActive_ = true;
  packed_ = DeviceVector<Real>(backend_, encodedSize());
}

// Are derivatives of these orders to be had from the one grid that a field's levels sum into? In float32 those of second order are not
// worth it: on the finest grid they amplify rounding by N^2, also that of what a coarse level holds, whose own N is small (measured with
// this rule off: `dinf-grid solve plate`, of fourth order, stands at a relative L2 of 4e-5 instead of 2e-7).
template <class Real>
bool BoundField<Real>::refines(const JetSet& jets) const {
  return nested() && (sizeof(Real) == sizeof(double) || jets.maxOrder() <= 1);
}

template <class Real>
FoldShape BoundField<Real>::foldShape() const {
  FoldShape shape = Field::foldShape(biasActive_);
  shape.clampedGhosts = refined_;
  return shape;
}

template <class Real>
FieldReading BoundField<Real>::bind(const SampleSet& samples, const JetSet& jets) const {
  FieldReading reading{&jets, &samples, nullptr};
  if (reading.isRead() && !isNetwork())
    reading.binding = backend_.bind(encodedGrid(refined_ && refines(jets)), samples, jets, packedChannels(), map());
  return reading;
}

template <class Real>
int64_t BoundField<Real>::planesPerSample(const JetSet& jets) const {
  int64_t planes = 3 * int64_t{jets.count} * spec().outputs;
  if (!isLinear()) planes += 3 * int64_t{jets.count} * decoderInputs() + backend_.mlpStateSize(mlpShape(), jets);
  return planes;
}

template <class Real>
void BoundField<Real>::meet(const SampleSet& samples) {
  if (!isLinear()) weightParts_ = std::max<int64_t>(weightParts_, backend_.mlpParts(samples));
}
template <class Real>
void BoundField<Real>::reserveWeightSums() {
  if (weightParts_ > 0) weightAdjoints_ = DeviceSums<Real>(backend_, weightParts_, mlpShape().parameterCount());
}

// --- between parameters and packed planes

template <class Real>
void BoundField<Real>::fold(const Real* parameters) {
  if (!isNetwork()) foldInto(parameters + offset(), packed_);
}

// Refined levels are one grid to encoders: their work, and that of their adjoints, is for one level then, and sums over nodes are
// cheaper than sums over samples.
template <class Real>
void BoundField<Real>::foldInto(const Real* own, Real* packed) {
  if (!refined_) {
    backend_.fold(foldShape(), own, packed);
    return;
  }
  backend_.fold(foldShape(), own, levelPlanes());
  backend_.refine(spec().grid, packedChannels(), levelPlanes(), packed);
}

// An evaluation may ask for derivatives that the terms do not read, and that need the levels.
template <class Real>
const Real* BoundField<Real>::planesOf(const FieldReading& reading) {
  return refined_ && reading.binding->grid.levels > 1 ? levelPlanes() : static_cast<Real*>(packed_);
}

// Refining has used the levels up.
template <class Real>
void BoundField<Real>::foldLevels(const FieldReading& reading, const Real* parameters) {
  if (reading.binding && planesOf(reading) != packed_) backend_.fold(foldShape(), parameters + offset(), levelPlanes());
}

// Features times decoder is bilinear: the tangent of the packed planes is the fold of (dF, W) plus that of (F, dW), the second
// with the bias's tangent. One of factored parameters is what Gauss-Newton before folding, and the tests, ask for.
template <class Real>
void BoundField<Real>::foldTangent(const Real* parameters, const Real* direction) {
  if (!packedTangent_) packedTangent_ = DeviceVector<Real>(backend_, encodedSize());
  if (isNetwork()) return;
  const FoldShape shape = foldShape();
  if (shape.folded) {
    foldInto(direction + offset(), packedTangent_);
    return;
  }
  const int64_t size = encodedSize(), grid = gridSize(), decoder = decoderSize(), bias = decoder - shape.outputs;
  Real* mixed = mixedFactors_.reserve(backend_, grid + decoder);
  Real* second = mixedPlanes_.reserve(backend_, size);
  backend_.copy(mixed, direction + offset(), grid);
  backend_.copy(mixed + grid, parameters + decoderOffset(), bias);
  backend_.fill(mixed + grid + bias, Real(0), shape.outputs);
  foldInto(mixed, packedTangent_);
  backend_.copy(mixed, parameters + offset(), grid);
  backend_.copy(mixed + grid, direction + decoderOffset(), decoder);
  foldInto(mixed, second);
  backend_.axpy(packedTangent_, 1, kOne, second, size);
}

template <class Real>
void BoundField<Real>::clearAdjoint() {
  if (!packedAdjoint_) packedAdjoint_ = DeviceVector<Real>(backend_, encodedSize());  // evaluation alone never needs it
  gathered_ = false;
  weightAdjoints_.clear();
}

// The adjoints of the levels' planes, from those of what encoders read.
template <class Real>
Real* BoundField<Real>::levelAdjoints() {
  if (!gathered_) backend_.fill(packedAdjoint_, Real(0), encodedSize());  // no term reads the field
  if (!refined_ || isNetwork()) return packedAdjoint_;
  backend_.refineAdjoint(spec().grid, packedChannels(), packedAdjoint_, levelPlanes());
  return levelPlanes();
}
template <class Real>
void BoundField<Real>::foldAdjoint(const Real* parameters, Real* out) {
  foldAdjointOf(levelAdjoints(), parameters, out);
}
template <class Real>
void BoundField<Real>::foldSquares(const Real* parameters, Real* out) {
  if (!gathered_) backend_.fill(squares(), Real(0), packedSize());
  foldAdjointOf(squares(), parameters, out);
}
template <class Real>
void BoundField<Real>::stepAdam(const AdamVectors<Real>& vectors, const AdamSettings& settings) {
  const AdamVectors<Real> own = vectors.from(offset());
  if (!isNetwork()) backend_.foldAdjointAdam(foldShape(), levelAdjoints(), own, settings);
  if (isLinear()) return;
  weightAdjoints_.collect(own.gradient + gridSize());
  backend_.adam(own.from(gridSize()), decoderSize(), settings);
}
template <class Real>
void BoundField<Real>::foldAdjointOf(Real* levels, const Real* parameters, Real* out) {
  if (!isNetwork()) backend_.foldAdjoint(foldShape(), parameters + offset(), levels, out + offset());
  if (!isLinear()) weightAdjoints_.collect(out + decoderOffset());
}

// --- between packed planes and jets

template <class Real>
void BoundField<Real>::reserve(const JetSet& jets, const Tile& tile) {
  const int64_t planes = int64_t{jets.count} * tile.size, outputs = planes * spec().outputs;
  jets_ = jetScratch_.reserve(backend_, outputs);
  jetAdjoints_ = jetAdjointScratch_.reserve(backend_, outputs);
  jetTangents_ = jetTangentScratch_.reserve(backend_, outputs);
  if (isLinear()) return;
  const int64_t features = planes * decoderInputs();
  features_ = featureScratch_.reserve(backend_, features);
  if (isNetwork()) return;  // coordinates have neither tangents nor adjoints
  featureTangents_ = featureTangentScratch_.reserve(backend_, features);
  featureAdjoints_ = featureAdjointScratch_.reserve(backend_, features);
}

// What an MLP reads: features of a grid, or the coordinates themselves.
template <class Real>
void BoundField<Real>::encodeFeatures(const FieldReading& reading, const Tile& tile) {
  if (isNetwork()) backend_.coordinateJets(*reading.samples, tile, *reading.jets, spec().inputs, features_);
  else backend_.encode(*reading.binding, tile, planesOf(reading), features_);
}

template <class Real>
void BoundField<Real>::encode(const FieldReading& reading, const Tile& tile, const Real* parameters, bool keep) {
  if (isLinear()) {
    backend_.encode(*reading.binding, tile, planesOf(reading), jets_);
    return;
  }
  encodeFeatures(reading, tile);
  const MlpShape shape = mlpShape();
  const int64_t state = keep ? backend_.mlpStateSize(shape, *reading.jets) : 0;
  state_ = state > 0 ? stateScratch_.reserve(backend_, state * tile.size) : nullptr;
  backend_.mlp(shape, *reading.jets, parameters + decoderOffset(), tile, features_, jets_, state_);
}

template <class Real>
void BoundField<Real>::encodeTangent(const FieldReading& reading, const Tile& tile, const Real* parameters, const Real* direction) {
  if (!isNetwork()) backend_.encode(*reading.binding, tile, packedTangent_, isLinear() ? jetTangents_ : featureTangents_);
  if (isLinear()) return;
  encodeFeatures(reading, tile);
  backend_.mlpTangent(mlpShape(), *reading.jets, parameters + decoderOffset(), direction + decoderOffset(), tile, features_,
                      isNetwork() ? nullptr : featureTangents_, jetTangents_);
}

template <class Real>
void BoundField<Real>::encodeAdjoint(const FieldReading& reading, const Tile& tile, const Real* parameters, bool encoded, uint64_t absent) {
  if (isLinear()) {
    backend_.encodeAdjoint(*reading.binding, tile, jetAdjoints_, absent);
    return;
  }
  if (!encoded) {
    encodeFeatures(reading, tile);
    state_ = nullptr;
  }
  backend_.mlpAdjoint(mlpShape(), *reading.jets, parameters + decoderOffset(), tile, features_, state_, jetAdjoints_,
                      isNetwork() ? nullptr : featureAdjoints_, weightAdjoints_.data());
  if (!isNetwork()) backend_.encodeAdjoint(*reading.binding, tile, featureAdjoints_, 0);
}

template <class Real>
void BoundField<Real>::beginAdjoint(const FieldReading& reading) {
  if (reading.binding) backend_.encodeAdjointBegin(*reading.binding, packedAdjoint_, std::exchange(gathered_, true));
}
template <class Real>
void BoundField<Real>::endAdjoint(const FieldReading& reading) {
  if (reading.binding) backend_.encodeAdjointEnd(*reading.binding);
}

// --- squares

template <class Real>
FieldReading BoundField<Real>::bindLevels(const FieldReading& reading) const {
  FieldReading levels{reading.jets, reading.samples, nullptr};
  if (reading.binding)
    levels.binding = backend_.bind(spec().grid, *reading.samples, reading.binding->jets, reading.binding->channels, reading.binding->map);
  return levels;
}

template <class Real>
void BoundField<Real>::clearSquares() {
  gathered_ = false;
}
template <class Real>
void BoundField<Real>::beginSquares(const FieldReading& reading) {
  if (reading.binding) backend_.encodeAdjointBegin(*reading.binding, squares(), std::exchange(gathered_, true));
}

template <class Real>
void BoundField<Real>::encodeSquares(const FieldReading& reading, const Tile& tile, const Real* parameters,
                                     const std::vector<std::vector<JacobianPlane<Real>>>& entries) {
  Binding& binding = *reading.binding;
  if (isLinear()) {
    for (int o = 0; o < spec().outputs; ++o)
      if (!entries[o].empty()) backend_.encodeSquares(binding, tile, o, entries[o]);
    return;
  }
  const int64_t stride = int64_t{binding.jets.count} * tile.size;
  backend_.fill(jetAdjoints_, Real(0), stride * spec().outputs);
  for (int o = 0; o < spec().outputs; ++o)
    for (const JacobianPlane<Real>& entry : entries[o])
      backend_.copy(jetAdjoints_ + o * stride + entry.plane * tile.size, entry.values, tile.size);
  backend_.encode(binding, tile, packed_, features_);
  backend_.mlpAdjoint(mlpShape(), binding.jets, parameters + decoderOffset(), tile, features_, nullptr, jetAdjoints_, featureAdjoints_,
                      weightAdjoints_.data());
  for (int c = 0; c < binding.outputChannels(); ++c) {
    std::vector<JacobianPlane<Real>> list;
    for (int p = 0; p < binding.jets.count; ++p)
      list.push_back({p, featureAdjoints_ + c * stride + p * tile.size, InputPlane<Real>::tile});
    backend_.encodeSquares(binding, tile, c, list);
  }
}

template class BoundField<float>;
template class BoundField<double>;

}  // namespace dinf
