/** An image from its gradient or its Laplacian (paper, section 4.1), in the paper's protocol and in one that is exact. */
import {DinfError} from '../base/errors';
import {psnrAffine} from '../imaging/metrics';
import type {Image} from '../imaging/image';
import {
  differencesAlong,
  LAPLACIAN_SCALE,
  laplacianDifferenceTarget,
  laplacianTarget,
  SOBEL_GAIN,
  sobelTarget,
} from '../imaging/targets';
import {bspline, gaussian, hat} from '../pose/kernel';
import {rejectUnknown} from '../base/options';
import type {Problem} from '../pose/problem';
import type {Term, TermOptions} from '../pose/term';
import {problem} from '../pose/problem';
import {term} from '../pose/term';
import {isLinear} from '../pose/problem-spec';
import type {Samples} from '../pose/sampling';
import {lattice, linspace, points} from '../pose/sampling';
import type {Solution} from '../solve/solution';
import type {FieldOptions, NetworkPreset} from '../cases/field-options';
import {fieldFrom} from '../cases/field-options';
import {gridFrom, refuseCoarser, halvingLevels} from '../cases/grids';
import {LARGE_IMAGE} from '../cases/lattice-outputs';
import {IMAGE_HINTS, imageMetrics} from '../cases/metrics';
import type {StageDefaults} from '../cases/stages';

/**
 * `preset` `fast` (default): differences and least squares; `paper`: Sobel and Adam. A grid's `resolution` is in cells of the finest
 * level an axis, default: the image's larger side rounded up, one cell a pixel; `features` a node default for `sobel` to 2, 3 for colour,
 * else 1.
 */
export interface PoissonOptions extends FieldOptions {
  /** The derivatives of the image that are known. Default `gradient`. */
  supervision?: 'gradient' | 'laplacian';
  /**
   * `sobel`: the paper's filtered derivatives at pixels, which blur. `differences`: half-pixel differences, which determine the
   * image exactly. Default: by preset.
   */
  target?: 'sobel' | 'differences';
  /**
   * Whether border pixels are known. Default: for the Laplacian by `differences`, which alone would leave every harmonic function
   * open; else not.
   */
  border?: 'free' | 'known';
}

/** A Poisson problem, and how its solution becomes an image again. */
export interface PoissonCase {
  readonly problem: Problem;
  readonly image: Image;
  readonly options: Required<Pick<PoissonOptions, 'supervision' | 'target' | 'border' | 'preset'>>;
  /** Samples that one pass touches. */
  readonly samplesPerIteration: number;
  /** Pixel positions, for evaluating the solution. */
  readonly pixels: Samples;
  /** u / scale is in the image's units, up to the constant that a free border leaves open. */
  readonly scale: number;
}

const NETWORKS: Readonly<Record<PoissonCase['options']['supervision'], NetworkPreset>> = {
  gradient: {width: 256, hiddenLayers: 5, learningRate: 5e-5},
  laplacian: {width: 512, hiddenLayers: 5, learningRate: 5e-5},
};
const CHANNEL_NAMES = {1: ['u'], 3: ['r', 'g', 'b']} as const;

/** Penalty on known border values, relative to a gradient row. Larger converges slower, smaller leaves a bias (Ritz form). */
const BORDER_PENALTY = 10;

