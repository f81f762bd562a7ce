#include "core/problem.h"
#include <algorithm>
#include <cmath>
#include "core/check.h"
#include "math/philox.h"

namespace dinf {

// A term bound to the fields it reads. Bands and tiles come from its sample set.
template <class Real>
struct Problem<Real>::Term {
  const TermSpec* spec = nullptr;
  Samples* samples = nullptr;
  std::vector<std::unique_ptr<Binding>> bindings;  // a field; null: a network, or not read
  bool reads(size_t field) const { return spec->jetSets[field].count > 0; }
  std::vector<Tile> tiles;
  std::vector<Real*> channels;
  Real* coefficients = nullptr;  // planes over the set, made at the first linearisation
  int64_t rowOffset = 0;
  // Adjoint planes that no store writes, as (field, output, plane): zero.
  std::vector<JetRef> untouched;
};

template <class Real>
struct Problem<Real>::Samples {
  std::unique_ptr<SampleSet> set;
  Real* weights = nullptr;
  Real* coordinates = nullptr;  // dims planes, made when a program first reads them
  bool coordinatesCurrent = false;
};

template <class Real>
Real* Problem<Real>::own(int64_t count) {
  owned_.push_back(backend_.allocate(count));
  return owned_.back();
}

template <class Real>
Problem<Real>::Problem(const ProblemSpec& spec, Backend<Real>& backend, bool folded) : spec_(spec), backend_(backend) {
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
    const int64_t size = fields_[f].packedSize();
    packed_[f] = own(size);
    packedAdjoint_[f] = own(size);
  }
  scalarAdjoints_.resize(spec_.scalars.size());
  uniforms_ = own(static_cast<int64_t>(spec_.uniforms.size()));
  setUniforms(spec_.uniforms);

  for (const SampleSetSpec& set : spec_.samples) samples_.push_back(makeSamples(set, orderCells));
  for (const TermSpec& term : spec_.terms) {
    terms_.push_back(makeTerm(term, *samples_[term.samples]));
    Term& made = *terms_.back();
    if (term.hasRows) {
      made.rowOffset = rowCount_;
      rowCount_ += int64_t{term.residuals} * made.samples->set->paddedCount();
    }
    for (const JetRef& jet : term.jets)
      if (term.jetSets[jet.field].index[jet.plane].order() == 0) biasActive_[jet.field] = true;
  }
}

template <class Real>
Problem<Real>::~Problem() {
  for (Real* buffer : owned_) backend_.release(buffer);
  for (const TileBuffer& buffer : tileBuffers_) backend_.release(buffer.data);
}

template <class Real>
std::unique_ptr<typename Problem<Real>::Samples> Problem<Real>::makeSamples(const SampleSetSpec& spec, const int orderCells[kMaxDims]) {
  auto samples = std::make_unique<Samples>();
  samples->set = std::make_unique<SampleSet>(spec, orderCells);
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
                                             : backend_.bind(field.spec().grid, set, jets, field.packedChannels(), field.map()));
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
  for (size_t i = 0; i < samples_.size(); ++i) {
    Samples& samples = *samples_[i];
    if (!samples.set->changesEachDraw() || (iteration > 0 && !samples.set->spec().redraw)) continue;
    backend_.draw(*samples.set, spec_.seed, static_cast<uint32_t>(i), iteration);
    if (samples.set->spec().draws > 0) backend_.weights(*samples.set, samples.weights);
    samples.coordinatesCurrent = false;
  }
}

template <class Real>
std::vector<double> Problem<Real>::sampleWeights(int term) const {
  const SampleSet& set = *terms_[term]->samples->set;
  std::vector<double> values(set.userCount());
  for (int64_t i = 0; i < set.userCount(); ++i) values[i] = set.weights()[set.place()[i]];
  return values;
}

// --- one pass over a term: encode, decode, run

