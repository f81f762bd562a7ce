// What the CUDA backend does as a whole, alone and under whole solves: recordings, the log, several devices and host threads, and the
// limits: memory that ends at every allocation in turn, devices that are not there or are lost.
#include <atomic>
#include <thread>
#include "core/problem.h"
#include "machine.h"
#include "cuda/devices.h"
#include "op_tests.h"
#include "test/specs.h"

namespace dinf::op_tests {
namespace {

using test::makeField;
using test::makeProblem;

int64_t freeBytes() {
  size_t free = 0, total = 0;
  cuda::checkCuda(cudaSetDevice(0), "device");
  cuda::checkCuda(cudaMemGetInfo(&free, &total), "free memory");
  return static_cast<int64_t>(free);
}

Failure noFailure() {
  Failure none(ErrorCode::internal, "");
  none.code.clear();
  return none;
}
// The failure that `body` ends with; an empty code where it does not.
template <class F>
Failure failureOf(F body) {
  try {
    body();
  } catch (const Failure& failure) {
    return failure;
  }
  return noFailure();
}

void expectNoReport() {
  for (const std::string& report : cuda_emulation::reports()) DINF_EXPECT(false, "%s", report.c_str());
}

// As of a new process, with these devices.
void restart(int devices = 1, size_t memory = size_t{1} << 30, int driver = 13000) {
  expectNoReport();
  cuda_emulation::options().devices = devices;
  cuda_emulation::options().memory = memory;
  cuda_emulation::options().driverVersion = driver;
  cuda_emulation::restart();
}

ProblemSpec smallProblem(bool network = false, int outputs = 1) {
  test::TermOptions options;
  options.order = 2;
  const std::vector<int> hidden = network ? std::vector<int>{5} : std::vector<int>{};
  return makeProblem(2, {makeField(2, {12, 8}, 2, test::gaussian(2), Edge::extend, 2, outputs, hidden)},
                     {test::boxSet({17, 10}), test::pointSet(2, 33)}, options);
}
DeviceSpec onCuda(int index = 0, int64_t memoryLimit = 0) { return {DriverKind::cuda, index, memoryLimit, 1}; }
const std::atomic<bool> kGoOn{false};

StageSpec adamStage(int64_t iterations) {
  AdamStage options;
  options.learningRate = 1e-2;
  StageSpec stage;
  stage.iterations = iterations;
  stage.optimizer = options;
  return stage;
}
StageSpec leastSquaresStage() {
  StageSpec stage;
  stage.iterations = 4;
  stage.optimizer = GaussNewtonStage();
  return stage;
}

// --- recordings and the log

template <class Real>
struct Trained {
  std::vector<Real> parameters;
  std::vector<double> losses;
  bool operator==(const Trained& other) const { return parameters == other.parameters && losses == other.losses; }
};

// Ten steps of Adam on the encoder alone, a new draw each: called one by one, or recorded and played.
template <class Real>
Trained<Real> train(bool recorded, int64_t& launches) {
  const auto be = makeCudaBackend<Real>(0, 0);
  GridShape grid;
  grid.dims = 2;
  grid.cells[0] = 12, grid.cells[1] = 8;
  grid.levels = 2;
  SampleSetSpec spec = test::boxSet({17, 10});
  const int cells[kMaxDims] = {12, 8, 1};
  SampleSet set(spec, cells, SampleOrder::cells);
  const JetSet jets = JetSet::closed(2, 1);
  const Tile tile = set.whole();
  const int64_t n = grid.packedSize(1), planes = jets.count * tile.size;
  const auto binding = be->bind(grid, set, jets, 1, ChannelMap::sumLevels);
  Real *parameters = be->allocate(n), *gradient = be->allocate(n), *first = be->allocate(n), *second = be->allocate(n), *best = be->allocate(n), *out = be->allocate(planes);
  Random random(9);
  be->upload(parameters, randomVector<Real>(random, n).data(), n);
  constexpr int kLoss = kStageSlots;
  const AdamSettings settings{1e-2, 0, 0.9, 0.999, 1e-8, 50};
  const auto body = [&] {
    be->draw(set, 5, 0, AdamSlots::iteration, nullptr);
    be->encode(*binding, tile, parameters, out);
    be->dot(out, out, planes, kLoss + 1);
    be->encodeAdjointBegin(*binding, gradient, false);
    be->encodeAdjoint(*binding, tile, out, 0);
    be->encodeAdjointEnd(*binding);
    be->adamAdvance(settings, kLoss, 1, 1);
    be->adam({parameters, gradient, first, second, best}, n, settings);
  };
  const auto before = cuda_emulation::statistics().launches;
  {
    const auto recording = be->record(body);
    for (int i = 0; i < 10; ++i) {
      if (recorded) recording->play();
      else body();
    }
    DINF_EXPECT(be->waitFor(10) == 10, "10 lines were published");
  }
  launches = static_cast<int64_t>(cuda_emulation::statistics().launches - before);
  Trained<Real> result{std::vector<Real>(static_cast<size_t>(n)), {}};
  be->download(result.parameters.data(), parameters, n);
  for (int i = 0; i < 10; ++i) result.losses.push_back(be->line(i)[0]);
  for (Real* buffer : {parameters, gradient, first, second, best, out}) be->release(buffer);
  return result;
}

template <class Real>
void recordingCases() {
  testCase(std::string("recorded iterations are those called one by one, ") + kName<Real>, [] {
    for (const bool deferred : {false, true}) {
      cuda_emulation::options().deferred = deferred;
      int64_t eager = 0, played = 0;
      const Trained<Real> expected = train<Real>(false, eager), actual = train<Real>(true, played);
      DINF_EXPECT(actual == expected, "a recording gives other bits");
      DINF_EXPECT(eager == played, "%lld kernels in place of %lld", static_cast<long long>(played), static_cast<long long>(eager));
      DINF_EXPECT(expected.losses.front() > expected.losses.back() && expected.losses.back() > 0, "nothing was learnt");
    }
    cuda_emulation::options().deferred = false;
  });
}

// Launches are gaps of a microsecond or two each: an iteration has no node that another could do the work of. Samples that are a tensor
// product are encoded in two passes, for one node and a tenth of the time.
void nodeCases() {
  const auto nodesOf = [](const ProblemSpec& spec, const StageSpec& stage) {
    const auto solver = makeSolver(spec, Precision::float32, onCuda());
    cuda_emulation::statistics().graphNodes = 0;
    solver->run({stage}, nullptr, kGoOn);
    return static_cast<int>(cuda_emulation::statistics().graphNodes);
  };
  // The paper's setting, small: draws of a lattice, six levels of three rings, two features, first derivatives.
  SampleSetSpec lattice = test::tensorSet({64, 64});
  const FieldSpec field = makeField(2, {64, 64}, 6, test::gaussian(3), Edge::extend, 2, 1);
  test::TermOptions first;
  testCase("nodes of an iteration of conjugate gradients", [&] {
    const int nodes = nodesOf(makeProblem(2, {field}, {lattice}, first), leastSquaresStage());
    std::printf("nodes of an iteration of conjugate gradients: %d\n", nodes);
    DINF_EXPECT(nodes > 0 && nodes <= 11, "%d nodes, at most 11", nodes);
  });
  testCase("nodes of an iteration of Adam", [&] {
    lattice.draws = 64 * 64;
    lattice.redraw = true;
    const int nodes = nodesOf(makeProblem(2, {field}, {lattice}, first), adamStage(4));
    std::printf("nodes of an iteration of Adam: %d\n", nodes);
    DINF_EXPECT(nodes > 0 && nodes <= 10, "%d nodes, at most 10", nodes);
  });
}

void logCases() {
  testCase("the log: more lines than it keeps, and none that never come", [] {
    const auto be = makeCudaBackend<double>(0, 0);
    constexpr int kLines = Backend<double>::kLogLines;
    for (int i = 0; i < kLines + 44; ++i) {
      be->setSlot(30, i);
      be->setSlot(31, -i);
      be->publish(30, 2);
    }
    DINF_EXPECT(be->waitFor(kLines + 44) == kLines + 44, "lines are missing");
    for (int i = 44; i < kLines + 44; ++i) DINF_EXPECT(be->line(i)[0] == i && be->line(i)[1] == -i, "line %d is another", i);
    DINF_EXPECT(failureOf([&] { be->waitFor(kLines + 45); }).code == "INTERNAL", "waited for a line that nobody publishes");
  });
  testCase("a recording that outlives its backend plays no more", [] {
    const int64_t before = freeBytes();
    auto be = makeCudaBackend<float>(0, 0);
    float* x = be->allocate(1000);
    auto recording = be->record([&] { be->fill(x, 1, 1000); });
    recording->play();
    recording->play();
    be.reset();
    DINF_EXPECT(failureOf([&] { recording->play(); }).code == "INTERNAL", "played");
    recording.reset();
    DINF_EXPECT(freeBytes() == before, "memory is gone");
  });
}

// --- devices

std::vector<double> solved(Precision precision, int device) {
  const auto solver = makeSolver(smallProblem(), precision, onCuda(device));
  solver->run({adamStage(12), leastSquaresStage()}, nullptr, kGoOn);
  return solver->parameters();
}

void deviceCases() {
  testCase("solves on two devices and two host threads", [] {
    restart(2);
    const std::vector<double> single = solved(Precision::float32, 0), twice = solved(Precision::float64, 1);
    std::vector<double> results[4];
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&results, i] { results[i] = solved(i < 2 ? Precision::float32 : Precision::float64, i % 2); });
    for (std::thread& thread : threads) thread.join();
    for (int i = 0; i < 4; ++i) DINF_EXPECT(test::sameBits(results[i], i < 2 ? single : twice), "solve %d differs", i);
    restart();
  });
  testCase("devices that are not there", [] {
    for (const int index : {-1, 1, 7}) {
      const Failure failure = failureOf([&] { makeCudaBackend<float>(index, 0); });
      DINF_EXPECT(failure.code == "NO_SUCH_DEVICE", "cuda:%d: %s", index, failure.code.c_str());
      DINF_EXPECT(std::string(failure.what()).find("cuda:" + std::to_string(index)) != std::string::npos, "%s", failure.what());
    }
    restart(0);
    DINF_EXPECT(failureOf([] { makeCudaBackend<float>(0, 0); }).code == "NO_SUCH_DEVICE", "no device at all");
    restart(1, size_t{1} << 30, 0);
    DINF_EXPECT(failureOf([] { makeCudaBackend<float>(0, 0); }).code == "NO_SUCH_DEVICE", "no driver");
    restart();
  });
  testCase("a device lost under a solve", [] {
    restart(2);
    {
      DeviceSpec second = onCuda();
      second.index = 1;
      const auto solver = makeSolver(smallProblem(), Precision::float32, second);
      const Failure failure = failureOf([&] {
        solver->run({adamStage(200)}, [](const Progress& progress) { if (progress.iteration == 50) cuda_emulation::loseDevice(1); }, kGoOn);
      });
      DINF_EXPECT(failure.code == "DEVICE_LOST", "%s: %s", failure.code.c_str(), failure.what());
      DINF_EXPECT(std::string(failure.what()).find("cuda:1 has failed") != std::string::npos, "%s", failure.what());
      DINF_EXPECT(failureOf([&] { solver->parameters(); }).code == "DEVICE_LOST", "a lost device answers");
      DINF_EXPECT(failureOf([&] { solver->setFolded(true); }).code != "", "a lost device folds");
      DINF_EXPECT(failureOf([&] { solver->loss(); }).code != "", "a solver without a problem answers");
    }
    expectNoReport();
    DINF_EXPECT(cudaLost(1) && !cudaLost(0), "which device is lost");
    DINF_EXPECT(failureOf([] { makeCudaBackend<float>(1, 0); }).code == "DEVICE_LOST", "a lost device is taken again");
    DINF_EXPECT(solved(Precision::float32, 0).size() > 0, "the other device goes on");
    cuda_emulation::forgive();
    restart();
  });
}

