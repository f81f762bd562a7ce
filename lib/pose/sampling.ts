import {DinfError} from '../base/errors';
import type {Check, OptionChecks} from '../base/options';
import {
  checkInteger,
  checkList,
  checkNumber,
  checkNumbers,
  checkOneOrList,
  checkOptions,
  checkRecord,
  isList,
  wrong,
} from '../base/options';

/** Where the rows of a term lie. Coordinates are in the domain's units; arrays are row-major. */
export type Samples =
  | {
      /** One uniform sample in each of the boxes, drawn anew each iteration of Adam, once for least squares. Weight 1/n. */
      readonly kind: 'stratified';
      readonly boxes: number | readonly number[];
    }
  | {
      /** Gauss points: `points` a cell, of all axes or of each, over `cells` cells. Weights are quadrature weight × volume. */
      readonly kind: 'gauss';
      readonly points: number | readonly number[];
      readonly cells?: number | readonly number[];
      /** Ends of the cells along each axis, in the domain's units, instead of `cells`. */
      readonly breaks?: readonly (readonly number[])[];
    }
  | {
      /** All combinations of the axes' coordinates; kept as a product, and applied axis by axis. Weight 1/n. */
      readonly kind: 'tensor';
      readonly axes: readonly Float64Array[];
      /** Drawn with replacement that often an iteration; 0: all of them, every time. */
      readonly draws: number;
    }
  | {
      /** Scattered points, shape (n, dimensions). Weight 1/n. */
      readonly kind: 'points';
      readonly points: Float64Array;
      readonly draws: number;
    };

/**
 * One random sample in each of n boxes an axis (the paper's stratified sampling).
 *
 * @param boxes one number for all axes, or one an axis in the order of the domain.
 */
export function stratified(boxes: number | readonly number[]): Samples {
  return made({kind: 'stratified', boxes: checkOneOrList(boxes, 'stratified: boxes', checkCount, 1)});
}

const checkCount: Check<number> = (value, name) => checkInteger(value, name, 1, 1 << 20);

/**
 * Gauss–Legendre points in every cell: exact for polynomials of degree 2n − 1 in a cell.
 *
 * @param perCell points a cell and axis, 1 to 10: one number for all axes, or one an axis.
 * @param options.cells cells an axis; default the field's finest grid.
 * @param options.breaks instead: the ends of the cells along each axis, rising, in the domain's units; for cells that are finer in places, or
 *   cover a part of the domain alone.
 */
export function gauss(
  perCell: number | readonly number[],
  options: {cells?: number | readonly number[] | undefined; breaks?: readonly (readonly number[])[] | undefined} = {},
): Samples {
  const {cells, breaks} = checkOptions<GaussOptions>(options, 'gauss', {
    cells: (value, name) => checkOneOrList(value, name, checkCount, 1),
    breaks: (value, name) => checkList(value, name, checkBreaks, 1),
  });
  const inCell = checkOneOrList(perCell, 'gauss: points', (value, name) => checkInteger(value, name, 1, 10), 1);
  if (breaks === undefined) return made({kind: 'gauss', points: inCell, cells});
  return made({kind: 'gauss', points: inCell, cells: breaks.map((ends) => ends.length - 1), breaks});
}

/** Ends of cells: two at least, rising. */
const checkBreaks: Check<readonly number[]> = (value, name) => {
  const ends = Array.from(checkNumbers(value, name));
  const at = ends.findIndex((end, i) => i > 0 && !(end > ends[i - 1]));
  if (ends.length >= 2 && at < 0) return ends;
  throw new DinfError(
    'INVALID_ARGUMENT',
    at > 0
      ? `${name} must rise, and ${ends[at - 1]} is followed by ${ends[at]}`
      : `${name} has ${ends.length} values: give both ends of at least one cell`,
  );
};

/**
 * A lattice: every combination of the coordinates of the axes, in the order of the domain, last axis fastest.
 *
 * @param axes coordinates of each axis.
 * @param options.draws samples drawn with replacement an iteration; default 0: a full pass over the data.
 */
export function lattice(axes: readonly ArrayLike<number>[], options: {draws?: number | undefined} = {}): Samples {
  const {draws = 0} = checkOptions(options, 'lattice', DRAWS);
  const copies = checkList(axes, 'lattice: axes', (axis, name) => {
    const copy = checkNumbers(axis, name);
    if (copy.length === 0) throw new DinfError('INVALID_ARGUMENT', `${name} has no coordinates`);
    return copy;
  });
  return made({kind: 'tensor', axes: Object.freeze(copies), draws});
}