template <class Real>
Real* Problem<Real>::tileBuffer(Purpose purpose, size_t field, int64_t count) {
  for (TileBuffer& buffer : tileBuffers_)
    if (buffer.purpose == purpose && buffer.field == field) {
      if (buffer.count < count) {
        backend_.release(buffer.data);
        buffer.data = nullptr;  // stays null should the allocation throw
        buffer.data = backend_.allocate(buffer.count = count);
      }
      return buffer.data;
    }
  tileBuffers_.push_back({purpose, field, count, nullptr});
  tileBuffers_.back().data = backend_.allocate(count);
  return tileBuffers_.back().data;
}

template <class Real>
void Problem<Real>::foldAll(const Real* parameters, const std::vector<Real*>& packed) {
  for (size_t f = 0; f < fields_.size(); ++f)
    if (!fields_[f].isNetwork()) backend_.fold(fields_[f].foldShape(biasActive_[f]), parameters + fields_[f].offset(), packed[f]);
}

// Features times decoder is bilinear: the tangent of the packed planes is the fold of (dF, W) plus that of (F, dW), the second
// with the bias's tangent. One of factored parameters is what Gauss-Newton before folding, and the tests, ask for.
template <class Real>
void Problem<Real>::foldTangent(size_t f, const Real* direction) {
  const Field& field = fields_[f];
  if (field.isNetwork()) return;
  const FoldShape shape = field.foldShape(biasActive_[f]);
  if (shape.folded) {
    backend_.fold(shape, direction + field.offset(), packedTangent_[f]);
    return;
  }
  const int64_t size = shape.grid.packedSize(shape.outputs), grid = field.gridSize(), decoder = field.decoderSize();
  const int64_t bias = decoder - shape.outputs;
  Real* mixed = tileBuffer(Purpose::mixedFactors, f, grid + decoder);
  Real* second = tileBuffer(Purpose::mixedPlanes, f, size);
  backend_.copy(mixed, direction + field.offset(), grid);
  backend_.copy(mixed + grid, parameters_ + field.offset() + grid, bias);
  backend_.fill(mixed + grid + bias, Real(0), shape.outputs);
  backend_.fold(shape, mixed, packedTangent_[f]);
  backend_.copy(mixed, parameters_ + field.offset(), grid);
  backend_.copy(mixed + grid, direction + field.offset() + grid, decoder);
  backend_.fold(shape, mixed, second);
  backend_.axpy(packedTangent_[f], 1, kOne, kOne, second, size);
}

template <class Real>
void Problem<Real>::reserveTile(Term& term, const Tile& tile) {
  for (size_t f = 0; f < fields_.size(); ++f) {
    if (!term.reads(f)) continue;
    const int64_t planes = int64_t{term.spec->jetSets[f].count} * tile.size;
    const int64_t outputs = planes * fields_[f].spec().outputs;
    jets_[f] = tileBuffer(Purpose::jets, f, outputs);
    jetAdjoints_[f] = tileBuffer(Purpose::jetAdjoints, f, outputs);
    jetTangents_[f] = tileBuffer(Purpose::jetTangents, f, outputs);
    if (fields_[f].isLinear()) continue;
    const int64_t features = planes * fields_[f].decoderInputs();
    features_[f] = tileBuffer(Purpose::features, f, features);
    if (fields_[f].isNetwork()) continue;  // coordinates have neither tangents nor adjoints
    featureTangents_[f] = tileBuffer(Purpose::featureTangents, f, features);
    featureAdjoints_[f] = tileBuffer(Purpose::featureAdjoints, f, features);
  }
}

// What an MLP reads: features of a grid, or the coordinates themselves.
template <class Real>
void Problem<Real>::encodeFeatures(Term& term, const Tile& tile, size_t f) {
  if (fields_[f].isNetwork())
    backend_.coordinateJets(*term.samples->set, tile, term.spec->jetSets[f], fields_[f].spec().inputs, features_[f]);
  else backend_.encode(*term.bindings[f], tile, packed_[f], features_[f]);
}

