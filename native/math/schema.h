// What TypeScript and C++ must agree on. Plain enough for device code.
//
// Made by `node scripts/schema.mjs` from schema/schema.json: change that file, and run it again.
#pragma once
#include <cstdint>

namespace dinf {

// Words of one instruction of a program.
constexpr int kWordsPerInstruction = 5;

// How a grid's nodes are weighted. The weights of the first two are products over the axes of weights of one axis; those of the
// last two are radial.
enum class KernelKind : int {
  gaussian = 0,  // The Gaussian exp(-(epsilon r)^2), r in cells, normalised over its neighbourhood.
  bspline = 1,  // The cardinal B-spline of odd degree.
  inverseQuadratic = 2,  // 1 / (1 + (epsilon r)^2), normalised over its neighbourhood.
  inverseMultiquadric = 3,  // 1 / sqrt(1 + (epsilon r)^2), normalised over its neighbourhood.
};
constexpr int kKernelKindCount = 4;

// What a grid does where a neighbourhood reaches beyond the border of the box.
enum class Edge : int {
  clamp = 0,  // Indices beyond the border are clamped onto it; there are no nodes outside.
  extend = 1,  // Ghost nodes outside the box are unknowns like any other.
  periodic = 2,  // The axis is a circle: node N is node 0.
};
constexpr int kEdgeCount = 3;

// What a hidden layer of an MLP applies to each of its units.
enum class Activation : int {
  tanh = 0,  // The hyperbolic tangent.
  sine = 1,  // sin(omega g): Siren's activation.
  gelu = 2,  // g Phi(g), Phi the normal distribution.
  identity = 3,  // No activation.
};
constexpr int kActivationCount = 4;

// How the weights of an MLP start.
enum class WeightStart : int {
  xavier = 0,  // Weights uniform within sqrt(6 / (inputs + outputs)) of each layer, biases zero (Glorot & Bengio 2010).
  // Weights uniform within 1 / inputs in the first layer and sqrt(6 / inputs) / omega in the others, omega that of the last sine;
  // biases within 1 / sqrt(inputs) (Sitzmann et al. 2020).
  siren = 1,
};
constexpr int kWeightStartCount = 2;

// What a field is made of.
enum class FieldKind : int {
  grid = 0,  // A multi-level feature grid and its decoder.
  network = 1,  // An MLP on the coordinates themselves.
};
constexpr int kFieldKindCount = 2;

// How a sample set is given.
enum class SampleKind : int {
  tensor = 0,  // The product of one list of coordinates an axis.
  points = 1,  // A list of points.
  stratified = 2,  // One point in each of a lattice of boxes, drawn anew each iteration.
};
constexpr int kSampleKindCount = 3;

// The optimizer of a stage.
enum class StageKind : int {
  adam = 0,  // Adam (Kingma & Ba 2015).
  gaussNewton = 1,  // Damped Gauss-Newton; least squares where the problem is linear.
  lbfgs = 2,  // L-BFGS (Nocedal 1980).
};
constexpr int kStageKindCount = 3;

// What solves the linear least-squares problem of a Gauss-Newton step.
enum class InnerKind : int {
  automatic = 0,  // The direct solver where a factorisation pays and fits, else CGLS.
  direct = 1,  // Conjugate gradients with a Cholesky factor of the normal matrix as the preconditioner.
  cgls = 2,  // Conjugate gradients on the normal equations, scaled by column norms.
};
constexpr int kInnerKindCount = 3;
inline constexpr const char* kInnerNames[] = {"auto", "direct", "cgls"};
constexpr const char* nameOf(InnerKind value) { return kInnerNames[static_cast<int>(value)]; }

// What L-BFGS measures lengths of steps with.
enum class Scaling : int {
  columns = 0,  // Each unknown's own curvature at the start.
  shared = 1,  // One curvature for all outputs of a field at a node: their sum.
  none = 2,  // Nothing: unknowns as they are.
};
constexpr int kScalingCount = 3;

// The instruction set of residual programs, an instruction being five 16-bit words: opcode, destination, a, b, c. Operands index
// registers, then constants, then inputs, in one space.
enum class Op : uint16_t {
  add = 0,  // a + b
  sub = 1,  // a - b
  mul = 2,  // a b
  div = 3,  // a / b
  neg = 4,  // -a
  abs = 5,  // |a|
  sign = 6,  // 1, 0 or -1, as a is positive, zero or negative
  sqrt = 7,  // sqrt(a)
  exp = 8,  // exp(a)
  log = 9,  // log(a), the natural logarithm
  sin = 10,  // sin(a)
  cos = 11,  // cos(a)
  tan = 12,  // tan(a)
  asin = 13,  // asin(a)
  acos = 14,  // acos(a)
  atan = 15,  // atan(a)
  sinh = 16,  // sinh(a)
  cosh = 17,  // cosh(a)
  tanh = 18,  // tanh(a)
  pow = 19,  // a to the power of b
  atan2 = 20,  // atan2(a, b)
  min = 21,  // the lesser of a and b
  max = 22,  // the greater of a and b
  lt = 23,  // a < b ? 1 : 0
  le = 24,  // a <= b ? 1 : 0
  eq = 25,  // a == b ? 1 : 0
  where = 26,  // a != 0 ? b : c
  mul0 = 27,  // a == 0 ? 0 : a b: a zero seed absorbs an infinite local derivative
  hypot = 28,  // sqrt(a^2 + b^2)
  div0 = 29,  // b == 0 ? 0 : a / b
  store = 30,  // keeps a, one value a sample; the destination is a store slot
  sum = 31,  // adds a up over the samples, in double and in a fixed order; the destination is a sum slot
};
constexpr int kOpcodes = 32;
// Number of operands.
constexpr int arity(Op value) {
  switch (value) {
    case Op::neg: case Op::abs: case Op::sign: case Op::sqrt: case Op::exp: case Op::log: case Op::sin: case Op::cos:
    case Op::tan: case Op::asin: case Op::acos: case Op::atan: case Op::sinh: case Op::cosh: case Op::tanh: case Op::store:
    case Op::sum:
      return 1;
    case Op::add: case Op::sub: case Op::mul: case Op::div: case Op::pow: case Op::atan2: case Op::min: case Op::max: case Op::lt:
    case Op::le: case Op::eq: case Op::mul0: case Op::hypot: case Op::div0:
      return 2;
    case Op::where:
      return 3;
  }
  return 0;
}

// What an input of a program is, given as (kind, a, b, c); words that a kind does not name are 0.
enum class InputKind : int {
  coordinate = 0,  // a: axis
  jet = 1,  // a: field, b: output, c: plane of the term's jet set for that field
  tangent = 2,  // the tangent of a jet, named as the jet is
  channel = 3,  // a: channel of the term's data
  uniform = 4,  // a: uniform of the problem
  scalar = 5,  // a: trainable scalar
  scalarTangent = 6,  // the tangent of a trainable scalar, named as the scalar is
  weight = 7,  // what the sample is worth
  coefficient = 8,  // a: plane that the linearisation kept
  row = 9,  // a: residual
};
constexpr int kInputKindCount = 10;

// The number format of a solve.
enum class Precision : int {
  float32 = 0,  // Single precision; sums over samples are in double all the same.
  float64 = 1,  // Double precision.
};
constexpr int kPrecisionCount = 2;
inline constexpr const char* kPrecisionNames[] = {"float32", "float64"};
constexpr const char* nameOf(Precision value) { return kPrecisionNames[static_cast<int>(value)]; }

// The kinds of devices that a solve may run on.
enum class DriverKind : int {
  cpu = 0,  // The processor's cores.
  cuda = 1,  // CUDA devices.
};
constexpr int kDriverKindCount = 2;
inline constexpr const char* kDriverNames[] = {"cpu", "cuda"};
constexpr const char* nameOf(DriverKind value) { return kDriverNames[static_cast<int>(value)]; }

// Why a solve ended.
enum class StopReason : int {
  iterations = 0,  // All iterations are done.
  tolerance = 1,  // The tolerance is met, or rounding allows no further progress.
  aborted = 2,  // It was asked to stop.
  diverged = 3,  // The loss is not finite.
};
constexpr int kStopReasonCount = 4;
inline constexpr const char* kStopReasonNames[] = {"iterations", "tolerance", "aborted", "diverged"};
constexpr const char* nameOf(StopReason value) { return kStopReasonNames[static_cast<int>(value)]; }

// The codes of errors that are thrown on purpose, stable across versions.
enum class ErrorCode : int {
  invalidArgument = 0,  // An argument has the wrong type, or a value out of its range.
  expressionTooLarge = 1,  // An expression needs more operands than a program can hold.
  outOfMemory = 2,  // A problem needs more memory than the device can give, or than was allowed.
  noSuchDevice = 3,  // This build or this machine does not have the device.
  deviceLost = 4,  // A CUDA device has failed, and answers this process no more: a new process may use it again.
  disposed = 5,  // A solution or solver is used after it was disposed.
  internal = 6,  // An assumption of the package itself was broken.
};
constexpr int kErrorCodeCount = 7;
inline constexpr const char* kErrorCodeNames[] = {"INVALID_ARGUMENT", "EXPRESSION_TOO_LARGE", "OUT_OF_MEMORY", "NO_SUCH_DEVICE", "DEVICE_LOST", "DISPOSED", "INTERNAL"};
constexpr const char* nameOf(ErrorCode value) { return kErrorCodeNames[static_cast<int>(value)]; }

// All of it as JSON, which `buildInfo` shows: lib/ compares it with its own, so that a binary of another schema is noticed.
inline constexpr const char* kSchema =
    R"({"instructionWords":5,"kernelKinds":{"gaussian":0,"bspline":1,"inverse-quadratic":2,"inverse-multiquadric":3,")"
    R"(hat":1},"edges":{"clamp":0,"extend":1,"periodic":2},"activations":{"tanh":0,"sine":1,"gelu":2,"identity":3},"n)"
    R"(etworkStarts":{"xavier":0,"siren":1},"fieldKinds":{"grid":0,"network":1},"sampleKinds":{"tensor":0,"points":1,)"
    R"("stratified":2},"stageKinds":{"adam":0,"gauss-newton":1,"lbfgs":2},"innerSolvers":{"auto":0,"direct":1,"cgls":)"
    R"(2},"scalings":{"columns":0,"shared":1,"none":2},"opcodes":{"add":0,"sub":1,"mul":2,"div":3,"neg":4,"abs":5,"si)"
    R"(gn":6,"sqrt":7,"exp":8,"log":9,"sin":10,"cos":11,"tan":12,"asin":13,"acos":14,"atan":15,"sinh":16,"cosh":17,"t)"
    R"(anh":18,"pow":19,"atan2":20,"min":21,"max":22,"lt":23,"le":24,"eq":25,"where":26,"mul0":27,"hypot":28,"div0":2)"
    R"(9,"store":30,"sum":31},"inputKinds":{"coordinate":0,"jet":1,"tangent":2,"channel":3,"uniform":4,"scalar":5,"sc)"
    R"(alarTangent":6,"weight":7,"coefficient":8,"row":9},"dtypes":["float32","float64"],"drivers":["cpu","cuda"],"st)"
    R"(opReasons":["iterations","tolerance","aborted","diverged"],"errorCodes":["ABORTED","DIVERGED","INVALID_ARGUMEN)"
    R"(T","UNKNOWN_OPTION","UNKNOWN_SYMBOL","SYNTAX","ORDER_TOO_HIGH","EXPRESSION_TOO_LARGE","NON_FINITE","OUT_OF_DOM)"
    R"(AIN","FILE_NOT_FOUND","FILE_UNREADABLE","FILE_UNWRITABLE","NOT_AN_IMAGE","NOT_A_MESH","IMAGE_TOO_SMALL","OUT_O)"
    R"(F_MEMORY","QUEUE_FULL","TIME_LIMIT","NO_SUCH_DEVICE","DEVICE_LOST","UNAVAILABLE","NO_NATIVE_BUILD","DISPOSED",)"
    R"("INTERNAL"]})";

}  // namespace dinf
