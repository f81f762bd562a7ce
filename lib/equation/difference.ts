/** How far two solutions are from one another, and where along an axis. */
import {linspace} from '../pose/sampling';
import type {BoxAxis} from './conditions';
import type {AxisMesh, Mesh} from './mesh';
import {breaksOf, cellCount} from './mesh';

/** How two solutions differ. */
export interface Difference {
  readonly relativeL2: number;
  readonly max: number;
}

/** Where solutions are compared: coordinates of each axis, and the part of the axis that each stands for. */
export interface Places {
  readonly axes: readonly Float64Array[];
  readonly weights: readonly Float64Array[];
}

/** Values of each unknown at all places, last axis fastest. */
export type Values = Readonly<Record<string, Float64Array>>;

/** Points an axis where cells do not ask for more, by number of coordinates: primes, so that few of them are nodes of any grid. */
const POINTS = [1009, 101, 31] as const;
/** Most points an axis, by number of coordinates, where cells do. */
const MOST = [60_000, 1200, 96] as const;
/** Points in a cell: thirds, whose middles are no points of any quadrature. */
const IN_A_CELL = 3;

/** Where solutions on a mesh are compared with others: everywhere, and in each cell of an axis that has more of them than there are points. */
export function placesOf(mesh: Mesh, box: readonly BoxAxis[]): Places {
  const axes = mesh.map((axis, k) => placesAlong(axis, box[k], mesh.length - 1));
  return {axes: axes.map(({at}) => at), weights: axes.map(({weight}) => weight)};
}

function placesAlong(axis: AxisMesh, bounds: BoxAxis, which: number): {at: Float64Array; weight: Float64Array} {
  const count = POINTS[which];
  const cells = cellCount(axis);
  if (axis.kind !== 'graded' && IN_A_CELL * cells <= count) {
    return {at: linspace(bounds.lower, bounds.upper, count), weight: new Float64Array(count).fill(1 / count)};
  }
  const ends = breaksOf(axis, bounds)!;
  const inCell = Math.max(1, Math.min(IN_A_CELL, Math.floor(MOST[which] / cells)));
  const total = bounds.upper - bounds.lower;
  const size = (i: number): number => ends[i + 1] - ends[i];
  const each = (value: (cell: number, part: number) => number): Float64Array =>
    Float64Array.from({length: cells * inCell}, (_, i) => value(Math.floor(i / inCell), i % inCell));
  return {
    at: each((cell, part) => ends[cell] + (size(cell) * (part + 0.5)) / inCell),
    weight: each((cell) => size(cell) / inCell / total),
  };
}

/**
 * Of the worst unknown. Its size is that of the finer solution, or of the largest where it is but rounding beside that.
 *
 * @param rounding of the numbers that the coarser one is given in: nobody is nearer to an answer.
 */
export function difference(coarse: Values, fine: Values, {weights}: Places, rounding: number): Difference {
  const sizes = Object.values(fine).map((values) => meanSquareRoot(values, weights));
  const floor = 1e-10 * Math.max(...sizes);
  let relativeL2 = rounding;
  let max = 0;
  Object.entries(fine).forEach(([name, values], i) => {
    const gap = values.map((value, k) => Math.abs(value - coarse[name][k]));
    const size = sizes[i] > floor ? sizes[i] : Math.max(...sizes);
    if (size > 0) relativeL2 = Math.max(relativeL2, meanSquareRoot(gap, weights) / size);
    max = gap.reduce((most, value) => Math.max(most, value), max);
  });
  return {relativeL2: Number.isFinite(relativeL2) ? relativeL2 : Infinity, max};
}

/** How much the difference of two solutions varies inside of each cell of an axis: where there is something to gain. */
export function variation(coarse: Values, fine: Values, places: Places, axis: number, ends: readonly number[]): number[] {
  const gain = new Array<number>(ends.length - 1).fill(0);
  const counts = places.axes.map((one) => one.length);
  const along = counts[axis];
  const after = counts.slice(axis + 1).reduce((product, n) => product * n, 1);
  const before = counts.slice(0, axis).reduce((product, n) => product * n, 1);
  const steps = new Float64Array(along - 1);
  for (const [name, values] of Object.entries(fine)) {
    const gap = (i: number): number => values[i] - coarse[name][i];
    const sums = new Float64Array(along - 1);
    for (let b = 0; b < before; b++)
      for (let i = 0; i + 1 < along; i++)
        for (let a = 0; a < after; a++) {
          const from = (b * along + i) * after + a;
          sums[i] += (gap(from + after) - gap(from)) ** 2;
        }
    const size = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    if (size > 0) sums.forEach((sum, i) => (steps[i] += Math.sqrt(sum / (before * after)) / size));
  }
  let cell = 0;
  steps.forEach((step, i) => {
    const middle = (places.axes[axis][i] + places.axes[axis][i + 1]) / 2;
    while (cell + 2 < ends.length && middle >= ends[cell + 1]) cell += 1;
    gain[cell] += step;
  });
  return gain;
}

/** The root of the mean square, each place by its part of the whole. */
function meanSquareRoot(values: Float64Array, weights: readonly Float64Array[]): number {
  const [last, ...others] = [...weights].reverse();
  let sum = 0;
  for (let i = 0; i < values.length; i += last.length) {
    let weight = 1;
    let rest = i / last.length;
    for (const one of others) {
      weight *= one[rest % one.length];
      rest = Math.floor(rest / one.length);
    }
    let row = 0;
    for (let k = 0; k < last.length; k++) row += last[k] * values[i + k] * values[i + k];
    sum += weight * row;
  }
  return Math.sqrt(sum);
}