template <class Real>
void Problem<Real>::encodeFields(Term& term, const Tile& tile, bool keep) {
  for (size_t f = 0; f < fields_.size(); ++f) {
    if (!term.reads(f)) continue;
    const Field& field = fields_[f];
    if (field.isLinear()) {
      backend_.encode(*term.bindings[f], tile, packed_[f], jets_[f]);
      continue;
    }
    encodeFeatures(term, tile, f);
    const MlpShape shape = field.mlpShape();
    const JetSet& jets = term.spec->jetSets[f];
    const int64_t state = keep ? backend_.mlpStateSize(shape, jets) : 0;
    states_[f] = state > 0 ? tileBuffer(Purpose::states, f, state * tile.size) : nullptr;
    backend_.mlp(shape, jets, parameters_ + field.offset() + field.gridSize(), tile, features_[f], jets_[f], states_[f]);
  }
}

template <class Real>
void Problem<Real>::encodeTangents(Term& term, const Tile& tile, const Real* direction) {
  for (size_t f = 0; f < fields_.size(); ++f) {
    if (!term.reads(f)) continue;
    const Field& field = fields_[f];
    if (!field.isNetwork())
      backend_.encode(*term.bindings[f], tile, packedTangent_[f], field.isLinear() ? jetTangents_[f] : featureTangents_[f]);
    if (field.isLinear()) continue;
    const int64_t decoder = field.offset() + field.gridSize();
    encodeFeatures(term, tile, f);
    backend_.mlpTangent(field.mlpShape(), term.spec->jetSets[f], parameters_ + decoder, direction + decoder, tile, features_[f],
                        field.isNetwork() ? nullptr : featureTangents_[f], jetTangents_[f]);
  }
}

// From the adjoints of the jets to those of the packed grids and decoders. An MLP needs its input again.
template <class Real>
void Problem<Real>::adjointFields(Term& term, const Tile& tile, bool encoded) {
  for (size_t f = 0; f < fields_.size(); ++f) {
    if (!term.reads(f)) continue;
    const Field& field = fields_[f];
    if (field.isLinear()) {
      backend_.encodeAdjoint(*term.bindings[f], tile, jetAdjoints_[f]);
      continue;
    }
    if (!encoded) {
      encodeFeatures(term, tile, f);
      states_[f] = nullptr;
    }
    const MlpShape shape = field.mlpShape();
    std::vector<double>& weights = mlpAdjoints_[f];
    const size_t needed = static_cast<size_t>(shape.parameterCount()) * term.samples->set->bands();
    if (weights.size() < needed) weights.resize(needed, 0.0);
    backend_.mlpAdjoint(shape, term.spec->jetSets[f], parameters_ + field.offset() + field.gridSize(), tile, features_[f],
                        states_[f], jetAdjoints_[f], field.isNetwork() ? nullptr : featureAdjoints_[f], weights.data());
    if (!field.isNetwork()) backend_.encodeAdjoint(*term.bindings[f], tile, featureAdjoints_[f]);
  }
}

template <class Real>
void Problem<Real>::clearUntouched(const Term& term, const Tile& tile) {
  for (const JetRef& jet : term.untouched)
    backend_.fill(jetAdjoints_[jet.field] + (int64_t{jet.output} * term.spec->jetSets[jet.field].count + jet.plane) * tile.size, Real(0),
                  tile.size);
}

template <class Real>
void Problem<Real>::beginPass(Term& term) {
  for (auto& binding : term.bindings)
    if (binding) backend_.encodeAdjointBegin(*binding);
}
template <class Real>
void Problem<Real>::endPass(Term& term) {
  for (size_t f = 0; f < fields_.size(); ++f)
    if (term.bindings[f]) backend_.encodeAdjointEnd(*term.bindings[f], packedAdjoint_[f]);
}
template <class Real>
void Problem<Real>::clearAdjoints() {
  for (size_t f = 0; f < fields_.size(); ++f) {
    backend_.fill(packedAdjoint_[f], Real(0), fields_[f].packedSize());
    std::fill(mlpAdjoints_[f].begin(), mlpAdjoints_[f].end(), 0.0);
  }
  std::fill(scalarAdjoints_.begin(), scalarAdjoints_.end(), 0.0);
}

