import {decode as decodeJpegPixels} from 'jpeg-js';
import {PNG} from 'pngjs';
import {DinfError} from '../base/errors';
import {writeFileAtomic} from './atomic-write';
import {checkRoom} from './memory-left';
import {readFileChecked} from './read-file';
import {errorMessage, isAllocationFailure} from './system-error';
import type {ImageHeader} from './image-header';
import {readHeader, readMagic} from './image-header';
import type {Image} from '../imaging/image';
import {requireFinite, requireShape} from '../imaging/image';
import {oriented, orientedSize} from '../imaging/orientation';
import {exifOrientation} from './exif-orientation';
import {decodePng} from './png-decode';

/** Most pixels that are decoded unless told otherwise: 2^26, such as 8192 × 8192, half a gigabyte of gray. */
export const DEFAULT_MAX_PIXELS = 2 ** 26;

/** Limits of the images that are read. */
export interface ReadOptions {
  /** Most pixels (width × height) to decode; {@link DEFAULT_MAX_PIXELS} by default. */
  maxPixels?: number;
  /**
   * Called with what the header says, of the picture as it is shown, before any pixel is decoded or memory for pixels allocated; it throws to refuse the image.
   * `channels` is 1 or 3, as the decoded image will have.
   */
  guard?: (width: number, height: number, channels: 1 | 3) => void;
}

/** A picture as bytes, 0 to 255, row-major and interleaved: (height, width, channels). */
export interface BytePicture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/**
 * Reads a PNG (1 to 16 bits, gray, colour or palette, with or without alpha, interlaced or not) or a JPEG (baseline or progressive), told
 * apart by their first bytes, whatever the name. Gray files, and palettes of grays only, come with 1 channel, others with 3.
 *
 * Values are the stored ones divided by the largest (255, 65535, ...); gamma and colour profiles are not applied, as in PIL. Transparent
 * pixels are composited over white: v·a + (1 − a). The picture is turned and mirrored as its Exif data say (JPEG, and the part eXIf of a
 * PNG), so that it is as a viewer shows it.
 *
 * @throws DinfError FILE_NOT_FOUND; FILE_UNREADABLE (a folder, a device, no permission); NOT_AN_IMAGE (another format, truncated, corrupt);
 * OUT_OF_MEMORY (more than `maxPixels`); whatever `guard` throws
 */
export async function readImage(path: string, options: ReadOptions = {}): Promise<Image> {
  const bytes = await readFileChecked(path, 'a PNG or JPEG file', (start) => readMagic(start, path));
  return decodeImage(bytes, path, options);
}

/**
 * Decodes the bytes of a PNG or JPEG; see {@link readImage}.
 * @param name what messages call it, such as its path
 */
export function decodeImage(bytes: Uint8Array, name: string, options: ReadOptions = {}): Image {
  const header = readHeader(bytes, name);
  const orientation = exifOrientation(bytes, header.format);
  const {width, height} = orientedSize(header.width, header.height, orientation);
  const {channels, bitDepth} = header;
  const maxPixels = options.maxPixels ?? DEFAULT_MAX_PIXELS;
  if (width * height > maxPixels) {
    throw new DinfError(
      'OUT_OF_MEMORY',
      `${name} has ${width} × ${height} pixels, more than the ${maxPixels} that are allowed: scale it down, or raise maxPixels.`,
    );
  }
  options.guard?.(width, height, channels);
  checkRoom(name, width * height * (8 * channels + WORK[header.format]));
  try {
    const stored = header.format === 'png' ? decodePng(bytes, channels) : decodeJpeg(bytes, header);
    return oriented({...stored, bitDepth}, orientation);
  } catch (cause) {
    if (isAllocationFailure(cause)) {
      throw new DinfError('OUT_OF_MEMORY', `${name} has ${width} × ${height} pixels, too many for the memory: scale it down.`, {
        cause,
      });
    }
    const reason = errorMessage(cause);
    throw new DinfError(
      'NOT_AN_IMAGE',
      `${name} is a damaged ${header.format.toUpperCase()} (${reason}): save or download it again.`,
      {
        cause,
      },
    );
  }
}

/** Bytes a pixel that decoding takes beside the values. */
const WORK = {png: 8, jpeg: 50};

function decodeJpeg(bytes: Uint8Array, header: ImageHeader): Image {
  const {width, height, channels} = header;
  // Each block of 8 × 8 pixels is a bit at least, and the decoder takes memory for all of them first.
  if (Math.ceil(width / 8) * Math.ceil(height / 8) > 8 * bytes.length) {
    throw new Error(`it has ${bytes.length} bytes for ${width} × ${height} pixels`);
  }
  // The limits of the decoder are lifted, because the size has been checked against the caller's; tolerance would invent pixels.
  const limits = {maxResolutionInMP: Infinity, maxMemoryUsageInMB: Infinity, tolerantDecoding: false};
  const jpeg = decodeJpegPixels(bytes, {useTArray: true, formatAsRGBA: false, ...limits});
  if (jpeg.width !== width || jpeg.height !== height) throw new Error('two frames of different size');
  const data = new Float64Array(width * height * channels);
  const stride = 3 / channels; // gray comes repeated three times
  for (let index = 0; index < data.length; index++) data[index] = jpeg.data[index * stride] / 255;
  return {width, height, channels, data};
}

/**
 * Encodes a picture as PNG, gray or RGB without alpha. Values outside [0, 1] are clipped, others rounded to the nearest level.
 * @param options.bitDepth by default the {@link Image}'s own, 8 for bytes; 16 only for an {@link Image}
 * @throws DinfError INVALID_ARGUMENT, NON_FINITE
 */
export function encodePng(picture: Image | BytePicture, options: {bitDepth?: 8 | 16} = {}): Uint8Array {
  const {width, height, channels, data} = picture;
  const bitDepth = options.bitDepth ?? (data instanceof Uint8Array ? 8 : ((picture as Image).bitDepth ?? 8));
  requireShape(data, picture, 'The picture');
  if (data instanceof Uint8Array && bitDepth === 16) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      'A picture of bytes cannot be written with bitDepth 16: give values in [0, 1] or use 8.',
    );
  }
  const levels = data instanceof Uint8Array ? data : quantize(data, picture, bitDepth);
  const colorType = channels === 1 ? 0 : 2;
  const png = new PNG({width: 1, height: 1}); // its own four-channel buffer is replaced
  png.width = width;
  png.height = height;
  png.data = Buffer.from(levels.buffer, levels.byteOffset, levels.byteLength);
  return PNG.sync.write(png, {bitDepth, colorType, inputColorType: colorType, inputHasAlpha: false});
}

function quantize(data: Float64Array, picture: Image | BytePicture, bitDepth: 8 | 16): Uint8Array | Uint16Array {
  requireFinite(data, picture, 'The picture');
  const peak = 2 ** bitDepth - 1;
  const levels = bitDepth === 8 ? new Uint8Array(data.length) : new Uint16Array(data.length);
  for (let index = 0; index < data.length; index++) {
    levels[index] = Math.round(Math.min(1, Math.max(0, data[index])) * peak);
  }
  return levels;
}

/**
 * Writes a picture as PNG: complete or not at all. See {@link encodePng}.
 * @throws DinfError FILE_UNWRITABLE, INVALID_ARGUMENT, NON_FINITE
 */
export async function writePng(path: string, picture: Image | BytePicture, options: {bitDepth?: 8 | 16} = {}): Promise<void> {
  await writeFileAtomic(path, encodePng(picture, options));
}