const DRAWS: OptionChecks<{draws?: number | undefined}> = {draws: (value, name) => checkInteger(value, name, 0, 2 ** 32)};

/**
 * Scattered points.
 *
 * @param coordinates shape (n, dimensions), row-major.
 * @param options.draws samples drawn with replacement an iteration; default 0: a full pass over the data.
 */
export function points(coordinates: ArrayLike<number>, options: {draws?: number | undefined} = {}): Samples {
  const {draws = 0} = checkOptions(options, 'points', DRAWS);
  const copy = checkNumbers(coordinates, 'points');
  if (copy.length === 0) throw new DinfError('INVALID_ARGUMENT', 'points: the set is empty; give at least one point');
  return made({kind: 'points', points: copy, draws});
}

/**
 * A sample set that came from outside, made anew from its parts.
 *
 * @throws INVALID_ARGUMENT for what none of the functions above made, or could have made
 */
export function checkSamples(value: unknown, name: string): Samples {
  if (MADE.has(value as Samples)) return value as Samples;
  const expected = 'a sample set: points(), lattice(), gauss() or stratified()';
  if (typeof value === 'function' || isList(value)) throw wrong(name, expected, value);
  const {kind, points: given, ...rest} = checkRecord(value, name);
  switch (kind) {
    case 'stratified':
      return stratified(checkOptions<{boxes?: number}>(rest, name, {boxes: checkAny}).boxes!);
    case 'gauss': {
      const {cells, breaks} = checkOptions<GaussOptions>(rest, name, {cells: checkAny, breaks: checkAny});
      return gauss(given as number, {cells: breaks === undefined ? cells : undefined, breaks});
    }
    case 'tensor': {
      const {axes, draws} = checkOptions<{axes?: Float64Array[]; draws?: number}>(rest, name, {axes: checkAny, draws: checkAny});
      return lattice(axes!, {draws});
    }
    case 'points':
      return points(given as Float64Array, rest);
    default:
      throw wrong(name, expected, value);
  }
}

type GaussOptions = NonNullable<Parameters<typeof gauss>[1]>;

/** Sample sets of the functions above, which need no second check, nor a second copy of their points. */
const MADE = new WeakSet<Samples>();

function made(samples: Samples): Samples {
  MADE.add(Object.freeze(samples));
  return samples;
}

/** For what is checked where it goes. */
const checkAny: Check<never> = (value) => value as never;

/**
 * n values from a to b, both included.
 *
 * @throws INVALID_ARGUMENT
 */
export function linspace(a: number, b: number, n: number): Float64Array {
  checkNumber(a, 'linspace: the first value');
  checkNumber(b, 'linspace: the last value');
  checkInteger(n, 'linspace: the number of values', 1, 1e8);
  return Float64Array.from({length: n}, (_, i) => (n === 1 ? a : i === n - 1 ? b : a + ((b - a) * i) / (n - 1)));
}

/** Points and weights of the n-point Gauss–Legendre rule on [0, 1], by Newton's method on the Legendre polynomial. */
export function gaussRule(n: number): {points: Float64Array; weights: Float64Array} {
  const rule = {points: new Float64Array(n), weights: new Float64Array(n)};
  for (let i = 0; i < n; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    for (let step = 0; step < 100; step++) {
      let before = 1;
      let value = x;
      for (let k = 2; k <= n; k++) [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
      slope = (n * (x * value - before)) / (x * x - 1);
      const move = value / slope;
      x -= move;
      if (Math.abs(move) < 1e-16) break;
    }
    rule.points[n - 1 - i] = (1 + x) / 2;
    rule.weights[n - 1 - i] = 1 / ((1 - x * x) * slope * slope);
  }
  return rule;
}

/** Gauss points of cells, by the cells' ends: `count` in each. */
export function gaussPlaces(ends: readonly number[], count: number): Float64Array {
  const {points: rule} = gaussRule(count);
  return Float64Array.from({length: (ends.length - 1) * count}, (_, i) => {
    const cell = Math.floor(i / count);
    return ends[cell] + (ends[cell + 1] - ends[cell]) * rule[i % count];
  });
}
