/**
 * Complex arithmetic on pairs of real expressions: an equation in a complex unknown is two real ones. `i` turns by 90°.
 *
 * The derivative of a complex expression by a real coordinate is taken part by part ({@link d}); nothing here is a complex derivative.
 */
import {reading, wrong} from '../base/options';
import {Arena} from './arena';
import type {Operand} from './builders';
import {toExpression} from './builders';
import {totalDerivative} from './differentiate';
import type {Expression} from './node';
import {isExpression, operation} from './node';
import type {Operator} from './operators';

/** A complex number as two real expressions. */
export interface Complex {
  /** Real part. */
  readonly re: Expression;
  /** Imaginary part. */
  readonly im: Expression;
}

/** What the functions here take: a complex number, or a real one. */
export type ComplexOperand = Complex | Operand;

/**
 * re + i·im.
 *
 * @param im 0 by default.
 * @throws INVALID_ARGUMENT for a part that is neither an expression nor a finite number.
 */
export function of(re: Operand, im: Operand = 0): Complex {
  return Object.freeze({re: toExpression(re), im: toExpression(im)});
}

/** i */
export const I: Complex = of(0, 1);

/** a + b */
export function add(a: ComplexOperand, b: ComplexOperand): Complex {
  return parts([a, b], ([p, q], op) => ({re: op('add', p.re, q.re), im: op('add', p.im, q.im)}));
}

/** a − b */
export function sub(a: ComplexOperand, b: ComplexOperand): Complex {
  return parts([a, b], ([p, q], op) => ({re: op('sub', p.re, q.re), im: op('sub', p.im, q.im)}));
}

/** −a */
export function neg(a: ComplexOperand): Complex {
  return parts([a], ([p], op) => ({re: op('neg', p.re), im: op('neg', p.im)}));
}

/** a·b */
export function mul(a: ComplexOperand, b: ComplexOperand): Complex {
  return parts([a, b], ([p, q], op) => ({
    re: op('sub', op('mul', p.re, q.re), op('mul', p.im, q.im)),
    im: op('add', op('mul', p.re, q.im), op('mul', p.im, q.re)),
  }));
}

/** a / b, by the conjugate of b. Not finite where b is 0. */
export function div(a: ComplexOperand, b: ComplexOperand): Complex {
  const square = abs2(b);
  return parts([mul(a, conj(b))], ([p], op) => ({re: op('div', p.re, square), im: op('div', p.im, square)}));
}

/** factor·a for a real factor. */
export function scale(factor: Operand, a: ComplexOperand): Complex {
  const real = toExpression(factor);
  return parts([a], ([p], op) => ({re: op('mul', real, p.re), im: op('mul', real, p.im)}));
}

/** The complex conjugate. */
export function conj(a: ComplexOperand): Complex {
  return parts([a], ([p], op) => ({re: p.re, im: op('neg', p.im)}));
}

/** |a|², a real expression. */
export function abs2(a: ComplexOperand): Expression {
  const {re, im} = from(a);
  return new Arena().simplify(operation('add', operation('mul', re, re), operation('mul', im, im)));
}

/** |a|, a real expression with derivative 0 where a is 0. */
export function abs(a: ComplexOperand): Expression {
  const {re, im} = from(a);
  return new Arena().simplify(operation('norm', re, im));
}

/** exp(a) = exp(re)·(cos im + i sin im). */
export function exp(a: ComplexOperand): Complex {
  return parts([a], ([p], op) => ({
    re: op('mul', op('exp', p.re), op('cos', p.im)),
    im: op('mul', op('exp', p.re), op('sin', p.im)),
  }));
}

/** exp(i·angle) for a real angle. */
export function expI(angle: Operand): Complex {
  return exp(of(0, angle));
}

/**
 * The total derivative by a real coordinate, part by part.
 *
 * @param order 1 by default.
 */
export function d(a: ComplexOperand, coordinate: string, order = 1): Complex {
  const arena = new Arena();
  const {re, im} = from(a);
  return Object.freeze({
    re: totalDerivative(re, coordinate, order, arena),
    im: totalDerivative(im, coordinate, order, arena),
  });
}

/** The two real equations of a complex one, left = right, as residuals: what a term takes. */
export function equations(left: ComplexOperand, right: ComplexOperand = 0): readonly [Expression, Expression] {
  const {re, im} = sub(left, right);
  return [re, im];
}

type Apply = (operator: Operator, ...operands: Expression[]) => Expression;

/** Simplified while it is built, so that the zeros of real and imaginary numbers vanish instead of growing into sums. */
function parts(operands: readonly ComplexOperand[], build: (operands: readonly Complex[], apply: Apply) => Complex): Complex {
  const arena = new Arena();
  const apply: Apply = (operator, ...values) => arena.make(operator, ...values.map((value) => arena.simplify(value)));
  return Object.freeze(build(operands.map(from), apply));
}

function from(value: ComplexOperand): Complex {
  if (typeof value === 'number') return of(value);
  const given: unknown = value;
  const parted =
    typeof given === 'object' && given !== null && reading('a complex operand', () => 're' in given && 'im' in given);
  if (!parted && !reading('a complex operand', () => isExpression(given)))
    throw wrong('a complex operand', '{re, im}, an expression or a number', given);
  return parted ? of((value as Complex).re, (value as Complex).im) : of(value as Expression);
}
