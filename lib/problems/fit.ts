/** A field fitted to values: an image at its pixels (paper, supplement), or a function of x and y. No equation, only u = f. */
import {DinfError} from '../errors';
import {resolve} from '../expression/equation';
import {evaluateExpression} from '../expression/interpret';
import type {Expression} from '../expression/node';
import type {Decoder, GridOptions} from '../field';
import {edgeText, linearDecoder} from '../field';
import {readImage} from '../imaging/codec';
import type {Image} from '../imaging/image';
import {psnr, psnrPaper, ssim} from '../imaging/metrics';
import {renderScene} from '../imaging/scene';
import {bspline, gaussian, kernelText} from '../kernel';
import {checkMemory} from '../memory';
import type {Problem, Term} from '../problem';
import {problem, term} from '../problem';
import {errorPicture, imagePicture, sideBySide} from '../report/pictures';
import type {Samples} from '../sampling';
import {lattice, linspace, stratified} from '../sampling';
import type {Solution} from '../solution';
import type {Assessment, Prepared, ProblemDefinition, RunOptions} from './definition';
import {errorMetrics, gridFrom, latticeOutputs, pixelAxes, stagesFrom, uniformAxes} from './shared';
import {comparisonPictures, fittingLevels} from './stationary';

const SCENE_SIZE = 512;
/** Points an axis where a fitted function is judged. */
const JUDGED = 257;
const CHANNEL_NAMES = {1: ['u'], 3: ['r', 'g', 'b']} as const;

/** `dinf-grid solve fit`. */
export const fitDefinition: ProblemDefinition = {
  name: 'fit',
  summary: 'a field fitted to an image, or to a function',
  options: [
    {flag: '--image <file>', description: 'PNG or JPEG, gray or colour (default: a rendered scene of 512 × 512)'},
    {
      flag: '--function <expression>',
      description: 'instead of an image: an expression in x and y, both from -1 to 1, like sin(10*x)*y',
    },
  ],
  async prepare(options: RunOptions): Promise<Prepared> {
    const {image, function: text} = options.own;
    if (text === undefined) {
      const guard = (width: number, height: number, channels: number): void => {
        checkMemory(imageBytes(width, height, channels), `an image of ${width} × ${height} pixels`, 'scale the image down');
      };
      const picture =
        image === undefined ? renderScene(SCENE_SIZE) : await readImage(image, {guard, maxPixels: Number.MAX_SAFE_INTEGER});
      return fitImage(picture, options);
    }
    if (image !== undefined) {
      throw new DinfError('INVALID_ARGUMENT', '--image and --function exclude each other: a field is fitted to one of them');
    }
    return fitFunction(text, options);
  },
};

/** Bytes that fitting an image of this size needs at its peak, known before it is decoded. On the high side. */
function imageBytes(width: number, height: number, channels: number): number {
  // A pixel and channel: image, data and native copy (40), rows, coefficients and weights (60), unknowns and solver vectors (100).
  return width * height * channels * 200;
}

/**
 * u = image at the pixels, whose centres span [−1, 1] along the longer side. `fast`: cubic splines with their nodes on the pixels,
 * one an unknown, so that least squares is spline interpolation. `paper`: data drawn with replacement, Adam.
 *
 * @throws IMAGE_TOO_SMALL, INVALID_ARGUMENT
 */
