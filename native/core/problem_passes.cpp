// One pass over a tile of a term: fold, encode, decode, run, and the way back. Everything here is ops, nothing reads back.
#include <algorithm>
#include "core/term.h"

namespace dinf {

template <class Real>
Real* Problem<Real>::tileBuffer(Purpose purpose, size_t field, int64_t count) {
  for (TileBuffer& buffer : tileBuffers_)
    if (buffer.purpose == purpose && buffer.field == field) {
      if (buffer.count < count) {
        backend_.release(buffer.data);
        buffer.data = nullptr;  // should the allocation throw, the next call tries again
        buffer.count = -1;
        buffer.data = backend_.allocate(count);
        buffer.count = count;
      }
      return buffer.data;
    }
  tileBuffers_.push_back({purpose, field, -1, nullptr});
  tileBuffers_.back().data = backend_.allocate(count);
  tileBuffers_.back().count = count;
  return tileBuffers_.back().data;
}

template <class Real>
void Problem<Real>::foldAll(const Real* parameters) {
  for (size_t f = 0; f < fields_.size(); ++f)
    if (!fields_[f].isNetwork()) foldInto(f, parameters + fields_[f].offset(), packed_[f]);
}

// Are derivatives of these orders to be had from the one grid that a field's levels sum into? In float32 those of second order are not
// worth it: on the finest grid they amplify rounding by N^2, also that of what a coarse level holds, whose own N is small (measured with
// this rule off: `dinf-grid solve plate`, of fourth order, stands at a relative L2 of 4e-5 instead of 2e-7).
template <class Real>
bool Problem<Real>::refines(size_t f, const JetSet& jets) const {
  return fields_[f].nested() && (sizeof(Real) == sizeof(double) || jets.maxOrder() <= 1);
}
template <class Real>
GridShape Problem<Real>::encodedGrid(size_t f, bool refined) const {
  const GridShape& grid = fields_[f].spec().grid;
  return refined ? grid.finest() : grid;
}
template <class Real>
int64_t Problem<Real>::packedSize(size_t f) const {
  return fields_[f].isNetwork() ? 0 : encodedGrid(f, refined_[f]).packedSize(fields_[f].packedChannels());
}
template <class Real>
FoldShape Problem<Real>::foldShape(size_t f) const {
  FoldShape shape = fields_[f].foldShape(biasActive_[f]);
  shape.clampedGhosts = refined_[f];
  return shape;
}

// Packed planes of every level of a refined field, on their way from or to its finest grid.
template <class Real>
Real* Problem<Real>::levelPlanes(size_t f) {
  return tileBuffer(Purpose::levels, f, fields_[f].packedSize());
}

// What encoders read of a field's parameters. Refined levels are one grid to them: an encoder's work, and that of its transpose, is for
// one level then, and sums over nodes are cheaper than sums over samples.
template <class Real>
void Problem<Real>::foldInto(size_t f, const Real* parameters, Real* packed) {
  if (!refined_[f]) {
    backend_.fold(foldShape(f), parameters, packed);
    return;
  }
  backend_.fold(foldShape(f), parameters, levelPlanes(f));
  backend_.refine(fields_[f].spec().grid, fields_[f].packedChannels(), levelPlanes(f), packed);
}

// An evaluation may ask for derivatives that the terms do not read, and that need the levels.
template <class Real>
const Real* Problem<Real>::planesOf(const Term& term, size_t f) {
  return refined_[f] && term.bindings[f]->grid.levels > 1 ? levelPlanes(f) : packed_[f];
}

// Features times decoder is bilinear: the tangent of the packed planes is the fold of (dF, W) plus that of (F, dW), the second
// with the bias's tangent. One of factored parameters is what Gauss-Newton before folding, and the tests, ask for.
template <class Real>
void Problem<Real>::foldTangent(size_t f, const Real* direction) {
  const Field& field = fields_[f];
  if (field.isNetwork()) return;
  const FoldShape shape = foldShape(f);
  if (shape.folded) {
    foldInto(f, direction + field.offset(), packedTangent_[f]);
    return;
  }
  const int64_t size = packedSize(f), grid = field.gridSize(), decoder = field.decoderSize();
  const int64_t bias = decoder - shape.outputs;
  Real* mixed = tileBuffer(Purpose::mixedFactors, f, grid + decoder);
  Real* second = tileBuffer(Purpose::mixedPlanes, f, size);
  backend_.copy(mixed, direction + field.offset(), grid);
  backend_.copy(mixed + grid, parameters_ + field.offset() + grid, bias);
  backend_.fill(mixed + grid + bias, Real(0), shape.outputs);
  foldInto(f, mixed, packedTangent_[f]);
  backend_.copy(mixed, parameters_ + field.offset(), grid);
  backend_.copy(mixed + grid, direction + field.offset() + grid, decoder);
  foldInto(f, mixed, second);
  backend_.axpy(packedTangent_[f], 1, kOne, second, size);
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
  else backend_.encode(*term.bindings[f], tile, planesOf(term, f), features_[f]);
}

template <class Real>
void Problem<Real>::encodeFields(Term& term, const Tile& tile, bool keep) {
  for (size_t f = 0; f < fields_.size(); ++f) {
    if (!term.reads(f)) continue;
    const Field& field = fields_[f];
    if (field.isLinear()) {
      backend_.encode(*term.bindings[f], tile, planesOf(term, f), jets_[f]);
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
    backend_.mlpAdjoint(shape, term.spec->jetSets[f], parameters_ + field.offset() + field.gridSize(), tile, features_[f],
                        states_[f], jetAdjoints_[f], field.isNetwork() ? nullptr : featureAdjoints_[f], mlpAdjoints_[f].data);
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
    backend_.fill(packedAdjoint_[f], Real(0), packedSize(f));
    const WeightSums& sums = mlpAdjoints_[f];
    if (sums.data) backend_.clearSums(sums.data, sums.parts * fields_[f].mlpShape().parameterCount());
  }
  backend_.clearSlots(scalarSlot(), static_cast<int>(spec_.scalars.size()));
}

template <class Real>
void Problem<Real>::collectAdjoints(Real* out) {
  unfoldAll(
      [&](size_t f) {
        const Field& field = fields_[f];
        if (!refined_[f]) return packedAdjoint_[f];
        Real* levels = levelPlanes(f);
        backend_.refineAdjoint(field.spec().grid, field.packedChannels(), packedAdjoint_[f], levels);
        return levels;
      },
      out);
}

// Gradients of all parameters, a grid's from the packed planes of all its levels that `levels` gives.
template <class Real>
void Problem<Real>::unfoldAll(const std::function<Real*(size_t)>& levels, Real* out) {
  for (size_t f = 0; f < fields_.size(); ++f) {
    const Field& field = fields_[f];
    if (!field.isNetwork())
      backend_.unfold(foldShape(f), parameters_ + field.offset(), levels(f), out + field.offset());
    if (field.isLinear()) continue;
    const WeightSums& sums = mlpAdjoints_[f];
    backend_.collectSums(out + field.offset() + field.gridSize(), sums.data, sums.parts, field.mlpShape().parameterCount());
  }
  backend_.copySlots(out + scalarOffset_, scalarSlot(), static_cast<int>(spec_.scalars.size()));
}

template <class Real>
ProgramCall<Real> Problem<Real>::bindInputs(Term& term, const Program& program, const Tile& tile, const Real* rows) {
  ProgramCall<Real> call;
  call.program = &program;
  Samples& samples = *term.samples;
  const int64_t padded = samples.set->paddedCount();
  if (program.reads(InputKind::coordinate) && !samples.coordinates) {
    samples.coordinates = own(padded * spec_.dims);
    locate(samples);
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

template class Problem<float>;
template class Problem<double>;

}  // namespace dinf
