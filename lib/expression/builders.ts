import {DinfError} from '../base/errors';
import {reading, wrong} from '../base/options';
import type {Expression, OperationNode} from './node';
import {constant, isExpression, operation} from './node';
import type {Operator} from './operators';
import {MOST_COMPONENTS} from './operators';

/** What a builder takes for an operand: a number becomes a constant. */
export type Operand = Expression | number;

/**
 * An operand as an expression.
 *
 * @throws INVALID_ARGUMENT for anything but an expression or a finite number.
 */
export function toExpression(operand: Operand): Expression {
  if (typeof operand === 'number') return constant(operand);
  if (reading('an operand', () => isExpression(operand))) return operand;
  throw wrong('an operand', 'an expression or a number', operand);
}

/** Builds a node of one operand. */
export type Unary = (a: Operand) => OperationNode;
/** Builds a node of two operands. */
export type Binary = (a: Operand, b: Operand) => OperationNode;

const unary =
  (operator: Operator): Unary =>
  (a) =>
    operation(operator, toExpression(a));

const binary =
  (operator: Operator): Binary =>
  (a, b) =>
    operation(operator, toExpression(a), toExpression(b));

/** a + b */
export const add = binary('add');
/** a − b */
export const sub = binary('sub');
/** a·b */
export const mul = binary('mul');
/** a / b. (`div` is the divergence.) */
export const divide = binary('div');
/** −a */
export const neg = unary('neg');
/** a to the power b. Constant integer and half-integer exponents up to 64 are computed by products and square roots. */
export const pow = binary('pow');
/** |a|, with derivative sign a. */
export const abs = unary('abs');
/** The sign of a: −1, 0 or 1, with derivative 0. */
export const sign = unary('sign');
/** The square root of a. For lengths use {@link norm}, whose derivative is finite at 0. */
export const sqrt = unary('sqrt');
/** e to the power of a. */
export const exp = unary('exp');
/** The natural logarithm of a. */
export const log = unary('log');
/** The sine of a, in radians. */
export const sin = unary('sin');
/** The cosine of a, in radians. */
export const cos = unary('cos');
/** The tangent of a, in radians. */
export const tan = unary('tan');
/** The arcsine of a, in radians; NaN outside [−1, 1]. */
export const asin = unary('asin');
/** The arccosine of a, in radians; NaN outside [−1, 1]. */
export const acos = unary('acos');
/** The arctangent of a, in radians. */
export const atan = unary('atan');
/** The hyperbolic sine of a. */
export const sinh = unary('sinh');
/** The hyperbolic cosine of a. */
export const cosh = unary('cosh');
/** The hyperbolic tangent of a. */
export const tanh = unary('tanh');
/** The angle of the point (x, y), given as `atan2(y, x)`; derivative 0 at the origin. */
export const atan2 = binary('atan2');
/** The smaller of two; a tie goes to the first. */
export const min = binary('min');
/** The larger of two; a tie goes to the first. */
export const max = binary('max');
/** √(a² + b²), with derivative 0 at 0. */
export const hypot = binary('hypot');
/** 1 where a < b, else 0. */
export const less = binary('lt');
/** 1 where a ≤ b, else 0. */
export const lessOrEqual = binary('le');
/** 1 where a > b, else 0. */
export const greater = binary('gt');
/** 1 where a ≥ b, else 0. */
export const greaterOrEqual = binary('ge');
/** 1 where a equals b, else 0. */
export const equal = binary('eq');

/** `a` where the condition is not 0, `b` elsewhere. The branch not taken has no influence, on derivatives neither. */
export function where(condition: Operand, a: Operand, b: Operand): OperationNode {
  return operation('where', toExpression(condition), toExpression(a), toExpression(b));
}

/**
 * The Euclidean length of a vector given by its components, with derivative 0 at 0.
 *
 * @throws INVALID_ARGUMENT without components.
 */
export function norm(...components: readonly Operand[]): OperationNode {
  if (components.length === 0 || components.length > MOST_COMPONENTS) {
    throw new DinfError('INVALID_ARGUMENT', `norm takes 1 to ${MOST_COMPONENTS} components, and was given ${components.length}`);
  }
  return operation('norm', ...components.map(toExpression));
}
