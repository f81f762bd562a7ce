/** A field fitted to values: an image at its pixels (paper, supplement), or a function of x and y. No equation, only u = f. */
import {DinfError} from '../base/errors';
import {resolve} from '../expression/equation';
import {evaluateExpression} from '../expression/interpret';
import type {Decoder, Field} from '../pose/field';
import type {Image} from '../imaging/image';
import type {Problem} from '../pose/problem';
import {problem} from '../pose/problem';
import type {Term} from '../pose/term';
import {term} from '../pose/term';
import type {Samples} from '../pose/sampling';
import {lattice, linspace, stratified} from '../pose/sampling';
import type {Solution} from '../solve/solution';
import {errorMetrics, imageMetrics} from '../cases/metrics';

/** Points an axis where a fitted function is judged. */
export const JUDGED = 257;
/** Boxes an axis of the authors' stratified samples of a function. */
const BOXES = 512;
const CHANNEL_NAMES = {1: ['u'], 3: ['r', 'g', 'b']} as const;

/** A field as `problem` takes it. */
interface Represented {
  readonly field: Field;
  readonly decoder?: Decoder;
}

/** Half the extents of an image's pixel centres, which span [−1, 1] along its longer side. */
function halfExtents({width, height}: Image): {x: number; y: number} {
  const half = (pixels: number): number => (pixels - 1) / (Math.max(width, height) - 1);
  return {x: half(width), y: half(height)};
}

/**
 * The centres of an image's pixels, rows first.
 *
 * @param draws pixels drawn with replacement an iteration. Default 0: each once.
 */
export function pixelCentres(image: Image, draws = 0): Samples {
  const {x, y} = halfExtents(image);
  return lattice([linspace(-y, y, image.height), linspace(-x, x, image.width)], {draws});
}

/**
 * u = image at the pixels, with one unknown a channel.
 *
 * @param draws see {@link pixelCentres}.
 * @throws DinfError IMAGE_TOO_SMALL
 */
export function imageProblem(image: Image, represented: Represented, draws: number): Problem {
  requireFittable(image);
  const {width, height, channels, data} = image;
  const names: readonly string[] = CHANNEL_NAMES[channels];
  const values: Record<string, Float64Array> = {};
  names.forEach((name, c) => {
    values[`${name}_image`] = Float64Array.from({length: width * height}, (_, pixel) => data[pixel * channels + c]);
  });
  const {x, y} = halfExtents(image);
  return problem({
    domain: {y: [-y, y], x: [-x, x]},
    unknowns: names,
    ...represented,
    terms: [
      term(
        pixelCentres(image, draws),
        names.map((name) => `${name} = ${name}_image`),
        {name: 'pixels', data: values, weight: 1 / names.length},
      ),
    ],
  });
}

/** @throws DinfError IMAGE_TOO_SMALL for an image without two pixels a side */
export function requireFittable({width, height}: Image): void {
  if (width < 2 || height < 2) {
    throw new DinfError('IMAGE_TOO_SMALL', `the image is ${width} × ${height} pixels, and a fit needs 2 × 2 at least`);
  }
}

/** The fitted image, shape (height, width, channels), and how good it is. */
export async function measureImage(
  image: Image,
  solution: Solution,
): Promise<{fitted: Float64Array; metrics: Record<string, number>}> {
  const names = CHANNEL_NAMES[image.channels];
  const planes = await solution.evaluate(pixelCentres(image), {expressions: names});
  const fitted = new Float64Array(image.data.length);
  names.forEach((name, c) => {
    planes[name].forEach((value, pixel) => (fitted[pixel * names.length + c] = value));
  });
  return {fitted, metrics: imageMetrics(fitted, image, 'none')};
}

/** A function of x and y on [−1, 1]². */
export interface GivenFunction {
  /** In the expression language. */
  readonly text: string;
  /** Its values where a fit is judged, shape (y, x), both from −1 to 1. */
  readonly values: Float64Array;
}

/**
 * Reads a function and takes its values where a fit is judged, which is also the check that it has values at all.
 *
 * @throws DinfError SYNTAX, UNKNOWN_SYMBOL for the text; NON_FINITE where the function has no value
 */
export function readFunction(text: string): GivenFunction {
  const expression = resolve(text, {coordinates: ['y', 'x'], unknowns: []});
  const axis = linspace(-1, 1, JUDGED);
  const values = new Float64Array(JUDGED ** 2);
  for (let i = 0; i < values.length; i++) {
    const at = {x: axis[i % JUDGED], y: axis[Math.floor(i / JUDGED)]};
    values[i] = evaluateExpression(expression, at);
    if (!Number.isFinite(values[i])) {
      throw new DinfError(
        'NON_FINITE',
        `--function ${text} is ${values[i]} at x = ${at.x}, y = ${at.y}: give a function that is finite on [-1, 1]²`,
      );
    }
  }
  return {text, values};
}

/**
 * u = f on [−1, 1]².
 *
 * @param cells of a grid an axis, for `fast` samples; `paper`: the authors' samples, and their mean absolute residual of everything but
 *   images, which least squares cannot.
 */
export function functionProblem({text}: GivenFunction, represented: Represented, how: {cells: number} | 'paper'): Problem {
  const right = `u = ${text}`;
  const fitted: Term =
    how === 'paper'
      ? term(stratified(BOXES), right, {name: 'fit', loss: 'abs'})
      : term(denseEnds(how.cells), right, {name: 'fit'});
  return problem({domain: {y: [-1, 1], x: [-1, 1]}, unknowns: ['u'], ...represented, terms: [fitted]});
}

/** The fit where it is judged, shape (y, x), and its errors. */
export async function measureFunction(
  {values}: GivenFunction,
  solution: Solution,
): Promise<{axis: Float64Array; u: Float64Array; metrics: ReturnType<typeof errorMetrics>}> {
  const axis = linspace(-1, 1, JUDGED);
  const {u} = await solution.evaluate(lattice([axis, axis]));
  return {axis, u, metrics: errorMetrics(u, values)};
}

/**
 * The samples of a function: 2 points a cell and axis, but 5 in each of the 3 cells next to an end, and the ends. Spline
 * functions that reach into the domain with their tails alone are hardly seen by fewer: for sin(10x)y, degree 5, 64 cells, 4 levels,
 * 200 iterations in float64 the largest error was 2.2e-3 with 3 Gauss points a cell, and is 1.5e-4 so.
 */
function denseEnds(cells: number): Samples {
  const inside = Array.from({length: cells}, (_, cell) => {
    const n = Math.min(cell, cells - 1 - cell) < 3 ? 5 : 2;
    return Array.from({length: n}, (__, i) => -1 + (2 * (cell + (i + 0.5) / n)) / cells);
  });
  const axis = [-1, ...inside.flat(), 1];
  return lattice([axis, axis]);
}
