// The direct solver: rows of cells, the factorisation and solves with it, and the dense kernels of its fronts.
#pragma once
#include "core/direct/cell_rows.h"
#include "core/direct/multifrontal.h"
#include "core/problem.h"
#include "measure.h"
#include "test/direct_cases.h"
#include "test/specs.h"

namespace dinf::bench {

// --- a whole factorisation

struct Factored {
  Factored(Backend<double>& backend, const CellGrid& grid, int rowsOfCell)
      : backend(backend),
        grid(grid),
        source(grid, rowsOfCell, false),
        factor(grid),
        cost(CellTree::cost(grid)),
        x(factor.unknowns() * factor.lanes() * kGroups) {
    factorise();
    Random random(5);
    for (double& value : x) value = random.next();
  }
  void factorise() {
    factor.factorise(source, 1e-3, [](int64_t, int) { return false; }, backend.hostThreads(), [] { return false; });
  }
  static constexpr int kGroups = 4;
  Backend<double>& backend;
  const CellGrid grid;
  const test::RandomRows source;
  Multifrontal factor;
  const TreeCost cost;
  std::vector<double> x;
};

inline void factorCases(Cases& cases, const std::string& name, const CellGrid& grid, int rowsOfCell) {
  const auto make = [grid, rowsOfCell](Backend<double>& backend) {
    return std::make_shared<Factored>(backend, grid, rowsOfCell);
  };
  // The sum over pivots of the rows below squared, and the normal matrices of cells: a triangle a row.
  addCase<double>(cases, "factorise", name, [make, rowsOfCell](Backend<double>& backend) {
    const auto s = make(backend);
    const double columns = s->grid.columns(), rows = static_cast<double>(s->grid.cellCount()) * rowsOfCell;
    return Prepared{{s->factor.flops() + rows * columns * (columns + 1), 8 * (s->cost.entries + rows * columns)},
                    [s] { s->factorise(); },
                    {},
                    static_cast<double>(s->factor.bytes(backend.hostThreads().threads()))};
  });
  // Each entry of the factor once for the solve with it and once for that with its transpose. It scales x down: not to nothing,
  // since it is set anew.
  addCase<double>(cases, "solve", name, [make](Backend<double>& backend) {
    const auto s = make(backend);
    const auto pristine = std::make_shared<std::vector<double>>(s->x);
    return Prepared{{4 * s->cost.entries, 2 * 8 * s->cost.entries},
                    [s] { s->factor.solve(s->x.data(), s->backend.hostThreads()); },
                    [s, pristine] { std::copy_n(pristine->begin(), s->factor.unknowns(), s->x.begin()); },
                    8 * s->cost.entries};
  });
  addCase<double>(cases, "solveMany", name + ", 4 groups of lanes", [make](Backend<double>& backend) {
    const auto s = make(backend);
    const auto pristine = std::make_shared<std::vector<double>>(s->x);
    const double sides = s->factor.lanes() * Factored::kGroups;
    return Prepared{{4 * s->cost.entries * sides, 2 * 8 * (s->cost.entries + sides * static_cast<double>(s->factor.unknowns()))},
                    [s] { s->factor.solveMany(s->x.data(), Factored::kGroups); },
                    [s, pristine] { s->x = *pristine; },
                    8 * s->cost.entries,
                    1};
  });
}

// --- rows of an equation's Jacobian, cell by cell

struct Assembled {
  Assembled(Backend<double>& backend, int dims, int cells, int places, int order)
      : backend(backend),
        spec(specOf(dims, cells, places, order)),
        problem(spec, backend, true),
        grid(problem),
        rows(problem, grid),
        parameters(backend, problem.parameterCount()),
        residuals(backend, problem.rowCount()),
        out(backend.hostThreads().threads(),
            std::vector<double>(static_cast<size_t>(rows.maxRows() + 1) * grid.cells.columns())) {
    problem.linearise(parameters, residuals, nullptr);
    read();
  }
  void read() { rows.read(problem, std::vector<double>(problem.parameterCount(), 1.0)); }
  static ProblemSpec specOf(int dims, int cells, int places, int order) {
    test::TermOptions options;
    options.order = order;
    SampleSetSpec samples = test::tensorSet(std::vector<int>(dims, places));
    for (int k = 0; k < dims; ++k)
      for (int i = 0; i < places; ++i) samples.axes[k][i] = (i + 0.5) / places;
    ProblemSpec spec =
        test::makeProblem(dims, {test::makeField(dims, std::vector<int>(dims, cells), 1, test::bspline(5), Edge::extend, 1, 1)},
                          {samples}, options);
    spec.folded = true;
    return spec;
  }
  // A sample's row: products of the weights of the axes times the value, for each jet that the residual reads; then the columns'
  // scales.
  Cost cost() const {
    const TermSpec& term = spec.terms[0];
    const double count = static_cast<double>(problem.sampleSet(0).userCount()), taps = grid.grid.kernel.taps(),
                 columns = grid.cells.columns();
    const double entries = static_cast<double>(term.pattern.size());
    return {count * (entries * 2 * (columns + columns / taps) + columns), 8 * count * (entries + columns)};
  }
  void all() {
    backend.hostThreads().parallelFor(grid.cells.cells[0], [this](int64_t i, int thread) {
      int cell[kMaxDims] = {static_cast<int>(i), 0, 0};
      for (cell[1] = 0; cell[1] < grid.cells.cells[1]; ++cell[1])
        for (cell[2] = 0; cell[2] < grid.cells.cells[2]; ++cell[2]) rows.rows(cell, out[thread].data());
    });
  }

