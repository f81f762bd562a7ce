/**
 * Nonlinear equations in time. One least-squares problem over all of the time has stationary points where nothing grows: an epidemic that never
 * breaks out has a small residual too. So the equation is asked for up to a time that advances window by window, each solve beginning at the one
 * before; what lies beyond is held smooth, and so weakly that it does not matter to what lies before.
 */
import {toText} from '../expression';
import {lessOrEqual, mul, where} from '../expression/builders';
import type {Expression} from '../expression/node';
import {leavesOf} from '../expression/substitute';
import type {Optimizer} from '../optimizers';
import {gaussNewton} from '../optimizers';
import type {Problem} from '../pose/problem';
import {Problem as PosedProblem} from '../pose/problem';
import type {EquationSpec} from '../pose/problem-spec';
import type {BoxAxis, Condition} from './conditions';
import {orderAlong, rowSize} from './row-weights';

/** A problem whose equations hold up to a time, and the stages that move it. */
export interface Advance {
  readonly problem: Problem;
  readonly stages: readonly Optimizer[];
}

/**
 * How much the rows beyond the time weigh beside those before, in the size of their coefficients. More of it lets the kink at the time pull the
 * solution flat (1: an epidemic does not break out, 1e-3: predators and prey do not return); less than rounding leaves them free.
 */
const BEYOND = 1e-5;

/** Windows of two cells; fewer take in too much at once, and more cost what they do not give. */
const CELLS = 2;
const [FEWEST, MOST] = [16, 128];

/** Outer and inner iterations of a window: it is no answer yet. */
const WINDOW = {steps: 8, iterations: 500, tolerance: 1e-2};

/** The axis along which a problem is one of initial values: conditions on its lower face alone; of several the one that is called time. */
export function timeAxis(
  equations: readonly EquationSpec[],
  conditions: readonly Condition[],
  box: readonly BoxAxis[],
): number | undefined {
  const sides = (axis: number): Set<string> =>
    new Set(conditions.flatMap(({faces}) => faces.filter((face) => face.axis === axis).map(({side}) => side)));
  const candidates = Array.from(box.keys()).filter((k) => {
    const given = sides(k);
    return given.has('lower') && !given.has('upper') && equations.some(({residual}) => orderAlong(residual, box[k].name) > 0);
  });
  return candidates.find((k) => /^t(ime)?$/i.test(box[k].name)) ?? (candidates as (number | undefined)[])[0];
}

/**
 * The advance of a problem.
 *
 * @param count its first terms are the equations.
 * @param axis as {@link timeAxis} gave it.
 * @param cells along that axis.
 */
export function advanceOf({spec}: Problem, count: number, axis: number, cells: number, box: readonly BoxAxis[]): Advance {
  const {name: time, lower, upper} = box[axis];
  const names = [...Object.keys(spec.uniforms), ...spec.fields.flatMap(({unknowns}) => unknowns), ...box.map(({name}) => name)];
  let until = 'until';
  while (names.includes(until)) until += '0';
  const taken = new Set<string>();
  const terms = spec.terms.map((term, i) => {
    if (i >= count) return term;
    const equations = term.equations.map((equation) => {
      const beyond = smooth(equation.residual, time, taken);
      if (beyond === undefined) return equation;
      const {unknown, order} = beyond;
      const size = BEYOND * rowSize(equation.residual, box, spec.uniforms) * (upper - lower) ** order;
      const derivative: Expression = {kind: 'derivative', unknown, orders: {[time]: order}};
      const condition = lessOrEqual({kind: 'coordinate', name: time}, {kind: 'uniform', name: until});
      const residual = where(condition, equation.residual, mul(size, derivative));
      return {text: toText(residual), sides: [residual] as const, residual};
    });
    return {...term, equations};
  });
  const windows = Math.max(FEWEST, Math.min(MOST, Math.round(cells / CELLS)));
  const stages = Array.from({length: windows}, (_, k) =>
    gaussNewton({...WINDOW, uniforms: {[until]: lower + ((upper - lower) * (k + 1)) / windows}}),
  );
  return {problem: new PosedProblem({...spec, uniforms: {...spec.uniforms, [until]: upper}, terms}), stages};
}

/** The unknown that an equation moves in time, each equation another one, and the order of its derivative; undefined where it moves none. */
function smooth(residual: Expression, time: string, taken: Set<string>): {unknown: string; order: number} | undefined {
  const moved = leavesOf(residual)
    .flatMap((leaf) => (leaf.kind === 'derivative' ? [{unknown: leaf.unknown, order: leaf.orders[time] ?? 0}] : []))
    .filter(({order}) => order > 0)
    .sort((a, b) => b.order - a.order);
  const found = moved.find(({unknown}) => !taken.has(unknown));
  if (found !== undefined) taken.add(found.unknown);
  return found;
}
