/** The grid that a run asks for: the single rule for its cells and its levels. */
import type {Grid, GridOptions} from '../pose/field';
import {rbfGrid} from '../pose/field';
import {DinfError} from '../base/errors';
import type {FieldOptions} from './field-options';

/** A problem's own grid, of which a run may change each part. */
export interface GridPreset extends GridOptions {
  /** Cells of the finest level along the longest axis. */
  resolution: number;
  /** Extents of the axes, in any unit. Default: all alike. */
  sides?: readonly number[];
  /** Fewest cells along a shorter axis. Default 1. */
  fewest?: number;
}

/**
 * The grid of a run. `resolution` counts the cells of the finest level along the longest axis; the others keep their proportion, rounded
 * up to cells that halve as often as the levels ask. The preset's own resolution is rounded up likewise where `sides` are given; one that
 * the run names is not, but refused where it does not halve.
 *
 * @throws DinfError INVALID_ARGUMENT naming a resolution that fits the levels
 */
export function gridFrom(options: FieldOptions, preset: GridPreset): Grid {
  const {sides, fewest = 1, ...own} = preset;
  const {kernel = own.kernel, edge = own.edge, levels = own.levels ?? 1, features = own.features} = options;
  const finest = options.resolution ?? own.resolution;
  const unit = 2 ** (levels - 1);
  const cellsAlong = (side: number, longest: number): number =>
    side === longest && options.resolution !== undefined
      ? finest
      : Math.ceil(Math.max(fewest, (finest * side) / longest) / unit) * unit;
  const resolution = sides?.map((side) => cellsAlong(side, Math.max(...sides))) ?? finest;
  return rbfGrid({...own, kernel, edge, resolution, levels, features});
}

/**
 * Number of levels that `cells` cells an axis have when each level halves the one before.
 *
 * @param limits.coarsest fewest cells of the coarsest level, default 8: below, more levels do not help least squares.
 * @param limits.most most levels, default 16.
 * @param limits.roundedUp whether the cells will be rounded up until they halve. Default false: they must halve as they are.
 */
export function halvingLevels(
  cells: number,
  {coarsest = 8, most = 16, roundedUp = false}: {coarsest?: number; most?: number; roundedUp?: boolean} = {},
): number {
  let levels = 1;
  for (let left = cells; levels < most && left / 2 >= coarsest && (roundedUp || left % 2 === 0); left /= 2) levels += 1;
  return levels;
}

/** @throws DinfError INVALID_ARGUMENT for a resolution below what a problem can do with, saying why */
export function refuseCoarser(resolution: number | undefined, least: number, why: string): void {
  if (resolution === undefined || resolution >= least) return;
  throw new DinfError('INVALID_ARGUMENT', `resolution must be at least ${least} here, and is ${resolution}: ${why}`);
}
