/**
 * The safetensors container (huggingface.co/docs/safetensors): eight bytes with the length of a JSON header, the header, then raw
 * little-endian values. Ours carries a digest of the whole file in front of its metadata, so that one flipped bit is found.
 *
 * A file is data of a stranger: nothing in it is believed before it has been checked against the bytes that are really there.
 */
import {createHash} from 'node:crypto';
import {endianness} from 'node:os';
import {DinfError} from '../base/errors';
import {sizeText} from './memory-left';

/** An array with its extents; row-major. */
export interface Tensor {
  readonly shape: readonly number[];
  /** float32 is stored as F32, float64 as F64. */
  readonly values: Float32Array | Float64Array;
}

/** The contents of a safetensors file. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The longest header that is read, as in the format's own library. */
const MOST_HEADER = 100 << 20;
const START = '{"__metadata__":{"sha256":"';
const DIGEST_LENGTH = 64;
const BLANK = '0'.repeat(DIGEST_LENGTH);

/** The bytes of a file with these tensors and texts. */
export function encodeSafetensors(contents: Safetensors): Uint8Array {
  return Buffer.concat(safetensorsParts(contents));
}

/**
 * The bytes of a file with these tensors and texts, part by part: the values themselves are not copied. Those of eight bytes come first, so that
 * all are aligned.
 */
export function safetensorsParts({tensors, metadata}: Safetensors): Uint8Array[] {
  const ordered = [...tensors].sort(([, a], [, b]) => b.values.BYTES_PER_ELEMENT - a.values.BYTES_PER_ELEMENT);
  let end = 0;
  const entries = ordered.map(([name, {shape, values}]) => {
    const begin = end;
    end += values.byteLength;
    return [name, {dtype: values instanceof Float32Array ? 'F32' : 'F64', shape, data_offsets: [begin, end]}] as const;
  });
  const described = JSON.stringify(
    Object.fromEntries([['__metadata__', {sha256: BLANK, ...metadata}], ...entries] as [string, unknown][]),
  );
  // Padded with spaces, as the format wants, so that the values begin at a multiple of eight bytes.
  const plain = Buffer.from(described, 'utf8');
  const length = Math.ceil(plain.length / 8) * 8;
  const head = Buffer.alloc(8 + length, ' ');
  head.writeBigUInt64LE(BigInt(length));
  plain.copy(head, 8);
  const raw = ordered.map(([, {values}]) => {
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    if (endianness() === 'LE') return bytes;
    const copy = Buffer.from(bytes);
    swap(copy, values.BYTES_PER_ELEMENT);
    return copy;
  });
  head.write(digestOf([head, ...raw]), 8 + START.length, 'latin1');
  return [head, ...raw];
}

/**
 * Reads what {@link encodeSafetensors} wrote.
 *
 * @param file for messages.
 * @throws FILE_UNREADABLE saying what is wrong: no such file at all, cut off, damaged, of another program.
 */
export function decodeSafetensors(given: Uint8Array, file: string): Safetensors {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  checkStart(bytes, bytes.length, file);
  const length = Number(bytes.readBigUInt64LE());
  if (length > MOST_HEADER) throw unreadable(file, `its header has ${sizeText(length)}, and may have ${sizeText(MOST_HEADER)}`);
  const header = bytes.subarray(8, 8 + length).toString('utf8');
  if (!header.startsWith(START)) {
    throw unreadable(file, 'it is a safetensors file, but not a saved field of dinf-grid');
  }
  if (header.slice(START.length, START.length + DIGEST_LENGTH) !== digestOf([bytes])) {
    throw unreadable(file, 'it is damaged or cut off: its contents do not match their checksum. Use another copy');
  }
  return decodeChecked(header, bytes.subarray(8 + length), file);
}

/**
 * Whether a file may be safetensors, from its first nine bytes.
 *
 * @param size of the whole file in bytes.
 * @throws FILE_UNREADABLE
 */
export function checkStart(start: Uint8Array, size: number, file: string): void {
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.byteLength);
  if (size < 10 || bytes.length < 9 || bytes[8] !== '{'.charCodeAt(0))
    throw unreadable(file, 'it is no saved field (safetensors)');
  const length = bytes.readBigUInt64LE();
  if (length > BigInt(size - 8)) throw unreadable(file, 'it is cut off, or no saved field (safetensors)');
}

/** The error of a file that is not what it should be. */
export function unreadable(file: string, reason: string, cause?: unknown): DinfError {
  return new DinfError('FILE_UNREADABLE', `Cannot read ${file}: ${reason}.`, {cause});
}

function decodeChecked(header: string, data: Buffer, file: string): Safetensors {
  let entries: Map<string, unknown>;
  try {
    entries = new Map(Object.entries(JSON.parse(header) as object));
  } catch (cause) {
    throw unreadable(file, 'its header is damaged', cause);
  }
  const metadata = entries.get('__metadata__');
  if (!isTexts(metadata)) throw unreadable(file, 'its header is damaged: the metadata are no texts');
  entries.delete('__metadata__');
  const tensors = new Map<string, Tensor>();
  let end = 0;
  for (const [name, entry] of entries) {
    if (!isTensorEntry(entry)) throw unreadable(file, `its header is damaged: '${name}' is no tensor of F32 or F64`);
    const {dtype, shape, data_offsets: offsets} = entry;
    const size = dtype === 'F32' ? 4 : 8;
    const count = shape.reduce((product, extent) => product * extent, 1);
    // Tensors follow one another without holes: none can be a second view of another's bytes.
    if (offsets[0] !== end || offsets[1] > data.length || offsets[1] - offsets[0] !== count * size) {
      throw unreadable(file, `its header is damaged: '${name}' does not lie where the values are`);
    }
    end = offsets[1];
    const copy = new Uint8Array(data.subarray(offsets[0], end)); // of its own, so that the values are aligned
    if (endianness() === 'BE') swap(Buffer.from(copy.buffer), size);
    tensors.set(name, {shape, values: dtype === 'F32' ? new Float32Array(copy.buffer) : new Float64Array(copy.buffer)});
  }
  if (end !== data.length) throw unreadable(file, `it has ${data.length - end} bytes too many`);
  return {tensors, metadata};
}

/** The digest of everything but the digest itself, which lies in the first part. */
function digestOf([first, ...others]: readonly Buffer[]): string {
  const at = 8 + START.length;
  const hash = createHash('sha256')
    .update(first.subarray(0, at))
    .update(BLANK)
    .update(first.subarray(at + DIGEST_LENGTH));
  for (const part of others) hash.update(part);
  return hash.digest('hex');
}

function swap(bytes: Buffer, size: number): void {
  if (size === 4) bytes.swap32();
  else bytes.swap64();
}

interface TensorEntry {
  dtype: 'F32' | 'F64';
  shape: number[];
  data_offsets: [number, number];
}

function isTensorEntry(entry: unknown): entry is TensorEntry {
  const {dtype, shape, data_offsets: offsets} = (entry ?? {}) as {dtype?: unknown; shape?: unknown; data_offsets?: unknown};
  return isSizes(shape) && isSizes(offsets) && offsets.length === 2 && (dtype === 'F32' || dtype === 'F64');
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);
}

function isTexts(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null && Object.values(value).every((text) => typeof text === 'string');
}
