import type {Steps} from '../base/steps';
import {finished} from '../base/steps';
import {Arena} from '../expression/arena';
import type {EquationSource} from '../expression/equation';
import {equationText, residualOf, resolve, resolveSides} from '../expression/equation';
import type {Expression} from '../expression/node';
import type {SymbolTable} from '../expression/scope';
import {checkOrder, substituteSteps} from '../expression/substitute';
import {checkReadable} from '../expression/tokenize';
import type {EquationSpec, ExpressionSpec, ProblemSpec} from './problem-spec';
import {scopeOf} from './problem-spec';

/** What of a problem decides how an equation is read. */
export type EquationContext = Pick<ProblemSpec, 'domain' | 'fields' | 'uniforms' | 'scalars' | 'lift'>;

/**
 * An expression with the unknowns replaced by their lifts, as the solver sees it: no derivative is out of reach.
 *
 * @throws DinfError ORDER_TOO_HIGH
 */
export function lifted(context: EquationContext, expression: Expression, arena: Arena): Expression {
  return finished(liftedSteps(context, expression, arena));
}

/** As {@link lifted}, with pauses. */
export function* liftedSteps({lift}: EquationContext, expression: Expression, arena: Arena): Steps<Expression> {
  const replacements = new Map(Object.entries(lift).map(([name, {expression: replacement}]) => [name, replacement]));
  const result = yield* substituteSteps(expression, replacements, arena);
  checkOrder(result);
  return result;
}

/**
 * Reads an equation against a problem's names: the only time that its text is parsed.
 *
 * @param names those of the problem and of the term's data.
 * @throws DinfError SYNTAX, UNKNOWN_SYMBOL, ORDER_TOO_HIGH
 */
export function readEquation(context: EquationContext, source: EquationSource, names: SymbolTable): EquationSpec {
  const arena = new Arena();
  const sides = resolveSides(source, names, arena);
  const residual = residualOf(sides);
  lifted(context, residual, arena); // for its check: a derivative out of reach is reported where it was written
  return {text: readableText(source), sides, residual};
}

/** What a saved field holds of an equation, and reads again. */
function readableText(source: EquationSource): string {
  const text = equationText(source);
  checkReadable(text);
  return text;
}

/**
 * Reads a lift: what takes the place of an unknown, itself not lifted.
 *
 * @throws DinfError SYNTAX, UNKNOWN_SYMBOL
 */
export function readLift(source: EquationSource, names: SymbolTable): ExpressionSpec {
  return {text: readableText(source), expression: resolve(source, names, new Arena())};
}

/**
 * An expression on a solution, as the solver sees it: read against the problem's names, unknowns replaced by their lifts.
 *
 * @param data names of the channels that the expression may use.
 * @throws DinfError SYNTAX, UNKNOWN_SYMBOL, ORDER_TOO_HIGH
 */
export function readLifted(
  context: EquationContext,
  source: EquationSource,
  data: Readonly<Record<string, unknown>>,
  arena: Arena,
): Expression {
  return lifted(context, resolve(source, scopeOf(context, data), arena), arena);
}
