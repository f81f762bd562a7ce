/** The axis of time of one window: its knots, and what is read off its coefficients. */
import {derivativesAtEnd, favard, jumps, monomials} from './open-splines';

/** Cells of a window. Of one there is no telling how wrong it is; more do not pay. */
export const WINDOW_CELLS = 2;

/** Terms of the Taylor polynomial that a window begins with: more are no better (measured: 3 need 2.9 Gauss–Newton steps a window, none 4). */
const TAYLOR = 3;

/** Coefficients of a window, node after node along its time, each an array over all else. */
export type TimeSlices = readonly Float64Array[];

/** A window's time from 0 to 1, in splines of a degree. */
export class WindowAxis {
  readonly knots: readonly number[] = Array.from({length: WINDOW_CELLS + 1}, (_, i) => i / WINDOW_CELLS);
  readonly nodes: number;
  private readonly end;
  private readonly jump;
  private readonly powers;

  constructor(readonly degree: number) {
    this.nodes = WINDOW_CELLS + degree;
    this.end = derivativesAtEnd(this.knots, degree, TAYLOR);
    this.jump = jumps(this.knots, degree);
    this.powers = monomials(this.knots, degree, TAYLOR);
  }

  /** A window of another length that begins where one ends, with its Taylor polynomial there. `ratio`: new length over old. */
  continued(before: TimeSlices, ratio: number, order = TAYLOR): Float64Array[] {
    const derivatives = this.end.slice(0, order + 1).map((row) => combined(row, before));
    let scale = 1;
    const taylor = derivatives.map((values, k) => {
      if (k > 0) scale *= ratio / k;
      return values.map((value) => value * scale);
    });
    return this.polynomial(taylor);
  }

  /** The window of a polynomial, by the coefficients of 1, t, t², …. */
  polynomial(taylor: readonly Float64Array[]): Float64Array[] {
    return Array.from({length: this.nodes}, (_, i) =>
      combined(
        taylor.map((__, k) => this.powers[k][i]),
        taylor,
      ),
    );
  }

  /** How far a window is from what it approximates, by the jump of its highest derivative between its cells: at each place, to a constant. */
  error(window: TimeSlices): Float64Array {
    const most = new Float64Array(window[0].length);
    const factor = favard(this.degree) / WINDOW_CELLS ** this.degree;
    for (const row of this.jump) {
      combined(row, window).forEach((jump, i) => {
        most[i] = Math.max(most[i], factor * Math.abs(jump));
      });
    }
    return most;
  }
}

function combined(weights: readonly number[], slices: TimeSlices): Float64Array {
  const sum = new Float64Array(slices[0].length);
  slices.forEach((slice, k) => {
    const weight = weights[k];
    if (weight !== 0) for (let i = 0; i < sum.length; i++) sum[i] += weight * slice[i];
  });
  return sum;
}
