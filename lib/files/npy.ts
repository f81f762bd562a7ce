import type {FileHandle} from 'node:fs/promises';
import {endianness} from 'node:os';
import {Readable} from 'node:stream';
import {DinfError} from '../base/errors';
import {writeFileAtomic} from './atomic-write';
import {checkRoom} from './memory-left';
import {fill, openRegular, unreadableFile} from './read-file';

/** An array as numpy stores it: row-major. */
export interface NpyArray {
  readonly data: Float32Array | Float64Array;
  /** Extent of each axis, the last one contiguous; empty for a single number. */
  readonly shape: readonly number[];
}

/** Longest header that is read; numpy's own have 118 bytes. */
const MOST_HEADER = 1 << 16;

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY

/**
 * Writes an array as `.npy`, version 1.0, little endian, row-major: `numpy.load` gives it back as float32 or float64. Complete or not at all.
 * @param data as many values as the shape has
 * @param shape extent of each axis
 * @throws DinfError FILE_UNWRITABLE, INVALID_ARGUMENT
 */
export async function writeNpy(path: string, data: Float32Array | Float64Array, shape: readonly number[]): Promise<void> {
  const header = npyHeader(shape, data instanceof Float32Array ? 'float32' : 'float64');
  const count = countOf(shape);
  if (count !== data.length) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `The shape [${shape.join(', ')}] has ${count} values, but the array has ${data.length}.`,
    );
  }
  await writeFileAtomic(path, Readable.from([header, npyBytes(data)]) as AsyncIterable<Uint8Array>);
}

/** The bytes before the values in a `.npy` file of version 1.0. */
export function npyHeader(shape: readonly number[], dtype: 'float32' | 'float64'): Uint8Array {
  if (!shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0)) {
    throw new DinfError('INVALID_ARGUMENT', `The shape [${shape.join(', ')}] must consist of integers from 0 on.`);
  }
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${dtype === 'float32' ? '<f4' : '<f8'}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // Padded so that the values begin at a multiple of 64 bytes, as numpy does for memory mapping.
  const length = Math.ceil((text.length + 11) / 64) * 64 - 10;
  const start = Buffer.from([...MAGIC, 1, 0, length & 0xff, length >> 8]);
  return Buffer.concat([start, Buffer.from(`${text.padEnd(length - 1)}\n`, 'latin1')]);
}

/** The values of a `.npy` file, little endian. */
export function npyBytes(data: Float32Array | Float64Array): Uint8Array {
  return littleEndian(Buffer.from(data.buffer, data.byteOffset, data.byteLength), data);
}

/**
 * Reads a `.npy` file of float32 or float64, little endian and row-major.
 * @throws DinfError FILE_NOT_FOUND; FILE_UNREADABLE when it is no `.npy` file, is damaged, or holds another type or order; OUT_OF_MEMORY
 */
export async function readNpy(path: string): Promise<NpyArray> {
  const {handle, size: length} = await openRegular(path, 'a .npy file');
  try {
    const {shape, size, offset, fortran} = await headerOf(handle, length, path);
    if (fortran && shape.length > 1) throw refused(path, 'it is in Fortran order');
    const count = countOf(shape);
    checkRoom(path, count * size);
    const data = size === 4 ? new Float32Array(count) : new Float64Array(count);
    const bytes = Buffer.from(data.buffer);
    if ((await fill(handle, bytes, offset)) < bytes.length) throw refused(path, 'it is cut off');
    littleEndian(bytes, data).copy(bytes);
    return {data, shape};
  } catch (cause) {
    throw cause instanceof DinfError ? cause : unreadableFile(path, cause);
  } finally {
    await handle.close();
  }
}

/**
 * Reads an array from the bytes of a `.npy` file.
 *
 * @param name of what they are, for messages.
 * @throws DinfError FILE_UNREADABLE as {@link readNpy}
 */