export function fitImage(image: Image, options: RunOptions): Prepared {
  const {width, height, channels, data} = image;
  if (width < 2 || height < 2) {
    throw new DinfError('IMAGE_TOO_SMALL', `the image is ${width} × ${height} pixels, and a fit needs 2 × 2 at least`);
  }
  const names: readonly string[] = CHANNEL_NAMES[channels];
  const paper = options.preset === 'paper';
  const half = (pixels: number): number => (pixels - 1) / (Math.max(width, height) - 1);
  const pixels = lattice([linspace(-half(height), half(height), height), linspace(-half(width), half(width), width)]);
  const values: Record<string, Float64Array> = {};
  names.forEach((name, c) => {
    values[`${name}_image`] = Float64Array.from({length: width * height}, (_, pixel) => data[pixel * channels + c]);
  });
  const decoder = options.decoder ?? linearDecoder();
  const grid = gridFrom({...options, resolution: undefined}, imageGrid(image, options));
  const posed = problem({
    domain: {y: [-half(height), half(height)], x: [-half(width), half(width)]},
    unknowns: names,
    field: grid,
    decoder,
    terms: [
      term(
        {...pixels, draws: paper ? width * height : 0} as Samples,
        names.map((name) => `${name} = ${name}_image`),
        {name: 'pixels', data: values, weight: 1 / names.length},
      ),
    ],
  });
  return {
    problem: posed,
    optimizers: stages(options, decoder, 60),
    samplesPerIteration: width * height,
    headline: `${channels === 3 ? 'colour' : 'gray'} image of ${width} × ${height}`,
    settings: {
      image: options.own.image ?? 'built-in scene',
      size: `${width} × ${height}`,
      ...gridSettings(posed),
    },
    assess: (solution) => assessImage(image, pixels, solution),
  };
}

async function assessImage(image: Image, pixels: Samples, solution: Solution): Promise<Assessment> {
  const {width, height, channels} = image;
  const names = CHANNEL_NAMES[channels];
  const planes = await solution.evaluate(pixels, {expressions: names});
  const fitted = new Float64Array(image.data.length);
  names.forEach((name, c) => {
    planes[name].forEach((value, pixel) => (fitted[pixel * channels + c] = value));
  });
  const metrics: Record<string, number> = {
    psnr: psnr(fitted, image.data, image, {offset: 'none'}),
    psnrPaper: psnrPaper(fitted, image.data, image),
  };
  // SSIM's window is 7 pixels wide.
  if (width >= 7 && height >= 7) metrics.ssim = ssim(fitted, image.data, image);
  const shown = imagePicture(fitted, image);
  const truth = imagePicture(image.data, image);
  const error = errorPicture(fitted, image.data, image);
  return {
    metrics,
    pictures: [
      {
        name: 'comparison',
        title: 'Truth, fit, error',
        picture: sideBySide([
          {caption: 'Truth', note: `${width} x ${height}`, picture: truth},
          {caption: 'Fit', note: `psnr ${metrics.psnr.toFixed(2)} dB`, picture: shown},
          {caption: 'Error', note: 'absolute difference', picture: error},
        ]),
      },
      {name: 'truth', title: 'Truth', picture: truth},
      {name: 'fit', title: 'Fit', picture: shown},
      {name: 'error', title: 'Absolute error', picture: error},
    ],
    ...latticeOutputs(pixelAxes(pixels), {fit: fitted, truth: image.data}),
  };
}

/**
 * u = f on [−1, 1]², for an expression in x and y.
 *
 * @throws SYNTAX, UNKNOWN_SYMBOL for the text; NON_FINITE where the function has no value.
 */
export function fitFunction(text: string, options: RunOptions): Prepared {
  const truth = functionValues(resolve(text, {coordinates: ['y', 'x'], unknowns: []}), text);
  const paper = options.preset === 'paper';
  const decoder = options.decoder ?? linearDecoder();
  const resolution = options.resolution ?? (paper ? 512 : 128);
  const grid = gridFrom(
    options,
    paper
      ? {resolution, levels: Math.min(4, fittingLevels(resolution)), features: 2, kernel: gaussian({rings: 3}), edge: 'clamp'}
      : {resolution, kernel: bspline(3)},
  );
  const right = `u = ${text}`;
  const axis = denseEnds(resolution);
  // The authors take the mean absolute residual of everything but images, which least squares cannot.
  const fitted: Term = paper
    ? term(stratified(512), right, {name: 'fit', loss: 'abs'})
    : term(lattice([axis, axis]), right, {name: 'fit'});
  const posed = problem({domain: {y: [-1, 1], x: [-1, 1]}, unknowns: ['u'], field: grid, decoder, terms: [fitted]});
  return {
    problem: posed,
    optimizers: stages(options, decoder, 200),
    samplesPerIteration: paper ? 512 ** 2 : axis.length ** 2,
    headline: `u = ${text} on [-1, 1]²`,
    settings: {function: text, ...gridSettings(posed)},
    async assess(solution) {
      const axis = linspace(-1, 1, JUDGED);
      const {u} = await solution.evaluate(lattice([axis, axis]));
      const metrics = errorMetrics(u, truth);
      const plane = {width: JUDGED, height: JUDGED};
      return {
        metrics,
        pictures: comparisonPictures(
          {...plane, values: truth},
          {...plane, values: u},
          {
            notes: {
              truth: text,
              solution: `relative L2 ${metrics.relativeL2.toExponential(1)}`,
              error: `at most ${metrics.maxError.toExponential(1)}`,
            },
          },
        ),
        ...latticeOutputs(uniformAxes({y: axis, x: axis}), {fit: u, truth}),
      };
    },
  };
}

