/** Pictures of what changes in time: a field over two axes with their names and numbers, strips of fields. */
import {DinfError} from '../base/errors';
import type {BytePicture} from '../files/image';
import type {Samples} from '../imaging/image';
import type {LatticeAxis} from './axes';
import {withAxes} from './axes';
import type {ColormapName} from './colormap';
import {drawLevels} from './level-lines';
import {FAINT} from './palette';
import {fieldPicture} from './pictures';
import type {Range} from './ranges';
import {fieldColours, rangeOf} from './ranges';
import {resampled} from './resample';
import {Sheet} from './sheet';
import {capHeight, lineHeight, textSizeFor, textWidth} from './text';
import {tickLabels} from './ticks';

/** Horizontal and vertical axis, of 2 points at least; the vertical one points upwards. */
export type Plane = readonly [LatticeAxis, LatticeAxis];

/** Colours of a field, and a level to mark. */
export interface FrameStyle {
  /** Default as {@link fieldColours} chooses. */
  readonly map?: ColormapName;
  /** The numbers at the ends of the map. Default as {@link fieldColours} chooses. */
  readonly range?: Range;
  /** Whether equal ratios are equally far apart in the map, for a positive range. Default false. */
  readonly logarithmic?: boolean;
  /** A level whose line is drawn over the field. Default: none. */
  readonly contour?: number;
}

/** Rows of fields: one row a quantity, one field a time. */
export interface FrameRow extends FrameStyle {
  readonly label: string;
  /** Each of shape (horizontal count, vertical count), row-major. */
  readonly frames: readonly Samples[];
}

/** Least pixels of the longer side of a single field, and of one in a strip. */
const LARGE = 448;
const SMALL = 176;

/** Half the width of the line of a level, in pixels. */
const CONTOUR = 1;

/** Size of the text of a strip, in pixels. */
const TEXT = 12;

/**
 * A field over two axes, with a colour bar, the axes' names and numbers.
 * @param values (horizontal count, vertical count) row-major
 * @throws DinfError INVALID_ARGUMENT
 */
export function axesPicture(values: Samples, plane: Plane, style: FrameStyle = {}): BytePicture {
  const {picture, field, factor} = upright(values, plane, style, LARGE, true);
  const [across, up] = plane.map(({name, lower, upper}) => ({name, lower, upper, inset: factor / 2}));
  return withAxes(picture, field, {across, up}, textSizeFor(field.height));
}

/**
 * Fields at several times in a row, one row a quantity, with a colour bar at the end of each row.
 * @param titles one a column
 * @throws DinfError INVALID_ARGUMENT when there is no row, or one has not as many frames as there are titles
 */
export function pictureFrames(titles: readonly string[], rows: readonly FrameRow[], plane: Plane): BytePicture {
  if (rows.length === 0 || titles.length === 0) {
    throw new DinfError('INVALID_ARGUMENT', 'There is nothing to show: give one row and one title at least.');
  }
  const drawn = rows.map(({label, frames, ...style}) => {
    if (frames.length !== titles.length) {
      throw new DinfError('INVALID_ARGUMENT', `The row "${label}" has ${frames.length} frames for ${titles.length} titles.`);
    }
    const colours = fieldColours(rangeOf(...frames), style);
    const pictures = frames.map((frame, i) => upright(frame, plane, {...style, ...colours}, SMALL, i === frames.length - 1));
    return {label, pictures};
  });
  const {width, height} = drawn[0].pictures[0].field;
  const gap = 10;
  const line = lineHeight(TEXT);
  const left = gap + Math.max(...drawn.map(({label}) => textWidth(label, TEXT))) + gap;
  const end = Math.max(...drawn.map(({pictures}) => pictures[pictures.length - 1].picture.width));
  const sheet = new Sheet(
    left + (titles.length - 1) * (width + gap) + end + gap,
    gap + line + drawn.length * (height + gap) + line,
  );
  titles.forEach((title, i) => {
    sheet.text(title, left + i * (width + gap), gap, {size: TEXT, room: width});
  });
  drawn.forEach(({label, pictures}, r) => {
    const top = gap + line + r * (height + gap);
    sheet.text(label, gap, top + (height - capHeight(TEXT)) / 2, {size: TEXT});
    pictures.forEach(({picture}, i) => {
      sheet.put(picture, left + i * (width + gap), top);
    });
  });
  const [horizontal, vertical] = plane;
  const axes = `each: ${spoken(horizontal)} to the right, ${spoken(vertical)} upwards`;
  sheet.text(axes, left, sheet.height - line, {size: TEXT, colour: FAINT});
  return sheet;
}

/** The field as a picture whose vertical axis points upwards, enlarged by a whole factor, with its contour. */
function upright(
  values: Samples,
  plane: Plane,
  {contour, map, range, logarithmic}: FrameStyle,
  least: number,
  colorBar: boolean,
): {picture: BytePicture; field: {width: number; height: number}; factor: number} {
  const [horizontal, vertical] = plane;
  const [columns, rows] = [horizontal.count, vertical.count];
  if (columns < 2 || rows < 2 || values.length !== columns * rows) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `The field has ${values.length} values for ${columns} × ${rows} of ${horizontal.name} and ${vertical.name}: give all, 2 an axis at least.`,
    );
  }
  // Values are enlarged without smoothing, so that they are seen for what they are.
  const factor = Math.max(1, Math.ceil(least / Math.max(columns, rows)));
  const field = {width: columns * factor, height: rows * factor};
  const enlarged = new Float64Array(field.width * field.height);
  for (let row = 0; row < field.height; row++) {
    for (let column = 0; column < field.width; column++) {
      enlarged[row * field.width + column] = values[Math.floor(column / factor) * rows + (rows - 1 - Math.floor(row / factor))];
    }
  }
  // Not reduced, and not enlarged below its own size: contours and axes count on these pixels.
  const coloured = fieldPicture(enlarged, field, {
    map,
    range,
    logarithmic,
    colorBar,
    largest: Math.max(field.width, field.height),
  });
  if (contour === undefined) return {picture: coloured, field, factor};
  const picture = new Sheet(coloured.width, coloured.height);
  picture.put(coloured, 0, 0);
  const smooth = resampled(values, [columns, rows], field, [factor / 2, factor / 2]);
  drawLevels(picture, smooth, field, () => ({level: contour, halfWidth: CONTOUR}));
  return {picture, field, factor};
}

function spoken({name, lower, upper}: LatticeAxis): string {
  const [from, to] = tickLabels([lower, upper]);
  return `${name} from ${from} to ${to}`;
}
