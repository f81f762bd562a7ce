import {inflateSync} from 'node:zlib';
import type {Image} from '../imaging/image';
import {isIntact, PNG_SAMPLES, pngChunks} from './png-chunks';

/*
 * A decoder of our own, because that of pngjs 7 misreads how much zlib has written (the two numbers have changed places since Node 9): from
 * a file with too few pixels it returns memory that was never written, without an error.
 */

/** The parts of a PNG, checked and decompressed. */
interface PngParts {
  readonly width: number;
  readonly height: number;
  /** Bits a sample. */
  readonly depth: number;
  readonly colorType: number;
  readonly interlaced: boolean;
  /** Red, green, blue of each entry; empty without a palette. */
  readonly palette: Uint8Array;
  /** Alpha of the palette's entries, or the samples (16 bits each) of the colour that is transparent; empty without. */
  readonly transparency: Uint8Array;
  /** Filtered rows, those of one pass after those of another. */
  readonly rows: Uint8Array;
}

/** The part of the pixels that lies on a coarse lattice: all, or one of the seven of an interlaced image. */
interface Pass {
  readonly left: number;
  readonly top: number;
  readonly stepX: number;
  readonly stepY: number;
}

const WHOLE: readonly Pass[] = [{left: 0, top: 0, stepX: 1, stepY: 1}];

/** Adam7, section 8.2 of the PNG specification. */
const INTERLACED: readonly Pass[] = [
  {left: 0, top: 0, stepX: 8, stepY: 8},
  {left: 4, top: 0, stepX: 8, stepY: 8},
  {left: 0, top: 4, stepX: 4, stepY: 8},
  {left: 2, top: 0, stepX: 4, stepY: 4},
  {left: 0, top: 2, stepX: 2, stepY: 4},
  {left: 1, top: 0, stepX: 2, stepY: 2},
  {left: 0, top: 1, stepX: 1, stepY: 2},
];

/**
 * Decodes a PNG; transparency is composited over white.
 * @param channels 1 only when the image, or its palette, is gray
 * @throws Error saying what is wrong with the file
 */
export function decodePng(bytes: Uint8Array, channels: 1 | 3): Image {
  const parts = readParts(bytes);
  const {width, height, rows} = parts;
  const bits = parts.depth * PNG_SAMPLES[parts.colorType];
  const data = new Float64Array(width * height * channels);
  const samples = new Uint16Array(4);
  const paint = painter(parts, samples, data, channels);
  let offset = 0;
  for (const pass of passes(parts)) {
    const columns = Math.ceil((width - pass.left) / pass.stepX);
    const length = Math.ceil((columns * bits) / 8);
    let above: Uint8Array = new Uint8Array(length);
    for (let row = pass.top; row < height; row += pass.stepY) {
      const line = rows.subarray(offset + 1, offset + 1 + length);
      unfilter(rows[offset], line, above, Math.max(1, bits >> 3));
      for (let column = 0; column < columns; column++) {
        readSamples(line, column, parts, samples);
        paint(row * width + pass.left + column * pass.stepX);
      }
      above = line;
      offset += 1 + length;
    }
  }
  return {width, height, channels, data};
}

function readParts(bytes: Uint8Array): PngParts {
  const data: Uint8Array[] = [];
  let header: DataView | undefined;
  let palette: Uint8Array = new Uint8Array(0);
  let transparency: Uint8Array = new Uint8Array(0);
  let complete = false;
  for (const chunk of pngChunks(bytes)) {
    if (!isIntact(bytes, chunk)) throw new Error(`the checksum of its part ${chunk.type} is wrong`);
    if (chunk.type === 'IHDR') header = new DataView(chunk.data.buffer, chunk.data.byteOffset, chunk.data.byteLength);
    else if (chunk.type === 'PLTE') palette = chunk.data;
    else if (chunk.type === 'tRNS') transparency = chunk.data;
    else if (chunk.type === 'IDAT') data.push(chunk.data);
    else if (chunk.type === 'IEND') complete = true;
    else if (/^[A-Z]/.test(chunk.type)) throw new Error(`its part ${chunk.type} is unknown`);
  }
  if (!complete || header?.byteLength !== 13) throw new Error('it is cut off');
  const parts = {...readHeader(header), palette, transparency};
  if (parts.colorType === 3 && palette.length < 3) throw new Error('its palette is missing');
  const length = filteredLength(parts);
  // A little more is let pass, as libpng does, but not the whole of what a malicious file may expand to.
  const rows = inflateSync(Buffer.concat(data), {maxOutputLength: length + 2 ** 16});
  if (rows.length < length) throw new Error(`it has ${rows.length} bytes of pixels instead of ${length}`);
  return {...parts, rows};
}