/** The function where it is judged, (y, x); also the check that it has values at all. */
function functionValues(expression: Expression, text: string): Float64Array {
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
  return values;
}

/**
 * Where a function is taken, on one axis: 2 points a cell, but 5 in each of the 3 cells next to an end, and the ends. Spline
 * functions that reach into the domain with their tails alone are hardly seen by fewer: for sin(10x)y, degree 5, 64 cells, 4 levels,
 * 200 iterations in float64 the largest error was 2.2e-3 with 3 Gauss points a cell, and is 1.5e-4 so.
 */
function denseEnds(cells: number): Float64Array {
  const inside = Array.from({length: cells}, (_, cell) => {
    const n = Math.min(cell, cells - 1 - cell) < 3 ? 5 : 2;
    return Array.from({length: n}, (__, i) => -1 + (2 * (cell + (i + 0.5) / n)) / cells);
  });
  return Float64Array.from([-1, ...inside.flat(), 1]);
}

function stages(options: RunOptions, decoder: Decoder, iterations: number): Prepared['optimizers'] {
  const adam = options.preset === 'paper' || decoder.type !== 'linear';
  return stagesFrom(options, {
    schedule: [adam ? 'adam' : 'lsq'],
    adam: {iterations: 20_000, learningRate: 5e-3, decaySteps: 5000},
    lsq: {iterations},
    'gauss-newton': {iterations},
  });
}

/** Nodes on the pixels, or, with a resolution given, square cells, that many along the longer side. */
function imageGrid({width, height, channels}: Image, options: RunOptions): GridOptions {
  const paper = options.preset === 'paper';
  const longest = Math.max(width, height);
  const interpolating = !paper && options.resolution === undefined && options.levels === undefined;
  const wanted = options.resolution ?? (paper ? Math.ceil(longest / 8) * 8 : longest - 1);
  const levels = options.levels ?? (paper ? Math.min(4, fittingLevels(wanted)) : interpolating ? 1 : fittingLevels(wanted));
  const unit = 2 ** (levels - 1);
  const cells = (pixels: number): number => {
    if (interpolating) return pixels - 1;
    if (options.resolution !== undefined && pixels === longest) return options.resolution;
    return Math.max(1, Math.ceil((wanted * pixels) / longest / unit)) * unit;
  };
  return {
    resolution: [cells(height), cells(width)],
    levels,
    features: paper ? Math.max(2, channels) : 1,
    kernel: paper ? gaussian({rings: 3}) : bspline(3),
    edge: paper ? 'clamp' : 'extend',
  };
}

function gridSettings({spec}: Problem): Record<string, string | number> {
  const [{grid, decoder}] = spec.fields;
  const {kernel, resolution} = grid;
  return {
    kernel: kernelText(kernel),
    edge: edgeText(grid),
    resolution: typeof resolution === 'number' ? resolution : [...resolution].reverse().join(' × '),
    levels: grid.levels,
    features: grid.features,
    decoder: decoder.type,
  };
}
