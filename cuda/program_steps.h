// A residual program as the device runs it: what nobody reads is dropped, operands say where they lie, and a value that the next
// instruction alone reads never leaves the thread's registers.
#pragma once
#include <cstdint>
#include <vector>
#include "core/program.h"

namespace dinf::cuda {

// Where an operand lies; the upper bits of Step::operand, a number below.
enum class Place : uint32_t {
  none,
  previous,   // the value computed last
  column,     // a register
  constant,   // of the table of constants
  broadcast,  // an input: one value
  tilePlane,  // an input: a plane that starts at the tile
  setPlane    // an input: a plane that starts at the set
};
constexpr int kPlaceShift = 20;

struct __align__(16) Step {
  uint16_t op;
  uint16_t destination;  // column, store or sum
  uint32_t operand[3];
};
// In place of a column: the value is read by the next instruction alone.
constexpr uint16_t kNoColumn = 0xffff;

// Stores without data and, where no sums are wanted, sums do nothing. Columns are numbered anew, so that only those that hold
// something take room: `columns` is their number.
template <class Real>
std::vector<Step> stepsOf(const ProgramCall<Real>& call, int& columns) {
  const Program& program = *call.program;
  const int n = program.instructions(), registers = program.registers, constants = static_cast<int>(program.constants.size());
  const auto word = [&](int i, int k) { return program.code[static_cast<size_t>(i) * kWordsPerInstruction + k]; };
  const auto isResult = [&](int i) {
    return word(i, 0) == static_cast<uint16_t>(Op::store) || word(i, 0) == static_cast<uint16_t>(Op::sum);
  };

  std::vector<int> kept;
  std::vector<char> read(registers, 0);
  for (int i = n - 1; i >= 0; --i) {
    const Op op = static_cast<Op>(word(i, 0));
    if (op == Op::store && (word(i, 1) >= call.stores.size() || !call.stores[word(i, 1)].data)) continue;
    if (op == Op::sum && call.sums.empty()) continue;
    if (!isResult(i)) {
      if (!read[word(i, 1)]) continue;
      read[word(i, 1)] = 0;
    }
    for (int k = 0; k < arity(op); ++k)
      if (word(i, 2 + k) < registers) read[word(i, 2 + k)] = 1;
    kept.push_back(i);
  }

  std::vector<Step> steps(kept.size());
  int previous = -1;  // the register that the last value belongs to
  for (size_t at = 0; at < steps.size(); ++at) {
    const int i = kept[kept.size() - 1 - at];
    Step& step = steps[at];
    step = {word(i, 0), word(i, 1), {0, 0, 0}};
    for (int k = 0; k < arity(static_cast<Op>(step.op)); ++k) {
      const int index = word(i, 2 + k), input = index - registers - constants;
      Place place = Place::column;
      int number = index;
      if (input >= 0) {
        const auto scope = call.inputs[input].scope;
        place = scope == InputPlane<Real>::broadcast ? Place::broadcast
                : scope == InputPlane<Real>::tile    ? Place::tilePlane
                                                     : Place::setPlane;
        number = input;
      } else if (index >= registers) {
        place = Place::constant;
        number = index - registers;
      } else if (index == previous) {
        place = Place::previous;
        number = 0;
      }
      step.operand[k] = static_cast<uint32_t>(place) << kPlaceShift | static_cast<uint32_t>(number);
    }
    if (!isResult(i)) previous = step.destination;
  }

  // From the end: which values are read from their column.
  std::fill(read.begin(), read.end(), 0);
  for (size_t at = steps.size(); at-- > 0;) {
    Step& step = steps[at];
    const Op op = static_cast<Op>(step.op);
    if (op != Op::store && op != Op::sum) {
      const bool needed = read[step.destination];
      read[step.destination] = 0;
      if (!needed) step.destination = kNoColumn;
    }
    for (const uint32_t operand : step.operand)
      if (operand >> kPlaceShift == static_cast<uint32_t>(Place::column)) read[operand & ((1u << kPlaceShift) - 1)] = 1;
  }
  std::vector<int> column(registers, -1);
  columns = 0;
  const auto number = [&](int reg) {
    if (column[reg] < 0) column[reg] = columns++;
    return static_cast<uint32_t>(column[reg]);
  };
  for (Step& step : steps) {
    const Op op = static_cast<Op>(step.op);
    for (uint32_t& operand : step.operand)
      if (operand >> kPlaceShift == static_cast<uint32_t>(Place::column))
        operand =
            static_cast<uint32_t>(Place::column) << kPlaceShift | number(static_cast<int>(operand & ((1u << kPlaceShift) - 1)));
    if (op != Op::store && op != Op::sum && step.destination != kNoColumn)
      step.destination = static_cast<uint16_t>(number(step.destination));
  }
  return steps;
}

}  // namespace dinf::cuda
