import {DinfError} from '../base/errors';
import type {Image} from './image';
import {channelOf, requireChannel, requireFinite} from './image';

/** Factor by which the paper multiplies its Sobel gradients. */
const SOBEL_SCALE = 10;

/** Factor by which the paper multiplies its Laplacians. */
export const LAPLACIAN_SCALE = 1e4;

/**
 * The target of {@link sobelTarget} for an image whose value v rises by 1 from a pixel to the next: 8 (the sum of the kernel's positive
 * weights times their distance) × 2 (from 2v − 1) × {@link SOBEL_SCALE}.
 */
export const SOBEL_GAIN = 8 * 2 * SOBEL_SCALE;

/**
 * The gradient that the paper prescribes, ∇u = target, from one channel of an image: 2v − 1, reflect padding (numpy's `reflect`, which
 * does not repeat the edge), the unnormalised 3 × 3 Sobel kernels, × 10.
 *
 * These are no true derivatives of v in the paper's coordinates, where pixel centres are linspace(−1, 1, width): there ∂v/∂x is
 * (width − 1) / 2 times the slope s a pixel, and the target is {@link SOBEL_GAIN}·s. The u that solves ∇u = target is therefore (a smoothed)
 * 320 / (width − 1)·v + constant for a square image; the metrics rescale it.
 *
 * @param channel counted from 0; 0 by default
 * @returns `gx` along columns (x to the right) and `gy` along rows (y downwards), each (height, width) row-major
 * @throws DinfError IMAGE_TOO_SMALL below 2 × 2; NON_FINITE; INVALID_ARGUMENT
 */
export function sobelTarget(image: Image, channel = 0): {gx: Float64Array; gy: Float64Array} {
  const {width, height, data} = checkedChannel(image, channel, 2, 'Sobel gradients');
  const gx = new Float64Array(width * height);
  const gy = new Float64Array(width * height);
  const scale = 2 * SOBEL_SCALE; // the −1 of 2v − 1 cancels
  for (let row = 0; row < height; row++) {
    const up = reflect(row - 1, height) * width;
    const middle = row * width;
    const down = reflect(row + 1, height) * width;
    for (let column = 0; column < width; column++) {
      const left = reflect(column - 1, width);
      const right = reflect(column + 1, width);
      const diagonal = data[down + right] - data[up + left];
      const antidiagonal = data[up + right] - data[down + left];
      gx[middle + column] = scale * (diagonal + antidiagonal + 2 * (data[middle + right] - data[middle + left]));
      gy[middle + column] = scale * (diagonal - antidiagonal + 2 * (data[down + column] - data[up + column]));
    }
  }
  return {gx, gy};
}

/**
 * Consistent gradients of one channel: plain differences of neighbours, unit pixel spacing, in units of v a pixel. They lie half-way
 * between pixels, so that a field that interpolates the image meets all of them at once.
 * @param channel counted from 0; 0 by default
 * @returns `dx` (height, width − 1), v[i][j+1] − v[i][j] at row i, column j + ½; `dy` (height − 1, width), v[i+1][j] − v[i][j] at
 * row i + ½, column j; both row-major
 * @throws DinfError IMAGE_TOO_SMALL below 2 × 2; NON_FINITE; INVALID_ARGUMENT
 */
export function differenceTarget(image: Image, channel = 0): {dx: Float64Array; dy: Float64Array} {
  return {dx: differencesAlong(image, channel, 'x'), dy: differencesAlong(image, channel, 'y')};
}

/** One of the two of {@link differenceTarget}: `x` along the rows, `y` down the columns. */
export function differencesAlong(image: Image, channel: number, axis: 'x' | 'y'): Float64Array {
  checkChannel(image, channel, 2, 'differences');
  const {width, height, channels, data} = image;
  const [columns, rows] = axis === 'x' ? [width - 1, height] : [width, height - 1];
  const step = channels * (axis === 'x' ? 1 : width);
  const differences = new Float64Array(columns * rows);
  for (let row = 0, index = 0; row < rows; row++) {
    let at = row * width * channels + channel;
    for (let column = 0; column < columns; column++, index++, at += channels) differences[index] = data[at + step] - data[at];
  }
  return differences;
}

/**
 * The Laplacian that the paper prescribes, Δu = target, from one channel of an image: 2v − 1, reflect padding (see {@link sobelTarget}),
 * the 5-point kernel at unit pixel spacing, × 1e4.
 * @param channel counted from 0; 0 by default
 * @returns (height, width) row-major
 * @throws DinfError IMAGE_TOO_SMALL below 3 × 3; NON_FINITE; INVALID_ARGUMENT
 */
export function laplacianTarget(image: Image, channel = 0): Float64Array {
  const {width, height, data} = checkedChannel(image, channel, 3, 'a Laplacian');
  const target = new Float64Array(width * height);
  const scale = 2 * LAPLACIAN_SCALE;
  for (let row = 0; row < height; row++) {
    const up = reflect(row - 1, height) * width;
    const middle = row * width;
    const down = reflect(row + 1, height) * width;
    for (let column = 0; column < width; column++) {
      const across = data[middle + reflect(column - 1, width)] + data[middle + reflect(column + 1, width)];
      const along = data[up + column] + data[down + column];
      target[middle + column] = scale * (across + along - 4 * data[middle + column]);
    }
  }
  return target;
}

/**
 * The plain 5-point Laplacian of one channel at interior pixels, unit pixel spacing, in units of v a pixel². With the border known it
 * determines the image.
 * @param channel counted from 0; 0 by default
 * @returns (height − 2, width − 2) row-major; entry (i, j) lies at pixel (i + 1, j + 1)
 * @throws DinfError IMAGE_TOO_SMALL below 3 × 3; NON_FINITE; INVALID_ARGUMENT
 */
export function laplacianDifferenceTarget(image: Image, channel = 0): Float64Array {
  const {width, height, data} = checkedChannel(image, channel, 3, 'a Laplacian');
  const target = new Float64Array((height - 2) * (width - 2));
  let index = 0;
  for (let row = 1; row < height - 1; row++) {
    for (let column = 1; column < width - 1; column++, index++) {
      const at = row * width + column;
      target[index] = data[at - 1] + data[at + 1] + data[at - width] + data[at + width] - 4 * data[at];
    }
  }
  return target;
}

/** The index that `reflect` padding of one reads: −1 is 1, and count is count − 2. */
function reflect(index: number, count: number): number {
  if (index < 0) return -index;
  return index < count ? index : 2 * (count - 1) - index;
}

function checkedChannel(image: Image, channel: number, minimum: number, what: string): Image {
  checkChannel(image, channel, minimum, what);
  return channelOf(image, channel);
}

function checkChannel(image: Image, channel: number, minimum: number, what: string): void {
  requireChannel(image, channel);
  if (image.width < minimum || image.height < minimum) {
    throw new DinfError(
      'IMAGE_TOO_SMALL',
      `the image is ${image.width} × ${image.height} pixels large: for ${what} give one of ${minimum} × ${minimum} at least`,
    );
  }
  // The whole image is checked, so that the message counts the channels of the file.
  requireFinite(image.data, image, 'the image');
}