template <class Real>
void Problem<Real>::collectAdjoints(Real* out) {
  for (size_t f = 0; f < fields_.size(); ++f) {
    const Field& field = fields_[f];
    if (!field.isNetwork())
      backend_.unfold(field.foldShape(biasActive_[f]), parameters_ + field.offset(), packedAdjoint_[f], out + field.offset());
    if (field.isLinear()) continue;
    const int64_t count = field.mlpShape().parameterCount();
    std::vector<Real> total(count);
    for (int64_t i = 0; i < count; ++i) {
      double sum = 0;
      for (size_t at = i; at < mlpAdjoints_[f].size(); at += count) sum += mlpAdjoints_[f][at];
      total[i] = static_cast<Real>(sum);
    }
    backend_.upload(out + field.offset() + field.gridSize(), total.data(), count);
  }
  const std::vector<Real> scalars(scalarAdjoints_.begin(), scalarAdjoints_.end());
  backend_.upload(out + scalarOffset_, scalars.data(), static_cast<int64_t>(scalars.size()));
}

template <class Real>
ProgramCall<Real> Problem<Real>::bindInputs(Term& term, const Program& program, const Tile& tile, const Real* rows) {
  ProgramCall<Real> call;
  call.program = &program;
  Samples& samples = *term.samples;
  const int64_t padded = samples.set->paddedCount();
  if (program.reads(InputKind::coordinate) && !samples.coordinatesCurrent) {
    if (!samples.coordinates) samples.coordinates = own(padded * spec_.dims);
    const Tile whole = samples.set->whole();
    for (int k = 0; k < spec_.dims; ++k) backend_.coordinates(*samples.set, whole, k, samples.coordinates + k * padded);
    samples.coordinatesCurrent = true;
  }
  for (const InputRef& input : program.inputs) {
    const auto jet = [&](const std::vector<Real*>& planes) {
      return Plane{Plane::tile, planes[input.a] + (int64_t{input.b} * term.spec->jetSets[input.a].count + input.c) * tile.size};
    };
    switch (input.kind) {
      case InputKind::coordinate: call.inputs.push_back({Plane::set, samples.coordinates + input.a * padded}); break;
      case InputKind::jet: call.inputs.push_back(jet(jets_)); break;
      case InputKind::tangent: call.inputs.push_back(jet(jetTangents_)); break;
      case InputKind::channel: call.inputs.push_back({Plane::set, term.channels[input.a]}); break;
      case InputKind::uniform: call.inputs.push_back({Plane::broadcast, uniforms_ + input.a}); break;
      case InputKind::scalar: call.inputs.push_back({Plane::broadcast, parameters_ + scalarOffset_ + input.a}); break;
      case InputKind::scalarTangent: call.inputs.push_back({Plane::broadcast, direction_ + scalarOffset_ + input.a}); break;
      case InputKind::weight: call.inputs.push_back({Plane::set, samples.weights}); break;
      case InputKind::coefficient: call.inputs.push_back({Plane::set, term.coefficients + input.a * padded}); break;
      case InputKind::row: call.inputs.push_back({Plane::set, rows + term.rowOffset + input.a * padded}); break;
    }
  }
  return call;
}

template <class Real>
void Problem<Real>::storeAdjoints(const Term& term, const Tile& tile, ProgramCall<Real>& call) {
  for (const JetRef& jet : term.spec->jets)
    call.stores.push_back(
        {Plane::tile, jetAdjoints_[jet.field] + (int64_t{jet.output} * term.spec->jetSets[jet.field].count + jet.plane) * tile.size});
}

// --- what solvers ask

namespace {
// Sums are [band][sum]; bands in order.
double total(const std::vector<double>& sums, int stride, int which) {
  double value = 0;
  for (size_t i = which; i < sums.size(); i += stride) value += sums[i];
  return value;
}
}  // namespace

