/** Pictures of what changes in time: a field over two axes with their names and ends, strips of curves or of fields. */
import {DinfError} from '../errors';
import type {BytePicture} from '../imaging/codec';
import type {Samples} from '../imaging/image';
import type {ColormapName} from './colormap';
import {GLYPH_HEIGHT, textWidth} from './font';
import {shortNumber} from './numbers';
import {fieldPicture} from './pictures';
import type {Rgb} from './sheet';
import {fitted, Sheet} from './sheet';

/** One axis of a picture. */
export interface Axis {
  readonly name: string;
  /** The coordinates of the first and the last value. */
  readonly range: readonly [number, number];
  /** Values along the axis, 2 at least. */
  readonly count: number;
}

/** Horizontal and vertical axis; the vertical one points upwards. */
export type Plane = readonly [Axis, Axis];

export interface FrameStyle {
  /** Default as {@link fieldPicture} chooses. */
  readonly map?: ColormapName;
  /** The numbers at the ends of the map. Default: the least and largest value. */
  readonly range?: readonly [number, number];
  /** A level whose line is drawn over the field. */
  readonly contour?: number;
}

/** Rows of fields: one row a quantity, one field a time. */
export interface FrameRow extends FrameStyle {
  readonly label: string;
  /** Each of shape (horizontal count, vertical count), row-major. */
  readonly frames: readonly Samples[];
}

const INK: Rgb = [28, 30, 33];
const FAINT: Rgb = [105, 110, 118];
const LINE: Rgb = [222, 225, 229];
/** Truth broad and light below, the solution narrow and dark above it, so that both are seen where they agree. */
const CURVE_COLOURS: readonly Rgb[] = [
  [246, 178, 107],
  [31, 78, 160],
  [40, 140, 80],
];
const CURVE_WIDTHS = [5, 1.6, 1.6];

/** Least pixels of the longer side of a single field, and of one in a strip. */
const LARGE = 448;
const SMALL = 176;

/** Curves are drawn that much larger and then averaged, which smooths their edges. */
const OVERSAMPLING = 4;

/**
 * A field over two axes, with a colour bar, the axes' names and the coordinates of their ends.
 * @param values (horizontal count, vertical count) row-major
 * @throws DinfError INVALID_ARGUMENT
 */
export function axesPicture(values: Samples, plane: Plane, style: FrameStyle = {}): BytePicture {
  const picture = upright(values, plane, style, LARGE, true);
  const field = {width: plane[0].count * enlargement(plane, LARGE), height: picture.height};
  const scale = Math.max(1, Math.round(picture.height / 256));
  return withAxes(picture, field, plane, scale);
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
    const range = style.range ?? rangeOf(frames);
    return {
      label,
      pictures: frames.map((frame, i) => upright(frame, plane, {...style, range}, SMALL, i === frames.length - 1)),
    };
  });
  const single = plane[0].count * enlargement(plane, SMALL);
  const {height} = drawn[0].pictures[0];
  const gap = 8;
  const line = GLYPH_HEIGHT + 5;
  const left = gap + Math.max(...drawn.map(({label}) => textWidth(label))) + gap;
  const end = Math.max(...drawn.map(({pictures}) => pictures[pictures.length - 1].width));
  const sheet = new Sheet(
    left + (titles.length - 1) * (single + gap) + end + gap,
    gap + line + drawn.length * (height + gap) + line,
  );
  titles.forEach((title, i) => sheet.text(title, left + i * (single + gap), gap, 1, INK, single));
  drawn.forEach(({label, pictures}, r) => {
    const top = gap + line + r * (height + gap);
    sheet.text(label, gap, top + Math.round(height / 2) - 4, 1, INK);
    pictures.forEach((picture, i) => {
      sheet.put(picture, left + i * (single + gap), top);
    });
  });
  const [horizontal, vertical] = plane;
  sheet.text(`each: ${spoken(horizontal)} to the right, ${spoken(vertical)} upwards`, left, sheet.height - line, 1, FAINT);
  return sheet;
}

/**
 * Curves at several times in a row of plots with common axes; each plot's first curve lies broad below the others.
 * @param frames each with a title, and curves of `axis.count` values
 * @param labels of the curves, the same in every frame
 * @throws DinfError INVALID_ARGUMENT
 */
