import fc from 'fast-check';
import type {Expression} from '../../lib/expression/node';
import {constant, coordinate, data, derivative, operation, postorder, scalar, uniform} from '../../lib/expression/node';
import type {Operator} from '../../lib/expression/operators';
import {applyOperator, BINARY_FUNCTIONS, COMPARISONS, UNARY_FUNCTIONS} from '../../lib/expression/operators';
import {leafName} from '../../lib/expression/interpret';
import type {Scope} from '../../lib/expression/scope';

export const scope = {
  coordinates: ['x', 'y', 't', 'theta'],
  unknowns: ['u', 'v'],
  data: ['g'],
  uniforms: ['alpha'],
  scalars: ['c'],
} as const satisfies Scope;

export const LEAVES: readonly Expression[] = [
  coordinate('x'),
  coordinate('y'),
  derivative('u'),
  derivative('u', {x: 1}),
  derivative('u', {x: 1, y: 1}),
  derivative('v', {theta: 2, t: 1}),
  data('g'),
  uniform('alpha'),
  scalar('c'),
];

/** Numbers in [−3, 3], small integers more often than not. */
const literal = fc
  .oneof(fc.integer({min: -3, max: 3}), fc.double({min: -3, max: 3, noNaN: true}), fc.constantFrom(1e-7, 1e21, Math.PI, 0.5))
  .map(constant);

export interface GenerateOptions {
  readonly leaves?: readonly Expression[];
  /** Leave out what is not continuous: comparisons, sign. */
  readonly smooth?: boolean;
  /** Leave out exponents that are not literals. */
  readonly literalExponents?: boolean;
  /** Leave out operators. */
  readonly without?: readonly Operator[];
}

/** Random expressions of a user's constructs. */
export function expressions(options: GenerateOptions = {}): fc.Arbitrary<Expression> {
  const {leaves = LEAVES, smooth = false, literalExponents = false, without = []} = options;
  const keep = (operators: readonly Operator[]): Operator[] => operators.filter((operator) => !without.includes(operator));
  const unary = keep(UNARY_FUNCTIONS).filter((operator) => !smooth || operator !== 'sign');
  const binary = keep(['add', 'sub', 'mul', 'div', ...BINARY_FUNCTIONS, ...(smooth ? [] : COMPARISONS)]);
  return fc.letrec<{node: Expression; leaf: Expression}>((tie) => ({
    leaf: fc.oneof({weight: 3, arbitrary: fc.constantFrom(...leaves)}, {weight: 1, arbitrary: literal}),
    node: fc.oneof(
      {depthSize: 'small', withCrossShrink: true},
      tie('leaf'),
      {
        weight: 5,
        arbitrary: fc.tuple(fc.constantFrom(...binary), tie('node'), tie('node')).map(([o, a, b]) => operation(o, a, b)),
      },
      {weight: 3, arbitrary: fc.tuple(fc.constantFrom(...unary), tie('node')).map(([o, a]) => operation(o, a))},
      tie('node').map((a) => operation('neg', a)),
      fc.tuple(tie('node'), fc.constantFrom(-2, -0.5, 0, 0.5, 1, 2, 3, 5, 1.7)).map(([a, n]) => operation('pow', a, constant(n))),
      ...(literalExponents ? [] : [fc.tuple(tie('node'), tie('node')).map(([a, b]) => operation('pow', a, b))]),
      ...(without.includes('norm')
        ? []
        : [fc.array(tie('node'), {minLength: 1, maxLength: 3}).map((a) => operation('norm', ...a))]),
      ...(smooth ? [] : [fc.tuple(tie('node'), tie('node'), tie('node')).map(([a, b, c]) => operation('where', a, b, c))]),
    ),
  })).node;
}

/** A value for each leaf, none on a special point where functions have kinks. */
export const values = fc
  .array(fc.double({min: -2, max: 2, noNaN: true}), {minLength: LEAVES.length, maxLength: LEAVES.length})
  .map((list) => {
    const result: Record<string, number> = {};
    LEAVES.forEach((leaf, i) => {
      result[leafName(leaf as Exclude<Expression, {kind: 'constant' | 'operation'}>)] = list[i] + Math.sin(i + 1) / 30;
    });
    return result;
  });

/** Below this, subnormal numbers are near, which have few digits. */
const SMALLEST = 1e-150;

/** Whether every node of an expression is finite, and neither so large nor so small that differences lose all digits. */
export function isTame(expression: Expression, at: Readonly<Record<string, number>>, largest = 1e6): boolean {
  const results = new Map<Expression, number>();
  for (const node of postorder([expression])) {
    let value: number;
    if (node.kind === 'constant') value = node.value;
    else if (node.kind !== 'operation') value = at[leafName(node)];
    else {
      const operands = node.operands.map((operand) => results.get(operand)!);
      value = applyOperator(node.operator, operands, node.operands[1]?.kind === 'constant');
    }
    if (!(Math.abs(value) < largest) || (value !== 0 && Math.abs(value) < SMALLEST)) return false;
    results.set(node, value);
  }
  return true;
}

/**
 * The derivative of f at 0 by Richardson-extrapolated central differences, or undefined where two extrapolations disagree: near a
 * kink, a pole or in noise no difference can judge a derivative.
 */
export function difference(f: (h: number) => number, step = 2e-3): number | undefined {
  const central = (h: number): number => (f(h) - f(-h)) / (2 * h);
  const [wide, middle, narrow] = [central(step), central(step / 2), central(step / 4)];
  const coarse = (4 * middle - wide) / 3;
  const fine = (4 * narrow - middle) / 3;
  return Math.abs(coarse - fine) <= 1e-6 * Math.max(1, Math.abs(fine)) ? fine : undefined;
}

/**
 * Seed of the properties that finite differences judge: those can be wrong, at rates of one in a million, so that a fresh seed
 * in every run would fail now and then for nothing. Set the variable to explore.
 */
export const SEED = Number(process.env.EXPRESSION_SEED ?? 1);

/** Counts how often a property could judge its case, so that a filter cannot make a test empty. */
export class Judged {
  private cases = 0;
  private judged = 0;

  record(judged: boolean): boolean {
    this.cases++;
    if (judged) this.judged++;
    return judged;
  }

  /** The share of cases that were judged. */
  get share(): number {
    return this.judged / this.cases;
  }
}
