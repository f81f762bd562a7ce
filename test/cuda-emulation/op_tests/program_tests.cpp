// The program kernel: every opcode on special values against the standard library, random programs against the CPU backend.
#include <thread>
#include "op_tests.h"

namespace dinf::op_tests {
namespace {

template <class Real>
using Plane = InputPlane<Real>;

// One operand word after another.
struct Assembler {
  Program program;
  void add(Op op, int destination, int a, int b = 0, int c = 0) {
    for (const int word : {static_cast<int>(op), destination, a, b, c}) program.code.push_back(static_cast<uint16_t>(word));
  }
};

// What the opcodes mean, written out (math/opcodes.h).
template <class Real>
Real meaning(Op op, Real a, Real b, Real c) {
  switch (op) {
    case Op::add: return a + b;
    case Op::sub: return a - b;
    case Op::mul: return a * b;
    case Op::div: return a / b;
    case Op::neg: return -a;
    case Op::abs: return a < 0 ? -a : a;
    case Op::sign: return a > 0 ? Real(1) : a < 0 ? Real(-1) : Real(0);
    case Op::sqrt: return std::sqrt(a);
    case Op::exp: return std::exp(a);
    case Op::log: return std::log(a);
    case Op::sin: return std::sin(a);
    case Op::cos: return std::cos(a);
    case Op::tan: return std::tan(a);
    case Op::asin: return std::asin(a);
    case Op::acos: return std::acos(a);
    case Op::atan: return std::atan(a);
    case Op::sinh: return std::sinh(a);
    case Op::cosh: return std::cosh(a);
    case Op::tanh: return std::tanh(a);
    case Op::pow: return std::pow(a, b);
    case Op::atan2: return std::atan2(a, b);
    case Op::min: return b < a ? b : a;
    case Op::max: return b > a ? b : a;
    case Op::lt: return a < b ? Real(1) : Real(0);
    case Op::le: return a <= b ? Real(1) : Real(0);
    case Op::eq: return a == b ? Real(1) : Real(0);
    case Op::where: return a != 0 ? b : c;
    case Op::mul0: return a == 0 ? Real(0) : a * b;
    case Op::hypot: return std::hypot(a, b);
    default: return b == 0 ? Real(0) : a / b;  // div0
  }
}

template <class Real>
void opcodeCases() {
  using Limits = std::numeric_limits<Real>;
  const std::vector<Real> special = {Real(0),
                                     Real(-0.0),
                                     Real(1),
                                     Real(-1),
                                     Real(0.5),
                                     Real(-0.5),
                                     Real(2),
                                     Real(-3),
                                     Real(1e-3),
                                     Real(1e5),
                                     Real(-12345),
                                     Limits::max(),
                                     Limits::lowest(),
                                     Limits::min(),
                                     Limits::denorm_min(),
                                     Limits::infinity(),
                                     -Limits::infinity(),
                                     Limits::quiet_NaN(),
                                     Real(3.14159265358979),
                                     Real(80)};
  std::vector<Real> a, b, c;
  for (const Real x : special)
    for (const Real y : special) a.push_back(x), b.push_back(y), c.push_back(x + 1);
  DINF_EXPECT(a.size() % kLanes == 0, "whole groups");
  const auto count = static_cast<int64_t>(a.size());
  for (int number = 0; number < static_cast<int>(Op::store); ++number)
    testCase(std::string("opcode ") + std::to_string(number) + ' ' + kName<Real>, [&] {
      const Op op = static_cast<Op>(number);
      Assembler text;
      text.program.registers = 1, text.program.stores = 1;
      text.program.inputs.resize(3);
      text.add(op, 0, 1, 2, 3);
      text.add(Op::store, 0, 0);
      const auto actual = inEveryOrder<Real>([&](Context& context) {
        const Device<Real> x(context, a), y(context, b), z(context, c), out(context, std::vector<Real>(a.size(), Real(5)));
        ProgramCall<Real> call;
        call.program = &text.program;
        call.inputs = {{Plane<Real>::tile, x.data()}, {Plane<Real>::set, y.data()}, {Plane<Real>::tile, z.data()}};
        call.stores = {{Plane<Real>::tile, out.data()}};
        cuda::runProgram(context, call, 0, count);
        return out.read();
      });
      std::vector<Real> expected;
      for (size_t i = 0; i < a.size(); ++i) {
        expected.push_back(meaning(op, a[i], b[i], c[i]));
        // nvcc's may be off by its last bit, and that of the largest number is infinity.
        const bool overflows = op == Op::hypot && std::isinf(actual[i]) && expected[i] == Limits::max();
        if (overflows) expected[i] = actual[i];
      }
      expectClose("opcode", actual, expected, expected, kTolerance<Real> / 10);
      if (number <= static_cast<int>(Op::sign) || op == Op::min || op == Op::max || op == Op::where)
        for (size_t i = 0; i < a.size(); ++i)
          DINF_EXPECT(std::isnan(expected[i]) || std::signbit(actual[i]) == std::signbit(expected[i]), "sign of value %zu", i);
    });
}

// A random program: `registers` all of which are alive at once, `length` instructions in all of them, then stores and sums of
// some.
struct Shape {
  int registers, length, inputs, stores, sums;
};
Program randomProgram(const Shape& shape, Random& random) {
  Assembler text;
  Program& program = text.program;
  program.registers = shape.registers, program.stores = shape.stores, program.sums = shape.sums;
  program.constants = {0.5, -1.25, 3};
  program.inputs.resize(static_cast<size_t>(shape.inputs));
  const auto below = [&](int n) { return std::min(n - 1, static_cast<int>((random.next() + 1) / 2 * n)); };
  const int operands = shape.registers + 3 + shape.inputs;
  for (int r = 0; r < shape.registers; ++r)
    text.add(Op::mul, r, shape.registers + 3 + r % std::max(1, shape.inputs), shape.registers + below(3));
  constexpr Op kTame[] = {Op::add, Op::sub, Op::min,  Op::max,  Op::where, Op::lt,
                          Op::neg, Op::abs, Op::sign, Op::mul0, Op::eq,     Op::le};
  for (int i = 0; i < shape.length; ++i) {
    const int to = below(shape.registers);
    text.add(kTame[below(12)], to, below(operands), below(operands), below(operands));
    if (i % 3 == 0) text.add(Op::sin, below(shape.registers), to);  // keeps values of order 1
  }
  // Every register is read at the end, so that none is dropped.
  for (int r = 1; r < shape.registers; ++r) {
    text.add(Op::add, 0, 0, r);
    text.add(Op::mul, 0, 0, shape.registers);
  }
  for (int k = 0; k < shape.stores; ++k) text.add(Op::store, k, k == 0 ? 0 : below(operands));
  for (int k = 0; k < shape.sums; ++k) text.add(Op::sum, k, k == 0 ? 0 : below(operands));
  return program;
}

// The planes of a call as vectors: on the CPU in place, on the device copied.
template <class Real>
void compare(const Program& program, int64_t begin, int64_t count, bool wantStores, bool wantSums) {
  Random random(static_cast<uint64_t>(count + 3));
  const int64_t whole = begin + count + kLanes;
  std::vector<std::vector<Real>> inputs, stores;
  std::vector<typename Plane<Real>::Scope> inputScope, storeScope;
  for (size_t i = 0; i < program.inputs.size(); ++i) {
    inputScope.push_back(i % 5 == 4 ? Plane<Real>::broadcast : i % 2 ? Plane<Real>::set : Plane<Real>::tile);
    inputs.push_back(randomVector<Real>(random, i % 5 == 4 ? 1 : whole, 2));
  }
  for (int k = 0; k < program.stores; ++k) {
    storeScope.push_back(k % 2 ? Plane<Real>::set : Plane<Real>::tile);
    stores.emplace_back(static_cast<size_t>(whole), Real(9));
  }
  const auto isWanted = [&](size_t k) { return wantStores && k % 7 != 6; };
  const auto slotOf = [](int k) { return 40 + 3 * k; };

  ProgramCall<Real> call;
  call.program = &program;
  auto cpu = makeCpuBackend<Real>(1);
  cpu->reserveSlots(2000);
  auto expectedStores = stores;
  for (size_t i = 0; i < inputs.size(); ++i) call.inputs.push_back({inputScope[i], inputs[i].data()});
  for (size_t k = 0; k < stores.size(); ++k)
    call.stores.push_back({storeScope[k], isWanted(k) ? expectedStores[k].data() : nullptr});
  for (int k = 0; wantSums && k < program.sums + 1; ++k) call.sums.push_back(slotOf(k));  // one more than the program has
  for (int k = 0; k <= program.sums; ++k) cpu->setSlot(slotOf(k), k + 0.5);
  Tile tile;
  tile.size = count;
  if (count > 0) tile.segments = {{begin, begin + count, 0, 0}};
  cpu->run(call, tile);
  std::vector<double> expected, scale;
  for (const auto& store : expectedStores)
    for (const Real value : store)
      expected.push_back(static_cast<double>(value)), scale.push_back(1 + std::abs(static_cast<double>(value)));
  for (int k = 0; k <= program.sums; ++k)
    expected.push_back(cpu->slot(slotOf(k))), scale.push_back(static_cast<double>(k + 1) + 0.5 * static_cast<double>(count));

  const auto actual = inEveryOrder<double>([&](Context& context) {
    std::vector<Device<Real>> in, out;
    for (const auto& input : inputs) in.emplace_back(context, input);
    for (const auto& store : stores) out.emplace_back(context, store);
    ProgramCall<Real> onDevice = call;
    for (size_t i = 0; i < in.size(); ++i) onDevice.inputs[i].data = in[i].data();
    for (size_t k = 0; k < out.size(); ++k)
      if (onDevice.stores[k].data) onDevice.stores[k].data = out[k].data();
    for (int k = 0; k <= program.sums; ++k) cuda::setSlot(context, slotOf(k), k + 0.5);
    cuda::runProgram(context, onDevice, begin, count);
    std::vector<double> values;
    for (const Device<Real>& store : out)
      for (const Real value : store.read()) values.push_back(static_cast<double>(value));
    for (int k = 0; k <= program.sums; ++k) values.push_back(readSlot(context, slotOf(k)));
    return values;
  });
  char name[96];
  std::snprintf(name, sizeof name, "%d registers, %lld samples from %lld", program.registers, static_cast<long long>(count),
                static_cast<long long>(begin));
  expectClose(name, actual, expected, scale, kTolerance<Real>);
}

template <class Real>
void programCases() {
  const std::string type = std::string(" ") + kName<Real>;
  const bool races = cuda_emulation::instrumented();
  testCase("counts and tiles" + type, [] {
    Random random(1);
    const Program program = randomProgram({3, 20, 6, 4, 2}, random);
    for (const int64_t count : {0, 16, 32, 48, 256, 272, 10000})
      for (const int64_t begin : {0, 16, 160}) compare<Real>(program, begin, count, true, true);
  });
  testCase("blocks that walk on" + type, [&] {
    Random random(2);
    const Program program = randomProgram({2, 4, 3, 1, 2}, random);
    compare<Real>(program, 0, (races ? 100 : 600) * 1024 + 16, true, true);
  });
  testCase("only sums, only stores, neither, nothing" + type, [] {
    Random random(3);
    const Program program = randomProgram({5, 20, 6, 4, 3}, random);
    compare<Real>(program, 32, 1008, false, true);
    compare<Real>(program, 32, 1008, true, false);
    compare<Real>(program, 32, 1008, false, false);
    Random again(4);
    compare<Real>(randomProgram({5, 20, 6, 4, 0}, again), 0, 1008, true, true);
    compare<Real>(randomProgram({5, 20, 6, 0, 4}, again), 0, 1008, true, true);
    compare<Real>(Program{}, 0, 1008, true, true);
  });
  for (const int registers : {25, 60, 300, 500})
    testCase(std::to_string(registers) + " registers, several hundred planes and sums" + type, [&] {
      Random random(static_cast<uint64_t>(registers));
      const Program program =
          randomProgram({registers, registers, 300, registers == 60 ? 300 : 20, registers == 60 ? 300 : 5}, random);
      compare<Real>(program, 16, registers > 400 ? 20000 * 16 / (races ? 40 : 4) : 1008, true, true);
    });
  // Columns of 16 bytes a thread: some fill 48 KB exactly, some all that a block of a T4, an Ada, an A100 and an H100 may have, and what
  // the kernel holds statically comes on top.
  for (const int registers : {24, 48, 96, 127, 128, 129, 198, 199, 326, 327, 454, 455})
    testCase("columns that fill a block's shared memory: " + std::to_string(registers) + type, [&] {
      Random random(static_cast<uint64_t>(registers));
      compare<Real>(randomProgram({registers, 4, 6, 1, 2}, random), 0, 1024, true, true);
    });
  // What one launch may have of a block's shared memory is the function's business, not the launch's: programs of other sizes beside it, some
  // while they are being captured, must not take it away.
  testCase("programs of different sizes side by side" + type, [] {
    const auto outputOf = [](int registers, int turns) {
      Random random(static_cast<uint64_t>(registers));
      const Program program = randomProgram({registers, 4, 6, 1, 0}, random);
      Context context(0, 0);
      std::vector<Device<Real>> in;
      for (int i = 0; i < 6; ++i) in.emplace_back(context, randomVector<Real>(random, 1024));
      const Device<Real> out(context, std::vector<Real>(1024, Real(0)));
      ProgramCall<Real> call;
      call.program = &program;
      for (const Device<Real>& plane : in) call.inputs.push_back({Plane<Real>::tile, plane.data()});
      call.stores = {{Plane<Real>::tile, out.data()}};
      for (int turn = 0; turn < turns; ++turn) {
        if (turn % 2 == 0) {
          cuda::runProgram(context, call, 0, 1024);
          continue;
        }
        cudaGraph_t graph;
        cudaGraphExec_t executable;
        cuda::checkCuda(cudaStreamBeginCapture(context.stream(), cudaStreamCaptureModeRelaxed), "capture");
        cuda::runProgram(context, call, 0, 1024);
        cuda::checkCuda(cudaStreamEndCapture(context.stream(), &graph), "capture");
        cuda::checkCuda(cudaGraphInstantiate(&executable, graph, 0), "graph");
        cuda::checkCuda(cudaGraphLaunch(executable, context.stream()), "graph");
        context.synchronize();
        cudaGraphExecDestroy(executable), cudaGraphDestroy(graph);
      }
      return out.read();
    };
    const int sizes[] = {127, 199, 300, 455};
    std::vector<Real> alone[4], beside[4];
    for (int i = 0; i < 4; ++i) alone[i] = outputOf(sizes[i], 1);
    std::string failures[4];
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&, i] {
        try {
          beside[i] = outputOf(sizes[i], 12);
        } catch (const std::exception& failure) {
          failures[i] = failure.what();
        }
      });
    for (std::thread& thread : threads) thread.join();
    for (int i = 0; i < 4; ++i) {
      DINF_EXPECT(failures[i].empty(), "%d registers: %s", sizes[i], failures[i].c_str());
      DINF_EXPECT(beside[i] == alone[i], "%d registers give other values beside others", sizes[i]);
    }
  });
  testCase("a captured program is replayed" + type, [] {
    Random random(6);
    const Program program = randomProgram({30, 60, 8, 1, 2}, random);
    const int64_t count = 4096;
    inEveryOrder<double>([&](Context& context) {
      std::vector<Device<Real>> in;
      for (int i = 0; i < 8; ++i) in.emplace_back(context, randomVector<Real>(random = Random(static_cast<uint64_t>(i)), count));
      const Device<Real> out(context, std::vector<Real>(static_cast<size_t>(count), Real(0)));
      ProgramCall<Real> call;
      call.program = &program;
      for (const Device<Real>& plane : in) call.inputs.push_back({Plane<Real>::tile, plane.data()});
      call.stores = {{Plane<Real>::tile, out.data()}};
      call.sums = {50, 51};
      cuda::clearSlots(context, 50, 2);
      cuda::runProgram(context, call, 0, count);
      const double once = readSlot(context, 50);
      cudaGraph_t graph;
      cudaGraphExec_t executable;
      cuda::checkCuda(cudaStreamBeginCapture(context.stream(), cudaStreamCaptureModeRelaxed), "capture");
      cuda::clearSlots(context, 50, 2);
      cuda::runProgram(context, call, 0, count);
      cuda::checkCuda(cudaStreamEndCapture(context.stream(), &graph), "capture");
      cuda::checkCuda(cudaGraphInstantiate(&executable, graph, 0), "graph");
      cuda::setSlot(context, 50, 77);
      std::vector<double> values;
      for (int i = 0; i < 3; ++i) {
        cuda::checkCuda(cudaGraphLaunch(executable, context.stream()), "graph");
        values.push_back(readSlot(context, 50));
        DINF_EXPECT(values.back() == once, "play %d: %.17g, not %.17g", i, values.back(), once);
      }
      cudaGraphExecDestroy(executable), cudaGraphDestroy(graph);
      return values;
    });
  });
  testCase("what a tile must not be" + type, [] {
    Context context(0, 0);
    Random random(7);
    const Program program = randomProgram({2, 2, 1, 1, 0}, random);
    const Device<Real> plane(context, std::vector<Real>(64, Real(1)));
    ProgramCall<Real> call;
    call.program = &program;
    call.inputs = {{Plane<Real>::tile, plane.data()}};
    const auto code = [&](int64_t begin, int64_t count, Real* to) {
      call.stores = {{Plane<Real>::tile, to}};
      try {
        cuda::runProgram(context, call, begin, count);
      } catch (const Failure& failure) {
        return failure.code;
      }
      return std::string("none");
    };
    DINF_EXPECT(code(0, 17, plane.data()) == "INTERNAL" && code(3, 16, plane.data()) == "INTERNAL" &&
                    code(0, 16, plane.data() + 1) == "INTERNAL",
                "refused");
    const auto before = cuda_emulation::statistics().launches;
    DINF_EXPECT(code(0, 0, plane.data()) == "none" && code(0, 16, nullptr) == "none", "nothing to do");
    DINF_EXPECT(cuda_emulation::statistics().launches == before, "nothing to launch");
    DINF_EXPECT(code(0, 16, plane.data()) == "none", "runs");
    context.synchronize();
  });
}

void cases() {
  opcodeCases<float>();
  opcodeCases<double>();
  programCases<float>();
  programCases<double>();
}

}  // namespace
}  // namespace dinf::op_tests

int main(int argc, char** argv) { return dinf::op_tests::finish(argc, argv, dinf::op_tests::cases); }