export function curveFrames(
  frames: readonly {readonly title: string; readonly curves: readonly Samples[]}[],
  axis: Axis,
  labels: readonly string[],
): BytePicture {
  if (frames.length === 0) throw new DinfError('INVALID_ARGUMENT', 'There is nothing to show: give one frame at least.');
  if (labels.length > CURVE_COLOURS.length) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `${labels.length} curves a frame are too many: give at most ${CURVE_COLOURS.length}.`,
    );
  }
  for (const {title, curves} of frames) {
    if (curves.length !== labels.length || curves.some((curve) => curve.length !== axis.count)) {
      throw new DinfError(
        'INVALID_ARGUMENT',
        `The frame "${title}" needs ${labels.length} curves (${labels.join(', ')}) of ${axis.count} values each.`,
      );
    }
  }
  const [low, high] = rangeOf(frames.flatMap(({curves}) => curves));
  const pad = high > low ? 0.06 * (high - low) : 1;
  const range = [low - pad, high + pad] as const;
  const size = {width: 216, height: 180};
  const gap = 14;
  const line = GLYPH_HEIGHT + 5;
  // Nobody wants to read how far below 0 the solution dips where it should be 0.
  const ticks = [high, low].map((value) => shortNumber(Math.abs(value) < 1e-3 * (high - low) ? 0 : value, 2));
  const left = gap + Math.max(...ticks.map(textWidth)) + 6;
  const top = gap + 2 * line;
  const sheet = new Sheet(left + frames.length * (size.width + gap), top + size.height + 2 * line + 6);
  let place = left;
  labels.forEach((label, i) => {
    const thickness = Math.max(2, Math.round(CURVE_WIDTHS[i]));
    sheet.rectangle(place, gap + 4 - (thickness >> 1), 18, thickness, CURVE_COLOURS[i]);
    sheet.text(label, place + 24, gap, 1, INK);
    place += 24 + textWidth(label) + 18;
  });
  frames.forEach(({title, curves}, f) => {
    const x = left + f * (size.width + gap);
    sheet.text(title, x, gap + line, 1, INK, size.width);
    sheet.put(plot(curves, range, size), x, top);
    const ends = axis.range.map((value) => shortNumber(value));
    sheet.text(ends[0], x, top + size.height + 5, 1, FAINT);
    sheet.text(ends[1], x + size.width - textWidth(ends[1]), top + size.height + 5, 1, FAINT);
    sheet.text(axis.name, x + ((size.width - textWidth(axis.name)) >> 1), top + size.height + 5, 1, INK);
  });
  const rows = [high, low].map((value) => top + Math.round(((range[1] - value) / (range[1] - range[0])) * (size.height - 1)));
  ticks.forEach((tick, i) => {
    sheet.text(tick, left - 6 - textWidth(tick), rows[i] - 3, 1, FAINT);
  });
  return sheet;
}

/** One plot without text. */
function plot(
  curves: readonly Samples[],
  [low, high]: readonly [number, number],
  size: {readonly width: number; readonly height: number},
): BytePicture {
  const factor = OVERSAMPLING;
  const [width, height] = [size.width * factor, size.height * factor];
  const sheet = new Sheet(width, height);
  const rowOf = (value: number): number => ((high - value) / (high - low)) * (height - 1);
  if (low < 0 && high > 0) sheet.rectangle(0, Math.round(rowOf(0)) - 2, width, factor, LINE);
  curves.forEach((curve, c) => {
    const half = (CURVE_WIDTHS[c] * factor) / 2;
    const at = (column: number): number => {
      const t = (Math.min(width - 1, Math.max(0, column)) / (width - 1)) * (curve.length - 1);
      const i = Math.min(curve.length - 2, Math.floor(t));
      return rowOf(curve[i] + (t - i) * (curve[i + 1] - curve[i]));
    };
    // The stroke of a round pen: in each column, what the discs around the curve's points nearby reach.
    const reach = Math.floor(half);
    for (let column = 0; column < width; column++) {
      let [first, last] = [Infinity, -Infinity];
      for (let aside = -reach; aside <= reach; aside++) {
        const middle = at(column + aside);
        if (!Number.isFinite(middle)) continue;
        const tall = Math.sqrt(half * half - aside * aside);
        first = Math.min(first, middle - tall);
        last = Math.max(last, middle + tall);
      }
      const top = Math.max(0, Math.round(first));
      const bottom = Math.min(height - 1, Math.round(last));
      if (bottom >= top) sheet.rectangle(column, top, 1, bottom - top + 1, CURVE_COLOURS[c]);
    }
  });
  for (const [x, y, w, h] of [
    [0, 0, width, factor],
    [0, height - factor, width, factor],
    [0, 0, factor, height],
    [width - factor, 0, factor, height],
  ]) {
    sheet.rectangle(x, y, w, h, LINE);
  }
  return fitted(sheet, {largest: Math.max(size.width, size.height)});
}

