/** The note beside the pixels of a photograph that says how the camera was held: Exif 2.3, section 4.6.4, tag 0x0112. */
import type {Orientation} from '../imaging/orientation';
import {pngChunks} from './png-chunks';

const ORIENTATION_TAG = 0x0112;
/** Types of the whole numbers of two and of four bytes. */
const SHORT = 3;
const LONG = 4;
/** Bytes of an entry of a directory: tag, type, count, value. */
const ENTRY = 12;
/** How an APP1 segment with Exif data begins: `Exif` and two zeros. */
const EXIF_MARK = [0x45, 0x78, 0x69, 0x66, 0, 0];

/**
 * The orientation that a PNG (its part eXIf) or JPEG (its segment APP1) notes; 1 where it notes none. Viewers pass over Exif data that
 * are damaged, and so does this.
 */
export function exifOrientation(bytes: Uint8Array, format: 'png' | 'jpeg'): Orientation {
  const exif = format === 'png' ? pngExif(bytes) : jpegExif(bytes);
  return exif === undefined ? 1 : orientationOf(exif);
}

function pngExif(bytes: Uint8Array): Uint8Array | undefined {
  for (const {type, data} of pngChunks(bytes)) if (type === 'eXIf') return data;
  return undefined;
}

/** The first Exif segment before the pixels, without its mark. */
function jpegExif(bytes: Uint8Array): Uint8Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 2; offset + 4 <= bytes.length;) {
    const marker = bytes[offset + 1];
    if (bytes[offset] !== 0xff || marker === 0xda || marker === 0xd9) return undefined;
    if (marker === 0xff) {
      offset++; // filling before a marker
      continue;
    }
    const end = offset + 2 + view.getUint16(offset + 2);
    const data = bytes.subarray(offset + 4, end);
    if (marker === 0xe1 && EXIF_MARK.every((byte, i) => data[i] === byte)) return data.subarray(EXIF_MARK.length);
    offset = end;
  }
  return undefined;
}

/** The orientation in a TIFF block, by its first directory. */
function orientationOf(tiff: Uint8Array): Orientation {
  const order = String.fromCharCode(...tiff.subarray(0, 2));
  if (tiff.length < 8 || (order !== 'II' && order !== 'MM')) return 1;
  const little = order === 'II';
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const directory = view.getUint32(4, little);
  if (view.getUint16(2, little) !== 42 || directory + 2 > tiff.length) return 1;
  const entries = Math.min(view.getUint16(directory, little), Math.floor((tiff.length - directory - 2) / ENTRY));
  for (let entry = 0; entry < entries; entry++) {
    const at = directory + 2 + entry * ENTRY;
    if (view.getUint16(at, little) !== ORIENTATION_TAG) continue;
    const type = view.getUint16(at + 2, little);
    const value = type === SHORT ? view.getUint16(at + 8, little) : type === LONG ? view.getUint32(at + 8, little) : 1;
    return isOrientation(value) ? value : 1;
  }
  return 1;
}

function isOrientation(value: number): value is Orientation {
  return value >= 1 && value <= 8;
}
