/** A problem on one window of time, posed once for all windows: where it begins and how long it is are uniforms. */
import {Arena} from '../expression/arena';
import type {Expression} from '../expression/node';
import {bindLeaves} from '../expression/substitute';
import type {ProblemSpec} from '../pose/problem-spec';
import {scopeOf} from '../pose/problem-spec';

/** Names of the uniforms of a window problem; none of the problem's own. */
export interface WindowUniforms {
  /** Time at which the window begins. */
  readonly begin: string;
  /** How long it is. */
  readonly length: string;
  /** What each equation is multiplied by. */
  readonly scales: readonly string[];
}

/** A problem whose time runs from 0 to 1 in every window. */
export interface WindowProblem {
  readonly spec: ProblemSpec;
  readonly uniforms: WindowUniforms;
}

/**
 * Rewrites a problem for windows: time t becomes begin + length·t, and a derivative of order k is divided by length^k.
 *
 * @param spec with time from 0 to 1, as are its samples; expressions are those of the whole time.
 * @param axis number of the coordinate that is time.
 * @param count its first terms are equations, which get a factor each.
 */
export function windowProblem(spec: ProblemSpec, axis: number, count: number): WindowProblem {
  const taken = new Set(Object.values(scopeOf(spec)).flat() as string[]);
  const unused = (name: string): string => {
    let free = name;
    while (taken.has(free)) free += '0';
    taken.add(free);
    return free;
  };
  const [begin, length] = [unused('begin'), unused('length')];
  const scales = Array.from({length: count}, (_, i) => unused(`scale${i + 1}`));
  const time = spec.domain[axis].name;
  const terms = spec.terms.map((term, i) => ({
    ...term,
    equations: term.equations.map(({text, residual: given}) => {
      const moved = inWindow(given, time, begin, length);
      const scale: Expression = {kind: 'uniform', name: scales[i]};
      const residual: Expression = i < count ? {kind: 'operation', operator: 'mul', operands: [scale, moved]} : moved;
      return {text, sides: [residual] as const, residual};
    }),
  }));
  const lift = Object.fromEntries(
    Object.entries(spec.lift).map(([name, {text, expression}]) => [
      name,
      {text, expression: inWindow(expression, time, begin, length)},
    ]),
  );
  const uniforms = {...spec.uniforms, [begin]: 0, [length]: 1, ...Object.fromEntries(scales.map((name) => [name, 1]))};
  return {spec: {...spec, terms, lift, uniforms}, uniforms: {begin, length, scales}};
}

function inWindow(expression: Expression, time: string, begin: string, length: string): Expression {
  const arena = new Arena();
  const span = arena.leaf({kind: 'uniform', name: length});
  return bindLeaves(
    expression,
    (leaf) => {
      if (leaf.kind === 'coordinate' && leaf.name === time) {
        return arena.make('add', arena.leaf({kind: 'uniform', name: begin}), arena.make('mul', span, arena.leaf(leaf)));
      }
      const order = leaf.kind === 'derivative' ? (leaf.orders[time] ?? 0) : 0;
      return order === 0 ? leaf : arena.make('div', leaf, arena.make('pow', span, arena.constant(order)));
    },
    arena,
  );
}