// --- memory

struct Step {
  const char* name;
  std::function<void(SolverBase&)> run;
};
std::vector<Step> steps(const ProblemSpec& spec) {
  std::vector<Step> all;
  all.push_back({"loss", [](SolverBase& solver) { solver.loss(); }});
  all.push_back({"evaluate", [&spec](SolverBase& solver) { solver.evaluate(test::evaluateJets(spec, test::pointSet(2, 300), 2)); }});
  all.push_back({"adam", [](SolverBase& solver) { solver.run({adamStage(3)}, nullptr, kGoOn); }});
  all.push_back({"gradient", [](SolverBase& solver) {
                   std::vector<double> gradient;
                   solver.gradient(gradient);
                 }});
  if (spec.fields[0].decoder == DecoderKind::linear)
    all.push_back({"least squares", [](SolverBase& solver) { solver.run({leastSquaresStage()}, nullptr, kGoOn); }});
  all.push_back({"columnSquares", [](SolverBase& solver) {
                   solver.linearise();
                   solver.columnSquares();
                 }});
  return all;
}

// The numbers after these words in a message; -1: they are not there.
int64_t numberAfter(const std::string& text, const std::string& words) {
  const size_t at = text.find(words);
  return at == std::string::npos ? -1 : std::strtoll(text.c_str() + at + words.size(), nullptr, 10);
}

