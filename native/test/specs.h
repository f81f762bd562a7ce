// Hand-made problems: straight-line programs assembled here, so that the native core is tested without the compiler in lib/.
#pragma once
#include <string>
#include <vector>
#include "core/solver.h"
#include "test/check.h"

namespace dinf::test {

struct Operand {
  enum Space { aRegister, aConstant, anInput } space = aRegister;
  int index = 0;
};

// Writes a program a value at a time; every result has a register of its own.
class Assembler {
 public:
  Operand constant(double value) {
    program_.constants.push_back(value);
    return {Operand::aConstant, static_cast<int>(program_.constants.size()) - 1};
  }
  Operand input(InputKind kind, int a = 0, int b = 0, int c = 0) {
    for (size_t i = 0; i < program_.inputs.size(); ++i) {
      const InputRef& known = program_.inputs[i];
      if (known.kind == kind && known.a == a && known.b == b && known.c == c) return {Operand::anInput, static_cast<int>(i)};
    }
    program_.inputs.push_back({kind, a, b, c});
    return {Operand::anInput, static_cast<int>(program_.inputs.size()) - 1};
  }
  Operand op(Op op, Operand a, Operand b = {}, Operand c = {}) {
    lines_.push_back({op, program_.registers, {a, b, c}});
    return {Operand::aRegister, program_.registers++};
  }
  Operand add(Operand a, Operand b) { return op(Op::add, a, b); }
  Operand mul(Operand a, Operand b) { return op(Op::mul, a, b); }
  void store(int slot, Operand a) {
    lines_.push_back({Op::store, slot, {a, {}, {}}});
    program_.stores = std::max(program_.stores, slot + 1);
  }
  void sum(int slot, Operand a) {
    lines_.push_back({Op::sum, slot, {a, {}, {}}});
    program_.sums = std::max(program_.sums, slot + 1);
  }
  Program finish() {
    for (const Line& line : lines_) {
      program_.code.push_back(static_cast<uint16_t>(line.op));
      program_.code.push_back(static_cast<uint16_t>(line.destination));
      for (const Operand& operand : line.operands) program_.code.push_back(static_cast<uint16_t>(place(operand)));
    }
    program_.verify("test");
    return program_;
  }

 private:
  struct Line {
    Op op;
    int destination;
    Operand operands[3];
  };
  int place(const Operand& operand) const {
    const int constants = static_cast<int>(program_.constants.size());
    if (operand.space == Operand::aRegister) return operand.index;
    return program_.registers + operand.index + (operand.space == Operand::anInput ? constants : 0);
  }

  Program program_;
  std::vector<Line> lines_;
};

struct TermOptions {
  int order = 1;  // highest derivative
  int residuals = 1;
  bool nonlinear = false;  // adds a product of the first and the last jet
  bool scalar = false;     // adds a trainable scalar times the first jet
  bool sparse = false;     // linear fields: every other multi-index only, the highest first
};

// R_e = sum_k a_ek J_k + b J_0 J_last + c J_0 + nu x_0 - g over all jets J of all fields, c the trainable scalar 0, nu the
// uniform 0, g channel 0; the loss is lambda w R^2, lambda the uniform 1. Writes all programs of the term.
class TermWriter {
 public:
  TermWriter(const ProblemSpec& problem, const TermOptions& options, uint64_t seed) : problem_(problem), options_(options) {
    Random random(seed);
    for (size_t f = 0; f < problem.fields.size(); ++f) {
      const FieldSpec& field = problem.fields[f];
      JetSet jets = JetSet::closed(problem.dims, options.order);
      if (options.sparse && field.decoder == DecoderKind::linear) {
        const JetSet all = jets;
        jets = JetSet{};
        for (int p = all.count - 1; p >= 0; p -= 2) jets.add(all.index[p]);
      }
      term_.jetSets.push_back(jets);
      for (int o = 0; o < field.outputs; ++o)
        for (int p = 0; p < jets.count; ++p) {
          term_.jets.push_back({static_cast<int>(f), o, p});
          double scale = 1;  // Taylor coefficients grow like cells^order
          for (int k = 0; k < problem.dims; ++k) scale *= std::pow(field.grid.cells[k], -jets.index[p].a[k]);
          scale_.push_back(scale);
        }
    }
    for (int e = 0; e < options.residuals; ++e)
      for (const double scale : scale_) factor_.push_back((0.5 + random.next()) * scale);
  }

