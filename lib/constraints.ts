/**
 * Conditions on the faces of a box. Where values (and slopes across a face) are given, they become a lift u := g + B·u that meets
 * them exactly; everything else becomes equations to be met on the face in the sense of least squares.
 *
 * g is Gordon's transfinite interpolant (W. J. Gordon, SIAM J. Numer. Anal. 8, 1971): 1 − Π_k (1 − P_k), P_k the Hermite interpolation
 * along axis k of what is given on its two faces. B vanishes on all constrained faces, see constraint-distance.ts; by default to first
 * order where a value is known, and no faster.
 */
import {DinfError} from './errors';
import type {DistanceKind, FaceDistance} from './constraint-distance';
import {distanceProduct} from './constraint-distance';
import {Arena} from './expression/arena';
import {totalDerivative} from './expression/differentiate';
import {resolveSides} from './expression/equation';
import {evaluateExpression} from './expression/interpret';
import type {Expression} from './expression/node';
import {coordinate, derivative} from './expression/node';
import {parse} from './expression/parse';
import type {Scope} from './expression/scope';
import {bindLeaves, leavesOf} from './expression/substitute';
import {closest} from './expression/spelling';

/** How conditions are met: exactly, by one of three kinds of lift, or all by least squares. */
export const CONSTRAINT_MODES = ['hard', 'r-function', 'paper', 'soft'] as const;
export type ConstraintMode = (typeof CONSTRAINT_MODES)[number];

const DISTANCE: Readonly<Record<Exclude<ConstraintMode, 'soft'>, DistanceKind>> = {
  hard: 'polynomial',
  'r-function': 'r-function',
  paper: 'exponential',
};

/** A coordinate with its bounds. */
export interface BoxAxis {
  readonly name: string;
  readonly lower: number;
  readonly upper: number;
}

/** One face of a box: where a coordinate is at one of its bounds. */
export interface Face {
  readonly axis: number;
  readonly side: 'lower' | 'upper';
}

/** A condition as `FACE[|FACE...]: EQUATION` says it. */
export interface Condition {
  readonly text: string;
  readonly faces: readonly Face[];
  readonly equation: string;
}

/** An equation that is to be met on a face by least squares. */
export interface SoftCondition {
  readonly face: Face;
  readonly equation: string;
}

/** What became of a list of conditions. */
export interface Imposed {
  /** For each unknown with exact conditions, the expression that takes its place. */
  readonly lift: Readonly<Record<string, Expression>>;
  readonly soft: readonly SoftCondition[];
  /** What is met exactly, such as `u on x=0`. */
  readonly hard: readonly string[];
  /** Why conditions that could be exact are not. */
  readonly notes: readonly string[];
}

/** Exact data on a face: the value (order 0) or the derivative across it (order 1), an expression in the other coordinates. */
interface Entry {
  readonly face: Face;
  readonly order: 0 | 1;
  readonly data: Expression;
  readonly equation: string;
}

/** Values of uniforms by name. */
type Uniforms = Readonly<Record<string, number>>;

/** How far two faces may disagree on an edge, relative to the larger value there: rounding of data such as sin(pi*x). */
const AGREEMENT = 1e-9;

/** Points along an edge at which the data of its two faces are compared. */
const EDGE_POINTS = 9;

/** `x=0`, as a condition names a face. */
export function faceName({axis, side}: Face, box: readonly BoxAxis[]): string {
  return `${box[axis].name}=${box[axis][side]}`;
}

/**
 * A number as a user writes it, such as `2*pi` or `-1/3`.
 *
 * @throws SYNTAX, UNKNOWN_SYMBOL, INVALID_ARGUMENT when it is not finite
 */
export function readNumber(text: string, what: string): number {
  const value = evaluateExpression(parse(text, {coordinates: [], unknowns: []}), {});
  if (!Number.isFinite(value))
    throw new DinfError('INVALID_ARGUMENT', `${what} is ${text.trim()} = ${value}: give a finite number`);
  return value;
}

/**
 * Reads `FACE[|FACE...]: EQUATION`, a FACE being COORDINATE=BOUND.
 *
 * @throws INVALID_ARGUMENT for a coordinate that does not exist or a value that is no bound; SYNTAX
 */
export function readCondition(text: string, box: readonly BoxAxis[]): Condition {
  const colon = text.indexOf(':');
  if (colon < 0) {
    throw new DinfError('SYNTAX', `the condition "${text}" has no colon: write FACE: EQUATION, such as "x=0|x=1: u=0"`);
  }
  const equation = text.slice(colon + 1).trim();
  if (equation === '') throw new DinfError('SYNTAX', `the condition "${text}" ends where its equation is expected`);
  const faces = text
    .slice(0, colon)
    .split('|')
    .map((face) => readFace(face.trim(), box, text));
  return {text, faces, equation};
}

