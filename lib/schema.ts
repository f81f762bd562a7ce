/**
 * What TypeScript and C++ must agree on.
 *
 * Made by `node scripts/schema.mjs` from schema/schema.json: change that file, and run it again.
 */

/** Words of one instruction of a program. */
export const INSTRUCTION_WORDS = 5;

/**
 * How a grid's nodes are weighted. The weights of the first two are products over the axes of weights of one axis; those of the
 * last two are radial.
 */
export const KERNEL_KINDS = {
  /** The Gaussian exp(-(epsilon r)^2), r in cells, normalised over its neighbourhood. */
  gaussian: 0,
  /** The cardinal B-spline of odd degree. */
  bspline: 1,
  /** 1 / (1 + (epsilon r)^2), normalised over its neighbourhood. */
  'inverse-quadratic': 2,
  /** 1 / sqrt(1 + (epsilon r)^2), normalised over its neighbourhood. */
  'inverse-multiquadric': 3,
  /** Linear interpolation: the B-spline of degree 1. */
  hat: 1,
} as const;

/** A name in {@link KERNEL_KINDS}. */
export type KernelKind = keyof typeof KERNEL_KINDS;

/** What a grid does where a neighbourhood reaches beyond the border of the box. */
export const EDGES = {
  /** Indices beyond the border are clamped onto it; there are no nodes outside. */
  clamp: 0,
  /** Ghost nodes outside the box are unknowns like any other. */
  extend: 1,
  /** The axis is a circle: node N is node 0. */
  periodic: 2,
} as const;

/** A name in {@link EDGES}. */
export type EdgeName = keyof typeof EDGES;

/** What a hidden layer of an MLP applies to each of its units. */
export const ACTIVATIONS = {
  /** The hyperbolic tangent. */
  tanh: 0,
  /** sin(omega g): Siren's activation. */
  sine: 1,
  /** g Phi(g), Phi the normal distribution. */
  gelu: 2,
  /** No activation. */
  identity: 3,
} as const;

/** A name in {@link ACTIVATIONS}. */
export type ActivationKind = keyof typeof ACTIVATIONS;

/** How the weights of an MLP start. */
export const NETWORK_STARTS = {
  /** Weights uniform within sqrt(6 / (inputs + outputs)) of each layer, biases zero (Glorot & Bengio 2010). */
  xavier: 0,
  /**
   * Weights uniform within 1 / inputs in the first layer and sqrt(6 / inputs) / omega in the others, omega that of the last sine;
   * biases within 1 / sqrt(inputs) (Sitzmann et al. 2020).
   */
  siren: 1,
} as const;

/** A name in {@link NETWORK_STARTS}. */
export type NetworkStart = keyof typeof NETWORK_STARTS;

/** What a field is made of. */
export const FIELD_KINDS = {
  /** A multi-level feature grid and its decoder. */
  grid: 0,
  /** An MLP on the coordinates themselves. */
  network: 1,
} as const;

/** A name in {@link FIELD_KINDS}. */
export type FieldKind = keyof typeof FIELD_KINDS;

/** How a sample set is given. */
export const SAMPLE_KINDS = {
  /** The product of one list of coordinates an axis. */
  tensor: 0,
  /** A list of points. */
  points: 1,
  /** One point in each of a lattice of boxes, drawn anew each iteration. */
  stratified: 2,
} as const;

/** A name in {@link SAMPLE_KINDS}. */
export type SampleKind = keyof typeof SAMPLE_KINDS;

/** The optimizer of a stage. */
export const STAGE_KINDS = {
  /** Adam (Kingma & Ba 2015). */
  adam: 0,
  /** Damped Gauss-Newton; least squares where the problem is linear. */
  'gauss-newton': 1,
  /** L-BFGS (Nocedal 1980). */
  lbfgs: 2,
} as const;

/** A name in {@link STAGE_KINDS}. */
export type StageKind = keyof typeof STAGE_KINDS;

/** What solves the linear least-squares problem of a Gauss-Newton step. */
export const INNER_SOLVERS = {
  /** The direct solver where a factorisation pays and fits, else CGLS. */
  auto: 0,
  /** Conjugate gradients with a Cholesky factor of the normal matrix as the preconditioner. */
  direct: 1,
  /** Conjugate gradients on the normal equations, scaled by column norms. */
  cgls: 2,
} as const;

