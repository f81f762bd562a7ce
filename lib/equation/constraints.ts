/**
 * Conditions on the faces of a box. Where values (and slopes across a face) are given, they become a lift u := g + B·u that meets
 * them exactly (transfinite-lift.ts); everything else becomes equations to be met on the face in the sense of least squares.
 */
import {DinfError} from '../base/errors';
import {Arena} from '../expression/arena';
import {resolveSides} from '../expression/equation';
import {evaluateExpression} from '../expression/interpret';
import type {Expression} from '../expression/node';
import type {Scope} from '../expression/scope';
import {SymbolTable} from '../expression/scope';
import {leavesOf} from '../expression/substitute';
import type {BoxAxis, Condition, Face} from './conditions';
import {faceName} from './conditions';
import type {DistanceKind} from './constraint-distance';
import type {FaceData} from './transfinite-lift';
import {atFace, liftOf} from './transfinite-lift';

/** The ways to meet conditions: exactly, by one of three kinds of lift, or all by least squares. */
export const CONSTRAINT_MODES = ['hard', 'r-function', 'paper', 'soft'] as const;
/** One of {@link CONSTRAINT_MODES}. */
export type ConstraintMode = (typeof CONSTRAINT_MODES)[number];

const DISTANCE: Readonly<Record<Exclude<ConstraintMode, 'soft'>, DistanceKind>> = {
  hard: 'polynomial',
  'r-function': 'r-function',
  paper: 'exponential',
};

/** An equation that is to be met on a face by least squares. */
export interface SoftCondition {
  readonly face: Face;
  readonly equation: string;
}

/** Conditions, sorted into those that a lift meets and those that are left to least squares. */
export interface Imposed {
  /** The expression that takes the place of an unknown, by the unknowns with exact conditions. */
  readonly lift: Readonly<Record<string, Expression>>;
  readonly soft: readonly SoftCondition[];
  /** Names of all that is met exactly, such as `u on x=0`. */
  readonly hard: readonly string[];
  /** Why conditions that could be exact are not. */
  readonly notes: readonly string[];
  /** Where that is: the edges of the box at which the data of two faces disagree. */
  readonly clashes: readonly Clash[];
}

/** Two faces whose data disagree where they meet. */
export interface Clash {
  readonly first: Face;
  readonly second: Face;
  /** Order of the derivative that both give there and disagree on: the solution has none of this order. */
  readonly order: number;
}

/** Values of uniforms by name. */
type Uniforms = Readonly<Record<string, number>>;

/** Two faces may disagree on an edge by this part of the larger value there: rounding of data such as sin(pi*x). */
const AGREEMENT = 1e-9;

/** Points along an edge at which the data of its two faces are compared. */
const EDGE_POINTS = 9;

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
  const {entries, soft} = sorted(conditions, box, scope, mode, uniforms, arena);
  const notes: string[] = [];
  const clashes: Clash[] = [];
  const lift: Record<string, Expression> = {};
  const hard: string[] = [];
  for (const [unknown, all] of entries) {
    const loose = new Set(
      all.filter(({face, order}) => order === 1 && !all.some((o) => o.order === 0 && sameFace(o.face, face))),
    );
    const candidates = all.filter((entry) => !loose.has(entry));
    const fighting = new Set<FaceData>();
    for (const {first, second, order, message} of disagreements(unknown, candidates, box, arena, uniforms)) {
      clashes.push({first, second, order});
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
  return {lift, soft, hard, notes, clashes};
}

/** Conditions that a lift could meet, by unknown, and those that are left to least squares. */
function sorted(
  conditions: readonly Condition[],
  box: readonly BoxAxis[],
  scope: Scope,
  mode: ConstraintMode,
  uniforms: Uniforms,
  arena: Arena,
): {entries: Map<string, FaceData[]>; soft: SoftCondition[]} {
  const soft: SoftCondition[] = [];
  const entries = new Map<string, FaceData[]>();
  const table = new SymbolTable(scope);
  for (const condition of conditions) {
    const sides = readSides(condition, table, arena);
    for (const face of condition.faces) {
      const found = exactData(condition, sides, face, box, arena);
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
  return {entries, soft};
}

/** A value, or its slope across a face, where a problem begins. */
export interface InitialData extends FaceData {
  readonly unknown: string;
}

/** The data of conditions that are all of the form `u = …` or `u_n = …` on one face each; undefined where any is not. */
export function initialData(conditions: readonly Condition[], box: readonly BoxAxis[], scope: Scope): InitialData[] | undefined {
  const arena = new Arena();
  const table = new SymbolTable(scope);
  const found = conditions.map((condition) => {
    const [face] = condition.faces;
    const one = exactData(condition, readSides(condition, table, arena), face, box, arena);
    return one && {...one.entry, unknown: one.unknown};
  });
  return found.includes(undefined) ? undefined : (found as InitialData[]);
}

const sameFace = (a: Face, b: Face): boolean => a.axis === b.axis && a.side === b.side;

/** Whether an expression mentions an unknown. */
const mentionsUnknown = (expression: Expression): boolean => leavesOf(expression).some((leaf) => leaf.kind === 'derivative');

/** The two sides of a condition's equation, which is read here and nowhere else. */
function readSides({text, equation}: Condition, table: SymbolTable, arena: Arena): readonly [Expression, Expression] {
  const sides = resolveSides(equation, table, arena);
  if (sides.length === 1) {
    throw new DinfError('INVALID_ARGUMENT', `the condition "${text}" has no =: write an equation, such as u = 0`);
  }
  const [left, right] = [arena.simplify(sides[0]), arena.simplify(sides[1])];
  if (!mentionsUnknown(left) && !mentionsUnknown(right)) {
    const {unknowns} = table.scope;
    throw new DinfError(
      'INVALID_ARGUMENT',
      `the condition "${text}" says nothing about an unknown; they are ${unknowns.join(', ')}`,
    );
  }
  return [left, right];
}

/** The data of a condition `u = …` or `u_n = …`; undefined for every other kind. */
function exactData(
  condition: Condition,
  sides: readonly [Expression, Expression],
  face: Face,
  box: readonly BoxAxis[],
  arena: Arena,
): {unknown: string; order: 0 | 1; entry: FaceData} | undefined {
  const holds = sides.map(mentionsUnknown);
  if (holds[0] && holds[1]) return undefined;
  const [left, right] = holds[0] ? sides : ([sides[1], sides[0]] as const);
  if (left.kind !== 'derivative') return undefined;
  const orders = Object.entries(left.orders);
  const across = orders.length === 1 && orders[0][0] === box[face.axis].name && orders[0][1] === 1;
  if (orders.length > 0 && !across) return undefined;
  const order = across ? 1 : 0;
  const data = atFace(right, face, 0, box, arena);
  return {unknown: left.unknown, order, entry: {face, order, data, equation: condition.equation}};
}

/** Data such as 1/x on x=0 would spoil the lift everywhere. */
function requireFinite({face, data}: FaceData, {text}: Condition, box: readonly BoxAxis[], uniforms: Uniforms): void {
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

/** Pairs of faces whose data differ on their common edge: what each implies there for the other's kind of data. */
function disagreements(
  unknown: string,
  entries: readonly FaceData[],
  box: readonly BoxAxis[],
  arena: Arena,
  uniforms: Uniforms,
): (Clash & {message: string})[] {
  const found: (Clash & {message: string})[] = [];
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
          order: a.order + b.order,
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
