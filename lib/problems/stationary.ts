/** What the problems on a rectangle share: levels, numbers of the command line, pictures of one field beside the truth. */
import {DinfError} from '../errors';
import type {BytePicture} from '../imaging/codec';
import {errorPicture, fieldPicture, sideBySide} from '../report/pictures';
import type {Assessment} from './definition';

/** Levels that a grid can have when its coarsest keeps at least 8 cells an axis; more do not help least squares on these problems. */
export function fittingLevels(cells: number | readonly number[]): number {
  let sides = typeof cells === 'number' ? [cells] : [...cells];
  let levels = 1;
  while (levels < 16 && sides.every((n) => n % 2 === 0 && n >= 16)) {
    sides = sides.map((n) => n / 2);
    levels += 1;
  }
  return levels;
}

/**
 * A number given to an option of one problem.
 *
 * @param above the number must be larger than this.
 * @throws INVALID_ARGUMENT naming the option.
 */
export function numberOption(text: string | undefined, flag: string, missing: number, above: number): number {
  if (text === undefined) return missing;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= above) {
    throw new DinfError('INVALID_ARGUMENT', `${flag} is a number above ${above}, and not '${text}'`);
  }
  return value;
}

/** Values on a lattice, shape (height, width): rows ordered as the coordinate grows. */
export interface Plane {
  readonly values: Float64Array;
  readonly width: number;
  readonly height: number;
}

/** The rows in the order of a picture, whose first is on top: the upward coordinate falls. */
export function upright({values, width, height}: Plane): Float64Array {
  const flipped = new Float64Array(values.length);
  for (let row = 0; row < height; row++) {
    flipped.set(values.subarray(row * width, (row + 1) * width), (height - 1 - row) * width);
  }
  return flipped;
}

/** How a solution is shown beside the truth. */
export interface ComparisonOptions {
  /** Under the captions. */
  readonly notes: {readonly truth: string; readonly solution: string; readonly error: string};
  /** Numbers at the ends of the colours of truth and solution; default: the range of the truth. */
  readonly range?: readonly [number, number];
  /** Values that are not judged, by their index: the error is shown as 0 there. */
  readonly unjudged?: (index: number) => boolean;
}

/** `comparison`, `truth`, `solution` and `error` pictures of one field, both in the truth's colours. */
export function comparisonPictures(truth: Plane, solution: Plane, options: ComparisonOptions): Assessment['pictures'] {
  const {notes, range = extent(truth.values), unjudged = () => false} = options;
  const shape = {width: truth.width, height: truth.height};
  const known = upright(truth);
  // A hair beyond the truth's range is no reason to mark the colour bar with ≥.
  const slack = (range[1] - range[0]) / 200;
  const found = upright(solution);
  const painted = found.map((value) =>
    value > range[1] && value < range[1] + slack ? range[1] : value < range[0] && value > range[0] - slack ? range[0] : value,
  );
  const map = range[0] < 0 && range[1] > 0 ? 'diverging' : 'viridis';
  const compared = upright({...solution, values: solution.values.map((value, i) => (unjudged(i) ? truth.values[i] : value))});
  const panels: [string, string, string, BytePicture][] = [
    ['truth', 'Truth', notes.truth, fieldPicture(known, shape, {map, range})],
    ['solution', 'Solution', notes.solution, fieldPicture(painted, shape, {map, range})],
    ['error', 'Error', notes.error, errorPicture(compared, known, {...shape, channels: 1})],
  ];
  return [
    {
      name: 'comparison',
      title: 'Truth, solution, error',
      picture: sideBySide(panels.map(([, caption, note, picture]) => ({caption, note, picture}))),
    },
    ...panels.map(([name, title, , picture]) => ({name, title, picture})),
  ];
}

function extent(values: Float64Array): readonly [number, number] {
  let least = Infinity;
  let most = -Infinity;
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  // 0 in the middle where both signs occur.
  return least < 0 && most > 0 ? [-Math.max(-least, most), Math.max(-least, most)] : [least, most];
}
