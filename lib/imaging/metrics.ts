import {DinfError} from '../base/errors';
import type {ImageShape, Samples} from './image';
import {requireFinite, requireShape} from './image';
import {extremes, percentiles} from './percentile';

/** Percentiles between which a prediction is clipped and rescaled by {@link paperRescaled}. */
const PAPER_PERCENTILES = [0.01, 99.99] as const;

/** Options of {@link psnr} for what the data leave open. */
export interface PsnrOptions {
  /** `'best'`: after the best constant, for each channel, as gradients determine u only up to it. `'none'`: values as they are. */
  readonly offset: 'best' | 'none';
}

/**
 * Peak signal-to-noise ratio in dB, 10 log10(peak² / mean square error), with the range of the truth (over all channels) as peak.
 *
 * All metrics here take the prediction and the truth row-major and interleaved, (height, width, channels), in any common unit.
 * @returns Infinity when the two agree; −Infinity when they differ and the truth is constant, having no range
 * @throws DinfError INVALID_ARGUMENT when a length does not fit the shape, NON_FINITE
 */
export function psnr(prediction: Samples, truth: Samples, shape: ImageShape, options: PsnrOptions): number {
  requirePair(prediction, truth, shape);
  const {channels} = shape;
  const offset = new Float64Array(channels);
  if (options.offset === 'best') {
    // From the mean of the differences, not the difference of the means, which would lose digits to a large offset.
    for (let index = 0; index < truth.length; index++) offset[index % channels] += truth[index] - prediction[index];
    for (let channel = 0; channel < channels; channel++) offset[channel] /= shape.width * shape.height;
  } else if ((options.offset as unknown) !== 'none') {
    throw new DinfError('INVALID_ARGUMENT', `offset is ${options.offset as string}: it must be 'best' or 'none'`);
  }
  return decibels(
    range(truth),
    meanSquare(truth, (index) => prediction[index] + offset[index % channels]),
  );
}

/**
 * Peak signal-to-noise ratio in dB as the paper measures it: both rescaled by {@link paperRescaled}, then peak 1. Clipping at percentiles
 * bounds it: an image against itself scores some 43 dB, so no target should be above 40.
 * @throws DinfError INVALID_ARGUMENT, NON_FINITE; see {@link psnr}
 */
export function psnrPaper(prediction: Samples, truth: Samples, shape: ImageShape): number {
  requirePair(prediction, truth, shape);
  const rescaled = paperRescaled(prediction, truth);
  let sum = 0;
  for (let index = 0; index < truth.length; index++) {
    const difference = rescaled.prediction(index) - rescaled.truth(index);
    sum += difference * difference;
  }
  return decibels(1, sum / truth.length);
}

/**
 * Peak signal-to-noise ratio in dB after the best a·u + b, for each channel its own, with the range of the truth as peak: for data, such
 * as the paper's Sobel targets, that determine u only up to a scale.
 * @throws DinfError INVALID_ARGUMENT, NON_FINITE; see {@link psnr}
 */
export function psnrAffine(prediction: Samples, truth: Samples, shape: ImageShape): number {
  requirePair(prediction, truth, shape);
  const {channels} = shape;
  const fits = Array.from({length: channels}, (_, channel) => affineFit(prediction, truth, channels, channel));
  const error = meanSquare(truth, (index) => {
    const fit = fits[index % channels];
    return fit.a * (prediction[index] - fit.predictionMean) + fit.truthMean;
  });
  return decibels(range(truth), error);
}

/**
 * Structural similarity in [−1, 1], 1 for equal pictures: both mapped by the truth's minimum and maximum, with the defaults of scikit-image's
 * `structural_similarity`: a uniform window of 7 × 7, K1 0.01, K2 0.03, data range 1, sample covariance (divided by n − 1), the mean over
 * the pixels whose window lies inside; for colour the mean of the channels.
 * @throws DinfError IMAGE_TOO_SMALL below 7 × 7; INVALID_ARGUMENT, NON_FINITE
 */
export function ssim(prediction: Samples, truth: Samples, shape: ImageShape): number {
  requirePair(prediction, truth, shape);
  const {least, most} = extremes(truth);
  const span = most === least ? 1 : most - least;
  const mapped = (values: Samples) => (index: number) => (values[index] - least) / span;
  return meanSsim(mapped(prediction), mapped(truth), shape);
}

/**
 * Structural similarity as the paper measures it: as {@link ssim}, but after {@link paperRescaled}, which treats the two differently: an image
 * against itself scores less than 1.
 * @throws DinfError IMAGE_TOO_SMALL below 7 × 7; INVALID_ARGUMENT, NON_FINITE
 */
export function ssimPaper(prediction: Samples, truth: Samples, shape: ImageShape): number {
  requirePair(prediction, truth, shape);
  const rescaled = paperRescaled(prediction, truth);
  return meanSsim(rescaled.prediction, rescaled.truth, shape);
}

/** Values of a picture by their place in it. */
type ValueAt = (index: number) => number;

function meanSsim(first: ValueAt, second: ValueAt, shape: ImageShape): number {
  if (shape.width < WINDOW || shape.height < WINDOW) {
    throw new DinfError(
      'IMAGE_TOO_SMALL',
      `ssim needs ${WINDOW} × ${WINDOW} pixels at least, not ${shape.width} × ${shape.height}: use larger images`,
    );
  }
  let sum = 0;
  for (let channel = 0; channel < shape.channels; channel++) sum += channelSsim(first, second, shape, channel);
  return sum / shape.channels;
}

