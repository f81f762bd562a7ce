// A compiled problem: what lib/compile makes of equations, as plain data.
#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "core/field.h"
#include "core/program.h"
#include "core/samples.h"

namespace dinf {

struct JetRef {
  int field, output, plane;  // plane of the term's jet set for the field
};
struct JacobianEntry {
  int residual, jet, slot;  // jet: index into TermSpec::jets; slot: store of the `squares` program
};

// lib/compile/term-programs.ts writes the programs and says what their stores mean.
struct TermSpec {
  std::string name;
  int samples = 0, residuals = 1, coefficients = 0;
  bool hasRows = true;  // least-squares rows; false: an energy, which only has a value and a gradient
  bool linear = false;  // rows affine in the unknowns, or an affine energy
  std::vector<std::vector<double>> channels;  // user order
  std::vector<JetSet> jetSets;                // one a field
  std::vector<JetRef> jets;                   // of the adjoint stores of `gradient` and `adjoint`
  std::vector<int> scalars;                   // of their scalar sums
  std::vector<JacobianEntry> pattern;  // of the rows; of an energy: one entry a jet along which it curves
  Program value, gradient, linearise, tangent, adjoint, squares;
};

struct ProblemSpec {
  int dims = 0;
  double lower[kMaxDims] = {0, 0, 0}, upper[kMaxDims] = {1, 1, 1};
  std::vector<FieldSpec> fields;
  std::vector<SampleSetSpec> samples;
  std::vector<TermSpec> terms;
  std::vector<double> uniforms, scalars;
  uint64_t seed = 0;
  // Problems side by side that differ in data and uniforms alone (core/many): outputs, channels and uniforms are those of one after those of
  // another, programs say what is one's.
  int lanes = 1;
  bool folded = false;  // begins with linear decoders multiplied into their grids, all parameters 0
  int64_t tileBytes = int64_t{256} << 20;
};

// Expressions evaluated at points: a program whose stores are the values.
struct EvaluationSpec {
  SampleSetSpec samples;
  std::vector<JetSet> jetSets;
  std::vector<std::vector<double>> channels;
  Program program;
};

}  // namespace dinf