function readFace(text: string, box: readonly BoxAxis[], condition: string): Face {
  const [, name, bound] = /^([\p{L}_][\p{L}0-9_]*)\s*=(?!=)(.+)$/su.exec(text) ?? [];
  if (bound === undefined) {
    throw new DinfError('SYNTAX', `in the condition "${condition}", "${text}" is no face: write COORDINATE=BOUND, such as x=0`);
  }
  const axis = box.findIndex((candidate) => candidate.name === name);
  if (axis < 0) {
    const names = box.map((candidate) => candidate.name);
    const near = closest(name, names);
    throw new DinfError(
      'INVALID_ARGUMENT',
      `in the condition "${condition}", ${name} is no coordinate${near === undefined ? '.' : `; did you mean ${near}?`} ` +
        `The coordinates are ${names.join(', ')}`,
    );
  }
  const {lower, upper} = box[axis];
  const value = readNumber(bound, `in the condition "${condition}", ${name}`);
  const near = (other: number): boolean => Math.abs(value - other) <= 1e-12 * (upper - lower);
  if (near(lower)) return {axis, side: 'lower'};
  if (near(upper)) return {axis, side: 'upper'};
  throw new DinfError(
    'INVALID_ARGUMENT',
    `in the condition "${condition}", ${name}=${bound.trim()} is no face of the domain: ${name} is bounded by ${lower} and ${upper}; ` +
      `write ${name}=${lower} or ${name}=${upper}`,
  );
}

/**
 * Decides for every condition whether it is met exactly.
 *
 * Exact, unless `soft`: `u = expression` on a face, and `u_n = expression` (n the coordinate that is constant there) on a face on which u is
 * given as well. Soft: a slope alone, Robin's conditions, anything nonlinear or coupled, and all data of two faces that disagree
 * where they meet.
 *
 * @param uniforms values of the scope's uniforms, for comparing the data of two faces.
 * @throws INVALID_ARGUMENT for a condition without = or unknown, or one that is given twice; SYNTAX, UNKNOWN_SYMBOL
 */
export function imposeConditions(
  conditions: readonly Condition[],
  box: readonly BoxAxis[],
  scope: Scope,
  mode: ConstraintMode,
  uniforms: Uniforms = {},
): Imposed {
  const arena = new Arena();
  const soft: SoftCondition[] = [];
  const notes: string[] = [];
  const entries = new Map<string, Entry[]>();
  for (const condition of conditions) {
    for (const face of condition.faces) {
      const found = exactData(condition, face, box, scope, arena);
      if (found !== undefined) requireFinite(found.entry, condition, box, uniforms);
      if (found === undefined || mode === 'soft') {
        soft.push({face, equation: condition.equation});
        continue;
      }
      const list = entries.get(found.unknown) ?? [];
      if (list.some((other) => sameFace(other.face, face) && other.order === found.entry.order)) {
        throw new DinfError(
          'INVALID_ARGUMENT',
          `${found.order === 0 ? found.unknown : `the slope of ${found.unknown}`} is given twice on ${faceName(face, box)}: keep one of the conditions`,
        );
      }
      entries.set(found.unknown, [...list, found.entry]);
    }
  }
  const lift: Record<string, Expression> = {};
  const hard: string[] = [];
  for (const [unknown, all] of entries) {
    const loose = new Set(
      all.filter(({face, order}) => order === 1 && !all.some((o) => o.order === 0 && sameFace(o.face, face))),
    );
    const candidates = all.filter((entry) => !loose.has(entry));
    const fighting = new Set<Entry>();
    for (const {first, second, message} of disagreements(unknown, candidates, box, arena, uniforms)) {
      for (const entry of candidates) {
        if (sameFace(entry.face, first) || sameFace(entry.face, second)) fighting.add(entry);
      }
      notes.push(message);
    }
    const exact = candidates.filter((entry) => !fighting.has(entry));
    soft.push(...all.filter((entry) => !exact.includes(entry)).map(({face, equation}) => ({face, equation})));
    if (exact.length === 0) continue;
    lift[unknown] = liftOf(unknown, exact, box, DISTANCE[mode as keyof typeof DISTANCE], arena);
    hard.push(...exact.map(({face, order}) => `${order === 0 ? unknown : `slope of ${unknown}`} on ${faceName(face, box)}`));
  }
  return {lift, soft, hard, notes};
}

const sameFace = (a: Face, b: Face): boolean => a.axis === b.axis && a.side === b.side;

