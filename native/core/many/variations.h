// Problems of one structure that differ in data, uniforms and seeds, and what becomes of them.
#pragma once
#include <cstdint>
#include <vector>
#include "core/optimizer.h"

namespace dinf {

// Values of one channel of a term, user order: those of one variation after those of another.
struct VariedChannel {
  int term = 0, channel = 0;
  std::vector<double> values;
};

struct Variations {
  int count = 0;
  std::vector<double> uniforms;  // all of the problem's, one variation after another; empty: as they are
  std::vector<uint64_t> seeds;   // empty: the problem's
  std::vector<VariedChannel> channels;
  bool sameJacobian = false;     // nothing that varies is read by the derivatives of the rows
  std::vector<EvaluationSpec> evaluations;  // of each solution: none, or one
};

// What solves of variations leave, one variation after another.
struct VariationResults {
  std::vector<SolveResult> ends;
  std::vector<double> parameters;
  std::vector<double> values;  // of the evaluation, each (stores, points) row-major, user order
};

}  // namespace dinf