/** A name in {@link INNER_SOLVERS}. */
export type InnerSolver = keyof typeof INNER_SOLVERS;

/** What L-BFGS measures lengths of steps with. */
export const SCALINGS = {
  /** Each unknown's own curvature at the start. */
  columns: 0,
  /** One curvature for all outputs of a field at a node: their sum. */
  shared: 1,
  /** Nothing: unknowns as they are. */
  none: 2,
} as const;

/** A name in {@link SCALINGS}. */
export type Scaling = keyof typeof SCALINGS;

/**
 * The instruction set of residual programs, an instruction being five 16-bit words: opcode, destination, a, b, c. Operands index
 * registers, then constants, then inputs, in one space.
 */
export const OPCODES = {
  /** a + b */
  add: 0,
  /** a - b */
  sub: 1,
  /** a b */
  mul: 2,
  /** a / b */
  div: 3,
  /** -a */
  neg: 4,
  /** |a| */
  abs: 5,
  /** 1, 0 or -1, as a is positive, zero or negative */
  sign: 6,
  /** sqrt(a) */
  sqrt: 7,
  /** exp(a) */
  exp: 8,
  /** log(a), the natural logarithm */
  log: 9,
  /** sin(a) */
  sin: 10,
  /** cos(a) */
  cos: 11,
  /** tan(a) */
  tan: 12,
  /** asin(a) */
  asin: 13,
  /** acos(a) */
  acos: 14,
  /** atan(a) */
  atan: 15,
  /** sinh(a) */
  sinh: 16,
  /** cosh(a) */
  cosh: 17,
  /** tanh(a) */
  tanh: 18,
  /** a to the power of b */
  pow: 19,
  /** atan2(a, b) */
  atan2: 20,
  /** the lesser of a and b */
  min: 21,
  /** the greater of a and b */
  max: 22,
  /** a < b ? 1 : 0 */
  lt: 23,
  /** a <= b ? 1 : 0 */
  le: 24,
  /** a == b ? 1 : 0 */
  eq: 25,
  /** a != 0 ? b : c */
  where: 26,
  /** a == 0 ? 0 : a b: a zero seed absorbs an infinite local derivative */
  mul0: 27,
  /** sqrt(a^2 + b^2) */
  hypot: 28,
  /** b == 0 ? 0 : a / b */
  div0: 29,
  /** keeps a, one value a sample; the destination is a store slot */
  store: 30,
  /** adds a up over the samples, in double and in a fixed order; the destination is a sum slot */
  sum: 31,
} as const;

/** A name in {@link OPCODES}. */
export type Opcode = keyof typeof OPCODES;

/** Number of operands of each of {@link OPCODES}. */
export const OPCODE_ARITIES = {
  add: 2,
  sub: 2,
  mul: 2,
  div: 2,
  neg: 1,
  abs: 1,
  sign: 1,
  sqrt: 1,
  exp: 1,
  log: 1,
  sin: 1,
  cos: 1,
  tan: 1,
  asin: 1,
  acos: 1,
  atan: 1,
  sinh: 1,
  cosh: 1,
  tanh: 1,
  pow: 2,
  atan2: 2,
  min: 2,
  max: 2,
  lt: 2,
  le: 2,
  eq: 2,
  where: 3,
  mul0: 2,
  hypot: 2,
  div0: 2,
  store: 1,
  sum: 1,
} as const satisfies Record<Opcode, number>;

/** What an input of a program is, given as (kind, a, b, c); words that a kind does not name are 0. */
export const INPUT_KINDS = {
  /** a: axis */
  coordinate: 0,
  /** a: field, b: output, c: plane of the term's jet set for that field */
  jet: 1,
  /** the tangent of a jet, named as the jet is */
  tangent: 2,
  /** a: channel of the term's data */
  channel: 3,
  /** a: uniform of the problem */
  uniform: 4,
  /** a: trainable scalar */
  scalar: 5,
  /** the tangent of a trainable scalar, named as the scalar is */
  scalarTangent: 6,
  /** what the sample is worth */
  weight: 7,
  /** a: plane that the linearisation kept */
  coefficient: 8,
  /** a: residual */
  row: 9,
} as const;

