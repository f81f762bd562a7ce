import type {Image} from '../imaging/image';
import {readImage} from '../files/image';
import {renderScene} from '../imaging/scene/scene';
import {checkMemory} from '../compile/memory';
import {errorPicture, imagePicture, sideBySide} from '../pictures/pictures';
import type {Assessment, Prepared, ProblemDefinition, RunOptions} from '../cases/definition';
import type {PoissonOptions} from './poisson';
import {assessPoisson, poisson, poissonBytes, poissonStages} from './poisson';
import {fieldSettings} from '../cases/field-options';
import {imageOutputs, pixelAxes} from '../cases/lattice-outputs';
import {stagesFrom} from '../cases/stages';

/** Side of the built-in scene. */
const SCENE_SIZE = 512;

/** `dinf-grid solve poisson`. */
export const poissonDefinition: ProblemDefinition = {
  name: 'poisson',
  summary: 'an image from its gradient or its Laplacian',
  options: [
    {flag: '--image <file>', description: 'PNG or JPEG, gray or colour (default: a rendered scene of 512 × 512)'},
    {flag: '--supervision <what>', description: 'what is known of the image', choices: ['gradient', 'laplacian']},
    {
      flag: '--target <kind>',
      description: "the paper's filtered derivatives, or exact differences",
      choices: ['sobel', 'differences'],
    },
    {flag: '--border <kind>', description: 'whether border pixels are known', choices: ['free', 'known']},
  ],
  async prepare(options: RunOptions): Promise<Prepared> {
    const file = options.own.image;
    const image = file === undefined ? renderScene(SCENE_SIZE) : await readPoissonImage(file);
    return preparePoisson(image, file ?? 'built-in scene', options);
  },
};

/**
 * An image as large as this machine can reconstruct.
 *
 * @throws DinfError OUT_OF_MEMORY before a pixel is decoded, and what reading a file throws
 */
export function readPoissonImage(file: string): Promise<Image> {
  return readImage(file, {guard: refuseHuge, maxPixels: Number.MAX_SAFE_INTEGER});
}

/** The problem of an image that is read already; `label` says where it comes from. */
export function preparePoisson(image: Image, label: string, options: RunOptions): Prepared {
  const {own} = options;
  const posed = poisson(image, {
    supervision: own.supervision as PoissonOptions['supervision'],
    target: own.target as PoissonOptions['target'],
    border: own.border as PoissonOptions['border'],
    preset: options.preset,
    field: options.field,
    width: options.width,
    hiddenLayers: options.hiddenLayers,
    kernel: options.kernel,
    edge: options.edge,
    resolution: options.resolution,
    levels: options.levels,
    features: options.features,
    decoder: options.decoder,
  });
  const optimizers = stagesFrom(options, poissonStages(posed));
  const [field] = posed.problem.spec.fields;
  const {supervision, target, border} = posed.options;
  const size = `${image.width} × ${image.height}`;
  return {
    problem: posed.problem,
    optimizers,
    samplesPerIteration: posed.samplesPerIteration,
    headline: `${image.channels === 3 ? 'colour' : 'gray'} image of ${size} from its ${supervision} (${target}, border ${border})`,
    settings: {
      image: label,
      size,
      supervision,
      target,
      border,
      ...fieldSettings(field, [...((field.grid?.resolution ?? []) as readonly number[])].reverse().join(' × ')),
    },
    async assess(solution) {
      const {reconstruction, metrics, hints} = await assessPoisson(posed, solution);
      const pictures = panels(image, reconstruction, metrics);
      return {
        metrics,
        hints,
        pictures,
        ...imageOutputs(pixelAxes(posed.pixels), 'reconstruction', reconstruction, image),
      };
    },
  };
}

/** Before a single pixel is decoded: a header may ask for more than the machine has. */
function refuseHuge(width: number, height: number, channels: number): void {
  checkMemory(poissonBytes(width, height, channels), `an image of ${width} × ${height} pixels`, 'scale the image down');
}

function panels(image: Image, reconstruction: Float64Array, metrics: Record<string, number>): Assessment['pictures'] {
  const truth = imagePicture(image.data, image);
  const shown = imagePicture(reconstruction, image);
  const error = errorPicture(reconstruction, image.data, image);
  const decibels = (name: string): string => `${metrics[name].toFixed(2)} dB`;
  const comparison = sideBySide([
    {caption: 'Truth', note: `${image.width} x ${image.height}`, picture: truth},
    {caption: 'Reconstruction', note: `psnr ${decibels('psnr')}, psnrPaper ${decibels('psnrPaper')}`, picture: shown},
    {caption: 'Error', note: 'absolute difference', picture: error},
  ]);
  return [
    {name: 'comparison', title: 'Truth, reconstruction, error', picture: comparison},
    {name: 'truth', title: 'Truth', picture: truth, image},
    {name: 'reconstruction', title: 'Reconstruction', picture: shown, image: {...image, data: reconstruction}},
    {name: 'error', title: 'Absolute error', picture: error},
  ];
}