template <class Real>
double Problem<Real>::loss(const Real* parameters, std::vector<double>* perTerm) {
  parameters_ = parameters;
  foldAll(parameters, packed_);
  double sum = 0;
  if (perTerm) perTerm->clear();
  for (auto& term : terms_) {
    const Program& program = term->spec->value;
    std::vector<double> sums(term->samples->set->bands() * program.sums, 0.0);
    for (const Tile& tile : term->tiles) {
      reserveTile(*term, tile);
      encodeFields(*term, tile);
      ProgramCall<Real> call = bindInputs(*term, program, tile, nullptr);
      call.stores.assign(program.stores, {Plane::tile, nullptr});
      call.sums = sums.data();
      backend_.run(call, tile);
    }
    const double value = total(sums, program.sums, 0);
    if (perTerm) perTerm->push_back(value);
    sum += value;
  }
  return sum;
}

template <class Real>
double Problem<Real>::gradientPass(Term& term) {
  const Program& program = term.spec->gradient;
  std::vector<double> sums(term.samples->set->bands() * program.sums, 0.0);
  beginPass(term);
  for (const Tile& tile : term.tiles) {
    reserveTile(term, tile);
    encodeFields(term, tile, true);
    ProgramCall<Real> call = bindInputs(term, program, tile, nullptr);
    storeAdjoints(term, tile, call);
    clearUntouched(term, tile);
    call.sums = sums.data();
    backend_.run(call, tile);
    adjointFields(term, tile, true);
  }
  endPass(term);
  for (size_t i = 0; i < term.spec->scalars.size(); ++i)
    scalarAdjoints_[term.spec->scalars[i]] += total(sums, program.sums, static_cast<int>(i) + 1);
  return total(sums, program.sums, 0);
}

template <class Real>
double Problem<Real>::gradient(const Real* parameters, Real* out, std::vector<double>* perTerm) {
  parameters_ = parameters;
  foldAll(parameters, packed_);
  clearAdjoints();
  double sum = 0;
  if (perTerm) perTerm->clear();
  for (auto& term : terms_) {
    const double value = gradientPass(*term);
    if (perTerm) perTerm->push_back(value);
    sum += value;
  }
  collectAdjoints(out);
  return sum;
}

