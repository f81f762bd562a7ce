import {DinfError} from '../base/errors';
import {checkMemory} from '../compile/memory';
import {readImage} from '../files/image';
import type {Image} from '../imaging/image';
import {renderScene} from '../imaging/scene/scene';
import {errorPicture, imagePicture, sideBySide} from '../pictures/pictures';
import type {Grid} from '../pose/field';
import {bspline, gaussian} from '../pose/kernel';
import type {Problem} from '../pose/problem';
import {isLinear, sampleCount} from '../pose/problem-spec';
import type {Solution} from '../solve/solution';
import {comparisonPictures} from '../cases/comparison';
import type {Assessment, Prepared, ProblemDefinition, RunOptions} from '../cases/definition';
import type {NetworkPreset} from '../cases/field-options';
import {fieldFrom, fieldSettings} from '../cases/field-options';
import {gridFrom, halvingLevels} from '../cases/grids';
import {imageOutputs, latticeOutputs, pixelAxes, uniformAxes} from '../cases/lattice-outputs';
import {ERROR_HINTS, IMAGE_HINTS} from '../cases/metrics';
import {stagesFrom} from '../cases/stages';
import type {GivenFunction} from './fit';
import {
  functionProblem,
  imageProblem,
  JUDGED,
  measureFunction,
  measureImage,
  pixelCentres,
  readFunction,
  requireFittable,
} from './fit';

/** Side of the built-in scene. */
const SCENE_SIZE = 512;
const NETWORK: NetworkPreset = {width: 256, hiddenLayers: 3, learningRate: 1e-4};

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
  async prepare(options) {
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
 * The fit of an image, ready to be solved. `fast`: cubic splines with their nodes on the pixels, one an unknown, so that least squares is
 * spline interpolation. `paper`: data drawn with replacement, Adam.
 *
 * @throws DinfError IMAGE_TOO_SMALL, INVALID_ARGUMENT
 */
export function fitImage(image: Image, options: RunOptions): Prepared {
  requireFittable(image);
  const {width, height, channels} = image;
  const draws = options.preset === 'paper' ? width * height : 0;
  const posed = imageProblem(image, fieldFrom(options, imageGrid(image, options), NETWORK), draws);
  return {
    problem: posed,
    optimizers: stages(options, posed, 60),
    samplesPerIteration: width * height,
    headline: `${channels === 3 ? 'colour' : 'gray'} image of ${width} × ${height}`,
    settings: {
      image: options.own.image ?? 'built-in scene',
      size: `${width} × ${height}`,
      ...settingsOf(posed),
    },
    assess: (solution) => assessImage(image, solution),
  };
}

/** Nodes on the pixels, or, with a resolution or levels given, square cells. */
function imageGrid({width, height, channels}: Image, options: RunOptions): Grid {
  const longest = Math.max(width, height);
  if (options.preset === 'paper') {
    const resolution = Math.ceil(longest / 8) * 8;
    return gridFrom(options, {
      sides: [height, width],
      resolution,
      levels: halvingLevels(options.resolution ?? resolution, {most: 4}),
      features: Math.max(2, channels),
      kernel: gaussian({rings: 3}),
      edge: 'clamp',
    });
  }
  const interpolating = options.resolution === undefined && options.levels === undefined;
  return gridFrom(options, {
    sides: interpolating ? [height - 1, width - 1] : [height, width],
    resolution: longest - 1,
    levels: interpolating ? 1 : halvingLevels(options.resolution ?? longest - 1),
    kernel: bspline(3),
    edge: 'extend',
  });
}

async function assessImage(image: Image, solution: Solution): Promise<Assessment> {
  const {fitted, metrics} = await measureImage(image, solution);
  const shown = imagePicture(fitted, image);
  const truth = imagePicture(image.data, image);
  const error = errorPicture(fitted, image.data, image);
  return {
    metrics,
    hints: IMAGE_HINTS,
    pictures: [
      {
        name: 'comparison',
        title: 'Truth, fit, error',
        picture: sideBySide([
          {caption: 'Truth', note: `${image.width} x ${image.height}`, picture: truth},
          {caption: 'Fit', note: `psnr ${metrics.psnr.toFixed(2)} dB`, picture: shown},
          {caption: 'Error', note: 'absolute difference', picture: error},
        ]),
      },
      {name: 'truth', title: 'Truth', picture: truth, image},
      {name: 'fit', title: 'Fit', picture: shown, image: {...image, data: fitted}},
      {name: 'error', title: 'Absolute error', picture: error},
    ],
    ...imageOutputs(pixelAxes(pixelCentres(image)), 'fit', fitted, image),
  };
}

/**
 * The fit of an expression in x and y on [−1, 1]², ready to be solved.
 *
 * @throws DinfError SYNTAX, UNKNOWN_SYMBOL for the text; NON_FINITE where the function has no value
 */
export function fitFunction(text: string, options: RunOptions): Prepared {
  const given = readFunction(text);
  const paper = options.preset === 'paper';
  const resolution = options.resolution ?? (paper ? 512 : 128);
  const grid = gridFrom(
    options,
    paper
      ? {resolution, levels: halvingLevels(resolution, {most: 4}), features: 2, kernel: gaussian({rings: 3}), edge: 'clamp'}
      : {resolution, kernel: bspline(3)},
  );
  const posed = functionProblem(given, fieldFrom(options, grid, NETWORK), paper ? 'paper' : {cells: resolution});
  return {
    problem: posed,
    optimizers: stages(options, posed, 200),
    samplesPerIteration: sampleCount(posed.spec.terms[0].samples, posed.spec),
    headline: `u = ${text} on [-1, 1]²`,
    settings: {function: text, ...settingsOf(posed)},
    assess: (solution) => assessFunction(given, solution),
  };
}

async function assessFunction(given: GivenFunction, solution: Solution): Promise<Assessment> {
  const {axis, u, metrics} = await measureFunction(given, solution);
  const plane = {width: JUDGED, height: JUDGED};
  return {
    metrics,
    hints: ERROR_HINTS,
    pictures: comparisonPictures(
      {...plane, values: given.values},
      {...plane, values: u},
      {
        notes: {
          truth: given.text,
          solution: `relative L2 ${metrics.relativeL2.toExponential(1)}`,
          error: `at most ${metrics.maxError.toExponential(1)}`,
        },
      },
    ),
    ...latticeOutputs(uniformAxes({y: axis, x: axis}), {fit: u, truth: given.values}),
  };
}

function stages(options: RunOptions, {spec}: Problem, iterations: number): Prepared['optimizers'] {
  const adam = options.preset === 'paper' || !spec.fields.every(isLinear);
  return stagesFrom(options, {
    schedule: [adam ? 'adam' : 'lsq'],
    adam: {iterations: 20_000, learningRate: 5e-3, decaySteps: 5000},
    lsq: {iterations},
    'gauss-newton': {iterations},
    network: NETWORK,
  });
}

function settingsOf({spec}: Problem): Record<string, string | number> {
  const [field] = spec.fields;
  const resolution = field.grid?.resolution ?? '';
  return fieldSettings(field, typeof resolution === 'object' ? [...resolution].reverse().join(' × ') : resolution);
}
