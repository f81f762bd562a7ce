#include "core/passes.h"
#include <algorithm>
#include <cmath>
#include <utility>

namespace dinf {

template <class Real>
void Workspace<Real>::standAt(const Real* at) {
  parameters = at;
  atZero = false;
  for (auto& field : fields) field.fold(at);
}
template <class Real>
void Workspace<Real>::clearAdjoints() {
  for (auto& field : fields) field.clearAdjoint();
  backend.clearSlots(slots.scalar(0), slots.scalars);
}
template <class Real>
void Workspace<Real>::collectAdjoints(Real* out) {
  for (auto& field : fields) field.foldAdjoint(parameters, out);
  collectScalars(out);
}
template <class Real>
void Workspace<Real>::stepAdam(const AdamVectors<Real>& vectors, const AdamSettings& settings) {
  for (auto& field : fields) field.stepAdam(vectors, settings);
  if (slots.scalars == 0) return;
  collectScalars(vectors.gradient);
  backend.adam(vectors.from(scalarOffset), slots.scalars, settings);
}
template <class Real>
void Workspace<Real>::collectSquares(Real* out) {
  for (auto& field : fields) field.foldSquares(parameters, out);
  collectScalars(out);
}
template <class Real>
void Workspace<Real>::collectScalars(Real* out) {
  backend.copySlots(out + scalarOffset, slots.scalar(0), slots.scalars);
}

// --- what passes have in common

template <class Real>
void Pass<Real>::reserve(const Tile& tile) {
  for (size_t f = 0; f < work_.fields.size(); ++f)
    if (term_.reading(f).isRead()) work_.fields[f].reserve(*term_.reading(f).jets, tile);
}
template <class Real>
void Pass<Real>::encode(const Tile& tile, bool keep) {
  for (size_t f = 0; f < work_.fields.size(); ++f)
    if (work_.atZero) backend_.fill(work_.fields[f].jets(), Real(0), int64_t{spec().jetSets[f].count} * work_.fields[f].spec().outputs * tile.size);
    else if (term_.reading(f).isRead()) work_.fields[f].encode(term_.reading(f), tile, work_.parameters, keep);
}
template <class Real>
void Pass<Real>::encodeTangents(const Tile& tile) {
  for (size_t f = 0; f < work_.fields.size(); ++f)
    if (term_.reading(f).isRead()) work_.fields[f].encodeTangent(term_.reading(f), tile, work_.parameters, work_.direction);
}
template <class Real>
void Pass<Real>::beginAdjoint() {
  for (size_t f = 0; f < work_.fields.size(); ++f) work_.fields[f].beginAdjoint(term_.reading(f));
}
template <class Real>
void Pass<Real>::encodeAdjoints(const Tile& tile, bool encoded) {
  for (size_t f = 0; f < work_.fields.size(); ++f)
    if (term_.reading(f).isRead()) work_.fields[f].encodeAdjoint(term_.reading(f), tile, work_.parameters, encoded, term_.absent(f));
}
template <class Real>
void Pass<Real>::endAdjoint() {
  for (size_t f = 0; f < work_.fields.size(); ++f) work_.fields[f].endAdjoint(term_.reading(f));
}

template <class Real>
Real* Pass<Real>::jetPlane(Real* planes, int field, int output, int plane, const Tile& tile, int lane) const {
  const int outputs = work_.fields[field].spec().outputs / work_.lanes;
  return planes + (int64_t{lane * outputs + output} * spec().jetSets[field].count + plane) * tile.size;
}

template <class Real>
ProgramCall<Real> Pass<Real>::bind(const Program& program, const Tile& tile, const Real* rows, int lane) {
  ProgramCall<Real> call;
  call.program = &program;
  const int64_t padded = term_.paddedCount();
  const Real* scalars = work_.parameters + work_.scalarOffset;
  for (const InputRef& input : program.inputs) {
    const auto jet = [&](Real* planes) { return Plane{Plane::tile, jetPlane(planes, input.a, input.b, input.c, tile, lane)}; };
    switch (input.kind) {
      case InputKind::coordinate: call.inputs.push_back({Plane::set, term_.samples().coordinates() + input.a * padded}); break;
      case InputKind::jet: call.inputs.push_back(jet(work_.fields[input.a].jets())); break;
      case InputKind::tangent: call.inputs.push_back(jet(work_.fields[input.a].jetTangents())); break;
      case InputKind::channel: call.inputs.push_back({Plane::set, term_.channel(lane * term_.laneChannels() + input.a)}); break;
      case InputKind::uniform: call.inputs.push_back({Plane::broadcast, work_.uniforms + lane * work_.laneUniforms + input.a}); break;
      case InputKind::scalar: call.inputs.push_back({Plane::broadcast, scalars + input.a}); break;
      case InputKind::scalarTangent: call.inputs.push_back({Plane::broadcast, work_.direction + work_.scalarOffset + input.a}); break;
      case InputKind::weight: call.inputs.push_back({Plane::set, term_.samples().weights()}); break;
      case InputKind::coefficient: call.inputs.push_back({Plane::set, term_.coefficients() + input.a * padded}); break;
      case InputKind::row: call.inputs.push_back({Plane::set, rows + lane * work_.laneRows + term_.rowOffset + input.a * padded}); break;
    }
  }
  return call;
}

template <class Real>
void Pass<Real>::storeAdjoints(const Tile& tile, ProgramCall<Real>& call, int lane) {
  for (const JetRef& jet : spec().jets)
    call.stores.push_back({Plane::tile, jetPlane(work_.fields[jet.field].jetAdjoints(), jet.field, jet.output, jet.plane, tile, lane)});
  for (const JetRef& jet : term_.untouched())
    backend_.fill(jetPlane(work_.fields[jet.field].jetAdjoints(), jet.field, jet.output, jet.plane, tile, lane), Real(0), tile.size);
}
template <class Real>
void Pass<Real>::storeOverSet(ProgramCall<Real>& call, Real* to, int count) {
  for (int i = 0; i < count; ++i) call.stores.push_back({Plane::set, to + i * term_.paddedCount()});
}
template <class Real>
Real* Pass<Real>::storeOverTile(const Tile& tile, ProgramCall<Real>& call, int count) {
  Real* planes = work_.planes.reserve(backend_, std::max(1, count) * tile.size);
  for (int i = 0; i < count; ++i) call.stores.push_back({Plane::tile, planes + i * tile.size});
  return planes;
}

template <class Real>
std::vector<int> Pass<Real>::scalarSlots() const {
  std::vector<int> slots;
  for (const int scalar : spec().scalars) slots.push_back(work_.slots.scalar(scalar));
  return slots;
}

// --- the passes

template <class Real>
void LossPass<Real>::run(int lossSlot) {
  const Program& program = this->spec().value;
  bool fresh = true;
  for (const Tile& tile : this->term_.tiles()) {
    this->reserve(tile);
    this->encode(tile);
    ProgramCall<Real> call = this->bind(program, tile);
    call.stores.assign(program.stores, {InputPlane<Real>::tile, nullptr});
    call.sums = {lossSlot};
    call.fresh = std::exchange(fresh, false);
    this->backend_.run(call, tile);
  }
}

template <class Real>
void GradientPass<Real>::run(int lossSlot) {
  this->beginAdjoint();
  bool fresh = true;
  for (const Tile& tile : this->term_.tiles()) {
    this->reserve(tile);
    this->encode(tile, true);
    ProgramCall<Real> call = this->bind(this->spec().gradient, tile);
    this->storeAdjoints(tile, call);
    call.sums = this->scalarSlots();
    call.sums.insert(call.sums.begin(), lossSlot);
    call.fresh = std::exchange(fresh, false);
    this->backend_.run(call, tile);
    this->encodeAdjoints(tile, true);
  }
  this->endAdjoint();
}

template <class Real>
void LinearisationPass<Real>::run(Real* rows) {
  const TermSpec& spec = this->spec();
  for (const Tile& tile : this->term_.tiles()) {
    this->reserve(tile);
    this->encode(tile);
    for (int lane = 0; lane < this->work_.lanes; ++lane) {
      ProgramCall<Real> call = this->bind(spec.linearise, tile, nullptr, lane);
      this->storeOverSet(call, rows + lane * this->work_.laneRows + this->term_.rowOffset, spec.residuals);
      // Lanes have one Jacobian.
      if (lane == 0) this->storeOverSet(call, this->term_.coefficients(), spec.coefficients);
      else call.stores.resize(call.stores.size() + spec.coefficients, {InputPlane<Real>::set, nullptr});
      this->backend_.run(call, tile);
    }
  }
}

template <class Real>
void TangentPass<Real>::run(Real* rows, int squaresSlot, bool add) {
  for (const Tile& tile : this->term_.tiles()) {
    this->reserve(tile);
    this->encodeTangents(tile);
    for (int lane = 0; lane < this->work_.lanes; ++lane) {
      ProgramCall<Real> call = this->bind(this->spec().tangent, tile, nullptr, lane);
      this->storeOverSet(call, rows + lane * this->work_.laneRows + this->term_.rowOffset, this->spec().residuals);
      call.squares = squaresSlot;
      call.fresh = !std::exchange(add, true);
      this->backend_.run(call, tile);
    }
  }
}

template <class Real>
void AdjointPass<Real>::run(const Real* rows) {
  this->beginAdjoint();
  for (const Tile& tile : this->term_.tiles()) {
    this->reserve(tile);
    for (int lane = 0; lane < this->work_.lanes; ++lane) {
      ProgramCall<Real> call = this->bind(this->spec().adjoint, tile, rows, lane);
      this->storeAdjoints(tile, call, lane);
      call.sums = this->scalarSlots();
      this->backend_.run(call, tile);
    }
    this->encodeAdjoints(tile, false);
  }
  this->endAdjoint();
}

template <class Real>
void SquaresPass<Real>::run() {
  const TermSpec& spec = this->spec();
  const Program& program = spec.squares;
  const int rows = spec.hasRows ? spec.residuals : static_cast<int>(spec.jets.size());
  auto& fields = this->work_.fields;
  std::vector<FieldReading> ofLevels(fields.size());
  std::vector<const FieldReading*> readings;
  for (size_t f = 0; f < fields.size(); ++f) {
    readings.push_back(&this->term_.reading(f));
    if (fields[f].refined()) {
      ofLevels[f] = fields[f].bindLevels(*readings[f]);
      readings[f] = &ofLevels[f];
    }
    fields[f].beginSquares(*readings[f]);
  }
  for (const Tile& tile : this->term_.tiles()) {
    this->reserve(tile);
    if (program.reads(InputKind::jet)) this->encode(tile);
    ProgramCall<Real> call = this->bind(program, tile);
    const Real* planes = this->storeOverTile(tile, call, program.stores);
    if (program.sums > 0) call.sums = this->scalarSlots();
    this->backend_.run(call, tile);
    for (int e = 0; e < rows; ++e)
      for (size_t f = 0; f < fields.size(); ++f)
        if (readings[f]->binding) fields[f].encodeSquares(*readings[f], tile, this->work_.parameters, entries(e, f, tile, planes));
  }
  for (size_t f = 0; f < fields.size(); ++f) fields[f].endSquares(*readings[f]);
}

template <class Real>
std::vector<std::vector<JacobianPlane<Real>>> SquaresPass<Real>::entries(int residual, size_t field, const Tile& tile,
                                                                       const Real* planes) const {
  std::vector<std::vector<JacobianPlane<Real>>> lists(this->work_.fields[field].spec().outputs);
  for (const JacobianEntry& entry : this->spec().pattern) {
    const JetRef& jet = this->spec().jets[entry.jet];
    if (entry.residual == residual && jet.field == static_cast<int>(field))
      lists[jet.output].push_back({jet.plane, planes + entry.slot * tile.size, InputPlane<Real>::tile});
  }
  return lists;
}

template <class Real>
std::vector<Real> EntriesPass<Real>::run() {
  const Program& program = this->spec().squares;
  const int64_t padded = this->term_.paddedCount();
  std::vector<Real> entries(program.stores * padded);
  for (const Tile& tile : this->term_.tiles()) {
    this->reserve(tile);
    if (program.reads(InputKind::jet)) this->encode(tile);
    ProgramCall<Real> call = this->bind(program, tile);
    const Real* planes = this->storeOverTile(tile, call, program.stores);
    this->backend_.run(call, tile);
    for (int i = 0; i < program.stores; ++i)
      for (const Segment& segment : tile.segments)
        this->backend_.download(entries.data() + i * padded + segment.begin, planes + i * tile.size + segment.local, segment.end - segment.begin);
  }
  return entries;
}

template <class Real>
void ValuesPass<Real>::run(const Program& program, Real* values) {
  for (const Tile& tile : this->term_.tiles()) {
    this->reserve(tile);
    this->encode(tile);
    for (int lane = 0; lane < this->work_.lanes; ++lane) {
      ProgramCall<Real> call = this->bind(program, tile, nullptr, lane);
      this->storeOverSet(call, values + int64_t{lane} * program.stores * this->term_.paddedCount(), program.stores);
      this->backend_.run(call, tile);
    }
  }
}

template <class Real>
std::string NonFinitePass<Real>::run() {
  const Program& program = this->spec().value;
  SampleSet& set = this->term_.samples().set();
  for (const Tile& tile : this->term_.tiles()) {
    this->reserve(tile);
    this->encode(tile);
    ProgramCall<Real> call = this->bind(program, tile);
    const Real* planes = this->storeOverTile(tile, call, program.stores);
    this->backend_.run(call, tile);
    std::vector<Real> host(program.stores * tile.size);
    this->backend_.download(host.data(), planes, static_cast<int64_t>(host.size()));
    this->backend_.fetchDraw(set);
    for (const Segment& segment : tile.segments)
      for (int64_t i = 0; i < segment.end - segment.begin; ++i)
        for (int e = 0; e < program.stores; ++e) {
          if (std::isfinite(static_cast<double>(host[e * tile.size + segment.local + i]))) continue;
          double x[kMaxDims];
          set.coordinates(segment.begin + i, x);
          std::string where = "term '" + this->spec().name + "' at (";
          for (int k = 0; k < set.dims(); ++k) where += (k ? ", " : "") + std::to_string(x[k]);
          return where + ")";
        }
  }
  return "";
}

#define DINF_PASSES(Real)               \
  template struct Workspace<Real>;      \
  template class Pass<Real>;            \
  template class LossPass<Real>;        \
  template class GradientPass<Real>;    \
  template class LinearisationPass<Real>; \
  template class TangentPass<Real>;     \
  template class AdjointPass<Real>;     \
  template class SquaresPass<Real>;     \
  template class EntriesPass<Real>;     \
  template class ValuesPass<Real>;      \
  template class NonFinitePass<Real>;
DINF_PASSES(float)
DINF_PASSES(double)

}  // namespace dinf