  TermSpec write(int samples, int64_t count) {
    const int jets = static_cast<int>(term_.jets.size()), residuals = options_.residuals;
    term_.name = "term " + std::to_string(samples);
    term_.samples = samples;
    term_.residuals = residuals;
    term_.coefficients = residuals * (jets + (options_.scalar ? 1 : 0));
    term_.linear = !options_.nonlinear && !options_.scalar;
    Random random(static_cast<uint64_t>(samples) + 77);
    term_.channels.push_back(random.vector(count));
    if (options_.scalar) term_.scalars = {0};
    for (int e = 0; e < residuals; ++e)
      for (int k = 0; k < jets; ++k) term_.pattern.push_back({e, k, e * jets + k});
    writeValues();
    writeGradient();
    writeRows();
    return term_;
  }

 private:
  Operand jet(Assembler& at, int k, InputKind kind = InputKind::jet) const {
    return at.input(kind, term_.jets[k].field, term_.jets[k].output, term_.jets[k].plane);
  }
  double mixed() const { return 0.5 * scale_.front() * scale_.back(); }
  int last() const { return static_cast<int>(term_.jets.size()) - 1; }

  Operand residual(Assembler& at, int e) const {
    Operand sum = at.mul(at.input(InputKind::uniform, 0), at.input(InputKind::coordinate, 0));
    sum = at.op(Op::sub, sum, at.input(InputKind::channel, 0));
    for (int k = 0; k <= last(); ++k) sum = at.add(sum, at.mul(at.constant(factor_[e * (last() + 1) + k]), jet(at, k)));
    if (options_.nonlinear) sum = at.add(sum, at.mul(at.constant(mixed()), at.mul(jet(at, 0), jet(at, last()))));
    if (options_.scalar) sum = at.add(sum, at.mul(at.input(InputKind::scalar, 0), jet(at, 0)));
    return sum;
  }
  // dR_e / dJ_k
  Operand slope(Assembler& at, int e, int k) const {
    Operand sum = at.add(at.constant(factor_[e * (last() + 1) + k]), at.constant(0));
    if (options_.nonlinear && k == 0) sum = at.add(sum, at.mul(at.constant(mixed()), jet(at, last())));
    if (options_.nonlinear && k == last()) sum = at.add(sum, at.mul(at.constant(mixed()), jet(at, 0)));
    if (options_.scalar && k == 0) sum = at.add(sum, at.input(InputKind::scalar, 0));
    return sum;
  }
  static Operand weight(Assembler& at) { return at.mul(at.input(InputKind::uniform, 1), at.input(InputKind::weight)); }

  void writeValues() {
    Assembler at;
    for (int e = 0; e < options_.residuals; ++e) {
      const Operand r = residual(at, e);
      at.store(e, r);
      at.sum(0, at.op(Op::mul0, weight(at), at.mul(r, r)));
    }
    term_.value = at.finish();
  }

  void writeGradient() {
    Assembler at;
    std::vector<Operand> seed;
    for (int e = 0; e < options_.residuals; ++e) {
      const Operand r = residual(at, e);
      at.sum(0, at.op(Op::mul0, weight(at), at.mul(r, r)));
      seed.push_back(at.mul(at.constant(2), at.op(Op::mul0, weight(at), r)));
      if (options_.scalar) at.sum(1, at.mul(seed[e], jet(at, 0)));
    }
    for (int k = 0; k <= last(); ++k) {
      Operand bar = at.mul(seed[0], slope(at, 0, k));
      for (int e = 1; e < options_.residuals; ++e) bar = at.add(bar, at.mul(seed[e], slope(at, e, k)));
      at.store(k, bar);
    }
    term_.gradient = at.finish();
  }

