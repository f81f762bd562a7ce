import type {Arena} from './expression/arena';
import type {EquationSource} from './expression/equation';
import {resolve} from './expression/equation';
import type {Expression} from './expression/node';
import {checkOrder, substitute} from './expression/substitute';
import type {ProblemSpec} from './problem-spec';
import {scopeOf} from './problem-spec';

/**
 * An equation as the solver sees it: read against the problem's names, unknowns replaced by their lifts, derivatives within reach.
 *
 * @param data names of the term's channels.
 * @throws SYNTAX, UNKNOWN_SYMBOL, ORDER_TOO_HIGH
 */
export function readEquation(
  spec: Pick<ProblemSpec, 'domain' | 'fields' | 'uniforms' | 'scalars' | 'lift'>,
  source: EquationSource,
  data: Readonly<Record<string, unknown>>,
  arena: Arena,
): Expression {
  const scope = scopeOf(spec, data);
  const lifts = new Map(Object.entries(spec.lift).map(([name, text]) => [name, resolve(text, scopeOf(spec), arena)]));
  const lifted = substitute(resolve(source, scope, arena), lifts, arena);
  checkOrder(lifted);
  return lifted;
}
