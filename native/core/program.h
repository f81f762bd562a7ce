// A straight-line residual program as the compiler in lib/ wrote it, and what its inputs are bound to in one call.
// The executor knows inputs, outputs and fixed-order sums, nothing of losses.
#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "core/check.h"
#include "math/schema.h"

namespace dinf {

struct InputRef {
  InputKind kind;
  int a, b, c;
};

struct Program {
  std::vector<uint16_t> code;
  std::vector<double> constants;
  std::vector<InputRef> inputs;
  int registers = 0, stores = 0, sums = 0;

  int instructions() const { return static_cast<int>(code.size()) / kWordsPerInstruction; }
  bool empty() const { return code.empty(); }
  bool reads(InputKind kind) const {
    for (const InputRef& input : inputs)
      if (input.kind == kind) return true;
    return false;
  }

  // A program comes from outside: operand ranges and slots are checked once, so that the executor need not.
  void verify(const char* name) const {
    const std::string where = std::string("program '") + name + "'";
    check(code.size() % kWordsPerInstruction == 0, ErrorCode::internal, where + ": code is not whole instructions");
    check(registers >= 0 && stores >= 0 && sums >= 0, ErrorCode::internal, where + ": negative counts");
    const size_t operands = static_cast<size_t>(registers) + constants.size() + inputs.size();
    for (int i = 0; i < instructions(); ++i) {
      const uint16_t* w = code.data() + i * kWordsPerInstruction;
      check(w[0] < kOpcodes, ErrorCode::internal, where + ": unknown opcode " + std::to_string(w[0]));
      const Op op = static_cast<Op>(w[0]);
      const int limit = op == Op::store ? stores : op == Op::sum ? sums : registers;
      check(w[1] < limit, ErrorCode::internal, where + ": destination out of range");
      for (int k = 2; k < kWordsPerInstruction; ++k)
        check(w[k] < operands || (w[k] == 0 && operands == 0), ErrorCode::internal, where + ": operand out of range");
    }
  }
};

// One input of one call. Tile-local planes start at the tile, set-wide planes at the set; a broadcast is one value.
template <class Real>
struct InputPlane {
  enum Scope : int { tile, set, broadcast } scope;
  const Real* data;
};
template <class Real>
struct OutputPlane {
  typename InputPlane<Real>::Scope scope;  // tile or set
  Real* data;                              // null: not wanted
};

template <class Real>
struct ProgramCall {
  const Program* program = nullptr;
  std::vector<InputPlane<Real>> inputs;
  std::vector<OutputPlane<Real>> stores;
  std::vector<int> sums;  // the slots that the sums are added to, samples in their order; empty: not wanted
  int squares = -1;       // the slot that the squares of all that is stored are added to, if not negative
  bool fresh = false;     // the first of these slots, or that of the squares where there are no sums, is overwritten instead
};

}  // namespace dinf
