/** Values on a lattice as a problem leaves them for other programs: arrays and a volume. */
import {DinfError} from '../base/errors';
import type {Volume} from '../files/vti';
import type {Image} from '../imaging/image';
import type {Samples} from '../pose/sampling';
import type {Assessment} from './definition';

/** A uniform axis of a lattice. */
export type UniformAxis = Volume['axes'][number];

/** The axes of evenly spaced places, by name. */
export function uniformAxes(places: Readonly<Record<string, ArrayLike<number>>>): UniformAxis[] {
  return Object.entries(places).map(([name, at]) => ({name, lower: at[0], upper: at[at.length - 1], count: at.length}));
}

/** The axes of an image's pixels, rows first. */
export function pixelAxes(pixels: Samples): UniformAxis[] {
  if (pixels.kind !== 'tensor') throw new DinfError('INTERNAL', 'the pixels of an image are a lattice');
  const [y, x] = pixels.axes;
  return uniformAxes({y, x});
}

/**
 * Output files of values on a lattice: each array as `.npy`, and all of them as `solution.vti`.
 *
 * @param arrays row-major, one value a point, or several side by side.
 */
export function latticeOutputs(
  axes: readonly UniformAxis[],
  arrays: Readonly<Record<string, Float64Array>>,
): Required<Pick<Assessment, 'arrays' | 'volumes'>> {
  const shape = axes.map(({count}) => count);
  const points = shape.reduce((product, n) => product * n, 1);
  return {
    arrays: Object.entries(arrays).map(([name, values]) => ({
      name,
      values,
      shape: values.length === points ? shape : [...shape, values.length / points],
    })),
    volumes: [{name: 'solution', volume: {axes, arrays}}],
  };
}

/** Values of an image, over all channels, from which on a copy of everything is no service: 64 MiB of float64. */
export const LARGE_IMAGE = 2 ** 23;

/**
 * Output files of a reconstructed image: those of {@link latticeOutputs}, and of a large one only the reconstruction, in float32 as it was
 * solved, with a note.
 *
 * @param name what the reconstruction is called, such as `fit`.
 */
export function imageOutputs(
  axes: readonly UniformAxis[],
  name: string,
  values: Float64Array,
  truth: Image,
): Required<Pick<Assessment, 'arrays' | 'volumes' | 'notes'>> {
  if (values.length < LARGE_IMAGE) return {...latticeOutputs(axes, {[name]: values, truth: truth.data}), notes: []};
  const shape = [truth.height, truth.width, ...(truth.channels > 1 ? [truth.channels] : [])];
  return {
    arrays: [{name, values: new Float32Array(values), shape}],
    volumes: [],
    notes: [
      `the image is large (${values.length.toLocaleString('en')} values): ${name}.npy is in float32, and truth.npy and solution.vti were left out; dinf-grid evaluate writes the field in any form`,
    ],
  };
}
