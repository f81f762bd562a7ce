/**
 * What a row of an equation weighs by itself: the size of its coefficients in the unit box. Divided by it, an equation or condition means the
 * same whatever it was multiplied by, and whatever units it is in.
 */
import {rootMeanSquare} from '../base/norms';
import {toText} from '../expression';
import {Arena} from '../expression/arena';
import type {Expression} from '../expression/node';
import {coordinate, totalOrder} from '../expression/node';
import {evaluateExpression, leafName} from '../expression/interpret';
import {leavesOf} from '../expression/substitute';
import type {ProblemSpec} from '../pose/problem-spec';
import type {BoxAxis, Face} from './conditions';
import type {Clash} from './constraints';

/** Places at which coefficients are looked at. */
const PLACES = 48;

/** A sequence that fills the box evenly: multiples of these, modulo 1 (Roberts's R3). */
const STEPS = [0.8191725133961645, 0.6710436067037893, 0.5497004779019703] as const;

/**
 * The root mean square of all coefficients of a residual, each by a derivative of an unknown in the unit box: c / L^k for one of order k along
 * an axis of length L. Of a nonlinear residual, at the field zero; at ones where it has none there.
 *
 * @param face where a condition holds; default everywhere.
 * @returns 1 where there is no number to divide by.
 */
export function rowSize(
  residual: Expression,
  box: readonly BoxAxis[],
  uniforms: Readonly<Record<string, number>>,
  face?: Face,
): number {
  const leaves = leavesOf(residual).filter((leaf) => leaf.kind === 'derivative');
  for (const base of [0, 1]) {
    let sum = 0;
    for (const place of placesIn(box, face)) {
      const values: Record<string, number> = {...uniforms, ...place};
      for (const leaf of leaves) values[leafName(leaf)] = base;
      const there = evaluateExpression(residual, values);
      for (const leaf of leaves) {
        const length = box.reduce((product, {name, lower, upper}) => product * (upper - lower) ** (leaf.orders[name] ?? 0), 1);
        const step = base === 0 ? 1e-4 : 1e-4 * base;
        const coefficient = (evaluateExpression(residual, {...values, [leafName(leaf)]: base + step}) - there) / (step * length);
        sum += coefficient ** 2;
      }
    }
    const size = Math.sqrt(sum / PLACES);
    if (Number.isFinite(size) && size > 0) return size;
  }
  return 1;
}

/** Places that fill a box, or a face of it, evenly. */
function placesIn(box: readonly BoxAxis[], face?: Face): Record<string, number>[] {
  return Array.from({length: PLACES}, (_, i) =>
    Object.fromEntries(
      box.map(({name, lower, upper}, k) => {
        const part = (0.5 + (i + 1) * STEPS[k]) % 1;
        return [name, k === face?.axis ? box[k][face.side] : lower + part * (upper - lower)];
      }),
    ),
  );
}

/** The root mean square of an expression where all unknowns are 0, such as of a lift: of what its conditions prescribe. */
export function sizeWithout(expression: Expression, box: readonly BoxAxis[], uniforms: Readonly<Record<string, number>>): number {
  const none = Object.fromEntries(
    leavesOf(expression).flatMap((leaf) => (leaf.kind === 'derivative' ? [[leafName(leaf), 0]] : [])),
  );
  const size = rootMeanSquare(placesIn(box).map((place) => evaluateExpression(expression, {...uniforms, ...place, ...none})));
  return Number.isFinite(size) ? size : 0;
}

/** The highest order of any derivative along an axis. */
export function orderAlong(residual: Expression, axis: string): number {
  return leavesOf(residual).reduce(
    (most, leaf) => (leaf.kind === 'derivative' ? Math.max(most, leaf.orders[axis] ?? 0) : most),
    0,
  );
}

/**
 * What the rows of an equation of some order are multiplied by where conditions clash: near such an edge of the box, at distance r of it, the
 * derivatives of order m grow as r^(k − m) if those of order k disagree, and are not square integrable. Multiplied by r^(m − k) they are; least
 * squares then has a minimum that finer grids approach, and does not spend itself on the edge.
 */
export function edgeWeight(residual: Expression, clashes: readonly Clash[], box: readonly BoxAxis[]): Expression | undefined {
  const order = Math.max(0, ...leavesOf(residual).map((leaf) => (leaf.kind === 'derivative' ? totalOrder(leaf) : 0)));
  const edges = new Map<string, {readonly faces: readonly Face[]; readonly power: number}>();
  for (const clash of clashes) {
    const faces = [clash.first, clash.second].sort((a, b) => a.axis - b.axis);
    const key = faces.map(({axis, side}) => `${axis} ${side}`).join();
    const power = Math.max(order - clash.order, edges.get(key)?.power ?? 0);
    if (power > 0) edges.set(key, {faces, power});
  }
  const arena = new Arena();
  const factors = [...edges.values()].map(({faces, power}) => {
    const squares = faces.map(({axis, side}) => {
      const {name, lower, upper} = box[axis];
      const distance = arena.make('sub', arena.leaf(coordinate(name)), arena.constant(side === 'lower' ? lower : upper));
      return arena.make('pow', arena.make('mul', distance, arena.constant(1 / (upper - lower))), arena.constant(2));
    });
    return arena.make('pow', arena.make('add', squares[0], squares[1]), arena.constant(power / 2));
  });
  return factors.length === 0 ? undefined : factors.reduce((product, factor) => arena.make('mul', product, factor));
}

/** What the weights of terms follow from. */
interface Weighing {
  /** Terms of equations, one equation each; those of conditions follow. */
  readonly count: number;
  /** Weight of an equation whose rows have size 1. */
  readonly share: number;
  /** Of each condition. */
  readonly faces: readonly Face[];
  readonly box: readonly BoxAxis[];
  readonly uniforms: Readonly<Record<string, number>>;
  readonly cells: readonly number[];
  /** Where conditions disagree. */
  readonly clashes: readonly Clash[];
  /** Weight of the conditions, their rows scaled, where a user has given one. */
  readonly given: number | undefined;
}

/**
 * Equations and conditions weighed by their sizes. A condition of order j on a face across which the equations have order m weighs
 * N^(2 (m − j) − 1) on N cells, as the norms of traces do: then no refinement moves the balance of the two.
 */
export function weighed(spec: ProblemSpec, {count, share, faces, box, uniforms, cells, clashes, given}: Weighing): ProblemSpec {
  const equations = spec.terms.slice(0, count).flatMap((term) => term.equations.map(({residual}) => residual));
  const terms = spec.terms.map((term, i) => {
    const [{residual}] = term.equations;
    if (i < count) {
      const weight = share / rowSize(residual, box, uniforms) ** 2;
      const edge = edgeWeight(residual, clashes, box);
      if (edge === undefined) return {...term, weight};
      const weighted: Expression = {kind: 'operation', operator: 'mul', operands: [edge, residual]};
      return {...term, weight, equations: [{text: toText(weighted), sides: [weighted] as const, residual: weighted}]};
    }
    const face = (faces as readonly (Face | undefined)[])[i - count];
    // Of what is free the equations ask nothing: any weight will do.
    if (face === undefined) return term;
    const {name} = box[face.axis];
    const order = Math.max(1, ...equations.map((one) => orderAlong(one, name)));
    const power = Math.max(1, 2 * (order - orderAlong(residual, name)) - 1);
    return {...term, weight: (given ?? cells[face.axis] ** power) / rowSize(residual, box, uniforms, face) ** 2};
  });
  return {...spec, terms};
}