/**
 * The problem of an image.
 *
 * @throws DinfError NON_FINITE, IMAGE_TOO_SMALL, INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function poisson(image: Image, options: PoissonOptions = {}): PoissonCase {
  rejectUnknown(
    options,
    [
      ...['supervision', 'target', 'border', 'preset', 'field', 'width', 'hiddenLayers'],
      ...['kernel', 'edge', 'resolution', 'levels', 'features', 'decoder'],
    ],
    'poisson',
  );
  const {supervision = 'gradient', preset = 'fast'} = options;
  const {
    target = preset === 'paper' ? 'sobel' : 'differences',
    border = target === 'differences' && supervision === 'laplacian' ? 'known' : 'free',
  } = options;
  const least = supervision === 'gradient' ? 2 : 3;
  if (image.width < least || image.height < least) {
    throw new DinfError(
      'IMAGE_TOO_SMALL',
      `the image is ${image.width} × ${image.height} pixels, and its ${supervision} needs ${least} × ${least} at least: use a larger image`,
    );
  }
  const decided = {...options, supervision, preset, target, border};
  return target === 'sobel' ? filtered(image, decided) : consistent(image, decided);
}

/** The preset's schedules: the paper's Adam, or CGLS with as many iterations as still improved photographs of 512². */
export function poissonStages(posed: PoissonCase): StageDefaults {
  const {preset, target, supervision} = posed.options;
  const linear = posed.problem.spec.fields.every(isLinear);
  const iterations = target === 'sobel' ? 50 : supervision === 'laplacian' ? 60 : 30;
  return {
    schedule: [preset === 'paper' || !linear ? 'adam' : 'lsq'],
    adam: {iterations: 10_000, learningRate: 5e-3, decaySteps: 5000},
    lsq: {iterations},
    'gauss-newton': {iterations},
    network: NETWORKS[supervision],
  };
}

/** The reconstruction at the pixels, in the image's units: (height, width, channels) row-major, and how good it is. */
export async function assessPoisson(
  posed: PoissonCase,
  solution: Solution,
): Promise<{reconstruction: Float64Array; metrics: Record<string, number>; hints: Record<string, string>}> {
  const {image, options} = posed;
  const reconstruction = await evaluatePixels(posed, solution);
  const offset = options.border === 'known' ? 'none' : 'best';
  const affine = psnrAffine(reconstruction, image.data, image);
  const {psnr, psnrPaper, psnrPaperCeiling, ...structure} = imageMetrics(reconstruction, image, offset);
  const metrics = {psnr, psnrPaper, psnrPaperCeiling, psnrAffine: affine, ...structure};
  const hints = {
    ...IMAGE_HINTS,
    ...(offset === 'best' && {
      psnr: `${IMAGE_HINTS.psnr}, after the best offset, which a free border leaves open`,
      ssim: `${IMAGE_HINTS.ssim}; after the best offset`,
    }),
    psnrAffine: 'dB, after the best a·u + b',
  };
  return {reconstruction, metrics, hints};
}

/** Rows of pixels that are evaluated at once. */
const ROWS = 256;

/** The solution at the pixels, in the image's units, some rows at a time. */
async function evaluatePixels({image, pixels, scale}: PoissonCase, solution: Solution): Promise<Float64Array> {
  const names = CHANNEL_NAMES[image.channels];
  const all = new Float64Array(image.data.length);
  if (pixels.kind !== 'tensor') throw new DinfError('INTERNAL', 'the pixels of an image are a lattice');
  const [rows, columns] = pixels.axes;
  for (let row = 0; row < rows.length; row += ROWS) {
    const values = await solution.evaluate(lattice([rows.subarray(row, row + ROWS), columns]), {expressions: names});
    const begin = row * columns.length * names.length;
    names.forEach((name, c) => {
      values[name].forEach((value, i) => (all[begin + i * names.length + c] = value / scale));
    });
  }
  return all;
}

/** Bytes that reconstructing an image of this size will need at its peak, known before it is decoded. On the high side. */
export function poissonBytes(width: number, height: number, channels: number): number {
  // Channels of a large image are solved for one after another: of each pixel, rows, coefficients, weights and targets of one channel (50),
  // its nodes with all levels, solver vectors, gradients (80), and room for kernels that are wider (70); of each channel, image and nodes.
  if (width * height * channels >= LARGE_IMAGE) return width * height * (200 + 16 * channels);
  // A pixel and channel: image, targets and what is written of them, rows, coefficients and weights (130), nodes with all levels, gradients
  // and solver vectors (120).
  return width * height * channels * 300;
}

type Decided = PoissonOptions & PoissonCase['options'];

