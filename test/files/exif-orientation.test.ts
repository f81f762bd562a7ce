import fc from 'fast-check';
import {encode as encodeJpeg} from 'jpeg-js';
import {decodeImage, encodePng} from '../../lib/files/image';
import {makePng} from './make-png';

/** A TIFF block as a camera writes it: another entry, then the orientation. */
function exif(orientation: number, {order = 'II', type = 3}: {order?: 'II' | 'MM'; type?: number} = {}): Buffer {
  const little = order === 'II';
  const short = (value: number) => {
    const bytes = Buffer.alloc(2);
    if (little) bytes.writeUInt16LE(value);
    else bytes.writeUInt16BE(value);
    return bytes;
  };
  const long = (value: number) => {
    const bytes = Buffer.alloc(4);
    if (little) bytes.writeUInt32LE(value);
    else bytes.writeUInt32BE(value);
    return bytes;
  };
  const value = type === 4 ? long(orientation) : Buffer.concat([short(orientation), short(0)]);
  return Buffer.concat([
    Buffer.from(order),
    short(42),
    long(8),
    short(2),
    ...[short(0x0100), short(3), long(1), short(64), short(0)],
    ...[short(0x0112), short(type), long(1), value],
    long(0),
  ]);
}

/** How the picture 123 over 456 is stored in a file of each orientation. */
const STORED: readonly (readonly [number, readonly string[]])[] = [
  [1, ['123', '456']],
  [2, ['321', '654']],
  [3, ['654', '321']],
  [4, ['456', '123']],
  [5, ['14', '25', '36']],
  [6, ['36', '25', '14']],
  [7, ['63', '52', '41']],
  [8, ['41', '52', '63']],
];

function png(rows: readonly string[], block: Uint8Array): Buffer {
  const levels = rows.flatMap((row) => [0, ...[...row].map((digit) => 20 * Number(digit))]);
  return makePng({width: rows[0].length, height: rows.length, depth: 8, colorType: 0, exif: block, rows: levels});
}

/** A JPEG with an Exif segment right after its beginning, each digit a square of 16 pixels in its own shade of red. */
function jpeg(rows: readonly string[], block: Uint8Array): Buffer {
  const [width, height] = [16 * rows[0].length, 16 * rows.length];
  const data = Buffer.alloc(4 * width * height, 255);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      data.set([40 * Number(rows[row >> 4][column >> 4]), 30, 60], 4 * (row * width + column));
    }
  }
  const plain = encodeJpeg({width, height, data}, 100).data;
  const segment = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), block]);
  const head = Buffer.from([0xff, 0xe1, (segment.length + 2) >> 8, (segment.length + 2) & 255]);
  return Buffer.concat([plain.subarray(0, 2), head, segment, plain.subarray(2)]);
}

describe('the orientation that a camera notes', () => {
  it.each(STORED)('%i turns a PNG as its part eXIf says', (orientation, rows) => {
    for (const order of ['II', 'MM'] as const) {
      const image = decodeImage(png(rows, exif(orientation, {order})), 'x.png');
      expect([image.width, image.height]).toEqual([3, 2]);
      expect(Array.from(image.data, (value) => Math.round((value * 255) / 20))).toEqual([1, 2, 3, 4, 5, 6]);
    }
  });

  it.each(STORED)('%i turns a JPEG as its segment APP1 says', (orientation, rows) => {
    const image = decodeImage(jpeg(rows, exif(orientation)), 'x.jpg');
    expect([image.width, image.height, image.channels]).toEqual([48, 32, 3]);
    const red = (row: number, column: number) => image.data[3 * ((16 * row + 8) * 48 + 16 * column + 8)];
    const digits = [0, 1].flatMap((row) => [0, 1, 2].map((column) => Math.round((red(row, column) * 255) / 40)));
    expect(digits).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('shows the turned size to the guard, and keeps all channels of a pixel together', () => {
    const seen: number[] = [];
    decodeImage(jpeg(['36', '25', '14'], exif(6)), 'x.jpg', {guard: (...size) => void seen.push(...size)});
    expect(seen).toEqual([48, 32, 3]);
  });

  it('is read as a number of four bytes, too', () => {
    expect(decodeImage(png(['36', '25', '14'], exif(6, {type: 4})), 'x.png').width).toBe(3);
  });

  it.each([
    ['0, which is none', exif(0)],
    ['9, which is none', exif(9)],
    ['a text', exif(6, {type: 2})],
    ['no TIFF block', Buffer.from('Hello, this is none')],
    ['nothing', Buffer.alloc(0)],
    ['a directory beyond its end', Buffer.from('49492a00ffffffff', 'hex')],
    ['cut inside the entry', exif(6).subarray(0, 30)],
  ])('is 1 where it is %s', (_, block) => {
    for (const image of [decodeImage(png(['123', '456'], block), 'x.png'), decodeImage(jpeg(['123', '456'], block), 'x.jpg')]) {
      expect(image.width).toBeGreaterThan(image.height);
    }
  });

  it('never keeps an image from being read, whatever is in its place', () => {
    const good = exif(6);
    fc.assert(
      fc.property(fc.nat(good.length), fc.uint8Array({maxLength: 8}), (at, noise) => {
        const block = Buffer.from(good);
        block.set(noise.subarray(0, good.length - at), at);
        expect(decodeImage(png(['123', '456'], block), 'x.png').data).toHaveLength(6);
        expect(decodeImage(jpeg(['1'], block), 'x.jpg').data).toHaveLength(3 * 256);
      }),
      {numRuns: 50},
    );
  });
});

describe('16 bits', () => {
  it.each([
    [8, 8],
    [16, 16],
    [2, 8],
  ])('a PNG of %i bits is written again with %i', (depth, written) => {
    const image = decodeImage(
      makePng({width: 1, height: 1, depth, colorType: 0, rows: [0, 18, 52].slice(0, depth > 8 ? 3 : 2)}),
      'x',
    );
    expect(image.bitDepth).toBe(written);
    expect(encodePng(image)[24]).toBe(written); // the header's bits a sample
  });
});
