/** An image from its gradient or its Laplacian (paper, section 4.1), in the paper's protocol and in one that is exact. */
import {DinfError} from '../errors';
import type {Decoder, Edge, Grid} from '../field';
import {linearDecoder, rbfGrid} from '../field';
import {psnr, psnrAffine, psnrPaper, ssim} from '../imaging/metrics';
import type {Image} from '../imaging/image';
import {
  differenceTarget,
  LAPLACIAN_SCALE,
  laplacianDifferenceTarget,
  laplacianTarget,
  SOBEL_GAIN,
  sobelTarget,
} from '../imaging/targets';
import type {Kernel} from '../kernel';
import {bspline, gaussian, hat} from '../kernel';
import {rejectUnknown} from '../options';
import type {Problem, Term} from '../problem';
import {problem, term} from '../problem';
import type {Samples} from '../sampling';
import {lattice, linspace, points} from '../sampling';
import type {Solution} from '../solution';
import type {StageDefaults} from './shared';

export interface PoissonOptions {
  /** What is known of the image, default `gradient`. */
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
  /** `fast` (default): differences and least squares. `paper`: Sobel and Adam. */
  preset?: 'paper' | 'fast';
  kernel?: Kernel;
  edge?: Edge | readonly Edge[];
  /** Cells of the finest level an axis; default: the image's larger side rounded up, one cell a pixel. */
  resolution?: number;
  levels?: number;
  /** Features a node; default for `sobel` 2, 3 for colour, else 1. */
  features?: number;
  decoder?: Decoder;
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

const CHANNEL_NAMES = {1: ['u'], 3: ['r', 'g', 'b']} as const;

/** Penalty on known border values, relative to a gradient row. Larger converges slower, smaller leaves a bias (Ritz form). */
const BORDER_PENALTY = 10;

/**
 * The problem of an image.
 *
 * @throws NON_FINITE, IMAGE_TOO_SMALL, INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function poisson(image: Image, options: PoissonOptions = {}): PoissonCase {
  rejectUnknown(
    options,
    ['supervision', 'target', 'border', 'preset', 'kernel', 'edge', 'resolution', 'levels', 'features', 'decoder'],
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

/** How the preset solves it: the paper's Adam, or CGLS with as many iterations as still improved photographs of 512². */
export function poissonStages(posed: PoissonCase): StageDefaults {
  const {preset, target, supervision} = posed.options;
  const linear = posed.problem.spec.fields.every((field) => field.decoder.type === 'linear');
  const iterations = target === 'sobel' ? 50 : supervision === 'laplacian' ? 60 : 30;
  return {
    schedule: [preset === 'paper' || !linear ? 'adam' : 'lsq'],
    adam: {iterations: 10_000, learningRate: 5e-3, decaySteps: 5000},
    lsq: {iterations},
    'gauss-newton': {iterations},
  };
}

/** The reconstruction at the pixels, in the image's units: (height, width, channels) row-major, and how good it is. */
export async function assessPoisson(
  posed: PoissonCase,
  solution: Solution,
): Promise<{reconstruction: Float64Array; metrics: Record<string, number>}> {
  const {image, options, scale} = posed;
  const names = CHANNEL_NAMES[image.channels];
  const values = await solution.evaluate(posed.pixels, {expressions: names});
  const raw = new Float64Array(image.data.length);
  names.forEach((name, c) => {
    values[name].forEach((value, i) => (raw[i * names.length + c] = value / scale));
  });
  const offset = options.border === 'known' ? 'none' : 'best';
  const metrics: Record<string, number> = {
    psnr: psnr(raw, image.data, image, {offset}),
    psnrPaper: psnrPaper(raw, image.data, image),
    psnrAffine: psnrAffine(raw, image.data, image),
  };
  // SSIM's window is 7 pixels wide.
  if (image.width >= 7 && image.height >= 7) metrics.ssim = ssim(raw, image.data, image);
  return {reconstruction: offset === 'best' ? withBestOffset(raw, image) : raw, metrics};
}

/** Bytes that reconstructing an image of this size will need at its peak, known before it is decoded. On the high side. */
export function poissonBytes(width: number, height: number, channels: number): number {
  // A pixel and channel: image, targets and their native copies (about 80), rows, coefficients, weights and order (100),
  // nodes with all levels, gradients and solver vectors (120).
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
  const levels = options.levels ?? fittingLevels(longest, supervision === 'gradient' ? 6 : 4);
  const grid = gridOf(options, levels, [height, width], gaussian(), 'clamp', channels === 3 ? 3 : 2);
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
      field: grid,
      decoder: options.decoder ?? linearDecoder(),
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
  const levels =
    options.levels ??
    Math.max(
      1,
      Math.min(Math.round(Math.log2(Math.max(width, height))) - 1, Math.floor(Math.log2(4 * Math.min(width, height))) + 1),
    );
  const ritz = supervision === 'laplacian' && border === 'known';
  const natural = supervision === 'laplacian' && !ritz ? bspline(5) : hat();
  const grid = gridOf(options, levels, [height - 1, width - 1], natural, 'extend', 1);
  const [cellsY, cellsX] = grid.resolution as readonly number[];
  const pixels = lattice([linspace(0, height - 1, height), linspace(0, width - 1, width)]);
  const between = (n: number): Float64Array => linspace(0.5, n - 1.5, n - 1);
  const rows = linspace(0, height - 1, height);
  const columns = linspace(0, width - 1, width);

  const edges = {x: height * (width - 1), y: (height - 1) * width};
  const gradientTerms = (targets: boolean): Term[] => {
    const dataX: Record<string, Float64Array> = {};
    const dataY: Record<string, Float64Array> = {};
    names.forEach((name, c) => {
      if (!targets) return;
      const {dx, dy} = differenceTarget(image, c);
      dataX[`${name}_dx`] = dx;
      dataY[`${name}_dy`] = dy;
    });
    const of = (axis: 'x' | 'y'): string[] =>
      names.map((name) => (targets ? `d(${name}, ${axis}) = ${name}_d${axis}` : `d(${name}, ${axis})`));
    // Terms are means over their samples; weights make every edge count alike.
    return [
      term(lattice([rows, between(width)]), of('x'), {name: 'x differences', data: dataX, weight: edges.x / (edges.x + edges.y)}),
      term(lattice([between(height), columns]), of('y'), {
        name: 'y differences',
        data: dataY,
        weight: edges.y / (edges.x + edges.y),
      }),
    ];
  };

  let terms: Term[];
  if (supervision === 'gradient') {
    terms = gradientTerms(true);
  } else if (ritz) {
    // min sum |grad u|^2 + 2 f u over the interior: its stationary point is the five-point equation at every interior pixel.
    const data = Object.fromEntries(names.map((name, c) => [`${name}_f`, laplacianDifferenceTarget(image, c)]));
    const interior = lattice([linspace(1, height - 2, height - 2), linspace(1, width - 2, width - 2)]);
    const weight = (2 * (height - 2) * (width - 2)) / (edges.x + edges.y);
    terms = [
      ...gradientTerms(false),
      term(
        interior,
        names.map((name) => `${name}_f*${name}`),
        {name: 'source', loss: 'identity', data, weight},
      ),
    ];
  } else {
    const data = Object.fromEntries(names.map((name, c) => [`${name}_f`, laplacianDifferenceTarget(image, c)]));
    const interior = lattice([linspace(1, height - 2, height - 2), linspace(1, width - 2, width - 2)]);
    terms = [
      term(
        interior,
        names.map((name) => `d(${name}, x, 2) + d(${name}, y, 2) = ${name}_f`),
        {name: 'laplacian', data, weight: 1 / names.length},
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
      field: grid,
      decoder: options.decoder ?? linearDecoder(),
      terms,
    }),
    image,
    options,
    samplesPerIteration: edges.x + edges.y,
    pixels,
    scale: 1,
  };
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

/** A grid with at least `cells` (rows, columns) cells, rounded up so that it halves often enough. */
function gridOf(options: Decided, levels: number, cells: readonly number[], kernel: Kernel, edge: Edge, features: number): Grid {
  const unit = 2 ** (levels - 1);
  const {resolution} = options;
  const rounded = cells.map((n) => {
    const wanted = resolution === undefined ? n : Math.round((resolution * n) / Math.max(...cells));
    return Math.max(1, Math.ceil(wanted / unit)) * unit;
  });
  if (resolution !== undefined && resolution % unit !== 0) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `resolution ${resolution} does not halve ${levels - 1} times, as ${levels} levels need; use ${Math.ceil(resolution / unit) * unit}, or fewer levels`,
    );
  }
  return rbfGrid({
    resolution: rounded,
    levels,
    features: options.features ?? features,
    kernel: options.kernel ?? kernel,
    edge: options.edge ?? edge,
  });
}

/** Levels that still leave two cells on the coarsest. */
function fittingLevels(size: number, wanted: number): number {
  return Math.max(1, Math.min(wanted, Math.floor(Math.log2(size))));
}

function withBestOffset(values: Float64Array, image: Image): Float64Array {
  const {channels} = image;
  const pixels = values.length / channels;
  const offset = new Float64Array(channels);
  values.forEach((value, i) => (offset[i % channels] += (image.data[i] - value) / pixels));
  return values.map((value, i) => value + offset[i % channels]);
}