export function decodeNpy(bytes: Uint8Array, name: string): NpyArray {
  const start = bytes.subarray(0, MOST_HEADER);
  if (!isNpy(start)) throw refused(name, 'it is no .npy file');
  const header = parseHeader(start, name);
  checkLength(bytes.length, header, name);
  const {shape, size, offset, fortran} = header;
  if (fortran && shape.length > 1) throw refused(name, 'it is in Fortran order');
  const count = countOf(shape);
  const data = size === 4 ? new Float32Array(count) : new Float64Array(count);
  const copy = Buffer.from(data.buffer);
  copy.set(bytes.subarray(offset, offset + count * size));
  littleEndian(copy, data).copy(copy);
  return {data, shape};
}

/** Type, shape and place of the values of a `.npy` file, which are not read. */
export interface NpyHeader {
  readonly shape: readonly number[];
  /** Bytes of a value: float32 or float64. */
  readonly size: 4 | 8;
  /** Place of the first value in the file, in bytes. */
  readonly offset: number;
  /** The first axis varies fastest. */
  readonly fortran: boolean;
}

/**
 * Reads the header of a `.npy` file, and sees that the values are all there.
 * @throws DinfError as {@link readNpy}, but for the order of the values
 */
export async function readNpyHeader(path: string): Promise<NpyHeader> {
  const {handle, size} = await openRegular(path, 'a .npy file');
  try {
    return await headerOf(handle, size, path);
  } catch (cause) {
    throw cause instanceof DinfError ? cause : unreadableFile(path, cause);
  } finally {
    await handle.close();
  }
}

async function headerOf(handle: FileHandle, length: number, path: string): Promise<NpyHeader> {
  const {buffer, bytesRead} = await handle.read(new Uint8Array(MOST_HEADER), 0, MOST_HEADER, 0);
  const start = buffer.subarray(0, bytesRead);
  if (!isNpy(start)) throw refused(path, 'it is no .npy file');
  const header = parseHeader(start, path);
  checkLength(length, header, path);
  return header;
}

function isNpy(start: Uint8Array): boolean {
  return MAGIC.every((byte, index) => start[index] === byte);
}

function refused(path: string, reason: string): DinfError {
  return new DinfError(
    'FILE_UNREADABLE',
    `Cannot read ${path}: ${reason}. Save it by numpy.save as a C-contiguous float32 or float64 array.`,
  );
}

function parseHeader(bytes: Uint8Array, path: string): NpyHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = bytes[6] > 1; // version 1 has 16 bits for the header's length, later ones 32
  const start = wide ? 12 : 10;
  if (bytes.length < start) throw refused(path, 'it ends inside the header');
  const offset = start + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  if (bytes.length < offset) throw refused(path, 'it ends inside the header');
  const header = Buffer.from(bytes.buffer, bytes.byteOffset + start, offset - start).toString('latin1');
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const tuple = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  if (descr === undefined || tuple === undefined) throw refused(path, 'its header is damaged');
  if (descr !== '<f4' && descr !== '<f8') throw refused(path, `its values are of type ${descr}`);
  const shape = parseShape(tuple);
  if (shape === undefined) throw refused(path, `its shape (${tuple.trim()}) does not consist of integers`);
  return {shape, size: descr === '<f4' ? 4 : 8, offset, fortran: /'fortran_order':\s*True/.test(header)};
}

/** The extents between the brackets; undefined where one is no integer, or they have more values than can be counted. */
function parseShape(tuple: string): number[] | undefined {
  if (tuple.trim() === '') return [];
  // A comma may follow the last extent, and does where it is the only one.
  const extents = tuple.replace(/,\s*$/, '').split(',');
  const shape = extents.map((extent) => (/^\s*\d+\s*$/.test(extent) ? Number(extent) : NaN));
  return [...shape, countOf(shape)].every(Number.isSafeInteger) ? shape : undefined;
}

function checkLength(length: number, {shape, size, offset}: Omit<NpyHeader, 'fortran'>, path: string): void {
  const wanted = countOf(shape) * size;
  if (length - offset < wanted) throw refused(path, `it has ${length - offset} bytes of values instead of ${wanted}`);
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
