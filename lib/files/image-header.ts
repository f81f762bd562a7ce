import {DinfError} from '../base/errors';
import {PNG_SAMPLES, pngChunks} from './png-chunks';

/** The contents of the first bytes of an image file, before any pixel is decoded. */
export interface ImageHeader {
  readonly format: 'png' | 'jpeg';
  /** Columns and rows as they are stored, before the picture is turned. */
  readonly width: number;
  readonly height: number;
  /** Channels of the decoded image: transparency is composited away, a palette of grays is gray. */
  readonly channels: 1 | 3;
  /** Bits that keep every level of a sample: 16 for what has more than 8. */
  readonly bitDepth: 8 | 16;
}

const SIGNATURES: readonly {name: string; offset: number; bytes: readonly number[]}[] = [
  {name: 'png', offset: 0, bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]},
  {name: 'jpeg', offset: 0, bytes: [0xff, 0xd8, 0xff]},
  {name: 'a GIF', offset: 0, bytes: [0x47, 0x49, 0x46, 0x38]},
  {name: 'a BMP', offset: 0, bytes: [0x42, 0x4d]},
  {name: 'a TIFF', offset: 0, bytes: [0x49, 0x49, 0x2a, 0x00]},
  {name: 'a TIFF', offset: 0, bytes: [0x4d, 0x4d, 0x00, 0x2a]},
  {name: 'a WebP', offset: 8, bytes: [0x57, 0x45, 0x42, 0x50]},
  {name: 'an AVIF or HEIC', offset: 4, bytes: [0x66, 0x74, 0x79, 0x70]},
];

/**
 * The format by the first 16 bytes.
 * @param name what messages call the file
 * @throws DinfError NOT_AN_IMAGE, naming the format if it is another well-known one
 */
export function readMagic(start: Uint8Array, name: string): 'png' | 'jpeg' {
  const found = SIGNATURES.find(({offset, bytes}) => bytes.every((byte, index) => start[offset + index] === byte))?.name;
  if (found === 'png' || found === 'jpeg') return found;
  const what = start.length === 0 ? 'it is empty' : found ? `it is ${found}` : 'its first bytes are of neither';
  throw new DinfError('NOT_AN_IMAGE', `${name} is no PNG or JPEG: ${what}. Convert the image to PNG and give that file.`);
}

/**
 * Reads the header without decoding.
 * @param name what messages call the file
 * @throws DinfError NOT_AN_IMAGE when the bytes are no PNG or JPEG, or end before the header does
 */
export function readHeader(bytes: Uint8Array, name: string): ImageHeader {
  const format = readMagic(bytes.subarray(0, 16), name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = format === 'png' ? pngHeader(bytes, view) : jpegHeader(view);
  if (typeof header === 'string') {
    throw new DinfError('NOT_AN_IMAGE', `${name} is a damaged ${format.toUpperCase()} (${header}): save or download it again.`);
  }
  return header;
}

/** A header, or what is wrong. */
function pngHeader(bytes: Uint8Array, view: DataView): ImageHeader | string {
  if (bytes.length < 33) return 'it ends inside the header';
  const width = view.getUint32(16);
  const height = view.getUint32(20);
  const bitDepth = view.getUint8(24) > 8 ? 16 : 8;
  const colorType = view.getUint8(25);
  if (width === 0 || height === 0) return `it is ${width} × ${height} pixels large`;
  if (!(colorType in PNG_SAMPLES)) return `its colour type is ${colorType}`;
  let gray = colorType === 0 || colorType === 4;
  if (colorType === 3) {
    for (const {type, data} of pngChunks(bytes)) if (type === 'PLTE') gray = isGray(data);
  }
  return {format: 'png', width, height, channels: gray ? 1 : 3, bitDepth};
}

function isGray(palette: Uint8Array): boolean {
  return palette.every((value, index) => value === palette[index - (index % 3)]);
}

/** A header, or what is wrong. */
function jpegHeader(view: DataView): ImageHeader | string {
  let offset = 2;
  while (offset + 4 <= view.byteLength) {
    if (view.getUint8(offset) !== 0xff) return 'a marker is missing';
    const marker = view.getUint8(offset + 1);
    if (marker === 0xff) {
      offset++; // filling before a marker
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      if (marker > 0xc2) return `its coding 0x${marker.toString(16)} is neither baseline nor progressive`;
      if (offset + 10 > view.byteLength) break;
      const precision = view.getUint8(offset + 4);
      const height = view.getUint16(offset + 5);
      const width = view.getUint16(offset + 7);
      const components = view.getUint8(offset + 9);
      if (precision !== 8) return `it has ${precision} bits a sample, and only 8 are read`;
      if (width === 0 || height === 0) return `it is ${width} × ${height} pixels large`;
      return {format: 'jpeg', width, height, channels: components === 1 ? 1 : 3, bitDepth: 8};
    }
    offset += 2 + view.getUint16(offset + 2);
  }
  return 'it ends inside the header';
}
