import {DinfError} from '../base/errors';
import type {BytePicture} from '../files/image';
import type {ImageShape, Samples} from '../imaging/image';
import {requireShape} from '../imaging/image';
import type {ColormapName} from './colormap';
import {scalarToRgb} from './colormap';
import {withColourBar} from './colour-bar';
import {FAINT} from './palette';
import type {Colours} from './ranges';
import {errorColours, fieldColours, rangeOf} from './ranges';
import {fitted} from './resize';
import {Sheet} from './sheet';
import {capHeight, lineHeight, textSizeFor} from './text';

/** Options of {@link fieldPicture}. */
export interface FieldPictureOptions {
  /** `'viridis'` by default, or `'diverging'` where the values have both signs. */
  map?: ColormapName;
  /**
   * The numbers at the ends of the map; values beyond are clipped. By default the least and the largest finite value, and for `diverging`
   * the same magnitude on both sides, so that its middle is 0.
   */
  range?: readonly [number, number];
  /** Whether equal ratios are equally far apart in the map, for a positive range. Default false. */
  readonly logarithmic?: boolean;
  /** Whether a colour bar with numbers stands on the right. Default true. */
  colorBar?: boolean;
  /** Most pixels of the longer side; larger fields are reduced by averaging, small ones enlarged to at least 256. Default 1024. */
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
  const colours = {...fieldColours(values, options), logarithmic: options.logarithmic};
  const data = coloured(values, colours);
  const picture = fitted({width: shape.width, height: shape.height, channels: 3, data}, {largest: options.largest});
  return options.colorBar === false ? picture : withColourBar(picture, colours, rangeOf(values));
}

function coloured(values: Samples, {map, range: [low, high], logarithmic}: Colours): Uint8Array {
  if (logarithmic !== true) return scalarToRgb(values, map, [low, high]);
  // What is 0 has no logarithm, and the first colour.
  return scalarToRgb(
    values.map((value) => Math.log10(value < low ? low : value)),
    map,
    [Math.log10(low), Math.log10(high)],
  );
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
  const data = new Uint8Array(values.length);
  for (let i = 0; i < data.length; i++) data[i] = Math.round(255 * Math.min(1, Math.max(0, (values[i] - low) / (high - low))));
  return fitted({width, height, channels, data}, {largest: options.largest});
}

/**
 * The absolute difference of two pictures (the mean over the channels) in false colours. The map ends at the 99.9 percentile unless a
 * range is given, so that a few bad pixels do not blacken the rest, and is logarithmic where most would be black all the same; the bar says
 * both.
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
  return fieldPicture(error, shape, {...options, ...(options.range === undefined ? errorColours(error) : {map: 'inferno'})});
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
  const size = textSizeFor(tallest);
  const margin = 8 * Math.max(1, Math.round(tallest / 256));
  const notes = panels.some(({note}) => note);
  const top = margin + capHeight(size) + (notes ? lineHeight(size) : 0) + Math.round(0.7 * size);
  const width = panels.reduce((sum, {picture}) => sum + picture.width + margin, margin);
  const sheet = new Sheet(width, top + tallest + margin);
  let left = margin;
  for (const {caption, note, picture} of panels) {
    sheet.text(caption, left, margin, {size, weight: 'bold', room: picture.width});
    if (note) sheet.text(note, left, margin + lineHeight(size), {size, colour: FAINT, room: picture.width});
    sheet.put(picture, left, top);
    left += picture.width + margin;
  }
  return sheet;
}
