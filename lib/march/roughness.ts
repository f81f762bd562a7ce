/** Whether a spline sees what it holds, by the jumps of its highest derivative from cell to cell. */
import {norm} from '../base/norms';
import {favard, openKnots} from './open-splines';

/** An axis of splines. */
export interface SplineAxis {
  /** Ends of cells, from bound to bound; repeated ones are ends where fewer derivatives are continuous, and a jump is none. */
  readonly breaks: readonly number[];
  readonly periodic: boolean;
}

/** How much a solution lacks cells. */
export interface Roughness {
  /** How far it is from what it approximates, root mean square: the largest of all axes. */
  readonly worst: number;
  /** The same of each cell of each axis that is not empty. */
  readonly cells: readonly (readonly number[])[];
}

/**
 * How rough a tensor product of splines is.
 *
 * @param coefficients row-major.
 */
export function roughness(coefficients: Float64Array, axes: readonly SplineAxis[], degree: number): Roughness {
  const counts = axes.map(({breaks, periodic}) => breaks.length - 1 + (periodic ? 0 : degree));
  const cells = axes.map((axis, k) => {
    const after = counts.slice(k + 1).reduce((product, n) => product * n, 1);
    const along = counts[k];
    const squares = new Array<number>(axis.breaks.length - 2).fill(0);
    for (let line = 0; line < coefficients.length / along; line++) {
      const first = Math.floor(line / after) * along * after + (line % after);
      const values = Array.from({length: along}, (_, i) => coefficients[first + i * after]);
      errorsAlong(values, axis, degree).forEach((error, i) => (squares[i] += error * error));
    }
    const ends = squares.map((square) => Math.sqrt(square / coefficients.length));
    const spans = Array.from({length: ends.length + 1}, (_, i) => Math.max(ends[i - 1] ?? 0, ends[i] ?? 0));
    return spans.filter((_, i) => axis.breaks[i + 1] > axis.breaks[i]);
  });
  return {worst: cells.reduce((most, axis) => Math.max(most, norm(axis)), 0), cells};
}

/** At each inner end of a cell: the jump of derivative `degree` there, times what that is worth on a cell of the smaller size beside it. */
function errorsAlong(values: readonly number[], {breaks, periodic}: SplineAxis, degree: number): number[] {
  const spans = breaks.length - 1;
  const turn = breaks[spans] - breaks[0];
  const wrapped = (i: number): number => ((i % spans) + spans) % spans;
  const at = (i: number): number => breaks[wrapped(i)] + Math.floor(i / spans) * turn;
  // Node c of a ring is the spline that begins at end c - (degree + 1) / 2, so that span s is the last of node s - (degree - 1) / 2.
  const knots = periodic ? Array.from({length: spans + 2 * degree + 1}, (_, i) => at(i - degree)) : openKnots(breaks, degree);
  const first = (degree - 1) / 2;
  let derivative = periodic ? Array.from({length: spans + degree}, (_, i) => values[wrapped(i - first)]) : [...values];
  for (let k = 1; k <= degree; k++) {
    const p = degree - k + 1;
    derivative = derivative.slice(1).map((value, i) => {
      const width = knots[i + k + p] - knots[i + k];
      return width > 0 ? (p * (value - derivative[i])) / width : 0;
    });
  }
  return derivative.slice(1).map((value, i) => {
    const length = Math.min(breaks[i + 2] - breaks[i + 1], breaks[i + 1] - breaks[i]);
    return favard(degree) * length ** degree * Math.abs(value - derivative[i]);
  });
}