/**
 * The paper's protocol: derivatives filtered at the pixels, whose centres span [−1, 1] along the longer side (pixels stay square,
 * so that a gradient field of an image that is not square remains one).
 */
function filtered(image: Image, options: Decided): PoissonCase {
  const {supervision, preset} = options;
  const {width, height, channels} = image;
  const longest = Math.max(width, height);
  const spacing = 2 / (longest - 1);
  const half = {x: ((width - 1) / 2) * spacing, y: ((height - 1) / 2) * spacing};
  const grid = gridFrom(options, {
    sides: [height, width],
    resolution: longest,
    levels: halvingLevels(longest, {coarsest: 2, most: supervision === 'gradient' ? 6 : 4, roundedUp: true}),
    features: channels === 3 ? 3 : 2,
    kernel: gaussian(),
    edge: 'clamp',
  });
  const names = CHANNEL_NAMES[channels];
  const pixels = lattice([linspace(-half.y, half.y, height), linspace(-half.x, half.x, width)]);
  // Data are drawn with replacement for Adam; least squares takes each once.
  const samples = {...pixels, draws: preset === 'paper' ? width * height : 0};
  const gain = supervision === 'gradient' ? SOBEL_GAIN * spacing : 2 * LAPLACIAN_SCALE * spacing ** 2;
  const data: Record<string, Float64Array> = {};
  const equations = names.flatMap((name, c) => {
    if (supervision === 'laplacian') {
      data[`${name}_target`] = laplacianTarget(image, c);
      return [`d(${name}, x, 2) + d(${name}, y, 2) = ${name}_target`];
    }
    const {gx, gy} = sobelTarget(image, c);
    data[`${name}_gx`] = gx;
    data[`${name}_gy`] = gy;
    return [`d(${name}, x) = ${name}_gx`, `d(${name}, y) = ${name}_gy`];
  });
  // The mean over samples and components, as the paper's mean square error.
  const terms = [term(samples, equations, {name: supervision, data, weight: 1 / equations.length})];
  if (options.border === 'known') {
    terms.push(borderTerm(image, (i, n) => (i - (n - 1) / 2) * spacing, gain, (SOBEL_GAIN / gain) ** 2));
  }
  return {
    problem: problem({
      domain: {y: [-half.y, half.y], x: [-half.x, half.x]},
      unknowns: names,
      ...fieldFrom(options, grid, NETWORKS[supervision]),
      terms,
    }),
    image,
    options,
    samplesPerIteration: width * height,
    pixels,
    scale: gain,
  };
}

/**
 * Differences between neighbouring pixels, with grid nodes on the pixels: for the `hat` kernel the derivative halfway between two
 * nodes is exactly their difference, so that the data determine the image to the last bit of their precision.
 */