// A whole solver's life under a limit: the failure it meets. What fails is tried again, and must fail alike.
Failure liveUnder(const ProblemSpec& spec, const DeviceSpec& device) {
  std::unique_ptr<SolverBase> solver;
  Failure failure = failureOf([&] { solver = makeSolver(spec, Precision::float32, device); });
  if (!failure.code.empty()) return failure;
  for (const Step& step : steps(spec)) {
    failure = failureOf([&] { step.run(*solver); });
    if (failure.code.empty()) continue;
    const int64_t left = freeBytes();
    const Failure again = failureOf([&] { step.run(*solver); });
    DINF_EXPECT(again.code == "OUT_OF_MEMORY", "%s, tried again: %s", step.name, again.what());
    // Vectors that lie elsewhere make another table of addresses, which stays for a while: 512 bytes with its red zone.
    DINF_EXPECT(freeBytes() >= left - 2 * 512, "%s, tried again, takes %lld bytes more", step.name, static_cast<long long>(left - freeBytes()));
    return failure;
  }
  return noFailure();
}

void memoryCases() {
  for (const bool network : {false, true})
    testCase(std::string("memory that ends at every allocation in turn, ") + (network ? "MLP" : "linear decoder"), [&] {
      restart();
      const ProblemSpec spec = smallProblem(network, network ? 1 : 3);
      const int64_t before = freeBytes();
      int failures = 0;
      for (int64_t limit = 1; failures < 1000; ++failures) {
        const Failure failure = liveUnder(spec, onCuda(0, limit));
        DINF_EXPECT(freeBytes() == before, "under %lld bytes %lld stay taken", static_cast<long long>(limit),
                    static_cast<long long>(before - freeBytes()));
        if (failure.code.empty()) break;
        const std::string text = failure.what();
        const int64_t wanted = numberAfter(text, "cannot give "), held = numberAfter(text, "holds "), free = numberAfter(text, "free are ");
        DINF_EXPECT(failure.code == "OUT_OF_MEMORY" && wanted > 0 && held >= 0 && held + free == limit && wanted > free, "%s: %s",
                    failure.code.c_str(), text.c_str());
        if (failure.code != "OUT_OF_MEMORY" || held + wanted <= limit) break;
        limit = held + wanted;  // just enough for that one
      }
      DINF_EXPECT(failures > 30 && failures < 1000, "%d allocations", failures);
    });
  testCase("a device of little memory", [] {
    const ProblemSpec spec = smallProblem();
    for (int kilobytes = 16; kilobytes < 1024; kilobytes = kilobytes * 5 / 4) {
      restart(1, static_cast<size_t>(kilobytes) << 10);
      const int64_t before = freeBytes();
      const Failure failure = liveUnder(spec, onCuda());
      DINF_EXPECT(freeBytes() == before, "%lld bytes stay taken", static_cast<long long>(before - freeBytes()));
      if (failure.code.empty()) {
        DINF_EXPECT(kilobytes > 100, "a solver in %d KB", kilobytes);
        break;
      }
      const int64_t wanted = numberAfter(failure.what(), "cannot give "), free = numberAfter(failure.what(), "free are ");
      DINF_EXPECT(failure.code == "OUT_OF_MEMORY" && wanted > 0 && free >= 0 && free <= kilobytes * 1024 && wanted > free, "%s", failure.what());
    }
    restart();
  });
  testCase("planes that do not fit where their factors did leave the solver as it was", [] {
    test::TermOptions options;
    const ProblemSpec spec = makeProblem(2, {makeField(2, {60, 40}, 1, test::gaussian(2), Edge::extend, 1, 8)}, {test::boxSet({4, 4})}, options);
    const int64_t before = freeBytes();
    // The least memory for the factors.
    int64_t limit = 1;
    for (Failure failure(ErrorCode::internal, ""); !failure.code.empty();) {
      failure = failureOf([&] { makeSolver(spec, Precision::float64, onCuda(0, limit))->loss(); });
      if (!failure.code.empty()) limit = numberAfter(failure.what(), "holds ") + numberAfter(failure.what(), "cannot give ");
    }
    {
      const auto solver = makeSolver(spec, Precision::float64, onCuda(0, limit));
      const std::vector<double> parameters = solver->parameters();
      const double loss = solver->loss();
      DINF_EXPECT(failureOf([&] { solver->setFolded(true); }).code == "OUT_OF_MEMORY", "eight planes in the room of one");
      DINF_EXPECT(!solver->folded() && test::sameBits(solver->parameters(), parameters) && solver->loss() == loss, "the solver is another");
    }
    DINF_EXPECT(freeBytes() == before, "%lld bytes stay taken", static_cast<long long>(before - freeBytes()));
  });
  testCase("a solve that its listener ends by throwing", [] {
    const int64_t before = freeBytes();
    {
      const auto solver = makeSolver(smallProblem(), Precision::float32, onCuda());
      solver->run({adamStage(3)}, nullptr, kGoOn);
      const int64_t held = freeBytes();
      const Failure failure = failureOf([&] {
        solver->run({adamStage(100)}, [](const Progress& progress) { check(progress.iteration < 20, ErrorCode::disposed, "enough"); }, kGoOn);
      });
      DINF_EXPECT(failure.code == "DISPOSED", "%s", failure.what());
      solver->run({adamStage(3)}, nullptr, kGoOn);
      DINF_EXPECT(freeBytes() == held, "%lld bytes stay taken", static_cast<long long>(held - freeBytes()));
    }
    DINF_EXPECT(freeBytes() == before, "%lld bytes stay taken", static_cast<long long>(before - freeBytes()));
  });
}

