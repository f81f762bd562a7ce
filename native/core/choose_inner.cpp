#include "core/choose_inner.h"
#include <algorithm>
#include <cmath>
#include "core/check.h"

namespace dinf {
namespace {

// Rates by which a factorisation is weighed against iterations of CGLS, flops a second of one thread: both are spread over as many.
constexpr double kFactorRate = 10e9, kProductRate = 2e9;
// A factorisation that costs no more than that many iterations is worth it at once: it is exact, and CGLS may not be at its end then.
constexpr double kSoon = 50;
// Many more where a factor serves several steps; and steps that CGLS leaves unfinished may lead a nonlinear problem astray.
constexpr double kSoonOfSeveral = 5000;
// Nor is one of so many flops, a tenth of a second, worth a thought.
constexpr double kAtOnce = 1e9;
// What the direct solver must have left of a stage's iterations.
constexpr int64_t kDirectIterations = 10;

// Of a product with the Jacobian and one with its adjoint: planes of jets, each a sum over taps, along one axis after the other where
// samples are a tensor product, however a backend walks them.
template <class Real>
double productFlops(const Problem<Real>& problem, const ProblemGrid& grid) {
  double flops = 0;
  for (size_t t = 0; t < problem.spec().terms.size(); ++t) {
    const SampleSet& set = problem.sampleSet(static_cast<int>(t));
    double taps = grid.cells.degree + 1, jets = 0;
    if (set.spec().kind != SampleKind::tensor)
      for (int k = 1; k < grid.cells.dims; ++k) taps *= grid.cells.degree + 1;
    for (size_t f = 0; f < problem.fields().size(); ++f) jets += problem.spec().terms[t].jetSets[f].count * problem.fields()[f].spec().outputs;
    flops += 4 * static_cast<double>(set.paddedCount()) * jets * taps;
  }
  return flops;
}

std::string gigabytes(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g GB", bytes / 1e9);
  return text;
}

}  // namespace

template <class Real>
ChosenInner<Real>::ChosenInner(const StageCommon& stage, const GaussNewtonStage& options, const StageRun<Real>& run, Real* scratch)
    : stage_(stage), patience_(stage), options_(options), run_(run), scratch_(scratch), grid_(run.problem) {
  if (!options_.held.empty()) hold();
  plan();
}

template <class Real>
void ChosenInner<Real>::hold() {
  Problem<Real>& problem = run_.problem;
  std::vector<Real> freed(problem.parameterCount(), Real(1));
  size_t output = 0;
  for (const Field& field : problem.fields()) {
    check(field.folded() && field.spec().grid.levels == 1 && options_.heldAxis < field.spec().grid.dims, ErrorCode::invalidArgument,
          "only folded grids of one level hold nodes along an axis");
    const GridShape& grid = field.spec().grid;
    int64_t within = 1;  // nodes between neighbours along the axis
    for (int k = options_.heldAxis + 1; k < grid.dims; ++k) within *= grid.nodesAt(0, k);
    for (int o = 0; o < field.spec().outputs; ++o, ++output) {
      check(output < options_.held.size(), ErrorCode::invalidArgument, "not one number of held nodes an unknown");
      Real* const own = freed.data() + field.offset() + grid.canonicalOffset(0, o, field.spec().outputs);
      for (int64_t i = 0; i < grid.nodesAt(0); ++i)
        if (i / within % grid.nodesAt(0, options_.heldAxis) < options_.held[output]) own[i] = Real(0);
    }
  }
  check(output == options_.held.size(), ErrorCode::invalidArgument, "not one number of held nodes an unknown");
  freed_ = DeviceVector<Real>(run_.backend(), problem.parameterCount());
  run_.backend().upload(freed_, freed.data(), problem.parameterCount());
}

template <class Real>
void ChosenInner<Real>::choose(InnerKind kind, const std::string& reason) {
  run_.result.inner.kind = kind;
  run_.result.inner.reason = reason;
}

template <class Real>
void ChosenInner<Real>::plan() {
  if (options_.inner == InnerKind::cgls) return choose(InnerKind::cgls, "it was asked for");
  const bool asked = options_.inner == InnerKind::direct;
  if (!grid_.obstacle.empty()) {
    check(!asked, ErrorCode::invalidArgument, "the direct solver cannot serve here: " + grid_.obstacle + "; take auto or cgls");
    return choose(InnerKind::cgls, grid_.obstacle);
  }
  const TreeCost cost = CellTree::cost(grid_.cells);
  // Boxes alone say what the factor holds at least; what it holds exactly is known once its tree is built.
  const double least = 8 * cost.entries;
  const double product = productFlops(run_.problem, grid_);
  // A product with the factor and one with its transpose, two flops an entry each.
  worth_ = (cost.flops / kFactorRate) / ((product + 4 * cost.entries) / kProductRate);
  const bool tooLarge = options_.innerMemory > 0 && least > static_cast<double>(options_.innerMemory);
  if (tooLarge || (asked && !makeDirect())) {
    const std::string reason = "a factorisation needs " + gigabytes(least) + " and more, and " +
                               gigabytes(static_cast<double>(options_.innerMemory)) + " are free for it";
    check(!asked, ErrorCode::outOfMemory, reason + ": take a coarser grid, more memory, or cgls");
    return choose(InnerKind::cgls, reason);
  }
  if (asked) return choose(InnerKind::direct, "it was asked for");
  const double iterations = (cost.flops / kFactorRate) / (product / kProductRate);
  if ((iterations <= (run_.problem.linear() ? kSoon : kSoonOfSeveral) || cost.flops <= kAtOnce) && makeDirect()) return choose(InnerKind::direct, "a factorisation costs no more than a few iterations");
  const int64_t patience = static_cast<int64_t>(std::min(iterations, 1e12));
  mayTurn_ = patience + kDirectIterations <= stage_.iterations;
  if (mayTurn_) patience_.iterations = patience;
  choose(InnerKind::cgls, mayTurn_ ? "it has converged before a factorisation would have paid"
                                   : "all of its iterations cost less than a factorisation");
}

// False where memory is short.
template <class Real>
bool ChosenInner<Real>::makeDirect() {
  if (direct_) return true;
  direct_ = std::make_unique<DirectSolver<Real>>(stage_, options_, run_, grid_, scratch_, freed_, static_cast<int64_t>(std::min(worth_, 1e3)));
  if (options_.innerMemory > 0 && direct_->bytes() > options_.innerMemory) direct_ = nullptr;
  directMoved_ = true;
  return direct_ != nullptr;
}

template <class Real>
void ChosenInner<Real>::linearise(const Real* parameters, bool moved) {
  parameters_ = parameters;
  moved_ = moved_ || moved;
  directMoved_ = directMoved_ || moved;
}

template <class Real>
InnerEnd ChosenInner<Real>::solve(double loss, double damping, int64_t begun) {
  if (direct_) return solveDirectly(loss, damping, begun);
  const InnerEnd end = solveByCgls(loss, damping, begun);
  if (end != InnerEnd::iterations || !mayTurn_) return end;
  if (!makeDirect()) {
    mayTurn_ = false;
    choose(InnerKind::cgls, "there is not memory enough for a factorisation");
    patience_ = stage_;
    return solveByCgls(loss, damping, begun);
  }
  choose(InnerKind::direct, "CGLS has not converged in as many iterations as a factorisation costs");
  const InnerEnd directly = solveDirectly(loss, damping, std::max(begun, patience_.iterations));
  // Told to stop meanwhile: what CGLS has found is there.
  if (directly == InnerEnd::aborted) last_ = cgls_.get();
  return directly;
}

template <class Real>
InnerEnd ChosenInner<Real>::solveByCgls(double loss, double damping, int64_t begun) {
  if (!cgls_) cgls_ = std::make_unique<Cgls<Real>>(patience_, run_, scratch_, freed_), moved_ = true;
  last_ = cgls_.get();
  cgls_->linearise(parameters_, moved_);
  moved_ = false;
  return cgls_->solve(loss, damping, std::min(begun, patience_.iterations));
}

template <class Real>
InnerEnd ChosenInner<Real>::solveDirectly(double loss, double damping, int64_t begun) {
  last_ = direct_.get();
  direct_->linearise(parameters_, directMoved_);
  directMoved_ = false;
  InnerReport& report = run_.result.inner;
  const bool whole = direct_->prepare(damping);
  report.factorisations = direct_->factorisations();
  report.smallestPivot = direct_->smallestPivot();
  report.flops = direct_->flops();
  report.seconds = direct_->factorSeconds();
  report.bytes = direct_->bytes();
  report.worth = worth_;
  if (whole && direct_->undetermined()) {
    report.undetermined = true;
    if (options_.inner == InnerKind::automatic) {
      direct_ = nullptr;
      run_.factor = nullptr;
      mayTurn_ = false;
      patience_ = stage_;
      choose(InnerKind::cgls, "the rows leave some of the unknowns undetermined");
      return solveByCgls(loss, damping, begun);
    }
  }
  return direct_->solve(loss, damping, begun);
}

template class ChosenInner<float>;
template class ChosenInner<double>;

}  // namespace dinf
