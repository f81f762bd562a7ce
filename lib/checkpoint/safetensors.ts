/**
 * The safetensors container (huggingface.co/docs/safetensors): eight bytes with the length of a JSON header, the header, then raw
 * little-endian values. Ours carries a digest of the whole file in front of its metadata, so that one flipped bit is found.
 *
 * A file is data of a stranger: nothing in it is believed before it has been checked against the bytes that are really there.
 */
import {createHash} from 'node:crypto';
import {endianness} from 'node:os';
import {DinfError} from '../errors';

/** An array with its extents; row-major. */
export interface Tensor {
  readonly shape: readonly number[];
  /** float32 is stored as F32, float64 as F64. */
  readonly values: Float32Array | Float64Array;
}

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const START = '{"__metadata__":{"sha256":"';
const DIGEST_LENGTH = 64;
const BLANK = '0'.repeat(DIGEST_LENGTH);

/** The bytes of a file with these tensors and texts. Values of eight bytes come first, so that all are aligned. */
export function encodeSafetensors({tensors, metadata}: Safetensors): Uint8Array {
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
  const bytes = Buffer.alloc(8 + length + end, ' ');
  bytes.writeBigUInt64LE(BigInt(length));
  plain.copy(bytes, 8);
  entries.forEach(([, {data_offsets}], i) => {
    const {values} = ordered[i][1];
    const raw = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    const at = bytes.subarray(8 + length + data_offsets[0], 8 + length + data_offsets[1]);
    raw.copy(at);
    if (endianness() === 'BE') swap(at, values.BYTES_PER_ELEMENT);
  });
  bytes.write(digestOf(bytes), 8 + START.length, 'latin1');
  return bytes;
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
  const header = bytes.subarray(8, 8 + length).toString('utf8');
  if (!header.startsWith(START)) {
    throw unreadable(file, 'it is a safetensors file, but not a saved field of dinf-grid');
  }
  if (header.slice(START.length, START.length + DIGEST_LENGTH) !== digestOf(bytes)) {
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
    const {dtype, shape, data_offsets: offsets} = (entry ?? {}) as {dtype?: unknown; shape?: unknown; data_offsets?: unknown};
    if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2 || (dtype !== 'F32' && dtype !== 'F64')) {
      throw unreadable(file, `its header is damaged: '${name}' is no tensor of F32 or F64`);
    }
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

/** Of everything but the digest itself. */
function digestOf(bytes: Buffer): string {
  const at = 8 + START.length;
  return createHash('sha256')
    .update(bytes.subarray(0, at))
    .update(BLANK)
    .update(bytes.subarray(at + DIGEST_LENGTH))
    .digest('hex');
}

function swap(bytes: Buffer, size: number): void {
  if (size === 4) bytes.swap32();
  else bytes.swap64();
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);
}

function isTexts(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null && Object.values(value).every((text) => typeof text === 'string');
}
