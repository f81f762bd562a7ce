/** Level lines of a field on a plane. */
import type {BytePicture} from '../files/image';
import {INK} from './palette';
import {fieldPicture} from './pictures';
import {lineCover, Sheet} from './sheet';

/** Options of {@link levelPicture}. */
export interface LevelOptions {
  /** Numbers at the ends of the colours. */
  readonly range: readonly [number, number];
  /** Distance between thin lines, in the units of the field. */
  readonly spacing: number;
  /** Default true. */
  readonly colorBar?: boolean;
}

/** Half the width of lines in pixels, and how opaque the thin ones are. */
const THIN = 0.35;
const THICK = 1.7;
const THIN_OPACITY = 0.55;

/** Width and height in pixels. */
interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * A field in diverging colours, thin lines at multiples of the spacing, a thick one at 0: how distances are looked at.
 *
 * @param values shape (height, width), the first row on top; one pixel each
 */
export function levelPicture(values: Float64Array, size: Size, {range, spacing, colorBar = true}: LevelOptions): BytePicture {
  const largest = Math.max(size.width, size.height);
  const coloured = fieldPicture(values, size, {map: 'diverging', range, colorBar, largest});
  const sheet = new Sheet(coloured.width, coloured.height);
  sheet.put(coloured, 0, 0);
  drawLevels(sheet, values, size, (value) => {
    const level = Math.round(value / spacing);
    return level === 0 ? {level: 0, halfWidth: THICK} : {level: level * spacing, halfWidth: THIN, opacity: THIN_OPACITY};
  });
  return sheet;
}

/**
 * Draws level lines over the upper left part of a sheet.
 *
 * @param values shape (height, width), one a pixel of that part
 * @param lineNear the level whose line may pass a pixel of this value, and how it is drawn
 */
export function drawLevels(
  sheet: Sheet,
  values: Float64Array,
  {width, height}: Size,
  lineNear: (value: number) => {readonly level: number; readonly halfWidth: number; readonly opacity?: number},
): void {
  for (let row = 0; row < height; row++) {
    const above = Math.max(0, row - 1) * width;
    const below = Math.min(height - 1, row + 1) * width;
    for (let column = 0; column < width; column++) {
      const value = values[row * width + column];
      const {level, halfWidth, opacity = 1} = lineNear(value);
      const before = values[row * width + Math.max(0, column - 1)];
      const after = values[row * width + Math.min(width - 1, column + 1)];
      // How much the field changes from pixel to pixel turns a difference of values into a distance on the picture.
      const slope = Math.hypot(after - before, values[below + column] - values[above + column]) / 2;
      if (slope > 0) sheet.blend(column, row, INK, opacity * lineCover(Math.abs(value - level) / slope, halfWidth));
    }
  }
}
