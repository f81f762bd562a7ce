#include "addon/arguments.h"
#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>
#include "addon/typed_arrays.h"

namespace dinf {
namespace {

[[noreturn]] void bad(const std::string& message) { throw Failure(ErrorCode::internal, "compiled problem: " + message); }

Napi::Value get(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  if (value.IsUndefined()) bad(std::string("'") + name + "' is missing");
  return value;
}
double number(const Napi::Object& from, const char* name) {
  const Napi::Value value = get(from, name);
  if (!value.IsNumber()) bad(std::string("'") + name + "' is not a number");
  return value.As<Napi::Number>().DoubleValue();
}
int64_t integer(const Napi::Object& from, const char* name, int64_t low, int64_t high) {
  const double value = number(from, name);
  if (!(value >= static_cast<double>(low) && value <= static_cast<double>(high)) || value != std::floor(value))
    bad(std::string("'") + name + "' is out of range: " + std::to_string(value));
  return static_cast<int64_t>(value);
}
int small(const Napi::Object& from, const char* name, int64_t low, int64_t high) { return static_cast<int>(integer(from, name, low, high)); }
bool boolean(const Napi::Object& from, const char* name) { return get(from, name).ToBoolean().Value(); }
Napi::Object object(const Napi::Value& value, const char* name) {
  if (!value.IsObject()) bad(std::string("'") + name + "' is not an object");
  return value.As<Napi::Object>();
}
Napi::Array asArray(const Napi::Value& value, const char* name) {
  if (!value.IsArray()) bad(std::string("'") + name + "' is not an array");
  return value.As<Napi::Array>();
}
Napi::Array array(const Napi::Object& from, const char* name) { return asArray(get(from, name), name); }
// A product of sizes, each 1 or more: no problem comes near the limit, and no arithmetic on the result overflows.
int64_t times(int64_t a, int64_t b) {
  constexpr int64_t kMost = sizeof(size_t) == 8 ? int64_t{1} << 36 : int64_t{1} << 28;
  check(b <= kMost / a, ErrorCode::outOfMemory,
        "a grid or a sample set is too large: use a smaller resolution or fewer samples");
  return a * b;
}

std::vector<double> doubles(const Napi::Object& from, const char* name) { return readDoubles(get(from, name), name); }

std::vector<int> integers(const Napi::Object& from, const char* name, int low, int high) {
  const Napi::Array list = array(from, name);
  std::vector<int> values;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const Napi::Value value = list.Get(i);
    if (!value.IsNumber()) bad(std::string("'") + name + "' holds something that is not a number");
    const double number = value.As<Napi::Number>().DoubleValue();
    if (!(number >= low && number <= high)) bad(std::string("'") + name + "' holds a value out of range");
    values.push_back(static_cast<int>(number));
  }
  return values;
}

MultiIndex multiIndex(const Napi::Value& value, int dims) {
  const Napi::Array list = asArray(value, "multi-index");
  if (list.Length() != static_cast<uint32_t>(dims)) bad("a multi-index has the wrong length");
  MultiIndex index;
  for (int k = 0; k < dims; ++k) {
    const Napi::Value order = list.Get(k);
    index.a[k] = order.IsNumber() ? order.As<Napi::Number>().Int32Value() : -1;
    if (index.a[k] < 0 || index.a[k] > kMaxOrder) bad("a derivative order is not in 0..4");
  }
  if (index.order() > kMaxOrder) bad("a derivative order is above 4");
  return index;
}

std::vector<JetSet> jetSets(const Napi::Object& from, const ProblemSpec& problem) {
  const Napi::Array list = array(from, "jetSets");
  if (list.Length() != problem.fields.size()) bad("one jet set a field is needed");
  std::vector<JetSet> sets;
  for (uint32_t f = 0; f < list.Length(); ++f) {
    const Napi::Array indices = asArray(list.Get(f), "jetSets");
    JetSet set;
    if (indices.Length() > kMaxPlanes) bad("a jet set has too many planes");
    for (uint32_t i = 0; i < indices.Length(); ++i)
      if (set.add(multiIndex(indices.Get(i), problem.dims)) != static_cast<int>(i)) bad("a jet set names a multi-index twice");
    if (problem.fields[f].decoder == DecoderKind::mlp && set.count > 0) {
      const JetSet closed = JetSet::closed(problem.dims, set.maxOrder());
      if (closed.count != set.count) bad("the jet set of an MLP field is not closed");
      for (int i = 0; i < closed.count; ++i)
        if (!(closed.index[i] == set.index[i])) bad("the jet set of an MLP field is not graded lexicographic");
    }
    sets.push_back(set);
  }
  return sets;
}

// What a program may read: planes of the linearisation, rows and tangents are there for some programs only.
struct InputLimits {
  size_t channels, coefficients, residuals;
  bool tangents;
};

Program program(const Napi::Object& from, const char* name, const ProblemSpec& problem, const std::vector<JetSet>& sets,
                const InputLimits& limits) {
  Program program;
  const Napi::Value given = get(from, name);
  if (given.IsNull()) return program;
  const Napi::Object holder = object(given, name);
  const Napi::Value code = get(holder, "code");
  if (!code.IsTypedArray() || code.As<Napi::TypedArray>().TypedArrayType() != napi_uint16_array) bad("program code is not a Uint16Array");
  program.code = fromUint16Array(code.As<Napi::TypedArray>());
  program.constants = doubles(holder, "constants");
  program.registers = small(holder, "registers", 0, 65535);
  program.stores = small(holder, "stores", 0, 65535);
  program.sums = small(holder, "sums", 0, 65535);
  const std::vector<int> inputs = integers(holder, "inputs", 0, 1 << 24);
  if (inputs.size() % 4) bad("program inputs are not groups of four");
  for (size_t i = 0; i < inputs.size(); i += 4) {
    const InputRef input{static_cast<InputKind>(inputs[i]), inputs[i + 1], inputs[i + 2], inputs[i + 3]};
    const size_t a = static_cast<size_t>(input.a);
    bool ok = false;
    switch (input.kind) {
      case InputKind::coordinate: ok = input.a < problem.dims; break;
      case InputKind::jet:
      case InputKind::tangent:
        ok = a < sets.size() && input.b < problem.fields[a].outputs && input.c < sets[a].count &&
             (limits.tangents || input.kind == InputKind::jet);
        break;
      case InputKind::channel: ok = a < limits.channels; break;
      case InputKind::uniform: ok = a < problem.uniforms.size(); break;
      case InputKind::scalar:
      case InputKind::scalarTangent:
        ok = a < problem.scalars.size() && (limits.tangents || input.kind == InputKind::scalar);
        break;
      case InputKind::weight: ok = true; break;
      case InputKind::coefficient: ok = a < limits.coefficients; break;
      case InputKind::row: ok = a < limits.residuals; break;
    }
    if (!ok) bad(std::string("program '") + name + "' has an input out of range");
    program.inputs.push_back(input);
  }
  program.verify(name);
  return program;
}

// An array of one list of knots an axis, or null.
void knots(const Napi::Array& from, GridShape& grid) {
  if (from.Length() != static_cast<uint32_t>(grid.dims)) bad("'knots' has the wrong length");
  for (int k = 0; k < grid.dims; ++k) {
    if (Napi::Value(from.Get(k)).IsNull()) continue;
    if (grid.kernel.kind != KernelKind::bspline || grid.levels != 1 || grid.edge[k] == Edge::clamp) bad("only one level of B-splines has knots");
    std::vector<double> values = readDoubles(from.Get(k), "knots");
    if (values.size() != static_cast<size_t>(grid.cells[k]) + 1) bad("knots and cells do not agree in number");
    if (values.front() != 0 || values.back() != 1) bad("knots do not run from 0 to 1");
    int repeats = 0;
    for (size_t i = 1; i < values.size(); ++i) {
      if (!(values[i] >= values[i - 1])) bad("knots do not rise");
      repeats = values[i] == values[i - 1] ? repeats + 1 : 0;
      if (repeats >= grid.kernel.degree || (repeats > 0 && (values[i] == 0 || values[i] == 1))) bad("a knot is repeated too often");
    }
    if (grid.edge[k] == Edge::periodic && grid.cells[k] < grid.kernel.taps()) bad("a periodic axis with knots has fewer spans than a kernel has nodes");
    grid.knots[k] = std::make_shared<Knots>(std::move(values), grid.kernel.degree, grid.periodic(k));
  }
}

FieldSpec field(const Napi::Object& from, int dims) {
  FieldSpec spec;
  spec.kind = static_cast<FieldKind>(small(from, "kind", 0, kFieldKindCount - 1));
  spec.outputs = small(from, "outputs", 1, 64);
  spec.hidden = integers(from, "hidden", 1, 4096);
  if (spec.hidden.size() > 16) bad("an MLP has at most 16 hidden layers");
  spec.decoder = spec.hidden.empty() ? DecoderKind::linear : DecoderKind::mlp;
  const std::vector<int> kinds = integers(from, "activations", 0, kActivationCount - 1);
  const std::vector<double> omegas = doubles(from, "omegas");
  if (kinds.size() != spec.hidden.size() || omegas.size() != spec.hidden.size()) bad("not one activation a hidden layer");
  for (size_t i = 0; i < kinds.size(); ++i) {
    if (!(omegas[i] > 0 && omegas[i] <= 1e6)) bad("an omega is not in (0, 1e6]");
    spec.activations.push_back({static_cast<Activation>(kinds[i]), omegas[i]});
  }
  spec.start = static_cast<WeightStart>(small(from, "start", 0, kWeightStartCount - 1));
  if (spec.kind == FieldKind::network) {
    if (spec.hidden.empty()) bad("a network has no hidden layer");
    const std::vector<int> periodic = integers(from, "periodic", 0, 1);
    if (periodic.size() != static_cast<size_t>(dims)) bad("'periodic' has the wrong length");
    spec.inputs.dims = dims;
    for (int k = 0; k < dims; ++k) spec.inputs.periodic[k] = periodic[k] != 0;
    return spec;
  }
  if (spec.start == WeightStart::siren) bad("only a network starts as a Siren");
  spec.grid.dims = dims;
  const std::vector<int> cells = integers(from, "cells", 1, 1 << 20);
  if (cells.size() != static_cast<size_t>(dims)) bad("'cells' has the wrong length");
  spec.grid.levels = small(from, "levels", 1, kMaxLevels);
  for (int k = 0; k < dims; ++k) {
    spec.grid.cells[k] = cells[k];
    if (cells[k] % (1 << (spec.grid.levels - 1))) bad("the resolution does not halve as often as there are levels");
  }
  const Napi::Object kernel = object(get(from, "kernel"), "kernel");
  spec.grid.kernel.kind = static_cast<KernelKind>(small(kernel, "kind", 0, kKernelKindCount - 1));
  spec.grid.kernel.epsilon = number(kernel, "epsilon");
  spec.grid.kernel.rings = small(kernel, "rings", 1, kMaxTaps / 2);
  spec.grid.kernel.degree = small(kernel, "degree", 1, kMaxTaps - 1);
  if (spec.grid.kernel.kind == KernelKind::bspline && spec.grid.kernel.degree + 1 != spec.grid.kernel.taps()) bad("degree and rings disagree");
  if (!(spec.grid.kernel.epsilon > 0 && spec.grid.kernel.epsilon <= 4)) bad("epsilon is not in (0, 4]");
  const std::vector<int> edge = integers(from, "edge", 0, kEdgeCount - 1);
  if (edge.size() != static_cast<size_t>(dims)) bad("'edge' has the wrong length");
  for (int k = 0; k < dims; ++k) spec.grid.edge[k] = static_cast<Edge>(edge[k]);
  if (from.Has("knots")) knots(array(from, "knots"), spec.grid);
  spec.features = small(from, "features", 1, 64);
  spec.initialScale = number(from, "initialScale");
  int64_t nodes = std::max(spec.features, spec.outputs);
  for (int k = 0; k < dims; ++k) nodes = times(nodes, cells[k] + 2 * spec.grid.kernel.rings + 2 * kLanes);
  return spec;
}

SampleSetSpec samples(const Napi::Object& from, int dims, const double* lower, const double* upper) {
  SampleSetSpec spec;
  spec.dims = dims;
  for (int k = 0; k < dims; ++k) {
    spec.lower[k] = lower[k];
    spec.upper[k] = upper[k];
  }
  spec.kind = static_cast<SampleKind>(small(from, "kind", 0, kSampleKindCount - 1));
  int64_t count = 1;
  const auto inside = [](const std::vector<double>& values) {
    for (const double x : values)
      if (!(x >= 0 && x <= 1)) bad("a unit coordinate is outside [0, 1]");
  };
  if (spec.kind == SampleKind::tensor) {
    const Napi::Array axes = array(from, "axes");
    if (axes.Length() != static_cast<uint32_t>(dims)) bad("'axes' has the wrong length");
    for (int k = 0; k < dims; ++k) {
      spec.axes[k] = readDoubles(axes.Get(k), "axes");
      if (spec.axes[k].empty()) bad("an axis has no samples");
      inside(spec.axes[k]);
      count = times(count, static_cast<int64_t>(spec.axes[k].size()));
    }
    const Napi::Value weights = get(from, "axisWeights");
    if (!weights.IsNull())
      for (int k = 0; k < dims; ++k) {
        spec.axisWeights[k] = readDoubles(asArray(weights, "axisWeights").Get(k), "axisWeights");
        if (spec.axisWeights[k].size() != spec.axes[k].size()) bad("axis weights and samples differ in number");
      }
  } else if (spec.kind == SampleKind::points) {
    spec.points = doubles(from, "points");
    if (spec.points.empty() || spec.points.size() % dims) bad("'points' is empty or not whole points");
    inside(spec.points);
    count = static_cast<int64_t>(spec.points.size()) / dims;
  } else {
    const std::vector<int> boxes = integers(from, "boxes", 1, 1 << 20);
    if (boxes.size() != static_cast<size_t>(dims)) bad("'boxes' has the wrong length");
    for (int k = 0; k < dims; ++k) count = times(count, spec.boxes[k] = boxes[k]);
  }
  const Napi::Value weights = get(from, "weights");
  if (!weights.IsNull()) {
    spec.weights = readDoubles(weights, "weights");
    if (static_cast<int64_t>(spec.weights.size()) != count) bad("weights and samples differ in number");
  }
  spec.draws = integer(from, "draws", 0, int64_t{1} << 32);
  spec.redraw = boolean(from, "redraw");
  return spec;
}

std::vector<std::vector<double>> channels(const Napi::Object& from, int64_t count) {
  return readChannels(array(from, "channels"), count);
}

TermSpec term(const Napi::Object& from, const ProblemSpec& problem) {
  TermSpec spec;
  spec.name = get(from, "name").ToString().Utf8Value();
  spec.samples = small(from, "samples", 0, static_cast<int64_t>(problem.samples.size()) - 1);
  spec.residuals = small(from, "residuals", 1, 4096);
  spec.coefficients = small(from, "coefficients", 0, 65535);
  spec.hasRows = boolean(from, "hasRows");
  spec.linear = boolean(from, "linear");
  spec.channels = channels(from, sampleCount(problem.samples[spec.samples]));
  spec.jetSets = jetSets(from, problem);
  const std::vector<int> jets = integers(from, "jets", 0, 1 << 20);
  if (jets.size() % 3) bad("'jets' is not groups of three");
  std::set<std::array<int, 3>> known;
  for (size_t i = 0; i < jets.size(); i += 3) {
    const JetRef jet{jets[i], jets[i + 1], jets[i + 2]};
    if (static_cast<size_t>(jet.field) >= problem.fields.size() || jet.output >= problem.fields[jet.field].outputs ||
        jet.plane >= spec.jetSets[jet.field].count)
      bad("a jet reference is out of range");
    if (!known.insert({jet.field, jet.output, jet.plane}).second) bad("a jet is referred to twice");
    spec.jets.push_back(jet);
  }
  spec.scalars = integers(from, "scalars", 0, static_cast<int>(problem.scalars.size()) - 1);
  const auto load = [&](const char* name, bool coefficients = false, bool rows = false, bool tangents = false) {
    const int planes = coefficients ? spec.coefficients : 0, residuals = rows ? spec.residuals : 0;
    const InputLimits limits{spec.channels.size(), static_cast<size_t>(planes), static_cast<size_t>(residuals), tangents};
    return program(from, name, problem, spec.jetSets, limits);
  };
  spec.value = load("value");
  spec.gradient = load("gradient");
  if (spec.value.sums != 1 || spec.value.stores > spec.residuals ||
      spec.gradient.sums != 1 + static_cast<int>(spec.scalars.size()) || spec.gradient.stores > static_cast<int>(spec.jets.size()))
    bad("the value or gradient program has the wrong outputs");
  if (spec.hasRows) {
    spec.linearise = load("linearise");
    spec.tangent = load("tangent", true, false, true);
    spec.adjoint = load("adjoint", true, true);
    spec.squares = load("squares");
    if (spec.linearise.stores > spec.residuals + spec.coefficients || spec.tangent.stores > spec.residuals ||
        spec.adjoint.stores > static_cast<int>(spec.jets.size()) || spec.adjoint.sums != static_cast<int>(spec.scalars.size()) ||
        spec.squares.sums > static_cast<int>(spec.scalars.size()))
      bad("a least-squares program has the wrong outputs");
  } else {
    spec.squares = load("squares");
    if (spec.squares.sums > static_cast<int>(spec.scalars.size())) bad("the curvature of an energy has the wrong outputs");
  }
  const int rows = spec.hasRows ? spec.residuals : static_cast<int>(spec.jets.size());
  const std::vector<int> pattern = integers(from, "pattern", 0, 1 << 20);
  if (pattern.size() % 3) bad("'pattern' is not groups of three");
  std::set<std::pair<int, int>> entries;
  for (size_t i = 0; i < pattern.size(); i += 3) {
    const JacobianEntry entry{pattern[i], pattern[i + 1], pattern[i + 2]};
    if (entry.residual >= rows || static_cast<size_t>(entry.jet) >= spec.jets.size() || entry.slot >= spec.squares.stores)
      bad("a Jacobian entry is out of range");
    if (!entries.insert({entry.residual, entry.jet}).second) bad("a Jacobian entry is given twice");
    spec.pattern.push_back(entry);
  }
  return spec;
}

AdamStage adamStage(const Napi::Object& from) {
  AdamStage stage;
  stage.learningRate = number(from, "learningRate");
  stage.decaySteps = number(from, "decaySteps");
  stage.beta1 = number(from, "beta1");
  stage.beta2 = number(from, "beta2");
  stage.epsilon = number(from, "epsilon");
  return stage;
}
GaussNewtonStage gaussNewtonStage(const Napi::Object& from) {
  GaussNewtonStage stage;
  stage.steps = integer(from, "steps", 1, 1 << 20);
  stage.damping = number(from, "damping");
  if (from.Has("stepTolerance")) stage.stepTolerance = number(from, "stepTolerance");
  if (from.Has("fromHere")) stage.fromHere = boolean(from, "fromHere");
  if (from.Has("inner")) stage.inner = static_cast<InnerKind>(small(from, "inner", 0, kInnerKindCount - 1));
  if (from.Has("innerMemory")) stage.innerMemory = integer(from, "innerMemory", 0, int64_t{1} << 50);
  if (from.Has("keepFactor")) stage.keepFactor = boolean(from, "keepFactor");
  if (from.Has("freshFactor")) stage.freshFactor = boolean(from, "freshFactor");
  if (from.Has("held")) {
    stage.held = integers(from, "held", 0, 1 << 20);
    stage.heldAxis = small(from, "heldAxis", 0, kMaxDims - 1);
  }
  return stage;
}
LbfgsStage lbfgsStage(const Napi::Object& from) {
  LbfgsStage stage;
  stage.history = small(from, "history", 1, 1000);
  stage.resample = integer(from, "resample", 0, int64_t{1} << 31);
  stage.scaling = static_cast<Scaling>(small(from, "scaling", 0, kScalingCount - 1));
  return stage;
}

}  // namespace

