/** A field on a plane with its level lines: how distances are looked at. */
import type {BytePicture} from '../imaging/codec';
import {fieldPicture} from './pictures';
import {Sheet} from './sheet';

// Taken out of the global object once: in a sandbox each look-up of a global is slow.
const {abs, hypot, max, min, round} = Math;

export interface LevelOptions {
  /** Numbers at the ends of the colours. */
  readonly range: readonly [number, number];
  /** Distance between thin lines. */
  readonly spacing: number;
  readonly colorBar?: boolean;
}

/** Half the width of lines in pixels. */
const THIN = 0.35;
const THICK = 1.7;

/**
 * A field in diverging colours, thin lines at multiples of the spacing, a thick one at 0.
 *
 * @param values shape (height, width), the first row on top; one pixel each
 */
export function levelPicture(
  values: Float64Array,
  {width, height}: {readonly width: number; readonly height: number},
  {range, spacing, colorBar = true}: LevelOptions,
): BytePicture {
  const largest = max(width, height);
  const coloured = fieldPicture(values, {width, height}, {map: 'diverging', range, colorBar, largest});
  const sheet = new Sheet(coloured.width, coloured.height);
  sheet.put(coloured, 0, 0);
  const at = (row: number, column: number): number =>
    values[min(height - 1, max(0, row)) * width + min(width - 1, max(0, column))];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const value = at(row, column);
      // How much the field changes from pixel to pixel turns a difference of values into a distance on the picture.
      const slope = hypot(at(row, column + 1) - at(row, column - 1), at(row + 1, column) - at(row - 1, column)) / 2;
      const distance = abs(value - spacing * round(value / spacing)) / max(slope, 1e-12);
      const zero = abs(value) < spacing / 2;
      const cover = min(1, max(0, (zero ? THICK : THIN) + 0.5 - distance)) * (zero ? 1 : 0.55);
      const pixel = 3 * (row * sheet.width + column);
      for (let c = 0; c < 3; c++) sheet.data[pixel + c] = round(sheet.data[pixel + c] * (1 - cover) + 20 * cover);
    }
  }
  return sheet;
}
