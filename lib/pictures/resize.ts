/** Pictures brought to a size to look at. */
import type {BytePicture} from '../files/image';

/** Most pixels of the longer side, and least that a small picture is enlarged to, unless told otherwise. */
const LARGEST = 1024;
const SMALLEST = 256;

/**
 * A picture of a size to look at: a small one enlarged by a whole factor without smoothing, so that its pixels are seen for what they are,
 * a large one reduced by a whole factor, each pixel the mean of a block.
 * @param limits.largest most pixels for its longer side, 1024 by default
 * @param limits.smallest the longer side is brought as near to this from above as a whole factor allows, 256 by default
 */
export function fitted(picture: BytePicture, limits: {largest?: number; smallest?: number} = {}): BytePicture {
  const side = Math.max(picture.width, picture.height);
  const {largest = LARGEST, smallest = Math.min(SMALLEST, largest)} = limits;
  if (side > largest) return reduced(picture, Math.ceil(side / largest));
  const factor = Math.min(Math.ceil(smallest / side), Math.floor(largest / side));
  return factor > 1 ? enlarged(picture, factor) : picture;
}

function enlarged({width, height, channels, data}: BytePicture, factor: number): BytePicture {
  const large = new Uint8Array(data.length * factor * factor);
  let index = 0;
  for (let row = 0; row < height * factor; row++) {
    for (let column = 0; column < width * factor; column++) {
      const from = (Math.floor(row / factor) * width + Math.floor(column / factor)) * channels;
      for (let channel = 0; channel < channels; channel++) large[index++] = data[from + channel];
    }
  }
  return {width: width * factor, height: height * factor, channels, data: large};
}

function reduced({width, height, channels, data}: BytePicture, factor: number): BytePicture {
  const columns = Math.ceil(width / factor);
  const rows = Math.ceil(height / factor);
  const small = new Uint8Array(columns * rows * channels);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      // The last blocks may be cut by the picture's edge.
      const bottom = Math.min(height, (row + 1) * factor);
      const right = Math.min(width, (column + 1) * factor);
      const count = (bottom - row * factor) * (right - column * factor);
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let y = row * factor; y < bottom; y++) {
          for (let x = column * factor; x < right; x++) sum += data[(y * width + x) * channels + channel];
        }
        small[(row * columns + column) * channels + channel] = Math.round(sum / count);
      }
    }
  }
  return {width: columns, height: rows, channels, data: small};
}
