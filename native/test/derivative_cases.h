// Every kind of field against every kind of sample set: the products with the Jacobian are each other's transposes, gradients
// are the differences of losses, and nothing depends on threads or tiles.
#pragma once
#include "test/specs.h"

namespace dinf::test {

struct Values {
  double loss = 0;
  std::vector<double> gradient, rows, tangent, adjoint, squares;
};

inline Values evaluateAll(SolverBase& solver, const std::vector<double>& direction, const std::vector<double>& cotangent) {
  Values values;
  values.loss = solver.gradient(values.gradient);
  values.rows = solver.linearise();
  values.tangent = solver.tangent(direction);
  values.adjoint = solver.adjoint(cotangent);
  values.squares = solver.columnSquares();
  return values;
}

inline bool same(const Values& a, const Values& b) {
  return a.loss == b.loss && sameBits(a.gradient, b.gradient) && sameBits(a.rows, b.rows) && sameBits(a.tangent, b.tangent) &&
         sameBits(a.adjoint, b.adjoint) && sameBits(a.squares, b.squares);
}

// Squares of the columns that `columnSquares` promises exactly: the planes of folded linear fields, the features of an MLP's grid
// and the trainable scalars. The weights of an MLP are probed: an estimate, not compared.
inline void checkColumns(SolverBase& solver, const ProblemSpec& problem, const std::vector<double>& squares, double tolerance) {
  const int64_t count = solver.parameterCount();
  int64_t offset = 0;
  const double largest = *std::max_element(squares.begin(), squares.end());
  const auto compare = [&](int64_t i) {
    std::vector<double> unit(count, 0);
    unit[i] = 1;
    const std::vector<double> column = solver.tangent(unit);
    const double expected = dot(column, column);
    DINF_EXPECT(std::abs(squares[i] - expected) <= tolerance * largest, "column %lld has squares %g, not %g",
                static_cast<long long>(i), squares[i], expected);
  };
  for (const FieldSpec& spec : problem.fields) {
    const Field field(spec, offset, solver.folded());
    const bool exact = !field.isLinear() || field.folded();
    const int64_t step = std::max<int64_t>(1, field.gridSize() / (report().quick ? 5 : 40));  // a sample of them
    for (int64_t i = offset; exact && i < offset + field.gridSize(); i += step) compare(i);
    offset += field.parameterCount();
  }
  for (int64_t i = offset; i < count; ++i) compare(i);
}

inline std::vector<double> somePoint(SolverBase& solver, uint64_t seed) {
  return Random(seed).vector(solver.parameterCount(), 0.5);
}

// Precisions are compared through double: what a float solver returns is what float arithmetic gave.
inline void checkDerivatives(const ProblemSpec& problem, Precision precision, bool folded) {
  const bool isDouble = precision == Precision::float64;
  const double rounding = isDouble ? 1e-11 : 2e-4;
  const auto solver = makeSolver(problem, precision, 1);
  solver->setFolded(folded);
  const std::vector<double> at = somePoint(*solver, 3);
  solver->setParameters(at);
  const std::vector<double> direction = somePoint(*solver, 4), cotangent = Random(5).vector(solver->rowCount());
  const Values values = evaluateAll(*solver, direction, cotangent);

  DINF_EXPECT(std::isfinite(values.loss) && allFinite(values.gradient) && allFinite(values.rows) && allFinite(values.squares),
              "a value is not finite");
  DINF_EXPECT(std::abs(values.loss - dot(values.rows, values.rows)) <= rounding * values.loss, "loss %g, rows %g", values.loss,
              dot(values.rows, values.rows));
  // <J d, c> = <d, J^T c>, relative to what the sums are made of.
  const double forward = dot(values.tangent, cotangent), backward = dot(direction, values.adjoint);
  DINF_EXPECT(std::abs(forward - backward) <=
                  rounding * (norm(values.tangent) * norm(cotangent) + norm(direction) * norm(values.adjoint)),
              "adjoint identity: %.12g against %.12g", forward, backward);
  // The gradient of r^T r.
  std::vector<double> twice = solver->adjoint(values.rows);
  for (double& value : twice) value *= 2;
  DINF_EXPECT(distance(twice, values.gradient) <= rounding, "gradient and 2 J^T r differ by %g",
              distance(twice, values.gradient));
  checkColumns(*solver, problem, values.squares, isDouble ? 1e-10 : 1e-3);

  if (isDouble)
    for (int probe = 0; probe < (report().quick ? 1 : 2); ++probe) {
      const std::vector<double> along = somePoint(*solver, 6 + probe);
      const double step = 1e-4;
      double loss[4];
      for (int side = 0; side < 4; ++side) {
        const double distances[] = {1, -1, 2, -2};
        solver->setParameters(combine(at, distances[side] * step, along));
        loss[side] = solver->loss();
      }
      // Fourth-order central difference.
      const double difference = (8 * (loss[0] - loss[1]) - (loss[2] - loss[3])) / (12 * step),
                   exact = dot(values.gradient, along);
      DINF_EXPECT(std::abs(difference - exact) <= 1e-7 * (norm(values.gradient) * norm(along) + values.loss),
                  "gradient %.12g, differences %.12g", exact, difference);
    }

  for (const int threads : {2, 4}) {
    const auto other = makeSolver(problem, precision, threads);
    other->setFolded(folded);
    other->setParameters(at);
    DINF_EXPECT(same(evaluateAll(*other, direction, cotangent), values), "%d threads give other bits than 1", threads);
    if (report().quick) break;
  }

  // Tiles of one unit a band: the same sums in another order at most.
  ProblemSpec small = problem;
  small.tileBytes = 1;
  const auto tiled = makeSolver(small, precision, 2);
  tiled->setFolded(folded);
  tiled->setParameters(at);
  const Values pieces = evaluateAll(*tiled, direction, cotangent);
  const double close = isDouble ? 1e-12 : 1e-5;
  DINF_EXPECT(std::abs(pieces.loss - values.loss) <= close * values.loss, "loss %.12g in tiles, %.12g in one", pieces.loss,
              values.loss);
  DINF_EXPECT(sameBits(pieces.rows, values.rows) && sameBits(pieces.tangent, values.tangent), "rows differ between tilings");
  DINF_EXPECT(distance(pieces.gradient, values.gradient) <= close, "gradients differ by %g between tilings",
              distance(pieces.gradient, values.gradient));
  DINF_EXPECT(distance(pieces.adjoint, values.adjoint) <= close, "adjoints differ by %g between tilings",
              distance(pieces.adjoint, values.adjoint));
  DINF_EXPECT(distance(pieces.squares, values.squares) <= close, "column squares differ by %g between tilings",
              distance(pieces.squares, values.squares));
}

inline std::vector<Kernel1d> kernels() {
  std::vector<Kernel1d> all;
  for (int rings = 1; rings <= 5; ++rings) all.push_back(gaussian(rings));
  for (const int degree : {1, 3, 5, 7, 9}) all.push_back(bspline(degree));
  all.push_back(radial(KernelKind::inverseQuadratic, 3));
  all.push_back(radial(KernelKind::inverseMultiquadric, 2, 0.8));
  return all;
}

inline std::vector<int> cellsOf(int dims, int levels) {
  const int finest = levels == 3 ? 4 : levels == 2 ? 2 : 3;
  if (dims == 1) return {2 * finest};
  if (dims == 2) return {finest, 2 * finest};
  return {finest, levels == 1 ? 1 : finest, finest};
}

// Kernel x edge x levels x dimensions, the rest of the choices going round with periods that do not divide each other.
inline void sweepFields() {
  const int64_t counts[] = {1, 2, 15, 16, 17, 33, 40};
  const std::vector<std::vector<int>> tensors[] = {
      {{1}, {16}, {17}, {33}},
      {{1, 1}, {1, 17}, {16, 1}, {17, 33}, {5, 4}},
      {{1, 1, 1}, {3, 1, 5}, {17, 2, 3}, {1, 4, 1}},
  };
  const std::vector<std::vector<int>> decoders = {{}, {}, {4}, {}, {3, 5}};
  int turn = 0;
  for (int dims = 1; dims <= 3; ++dims)
    for (const Kernel1d& kernel : kernels())
      for (const Edge edge : {Edge::clamp, Edge::extend, Edge::periodic})
        for (int levels = 1; levels <= 3; ++levels, ++turn) {
          if (report().quick && turn % 17) continue;
          const std::vector<int>& hidden = decoders[turn % decoders.size()];
          const int outputs = 1 + turn % 3 / 2, features = 1 + turn % 2;
          const bool folded = hidden.empty() && turn % 2 == 0, isDouble = turn % 4 != 3;
          TermOptions options;
          options.order = dims == 3 ? 1 + turn % 2 : turn % 5;
          options.residuals = 1 + turn % 2;
          options.nonlinear = turn % 3 > 0;
          options.scalar = turn % 7 > 3;
          options.sparse = turn % 5 > 2;
          const auto& shapes = tensors[dims - 1];
          std::vector<SampleSetSpec> sets = {pointSet(dims, counts[turn % 7]),
                                             tensorSet(shapes[turn % shapes.size()], turn % 2 > 0),
                                             boxSet(std::vector<int>(dims, 1 + turn % 4))};
          if (dims == 3 && turn % 3) sets.erase(sets.begin() + turn % 3);
          const FieldSpec field = makeField(dims, cellsOf(dims, levels), levels, kernel, edge, features, outputs, hidden);
          std::string name = std::to_string(dims) + "-D " + kernelName(kernel) + " " + edgeName(edge) +
                             ", " + std::to_string(levels) + " levels, " + std::to_string(outputs) + " outputs, ";
          name += hidden.empty() ? (folded ? "folded" : "factored") : "MLP of " + std::to_string(hidden.size());
          name += ", order " + std::to_string(options.order) + (isDouble ? ", double" : ", float");
          testCase(name, [&] {
            checkDerivatives(makeProblem(dims, {field}, sets, options), isDouble ? Precision::float64 : Precision::float32,
                             folded);
          });
        }
}

// Awkward numbers of samples, alone, against all decoders.
inline void sweepCounts() {
  const auto each = [](const std::string& name, int dims, const SampleSetSpec& set, int turn) {
    const std::vector<int> hidden = turn % 3 == 2 ? std::vector<int>{4} : std::vector<int>{};
    TermOptions options;
    options.nonlinear = true;
    options.order = 2;
    const FieldSpec field = makeField(dims, cellsOf(dims, 2), 2, turn % 2 ? gaussian(3) : bspline(5), Edge::extend, 2, 1, hidden);
    testCase(name, [&] {
      checkDerivatives(makeProblem(dims, {field}, {set}, options), turn % 5 ? Precision::float64 : Precision::float32,
                       hidden.empty() && turn % 3 == 0);
    });
  };
  int turn = 0;
  for (const int count : {1, 2, 15, 16, 17, 33, 255, 256, 257, 600})
    for (int dims = 1; dims <= 3; ++dims, ++turn)
      if (!report().quick || (count < 64 && turn % 6 == 1))
        each(std::to_string(count) + " points in " + std::to_string(dims) + "-D", dims, pointSet(dims, count), turn);
  const std::vector<std::vector<int>> tensors = {{1},      {15},      {16},      {17},        {300},
                                                 {1, 1},   {1, 17},   {16, 1},   {17, 33},    {33, 17},
                                                 {280, 2}, {3, 1, 5}, {1, 1, 1}, {16, 17, 1}, {40, 3, 2}};
  for (const std::vector<int>& shape : tensors) {
    if (report().quick && turn++ % 5) continue;
    std::string name = "tensor";
    for (const int n : shape) name += " " + std::to_string(n);
    each(name, static_cast<int>(shape.size()), tensorSet(shape), turn++);
  }
  const std::vector<std::vector<int>> boxes = {{1}, {17}, {1, 17}, {16, 1}, {40, 20}, {3, 1, 5}, {12, 8, 6}};
  for (const std::vector<int>& shape : boxes) {
    if (report().quick && turn++ % 5) continue;
    std::string name = "boxes";
    for (const int n : shape) name += " " + std::to_string(n);
    each(name, static_cast<int>(shape.size()), boxSet(shape), turn++);
  }
}

// Several fields with decoders, resolutions and kernels of their own, and several terms that share the vector of parameters.
inline void manyFields() {
  for (const Precision precision : {Precision::float32, Precision::float64})
    testCase(std::string("two fields, three terms, ") + (precision == Precision::float32 ? "float" : "double"), [&] {
      TermOptions options;
      options.nonlinear = options.scalar = true;
      options.order = 2;
      options.residuals = 2;
      const std::vector<FieldSpec> fields = {makeField(2, {4, 2}, 2, gaussian(3), Edge::extend, 2, 2),
                                             makeField(2, {3, 5}, 1, bspline(5), Edge::clamp, 2, 1, {3})};
      checkDerivatives(makeProblem(2, fields, {pointSet(2, 33), tensorSet({17, 3}), boxSet({6, 5})}, options), precision, false);
    });
  if (report().quick) return;
  testCase("all 35 planes of order 4 in 3-D", [] {
    TermOptions options;
    options.order = 4;
    checkDerivatives(makeProblem(3, {makeField(3, {2, 2, 2}, 2, gaussian(5), Edge::clamp, 1, 1)},
                                 {pointSet(3, 5), tensorSet({3, 2, 2})}, options),
                     Precision::float64, true);
    checkDerivatives(makeProblem(3, {makeField(3, {2, 1, 2}, 1, bspline(9), Edge::extend, 1, 2, {3})}, {pointSet(3, 3)}, options),
                     Precision::float64, false);
  });
  testCase("a scalar that no term reads, a field that one term does not read", [] {
    TermOptions options;
    ProblemSpec problem = makeProblem(1, {makeField(1, {4}, 1, bspline(3), Edge::extend, 1, 1)}, {pointSet(1, 7)}, options);
    problem.scalars = {3};
    problem.fields.push_back(makeField(1, {8}, 2, gaussian(2), Edge::clamp, 2, 2));
    problem.terms[0].jetSets.emplace_back();
    const auto solver = makeSolver(problem, Precision::float64, 2);
    std::vector<double> gradient;
    solver->gradient(gradient);
    const int64_t used = Field(problem.fields[0], 0, false).parameterCount();
    for (size_t i = used; i < gradient.size(); ++i)
      DINF_EXPECT(gradient[i] == 0, "unread parameter %zu has gradient %g", i, gradient[i]);
    solver->linearise();
    DINF_EXPECT(allFinite(solver->columnSquares()), "column squares are not finite");
  });
}

inline void derivativeCases() {
  sweepFields();
  sweepCounts();
  manyFields();
}

}  // namespace dinf::test
