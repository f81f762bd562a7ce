/** A solution of 1, 2 or 3 coordinates as a picture with its axes: a curve, an image, slices. */
import {DinfError} from '../base/errors';
import type {BytePicture} from '../files/image';
import type {LatticeAxis} from './axes';
import {withAxes} from './axes';
import type {ColormapName} from './colormap';
import {fieldPicture, sideBySide} from './pictures';
import {linePicture} from './plots';
import type {Colours, Range} from './ranges';
import {errorColours, fieldColours} from './ranges';
import {resampled} from './resample';
import {textSizeFor} from './text';
import {tickLabels} from './ticks';

/** Options of {@link latticePicture}. */
export interface LatticePictureOptions {
  /** Over the picture, such as the name of the unknown. */
  readonly caption: string;
  /** Default as {@link fieldColours} chooses. */
  readonly map?: ColormapName;
  /** Ends of the colour map, or of the vertical axis of a curve; by default what the values have. */
  readonly range?: Range;
  /** Whether equal ratios are equally far apart in the map, for a positive range. Default false. */
  readonly logarithmic?: boolean;
}

/** The coordinate that pictures treat as time: never to scale with a length, and shown from its beginning. */
const TIME = 't';

/** Pixels of the longer side of an image. */
const SIDE = 400;

/** Largest ratio of the sides of an image that is drawn to scale. */
const LONGEST = 3;

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
  const colours = {...fieldColours(values, options), logarithmic: options.logarithmic};
  if (axes.length === 2) {
    return sideBySide([{caption: options.caption, picture: framedImage(values, axes, colours)}]);
  }
  const [first, ...rest] = axes;
  const size = rest[0].count * rest[1].count;
  const indices = (first.name === TIME ? [0, 0.5, 1] : [0.25, 0.5, 0.75]).map((part) => Math.round(part * (first.count - 1)));
  const places = indices.map((index) => first.lower + ((first.upper - first.lower) * index) / Math.max(1, first.count - 1));
  const labels = tickLabels(places);
  return sideBySide(
    indices.map((index, i) => ({
      caption: `${options.caption}, ${first.name} = ${labels[i]}`,
      picture: framedImage(values.slice(index * size, (index + 1) * size), rest, colours),
    })),
  );
}

/** Magnitudes of errors as {@link latticePicture} shows them: images in {@link errorColours}. */
export function errorLatticePicture(errors: Float64Array, axes: readonly LatticeAxis[], caption: string): BytePicture {
  return latticePicture(errors, axes, axes.length === 1 ? {caption} : {caption, ...errorColours(errors)});
}

/** An image in its axes, lengths to scale, with a colour bar. */
function framedImage(values: Float64Array, [across, up]: readonly LatticeAxis[], colours: Colours): BytePicture {
  const lengths = [across, up].map(({lower, upper}) => upper - lower);
  const free = across.name === TIME || up.name === TIME;
  const ratio = free ? 1 : Math.min(LONGEST, Math.max(1 / LONGEST, lengths[0] / lengths[1]));
  const size = {width: Math.round(SIDE * Math.min(1, ratio)), height: Math.round(SIDE * Math.min(1, 1 / ratio))};
  const pixels = resampled(values, [across.count, up.count], size, [0.5, 0.5]);
  const picture = fieldPicture(pixels, size, {...colours, largest: SIDE});
  return withAxes(picture, size, {across, up}, textSizeFor(SIDE));
}
