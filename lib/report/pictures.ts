import {DinfError} from '../errors';
import type {BytePicture} from '../imaging/codec';
import type {ImageShape, Samples} from '../imaging/image';
import {requireShape} from '../imaging/image';
import {percentiles} from '../imaging/percentile';
import type {ColormapName} from './colormap';
import {scalarToRgb} from './colormap';
import {GLYPH_HEIGHT, textWidth} from './font';
import {shortNumber} from './numbers';
import type {Rgb} from './sheet';
import {fitted, Sheet} from './sheet';

/** How numbers become colours. */
export interface FieldPictureOptions {
  /** `'viridis'` by default, or `'diverging'` where the values have both signs. */
  map?: ColormapName;
  /**
   * The numbers at the ends of the map; values beyond are clipped. By default the least and the largest finite value, and for `diverging`
   * the same magnitude on both sides, so that its middle is 0.
   */
  range?: readonly [number, number];
  /** Whether a colour bar with numbers stands on the right; true by default. */
  colorBar?: boolean;
  /** Most pixels for the longer side, 1024 by default; larger fields are reduced by averaging, small ones enlarged to at least 256. */
  largest?: number;
}

/** One picture of a {@link sideBySide} sheet. */
export interface Panel {
  /** Above the picture, in bold. */
  readonly caption: string;
  /** A second line, such as a metric. */
  readonly note?: string;
  readonly picture: BytePicture;
}

const INK: Rgb = [28, 30, 33];
const FAINT: Rgb = [105, 110, 118];

/**
 * A field of numbers in false colours. What is not finite is magenta.
 * @param values (height, width) row-major, the first row on top
 * @throws DinfError INVALID_ARGUMENT
 */
export function fieldPicture(
  values: Samples,
  shape: {readonly width: number; readonly height: number},
  options: FieldPictureOptions = {},
): BytePicture {
  requireShape(values, {...shape, channels: 1}, 'The field');
  const found = finiteRange(values);
  const map = options.map ?? (found[0] < 0 && found[1] > 0 ? 'diverging' : 'viridis');
  const magnitude = Math.max(-found[0], found[1]);
  const range = options.range ?? (map === 'diverging' ? ([-magnitude, magnitude] as const) : found);
  const data = scalarToRgb(values, map, range);
  const picture = fitted({width: shape.width, height: shape.height, channels: 3, data}, {largest: options.largest});
  if (options.colorBar === false) return picture;
  const signs = {below: found[0] < range[0] ? '≤ ' : '', above: found[1] > range[1] ? '≥ ' : ''};
  return withColorBar(picture, map, range, signs);
}

/**
 * Numbers as a gray (1 channel) or RGB (3 channels) picture, as they are.
 * @param values (height, width, channels) row-major
 * @param options.range the numbers shown black and white, [0, 1] by default; values beyond are clipped
 * @throws DinfError INVALID_ARGUMENT
 */
export function imagePicture(
  values: Samples,
  shape: ImageShape,
  options: {range?: readonly [number, number]; largest?: number} = {},
): BytePicture {
  requireShape(values, shape, 'The picture');
  const {width, height, channels} = shape;
  if (channels !== 1 && channels !== 3) {
    throw new DinfError('INVALID_ARGUMENT', `A picture with ${channels} channels cannot be shown: give 1 or 3.`);
  }
  const [low, high] = options.range ?? [0, 1];
  if (!(high > low))
    throw new DinfError('INVALID_ARGUMENT', `The range of a picture is [${low}, ${high}]: give the smaller number first.`);
  const data = Uint8Array.from(values, (value) => Math.round(255 * Math.min(1, Math.max(0, (value - low) / (high - low)))));
  return fitted({width, height, channels, data}, {largest: options.largest});
}

/**
 * The absolute difference of two pictures (the mean over the channels) in false colours. The map ends at the 99.9 percentile unless a
 * range is given, so that a few bad pixels do not blacken the rest; the bar then says ≥.
 * @param prediction (height, width, channels) row-major, in the same units as `truth`
 * @throws DinfError INVALID_ARGUMENT
 */
export function errorPicture(
  prediction: Samples,
  truth: Samples,
  shape: ImageShape,
  options: Omit<FieldPictureOptions, 'map'> = {},
): BytePicture {
  requireShape(prediction, shape, 'The prediction');
  requireShape(truth, shape, 'The truth');
  const {channels} = shape;
  const error = new Float64Array(shape.width * shape.height);
  for (let index = 0; index < truth.length; index++) {
    error[Math.floor(index / channels)] += Math.abs(prediction[index] - truth[index]) / channels;
  }
  const finite = error.filter(Number.isFinite);
  const range = options.range ?? ([0, finite.length === 0 ? 1 : percentiles(finite, [99.9])[0]] as const);
  return fieldPicture(error, shape, {...options, map: 'inferno', range});
}

/**
 * Panels in a row on a white sheet, with their captions above.
 * @param panels one at least; their pictures may differ in size
 * @throws DinfError INVALID_ARGUMENT when there is none
 */
export function sideBySide(panels: readonly Panel[]): BytePicture {
  if (panels.length === 0)
    throw new DinfError('INVALID_ARGUMENT', 'There is nothing to put side by side: give one panel at least.');
  const tallest = Math.max(...panels.map(({picture}) => picture.height));
  const scale = Math.max(1, Math.round(tallest / 256));
  const margin = 8 * scale;
  const line = (GLYPH_HEIGHT + 3) * scale;
  const top = margin + line * (panels.some(({note}) => note) ? 2 : 1) + 2 * scale;
  const width = panels.reduce((sum, {picture}) => sum + picture.width + margin, margin);
  const sheet = new Sheet(width, top + tallest + margin);
  let left = margin;
  for (const {caption, note, picture} of panels) {
    sheet.text(caption, left, margin, scale, INK, picture.width);
    sheet.text(caption, left + Math.max(1, scale >> 1), margin, scale, INK, picture.width); // twice, a little apart: bold
    if (note) sheet.text(note, left, margin + line, scale, FAINT, picture.width);
    sheet.put(picture, left, top);
    left += picture.width + margin;
  }
  return sheet;
}

function withColorBar(
  picture: BytePicture,
  map: ColormapName,
  range: readonly [number, number],
  signs: {below: string; above: string},
): BytePicture {
  const scale = Math.max(1, Math.round(picture.height / 256));
  const bar = 10 * scale;
  const gap = 6 * scale;
  const middle = (range[0] + range[1]) / 2;
  const labels = [signs.above + shortNumber(range[1]), shortNumber(middle), signs.below + shortNumber(range[0])];
  const room = Math.max(...labels.map(textWidth)) * scale;
  const sheet = new Sheet(picture.width + gap + bar + gap + room + gap, picture.height);
  sheet.put(picture, 0, 0);
  const left = picture.width + gap;
  const colours = scalarToRgb(
    Float64Array.from({length: picture.height}, (_, row) => -row),
    map,
    [1 - picture.height, 0],
  );
  for (let row = 0; row < picture.height; row++) {
    sheet.rectangle(left, row, bar, 1, [colours[3 * row], colours[3 * row + 1], colours[3 * row + 2]]);
  }
  const capital = 7 * scale; // height of a digit
  labels.forEach((label, index) => {
    const y = scale + Math.round((index * (picture.height - capital - 2 * scale)) / 2);
    sheet.text(label, left + bar + gap, y, scale, INK);
  });
  return sheet;
}

function finiteRange(values: Samples): readonly [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 1];
}
