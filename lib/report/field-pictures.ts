/** A solution of 1, 2 or 3 coordinates as a picture with its axes: curves, an image, slices. */
import {DinfError} from '../errors';
import type {BytePicture} from '../imaging/codec';
import type {ColormapName} from './colormap';
import {GLYPH_HEIGHT, textWidth} from './font';
import {shortNumber} from './numbers';
import {fieldPicture, sideBySide} from './pictures';
import type {Rgb} from './sheet';
import {Sheet} from './sheet';

/** A coordinate of a uniform lattice, both bounds included. */
export interface LatticeAxis {
  readonly name: string;
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

/** A curve over one coordinate. */
export interface Line {
  readonly label: string;
  /** One value for each point of the axis; what is not finite leaves a gap. */
  readonly values: ArrayLike<number>;
}

export interface LatticePictureOptions {
  /** Over the picture, such as the name of the unknown. */
  readonly caption: string;
  readonly map?: ColormapName;
  /** Ends of the colour map, or of the vertical axis of a curve; by default what the values have. */
  readonly range?: readonly [number, number];
}

const INK: Rgb = [28, 30, 33];
const FAINT: Rgb = [228, 230, 233];
const LINE_COLOURS: readonly Rgb[] = [
  [31, 98, 180],
  [214, 96, 30],
  [40, 140, 80],
];

/** The coordinate that pictures treat as time: never to scale with a length, and shown from its beginning. */
const TIME = 't';
const SCALE = 2;
const LETTER = (GLYPH_HEIGHT + 2) * SCALE;
const PLOT = {width: 560, height: 360};
const SIDE = 400;

/**
 * Values on a lattice: a curve, an image (first coordinate to the right, second upwards), or three slices across the first coordinate
 * with one colour map.
 *
 * @param values row-major, last axis fastest
 * @throws DinfError INVALID_ARGUMENT
 */
export function latticePicture(values: Float64Array, axes: readonly LatticeAxis[], options: LatticePictureOptions): BytePicture {
  const count = axes.reduce((product, axis) => product * axis.count, 1);
  if (axes.length < 1 || axes.length > 3 || count !== values.length) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `A field of ${values.length} values cannot be shown on ${axes.map((axis) => axis.count).join(' × ')} points.`,
    );
  }
  if (axes.length === 1) return linePicture(axes[0], [{label: options.caption, values}], options.range);
  const colours = coloursOf(values, options);
  if (axes.length === 2) {
    return sideBySide([{caption: options.caption, picture: framedImage(values, axes, SIDE, colours)}]);
  }
  const [first, ...rest] = axes;
  const size = rest[0].count * rest[1].count;
  return sideBySide(
    (first.name === TIME ? [0, 0.5, 1] : [0.25, 0.5, 0.75]).map((part) => {
      const index = Math.round(part * (first.count - 1));
      const at = first.lower + ((first.upper - first.lower) * index) / (first.count - 1);
      return {
        caption: `${options.caption}, ${first.name} = ${shortNumber(at)}`,
        picture: framedImage(values.slice(index * size, (index + 1) * size), rest, SIDE, colours),
      };
    }),
  );
}

/** One map for all parts of a field: diverging where both signs matter, not where rounding made a zero negative. */
function coloursOf(values: Float64Array, options: LatticePictureOptions): {map: ColormapName; range: readonly [number, number]} {
  const [low, high] = options.range ?? finiteRange(values);
  const most = Math.max(-low, high);
  const signed = Math.min(-low, high) > 0.05 * most;
  const map = options.map ?? (signed ? 'diverging' : 'viridis');
  return {map, range: map === 'diverging' && options.range === undefined ? [-most, most] : [low, high]};
}

/**
 * Curves over one coordinate with ticks, grid and a legend.
 *
 * @param range of the vertical axis; by default what the values have, with a little room
 * @throws DinfError INVALID_ARGUMENT when a curve has not one value a point
 */
