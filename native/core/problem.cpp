#include "core/term.h"
#include <algorithm>
#include <cmath>
#include "core/check.h"
#include "math/philox.h"

namespace dinf {

template <class Real>
Real* Problem<Real>::own(int64_t count) {
  owned_.push_back(backend_.allocate(count));
  return owned_.back();
}

template <class Real>
Problem<Real>::Problem(const ProblemSpec& spec, Backend<Real>& backend, bool folded, const std::vector<std::shared_ptr<SampleSet>>& sets)
    : spec_(spec), backend_(backend) {
  int orderCells[kMaxDims] = {1, 1, 1};
  for (const FieldSpec& field : spec_.fields) {
    fields_.emplace_back(field, scalarOffset_, folded);
    scalarOffset_ += fields_.back().parameterCount();
    for (int k = 0; k < spec_.dims; ++k) orderCells[k] = std::max(orderCells[k], field.grid.cells[k]);  // 1 of a network
  }
  const size_t n = fields_.size();
  packed_.resize(n);
  packedTangent_.assign(n, nullptr);
  packedAdjoint_.resize(n);
  biasActive_.assign(n, false);
  for (auto* list : {&features_, &featureTangents_, &featureAdjoints_, &jets_, &jetTangents_, &jetAdjoints_, &states_})
    list->resize(n);
  mlpAdjoints_.resize(n);
  for (size_t f = 0; f < n; ++f) {
    refined_.push_back(std::all_of(spec_.terms.begin(), spec_.terms.end(), [&](const TermSpec& term) { return refines(f, term.jetSets[f]); }));
    packed_[f] = own(packedSize(f));
    packedAdjoint_[f] = own(packedSize(f));
  }
  backend_.reserveSlots(freeSlot());
  uniforms_ = own(static_cast<int64_t>(spec_.uniforms.size()));
  setUniforms(spec_.uniforms);

  for (size_t i = 0; i < spec_.samples.size(); ++i)
    samples_.push_back(
        makeSamples(sets.empty() ? std::make_shared<SampleSet>(spec_.samples[i], orderCells, backend_.sampleOrder()) : sets[i]));
  for (const TermSpec& term : spec_.terms) {
    terms_.push_back(makeTerm(term, *samples_[term.samples]));
    Term& made = *terms_.back();
    if (term.hasRows) {
      made.rowOffset = rowCount_;
      rowCount_ += int64_t{term.residuals} * made.samples->set->paddedCount();
    }
    for (const JetRef& jet : term.jets)
      if (term.jetSets[jet.field].index[jet.plane].order() == 0) biasActive_[jet.field] = true;
    for (size_t f = 0; f < n; ++f)
      if (made.reads(f) && !fields_[f].isLinear())
        mlpAdjoints_[f].parts = std::max<int64_t>(mlpAdjoints_[f].parts, backend_.mlpParts(*made.samples->set));
  }
  for (size_t f = 0; f < n; ++f)
    if (mlpAdjoints_[f].parts > 0)
      mlpAdjoints_[f].data = backend_.allocateSums(mlpAdjoints_[f].parts * fields_[f].mlpShape().parameterCount());
}

template <class Real>
Problem<Real>::~Problem() = default;

template <class Real>
Problem<Real>::Releaser::~Releaser() {
  for (Real* buffer : problem.owned_) problem.backend_.release(buffer);
  for (const TileBuffer& buffer : problem.tileBuffers_) problem.backend_.release(buffer.data);
  for (const WeightSums& sums : problem.mlpAdjoints_)
    if (sums.data) problem.backend_.releaseSums(sums.data);
}

template <class Real>
std::vector<std::shared_ptr<SampleSet>> Problem<Real>::sampleSets() const {
  std::vector<std::shared_ptr<SampleSet>> sets;
  for (const auto& samples : samples_) sets.push_back(samples->set);
  return sets;
}

template <class Real>
std::unique_ptr<typename Problem<Real>::Samples> Problem<Real>::makeSamples(std::shared_ptr<SampleSet> set) {
  auto samples = std::make_unique<Samples>();
  samples->set = std::move(set);
  samples->weights = own(samples->set->paddedCount());
  backend_.weights(*samples->set, samples->weights);
  return samples;
}

template <class Real>
std::unique_ptr<typename Problem<Real>::Term> Problem<Real>::makeTerm(const TermSpec& spec, Samples& samples) {
  auto term = std::make_unique<Term>();
  term->spec = &spec;
  term->samples = &samples;
  const SampleSet& set = *samples.set;
  int64_t planes = 1;
  bool slabs = false;  // encoders of grids walk whole slabs
  for (size_t f = 0; f < fields_.size(); ++f) {
    const Field& field = fields_[f];
    const JetSet& jets = spec.jetSets[f];
    term->bindings.push_back(jets.count == 0 || field.isNetwork() ? nullptr
                                             : backend_.bind(encodedGrid(f, refined_[f] && refines(f, jets)), set, jets, field.packedChannels(), field.map()));
    planes += 3 * int64_t{jets.count} * field.spec().outputs;
    if (!field.isLinear()) planes += 3 * int64_t{jets.count} * field.decoderInputs() + backend_.mlpStateSize(field.mlpShape(), jets);
    slabs = slabs || term->bindings.back();
    for (int o = 0; o < field.spec().outputs; ++o)
      for (int p = 0; p < jets.count; ++p) {
        bool stored = false;
        for (const JetRef& jet : spec.jets)
          stored = stored || (jet.field == static_cast<int>(f) && jet.output == o && jet.plane == p);
        if (!stored) term->untouched.push_back({static_cast<int>(f), o, p});
      }
  }
  term->tiles = set.tiles(std::max<int64_t>(kLanes, spec_.tileBytes / (planes * static_cast<int64_t>(sizeof(Real)))), slabs);
  for (size_t i = 0; i < spec.channels.size(); ++i) term->channels.push_back(own(set.paddedCount()));
  uploadChannels(*term, spec.channels);
  return term;
}

template <class Real>
void Problem<Real>::uploadChannels(Term& term, const std::vector<std::vector<double>>& values) {
  const SampleSet& set = *term.samples->set;
  std::vector<Real> ordered(set.paddedCount());
  for (size_t c = 0; c < values.size(); ++c) {
    for (int64_t i = 0, last = 0; i < set.paddedCount(); ++i) {
      if (set.order()[i] >= 0) last = set.order()[i];
      ordered[i] = static_cast<Real>(values[c][last]);  // padding repeats a real sample
    }
    backend_.upload(term.channels[c], ordered.data(), set.paddedCount());
  }
}

template <class Real>
void Problem<Real>::setChannels(int term, const std::vector<std::vector<double>>& values) {
  forgetLinearisation();
  spec_.terms[term].channels = values;
  uploadChannels(*terms_[term], values);
}

template <class Real>
bool Problem<Real>::linear() const {
  for (const TermSpec& term : spec_.terms)
    if (!term.linear) return false;
  for (const Field& field : fields_)
    if (!field.isLinear() || !field.folded()) return false;
  return true;
}
template <class Real>
bool Problem<Real>::hasEnergy() const {
  return std::any_of(spec_.terms.begin(), spec_.terms.end(), [](const TermSpec& term) { return !term.hasRows; });
}

template <class Real>
std::vector<double> Problem<Real>::initial() const {
  std::vector<double> values;
  values.reserve(parameterCount());
  for (size_t f = 0; f < fields_.size(); ++f) {
    const Field factored(fields_[f].spec(), 0, false);
    std::vector<double> part = factored.initial(spec_.seed, static_cast<uint32_t>(f));
    if (fields_[f].folded()) part = factored.fold(part);
    values.insert(values.end(), part.begin(), part.end());
  }
  values.insert(values.end(), spec_.scalars.begin(), spec_.scalars.end());
  return values;
}

template <class Real>
void Problem<Real>::setUniforms(const std::vector<double>& values) {
  spec_.uniforms = values;
  const std::vector<Real> cast(values.begin(), values.end());
  backend_.upload(uniforms_, cast.data(), static_cast<int64_t>(cast.size()));
}

template <class Real>
void Problem<Real>::draw(uint32_t iteration) {
  backend_.setSlot(kDrawSlot, iteration);
  drawSets(kDrawSlot, iteration == 0);
}
template <class Real>
void Problem<Real>::redraw(int iterationSlot) {
  drawSets(iterationSlot, false);
}
template <class Real>
void Problem<Real>::drawSets(int iterationSlot, bool all) {
  for (size_t i = 0; i < samples_.size(); ++i) {
    Samples& samples = *samples_[i];
    if (!samples.set->changesEachDraw() || (!all && !samples.set->spec().redraw)) continue;
    backend_.draw(*samples.set, spec_.seed, static_cast<uint32_t>(i), iterationSlot);
    if (samples.set->spec().draws > 0) backend_.weights(*samples.set, samples.weights);
    if (samples.coordinates) locate(samples);
  }
}
// With the draw, not when a program next reads them: a recording does not look whether they are current.
template <class Real>
void Problem<Real>::locate(Samples& samples) {
  const Tile whole = samples.set->whole();
  for (int k = 0; k < spec_.dims; ++k) backend_.coordinates(*samples.set, whole, k, samples.coordinates + k * samples.set->paddedCount());
}

template <class Real>
std::vector<double> Problem<Real>::sampleWeights(int term) const {
  SampleSet& set = *terms_[term]->samples->set;
  backend_.fetchDraw(set);
  std::vector<double> values(set.userCount());
  for (int64_t i = 0; i < set.userCount(); ++i) values[i] = set.weights()[set.place()[i]];
  return values;
}

// --- what solvers ask

// The slots of a gradient program's sums: its loss (-1: it has none), then the adjoints of its trainable scalars.
template <class Real>
std::vector<int> Problem<Real>::sumSlots(const TermSpec& spec, int lossSlot) const {
  std::vector<int> slots;
  if (lossSlot >= 0) slots.push_back(lossSlot);
  for (const int scalar : spec.scalars) slots.push_back(scalarSlot() + scalar);
  return slots;
}

template <class Real>
double Problem<Real>::loss(const Real* parameters) {
  computeLoss(parameters);
  return backend_.slot(lossSlot());
}

template <class Real>
void Problem<Real>::computeLoss(const Real* parameters) {
  parameters_ = parameters;
  foldAll(parameters);
  backend_.clearSlots(lossSlot(), 1 + termSlots());
  for (size_t t = 0; t < terms_.size(); ++t) {
    Term& term = *terms_[t];
    const Program& program = term.spec->value;
    for (const Tile& tile : term.tiles) {
      reserveTile(term, tile);
      encodeFields(term, tile);
      ProgramCall<Real> call = bindInputs(term, program, tile, nullptr);
      call.stores.assign(program.stores, {Plane::tile, nullptr});
      call.sums = {lossSlot() + 1 + static_cast<int>(t)};
      backend_.run(call, tile);
    }
  }
  backend_.addSlots(lossSlot(), lossSlot() + 1, termSlots());
}

template <class Real>
void Problem<Real>::gradientPass(size_t number) {
  Term& term = *terms_[number];
  const Program& program = term.spec->gradient;
  beginPass(term);
  for (const Tile& tile : term.tiles) {
    reserveTile(term, tile);
    encodeFields(term, tile, true);
    ProgramCall<Real> call = bindInputs(term, program, tile, nullptr);
    storeAdjoints(term, tile, call);
    clearUntouched(term, tile);
    call.sums = sumSlots(*term.spec, lossSlot() + 1 + static_cast<int>(number));
    backend_.run(call, tile);
    adjointFields(term, tile, true);
  }
  endPass(term);
}

template <class Real>
double Problem<Real>::gradient(const Real* parameters, Real* out) {
  computeGradient(parameters, out);
  return backend_.slot(lossSlot());
}

template <class Real>
void Problem<Real>::computeGradient(const Real* parameters, Real* out) {
  parameters_ = parameters;
  foldAll(parameters);
  clearAdjoints();
  backend_.clearSlots(lossSlot(), 1 + termSlots());
  for (size_t t = 0; t < terms_.size(); ++t) gradientPass(t);
  backend_.addSlots(lossSlot(), lossSlot() + 1, termSlots());
  collectAdjoints(out);
}

template <class Real>
void Problem<Real>::linearise(const Real* parameters, Real* rows, Real* energyGradient) {
  parameters_ = parameters;
  foldAll(parameters);
  if (energyGradient) clearAdjoints();
  for (size_t t = 0; t < terms_.size(); ++t) {
    const auto& term = terms_[t];
    if (!term->spec->hasRows) {
      if (energyGradient) gradientPass(t);
      continue;
    }
    const Program& program = term->spec->linearise;
    const int64_t padded = term->samples->set->paddedCount();
    if (!term->coefficients) term->coefficients = own(padded * term->spec->coefficients);
    for (const Tile& tile : term->tiles) {
      reserveTile(*term, tile);
      encodeFields(*term, tile);
      ProgramCall<Real> call = bindInputs(*term, program, tile, nullptr);
      for (int e = 0; e < term->spec->residuals; ++e) call.stores.push_back({Plane::set, rows + term->rowOffset + e * padded});
      for (int k = 0; k < term->spec->coefficients; ++k) call.stores.push_back({Plane::set, term->coefficients + k * padded});
      backend_.run(call, tile);
    }
  }
  if (energyGradient) collectAdjoints(energyGradient);
  linearised_ = true;
}

// Without one there are no coefficient planes and no parameters to read.
template <class Real>
void Problem<Real>::needLinearisation() const {
  check(linearised_, "INVALID_ARGUMENT", "products with the Jacobian need a linearisation first");
}

template <class Real>
void Problem<Real>::tangent(const Real* direction, Real* rows) {
  needLinearisation();
  for (size_t f = 0; f < fields_.size(); ++f)
    if (!packedTangent_[f]) packedTangent_[f] = own(packedSize(f));
  for (size_t f = 0; f < fields_.size(); ++f) foldTangent(f, direction);
  direction_ = direction;
  for (auto& term : terms_) {
    if (!term->spec->hasRows) continue;
    const Program& program = term->spec->tangent;
    const int64_t padded = term->samples->set->paddedCount();
    for (const Tile& tile : term->tiles) {
      reserveTile(*term, tile);
      encodeTangents(*term, tile, direction);
      ProgramCall<Real> call = bindInputs(*term, program, tile, nullptr);
      for (int e = 0; e < term->spec->residuals; ++e) call.stores.push_back({Plane::set, rows + term->rowOffset + e * padded});
      backend_.run(call, tile);
    }
  }
}

template <class Real>
void Problem<Real>::adjoint(const Real* rows, Real* out) {
  needLinearisation();
  clearAdjoints();
  for (auto& term : terms_) {
    if (!term->spec->hasRows) continue;
    const Program& program = term->spec->adjoint;
    beginPass(*term);
    for (const Tile& tile : term->tiles) {
      reserveTile(*term, tile);
      ProgramCall<Real> call = bindInputs(*term, program, tile, rows);
      storeAdjoints(*term, tile, call);
      clearUntouched(*term, tile);
      call.sums = sumSlots(*term->spec, -1);
      backend_.run(call, tile);
      adjointFields(*term, tile, false);
    }
    endPass(*term);
  }
  collectAdjoints(out);
}

template class Problem<float>;
template class Problem<double>;

}  // namespace dinf
