// Expressions at points, and where a residual is not finite.
#include <algorithm>
#include <cmath>
#include "core/term.h"

namespace dinf {

template <class Real>
std::vector<Real> Problem<Real>::evaluate(const Real* parameters, const EvaluationSpec& evaluation) {
  int orderCells[kMaxDims] = {1, 1, 1};
  for (const Field& field : fields_)
    for (int k = 0; k < spec_.dims; ++k) orderCells[k] = std::max(orderCells[k], field.spec().grid.cells[k]);
  // What this evaluation takes is given back at its end, and where it fails.
  struct Taken {
    Problem& problem;
    const size_t before = problem.owned_.size();
    ~Taken() {
      for (auto& owned = problem.owned_; owned.size() > before; owned.pop_back()) problem.backend_.release(owned.back());
    }
  } const taken{*this};
  parameters_ = parameters;
  foldAll(parameters);
  TermSpec spec;
  spec.jetSets = evaluation.jetSets;
  spec.channels = evaluation.channels;
  const auto samples = makeSamples(std::make_shared<SampleSet>(evaluation.samples, orderCells, backend_.sampleOrder()));
  const auto term = makeTerm(spec, *samples);
  // Refining has used the levels up where this evaluation reads them.
  for (size_t f = 0; f < fields_.size(); ++f)
    if (term->bindings[f] && planesOf(*term, f) != packed_[f])
      backend_.fold(foldShape(f), parameters + fields_[f].offset(), levelPlanes(f));
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
  return result;
}

template <class Real>
std::string Problem<Real>::findNonFinite(const Real* parameters) {
  parameters_ = parameters;
  foldAll(parameters);
  for (auto& term : terms_) {
    const Program& program = term->spec->value;
    for (const Tile& tile : term->tiles) {
      reserveTile(*term, tile);
      encodeFields(*term, tile);
      Real* planes = tileBuffer(Purpose::squares, 0, std::max(1, program.stores) * tile.size);
      ProgramCall<Real> call = bindInputs(*term, program, tile, nullptr);
      for (int i = 0; i < program.stores; ++i) call.stores.push_back({Plane::tile, planes + i * tile.size});
      backend_.run(call, tile);
      std::vector<Real> host(program.stores * tile.size);
      backend_.download(host.data(), planes, static_cast<int64_t>(host.size()));
      backend_.fetchDraw(*term->samples->set);
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
