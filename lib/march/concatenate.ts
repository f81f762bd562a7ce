/** All windows of a march as one spline in time. */
import {WINDOW_CELLS} from './window-axis';
import type {TimeSlices} from './window-axis';

/** The knots of all windows, one after another: splines are as smooth as they are inside of each, and continuous where two meet. */
export function windowKnots(begin: number, ends: readonly number[], degree: number): number[] {
  const knots = [begin];
  ends.forEach((end, i) => {
    const from = i === 0 ? begin : ends[i - 1];
    for (let cell = 1; cell < WINDOW_CELLS; cell++) knots.push(from + ((end - from) * cell) / WINDOW_CELLS);
    knots.push(...Array<number>(i === ends.length - 1 ? 1 : degree).fill(end));
  });
  return knots;
}

/** The coefficients along time: windows share those where they meet. */
export function concatenated(windows: readonly TimeSlices[]): TimeSlices {
  return windows.flatMap((slices, i) => (i === 0 ? slices : slices.slice(1)));
}