  Backend<double>& backend;
  const ProblemSpec spec;
  Problem<double> problem;
  const ProblemGrid grid;
  CellRows<double> rows;
  DeviceVector<double> parameters, residuals;
  std::vector<std::vector<double>> out;
};

// --- dense kernels of a front

struct Dense {
  explicit Dense(int boundary)
      : kernels(frontKernels()),
        layout{kernels.width, kBlockPivots, boundary},
        pivots(layout.pivotValues()),
        update(layout.updateValues()),
        values(layout.rows() * kernels.lanes),
        front{layout, pivots.data(), update.data()} {
    Random random(11);
    for (int64_t i = 0; i < layout.pivotValues(); ++i) front.pivots[i] = 0.01 * random.next();
    const int width = layout.width;
    for (int i = 0; i < layout.pivots; ++i) front.pivots[layout.tile(i / width, i / width) + (i % width) * (width + 1)] = 4;
    std::fill_n(front.update, layout.updateValues(), 1.0);
    start.assign(front.pivots, front.pivots + layout.pivotValues());
    for (double& value : values) value = random.next();
    begun = values;
  }
  void restore() { std::copy(start.begin(), start.end(), front.pivots); }
  void factorise() {
    PivotReport report;
    kernels.factorise(front, 0, 1e-12, report);
  }
  void keep() { start.assign(front.pivots, front.pivots + layout.pivotValues()); }

