/** Every operator of an expression. `mul0` and `div0` arise from differentiating; the others are what a user writes. */
export type Operator =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'neg'
  | 'pow'
  | UnaryFunction
  | BinaryFunction
  | Comparison
  | 'where'
  | 'norm'
  | 'mul0'
  | 'div0';

/** Functions of one operand. */
export type UnaryFunction = (typeof UNARY_FUNCTIONS)[number];
/** Functions of two operands. */
export type BinaryFunction = (typeof BINARY_FUNCTIONS)[number];
/** Comparisons, which are 1 or 0. */
export type Comparison = (typeof COMPARISONS)[number];

export const UNARY_FUNCTIONS = [
  'abs',
  'sign',
  'sqrt',
  'exp',
  'log',
  'sin',
  'cos',
  'tan',
  'asin',
  'acos',
  'atan',
  'sinh',
  'cosh',
  'tanh',
] as const;

export const BINARY_FUNCTIONS = ['atan2', 'min', 'max', 'hypot'] as const;

export const COMPARISONS = ['lt', 'le', 'gt', 'ge', 'eq'] as const;

/** Most components of a norm: operands are passed as arguments, of which the engine takes some ten thousands. */
export const MOST_COMPONENTS = 1000;

/** Number of operands of an operator; undefined for `norm`, which takes one or more. */
export function arity(operator: Operator): number | undefined {
  return ARITIES.get(operator) ?? (operator === 'norm' ? undefined : 2);
}

const ARITIES: ReadonlyMap<Operator, number> = new Map([
  ...UNARY_FUNCTIONS.map((name): [Operator, number] => [name, 1]),
  ['neg', 1],
  ['where', 3],
]);

/** Integer powers up to this are products, in the order of {@link powerSteps}; beyond it the error of `pow` is the smaller one. */
const LARGEST_PRODUCT_POWER = 64;

/** How a power with a constant exponent is computed, or undefined when only the general `pow` will do. */
export interface PowerPlan {
  /** Exponent of the product of copies of the base. */
  readonly whole: number;
  /** Whether a square root of the base is one more factor. */
  readonly half: boolean;
  /** Whether the result is one divided by the product. */
  readonly reciprocal: boolean;
}

/**
 * Integer and half-integer exponents need only multiplication, division and square root, which every machine rounds alike; `pow`
 * differs in the last bits from one maths library to the next.
 */
export function powerPlan(exponent: number): PowerPlan | undefined {
  const size = Math.abs(exponent);
  const whole = Math.floor(size);
  const half = size - whole === 0.5;
  if (size > LARGEST_PRODUCT_POWER || (size !== whole && !half)) return undefined;
  return {whole, half, reciprocal: exponent < 0};
}

/**
 * The value of a power by its plan, with whatever multiplies: numbers here, nodes when lowering. Repeated squaring, lowest bit
 * first, so the sequence of products depends on the exponent alone.
 */
export function expandPower<T>(
  base: T,
  plan: PowerPlan,
  algebra: {one: T; mul: (a: T, b: T) => T; div: (a: T, b: T) => T; sqrt: (a: T) => T},
): T {
  let product: T | undefined;
  let square = base;
  for (let rest = plan.whole; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) product = product === undefined ? square : algebra.mul(product, square);
    if (rest > 1) square = algebra.mul(square, square);
  }
  if (plan.half) {
    const root = algebra.sqrt(base);
    product = product === undefined ? root : algebra.mul(product, root);
  }
  product ??= algebra.one;
  return plan.reciprocal ? algebra.div(algebra.one, product) : product;
}

const NUMBERS = {one: 1, mul: (a: number, b: number) => a * b, div: (a: number, b: number) => a / b, sqrt: Math.sqrt};

/** base^exponent in float64, by the same products as a lowered program when the exponent is a constant. */
function power(base: number, exponent: number, constantExponent: boolean): number {
  const plan = constantExponent ? powerPlan(exponent) : undefined;
  return plan === undefined ? base ** exponent : expandPower(base, plan, NUMBERS);
}

/** sign(0) and sign(NaN) are 0, as the native program computes it. */
const sign = (a: number): number => (a > 0 ? 1 : a < 0 ? -1 : 0);

/** One float64 function for each operator; `pow` is the general one. Ties of min and max go to the first operand. */
const FUNCTIONS: Readonly<Record<Operator, (...operands: number[]) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  neg: (a) => -a,
  pow: (a, b) => a ** b,
  abs: Math.abs,
  sign,
  sqrt: Math.sqrt,
  exp: Math.exp,
  log: Math.log,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  atan2: Math.atan2,
  min: (a, b) => (b < a ? b : a),
  max: (a, b) => (a < b ? b : a),
  hypot: (a, b) => Math.hypot(a, b),
  lt: (a, b) => (a < b ? 1 : 0),
  le: (a, b) => (a <= b ? 1 : 0),
  gt: (a, b) => (b < a ? 1 : 0),
  ge: (a, b) => (b <= a ? 1 : 0),
  eq: (a, b) => (a === b ? 1 : 0),
  where: (condition, a, b) => (condition !== 0 ? a : b),
  norm: (first, ...rest) => (rest.length === 0 ? Math.abs(first) : rest.reduce((sum, a) => Math.hypot(sum, a), first)),
  mul0: (seed, factor) => (seed === 0 ? 0 : seed * factor),
  div0: (a, b) => (b === 0 ? 0 : a / b),
};

/**
 * The value of an operator in float64. NaN in a comparison counts as false, in the condition of `where` as true.
 *
 * @param constantExponent for `pow`: whether its exponent is a constant, which decides between products and the general power.
 */
export function applyOperator(operator: Operator, operands: readonly number[], constantExponent = false): number {
  if (operator === 'pow') return power(operands[0], operands[1], constantExponent);
  return FUNCTIONS[operator](...operands);
}

/** Whether a word names an operator. */
export const isOperator = (word: unknown): word is Operator => typeof word === 'string' && Object.hasOwn(FUNCTIONS, word);
