/**
 * The lift u := g + B·u of exact data on the faces of a box. g is Gordon's transfinite interpolant (W. J. Gordon, SIAM J. Numer. Anal. 8,
 * 1971): 1 − Π_k (1 − P_k), P_k the Hermite interpolation along axis k of what is given on its two faces. B vanishes on all constrained
 * faces, see constraint-distance.ts; by default to first order where a value is known, and no faster.
 */
import type {Arena} from '../expression/arena';
import {totalDerivative} from '../expression/differentiate';
import type {Expression} from '../expression/node';
import {coordinate, derivative} from '../expression/node';
import {bindLeaves} from '../expression/substitute';
import type {BoxAxis, Face} from './conditions';
import type {DistanceKind, FaceDistance} from './constraint-distance';
import {distanceProduct} from './constraint-distance';

/** Exact data on a face: the value (order 0) or the derivative across it (order 1), an expression in the other coordinates. */
export interface FaceData {
  readonly face: Face;
  readonly order: 0 | 1;
  readonly data: Expression;
  readonly equation: string;
}

/** The derivative of an order across a face, on the face. */
export function atFace(expression: Expression, face: Face, order: number, box: readonly BoxAxis[], arena: Arena): Expression {
  const {name} = box[face.axis];
  const bound = box[face.axis][face.side];
  return bindLeaves(
    totalDerivative(expression, name, order, arena),
    (leaf) => (leaf.kind === 'coordinate' && leaf.name === name ? arena.constant(bound) : leaf),
    arena,
  );
}

/** g + B·u, or with the paper's distance (1 − B)·g + B·u; with the paper's the data are blended out where the field takes over. */
export function liftOf(
  unknown: string,
  entries: readonly FaceData[],
  box: readonly BoxAxis[],
  kind: DistanceKind,
  arena: Arena,
): Expression {
  const sum = (a: Expression, b: Expression): Expression => arena.make('add', a, b);
  const product = (a: Expression, b: Expression): Expression => arena.make('mul', a, b);
  const axes = box.map((_, k) => entries.filter((entry) => entry.face.axis === k)).filter((list) => list.length > 0);
  let interpolant: Expression = arena.zero;
  // The product of (1 − P_k) expanded: over every choice of one entry on each of some axes, with alternating sign.
  const expand = (from: number, weight: Expression, data: Expression | undefined, sign: number): void => {
    if (data !== undefined) interpolant = sum(interpolant, product(product(arena.constant(sign), weight), data));
    for (let k = from; k < axes.length; k++) {
      for (const entry of axes[k]) {
        const value = data === undefined ? entry.data : atFace(data, entry.face, entry.order, box, arena);
        expand(k + 1, product(weight, blending(entry, axes[k], box, arena)), value, -sign);
      }
    }
  };
  expand(0, arena.one, undefined, -1);
  const faces = axes.flatMap((list): FaceDistance[] => {
    const {axis} = list[0].face;
    const s = unitDistance(axis, box, arena);
    const length = box[axis].upper - box[axis].lower;
    const [low, high] = orders(list);
    const fromEnds = [
      {distance: s, length, order: low},
      {distance: arena.make('sub', arena.one, s), length, order: high},
    ];
    return fromEnds.filter(({order}) => order > 0);
  });
  const centre = Object.fromEntries(box.map(({name, lower, upper}) => [name, (lower + upper) / 2]));
  const factor = product(
    arena.constant(1 / (kind === 'polynomial' ? peakOf(axes) : 1)),
    distanceProduct(faces, kind, centre, arena),
  );
  const free = product(factor, arena.leaf(derivative(unknown)));
  // The paper blends the data out where the field takes over.
  return kind === 'exponential' ? sum(product(arena.make('sub', arena.one, factor), interpolant), free) : sum(interpolant, free);
}

/** The largest value of the product of all s^low (1 − s)^high. */
function peakOf(axes: readonly (readonly FaceData[])[]): number {
  return axes.reduce((peak, list) => {
    const [low, high] = orders(list);
    return peak * (low / (low + high)) ** low * (high / (low + high)) ** high; // 0^0 is 1
  }, 1);
}

/** Numbers of data at the lower and at the upper end of an axis: 0, 1 (value) or 2 (value and slope). */
function orders(list: readonly FaceData[]): [number, number] {
  const count = (side: Face['side']): number => list.filter((entry) => entry.face.side === side).length;
  return [count('lower'), count('upper')];
}

/** (x − lower) / (upper − lower). */
function unitDistance(axis: number, box: readonly BoxAxis[], arena: Arena): Expression {
  const {name, lower, upper} = box[axis];
  const shifted = arena.make('sub', arena.leaf(coordinate(name)), arena.constant(lower));
  return arena.make('mul', shifted, arena.constant(1 / (upper - lower)));
}

function power(base: Expression, exponent: number, arena: Arena): Expression {
  return exponent === 0 ? arena.one : arena.make('pow', base, arena.constant(exponent));
}

/** The polynomial in s that is 1 in this entry's datum and 0 in all others of its axis, in the axis' units. */
function blending(entry: FaceData, list: readonly FaceData[], box: readonly BoxAxis[], arena: Arena): Expression {
  const {axis, side} = entry.face;
  const [low, high] = orders(list);
  const s = unitDistance(axis, box, arena);
  // Seen from the other end, s is 1 − s and slopes change their sign.
  const own = side === 'lower' ? s : arena.make('sub', arena.one, s);
  const [here, there] = side === 'lower' ? [low, high] : [high, low];
  const length = (box[axis].upper - box[axis].lower) * (side === 'lower' ? 1 : -1);
  const coefficients = entry.order === 0 ? VALUE[here - 1][there] : SLOPE[there].map((c) => c * length);
  return coefficients.reduce(
    (result: Expression, c, i) => arena.make('add', result, arena.make('mul', arena.constant(c), power(own, i, arena))),
    arena.zero,
  );
}

/** Coefficients of 1, s, s², s³ of the polynomial with value 1 at s = 0: by how much is given here (1, 2) and at s = 1 (0, 1, 2). */
const VALUE: readonly (readonly (readonly number[])[])[] = [
  [[1], [1, -1], [1, -2, 1]],
  [[1], [1, 0, -1], [1, 0, -3, 2]],
];
/** The same for slope 1 at s = 0, where the value is given as well. */
const SLOPE: readonly (readonly number[])[] = [
  [0, 1],
  [0, 1, -1],
  [0, 1, -2, 1],
];