template <class Real>
void Problem<Real>::linearise(const Real* parameters, Real* rows, Real* energyGradient) {
  parameters_ = parameters;
  foldAll(parameters, packed_);
  if (energyGradient) clearAdjoints();
  for (auto& term : terms_) {
    if (!term->spec->hasRows) {
      if (energyGradient) gradientPass(*term);
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
    if (!packedTangent_[f]) packedTangent_[f] = own(fields_[f].packedSize());
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
    std::vector<double> sums(term->samples->set->bands() * std::max(1, program.sums), 0.0);
    beginPass(*term);
    for (const Tile& tile : term->tiles) {
      reserveTile(*term, tile);
      ProgramCall<Real> call = bindInputs(*term, program, tile, rows);
      storeAdjoints(*term, tile, call);
      clearUntouched(*term, tile);
      call.sums = sums.data();
      backend_.run(call, tile);
      adjointFields(*term, tile, false);
    }
    endPass(*term);
    for (size_t i = 0; i < term->spec->scalars.size(); ++i)
      scalarAdjoints_[term->spec->scalars[i]] += total(sums, program.sums, static_cast<int>(i));
  }
  collectAdjoints(out);
}

// Columns of grids and trainable scalars exactly, from the rows' derivatives by each of them. Columns of MLP weights by probing:
// the mean of (A^T xi)^2 over random signs xi is the squared norm of each column.
template <class Real>
void Problem<Real>::columnSquares(Real* out, bool energies) {
  needLinearisation();
  clearAdjoints();
  for (auto& term : terms_) {
    const Program& program = term->spec->squares;
    if (!term->spec->hasRows && !(energies && program.stores + program.sums > 0)) continue;
    const int rows = term->spec->hasRows ? term->spec->residuals : static_cast<int>(term->spec->jets.size());
    std::vector<double> sums(term->samples->set->bands() * std::max(1, program.sums), 0.0);
    beginPass(*term);
    for (const Tile& tile : term->tiles) {
      reserveTile(*term, tile);
      if (program.reads(InputKind::jet)) encodeFields(*term, tile);
      Real* planes = tileBuffer(Purpose::squares, 0, std::max(1, program.stores) * tile.size);
      ProgramCall<Real> call = bindInputs(*term, program, tile, nullptr);
      for (int i = 0; i < program.stores; ++i) call.stores.push_back({Plane::tile, planes + i * tile.size});
      call.sums = sums.data();
      backend_.run(call, tile);
      for (int e = 0; e < rows; ++e)
        for (size_t f = 0; f < fields_.size(); ++f)
          if (term->bindings[f]) squaresOfField(*term, tile, e, f, planes);
    }
    endPass(*term);
    for (int i = 0; i < program.sums; ++i) scalarAdjoints_[term->spec->scalars[i]] += total(sums, program.sums, i);
  }
  collectAdjoints(out);
  if (std::any_of(fields_.begin(), fields_.end(), [](const Field& field) { return !field.isLinear(); })) probeSquares(out);
}

template <class Real>
void Problem<Real>::squaresOfField(Term& term, const Tile& tile, int residual, size_t f, const Real* planes) {
  const Field& field = fields_[f];
  Binding& binding = *term.bindings[f];
  const auto entries = [&](int output, auto visit) {
    for (const JacobianEntry& entry : term.spec->pattern) {
      const JetRef& jet = term.spec->jets[entry.jet];
      if (entry.residual == residual && jet.field == static_cast<int>(f) && jet.output == output)
        visit(jet.plane, planes + entry.slot * tile.size);
    }
  };
  if (field.isLinear()) {
    for (int o = 0; o < field.spec().outputs; ++o) {
      std::vector<JacobianPlane<Real>> list;
      entries(o, [&](int plane, const Real* values) { list.push_back({plane, values, Plane::tile}); });
      if (!list.empty()) backend_.encodeSquares(binding, tile, o, list);
    }
    return;
  }
  const int64_t stride = int64_t{binding.jets.count} * tile.size;
  backend_.fill(jetAdjoints_[f], Real(0), stride * field.spec().outputs);
  for (int o = 0; o < field.spec().outputs; ++o)
    entries(o, [&](int plane, const Real* values) { backend_.copy(jetAdjoints_[f] + o * stride + plane * tile.size, values, tile.size); });
  backend_.encode(binding, tile, packed_[f], features_[f]);
  const MlpShape shape = field.mlpShape();
  std::vector<double> unused(shape.parameterCount() * binding.samples.bands());
  backend_.mlpAdjoint(shape, binding.jets, parameters_ + field.offset() + field.gridSize(), tile, features_[f], nullptr,
                      jetAdjoints_[f], featureAdjoints_[f], unused.data());
  for (int c = 0; c < binding.outputChannels(); ++c) {
    std::vector<JacobianPlane<Real>> list;
    for (int p = 0; p < binding.jets.count; ++p) list.push_back({p, featureAdjoints_[f] + c * stride + p * tile.size, Plane::tile});
    backend_.encodeSquares(binding, tile, c, list);
  }
}

template <class Real>
void Problem<Real>::probeSquares(Real* out) {
  constexpr int kProbes = 8;
  const int64_t count = parameterCount();
  std::vector<Real> signs(rowCount_), column(count), result(count);
  std::vector<double> mean(count, 0.0);
  Real* rows = backend_.allocate(rowCount_);
  Real* gradient = backend_.allocate(count);
  for (int probe = 0; probe < kProbes; ++probe) {
    for (int64_t i = 0; i < rowCount_; ++i)
      signs[i] = generic::philox(spec_.seed, static_cast<uint32_t>(i), static_cast<uint32_t>(i >> 32), probe, generic::kStreamProbe).v[0] & 1
                     ? Real(1)
                     : Real(-1);
    backend_.upload(rows, signs.data(), rowCount_);
    adjoint(rows, gradient);
    backend_.download(column.data(), gradient, count);
    for (int64_t i = 0; i < count; ++i) mean[i] += static_cast<double>(column[i]) * static_cast<double>(column[i]) / kProbes;
  }
  backend_.download(result.data(), out, count);
  for (const Field& field : fields_)
    for (int64_t i = field.gridSize(); !field.isLinear() && i < field.parameterCount(); ++i)
      result[field.offset() + i] = static_cast<Real>(mean[field.offset() + i]);
  backend_.upload(out, result.data(), count);
  backend_.release(rows);
  backend_.release(gradient);
}

template <class Real>
std::vector<Real> Problem<Real>::evaluate(const Real* parameters, const EvaluationSpec& evaluation) {
  int orderCells[kMaxDims] = {1, 1, 1};
  for (const Field& field : fields_)
    for (int k = 0; k < spec_.dims; ++k) orderCells[k] = std::max(orderCells[k], field.spec().grid.cells[k]);
  const size_t owned = owned_.size();  // what this evaluation takes is given back at its end
  parameters_ = parameters;
  foldAll(parameters, packed_);
  TermSpec spec;
  spec.jetSets = evaluation.jetSets;
  spec.channels = evaluation.channels;
  const auto samples = makeSamples(evaluation.samples, orderCells);
  const auto term = makeTerm(spec, *samples);
  const int64_t padded = samples->set->paddedCount(), count = samples->set->userCount();
  const int stores = evaluation.program.stores;
  Real* values = own(padded * stores);
  for (const Tile& tile : term->tiles) {
    reserveTile(*term, tile);
    encodeFields(*term, tile);
    ProgramCall<Real> call = bindInputs(*term, evaluation.program, tile, nullptr);
    for (int i = 0; i < stores; ++i) call.stores.push_back({Plane::set, values + i * padded});
    backend_.run(call, tile);
  }
  std::vector<Real> host(padded * stores), result(count * stores);
  backend_.download(host.data(), values, padded * stores);
  for (int i = 0; i < stores; ++i)
    for (int64_t n = 0; n < count; ++n) result[i * count + n] = host[i * padded + samples->set->place()[n]];
  for (; owned_.size() > owned; owned_.pop_back()) backend_.release(owned_.back());
  return result;
}

template <class Real>
std::string Problem<Real>::findNonFinite(const Real* parameters) {
  parameters_ = parameters;
  foldAll(parameters, packed_);
  for (auto& term : terms_) {
    const Program& program = term->spec->value;
    for (const Tile& tile : term->tiles) {
      reserveTile(*term, tile);
      encodeFields(*term, tile);
      Real* planes = tileBuffer(Purpose::squares, 0, std::max(1, program.stores) * tile.size);
      ProgramCall<Real> call = bindInputs(*term, program, tile, nullptr);
      for (int i = 0; i < program.stores; ++i) call.stores.push_back({Plane::tile, planes + i * tile.size});
      std::vector<double> sums(term->samples->set->bands() * program.sums, 0.0);
      call.sums = sums.data();
      backend_.run(call, tile);
      std::vector<Real> host(program.stores * tile.size);
      backend_.download(host.data(), planes, static_cast<int64_t>(host.size()));
      for (const Segment& segment : tile.segments)
        for (int64_t i = 0; i < segment.end - segment.begin; ++i)
          for (int e = 0; e < program.stores; ++e) {
            if (std::isfinite(static_cast<double>(host[e * tile.size + segment.local + i]))) continue;
            double x[kMaxDims];
            term->samples->set->coordinates(segment.begin + i, x);
            std::string where = "term '" + term->spec->name + "' at (";
            for (int k = 0; k < spec_.dims; ++k) where += (k ? ", " : "") + std::to_string(x[k]);
            return where + ")";
          }
    }
  }
  return "";
}

template class Problem<float>;
template class Problem<double>;

}  // namespace dinf