int64_t sampleCount(const SampleSetSpec& spec) {
  int64_t count = 1;
  if (spec.kind == SampleKind::points) return static_cast<int64_t>(spec.points.size()) / spec.dims;
  for (int k = 0; k < spec.dims; ++k) count *= spec.kind == SampleKind::tensor ? static_cast<int64_t>(spec.axes[k].size()) : spec.boxes[k];
  return count;
}

std::vector<double> readDoubles(const Napi::Value& from, const char* name) {
  if (!from.IsTypedArray()) bad(std::string("'") + name + "' is not a Float64Array");
  const auto typed = from.As<Napi::TypedArray>();
  if (typed.TypedArrayType() != napi_float64_array) bad(std::string("'") + name + "' is not a Float64Array");
  std::vector<double> result = fromFloat64Array(typed);
  for (const double x : result)
    if (!std::isfinite(x)) bad(std::string("'") + name + "' holds a value that is not finite");
  return result;
}

ProblemSpec readProblem(const Napi::Object& from) {
  ProblemSpec problem;
  const std::vector<double> lower = doubles(from, "lower"), upper = doubles(from, "upper");
  problem.dims = static_cast<int>(lower.size());
  if (problem.dims < 1 || problem.dims > kMaxDims || upper.size() != lower.size()) bad("a domain has 1, 2 or 3 axes");
  for (int k = 0; k < problem.dims; ++k) {
    problem.lower[k] = lower[k];
    problem.upper[k] = upper[k];
  }
  problem.seed = static_cast<uint64_t>(integer(from, "seed", 0, int64_t{1} << 62));
  problem.uniforms = doubles(from, "uniforms");
  problem.scalars = doubles(from, "scalars");
  problem.folded = from.Has("folded") && boolean(from, "folded");
  const Napi::Array fields = array(from, "fields"), sets = array(from, "samples"), terms = array(from, "terms");
  for (uint32_t i = 0; i < fields.Length(); ++i) problem.fields.push_back(field(object(fields.Get(i), "fields"), problem.dims));
  for (uint32_t i = 0; i < sets.Length(); ++i)
    problem.samples.push_back(samples(object(sets.Get(i), "samples"), problem.dims, problem.lower, problem.upper));
  for (uint32_t i = 0; i < terms.Length(); ++i) problem.terms.push_back(term(object(terms.Get(i), "terms"), problem));
  if (problem.fields.empty() || problem.terms.empty()) bad("a problem has at least one field and one term");
  return problem;
}

