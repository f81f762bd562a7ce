import {deflateSync} from 'node:zlib';

/** What a PNG made by hand, chunk by chunk, is to contain. */
export interface PngParts {
  width: number;
  height: number;
  depth: number;
  colorType: number;
  interlace?: number;
  palette?: number[];
  transparency?: number[];
  /** The content of its part eXIf. */
  exif?: Uint8Array;
  /** Rows before compression, each with its filter byte; with none the file ends after its header. */
  rows?: number[];
}

/** Builds a PNG from its parts, so that kinds that no encoder at hand writes can be tested. */
export function makePng(parts: PngParts): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(parts.width, 0);
  header.writeUInt32BE(parts.height, 4);
  header.set([parts.depth, parts.colorType, 0, 0, parts.interlace ?? 0], 8);
  const chunks = [Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk('IHDR', header)];
  if (parts.palette) chunks.push(chunk('PLTE', Buffer.from(parts.palette)));
  if (parts.transparency) chunks.push(chunk('tRNS', Buffer.from(parts.transparency)));
  if (parts.exif) chunks.push(chunk('eXIf', Buffer.from(parts.exif)));
  if (parts.rows) chunks.push(chunk('IDAT', deflateSync(Buffer.from(parts.rows))));
  chunks.push(chunk('IEND', Buffer.alloc(0)));
  return Buffer.concat(chunks);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

/** The checksum of PNG chunks, bit by bit as its specification has it. */
export function crc32(data: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