/**
 * The rescaling of the paper (and of Siren before it), over all channels together: the prediction clipped to its 0.01 and 99.99
 * percentiles and mapped by them to [0, 1], the truth mapped by its minimum and maximum. What is constant becomes 0.5.
 */
function paperRescaled(prediction: Samples, truth: Samples): {prediction: ValueAt; truth: ValueAt} {
  const [low, high] = percentiles(prediction, PAPER_PERCENTILES);
  const {least, most} = extremes(truth);
  return {prediction: toUnit(prediction, low, high), truth: toUnit(truth, least, most)};
}

function toUnit(values: Samples, low: number, high: number): ValueAt {
  if (high === low) return () => 0.5;
  return (index) => (Math.min(high, Math.max(low, values[index])) - low) / (high - low);
}

function requirePair(prediction: Samples, truth: Samples, shape: ImageShape): void {
  requireShape(prediction, shape, 'the prediction');
  requireShape(truth, shape, 'the truth');
  requireFinite(prediction, shape, 'the prediction');
  requireFinite(truth, shape, 'the truth');
}

function range(values: Samples): number {
  const {least, most} = extremes(values);
  return most - least;
}

function meanSquare(truth: Samples, predicted: (index: number) => number): number {
  let sum = 0;
  for (let index = 0; index < truth.length; index++) {
    const difference = predicted(index) - truth[index];
    sum += difference * difference;
  }
  return sum / truth.length;
}

function decibels(peak: number, meanSquareError: number): number {
  return meanSquareError === 0 ? Infinity : 10 * Math.log10((peak * peak) / meanSquareError);
}

interface AffineFit {
  a: number;
  predictionMean: number;
  truthMean: number;
}

/** The least-squares fit truth ≈ a·(prediction − its mean) + the truth's mean; a = 0 where the prediction is constant. */
function affineFit(prediction: Samples, truth: Samples, channels: number, channel: number): AffineFit {
  const count = truth.length / channels;
  let predictionMean = 0;
  let truthMean = 0;
  for (let index = channel; index < truth.length; index += channels) {
    predictionMean += prediction[index] / count;
    truthMean += truth[index] / count;
  }
  let variance = 0;
  let covariance = 0;
  for (let index = channel; index < truth.length; index += channels) {
    const deviation = prediction[index] - predictionMean;
    variance += deviation * deviation;
    covariance += deviation * (truth[index] - truthMean);
  }
  return {a: variance === 0 ? 0 : covariance / variance, predictionMean, truthMean};
}

const WINDOW = 7;
const C1 = 0.01 ** 2;
const C2 = 0.03 ** 2;

/** The mean structural similarity of one channel; values in [0, 1], so that variances by E[x²] − E[x]² keep enough digits. */
function channelSsim(first: ValueAt, second: ValueAt, {width, height, channels}: ImageShape, channel: number): number {
  const columns = width - WINDOW + 1;
  const unbiased = WINDOW ** 2 / (WINDOW ** 2 - 1);
  // x, y, x², y², xy of one row, and the means of each over windows.
  const row = Array.from({length: 5}, () => new Float64Array(width));
  const windows = row.map(() => new WindowMeans(columns));
  let sum = 0;
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const at = (i * width + j) * channels + channel;
      const [x, y] = [first(at), second(at)];
      row[0][j] = x;
      row[1][j] = y;
      row[2][j] = x ** 2;
      row[3][j] = y ** 2;
      row[4][j] = x * y;
    }
    const [meansX, meansY, squaresX, squaresY, products] = windows.map((means, k) => means.next(row[k]));
    if (i < WINDOW - 1) continue;
    for (let column = 0; column < columns; column++) {
      const x = meansX[column];
      const y = meansY[column];
      const varianceX = unbiased * (squaresX[column] - x * x);
      const varianceY = unbiased * (squaresY[column] - y * y);
      const covariance = unbiased * (products[column] - x * y);
      sum += ((2 * x * y + C1) * (2 * covariance + C2)) / ((x * x + y * y + C1) * (varianceX + varianceY + C2));
    }
  }
  return sum / (columns * (height - WINDOW + 1));
}

/** Means over windows, a row of them at a time: only as many rows of a picture are held as a window is high. */
class WindowMeans {
  /** Sums across of the last rows, each where its number leaves it. */
  private readonly across: readonly Float64Array[];
  private readonly means: Float64Array;
  private rows = 0;

  constructor(private readonly columns: number) {
    this.across = Array.from({length: WINDOW}, () => new Float64Array(columns));
    this.means = new Float64Array(columns);
  }

  /** Takes the next row of values and gives the means over the windows that end with it, which the next call overwrites. */
  next(values: Float64Array): Float64Array {
    const sums = this.across[this.rows % WINDOW];
    for (let column = 0; column < this.columns; column++) {
      // Summed anew each time: a running sum would be faster, and would carry its rounding along the row.
      let sum = 0;
      for (let k = 0; k < WINDOW; k++) sum += values[column + k];
      sums[column] = sum;
    }
    this.rows += 1;
    for (let column = 0; column < this.columns; column++) {
      let sum = 0;
      for (let k = 0; k < WINDOW; k++) sum += this.across[(this.rows + k) % WINDOW][column];
      this.means[column] = sum / WINDOW ** 2;
    }
    return this.means;
  }
}
