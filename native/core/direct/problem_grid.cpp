#include "core/direct/problem_grid.h"

namespace dinf {
namespace {

constexpr size_t kMostScalars = 32;  // each is a solve of its own

bool sameGrid(const GridShape& a, const GridShape& b) {
  bool same = a.kernel.kind == b.kernel.kind && a.kernel.rings == b.kernel.rings && a.kernel.degree == b.kernel.degree &&
              a.kernel.epsilon == b.kernel.epsilon;
  for (int k = 0; k < a.dims; ++k) {
    same = same && a.cells[k] == b.cells[k] && a.edge[k] == b.edge[k] && !a.knots[k] == !b.knots[k];
    same = same && (!a.knots[k] || a.knots[k]->values() == b.knots[k]->values());
  }
  return same;
}

// Coarser levels are then splines of the finest one, whose unknowns are enough.
bool finestIsAll(const GridShape& grid) {
  if (grid.levels == 1) return true;
  for (int k = 0; k < grid.dims; ++k)
    if (grid.edge[k] == Edge::clamp) return false;
  return grid.nested();
}

template <class Real>
std::string obstacleOf(const Problem<Real>& problem) {
  const ProblemSpec& spec = problem.spec();
  const GridShape& first = spec.fields[0].grid;
  for (const Field& field : problem.fields()) {
    if (field.isNetwork()) return "a field is a network";
    if (!field.isLinear()) return "a decoder is an MLP";
    if (!field.folded()) return "a decoder is not folded into its grid";
    const GridShape& grid = field.spec().grid;
    if (grid.kernel.radial()) return "the kernel is radial";
    if (!sameGrid(first, grid)) return "fields have different grids";
    if (!finestIsAll(grid)) return "the levels of a grid are not nested";
  }
  for (const TermSpec& term : spec.terms)
    if (!term.hasRows) return "a term is an energy";
  for (const SampleSetSpec& samples : spec.samples)
    if (samples.draws > 0 || samples.kind == SampleKind::stratified) return "samples are drawn";
  if (spec.scalars.size() > kMostScalars) return "there are more than " + std::to_string(kMostScalars) + " trainable scalars";
  return "";
}

}  // namespace

template <class Real>
ProblemGrid::ProblemGrid(const Problem<Real>& problem) : obstacle(obstacleOf(problem)) {
  if (!obstacle.empty()) return;
  grid = problem.fields()[0].spec().grid;
  const Kernel1d& kernel = grid.kernel;
  cells.dims = grid.dims;
  cells.degree = kernel.taps() - 1;
  cells.unknowns = 0;
  for (int k = 0; k < grid.dims; ++k) {
    cells.cells[k] = grid.cells[k];
    cells.periodic[k] = grid.periodic(k);
  }
  if (!cells.resolvesRows()) {
    obstacle = "a periodic axis has fewer cells than its kernel reads nodes";
    return;
  }
  if (cells.nodes() > int64_t{1} << 30) {
    obstacle = "the grid has too many nodes";
    return;
  }
  for (const Field& field : problem.fields()) {
    firstUnknown.push_back(cells.unknowns);
    cells.unknowns += field.spec().outputs;
  }
  parameterCount = problem.parameterCount();
  scalars = static_cast<int>(problem.spec().scalars.size());
  scalarOffset = parameterCount - scalars;

  // Where canonical nodes lie among those that cells read: the first that cell 0 reads is rings - 1 before its own.
  int64_t node = 0;
  parameter.assign(cells.nodes() * cells.unknowns, -1);
  int at[kMaxDims];
  for (at[0] = 0; at[0] < cells.nodes(0); ++at[0])
    for (at[1] = 0; at[1] < cells.nodes(1); ++at[1])
      for (at[2] = 0; at[2] < cells.nodes(2); ++at[2], ++node) {
        int64_t canonical = 0;
        bool exists = true;
        for (int k = 0; k < grid.dims; ++k) {
          const int count = grid.nodesAt(0, k);
          int place = at[k] - (kernel.rings - 1) + grid.ghosts(k);
          if (grid.periodic(k) && place < 0) place += count;
          exists = exists && place >= 0 && place < count;
          canonical = canonical * count + place;
        }
        if (!exists) continue;
        for (size_t f = 0; f < problem.fields().size(); ++f) {
          const Field& field = problem.fields()[f];
          for (int o = 0; o < field.spec().outputs; ++o)
            parameter[node * cells.unknowns + firstUnknown[f] + o] =
                field.offset() + field.spec().grid.canonicalOffset(0, o, field.spec().outputs) + canonical;
        }
      }
}

template ProblemGrid::ProblemGrid(const Problem<float>&);
template ProblemGrid::ProblemGrid(const Problem<double>&);

}  // namespace dinf