// Every program has tables of its own on the device; those of the past must not fill it, nor may those in use go.
void manyProgramsCase() {
  testCase("a thousand programs", [] {
    const ProblemSpec spec = smallProblem();
    const auto solver = makeSolver(spec, Precision::float64, onCuda());
    std::vector<double> gradient, again;
    solver->gradient(gradient);
    int64_t least = 0;
    for (int i = 0; i < 1000; ++i) {
      EvaluationSpec evaluation;
      evaluation.samples = test::pointSet(2, 16);
      evaluation.jetSets = {JetSet::closed(2, 0)};
      test::Assembler at;
      test::Operand sum = at.input(InputKind::jet, 0, 0, 0);
      for (int k = 0; k <= i % 37; ++k) sum = at.add(at.op(Op::sub, sum, sum), at.constant(i + k * 1e-3));
      at.store(0, sum);
      evaluation.program = at.finish();
      const std::vector<double> values = solver->evaluate(evaluation);
      DINF_EXPECT(values.size() == 16 && values[0] == i + i % 37 * 1e-3 && values[15] == values[0], "program %d gives %g", i, values[0]);
      if (i == 499) least = freeBytes();
      DINF_EXPECT(i < 500 || freeBytes() >= least - 256 * 4096, "after %d programs %lld bytes more are taken", i,
                  static_cast<long long>(least - freeBytes()));
    }
    solver->gradient(again);
    DINF_EXPECT(test::sameBits(gradient, again), "the gradient is another");
  });
}

