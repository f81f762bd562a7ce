import {DinfError} from '../base/errors';

/** Numbers that stand for a picture or a field: row-major, interleaved (height, width, channels). */
export type Samples = Float32Array | Float64Array;

/** The extent of a picture or a sampled field. */
export interface ImageShape {
  /** Columns, at least 1. */
  readonly width: number;
  /** Rows, at least 1. */
  readonly height: number;
  /** Values a pixel, at least 1. */
  readonly channels: number;
}

/** A picture with values in [0, 1], 0 black and 1 white. `data` is row-major and interleaved: (height, width, channels). */
export interface Image extends ImageShape {
  readonly channels: 1 | 3;
  readonly data: Float64Array;
  /** Bits a sample that a file of it is written with unless told otherwise: those of the file it was read from. Default 8. */
  readonly bitDepth?: 8 | 16;
}

/**
 * Checks that a shape consists of positive integers and that `data` has exactly that many values.
 * @param what what the data is, to begin the message with, such as `'the prediction'`.
 * @throws DinfError INVALID_ARGUMENT
 */
export function requireShape(data: ArrayLike<number>, shape: ImageShape, what: string): void {
  for (const key of ['width', 'height', 'channels'] as const) {
    if (!Number.isSafeInteger(shape[key]) || shape[key] < 1) {
      throw new DinfError('INVALID_ARGUMENT', `${what} has ${key} ${shape[key]}: give a positive integer`);
    }
  }
  const expected = shape.width * shape.height * shape.channels;
  if (data.length !== expected) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `${what} has ${data.length} values, but height ${shape.height} × width ${shape.width} × channels ${shape.channels} needs ${expected}`,
    );
  }
}

/**
 * Checks that every value is finite.
 * @throws DinfError NON_FINITE, naming the first offending row, column and channel (all counted from 0)
 */
export function requireFinite(data: ArrayLike<number>, shape: ImageShape, what: string): void {
  for (let index = 0; index < data.length; index++) {
    if (!Number.isFinite(data[index])) {
      const channel = index % shape.channels;
      const pixel = (index - channel) / shape.channels;
      const column = pixel % shape.width;
      const row = (pixel - column) / shape.width;
      throw new DinfError(
        'NON_FINITE',
        `${what} is ${data[index]} at row ${row}, column ${column}, channel ${channel}: replace it with a finite value`,
      );
    }
  }
}

/**
 * Gray from colour by ITU-R BT.601 luma, 0.299 R + 0.587 G + 0.114 B, the weights of PIL's `convert('L')` (which works in integers and
 * therefore differs by rounding). A gray picture is returned as it is, not copied.
 * @throws DinfError INVALID_ARGUMENT when the data does not fit the shape
 */
export function toGray(image: Image): Image {
  requireShape(image.data, image, 'the image');
  if (image.channels === 1) return image;
  const {width, height, data} = image;
  const gray = new Float64Array(width * height);
  for (let pixel = 0; pixel < gray.length; pixel++) {
    gray[pixel] = (299 * data[3 * pixel] + 587 * data[3 * pixel + 1] + 114 * data[3 * pixel + 2]) / 1000;
  }
  return {...image, channels: 1, data: gray};
}

/**
 * One channel of a picture as a gray picture of its own.
 * @param channel counted from 0
 * @throws DinfError INVALID_ARGUMENT when there is no such channel
 */
export function channelOf(image: Image, channel: number): Image {
  requireChannel(image, channel);
  if (image.channels === 1) return image;
  const data = new Float64Array(image.width * image.height);
  for (let pixel = 0; pixel < data.length; pixel++) data[pixel] = image.data[pixel * image.channels + channel];
  return {...image, channels: 1, data};
}

/**
 * Checks that an image has the values of its shape, and a channel of this number.
 * @throws DinfError INVALID_ARGUMENT
 */
export function requireChannel(image: Image, channel: number): void {
  requireShape(image.data, image, 'the image');
  if (!Number.isInteger(channel) || channel < 0 || channel >= image.channels) {
    throw new DinfError('INVALID_ARGUMENT', `there is no channel ${channel}: the image has channels 0 to ${image.channels - 1}`);
  }
}
