/** Errors against a known answer, and what the metrics that several problems report mean. */
import type {Image} from '../imaging/image';
import type {PsnrOptions} from '../imaging/metrics';
import {psnr, psnrPaper, ssim, ssimPaper} from '../imaging/metrics';

/** Errors against a known answer, over all values: relative L2 and L1, largest and mean absolute difference. */
export function errorMetrics(prediction: ArrayLike<number>, truth: ArrayLike<number>): Record<keyof typeof ERROR_HINTS, number> {
  let squares = 0;
  let truthSquares = 0;
  let absolute = 0;
  let truthAbsolute = 0;
  let largest = 0;
  for (let i = 0; i < truth.length; i++) {
    const difference = Math.abs(prediction[i] - truth[i]);
    squares += difference ** 2;
    truthSquares += truth[i] ** 2;
    absolute += difference;
    truthAbsolute += Math.abs(truth[i]);
    largest = Math.max(largest, difference);
  }
  return {
    relativeL2: Math.sqrt(squares / truthSquares),
    relativeL1: absolute / truthAbsolute,
    maxError: largest,
    meanAbsoluteError: absolute / truth.length,
  };
}

/** Hints of {@link errorMetrics}. */
export const ERROR_HINTS = {
  relativeL2: 'root of the sum of (u − truth)² over that of truth²',
  relativeL1: 'sum of |u − truth| over that of |truth|',
  maxError: 'largest |u − truth|',
  meanAbsoluteError: 'mean of |u − truth|',
} as const;

/**
 * How near a picture comes to the true one: in decibels and by structure, on one footing, and as the paper measures it, beside what the truth
 * itself would score there. Structure from 7 × 7 pixels on, the size of its window.
 *
 * @param picture overwritten where there is an offset.
 * @param offset `best`: gradients leave a constant of each channel open, and it is taken from the truth, and added to the picture, before
 *   anything is compared.
 */
export function imageMetrics(picture: Float64Array, image: Image, offset: PsnrOptions['offset']): Record<string, number> {
  const {data, channels} = image;
  const structural = image.width >= 7 && image.height >= 7;
  const rescaled = (of: Float64Array): {psnr: number; ssim: number} => ({
    psnr: psnrPaper(of, data, image),
    ssim: structural ? ssimPaper(of, data, image) : 0,
  });
  const own = psnr(picture, data, image, {offset});
  // The paper's rescaling removes a constant, but one for all channels.
  const gray = channels === 1 ? rescaled(picture) : undefined;
  if (offset === 'best') addBestOffset(picture, image);
  const paper = gray ?? rescaled(picture);
  const ceiling = rescaled(data);
  return {
    psnr: own,
    psnrPaper: paper.psnr,
    psnrPaperCeiling: ceiling.psnr,
    ...(structural && {ssim: ssim(picture, data, image), ssimPaper: paper.ssim, ssimPaperCeiling: ceiling.ssim}),
  };
}

/** Gives a picture the mean of each channel that the true one has. */
function addBestOffset(values: Float64Array, image: Image): void {
  const {channels} = image;
  const pixels = values.length / channels;
  const offset = new Float64Array(channels);
  values.forEach((value, i) => (offset[i % channels] += (image.data[i] - value) / pixels));
  values.forEach((value, i) => (values[i] = value + offset[i % channels]));
}

/** Hints of {@link imageMetrics}. */
export const IMAGE_HINTS = {
  psnr: 'dB, peak = range of the truth',
  psnrPaper: "dB, the paper's rescaling by percentiles, which a perfect image loses by as well",
  psnrPaperCeiling: 'dB, the same of the truth itself: no result can be told from it above',
  ssim: '7 × 7 window, 1 is perfect',
  ssimPaper: "the same after the paper's rescaling by percentiles",
  ssimPaperCeiling: 'the same of the truth itself',
} as const;
