import type {BytePicture} from '../imaging/codec';
import {textPixels, textWidth} from './font';

/** Red, green, blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

/** Most pixels a side that a panel keeps, and least that a small one is enlarged to, by default. */
const LARGEST = 1024;
const SMALLEST = 256;

/** A white sheet to put pictures and captions on. */
export class Sheet implements BytePicture {
  readonly channels = 3;
  /** (height, width, 3) row-major. */
  readonly data: Uint8Array;

  constructor(
    readonly width: number,
    readonly height: number,
    background: Rgb = [255, 255, 255],
  ) {
    this.data = new Uint8Array(width * height * 3);
    this.rectangle(0, 0, width, height, background);
  }

  /** Fills a rectangle, as far as it lies on the sheet. */
  rectangle(left: number, top: number, width: number, height: number, colour: Rgb): void {
    const [first, last] = [Math.max(0, left), Math.min(this.width, left + width)];
    const [begin, end] = [Math.max(0, top), Math.min(this.height, top + height)];
    if (first >= last || begin >= end) return;
    // One row pixel by pixel, the others copied from it: pictures are mostly background.
    const start = 3 * (begin * this.width + first);
    for (let column = 0; column < last - first; column++) {
      this.data[start + 3 * column] = colour[0];
      this.data[start + 3 * column + 1] = colour[1];
      this.data[start + 3 * column + 2] = colour[2];
    }
    for (let row = begin + 1; row < end; row++) {
      this.data.copyWithin(3 * (row * this.width + first), start, start + 3 * (last - first));
    }
  }

  /** Puts a picture, which must fit, with its upper left corner at a place. */
  put(picture: BytePicture, left: number, top: number): void {
    const {width, height, channels, data} = picture;
    for (let row = 0; row < height; row++) {
      const to = 3 * ((top + row) * this.width + left);
      if (channels === 3) {
        this.data.set(data.subarray(3 * row * width, 3 * (row + 1) * width), to);
        continue;
      }
      for (let column = 0; column < width; column++)
        this.data.fill(data[row * width + column], to + 3 * column, to + 3 * column + 3);
    }
  }

  /** Writes a line of text, its pixels enlarged `scale` times. What does not fit into `room` pixels is cut, with three points. */
  text(text: string, left: number, top: number, scale: number, colour: Rgb, room = Infinity): void {
    for (const {column, row} of textPixels(shortened(text, room / scale))) {
      this.rectangle(left + column * scale, top + row * scale, scale, scale, colour);
    }
  }
}

function shortened(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  const characters = [...text];
  while (characters.length > 0 && textWidth(`${characters.join('')}...`) > columns) characters.pop();
  return `${characters.join('').trimEnd()}...`;
}

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