  const FrontKernels& kernels;
  const FrontLayout layout;
  Arena pivots, update;
  std::vector<double> values, begun, start;
  const Front front;
};

inline void denseCases(Cases& cases) {
  constexpr int kBoundary = 512;
  const std::string name = "256 pivots, 512 rows below";
  const double p = kBlockPivots, b = kBoundary, rows = p + b, entries = p * (p + 1) / 2 + p * b;
  const auto add = [&](const std::string& op, Cost cost, auto prepare, auto call, auto restore) {
    addCase<double>(cases, op, name, [=](Backend<double>&) {
      const auto s = std::make_shared<Dense>(kBoundary);
      prepare(*s);
      return Prepared{cost, [s, call] { call(*s); }, [s, restore] { restore(*s); }, 0, 1};
    });
  };
  const auto nothing = [](Dense&) {};
  const auto factorised = [](Dense& s) {
    s.factorise();
    s.keep();
  };
  const auto restored = [](Dense& s) { s.restore(); };
  add("front factorise", {p * p * p / 3, 8 * p * (p + 1)}, nothing, [](Dense& s) { s.factorise(); }, restored);
  add(
      "front solveRows", {b * p * p, 8 * (2 * b * p + p * p / 2)}, factorised,
      [](Dense& s) { s.kernels.solveRows(s.front, 0, s.layout.lastPanel(0), s.layout.panels()); }, restored);
  add(
      "front subtract", {b * (b + 1) * p, 8 * (b * p + b * (b + 1))}, factorised,
      [](Dense& s) {
        s.kernels.subtract(s.front, 0, s.layout.lastPanel(0), s.layout.panels(), s.layout.lastPanel(0), s.layout.panels());
      },
      nothing);
  const auto begin = [](Dense& s) { s.values = s.begun; };
  add(
      "front forward", {2 * entries, 8 * (entries + 2 * rows)}, factorised,
      [](Dense& s) { s.kernels.forward(s.front, s.values.data()); }, begin);
  add(
      "front backward", {2 * entries, 8 * (entries + 2 * rows)}, factorised,
      [](Dense& s) { s.kernels.backward(s.front, s.values.data()); }, begin);
  const double lanes = frontKernels().lanes;
  add(
      "front forwardMany", {2 * entries * lanes, 8 * (entries + 2 * rows * lanes)}, factorised,
      [](Dense& s) { s.kernels.forwardMany(s.front, s.values.data()); }, begin);
  add(
      "front backwardMany", {2 * entries * lanes, 8 * (entries + 2 * rows * lanes)}, factorised,
      [](Dense& s) { s.kernels.backwardMany(s.front, s.values.data()); }, begin);
  // An update matrix added to the parent's: every other row.
  add(
      "front scatter", {b / 2 * (b / 2 + 1) / 2, 8 * 3 * (b / 2 * (b / 2 + 1) / 2)}, nothing,
      [](Dense& s) {
        static const std::vector<int> map = [] {
          std::vector<int> all(kBoundary / 2);
          for (int i = 0; i < kBoundary / 2; ++i) all[i] = 2 * i;
          return all;
        }();
        s.kernels.scatter({s.update.data(), map.data(), kBoundary / 2, 0, kBoundary / 2, 1e-9}, s.front);
      },
      nothing);
  // The normal matrix of one cell: 36 columns, degree 5 in two dimensions, nine rows.
  addCase<double>(cases, "front gram", "9 rows of 36 columns", [](Backend<double>&) {
    struct Gram {
      std::vector<double> rows, out;
    };
    const FrontKernels& kernels = frontKernels();
    const int panels = (36 + kernels.width - 1) / kernels.width, margin = kernels.width;
    const auto s = std::make_shared<Gram>();
    s->rows.assign(static_cast<size_t>(9) * panels * kernels.width, 0.5);
    s->out.resize(FrontLayout::triangle(panels, kernels.width) + 2 * margin);
    return Prepared{{9.0 * 36 * 37, 8 * (9.0 * 36 + 36 * 37 / 2)},
                    [s, &kernels, panels, margin] { kernels.gram(s->rows.data(), 9, panels, s->out.data() + margin); },
                    {},
                    0,
                    1};
  });
}

inline void directCases(Cases& cases) {
  factorCases(cases, "2-D, 64 cells, degree 5", test::cellGrid({64, 64}, 5, 1), 9);
  factorCases(cases, "2-D, 128 cells, degree 3", test::cellGrid({128, 128}, 3, 1), 4);
  factorCases(cases, "3-D, 12 cells, degree 3", test::cellGrid({12, 12, 12}, 3, 1), 8);
  const auto assembly = [&](const std::string& op, const std::string& name, int dims, int cells, int order, auto call) {
    addCase<double>(cases, op, name, [=](Backend<double>& backend) {
      const auto s = std::make_shared<Assembled>(backend, dims, cells, 3 * cells, order);
      return Prepared{s->cost(), [s, call] { call(*s); }};
    });
  };
  assembly("cellRows", "bspline 5, 2-D, 64 cells, order 2", 2, 64, 2, [](Assembled& s) { s.all(); });
  assembly("cellRows", "bspline 5, 3-D, 8 cells, order 2", 3, 8, 2, [](Assembled& s) { s.all(); });
  denseCases(cases);
}

}  // namespace dinf::bench