/** A name in {@link INPUT_KINDS}. */
export type InputKind = keyof typeof INPUT_KINDS;

/** The number format of a solve. */
export const DTYPES = [
  /** Single precision; sums over samples are in double all the same. */
  'float32',
  /** Double precision. */
  'float64',
] as const;

/** An entry of {@link DTYPES}. */
export type Dtype = (typeof DTYPES)[number];

/** The kinds of devices that a solve may run on. */
export const DRIVERS = [
  /** The processor's cores. */
  'cpu',
  /** CUDA devices. */
  'cuda',
] as const;

/** An entry of {@link DRIVERS}. */
export type DriverName = (typeof DRIVERS)[number];

/** Why a solve ended. */
export const STOP_REASONS = [
  /** All iterations are done. */
  'iterations',
  /** The tolerance is met, or rounding allows no further progress. */
  'tolerance',
  /** It was asked to stop. */
  'aborted',
  /** The loss is not finite. */
  'diverged',
] as const;

/** An entry of {@link STOP_REASONS}. */
export type StopReason = (typeof STOP_REASONS)[number];

/** The codes of errors that are thrown on purpose, stable across versions. */
export const ERROR_CODES = [
  /** The signal was aborted before the call began. */
  'ABORTED',
  /** The loss became infinite or not a number. */
  'DIVERGED',
  /** An argument has the wrong type, or a value out of its range. */
  'INVALID_ARGUMENT',
  /** There is no option of that name. */
  'UNKNOWN_OPTION',
  /** An expression names something that is not there. */
  'UNKNOWN_SYMBOL',
  /** A text cannot be read as an expression. */
  'SYNTAX',
  /** A derivative has a higher order than the solver provides. */
  'ORDER_TOO_HIGH',
  /** An expression needs more operands than a program can hold. */
  'EXPRESSION_TOO_LARGE',
  /** A number that must be finite is infinite or not a number. */
  'NON_FINITE',
  /** A point lies outside the problem's domain. */
  'OUT_OF_DOMAIN',
  /** There is no file of that name. */
  'FILE_NOT_FOUND',
  /** A file cannot be read, or does not hold what it should. */
  'FILE_UNREADABLE',
  /** A file cannot be written. */
  'FILE_UNWRITABLE',
  /** A file is no image of a format that is read. */
  'NOT_AN_IMAGE',
  /** A file is no mesh of a format that is read. */
  'NOT_A_MESH',
  /** An image has fewer pixels than the problem needs. */
  'IMAGE_TOO_SMALL',
  /** A problem needs more memory than the device can give, or than was allowed. */
  'OUT_OF_MEMORY',
  /** Too much waits already: try again later. */
  'QUEUE_FULL',
  /** The time that a job may take was over before it had anything to keep. */
  'TIME_LIMIT',
  /** This build or this machine does not have the device. */
  'NO_SUCH_DEVICE',
  /** A CUDA device has failed, and answers this process no more: a new process may use it again. */
  'DEVICE_LOST',
  /** A service that this needs, such as Redis or an object store, does not answer, or its client is not installed. */
  'UNAVAILABLE',
  /** No native build of the package loads. */
  'NO_NATIVE_BUILD',
  /** A solution or solver is used after it was disposed. */
  'DISPOSED',
  /** An assumption of the package itself was broken. */
  'INTERNAL',
] as const;

/** An entry of {@link ERROR_CODES}. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** All of it, in the shape that the addon gives as `buildInfo().schema`: a binary of another schema is noticed. */
export const SCHEMA = {
  instructionWords: INSTRUCTION_WORDS,
  kernelKinds: KERNEL_KINDS,
  edges: EDGES,
  activations: ACTIVATIONS,
  networkStarts: NETWORK_STARTS,
  fieldKinds: FIELD_KINDS,
  sampleKinds: SAMPLE_KINDS,
  stageKinds: STAGE_KINDS,
  innerSolvers: INNER_SOLVERS,
  scalings: SCALINGS,
  opcodes: OPCODES,
  inputKinds: INPUT_KINDS,
  dtypes: DTYPES,
  drivers: DRIVERS,
  stopReasons: STOP_REASONS,
  errorCodes: ERROR_CODES,
} as const;
