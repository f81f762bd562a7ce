/**
 * Cells for the data: a source, a coefficient or an initial value that lies between the points at which equations hold is seen by no solution,
 * and by no comparison of two. So what depends on coordinates alone is looked at in many places before anything is solved, and where its mean
 * square is not that of the quadrature, cells are halved.
 */
import {evaluateColumns} from '../expression/interpret';
import type {Expression} from '../expression/node';
import {postorder} from '../expression/node';
import {gaussPlaces, gaussRule} from '../pose/sampling';
import type {BoxAxis} from './conditions';
import type {Statement} from './posing';

/** Places along an axis, one in each of as many parts of it. */
const PLACES = 2 ** 16;
/** Gauss points of a cell that stand for the quadrature. */
const POINTS = 4;
/** Halvings, and cells that are never more. */
const MOST_HALVINGS = 24;
const MOST_CELLS = 4096;
/** Values of all nodes of an expression that are held at once, and of all expressions: reading a problem is to take no time. */
const MOST_VALUES = 4e6;
const MOST_WORK = 2e7;
/** Places on a line that are worth a look. */
const FEWEST = 256;
/** What a cell may lack, in all of the mean square. */
const LACK = 0.01;
/** Lines along an axis of several, and how they fill the box (Roberts's R3). */
const LINES = 16;
const STEPS = [0.8191725133961645, 0.6710436067037893, 0.5497004779019703] as const;
/** Places that a cell must have. */
const FEW = 16;

/** The cells of an axis that its data ask for: ends of cells, those of `breaks` among them; the same list where they ask for nothing. */
export function dataCells(statement: Statement, axis: number, breaks: readonly number[]): readonly number[] {
  let result = breaks;
  let work = 0;
  for (const expression of dataOf(statement)) {
    const order = postorder([expression]);
    const size = order.length * Math.min(PLACES, MOST_VALUES / order.length);
    if (!dependsOn(order, statement.box[axis].name) || (work += size) > MOST_WORK) continue;
    result = seen(order, statement, axis, result);
  }
  return result;
}

/** The largest parts of all equations and conditions that hold coordinates and no unknowns. */
function dataOf({sides: roots}: Statement): Expression[] {
  const free = new Map<Expression, boolean>();
  const found = new Set<Expression>();
  for (const node of postorder(roots)) {
    free.set(node, node.kind === 'operation' ? node.operands.every((one) => free.get(one)) : node.kind !== 'derivative');
    if (node.kind !== 'operation' || free.get(node) === true) continue;
    for (const operand of node.operands) if (free.get(operand) === true) found.add(operand);
  }
  for (const root of roots) if (free.get(root) === true) found.add(root);
  return [...found];
}

const dependsOn = (order: readonly Expression[], name: string): boolean =>
  order.some((node) => node.kind === 'coordinate' && node.name === name);

/** Halves cells until the quadrature sees an expression as it is, on some lines along the axis. */
function seen(
  order: readonly Expression[],
  {box, uniforms}: Statement,
  axis: number,
  breaks: readonly number[],
): readonly number[] {
  const {lower, upper} = box[axis];
  const {weights} = gaussRule(POINTS);
  const lines = box.length === 1 ? 1 : LINES;
  const count = Math.floor(Math.min(PLACES, MOST_VALUES / order.length) / lines);
  if (count < FEWEST) return breaks;
  const dense = Float64Array.from({length: count}, (_, i) => lower + ((upper - lower) * (i + part(i))) / count);
  const squaresAt = (places: Float64Array): Float64Array => {
    const sum = new Float64Array(places.length);
    for (let line = 0; line < lines; line++) {
      const values = valuesAlong(order, box, axis, line, places, uniforms);
      values.forEach((value, i) => (sum[i] += value * value));
    }
    return sum;
  };
  const squares = squaresAt(dense);
  const all = squares.reduce((sum, value) => sum + value, 0) / count;
  if (!(all > 0) || !Number.isFinite(all)) return breaks;
  let ends = breaks;
  for (let halving = 0; halving < MOST_HALVINGS && ends.length < MOST_CELLS; halving++) {
    const current = ends;
    const size = (i: number): number => current[i + 1] - current[i];
    const onRule = squaresAt(gaussPlaces(current, POINTS));
    const lacks = new Float64Array(current.length - 1);
    onRule.forEach((value, i) => {
      const cell = Math.floor(i / POINTS);
      lacks[cell] += (weights[i % POINTS] * value * size(cell)) / (upper - lower);
    });
    let cell = 0;
    dense.forEach((place, i) => {
      while (cell + 2 < current.length && place >= current[cell + 1]) cell += 1;
      lacks[cell] -= squares[i] / count;
    });
    // Of a cell with few places the places' own mean says nothing.
    const halves = (i: number): boolean => Math.abs(lacks[i]) > LACK * all && size(i) > (FEW * (upper - lower)) / count;
    if (!lacks.some((_, i) => halves(i))) break;
    ends = current.flatMap((end, i) => (i > 0 && halves(i - 1) ? [(current[i - 1] + end) / 2, end] : [end]));
  }
  return ends;
}

/** A sequence that fills [0, 1) evenly. */
const part = (i: number): number => (0.5 + i * 0.6180339887498949) % 1;

/** An expression at places of one axis; all other coordinates stand where the line is. */
function valuesAlong(
  order: readonly Expression[],
  box: readonly BoxAxis[],
  axis: number,
  line: number,
  places: Float64Array,
  uniforms: Readonly<Record<string, number>>,
): Float64Array {
  const column = (name: string): Float64Array | number => {
    const k = box.findIndex((one) => one.name === name);
    if (k < 0) return uniforms[name];
    const {lower, upper} = box[k];
    return k === axis ? places : lower + (upper - lower) * ((0.5 + line * STEPS[k]) % 1);
  };
  return evaluateColumns(order, column, places.length);
}
