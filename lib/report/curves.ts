import {DinfError} from '../base/errors';

/** A line of a plot. */
export interface Series {
  readonly label: string;
  /** Such as iterations; any order. */
  readonly x: ArrayLike<number>;
  /** As many as `x`; what is not finite leaves a gap. */
  readonly y: ArrayLike<number>;
}

/** A plot. */
export interface Curve {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Whether equal ratios of x are equally far apart; every x is positive then. Default `linear`. */
  readonly xScale?: 'linear' | 'log' | undefined;
  /** Whether each point has a dot, for lines of few. Default false. */
  readonly points?: boolean | undefined;
  readonly series: readonly Series[];
}

/** A plot as the page draws it. */
export interface PlotData {
  title: string;
  xLabel: string;
  yLabel: string;
  labels: string[];
  /** Whether the y axis is logarithmic. */
  log: boolean;
  /** Whether the x axis is. */
  logX: boolean;
  /** Whether each point has a dot. */
  points: boolean;
  /** The x of all series, rising, and then for each series its y there, or null. */
  columns: (number | null)[][];
}

/** Points from which on a series is thinned, and how many are then left at most. */
export const LONG_SERIES = 5000;
export const THINNED_SERIES = 2000;

/**
 * Prepares a plot: series sorted by x, long ones thinned, all on common x. The y axis is logarithmic when every value is positive, or is
 * not by rounding alone; energies and other values with a sign get a linear one.
 * @throws DinfError INVALID_ARGUMENT when x and y of a series differ in length, or an x is not finite, or not positive on a logarithmic axis
 */
export function plotData(curve: Curve): PlotData {
  const logX = curve.xScale === 'log';
  const lines = curve.series.map((series) => thinned(sortedPoints(series, logX)));
  const xs = [...new Set(lines.flatMap((line) => line.map(({x}) => x)))].sort((a, b) => a - b);
  const rows = new Map(xs.map((x, row) => [x, row]));
  const columns = lines.map((line) => {
    const column = new Array<number | null>(xs.length).fill(null);
    for (const {x, y} of line) column[rows.get(x)!] = Number.isFinite(y) ? y : null;
    return column;
  });
  const values = columns.flat().filter((value) => value !== null);
  return {
    title: curve.title,
    xLabel: curve.xLabel,
    yLabel: curve.yLabel,
    labels: curve.series.map(({label}) => label),
    log: isLogarithmic(values),
    logX,
    points: curve.points === true,
    columns: [xs, ...columns],
  };
}

/** A loss of 1e-13 comes out as −1e-10 where it is the difference of numbers near 1: that is no sign, and gets no point. */
function isLogarithmic(values: readonly number[]): boolean {
  const positive = values.filter((value) => value > 0);
  if (positive.length === values.length) return values.length > 0;
  const most = positive.reduce((a, b) => Math.max(a, b), 0);
  const least = positive.reduce((a, b) => Math.min(a, b), Infinity);
  return most >= 1e3 * least && values.every((value) => value > -1e-6 * most);
}

interface CurvePoint {
  x: number;
  y: number;
}

function sortedPoints({label, x, y}: Series, positive: boolean): CurvePoint[] {
  if (x.length !== y.length) {
    throw new DinfError('INVALID_ARGUMENT', `The series "${label}" has ${x.length} x but ${y.length} y: give as many of both.`);
  }
  const points = Array.from(x, (value, index) => ({x: value, y: y[index]}));
  const wrong = points.find((point) => !Number.isFinite(point.x));
  if (wrong) throw new DinfError('INVALID_ARGUMENT', `The series "${label}" has an x of ${wrong.x}: give finite ones.`);
  const low = positive ? points.find((point) => point.x <= 0) : undefined;
  if (low) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `The series "${label}" has an x of ${low.x}, which a logarithmic axis has no place for: leave it out, or take a linear one.`,
    );
  }
  return points.sort((a, b) => a.x - b.x);
}

/** Keeps the lowest and the highest of each stretch of points, so that no spike is lost, and the first and the last of all. */
function thinned(points: CurvePoint[]): CurvePoint[] {
  if (points.length < LONG_SERIES) return points;
  const stretches = THINNED_SERIES / 2 - 1;
  const kept = [points[0]];
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = 1 + Math.floor((stretch * (points.length - 2)) / stretches);
    const to = 1 + Math.floor(((stretch + 1) * (points.length - 2)) / stretches);
    let low = -1;
    let high = -1;
    for (let index = from; index < to; index++) {
      if (!Number.isFinite(points[index].y)) continue;
      if (low < 0 || points[index].y < points[low].y) low = index;
      if (high < 0 || points[index].y > points[high].y) high = index;
    }
    if (low >= 0) kept.push(...[...new Set([low, high])].sort((a, b) => a - b).map((index) => points[index]));
  }
  kept.push(points[points.length - 1]);
  return kept;
}