std::vector<StageSpec> readStages(const Napi::Value& from) {
  if (!from.IsArray()) bad("'stages' is not an array");
  const Napi::Array list = from.As<Napi::Array>();
  std::vector<StageSpec> stages;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const Napi::Object given = object(list.Get(i), "stages");
    StageSpec stage;
    const StageKind kind = static_cast<StageKind>(small(given, "kind", 0, kStageKindCount - 1));
    stage.iterations = integer(given, "iterations", 0, int64_t{1} << 31);
    stage.tolerance = number(given, "tolerance");
    if (given.Has("begun")) stage.begun = integer(given, "begun", 0, stage.iterations);
    stage.uniforms = doubles(given, "uniforms");
    switch (kind) {
      case StageKind::adam: stage.optimizer = adamStage(given); break;
      case StageKind::gaussNewton: stage.optimizer = gaussNewtonStage(given); break;
      case StageKind::lbfgs: stage.optimizer = lbfgsStage(given); break;
    }
    stages.push_back(stage);
  }
  return stages;
}

Variations readVariations(const Napi::Object& from, const ProblemSpec& problem, const std::vector<int64_t>& sampleCounts) {
  Variations variations;
  variations.count = small(from, "count", 1, 1 << 16);
  const size_t count = static_cast<size_t>(variations.count);
  variations.sameJacobian = boolean(from, "sameJacobian");
  variations.uniforms = doubles(from, "uniforms");
  if (!variations.uniforms.empty() && variations.uniforms.size() != count * problem.uniforms.size()) bad("'uniforms' are all of each variation, or none");
  for (const double seed : doubles(from, "seeds")) {
    if (!(seed >= 0 && seed < 0x1p53)) bad("a seed is not in 0..2^53");
    variations.seeds.push_back(static_cast<uint64_t>(seed));
  }
  if (!variations.seeds.empty() && variations.seeds.size() != count) bad("'seeds' are one of each variation, or none");
  const Napi::Array channels = array(from, "channels");
  for (uint32_t i = 0; i < channels.Length(); ++i) {
    const Napi::Object given = object(channels.Get(i), "channels");
    VariedChannel varied;
    varied.term = small(given, "term", 0, static_cast<int>(problem.terms.size()) - 1);
    varied.channel = small(given, "channel", 0, static_cast<int>(problem.terms[varied.term].channels.size()) - 1);
    const Napi::Array each = array(given, "values");
    if (each.Length() != count) bad("a channel has values of each variation");
    const size_t samples = static_cast<size_t>(sampleCounts[varied.term]);
    varied.values.reserve(count * samples);
    for (uint32_t v = 0; v < each.Length(); ++v) {
      const std::vector<double> values = readDoubles(each.Get(v), "values");
      if (values.size() != samples) bad("a channel has one value for each sample");
      varied.values.insert(varied.values.end(), values.begin(), values.end());
    }
    variations.channels.push_back(std::move(varied));
  }
  const Napi::Value evaluation = get(from, "evaluation");
  if (evaluation.IsObject()) variations.evaluations.push_back(readEvaluation(evaluation.As<Napi::Object>(), problem));
  return variations;
}