/** The field as a picture whose vertical axis points upwards, enlarged by a whole factor, with its contour. */
function upright(values: Samples, plane: Plane, style: FrameStyle, least: number, colorBar: boolean): BytePicture {
  const [horizontal, vertical] = plane;
  const [columns, rows] = [horizontal.count, vertical.count];
  if (columns < 2 || rows < 2 || values.length !== columns * rows) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `The field has ${values.length} values for ${columns} × ${rows} of ${horizontal.name} and ${vertical.name}: give all, 2 an axis at least.`,
    );
  }
  const factor = enlargement(plane, least);
  const [width, height] = [columns * factor, rows * factor];
  const enlarged = new Float64Array(width * height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      enlarged[row * width + column] = values[Math.floor(column / factor) * rows + (rows - 1 - Math.floor(row / factor))];
    }
  }
  const {contour, map, range} = style;
  // Not reduced, and not enlarged below its own size: contours and axes count on these pixels.
  const picture = fieldPicture(enlarged, {width, height}, {map, range, colorBar, largest: Math.max(width, height)});
  if (contour === undefined) return picture;
  return withContour(picture, values, [columns, rows], factor, contour);
}

/** The whole factor that brings the longer side to `least` pixels at least. */
function enlargement([horizontal, vertical]: Plane, least: number): number {
  return Math.max(1, Math.ceil(least / Math.max(horizontal.count, vertical.count)));
}

/** Draws where the field, linear between its values, crosses a level. */
function withContour(
  picture: BytePicture,
  values: Samples,
  [columns, rows]: readonly [number, number],
  factor: number,
  level: number,
): BytePicture {
  const sheet = new Sheet(picture.width, picture.height);
  sheet.put(picture, 0, 0);
  const [width, height] = [columns * factor, rows * factor];
  const above = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const y = Math.min(rows - 1, Math.max(0, (height - 1 - row + 0.5) / factor - 0.5));
    const j = Math.min(rows - 2, Math.floor(y));
    for (let column = 0; column < width; column++) {
      const x = Math.min(columns - 1, Math.max(0, (column + 0.5) / factor - 0.5));
      const i = Math.min(columns - 2, Math.floor(x));
      const at = (a: number, b: number): number => values[a * rows + b];
      const lower = at(i, j) + (x - i) * (at(i + 1, j) - at(i, j));
      const upper = at(i, j + 1) + (x - i) * (at(i + 1, j + 1) - at(i, j + 1));
      above[row * width + column] = lower + (y - j) * (upper - lower) > level ? 1 : 0;
    }
  }
  for (let row = 0; row + 1 < height; row++) {
    for (let column = 0; column + 1 < width; column++) {
      const here = above[row * width + column];
      if (here !== above[row * width + column + 1] || here !== above[(row + 1) * width + column]) {
        sheet.rectangle(column, row, 2, 2, INK);
      }
    }
  }
  return sheet;
}

/** Puts a picture whose left part, of the size of `field`, lies over the plane into a frame with names and ends of the axes. */
function withAxes(picture: BytePicture, field: {width: number; height: number}, plane: Plane, scale: number): BytePicture {
  const [horizontal, vertical] = plane;
  const [ends, rises] = [horizontal, vertical].map(({range}) => range.map((value) => shortNumber(value)));
  const gap = 4 * scale;
  const left = Math.max(...[...rises, vertical.name].map(textWidth)) * scale + 2 * gap;
  const capital = 7 * scale;
  const sheet = new Sheet(left + picture.width, gap + picture.height + gap + (GLYPH_HEIGHT + 2) * scale);
  sheet.put(picture, left, gap);
  const under = gap + field.height + gap;
  const right = (text: string, edge: number): number => edge - textWidth(text) * scale;
  sheet.text(ends[0], left, under, scale, FAINT);
  sheet.text(horizontal.name, left + ((field.width - textWidth(horizontal.name) * scale) >> 1), under, scale, INK);
  sheet.text(ends[1], right(ends[1], left + field.width), under, scale, FAINT);
  sheet.text(rises[1], right(rises[1], left - gap), gap, scale, FAINT);
  sheet.text(vertical.name, right(vertical.name, left - gap), gap + ((field.height - capital) >> 1), scale, INK);
  sheet.text(rises[0], right(rises[0], left - gap), gap + field.height - capital, scale, FAINT);
  return sheet;
}

function spoken({name, range}: Axis): string {
  return `${name} from ${shortNumber(range[0])} to ${shortNumber(range[1])}`;
}

function rangeOf(lists: readonly Samples[]): readonly [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const values of lists) {
    for (const value of values) {
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return low <= high ? [low, high] : [0, 1];
}
