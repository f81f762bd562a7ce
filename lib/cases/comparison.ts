/** Pictures of a field on a rectangle beside the truth. */
import type {BytePicture} from '../files/image';
import {errorPicture, fieldPicture, sideBySide} from '../pictures/pictures';
import {fieldColours} from '../pictures/ranges';
import type {Assessment} from './definition';

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

/** Options of the pictures of a solution beside the truth. */
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
  const {notes, unjudged = () => false} = options;
  const shape = {width: truth.width, height: truth.height};
  const known = upright(truth);
  const colours = fieldColours(known, {range: options.range});
  const compared = upright({...solution, values: solution.values.map((value, i) => (unjudged(i) ? truth.values[i] : value))});
  const panels: [string, string, string, BytePicture][] = [
    ['truth', 'Truth', notes.truth, fieldPicture(known, shape, colours)],
    ['solution', 'Solution', notes.solution, fieldPicture(upright(solution), shape, colours)],
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
