/** Results side by side: the middle of each reconstruction, where differences are large enough to be seen. */
import type {BytePicture} from '../files/image';
import type {Assessment} from '../cases/definition';
import {imagePicture, sideBySide} from '../pictures/pictures';
import {fitted} from '../pictures/resize';
import {Sheet} from '../pictures/sheet';

/** Part of an image's side that is shown. */
const CROP = 0.4;
const PANEL = 256;
const COLUMNS = 4;

/** The part of an assessment that goes into the sheet: the middle of the reconstructed image, or else its first picture. */
export function resultPicture({arrays, pictures}: Pick<Assessment, 'arrays' | 'pictures'>): BytePicture {
  const found = arrays.find(({name}) => name === 'reconstruction');
  if (found === undefined) return fitted(pictures[0].picture, {largest: PANEL, smallest: PANEL});
  const [height, width, channels = 1] = found.shape;
  const side = Math.max(1, Math.round(CROP * Math.min(height, width)));
  const [top, left] = [Math.round(0.62 * (height - side)), Math.round((width - side) / 2)];
  const values = Float64Array.from({length: side * side * channels}, (_, i) => {
    const [row, column] = [Math.floor(i / channels / side), Math.floor(i / channels) % side];
    return found.values[((top + row) * width + left + column) * channels + (i % channels)];
  });
  const picture = imagePicture(values, {width: side, height: side, channels});
  return fitted(picture, {largest: 2 * Math.max(PANEL, side), smallest: PANEL});
}

/** All results on one sheet, four in a row, each with what it is and how good. */
export function contactSheet(
  panels: readonly {readonly caption: string; readonly note: string; readonly picture: BytePicture}[],
): BytePicture {
  const rows: BytePicture[] = [];
  for (let i = 0; i < panels.length; i += COLUMNS) rows.push(sideBySide(panels.slice(i, i + COLUMNS)));
  const sheet = new Sheet(
    Math.max(...rows.map(({width}) => width)),
    rows.reduce((sum, {height}) => sum + height, 0),
  );
  let top = 0;
  for (const row of rows) {
    sheet.put(row, 0, top);
    top += row.height;
  }
  return sheet;
}