function readHeader(header: DataView): Geometry {
  const [width, height] = [header.getUint32(0), header.getUint32(4)];
  const [depth, colorType, compression, filter, interlace] = [8, 9, 10, 11, 12].map((at) => header.getUint8(at));
  const allowed = colorType === 0 ? [1, 2, 4, 8, 16] : colorType === 3 ? [1, 2, 4, 8] : [8, 16];
  if (!(colorType in PNG_SAMPLES) || !allowed.includes(depth))
    throw new Error(`it has ${depth} bits with colour type ${colorType}`);
  if (compression !== 0 || filter !== 0 || interlace > 1) throw new Error('its compression, filter or interlacing is unknown');
  return {width, height, depth, colorType, interlaced: interlace === 1};
}

type Geometry = Pick<PngParts, 'width' | 'height' | 'depth' | 'colorType' | 'interlaced'>;

/** The passes that have pixels. */
function passes({width, height, interlaced}: Geometry): readonly Pass[] {
  return (interlaced ? INTERLACED : WHOLE).filter(({left, top}) => left < width && top < height);
}

/** Bytes of all rows, each with its filter type. */
function filteredLength(parts: Geometry): number {
  const bits = parts.depth * PNG_SAMPLES[parts.colorType];
  return passes(parts).reduce((sum, {left, top, stepX, stepY}) => {
    const columns = Math.ceil((parts.width - left) / stepX);
    return sum + Math.ceil((parts.height - top) / stepY) * (1 + Math.ceil((columns * bits) / 8));
  }, 0);
}

/** Undoes the filter of a row in place, section 9.2 of the PNG specification. `distance` is to the same byte of the pixel on the left. */
function unfilter(type: number, line: Uint8Array, above: Uint8Array, distance: number): void {
  if (type > 4) throw new Error(`a row has filter ${type}`);
  if (type === 0) return;
  for (let index = 0; index < line.length; index++) {
    const left = index < distance ? 0 : line[index - distance];
    const up = above[index];
    if (type === 1) line[index] += left;
    else if (type === 2) line[index] += up;
    else if (type === 3) line[index] += (left + up) >> 1;
    else line[index] += paeth(left, up, index < distance ? 0 : above[index - distance]);
  }
}

/** Whichever neighbour is nearest to left + up − corner, in this order on a tie. */
function paeth(left: number, up: number, corner: number): number {
  const toLeft = Math.abs(up - corner);
  const toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - 2 * corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

/** Reads the samples of a pixel, as many as its colour type has. */
function readSamples(line: Uint8Array, column: number, {depth, colorType}: PngParts, samples: Uint16Array): void {
  const count = PNG_SAMPLES[colorType];
  for (let k = 0; k < count; k++) {
    const index = column * count + k;
    if (depth === 8) samples[k] = line[index];
    else if (depth === 16) samples[k] = (line[2 * index] << 8) | line[2 * index + 1];
    else samples[k] = (line[(index * depth) >> 3] >> (8 - depth - ((index * depth) & 7))) & ((1 << depth) - 1);
  }
}

/** Turns the samples of a pixel into its values; `samples` is read anew at each call. */
function painter(parts: PngParts, samples: Uint16Array, data: Float64Array, channels: 1 | 3): (pixel: number) => void {
  const {colorType, palette, transparency} = parts;
  const peak = 2 ** parts.depth - 1;
  const put = (at: number, value: number, alpha: number) => {
    data[at] = alpha === 1 ? value : value * alpha + (1 - alpha);
  };
  if (colorType === 3) {
    return (pixel) => {
      const entry = samples[0];
      if (3 * entry + 3 > palette.length) throw new Error(`a pixel has colour ${entry}, which its palette lacks`);
      const alpha = entry < transparency.length ? transparency[entry] / 255 : 1;
      for (let channel = 0; channel < channels; channel++)
        put(pixel * channels + channel, palette[3 * entry + channel] / 255, alpha);
    };
  }
  const hasAlpha = colorType >= 4;
  const key = Array.from({length: transparency.length >> 1}, (_, k) => (transparency[2 * k] << 8) | transparency[2 * k + 1]);
  const isKey = () =>
    key.length >= channels && samples[0] === key[0] && (channels === 1 || (samples[1] === key[1] && samples[2] === key[2]));
  return (pixel) => {
    const alpha = hasAlpha ? samples[channels] / peak : isKey() ? 0 : 1;
    for (let channel = 0; channel < channels; channel++) put(pixel * channels + channel, samples[channel] / peak, alpha);
  };
}
