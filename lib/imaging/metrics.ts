import {DinfError} from '../errors';
import type {ImageShape, Samples} from './image';
import {requireFinite, requireShape} from './image';
import {percentiles} from './percentile';

/** Percentiles between which a prediction is clipped and rescaled by {@link paperRescaled}. */
export const PAPER_PERCENTILES = [0.01, 99.99] as const;

/** How {@link psnr} treats what the data leave open. */
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
  } else if (options.offset !== 'none') {
    throw new DinfError('INVALID_ARGUMENT', `offset is ${String(options.offset)}: it must be 'best' or 'none'.`);
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
  return decibels(
    1,
    meanSquare(rescaled.truth, (index) => rescaled.prediction[index]),
  );
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
 * Structural similarity in [−1, 1] on the paper's rescaling ({@link paperRescaled}), with the defaults of scikit-image's
 * `structural_similarity`: a uniform window of 7 × 7, K1 0.01, K2 0.03, data range 1, sample covariance (divided by n − 1), the mean over
 * the pixels whose window lies inside; for colour the mean of the channels.
 * @throws DinfError IMAGE_TOO_SMALL below 7 × 7; INVALID_ARGUMENT, NON_FINITE
 */
export function ssim(prediction: Samples, truth: Samples, shape: ImageShape): number {
  requirePair(prediction, truth, shape);
  if (shape.width < WINDOW || shape.height < WINDOW) {
    throw new DinfError(
      'IMAGE_TOO_SMALL',
      `ssim needs ${WINDOW} × ${WINDOW} pixels at least, not ${shape.width} × ${shape.height}.`,
    );
  }
  const rescaled = paperRescaled(prediction, truth);
  let sum = 0;
  for (let channel = 0; channel < shape.channels; channel++)
    sum += channelSsim(rescaled.prediction, rescaled.truth, shape, channel);
  return sum / shape.channels;
}

/**
 * The rescaling of the paper (and of Siren before it), over all channels together: the prediction clipped to its 0.01 and 99.99
 * percentiles and mapped by them to [0, 1], the truth mapped by its minimum and maximum. What is constant becomes 0.5.
 */
export function paperRescaled(prediction: Samples, truth: Samples): {prediction: Float64Array; truth: Float64Array} {
  const [low, high] = percentiles(prediction, PAPER_PERCENTILES);
  const {least, most} = extremes(truth);
  return {prediction: toUnit(prediction, low, high), truth: toUnit(truth, least, most)};
}

function toUnit(values: Samples, low: number, high: number): Float64Array {
  if (high === low) return new Float64Array(values.length).fill(0.5);
  return Float64Array.from(values, (value) => (Math.min(high, Math.max(low, value)) - low) / (high - low));
}

function requirePair(prediction: Samples, truth: Samples, shape: ImageShape): void {
  requireShape(prediction, shape, 'The prediction');
  requireShape(truth, shape, 'The truth');
  requireFinite(prediction, shape, 'The prediction');
  requireFinite(truth, shape, 'The truth');
}

function extremes(values: Samples): {least: number; most: number} {
  let least = Infinity;
  let most = -Infinity;
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return {least, most};
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
function channelSsim(first: Float64Array, second: Float64Array, shape: ImageShape, channel: number): number {
  const at = (index: number) => index * shape.channels + channel;
  const moments = [
    (index: number) => first[at(index)],
    (index: number) => second[at(index)],
    (index: number) => first[at(index)] ** 2,
    (index: number) => second[at(index)] ** 2,
    (index: number) => first[at(index)] * second[at(index)],
  ].map((value) => windowMeans(value, shape));
  const [meansX, meansY, squaresX, squaresY, products] = moments;
  const unbiased = WINDOW ** 2 / (WINDOW ** 2 - 1);
  let sum = 0;
  for (let index = 0; index < products.length; index++) {
    const x = meansX[index];
    const y = meansY[index];
    const varianceX = unbiased * (squaresX[index] - x * x);
    const varianceY = unbiased * (squaresY[index] - y * y);
    const covariance = unbiased * (products[index] - x * y);
    sum += ((2 * x * y + C1) * (2 * covariance + C2)) / ((x * x + y * y + C1) * (varianceX + varianceY + C2));
  }
  return sum / products.length;
}

/** Means over all windows that lie inside: (height − 6, width − 6). */
function windowMeans(value: (index: number) => number, {width, height}: ImageShape): Float64Array {
  const columns = width - WINDOW + 1;
  const rows = height - WINDOW + 1;
  const across = new Float64Array(height * columns);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < columns; column++) {
      // Summed anew each time: a running sum would be faster, and would carry its rounding along the row.
      let sum = 0;
      for (let k = 0; k < WINDOW; k++) sum += value(row * width + column + k);
      across[row * columns + column] = sum;
    }
  }
  const means = new Float64Array(rows * columns);
  for (let index = 0; index < means.length; index++) {
    let sum = 0;
    for (let k = 0; k < WINDOW; k++) sum += across[index + k * columns];
    means[index] = sum / WINDOW ** 2;
  }
  return means;
}