/** The data of a condition `u = …` or `u_n = …`; undefined for every other kind. */
function exactData(
  condition: Condition,
  face: Face,
  box: readonly BoxAxis[],
  scope: Scope,
  arena: Arena,
): {unknown: string; order: 0 | 1; entry: Entry} | undefined {
  const sides = resolveSides(condition.equation, scope, arena).map((side) => arena.simplify(side));
  if (sides.length !== 2) {
    throw new DinfError('INVALID_ARGUMENT', `the condition "${condition.text}" has no =: write an equation, such as u = 0`);
  }
  const holds = sides.map((side) => leavesOf(side).some((leaf) => leaf.kind === 'derivative'));
  if (!holds[0] && !holds[1]) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `the condition "${condition.text}" says nothing about an unknown; they are ${scope.unknowns.join(', ')}`,
    );
  }
  if (holds[0] && holds[1]) return undefined;
  const [left, right] = holds[0] ? sides : [sides[1], sides[0]];
  if (left.kind !== 'derivative') return undefined;
  const orders = Object.entries(left.orders);
  const across = orders.length === 1 && orders[0][0] === box[face.axis].name && orders[0][1] === 1;
  if (orders.length > 0 && !across) return undefined;
  const order = across ? 1 : 0;
  const data = atFace(right, face, 0, box, arena);
  return {unknown: left.unknown, order, entry: {face, order, data, equation: condition.equation}};
}

/** Data such as 1/x on x=0 would spoil the lift everywhere. */
function requireFinite({face, data}: Entry, {text}: Condition, box: readonly BoxAxis[], uniforms: Uniforms): void {
  const along = box.filter((_, k) => k !== face.axis);
  for (let p = 0; p < EDGE_POINTS ** along.length; p++) {
    const place = placeOn(along, p);
    const value = evaluateExpression(data, {...uniforms, ...place});
    if (Number.isFinite(value)) continue;
    const at = Object.entries({[box[face.axis].name]: box[face.axis][face.side], ...place}).map(([name, x]) => `${name}=${x}`);
    throw new DinfError(
      'INVALID_ARGUMENT',
      `in the condition "${text}", the value at ${at.join(', ')} is ${value}: give finite values`,
    );
  }
}

/** Number p of EDGE_POINTS an axis, evenly spaced. */
function placeOn(along: readonly BoxAxis[], p: number): Record<string, number> {
  return Object.fromEntries(
    along.map(({name, lower, upper}, k) => {
      const index = Math.floor(p / EDGE_POINTS ** k) % EDGE_POINTS;
      return [name, lower + ((upper - lower) * index) / (EDGE_POINTS - 1)];
    }),
  );
}

/** The derivative of an order across a face, on the face. */
function atFace(expression: Expression, face: Face, order: number, box: readonly BoxAxis[], arena: Arena): Expression {
  const {name} = box[face.axis];
  const bound = box[face.axis][face.side];
  return bindLeaves(
    totalDerivative(expression, name, order, arena),
    (leaf) => (leaf.kind === 'coordinate' && leaf.name === name ? arena.constant(bound) : leaf),
    arena,
  );
}

/** Pairs of faces whose data differ on their common edge: what each implies there for the other's kind of data. */
function disagreements(
  unknown: string,
  entries: readonly Entry[],
  box: readonly BoxAxis[],
  arena: Arena,
  uniforms: Uniforms,
): {first: Face; second: Face; message: string}[] {
  const found: {first: Face; second: Face; message: string}[] = [];
  entries.forEach((a, i) => {
    for (const b of entries.slice(i + 1)) {
      if (a.face.axis === b.face.axis) continue;
      const fromA = atFace(a.data, b.face, b.order, box, arena);
      const fromB = atFace(b.data, a.face, a.order, box, arena);
      const along = box.filter((_, k) => k !== a.face.axis && k !== b.face.axis);
      for (let p = 0; p < (along.length === 0 ? 1 : EDGE_POINTS); p++) {
        const place = placeOn(along, p);
        const [x, y] = [fromA, fromB].map((data) => evaluateExpression(data, {...uniforms, ...place}));
        if (Math.abs(x - y) <= AGREEMENT * Math.max(1, Math.abs(x), Math.abs(y))) continue;
        const what = a.order + b.order === 0 ? unknown : `a derivative of ${unknown}`;
        const where = Object.entries(place).map(([name, value]) => ` at ${name}=${value}`);
        found.push({
          first: a.face,
          second: b.face,
          message:
            `${faceName(a.face, box)} and ${faceName(b.face, box)} disagree on ${what} where they meet${where.join('')} ` +
            `(${x} against ${y}), so both are met by least squares only`,
        });
        break;
      }
    }
  });
  return found;
}

/** g + B·u, or with the paper's distance (1 − B)·g + B·u; see the head of this file. */
function liftOf(
  unknown: string,
  entries: readonly Entry[],
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
function peakOf(axes: readonly (readonly Entry[])[]): number {
  return axes.reduce((peak, list) => {
    const [low, high] = orders(list);
    return peak * (low / (low + high)) ** low * (high / (low + high)) ** high; // 0^0 is 1
  }, 1);
}

/** How much is given at the lower and at the upper end of an axis: 0, 1 (value) or 2 (value and slope). */
function orders(list: readonly Entry[]): [number, number] {
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
function blending(entry: Entry, list: readonly Entry[], box: readonly BoxAxis[], arena: Arena): Expression {
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
