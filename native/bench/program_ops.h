// Programs: those that a term of an equation has, and chains of one kind of instruction.
#pragma once
#include "measure.h"
#include "test/specs.h"

namespace dinf::bench {

// A flop an instruction, transcendental ones too; planes in and out once.
inline Cost programCost(const Program& program, double samples, size_t realBytes) {
  Cost cost;
  for (int i = 0; i < program.instructions(); ++i)
    cost.flops += static_cast<Op>(program.code[i * kWordsPerInstruction]) != Op::store;
  double planes = program.stores;
  for (const InputRef& input : program.inputs)
    planes += input.kind != InputKind::uniform && input.kind != InputKind::scalar && input.kind != InputKind::scalarTangent;
  return {cost.flops * samples, planes * samples * static_cast<double>(realBytes)};
}

template <class Real>
void programCase(Cases& cases, const std::string& op, const std::string& name, const Program& program) {
  struct State {
    Program program;
    SampleSet samples;
    Tile tile;
    DeviceVector<Real> in, out, uniforms;
    ProgramCall<Real> call;
  };
  addCase<Real>(cases, op, name, [program](Backend<Real>& backend) {
    const int cells[kMaxDims] = {512, 512, 1};
    SampleSet samples(test::boxSet({512, 512}), cells, backend.sampleOrder());
    Tile tile = samples.whole();
    const int64_t inputs = static_cast<int64_t>(program.inputs.size()) * tile.size,
                  outputs = std::max<int64_t>(1, program.stores) * tile.size;
    const auto s = std::make_shared<State>(State{program,
                                                 std::move(samples),
                                                 std::move(tile),
                                                 noise(backend, inputs),
                                                 DeviceVector<Real>(backend, outputs),
                                                 noise(backend, 1),
                                                 {}});
    s->call.program = &s->program;
    const DeviceVector<Real> ones(backend, inputs);
    backend.fill(ones, Real(1), inputs);
    backend.setSlot(kDrawSlot, 0.5);
    backend.xpby(s->in, ones, kDrawSlot, inputs);
    for (size_t i = 0; i < program.inputs.size(); ++i) {
      const InputKind kind = program.inputs[i].kind;
      const bool broadcast = kind == InputKind::uniform || kind == InputKind::scalar || kind == InputKind::scalarTangent;
      if (broadcast) s->call.inputs.push_back({InputPlane<Real>::broadcast, s->uniforms});
      else s->call.inputs.push_back({InputPlane<Real>::tile, s->in + static_cast<int64_t>(i) * s->tile.size});
    }
    for (int i = 0; i < program.stores; ++i) s->call.stores.push_back({InputPlane<Real>::tile, s->out + i * s->tile.size});
    backend.reserveSlots(kStageSlots + program.sums);
    for (int i = 0; i < program.sums; ++i) s->call.sums.push_back(kStageSlots + i);
    s->call.fresh = true;
    return Prepared{programCost(program, static_cast<double>(s->samples.userCount()), sizeof(Real)),
                    [s, &backend] { backend.run(s->call, s->tile); }};
  });
}

// As many of one instruction, on values from 1/2 to 3/2.
inline Program alike(Op op, int length) {
  test::Assembler at;
  const test::Operand other = at.input(InputKind::channel, 1);
  const test::Operand value = at.input(InputKind::channel, 0);
  test::Operand last = value;
  for (int i = 0; i < length; ++i) last = at.op(op, value, other, other);
  at.store(0, last);
  return at.finish();
}

inline void programCases(Cases& cases) {
  for (const int order : {1, 2}) {
    test::TermOptions options;
    options.order = order;
    options.nonlinear = true;
    const ProblemSpec problem = test::makeProblem(2, {test::makeField(2, {16, 16}, 1, test::bspline(5), Edge::extend, 1, 1)},
                                                  {test::boxSet({4, 4})}, options);
    const TermSpec& term = problem.terms[0];
    const std::string name = "nonlinear term, 2-D, order " + std::to_string(order);
    programCase<float>(cases, "run value", name, term.value);
    programCase<float>(cases, "run gradient", name, term.gradient);
    programCase<float>(cases, "run linearise", name, term.linearise);
    programCase<float>(cases, "run tangent", name, term.tangent);
    programCase<float>(cases, "run adjoint", name, term.adjoint);
    if (order == 2) programCase<double>(cases, "run gradient", name, term.gradient);
    if (order == 2) programCase<double>(cases, "run squares", name, term.squares);
  }
  constexpr int kLength = 16;
  const std::pair<Op, const char*> instructions[] = {{Op::mul, "mul"}, {Op::div, "div"},   {Op::sqrt, "sqrt"}, {Op::exp, "exp"},
                                                     {Op::sin, "sin"}, {Op::tanh, "tanh"}, {Op::log, "log"},   {Op::pow, "pow"}};
  for (const auto& [op, name] : instructions)
    programCase<float>(cases, "run alike", std::string("16 x ") + name, alike(op, kLength));
}

}  // namespace dinf::bench