  void writeRows() {
    const int jets = last() + 1, residuals = options_.residuals;
    Assembler linearise, tangent, adjoint, squares;
    const Operand scale = linearise.op(Op::sqrt, weight(linearise)), squareScale = squares.op(Op::sqrt, weight(squares));
    std::vector<Operand> bars(jets);
    for (int e = 0; e < residuals; ++e) {
      linearise.store(e, linearise.mul(scale, residual(linearise, e)));
      Operand change = tangent.constant(0);
      for (int k = 0; k < jets; ++k) {
        const int plane = e * jets + k;
        linearise.store(residuals + plane, linearise.mul(scale, slope(linearise, e, k)));
        squares.store(plane, squares.mul(squareScale, slope(squares, e, k)));
        change =
            tangent.add(change, tangent.mul(tangent.input(InputKind::coefficient, plane), jet(tangent, k, InputKind::tangent)));
        const Operand part = adjoint.mul(adjoint.input(InputKind::coefficient, plane), adjoint.input(InputKind::row, e));
        bars[k] = e == 0 ? part : adjoint.add(bars[k], part);
      }
      if (options_.scalar) {
        const int plane = residuals * jets + e;
        linearise.store(residuals + plane, linearise.mul(scale, jet(linearise, 0)));
        change = tangent.add(
            change, tangent.mul(tangent.input(InputKind::coefficient, plane), tangent.input(InputKind::scalarTangent, 0)));
        const Operand entry = squares.mul(squareScale, jet(squares, 0));
        squares.sum(0, squares.mul(entry, entry));
        adjoint.sum(0, adjoint.mul(adjoint.input(InputKind::coefficient, plane), adjoint.input(InputKind::row, e)));
      }
      tangent.store(e, change);
    }
    for (int k = 0; k < jets; ++k) adjoint.store(k, bars[k]);
    term_.linearise = linearise.finish();
    term_.tangent = tangent.finish();
    term_.adjoint = adjoint.finish();
    term_.squares = squares.finish();
  }