export function linePicture(axis: LatticeAxis, lines: readonly Line[], range?: readonly [number, number]): BytePicture {
  for (const {label, values} of lines) {
    if (values.length !== axis.count) {
      throw new DinfError('INVALID_ARGUMENT', `The curve ${label} has ${values.length} values for ${axis.count} points.`);
    }
  }
  let [low, high] = range ?? finiteRange(lines.flatMap(({values}) => Array.from(values)));
  const room = high > low ? 0.05 * (high - low) : Math.max(1e-12, 0.1 * Math.abs(high));
  if (range === undefined || !(high > low)) [low, high] = [low - room, high + room];
  const vertical = ticks(low, high).map((value) => ({value, text: shortNumber(value)}));
  const horizontal = ticks(axis.lower, axis.upper).map((value) => ({value, text: shortNumber(value)}));
  const left = Math.max(...vertical.map(({text}) => textWidth(text)), 1) * SCALE + 18;
  const top = LETTER + 14;
  const sheet = new Sheet(left + PLOT.width + 40, top + PLOT.height + 2 * LETTER + 22);
  const x = (value: number): number => left + ((value - axis.lower) / (axis.upper - axis.lower)) * (PLOT.width - 1);
  const y = (value: number): number => top + ((high - value) / (high - low)) * (PLOT.height - 1);
  for (const {value, text} of vertical) {
    sheet.rectangle(left, Math.round(y(value)), PLOT.width, 1, FAINT);
    sheet.text(text, left - 8 - textWidth(text) * SCALE, Math.round(y(value)) - 7, SCALE, INK);
  }
  for (const {value, text} of horizontal) {
    sheet.rectangle(Math.round(x(value)), top, 1, PLOT.height, FAINT);
    sheet.text(text, Math.round(x(value) - (textWidth(text) * SCALE) / 2), top + PLOT.height + 8, SCALE, INK);
  }
  frame(sheet, left, top, PLOT.width, PLOT.height);
  const name = Math.round(left + PLOT.width / 2 - (textWidth(axis.name) * SCALE) / 2);
  sheet.text(axis.name, name, top + PLOT.height + LETTER + 12, SCALE, INK);
  let legend = left;
  lines.forEach(({label, values}, i) => {
    const colour = LINE_COLOURS[i % LINE_COLOURS.length];
    // The first lies underneath, so it is the wider one: two curves that agree are both seen.
    const half = i === 0 && lines.length > 1 ? 3 : 1.2;
    const points = Array.from(values, (value, k) => ({
      x: x(axis.lower + ((axis.upper - axis.lower) * k) / Math.max(1, axis.count - 1)),
      y: y(value),
    }));
    stroke(sheet, points, half, colour, {left, top, ...PLOT});
    sheet.rectangle(legend, 10 + Math.round(LETTER / 2 - half) - 4, 24, Math.max(3, Math.round(2 * half)), colour);
    sheet.text(label, legend + 32, 10, SCALE, INK);
    legend += 32 + textWidth(label) * SCALE + 30;
  });
  return sheet;
}

/** An image with a frame, the names of its axes and their ends; the colour bar is fieldPicture's. */
function framedImage(
  values: Float64Array,
  [across, up]: readonly LatticeAxis[],
  side: number,
  colours: {map: ColormapName; range: readonly [number, number]},
): BytePicture {
  const lengths = [across, up].map(({lower, upper}) => upper - lower);
  const free = across.name === TIME || up.name === TIME;
  const ratio = free ? 1 : Math.min(3, Math.max(1 / 3, lengths[0] / lengths[1]));
  const width = Math.round(side * Math.min(1, ratio));
  const height = Math.round(side * Math.min(1, 1 / ratio));
  const picture = fieldPicture(resampled(values, across.count, up.count, width, height), {width, height}, colours);
  const ends = {
    left: shortNumber(across.lower),
    right: shortNumber(across.upper),
    bottom: shortNumber(up.lower),
    top: shortNumber(up.upper),
  };
  const left = Math.max(...[ends.bottom, ends.top, up.name].map(textWidth)) * SCALE + 12;
  // fieldPicture enlarges small images by whole factors; its height tells by how much.
  const factor = picture.height / height;
  const sheet = new Sheet(left + picture.width, picture.height + LETTER + 10);
  sheet.put(picture, left, 0);
  frame(sheet, left, 0, width * factor, picture.height);
  const right = (text: string): number => left - 8 - textWidth(text) * SCALE;
  sheet.text(ends.top, right(ends.top), 2, SCALE, INK);
  sheet.text(up.name, right(up.name), Math.round(picture.height / 2) - 7, SCALE, INK);
  sheet.text(ends.bottom, right(ends.bottom), picture.height - 16, SCALE, INK);
  const below = picture.height + 8;
  sheet.text(ends.left, left, below, SCALE, INK);
  sheet.text(across.name, Math.round(left + (width * factor - textWidth(across.name) * SCALE) / 2), below, SCALE, INK);
  sheet.text(ends.right, left + width * factor - textWidth(ends.right) * SCALE, below, SCALE, INK);
  return sheet;
}

