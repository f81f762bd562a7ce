import {DinfError} from './errors';
import {checkFinite, checkInteger, rejectUnknown} from './options';

/** Where the rows of a term lie. Coordinates are in the domain's units; arrays are row-major. */
export type Samples =
  | {
      /** One uniform sample in each of the boxes, drawn anew each iteration of Adam, once for least squares. Weight 1/n. */
      readonly kind: 'stratified';
      readonly boxes: number | readonly number[];
    }
  | {
      /** Gauss points: `points` a cell and axis over `cells` cells. Weights are quadrature weight × volume. */
      readonly kind: 'gauss';
      readonly points: number;
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
  for (const n of typeof boxes === 'number' ? [boxes] : boxes) checkInteger(n, 'stratified: boxes', 1, 1 << 20);
  return {kind: 'stratified', boxes};
}

/**
 * Gauss–Legendre points in every cell: exact for polynomials of degree 2n − 1 in a cell.
 *
 * @param points points a cell and axis, 1 to 10.
 * @param options.cells cells an axis; default the field's finest grid.
 * @param options.breaks instead: the ends of the cells along each axis, rising, in the domain's units; for cells that are finer in places, or
 *   cover a part of the domain alone.
 */
export function gauss(
  points: number,
  options: {cells?: number | readonly number[]; breaks?: readonly (readonly number[])[]} = {},
): Samples {
  rejectUnknown(options, ['cells', 'breaks'], 'gauss');
  checkInteger(points, 'gauss: points', 1, 10);
  const {cells, breaks} = options;
  if (breaks === undefined) return {kind: 'gauss', points, cells};
  breaks.forEach((ends, k) => {
    checkFinite(ends, `gauss: breaks[${k}]`);
    const at = ends.findIndex((end, i) => i > 0 && !(end > ends[i - 1]));
    if (ends.length < 2 || at > 0) {
      throw new DinfError(
        'INVALID_ARGUMENT',
        at > 0
          ? `gauss: breaks[${k}] must rise, and ${ends[at - 1]} is followed by ${ends[at]}`
          : `gauss: breaks[${k}] has ${ends.length} values: give both ends of at least one cell`,
      );
    }
  });
  return {kind: 'gauss', points, cells: breaks.map((ends) => ends.length - 1), breaks};
}

/**
 * A lattice: every combination of the coordinates of the axes, in the order of the domain, last axis fastest.
 *
 * @param axes coordinates of each axis.
 * @param options.draws samples drawn with replacement an iteration; default 0: a full pass over the data.
 */
export function lattice(axes: readonly ArrayLike<number>[], options: {draws?: number} = {}): Samples {
  rejectUnknown(options, ['draws'], 'lattice');
  const copies = axes.map((axis, k) => {
    if (axis.length === 0) throw new DinfError('INVALID_ARGUMENT', `lattice: axis ${k} has no coordinates`);
    checkFinite(axis, `lattice: axes[${k}]`);
    return Float64Array.from(axis);
  });
  return {kind: 'tensor', axes: copies, draws: checkInteger(options.draws ?? 0, 'lattice: draws', 0, 2 ** 32)};
}

/**
 * Scattered points.
 *
 * @param coordinates shape (n, dimensions), row-major.
 * @param options.draws samples drawn with replacement an iteration; default 0: a full pass over the data.
 */
export function points(coordinates: ArrayLike<number>, options: {draws?: number} = {}): Samples {
  rejectUnknown(options, ['draws'], 'points');
  if (coordinates.length === 0) throw new DinfError('INVALID_ARGUMENT', 'points: the set is empty; give at least one point');
  checkFinite(coordinates, 'points');
  return {
    kind: 'points',
    points: Float64Array.from(coordinates),
    draws: checkInteger(options.draws ?? 0, 'points: draws', 0, 2 ** 32),
  };
}

/** n values from a to b, both included. */
export function linspace(a: number, b: number, n: number): Float64Array {
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
