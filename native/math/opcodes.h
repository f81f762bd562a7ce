// The instruction set of residual programs; lib/expression/program.ts writes them. Five 16-bit words an instruction:
// opcode, destination, a, b, c. Operands index registers, then constants, then inputs, in one space.
#pragma once
#include <cstdint>

namespace dinf {
enum class Op : uint16_t {
  add, sub, mul, div, neg, abs, sign, sqrt, exp, log, sin, cos, tan, asin, acos, atan, sinh, cosh, tanh,
  pow, atan2, min, max, lt, le, eq,
  select,  // a != 0 ? b : c
  mul0,    // a == 0 ? 0 : a * b: a zero seed absorbs an infinite local derivative
  hypot,
  div0,    // b == 0 ? 0 : a / b
  store,   // destination = store slot
  sum,     // destination = sum slot, accumulated in double in a fixed order
  count_
};
constexpr int kWordsPerInstruction = 5;
}  // namespace dinf
