// Whole solvers: evaluation, draws, training, least squares, cancellation, divergence, and calls out of order.
#pragma once
#include <atomic>
#include "core/check.h"
#include "test/derivative_cases.h"

namespace dinf::test {

template <class F>
void expectFailure(const char* what, F body) {
  try {
    body();
    DINF_EXPECT(false, "%s did not fail", what);
  } catch (const Failure& failure) {
    DINF_EXPECT(!failure.code.empty() && failure.what()[0] != 0, "%s failed without saying why", what);
  }
}

inline void tensorAgainstPoints() {
  const std::vector<std::vector<int>> shapes = {{1}, {17}, {1, 17}, {16, 1}, {17, 33}, {3, 1, 5}, {18, 2, 3}};
  for (const std::vector<int>& shape : shapes) {
    if (report().quick && shape.size() == 3) continue;
    const int dims = static_cast<int>(shape.size());
    testCase("tensor and scattered paths agree, " + std::to_string(shape[0]) + " of " + std::to_string(dims) + "-D", [&] {
      for (const Kernel1d& kernel : {gaussian(2), bspline(7), radial(KernelKind::inverseMultiquadric, 2)})
        for (const Edge edge : {Edge::clamp, Edge::extend, Edge::periodic})
          for (const Precision precision : {Precision::float32, Precision::float64}) {
            TermOptions options;
            options.nonlinear = true;
            options.order = 2;
            const FieldSpec field = makeField(dims, cellsOf(dims, 2), 2, kernel, edge, 2, 2);
            const SampleSetSpec tensor = tensorSet(shape, true);
            const auto a = makeSolver(makeProblem(dims, {field}, {tensor}, options), precision, 2);
            const auto b = makeSolver(makeProblem(dims, {field}, {scattered(tensor)}, options), precision, 2);
            for (const auto* solver : {&a, &b}) {
              (*solver)->setFolded(true);
              (*solver)->setParameters(somePoint(**solver, 3));
            }
            std::vector<double> left, right;
            const double x = a->gradient(left), y = b->gradient(right), close = precision == Precision::float32 ? 2e-5 : 1e-12;
            DINF_EXPECT(std::abs(x - y) <= close * std::abs(x), "losses %.12g and %.12g", x, y);
            DINF_EXPECT(distance(left, right) <= close, "gradients differ by %g", distance(left, right));
            a->linearise();
            b->linearise();
            left = a->columnSquares();
            right = b->columnSquares();
            DINF_EXPECT(distance(left, right) <= 2 * close, "column squares differ by %g", distance(left, right));
          }
    });
  }
}

inline void evaluations() {
  testCase("constants are reproduced at every point, derivatives vanish", [] {
    int turn = 0;
    for (int dims = 1; dims <= 3; ++dims)
      for (const Kernel1d& kernel : kernels())
        for (const Edge edge : {Edge::clamp, Edge::extend, Edge::periodic}) {
          if (report().quick && turn++ % 9) continue;
          const FieldSpec field = makeField(dims, cellsOf(dims, 2), 2, kernel, edge, 1, 1);
          const int order = dims == 3 ? 2 : 4;
          const ProblemSpec problem = makeProblem(dims, {field}, {pointSet(dims, 1)}, {});
          const auto solver = makeSolver(problem, Precision::float64, 1);
          solver->setFolded(true);
          solver->setParameters(std::vector<double>(solver->parameterCount(), 1));
          SampleSetSpec corners = pointSet(dims, 1 << dims);
          for (int i = 0; i < (dims << dims); ++i) corners.points[i] = i / dims >> i % dims & 1;  // 0 and 1 exactly
          for (const SampleSetSpec& set : {corners, pointSet(dims, 33), scattered(tensorSet(std::vector<int>(dims, 4)))}) {
            const std::vector<double> jets = solver->evaluate(evaluateJets(problem, set, order));
            const int64_t count = sampleCount(set);
            const double scale = std::pow(field.grid.cells[0] + field.grid.cells[1] + field.grid.cells[2], order);
            for (size_t i = 0; i < jets.size(); ++i) {
              const double expected = static_cast<int64_t>(i) < count ? 2 : 0;  // two levels of ones
              DINF_EXPECT(std::abs(jets[i] - expected) < 1e-12 * scale, "%s, %d-D: jet value %zu is %g, not %g",
                          kernelName(kernel).c_str(), dims, i, jets[i], expected);
            }
          }
        }
  });
  testCase("values keep the caller's order: a set, its points one by one, and the tensor", [] {
    for (int dims = 1; dims <= 3; ++dims) {
      const ProblemSpec problem = makeProblem(dims, {makeField(dims, cellsOf(dims, 2), 2, gaussian(3), Edge::extend, 2, 1, {4})},
                                              {pointSet(dims, 3)}, {});
      const auto solver = makeSolver(problem, Precision::float64, 2);
      solver->setParameters(somePoint(*solver, 8));
      const SampleSetSpec tensor = tensorSet(std::vector<int>(dims, dims == 1 ? 19 : 3)), points = scattered(tensor);
      const std::vector<double> onTensor = solver->evaluate(evaluateJets(problem, tensor, 0));
      const std::vector<double> onPoints = solver->evaluate(evaluateJets(problem, points, 0));
      DINF_EXPECT(distance(onTensor, onPoints) < 1e-13, "tensor and points differ by %g", distance(onTensor, onPoints));
      for (size_t i = 0; i < onPoints.size(); ++i) {
        SampleSetSpec one = points;
        one.points.assign(points.points.begin() + i * dims, points.points.begin() + (i + 1) * dims);
        const std::vector<double> alone = solver->evaluate(evaluateJets(problem, one, 0));
        DINF_EXPECT(alone.size() == 1 && std::abs(alone[0] - onPoints[i]) < 1e-13, "point %zu alone is %g, in the set %g", i,
                    alone[0], onPoints[i]);
      }
    }
  });
  testCase("folding keeps the field", [] {
    for (const Precision precision : {Precision::float32, Precision::float64}) {
      const ProblemSpec problem = makeProblem(2, {makeField(2, {4, 8}, 3, bspline(5), Edge::clamp, 3, 2)}, {pointSet(2, 5)}, {});
      const auto solver = makeSolver(problem, precision, 2);
      solver->setParameters(somePoint(*solver, 2));
      const EvaluationSpec jets = evaluateJets(problem, pointSet(2, 33), 1);
      const std::vector<double> before = solver->evaluate(jets);
      solver->setFolded(true);
      DINF_EXPECT(distance(before, solver->evaluate(jets)) < (precision == Precision::float32 ? 1e-6 : 1e-14),
                  "folding moved the field");
      expectFailure("unfolding", [&] { solver->setFolded(false); });
    }
  });
}

inline void draws() {
  testCase("draws: a function of seed and iteration alone", [] {
    SampleSetSpec points = pointSet(2, 300), tensor = tensorSet({20, 7}, true), fixed = pointSet(2, 20);
    points.draws = 20000;  // several pieces of work
    tensor.draws = 3;
    fixed.draws = 50;
    fixed.redraw = false;
    TermOptions options;
    options.nonlinear = true;
    const ProblemSpec problem = makeProblem(2, {makeField(2, {4, 4}, 2, gaussian(3), Edge::extend, 2, 1)},
                                            {points, tensor, fixed, boxSet({30, 20})}, options);
    std::vector<std::vector<double>> first;
    for (const int threads : {1, 2, 4}) {
      const auto solver = makeSolver(problem, Precision::float32, threads);
      std::vector<std::vector<double>> seen;
      for (const uint32_t iteration : {0u, 1u, 2u, 1u, 4000000000u}) {
        solver->draw(iteration);
        for (int term = 0; term < 4; ++term) {
          const std::vector<double> weights = solver->sampleWeights(term);
          double sum = 0;
          for (const double weight : weights) sum += weight;
          DINF_EXPECT(std::abs(sum - 1) < 1e-9, "weights of term %d add up to %g", term, sum);
          seen.push_back(weights);
        }
        seen.push_back({solver->loss()});
      }
      DINF_EXPECT(seen[0] != seen[5] && sameBits(seen[5], seen[15]), "draw 1 is not draw 1, or is draw 0");
      DINF_EXPECT(sameBits(seen[2], seen[7]) && sameBits(seen[2], seen[22]), "a set that is drawn once was drawn again");
      DINF_EXPECT(sameBits(seen[9], seen[19]) && !sameBits(seen[9], seen[14]), "the loss does not follow the draw");
      if (first.empty()) first = seen;
      for (size_t i = 0; i < seen.size(); ++i) DINF_EXPECT(sameBits(seen[i], first[i]), "draw %zu depends on the threads", i);
    }
  });
}

inline StageSpec stageOf(int64_t iterations, OptimizerOptions options) {
  StageSpec stage;
  stage.iterations = iterations;
  stage.optimizer = options;
  return stage;
}
inline StageSpec adamStage(int64_t iterations, double rate = 1e-2) {
  AdamStage options;
  options.learningRate = rate;
  options.decaySteps = 100;
  return stageOf(iterations, options);
}
inline StageSpec newtonStage(int64_t steps, int64_t iterations, double damping = 0) {
  GaussNewtonStage options;
  options.steps = steps;
  options.damping = damping;
  return stageOf(iterations, options);
}

inline StageSpec lbfgsStage(int64_t iterations, int64_t resample = 0, Scaling scaling = Scaling::columns) {
  LbfgsStage options;
  options.history = 4;
  options.resample = resample;
  options.scaling = scaling;
  return stageOf(iterations, options);
}

inline void trainings() {
  const int scale = report().quick ? 1 : 10;
  for (const Precision precision : {Precision::float32, Precision::float64})
    for (const bool mlp : {false, true}) {
      const std::string name =
          std::string(mlp ? ", MLP, " : ", linear decoder, ") + (precision == Precision::float32 ? "float" : "double");
      TermOptions options;
      options.nonlinear = options.scalar = true;
      options.order = 2;
      const ProblemSpec problem = makeProblem(
          2, {makeField(2, {4, 4}, 2, gaussian(3), Edge::extend, 2, 1, mlp ? std::vector<int>{5} : std::vector<int>{})},
          {pointSet(2, 70), tensorSet({17, 5}), boxSet({9, 7})}, options);
      testCase("Adam lowers the loss, with the same bits for any threads" + name, [&] {
        std::vector<double> first;
        for (const int threads : {1, 3}) {
          const auto solver = makeSolver(problem, precision, threads);
          const double before = solver->loss();
          std::atomic<bool> cancelled{false};
          int64_t calls = 0;
          const SolveResult result =
              solver->run({adamStage(6 * scale)}, [&](const Progress& p) { calls += p.iterations == 6 * scale; }, cancelled);
          DINF_EXPECT(result.stopReason == StopReason::iterations && result.iterations == 6 * scale && calls == 6 * scale,
                      "stopped by %s after %lld", nameOf(result.stopReason), static_cast<long long>(result.iterations));
          DINF_EXPECT(allFinite(result.losses) && result.losses.size() == result.lossIterations.size() && result.loss < before,
                      "loss %g after %g", result.loss, before);
          if (first.empty()) first = solver->parameters();
          DINF_EXPECT(allFinite(first) && sameBits(first, solver->parameters()), "parameters depend on the threads");
        }
      });
      testCase("Gauss-Newton lowers the loss, with the same bits for any threads" + name, [&] {
        std::vector<double> first;
        for (const int threads : {1, 2}) {
          const auto solver = makeSolver(problem, precision, threads);
          std::atomic<bool> cancelled{false};
          const SolveResult start = solver->run({adamStage(2)}, nullptr, cancelled);
          const SolveResult result = solver->run({newtonStage(3, scale, 1e-3)}, nullptr, cancelled);
          DINF_EXPECT(std::isfinite(result.loss) && allFinite(result.losses) && result.loss < start.loss, "loss %g after %g (%s)",
                      result.loss, start.loss, result.message.c_str());
          if (first.empty()) first = solver->parameters();
          DINF_EXPECT(allFinite(first) && sameBits(first, solver->parameters()), "parameters depend on the threads");
        }
      });
    }
  for (const Scaling scaling : {Scaling::columns, Scaling::shared, Scaling::none})
    for (const bool mlp : {false, true}) {
      testCase("L-BFGS lowers the loss, with the same bits for any threads, scaling " + std::to_string(static_cast<int>(scaling)) +
                   (mlp ? ", MLP" : ", linear decoder"),
               [&] {
        TermOptions options;
        options.nonlinear = options.scalar = true;
        options.order = 2;
        const ProblemSpec problem = makeProblem(
            2, {makeField(2, {4, 4}, 2, gaussian(3), Edge::extend, 2, 1, mlp ? std::vector<int>{5} : std::vector<int>{})},
            {pointSet(2, 70), tensorSet({17, 5}), boxSet({9, 7})}, options);
        std::vector<double> first;
        for (const int threads : {1, 2}) {
          const auto solver = makeSolver(problem, Precision::float64, threads);
          const double before = solver->loss();
          std::atomic<bool> cancelled{false};
          const SolveResult result = solver->run({lbfgsStage(6 * scale, 4, scaling)}, nullptr, cancelled);
          DINF_EXPECT(allFinite(result.losses) && result.loss < before && result.iterations <= 6 * scale, "loss %g after %g (%s)",
                      result.loss, before, result.message.c_str());
          if (first.empty()) first = solver->parameters();
          DINF_EXPECT(allFinite(first) && sameBits(first, solver->parameters()), "parameters depend on the threads");
          cancelled = true;
          DINF_EXPECT(solver->run({lbfgsStage(9)}, nullptr, cancelled).stopReason == StopReason::aborted, "it did not stop");
        }
      });
    }
  testCase("least squares solves a linear problem whatever the start", [] {
    TermOptions options;
    options.order = 1;
    const ProblemSpec problem =
        makeProblem(1, {makeField(1, {8}, 3, bspline(3), Edge::extend, 1, 1)}, {pointSet(1, 40)}, options);
    std::vector<double> first;
    for (int start = 0; start < 2; ++start) {
      const auto solver = makeSolver(problem, Precision::float64, 2);
      solver->setParameters(somePoint(*solver, 60 + start));
      std::atomic<bool> cancelled{false};
      const SolveResult result = solver->run({newtonStage(1, 300)}, nullptr, cancelled);
      std::vector<double> gradient;
      const double loss = solver->gradient(gradient);
      DINF_EXPECT(solver->folded() && norm(gradient) < 1e-8 * std::sqrt(loss), "gradient %g at loss %g (%s)", norm(gradient),
                  loss, nameOf(result.stopReason));
      if (first.empty()) first = solver->parameters();
      DINF_EXPECT(sameBits(first, solver->parameters()), "the answer depends on the start");
    }
  });
  testCase("which inner solver is taken, and why", [] {
    TermOptions options;
    const ProblemSpec problem = makeProblem(2, {makeField(2, {6, 7}, 1, bspline(3), Edge::extend, 1, 1)}, {pointSet(2, 400)}, options);
    const auto solve = [&](InnerKind inner, int64_t memory) {
      const auto solver = makeSolver(problem, Precision::float64, 2);
      StageSpec stage = newtonStage(1, 300);
      std::get<GaussNewtonStage>(stage.optimizer).inner = inner;
      std::get<GaussNewtonStage>(stage.optimizer).innerMemory = memory;
      std::atomic<bool> cancelled{false};
      return solver->run({stage}, nullptr, cancelled).inner;
    };
    const InnerReport free = solve(InnerKind::automatic, 0), tight = solve(InnerKind::automatic, 1), asked = solve(InnerKind::cgls, 0);
    DINF_EXPECT(free.kind == InnerKind::direct && free.factorisations == 1 && free.smallestPivot > 0, "%s: %s", nameOf(free.kind), free.reason.c_str());
    DINF_EXPECT(tight.kind == InnerKind::cgls && tight.reason.find("a factorisation needs") == 0, "%s: %s", nameOf(tight.kind), tight.reason.c_str());
    DINF_EXPECT(asked.kind == InnerKind::cgls && asked.reason == "it was asked for", "%s: %s", nameOf(asked.kind), asked.reason.c_str());
    expectFailure("a factorisation that does not fit", [&] { solve(InnerKind::direct, 1); });
  });
  testCase("an energy with a gradient of its own takes part in least squares", [] {
    TermOptions options;
    ProblemSpec problem =
        makeProblem(1, {makeField(1, {8}, 1, bspline(3), Edge::extend, 1, 1)}, {pointSet(1, 40), pointSet(1, 10, 3)}, options);
    Assembler value, gradient;
    const auto energy = [](Assembler& at) {  // 0.01 w u
      return at.mul(at.constant(0.01), at.mul(at.input(InputKind::weight), at.input(InputKind::jet, 0, 0, 0)));
    };
    value.sum(0, energy(value));
    gradient.sum(0, energy(gradient));
    gradient.store(0, gradient.mul(gradient.constant(0.01), gradient.input(InputKind::weight)));
    TermSpec& term = problem.terms[1];
    term.hasRows = false;
    term.jetSets[0] = JetSet::closed(1, 0);
    term.jets = {{0, 0, 0}};
    term.value = value.finish();
    term.gradient = gradient.finish();
    const auto solver = makeSolver(problem, Precision::float64, 2);
    std::atomic<bool> cancelled{false};
    const SolveResult result = solver->run({newtonStage(1, 200)}, nullptr, cancelled);
    std::vector<double> left;
    solver->gradient(left);
    DINF_EXPECT(result.stopReason != StopReason::diverged && norm(left) < 1e-7, "gradient %g", norm(left));
    problem.terms.erase(problem.terms.begin());
    const auto none = makeSolver(problem, Precision::float64, 1);
    expectFailure("least squares of an energy alone", [&] { none->run({newtonStage(1, 2)}, nullptr, cancelled); });
  });
}

inline void endings() {
  TermOptions options;
  options.nonlinear = true;
  const ProblemSpec problem =
      makeProblem(2, {makeField(2, {4, 4}, 1, gaussian(2), Edge::extend, 2, 1)}, {pointSet(2, 33)}, options);
  testCase("a cancelled run stops at once and keeps its parameters", [&] {
    for (const StageSpec& stage : {adamStage(1000000), newtonStage(1000, 1000000)}) {
      const auto solver = makeSolver(problem, Precision::float32, 2);
      std::atomic<bool> cancelled{false};
      int64_t seen = 0;
      const SolveResult result =
          solver->run({stage, adamStage(10)}, [&](const Progress&) { cancelled = ++seen >= 5; }, cancelled);
      DINF_EXPECT(result.stopReason == StopReason::aborted && result.iterations < 10, "stopped by %s after %lld", nameOf(result.stopReason),
                  static_cast<long long>(result.iterations));
      DINF_EXPECT(allFinite(solver->parameters()), "parameters are not finite");
    }
  });
  testCase("a diverging run says where and goes back", [&] {
    const auto solver = makeSolver(problem, Precision::float32, 2);
    std::atomic<bool> cancelled{false};
    const SolveResult result = solver->run({adamStage(500, 1e30), adamStage(5)}, nullptr, cancelled);
    DINF_EXPECT(result.stopReason == StopReason::diverged && result.message.find("term") != std::string::npos, "%s: %s",
                nameOf(result.stopReason), result.message.c_str());
    DINF_EXPECT(allFinite(solver->parameters()), "parameters are not finite");
    solver->setParameters(std::vector<double>(solver->parameterCount(), 1e30));
    const SolveResult worse = solver->run({newtonStage(2, 5)}, nullptr, cancelled);
    DINF_EXPECT(worse.stopReason != StopReason::tolerance, "solved the unsolvable");
  });
  testCase("no stages, no iterations", [&] {
    const auto solver = makeSolver(problem, Precision::float64, 1);
    std::atomic<bool> cancelled{false};
    const std::vector<double> before = solver->parameters();
    DINF_EXPECT(solver->run({}, nullptr, cancelled).iterations == 0, "iterations without stages");
    DINF_EXPECT(solver->run({adamStage(0)}, nullptr, cancelled).iterations == 0, "iterations of an empty stage");
    DINF_EXPECT(sameBits(before, solver->parameters()), "parameters moved");
    solver->run({newtonStage(1, 0)}, nullptr, cancelled);
    DINF_EXPECT(allFinite(solver->parameters()), "parameters are not finite");
  });
  testCase("a long run's history is thinned", [&] {
    if (report().quick) return;
    const ProblemSpec tiny = makeProblem(1, {makeField(1, {1}, 1, bspline(1), Edge::extend, 1, 1)}, {pointSet(1, 1)}, {});
    const auto solver = makeSolver(tiny, Precision::float32, 1);
    std::atomic<bool> cancelled{false};
    const SolveResult result = solver->run({adamStage(45000, 1e-6)}, nullptr, cancelled);
    DINF_EXPECT(result.losses.size() < 20000 && result.losses.size() > 5000 && result.lossIterations[1] == 4,
                "%zu kept, the second is %lld", result.losses.size(), static_cast<long long>(result.lossIterations[1]));
  });
  testCase("Jacobian products need a linearisation, and a run ends it", [&] {
    for (const bool folded : {false, true}) {
      const auto solver = makeSolver(problem, Precision::float64, 1);
      solver->setFolded(folded);
      const std::vector<double> direction(solver->parameterCount(), 1), rows(solver->rowCount(), 1);
      const auto all = [&] {
        expectFailure("tangent", [&] { solver->tangent(direction); });
        expectFailure("adjoint", [&] { solver->adjoint(rows); });
        expectFailure("columnSquares", [&] { solver->columnSquares(); });
      };
      all();
      solver->loss();
      all();
      solver->linearise();
      DINF_EXPECT(allFinite(solver->tangent(direction)), "tangent after linearise");
      std::atomic<bool> cancelled{false};
      solver->run({newtonStage(2, 3)}, nullptr, cancelled);
      const std::vector<double> resized(solver->parameterCount(), 1);
      expectFailure("tangent after a run", [&] { solver->tangent(resized); });
      expectFailure("adjoint after a run", [&] { solver->adjoint(rows); });
      solver->linearise();
      solver->adjoint(rows);
    }
  });
}

inline void solveCases() {
  tensorAgainstPoints();
  evaluations();
  draws();
  trainings();
  endings();
}

}  // namespace dinf::test