OptimizerState readOptimizerState(const Napi::Value& from) {
  const Napi::Object given = object(from, "state");
  OptimizerState state;
  state.iteration = integer(given, "iteration", 1, int64_t{1} << 31);
  // Before the first window is full there is no best mean: infinity, which is no number that anybody can store as JSON.
  const Napi::Value mean = get(given, "bestMean");
  state.bestMean = mean.IsNull() ? INFINITY : number(given, "bestMean");
  state.windowSum = number(given, "windowSum");
  state.windowCount = integer(given, "windowCount", 0, 1 << 20);
  state.first = doubles(given, "first");
  state.second = doubles(given, "second");
  state.best = doubles(given, "best");
  if (!get(given, "current").IsNull()) state.current = doubles(given, "current");
  return state;
}

std::vector<std::vector<double>> readChannels(const Napi::Value& from, int64_t count) {
  if (!from.IsArray()) bad("'channels' is not an array");
  const Napi::Array list = from.As<Napi::Array>();
  std::vector<std::vector<double>> values;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    values.push_back(readDoubles(list.Get(i), "channels"));
    if (static_cast<int64_t>(values.back().size()) != count) bad("a channel has not one value a sample");
  }
  return values;
}

EvaluationSpec readEvaluation(const Napi::Object& from, const ProblemSpec& problem) {
  EvaluationSpec spec;
  spec.samples = samples(object(get(from, "samples"), "samples"), problem.dims, problem.lower, problem.upper);
  spec.jetSets = jetSets(from, problem);
  spec.channels = channels(from, sampleCount(spec.samples));
  spec.program = program(from, "program", problem, spec.jetSets, {spec.channels.size(), 0, 0, false});
  return spec;
}

}  // namespace dinf
