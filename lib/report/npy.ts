import {endianness} from 'node:os';
import {DinfError} from '../errors';
import {writeFileAtomic} from './atomic-write';
import {readFileChecked} from './read-file';

/** An array as numpy stores it: row-major. */
export interface NpyArray {
  readonly data: Float32Array | Float64Array;
  /** Extent of each axis, the last one contiguous; empty for a single number. */
  readonly shape: readonly number[];
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY

/**
 * Writes an array as `.npy`, version 1.0, little endian, row-major: `numpy.load` gives it back as float32 or float64. Complete or not at all.
 * @param data as many values as the shape has
 * @param shape extent of each axis
 * @throws DinfError FILE_UNWRITABLE, INVALID_ARGUMENT
 */
export async function writeNpy(path: string, data: Float32Array | Float64Array, shape: readonly number[]): Promise<void> {
  if (!shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0)) {
    throw new DinfError('INVALID_ARGUMENT', `The shape [${shape.join(', ')}] must consist of integers from 0 on.`);
  }
  const count = countOf(shape);
  if (count !== data.length) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `The shape [${shape.join(', ')}] has ${count} values, but the array has ${data.length}.`,
    );
  }
  const descr = data instanceof Float32Array ? '<f4' : '<f8';
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // Padded so that the values begin at a multiple of 64 bytes, as numpy does for memory mapping.
  const length = Math.ceil((text.length + 11) / 64) * 64 - 10;
  const header = Buffer.from([...MAGIC, 1, 0, length & 0xff, length >> 8]);
  const body = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  await writeFileAtomic(
    path,
    Buffer.concat([header, Buffer.from(`${text.padEnd(length - 1)}\n`, 'latin1'), littleEndian(body, data)]),
  );
}

/**
 * Reads a `.npy` file of float32 or float64, little endian and row-major.
 * @throws DinfError FILE_NOT_FOUND; FILE_UNREADABLE when it is no `.npy` file, is damaged, or holds another type or order
 */
export async function readNpy(path: string): Promise<NpyArray> {
  const refuse = (reason: string) =>
    new DinfError(
      'FILE_UNREADABLE',
      `Cannot read ${path}: ${reason}. Save it by numpy.save as a C-contiguous float32 or float64 array.`,
    );
  const bytes = await readFileChecked(path, 'a .npy file', (start) => {
    if (!MAGIC.every((byte, index) => start[index] === byte)) throw refuse('it is no .npy file');
  });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = bytes[6] > 1; // version 1 has 16 bits for the header's length, later ones 32
  const start = wide ? 12 : 10;
  if (bytes.length < start) throw refuse('it ends inside the header');
  const offset = start + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  if (bytes.length < offset) throw refuse('it ends inside the header');
  const header = Buffer.from(bytes.buffer, bytes.byteOffset + start, offset - start).toString('latin1');
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const tuple = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  if (descr === undefined || tuple === undefined) throw refuse('its header is damaged');
  if (descr !== '<f4' && descr !== '<f8') throw refuse(`its values are of type ${descr}`);
  // prettier-ignore
  const shape = tuple.split(',').filter((part) => part.trim() !== '').map(Number);
  if (/'fortran_order':\s*True/.test(header) && shape.length > 1) throw refuse('it is in Fortran order');
  const size = descr === '<f4' ? 4 : 8;
  const count = countOf(shape);
  if (bytes.length - offset < count * size)
    throw refuse(`it has ${bytes.length - offset} bytes of values instead of ${count * size}`);
  const copy = bytes.slice(offset, offset + count * size); // a new buffer, so that the values are aligned
  const data = descr === '<f4' ? new Float32Array(copy.buffer, 0, count) : new Float64Array(copy.buffer, 0, count);
  littleEndian(Buffer.from(copy.buffer), data).copy(copy);
  return {data, shape};
}

function countOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** The bytes of `like`, in little-endian order on any machine. */
function littleEndian(bytes: Buffer, like: Float32Array | Float64Array): Buffer {
  if (endianness() === 'LE') return bytes;
  const copy = Buffer.from(bytes);
  return like instanceof Float32Array ? copy.swap32() : copy.swap64();
}
