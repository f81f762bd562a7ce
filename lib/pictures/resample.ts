import type {Samples} from '../imaging/image';

/**
 * Values of a lattice at pixels, linear in between: first coordinate to the right, second upwards.
 *
 * @param values shape (counts[0], counts[1]), row-major
 * @param inset pixels from the edges to the middles of the first and of the last value, by coordinate; beyond them values stay the same
 * @returns shape (height, width), the first row on top
 */
export function resampled(
  values: Samples,
  counts: readonly [number, number],
  {width, height}: {readonly width: number; readonly height: number},
  inset: readonly [number, number],
): Float64Array {
  const [n0, n1] = counts;
  const result = new Float64Array(width * height);
  const columns = placesOf(width, n0, inset[0]);
  const rows = placesOf(height, n1, inset[1]);
  for (let row = 0; row < height; row++) {
    const {below: j, part: b} = rows[height - 1 - row];
    const nextJ = Math.min(n1 - 1, j + 1);
    for (let column = 0; column < width; column++) {
      const {below: i, part: a} = columns[column];
      const nextI = Math.min(n0 - 1, i + 1);
      const left = (1 - b) * values[i * n1 + j] + b * values[i * n1 + nextJ];
      const right = (1 - b) * values[nextI * n1 + j] + b * values[nextI * n1 + nextJ];
      result[row * width + column] = (1 - a) * left + a * right;
    }
  }
  return result;
}

/** For each pixel the value below it and how far the pixel is on the way to the next. */
function placesOf(pixels: number, count: number, inset: number): {readonly below: number; readonly part: number}[] {
  const length = pixels - 2 * inset;
  return Array.from({length: pixels}, (_, pixel) => {
    const along = length > 0 ? ((pixel + 0.5 - inset) / length) * (count - 1) : 0;
    const place = Math.min(count - 1, Math.max(0, along));
    const below = Math.min(Math.max(0, count - 2), Math.floor(place));
    return {below, part: place - below};
  });
}