/** Values at pixels, bilinearly: first coordinate to the right, second upwards. */
function resampled(values: Float64Array, n0: number, n1: number, width: number, height: number): Float64Array {
  const result = new Float64Array(width * height);
  const place = (pixel: number, pixels: number, count: number): [number, number] => {
    const t = pixels === 1 ? 0 : (pixel * (count - 1)) / (pixels - 1);
    const below = Math.min(Math.max(0, count - 2), Math.floor(t));
    return [below, t - below];
  };
  for (let row = 0; row < height; row++) {
    const [j, b] = place(height - 1 - row, height, n1);
    for (let column = 0; column < width; column++) {
      const [i, a] = place(column, width, n0);
      const at = (di: number, dj: number): number => values[Math.min(n0 - 1, i + di) * n1 + Math.min(n1 - 1, j + dj)];
      result[row * width + column] = (1 - a) * ((1 - b) * at(0, 0) + b * at(0, 1)) + a * ((1 - b) * at(1, 0) + b * at(1, 1));
    }
  }
  return result;
}

function frame(sheet: Sheet, left: number, top: number, width: number, height: number): void {
  sheet.rectangle(left, top, width, 1, INK);
  sheet.rectangle(left, top + height - 1, width, 1, INK);
  sheet.rectangle(left, top, 1, height, INK);
  sheet.rectangle(left + width - 1, top, 1, height, INK);
}

/** A polyline with soft edges inside a box. Coverage is collected first: blending segment by segment would darken the joints. */
function stroke(
  sheet: Sheet,
  points: readonly {x: number; y: number}[],
  half: number,
  colour: Rgb,
  box: {left: number; top: number; width: number; height: number},
): void {
  const cover = new Float32Array(sheet.width * sheet.height);
  for (let k = 1; k < points.length; k++) {
    const [a, b] = [points[k - 1], points[k]];
    if (![a.x, a.y, b.x, b.y].every(Number.isFinite)) continue;
    const [dx, dy] = [b.x - a.x, b.y - a.y];
    const square = dx * dx + dy * dy || 1;
    const from = (p: number, q: number, least: number): number => Math.max(least, Math.floor(Math.min(p, q) - half - 1));
    const to = (p: number, q: number, most: number): number => Math.min(most, Math.ceil(Math.max(p, q) + half + 1));
    for (let row = from(a.y, b.y, box.top); row <= to(a.y, b.y, box.top + box.height - 1); row++) {
      for (let column = from(a.x, b.x, box.left); column <= to(a.x, b.x, box.left + box.width - 1); column++) {
        const along = Math.min(1, Math.max(0, ((column - a.x) * dx + (row - a.y) * dy) / square));
        const distance = Math.hypot(column - a.x - along * dx, row - a.y - along * dy);
        const index = row * sheet.width + column;
        cover[index] = Math.max(cover[index], Math.min(1, Math.max(0, half + 0.5 - distance)));
      }
    }
  }
  cover.forEach((part, index) => {
    if (part === 0) return;
    for (let c = 0; c < 3; c++) sheet.data[3 * index + c] += Math.round(part * (colour[c] - sheet.data[3 * index + c]));
  });
}

/** Round numbers inside a range, four to nine of them: multiples of 1, 2 or 5 times a power of ten. */
function ticks(low: number, high: number): number[] {
  const raw = (high - low) / 5;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = unit * ([1, 2, 5].find((factor) => factor * unit >= raw * 0.999) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({length: Math.max(0, count)}, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function finiteRange(values: Float64Array | readonly number[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 1];
}