// A recording's tables stay while it lives, however many others come, and no longer.
void manyRecordingsCase() {
  testCase("a thousand recordings", [] {
    const auto be = makeCudaBackend<double>(0, 0);
    const int cells[kMaxDims] = {4, 1, 1};
    const SampleSet set(test::boxSet({16}), cells, SampleOrder::cells);
    double* out = be->allocate(16);
    const auto programOf = [](int number) {
      test::Assembler at;
      at.store(0, at.add(at.constant(number), at.constant(number + 0.5)));
      return at.finish();
    };
    const auto run = [&](const Program& program) {
      ProgramCall<double> call;
      call.program = &program;
      call.stores = {{InputPlane<double>::tile, out}};
      be->run(call, set.whole());
    };
    const auto expectValue = [&](int number) {
      double values[16];
      be->download(values, out, 16);
      DINF_EXPECT(values[0] == 2 * number + 0.5 && values[15] == values[0], "program %d gives %g", number, values[0]);
    };
    const Program lasting = programOf(5000);
    int64_t middle = 0;
    for (int round = 0; round < 2; ++round) {
      const auto kept = be->record([&] { run(lasting); });
      kept->play();
      kept->play();
      for (int i = 0; i < 500; ++i) {
        const Program program = programOf(round * 500 + i);
        if (round == 0) {
          run(program);
        } else {
          const auto recording = be->record([&] { run(program); });
          recording->play();
          recording->play();
        }
        expectValue(round * 500 + i);
      }
      kept->play();
      expectValue(5000);
    }
    // Of the second round every table was a recording's, under one that stayed: they go now.
    for (int i = 0; i < 1000; ++i) {
      const Program program = programOf(2000 + i);
      const auto recording = be->record([&] { run(program); });
      recording->play();
      recording->play();
      expectValue(2000 + i);
      if (i == 299) middle = freeBytes();
    }
    DINF_EXPECT(freeBytes() >= middle - 128 * 512, "%lld bytes more are taken", static_cast<long long>(middle - freeBytes()));
    be->release(out);
  });
}

void cases() {
  recordingCases<float>();
  recordingCases<double>();
  nodeCases();
  logCases();
  deviceCases();
  memoryCases();
  manyProgramsCase();
  manyRecordingsCase();
  testCase("no report of the device", [] {
    expectNoReport();
    DINF_EXPECT(cuda_emulation::statistics().floatAtomics == 0, "atomics of floating-point numbers");
  });
}

}  // namespace
}  // namespace dinf::op_tests

int main(int argc, char** argv) { return dinf::op_tests::finish(argc, argv, dinf::op_tests::cases); }
