#include "core/problem.h"
#include <algorithm>
#include <utility>
#include "core/check.h"
#include "math/philox.h"

namespace dinf {

template <class Real>
Problem<Real>::Problem(const ProblemSpec& spec, Backend<Real>& backend, bool folded)
    : spec_(spec), backend_(backend), work_(backend) {
  auto& fields = work_.fields;
  fields.reserve(spec_.fields.size());
  for (size_t f = 0; f < spec_.fields.size(); ++f) {
    fields.emplace_back(backend_, spec_, f, work_.scalarOffset, folded);
    work_.scalarOffset += fields[f].parameterCount();
    for (int k = 0; k < spec_.dims; ++k) orderCells_[k] = std::max(orderCells_[k], spec_.fields[f].grid.cells[k]);  // 1 of a network
  }
  work_.lanes = spec_.lanes;
  work_.laneUniforms = static_cast<int64_t>(spec_.uniforms.size()) / spec_.lanes;
  work_.slots = {static_cast<int>(spec_.terms.size()), static_cast<int>(spec_.scalars.size())};
  backend_.reserveSlots(freeSlot());
  work_.uniforms = DeviceVector<Real>(backend_, static_cast<int64_t>(spec_.uniforms.size()));
  setUniforms(spec_.uniforms);

  for (size_t i = 0; i < spec_.samples.size(); ++i)
    samples_.push_back(
        std::make_unique<BoundSamples<Real>>(backend_, std::make_unique<SampleSet>(spec_.samples[i], orderCells_, backend_.sampleOrder())));
  for (size_t t = 0; t < spec_.terms.size(); ++t) {
    const TermSpec& term = spec_.terms[t];
    terms_.push_back(std::make_unique<BoundTerm<Real>>(backend_, term, *samples_[term.samples], fields, spec_.tileBytes, spec_.lanes));
    BoundTerm<Real>& made = *terms_.back();
    if (term.hasRows) {
      made.rowOffset = rowCount_;
      rowCount_ += int64_t{term.residuals} * made.paddedCount();
    }
    for (size_t f = 0; f < fields.size(); ++f)
      if (made.reading(f).isRead()) fields[f].meet(made.samples().set());
  }
  work_.laneRows = rowCount_;
  for (auto& field : fields) field.reserveWeightSums();
}

// Encoders read the same planes either way, so that bindings, tiles and samples have nothing to do with it.
template <class Real>
DeviceVector<Real> Problem<Real>::fold(const Real* parameters) {
  std::vector<int64_t> offsets{0};
  for (const Field& field : work_.fields) offsets.push_back(offsets.back() + Field(field.spec(), 0, true).parameterCount());
  const auto scalars = static_cast<int64_t>(spec_.scalars.size());
  DeviceVector<Real> planes(backend_, offsets.back() + scalars);
  for (size_t f = 0; f < work_.fields.size(); ++f) {
    const Field& field = work_.fields[f];
    const Real* from = parameters + field.offset();
    Real* const to = planes + offsets[f];
    if (!field.isLinear() || field.folded()) {
      backend_.copy(to, from, field.parameterCount());
      continue;
    }
    const GridShape& grid = field.spec().grid;
    const int features = field.spec().features, outputs = field.spec().outputs;
    std::vector<Real> decoder(field.decoderSize());
    backend_.download(decoder.data(), from + field.gridSize(), field.decoderSize());
    const Real* const bias = decoder.data() + int64_t{outputs} * grid.levels * features;
    for (int s = 0; s < grid.levels; ++s)
      for (int o = 0; o < outputs; ++o) {
        Real* const plane = to + grid.canonicalOffset(s, o, outputs);
        backend_.fill(plane, s == 0 ? bias[o] : Real(0), grid.nodesAt(s));
        for (int i = 0; i < features; ++i)
          backend_.axpy(plane, static_cast<double>(decoder[(int64_t{o} * grid.levels + s) * features + i]), kOne,
                        from + grid.canonicalOffset(s, i, features), grid.nodesAt(s));
      }
  }
  backend_.copy(planes + offsets.back(), parameters + work_.scalarOffset, scalars);
  for (size_t f = 0; f < work_.fields.size(); ++f) work_.fields[f].foldAt(offsets[f]);
  work_.scalarOffset = offsets.back();
  forgetLinearisation();
  return planes;
}

template <class Real>
bool Problem<Real>::linear() const {
  for (const TermSpec& term : spec_.terms)
    if (!term.linear) return false;
  for (const Field& field : work_.fields)
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
  for (size_t f = 0; f < work_.fields.size(); ++f) {
    const Field& field = work_.fields[f];
    const Field factored(field.spec(), 0, false);
    std::vector<double> part = factored.initial(spec_.seed, static_cast<uint32_t>(f));
    if (field.folded()) part = factored.fold(part);
    values.insert(values.end(), part.begin(), part.end());
  }
  values.insert(values.end(), spec_.scalars.begin(), spec_.scalars.end());
  return values;
}

// --- what may change between solves

template <class Real>
void Problem<Real>::setUniforms(const std::vector<double>& values) {
  const std::vector<Real> cast(values.begin(), values.end());
  backend_.upload(work_.uniforms, cast.data(), static_cast<int64_t>(cast.size()));
}

template <class Real>
void Problem<Real>::setChannels(int term, const std::vector<std::vector<double>>& values) {
  forgetLinearisation();
  terms_[term]->setChannels(values);
}

template <class Real>
void Problem<Real>::setChannel(int term, int number, const double* values) {
  forgetLinearisation();
  terms_[term]->setChannel(number, values);
}

template <class Real>
void Problem<Real>::copyChannels(int term, const Problem& other) {
  forgetLinearisation();
  const BoundTerm<Real>&from = *other.terms_[term], &to = *terms_[term];
  const int count = from.laneChannels();
  for (int lane = 0; lane < spec_.lanes; ++lane)
    for (int c = 0; c < count; ++c) backend_.copy(to.plane(lane * count + c), from.channel(c), from.paddedCount());
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
    const SampleSet& set = samples_[i]->set();
    if (set.changesEachDraw() && (all || set.spec().redraw)) samples_[i]->draw(spec_.seed, static_cast<uint32_t>(i), iterationSlot);
  }
}