function consistent(image: Image, options: Decided): PoissonCase {
  const {supervision, border} = options;
  const {width, height, channels} = image;
  const names = CHANNEL_NAMES[channels];
  // Down to about 4 cells, so that the coarsest level sees the whole image; but rounding up the short side of a strip to cells that
  // halve as often must not make most of the grid.
  refuseCoarser(options.resolution, Math.max(width, height) - 1, "nodes lie on the image's pixels; the preset paper takes fewer");
  const levels = Math.max(
    1,
    Math.min(Math.round(Math.log2(Math.max(width, height))) - 1, Math.floor(Math.log2(4 * Math.min(width, height))) + 1),
  );
  const ritz = supervision === 'laplacian' && border === 'known';
  const grid = gridFrom(options, {
    sides: [height - 1, width - 1],
    resolution: Math.max(width, height) - 1,
    levels,
    kernel: supervision === 'laplacian' && !ritz ? bspline(5) : hat(),
    edge: 'extend',
  });
  const [cellsY, cellsX] = grid.resolution as readonly number[];
  const pixels = lattice([linspace(0, height - 1, height), linspace(0, width - 1, width)]);
  const between = (n: number): Float64Array => linspace(0.5, n - 1.5, n - 1);
  const rows = linspace(0, height - 1, height);
  const columns = linspace(0, width - 1, width);

  const dataOf = (what: string, values: (channel: number) => Held): TermOptions['data'] =>
    Object.fromEntries(names.map((name, c) => [`${name}_${what}`, values(c)]));
  const edges = {x: height * (width - 1), y: (height - 1) * width};
  const held = heldOf(image);
  const gradientTerms = (targets: boolean): Term[] => {
    const differences = (axis: 'x' | 'y'): TermOptions['data'] =>
      targets ? dataOf(`d${axis}`, (c) => held(() => differencesAlong(image, c, axis))) : {};
    const of = (axis: 'x' | 'y'): string[] =>
      names.map((name) => (targets ? `d(${name}, ${axis}) = ${name}_d${axis}` : `d(${name}, ${axis})`));
    // Terms are means over their samples; weights make every edge count alike.
    return [
      term(lattice([rows, between(width)]), of('x'), {
        name: 'x differences',
        data: differences('x'),
        weight: edges.x / (edges.x + edges.y),
      }),
      term(lattice([between(height), columns]), of('y'), {
        name: 'y differences',
        data: differences('y'),
        weight: edges.y / (edges.x + edges.y),
      }),
    ];
  };

  const laplacians = (): TermOptions['data'] => dataOf('f', (c) => held(() => laplacianDifferenceTarget(image, c)));

  let terms: Term[];
  if (supervision === 'gradient') {
    terms = gradientTerms(true);
  } else if (ritz) {
    // min sum |grad u|^2 + 2 f u over the interior: its stationary point is the five-point equation at every interior pixel.
    const interior = lattice([linspace(1, height - 2, height - 2), linspace(1, width - 2, width - 2)]);
    const weight = (2 * (height - 2) * (width - 2)) / (edges.x + edges.y);
    terms = [
      ...gradientTerms(false),
      term(
        interior,
        names.map((name) => `${name}_f*${name}`),
        {name: 'source', loss: 'identity', data: laplacians(), weight},
      ),
    ];
  } else {
    const interior = lattice([linspace(1, height - 2, height - 2), linspace(1, width - 2, width - 2)]);
    terms = [
      term(
        interior,
        names.map((name) => `d(${name}, x, 2) + d(${name}, y, 2) = ${name}_f`),
        {name: 'laplacian', data: laplacians(), weight: 1 / names.length},
      ),
    ];
  }
  if (border === 'known') {
    const count = 2 * (width + height) - 4;
    terms.push(borderTerm(image, (i) => i, 1, (BORDER_PENALTY ** 2 * count) / (edges.x + edges.y)));
  }
  return {
    problem: problem({
      domain: {y: [0, cellsY], x: [0, cellsX]},
      unknowns: names,
      ...fieldFrom(options, grid, NETWORKS[supervision]),
      terms,
    }),
    image,
    options,
    samplesPerIteration: edges.x + edges.y,
    pixels,
    scale: 1,
  };
}

type Held = Float64Array | (() => Float64Array);

/** Targets of an image as its problem has them: computed whenever they are wanted where the image is large, since there are twice as many. */
function heldOf(image: Image): (values: () => Float64Array) => Held {
  return (values) => (image.data.length < LARGE_IMAGE ? values() : values);
}

/** Known values on the outermost pixels, times `gain`. */
function borderTerm(image: Image, place: (index: number, count: number) => number, gain: number, weight: number): Term {
  const {width, height, channels, data} = image;
  const names = CHANNEL_NAMES[channels];
  const coordinates: number[] = [];
  const values: number[][] = names.map(() => []);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      if (row > 0 && row < height - 1 && column > 0 && column < width - 1) continue;
      coordinates.push(place(row, height), place(column, width));
      names.forEach((_, c) => values[c].push(gain * data[(row * width + column) * channels + c]));
    }
  }
  return term(
    points(coordinates),
    names.map((name) => `${name} = ${name}_border`),
    {name: 'border', weight, data: Object.fromEntries(names.map((name, c) => [`${name}_border`, values[c]]))},
  );
}
