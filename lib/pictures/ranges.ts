/** The numbers at the ends of axes and colour maps. */
import {percentiles} from '../imaging/percentile';
import type {ColormapName} from './colormap';

/** A lower and an upper end. */
export type Range = readonly [number, number];

/** Part of the larger sign that the smaller one must reach to count: less is the rounding of a zero. */
const BOTH_SIGNS = 0.05;

/** Errors beyond this percentile are few: a map that ended at the largest would show the rest in black. */
const ERROR_PERCENTILE = 99.9;

/** Where the end of the colours is more than that many times the median, most of a picture would be black. */
const WIDE = 20;

/** The least and the largest finite value of all lists; [0, 1] where there is none. */
export function rangeOf(...lists: readonly Iterable<number>[]): Range {
  let low = Infinity;
  let high = -Infinity;
  for (const values of lists) {
    for (const value of values) {
      if (!Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : [0, 1];
}

/** A range with room on both sides, a part of its length; around a single number there is room as well. */
export function withRoom([low, high]: Range, part: number): Range {
  const room = high > low ? part * (high - low) : Math.max(1e-12, 0.1 * Math.abs(high));
  return [low - room, high + room];
}

/** A colour map and the numbers at its ends. */
export interface Colours {
  readonly map: ColormapName;
  readonly range: Range;
  /** Whether equal ratios are equally far apart; the range is positive then. Default false. */
  readonly logarithmic?: boolean;
}

/**
 * The colours of a field: diverging around 0 where both signs matter, viridis from the least to the largest value otherwise. What is
 * compared with the field is shown in the same colours.
 *
 * @param chosen a map or a range that is taken as it is
 */
export function fieldColours(
  values: Iterable<number>,
  chosen: {readonly map?: ColormapName; readonly range?: Range} = {},
): Colours {
  const [low, high] = chosen.range ?? rangeOf(values);
  const largest = Math.max(-low, high);
  const map = chosen.map ?? (Math.min(-low, high) > BOTH_SIGNS * largest ? 'diverging' : 'viridis');
  return {map, range: map === 'diverging' && chosen.range === undefined ? [-largest, largest] : [low, high]};
}

/** From 0 to the 99.9 percentile of magnitudes, so that a few bad points do not blacken the rest. */
export function errorRange(errors: Float32Array | Float64Array): Range {
  const finite = finiteOf(errors);
  if (finite.length === 0) return [0, 1];
  const [end] = percentiles(finite, [ERROR_PERCENTILE]);
  return [0, end > 0 ? end : Math.max(rangeOf(finite)[1], Number.MIN_VALUE)];
}

/**
 * The colours of magnitudes of errors: from 0 on, or logarithmic where a few large ones would hide how the others differ. What is exactly 0,
 * such as on a face whose condition is met, is no size to go by.
 */
export function errorColours(errors: Float64Array): Colours {
  const range = errorRange(errors);
  const sizes = those(errors, (error) => error > 0 && error < Infinity);
  const median = sizes.length === 0 ? 0 : percentiles(sizes, [50])[0];
  if (!(median > 0) || range[1] <= WIDE * median) return {map: 'inferno', range};
  return {map: 'inferno', range: [median / 10, range[1]], logarithmic: true};
}

function finiteOf(values: Float32Array | Float64Array): Float32Array | Float64Array {
  return those(values, Number.isFinite);
}

/** The values that pass a test; no copy where all do. */
function those(values: Float32Array | Float64Array, test: (value: number) => boolean): Float32Array | Float64Array {
  let count = 0;
  for (const value of values) if (test(value)) count += 1;
  if (count === values.length) return values;
  const kept = new Float64Array(count);
  let at = 0;
  for (const value of values) if (test(value)) kept[at++] = value;
  return kept;
}