template <class Real>
std::vector<double> Problem<Real>::sampleWeights(int term) const {
  SampleSet& set = terms_[term]->samples().set();
  backend_.fetchDraw(set);
  std::vector<double> values(set.userCount());
  for (int64_t i = 0; i < set.userCount(); ++i) values[i] = set.weightOf(set.placeOf(i));
  return values;
}

// --- loss and gradient

template <class Real>
double Problem<Real>::loss(const Real* parameters) {
  computeLoss(parameters);
  return backend_.slot(lossSlot());
}

template <class Real>
void Problem<Real>::computeLoss(const Real* parameters) {
  work_.standAt(parameters);
  for (size_t t = 0; t < terms_.size(); ++t) LossPass<Real>(work_, *terms_[t]).run(work_.slots.term(t));
  addTermLosses();
}

template <class Real>
double Problem<Real>::gradient(const Real* parameters, Real* out) {
  computeGradient(parameters, out);
  return backend_.slot(lossSlot());
}

template <class Real>
void Problem<Real>::computeGradient(const Real* parameters, Real* out) {
  accumulateGradient(parameters);
  addTermLosses();
  work_.collectAdjoints(out);
}

template <class Real>
void Problem<Real>::iterateAdam(const AdamVectors<Real>& vectors, const AdamSettings& settings, int published) {
  accumulateGradient(vectors.parameters);
  backend_.adamAdvance(settings, lossSlot(), termSlots(), 1 + published);
  work_.stepAdam(vectors, settings);
}

template <class Real>
void Problem<Real>::accumulateGradient(const Real* parameters) {
  work_.standAt(parameters);
  work_.clearAdjoints();
  for (size_t t = 0; t < terms_.size(); ++t) GradientPass<Real>(work_, *terms_[t]).run(work_.slots.term(t));
}

template <class Real>
void Problem<Real>::addTermLosses() {
  backend_.addSlots(lossSlot(), work_.slots.term(0), termSlots());
}

// --- the Jacobian

template <class Real>
void Problem<Real>::linearise(const Real* parameters, Real* rows, Real* energyGradient) {
  work_.standAt(parameters);
  if (energyGradient) work_.clearAdjoints();
  for (size_t t = 0; t < terms_.size(); ++t) {
    if (spec_.terms[t].hasRows) LinearisationPass<Real>(work_, *terms_[t]).run(rows);
    else if (energyGradient) GradientPass<Real>(work_, *terms_[t]).run(work_.slots.term(t));
  }
  if (energyGradient) work_.collectAdjoints(energyGradient);
  linearised_ = true;
}

template <class Real>
void Problem<Real>::lineariseAtZero(const Real* zeros, Real* rows) {
  work_.parameters = zeros;
  work_.atZero = true;
  for (auto& term : terms_) LinearisationPass<Real>(work_, *term).run(rows);
  work_.atZero = false;
  linearised_ = true;
}

// Without one there are no coefficient planes and no parameters to read.
template <class Real>
void Problem<Real>::needLinearisation() const {
  check(linearised_, ErrorCode::invalidArgument, "products with the Jacobian need a linearisation first");
}