  const ProblemSpec& problem_;
  TermOptions options_;
  TermSpec term_;
  std::vector<double> scale_, factor_;
};

// --- the parts of a problem

inline Kernel1d gaussian(int rings) {
  Kernel1d kernel;
  kernel.rings = rings;
  kernel.epsilon = rings == 1 ? 2 : 1;
  return kernel;
}
inline Kernel1d bspline(int degree) {
  Kernel1d kernel;
  kernel.kind = KernelKind::bspline;
  kernel.degree = degree;
  kernel.rings = (degree + 1) / 2;
  return kernel;
}
inline Kernel1d radial(KernelKind kind, int rings, double epsilon = 1) {
  Kernel1d kernel;
  kernel.kind = kind;
  kernel.epsilon = epsilon;
  kernel.rings = rings;
  return kernel;
}
inline std::string kernelName(const Kernel1d& kernel) {
  if (kernel.kind == KernelKind::bspline) return "bspline " + std::to_string(kernel.degree);
  const char* name = kernel.kind == KernelKind::gaussian           ? "gaussian "
                     : kernel.kind == KernelKind::inverseQuadratic ? "inverse quadratic "
                                                                   : "inverse multiquadric ";
  return name + std::to_string(kernel.rings);
}
inline std::string edgeName(Edge edge) {
  return edge == Edge::clamp ? "clamp" : edge == Edge::extend ? "extend" : "periodic";
}

inline FieldSpec makeField(int dims, const std::vector<int>& cells, int levels, const Kernel1d& kernel, Edge edge, int features,
                           int outputs, const std::vector<int>& hidden = {}) {
  FieldSpec field;
  field.grid.dims = dims;
  for (int k = 0; k < dims; ++k) field.grid.cells[k] = cells[k];
  field.grid.levels = levels;
  field.grid.kernel = kernel;
  for (int k = 0; k < dims; ++k) field.grid.edge[k] = edge;
  field.features = features;
  field.outputs = outputs;
  field.hidden = hidden;
  field.decoder = hidden.empty() ? DecoderKind::linear : DecoderKind::mlp;
  return field;
}

inline void setDomain(SampleSetSpec& spec, int dims) {
  spec.dims = dims;
  for (int k = 0; k < dims; ++k) {
    spec.lower[k] = -1 - k;
    spec.upper[k] = 2;
  }
}

// Unit coordinates that are hard: both ends, faces of cells, and everything between.
inline double awkward(Random& random, int i) {
  const double special[] = {0, 1, 0.5, 0.25, std::nextafter(1.0, 0.0), 0.75, std::nextafter(0.5, 0.0)};
  return i % 3 == 0 ? special[i / 3 % 7] : 0.5 * (1 + random.next());
}
inline SampleSetSpec pointSet(int dims, int64_t count, uint64_t seed = 5) {
  SampleSetSpec spec;
  setDomain(spec, dims);
  spec.kind = SampleKind::points;
  Random random(seed);
  for (int64_t i = 0; i < count * dims; ++i) spec.points.push_back(std::min(1.0, awkward(random, static_cast<int>(i))));
  return spec;
}
// Axes in no order: only the number of samples an axis is the caller's.
inline SampleSetSpec tensorSet(const std::vector<int>& counts, bool weighted = false) {
  SampleSetSpec spec;
  setDomain(spec, static_cast<int>(counts.size()));
  spec.kind = SampleKind::tensor;
  Random random(9);
  for (int k = 0; k < spec.dims; ++k)
    for (int i = 0; i < counts[k]; ++i) {
      spec.axes[k].push_back(std::min(1.0, awkward(random, i + k)));
      if (weighted) spec.axisWeights[k].push_back(1.5 + random.next());
    }
  return spec;
}
inline SampleSetSpec boxSet(const std::vector<int>& boxes) {
  SampleSetSpec spec;
  setDomain(spec, static_cast<int>(boxes.size()));
  spec.kind = SampleKind::stratified;
  for (int k = 0; k < spec.dims; ++k) spec.boxes[k] = boxes[k];
  return spec;
}
inline int64_t sampleCount(const SampleSetSpec& spec) {
  if (spec.kind == SampleKind::points) return static_cast<int64_t>(spec.points.size()) / spec.dims;
  int64_t count = 1;
  for (int k = 0; k < spec.dims; ++k)
    count *= spec.kind == SampleKind::tensor ? static_cast<int64_t>(spec.axes[k].size()) : spec.boxes[k];
  return count;
}

// The same places as scattered points, in the tensor set's user order.
inline SampleSetSpec scattered(const SampleSetSpec& tensor) {
  SampleSetSpec spec;
  setDomain(spec, tensor.dims);
  spec.kind = SampleKind::points;
  const int64_t count = sampleCount(tensor);
  for (int64_t i = 0; i < count; ++i) {
    int64_t rest = i, at[kMaxDims];
    for (int k = tensor.dims - 1; k >= 0; --k) {
      at[k] = rest % static_cast<int64_t>(tensor.axes[k].size());
      rest /= static_cast<int64_t>(tensor.axes[k].size());
    }
    double weight = 1;
    for (int k = 0; k < tensor.dims; ++k) {
      spec.points.push_back(tensor.axes[k][at[k]]);
      if (!tensor.axisWeights[k].empty()) weight *= tensor.axisWeights[k][at[k]];
    }
    if (!tensor.axisWeights[0].empty()) spec.weights.push_back(weight);
  }
  return spec;
}

inline ProblemSpec makeProblem(int dims, const std::vector<FieldSpec>& fields, const std::vector<SampleSetSpec>& samples,
                               const TermOptions& options) {
  ProblemSpec problem;
  problem.dims = dims;
  SampleSetSpec domain;
  setDomain(domain, dims);
  for (int k = 0; k < dims; ++k) {
    problem.lower[k] = domain.lower[k];
    problem.upper[k] = domain.upper[k];
  }
  problem.fields = fields;
  problem.samples = samples;
  problem.uniforms = {0.3, 0.7};
  if (options.scalar) problem.scalars = {0.4};
  problem.seed = 0x123456789abcull;
  for (size_t i = 0; i < samples.size(); ++i)
    problem.terms.push_back(TermWriter(problem, options, 31 + i).write(static_cast<int>(i), sampleCount(samples[i])));
  return problem;
}

// Every jet of every field, (field, output, plane) in order.
inline EvaluationSpec evaluateJets(const ProblemSpec& problem, const SampleSetSpec& samples, int order) {
  EvaluationSpec evaluation;
  evaluation.samples = samples;
  Assembler at;
  int slot = 0;
  for (size_t f = 0; f < problem.fields.size(); ++f) {
    evaluation.jetSets.push_back(JetSet::closed(problem.dims, order));
    for (int o = 0; o < problem.fields[f].outputs; ++o)
      for (int p = 0; p < evaluation.jetSets[f].count; ++p) at.store(slot++, at.input(InputKind::jet, static_cast<int>(f), o, p));
  }
  evaluation.program = at.finish();
  return evaluation;
}

}  // namespace dinf::test
