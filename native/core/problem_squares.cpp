// Squared norms of the Jacobian's columns: what least squares and L-BFGS scale their unknowns with.
#include <algorithm>
#include "core/term.h"
#include "math/philox.h"

namespace dinf {

// Columns of grids and trainable scalars exactly, from the rows' derivatives by each of them. Columns of MLP weights by probing:
// the mean of (A^T xi)^2 over random signs xi is the squared norm of each column. A column is one node's of one level, so refined
// fields, whose levels are one grid to every other pass, need bindings of their own here.
template <class Real>
void Problem<Real>::columnSquares(Real* out, bool energies) {
  needLinearisation();
  clearAdjoints();
  const auto squares = [&](size_t f) { return refined_[f] ? levelPlanes(f) : packedAdjoint_[f]; };
  for (size_t f = 0; f < fields_.size(); ++f)
    if (refined_[f]) backend_.fill(squares(f), Real(0), fields_[f].packedSize());
  for (auto& term : terms_) {
    const Program& program = term->spec->squares;
    if (!term->spec->hasRows && !(energies && program.stores + program.sums > 0)) continue;
    const int rows = term->spec->hasRows ? term->spec->residuals : static_cast<int>(term->spec->jets.size());
    std::vector<std::unique_ptr<Binding>> ofLevels(fields_.size());
    std::vector<Binding*> bindings(fields_.size());
    for (size_t f = 0; f < fields_.size(); ++f) {
      bindings[f] = term->bindings[f].get();
      if (bindings[f] && refined_[f]) {
        ofLevels[f] = backend_.bind(fields_[f].spec().grid, *term->samples->set, bindings[f]->jets, bindings[f]->channels, bindings[f]->map);
        bindings[f] = ofLevels[f].get();
      }
      if (bindings[f]) backend_.encodeAdjointBegin(*bindings[f]);
    }
    for (const Tile& tile : term->tiles) {
      reserveTile(*term, tile);
      if (program.reads(InputKind::jet)) encodeFields(*term, tile);
      Real* planes = tileBuffer(Purpose::squares, 0, std::max(1, program.stores) * tile.size);
      ProgramCall<Real> call = bindInputs(*term, program, tile, nullptr);
      for (int i = 0; i < program.stores; ++i) call.stores.push_back({Plane::tile, planes + i * tile.size});
      if (program.sums > 0) call.sums = sumSlots(*term->spec, -1);
      backend_.run(call, tile);
      for (int e = 0; e < rows; ++e)
        for (size_t f = 0; f < fields_.size(); ++f)
          if (bindings[f]) squaresOfField(*term, *bindings[f], tile, e, f, planes);
    }
    for (size_t f = 0; f < fields_.size(); ++f)
      if (bindings[f]) backend_.encodeAdjointEnd(*bindings[f], squares(f));
  }
  unfoldAll(squares, out);
  if (std::any_of(fields_.begin(), fields_.end(), [](const Field& field) { return !field.isLinear(); })) probeSquares(out);
}

template <class Real>
void Problem<Real>::squaresOfField(Term& term, Binding& binding, const Tile& tile, int residual, size_t f, const Real* planes) {
  const Field& field = fields_[f];
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
  backend_.mlpAdjoint(shape, binding.jets, parameters_ + field.offset() + field.gridSize(), tile, features_[f], nullptr,
                      jetAdjoints_[f], featureAdjoints_[f], mlpAdjoints_[f].data);
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

template class Problem<float>;
template class Problem<double>;

}  // namespace dinf