template <class Real>
void Problem<Real>::tangent(const Real* direction, Real* rows, int squaresSlot) {
  needLinearisation();
  work_.direction = direction;
  for (auto& field : work_.fields) field.foldTangent(work_.parameters, direction);
  bool add = false;
  for (auto& term : terms_)
    if (term->spec().hasRows) TangentPass<Real>(work_, *term).run(rows, squaresSlot, std::exchange(add, true));
  if (!add && squaresSlot >= 0) backend_.clearSlots(squaresSlot, 1);  // no rows
}

template <class Real>
void Problem<Real>::adjoint(const Real* rows, Real* out) {
  needLinearisation();
  work_.clearAdjoints();
  for (auto& term : terms_)
    if (term->spec().hasRows) AdjointPass<Real>(work_, *term).run(rows);
  work_.collectAdjoints(out);
}

// Columns of grids and trainable scalars exactly, from the rows' derivatives by each of them. Columns of MLP weights by probing.
template <class Real>
void Problem<Real>::columnSquares(Real* out, bool energies) {
  needLinearisation();
  work_.clearAdjoints();
  for (auto& field : work_.fields) field.clearSquares();
  for (auto& term : terms_) {
    const Program& program = term->spec().squares;
    if (term->spec().hasRows || (energies && program.stores + program.sums > 0)) SquaresPass<Real>(work_, *term).run();
  }
  work_.collectSquares(out);
  if (std::any_of(work_.fields.begin(), work_.fields.end(), [](const Field& field) { return !field.isLinear(); })) probeWeights(out);
}

template <class Real>
std::vector<Real> Problem<Real>::jacobianEntries(int term) {
  needLinearisation();
  return EntriesPass<Real>(work_, *terms_[term]).run();
}

// The mean of (A^T xi)^2 over random signs xi is the squared norm of each column.
template <class Real>
void Problem<Real>::probeWeights(Real* out) {
  constexpr int kProbes = 8;
  const int64_t count = parameterCount();
  std::vector<Real> signs(rowCount_), column(count), result(count);
  std::vector<double> mean(count, 0.0);
  DeviceVector<Real> rows(backend_, rowCount_), gradient(backend_, count);
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
  for (const Field& field : work_.fields)
    for (int64_t i = field.gridSize(); !field.isLinear() && i < field.parameterCount(); ++i)
      result[field.offset() + i] = static_cast<Real>(mean[field.offset() + i]);
  backend_.upload(out, result.data(), count);
}

// --- values

template <class Real>
std::vector<Real> Problem<Real>::evaluate(const Real* parameters, const EvaluationSpec& evaluation) {
  return evaluate(parameters, *bindEvaluation(evaluation));
}

template <class Real>
std::unique_ptr<BoundEvaluation<Real>> Problem<Real>::bindEvaluation(const EvaluationSpec& evaluation) {
  TermSpec spec;
  spec.jetSets = evaluation.jetSets;
  for (int lane = 0; lane < spec_.lanes; ++lane)
    spec.channels.insert(spec.channels.end(), evaluation.channels.begin(), evaluation.channels.end());
  std::unique_ptr<BoundEvaluation<Real>> bound(new BoundEvaluation<Real>{
      evaluation.program, std::move(spec),
      BoundSamples<Real>(backend_, std::make_unique<SampleSet>(evaluation.samples, orderCells_, backend_.sampleOrder())), nullptr});
  bound->term = std::make_unique<BoundTerm<Real>>(backend_, bound->spec, bound->samples, work_.fields, spec_.tileBytes, spec_.lanes);
  return bound;
}

template <class Real>
std::vector<Real> Problem<Real>::evaluate(const Real* parameters, BoundEvaluation<Real>& bound) {
  work_.standAt(parameters);
  for (size_t f = 0; f < work_.fields.size(); ++f) work_.fields[f].foldLevels(bound.term->reading(f), parameters);
  const SampleSet& set = bound.samples.set();
  const int64_t padded = bound.term->paddedCount(), count = set.userCount();
  const int64_t planes = int64_t{bound.program.stores} * spec_.lanes;
  DeviceVector<Real> values(backend_, padded * planes);
  ValuesPass<Real>(work_, *bound.term).run(bound.program, values);
  std::vector<Real> host(padded * planes), result(count * planes);
  backend_.download(host.data(), values, padded * planes);
  for (int64_t i = 0; i < planes; ++i)
    for (int64_t n = 0; n < count; ++n) result[i * count + n] = host[i * padded + set.placeOf(n)];
  return result;
}

template <class Real>
std::string Problem<Real>::findNonFinite(const Real* parameters) {
  work_.standAt(parameters);
  for (auto& term : terms_) {
    const std::string where = NonFinitePass<Real>(work_, *term).run();
    if (!where.empty()) return where;
  }
  return "";
}

template class Problem<float>;
template class Problem<double>;

}  // namespace dinf
