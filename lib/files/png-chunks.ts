/** A part of a PNG file. */
export interface PngChunk {
  /** Four letters; a capital first one means that the image cannot be decoded without it. */
  readonly type: string;
  readonly data: Uint8Array;
  /** Where the chunk ends in the file. */
  readonly end: number;
}

/** Samples a pixel of each PNG colour type: gray, RGB, palette index, gray and alpha, RGB and alpha. */
export const PNG_SAMPLES: Readonly<Record<number, number>> = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4};

/** The complete chunks of a PNG up to the end of the image. Whatever follows, or is cut, is left out. */
export function* pngChunks(bytes: Uint8Array): Generator<PngChunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 8; offset + 12 <= bytes.length;) {
    const length = view.getUint32(offset);
    const end = offset + 12 + length;
    if (end > bytes.length) return;
    const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
    yield {type, data: bytes.subarray(offset + 8, end - 4), end};
    if (type === 'IEND') return;
    offset = end;
  }
}

/** Whether the checksum of a chunk that ends at `end`, over its type and data, is what the file says. */
export function isIntact(bytes: Uint8Array, {data, end}: PngChunk): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return crc32(bytes.subarray(end - 8 - data.length, end - 4)) === view.getUint32(end - 4);
}

/** The remainders of all bytes; the checksum of the PNG specification, annex D. */
const CRC_TABLE = Uint32Array.from({length: 256}, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
