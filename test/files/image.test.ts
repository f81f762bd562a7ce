import {chmod, mkdir, readdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import fc from 'fast-check';
import {encode as encodeJpeg} from 'jpeg-js';
import {PNG} from 'pngjs';
import {decodeImage, encodePng, readImage, writePng} from '../../lib/files/image';
import type {Image} from '../../lib/imaging/image';
import {toGray} from '../../lib/imaging/image';
import {temporaryFolder} from '../support/temporary-folder';
import {makePng} from './make-png';

const folder = temporaryFolder();

const decode = (bytes: Uint8Array) => decodeImage(bytes, 'test.png');

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as {code: string}).code;
  }
  return 'none';
}

describe('PNG round trips', () => {
  it.each([
    [8, 1, 255],
    [8, 3, 255],
    [16, 1, 65535],
    [16, 3, 65535],
  ] as const)('keeps every level with %i bits and %i channels', (bitDepth, channels, peak) => {
    fc.assert(
      fc.property(fc.integer({min: 1, max: 9}), fc.integer({min: 1, max: 9}), fc.integer(), (width, height, start) => {
        const levels = Float64Array.from(
          {length: width * height * channels},
          (_, i) => (((start % 9973) + 9973) * (i + 1) * 31) % (peak + 1),
        );
        const image: Image = {width, height, channels, data: levels.map((level) => level / peak)};
        const back = decode(encodePng(image, {bitDepth}));
        expect([back.width, back.height, back.channels]).toEqual([width, height, channels]);
        expect(back.data.map((value) => Math.round(value * peak))).toEqual(levels);
      }),
      {numRuns: 40},
    );
  });

  it('writes bytes as they are and reads them from a file', async () => {
    const path = join(folder, 'bytes.png');
    await writePng(path, {
      width: 2,
      height: 2,
      channels: 3,
      data: Uint8Array.from([0, 1, 2, 127, 128, 129, 253, 254, 255, 9, 8, 7]),
    });
    const image = await readImage(path);
    expect(Array.from(image.data, (value) => Math.round(value * 255))).toEqual([0, 1, 2, 127, 128, 129, 253, 254, 255, 9, 8, 7]);
    expect(await readdir(folder)).toEqual(['bytes.png']);
  });

  it('clips and rounds to the nearest level', () => {
    const image: Image = {width: 4, height: 1, channels: 1, data: Float64Array.of(-0.5, 1.5, 0.4999 / 255, 0.5001 / 255)};
    expect(Array.from(decode(encodePng(image)).data, (value) => value * 255)).toEqual([0, 255, 0, 1]);
  });

  it('refuses what is not finite, and 16 bits of bytes', () => {
    const image: Image = {width: 2, height: 1, channels: 1, data: Float64Array.of(0, NaN)};
    expect(() => encodePng(image)).toThrow('NaN at row 0, column 1, channel 0');
    expect(codeOf(() => encodePng(image))).toBe('NON_FINITE');
    expect(codeOf(() => encodePng({width: 1, height: 1, channels: 1, data: new Uint8Array(1)}, {bitDepth: 16}))).toBe(
      'INVALID_ARGUMENT',
    );
    expect(codeOf(() => encodePng({width: 2, height: 2, channels: 1, data: new Float64Array(3)}))).toBe('INVALID_ARGUMENT');
  });
});

describe('kinds of PNG', () => {
  it('composites gray with alpha over white', () => {
    const image = decode(makePng({width: 3, height: 1, depth: 8, colorType: 4, rows: [0, 100, 255, 100, 0, 100, 51]}));
    expect(image.channels).toBe(1);
    expect(image.data[0]).toBeCloseTo(100 / 255, 14);
    expect(image.data[1]).toBe(1);
    expect(image.data[2]).toBeCloseTo((100 / 255) * 0.2 + 0.8, 14);
  });

  it('composites 16-bit colour with alpha over white', () => {
    const image = decode(
      makePng({width: 1, height: 1, depth: 16, colorType: 6, rows: [0, 0x12, 0x34, 0, 0, 0xff, 0xff, 0x80, 0]}),
    );
    const alpha = 0x8000 / 65535;
    const expected = [0x1234 / 65535, 0, 1].map((value) => value * alpha + 1 - alpha);
    expect(image.channels).toBe(3);
    expected.forEach((value, channel) => expect(image.data[channel]).toBeCloseTo(value, 14));
  });

  it('looks palettes up, 2 bits a pixel', () => {
    const palette = [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30];
    const image = decode(makePng({width: 4, height: 1, depth: 2, colorType: 3, palette, rows: [0, 0b11_10_01_00]}));
    expect(image.channels).toBe(3);
    expect(Array.from(image.data, (value) => Math.round(value * 255))).toEqual([10, 20, 30, 0, 0, 255, 0, 255, 0, 255, 0, 0]);
  });

  it('gives one channel for a palette of grays, with its transparency over white', () => {
    const parts = {width: 3, height: 1, depth: 8, colorType: 3, palette: [0, 0, 0, 51, 51, 51, 204, 204, 204]};
    const image = decode(makePng({...parts, transparency: [255, 255, 0], rows: [0, 1, 0, 2]}));
    expect(image.channels).toBe(1);
    expect(Array.from(image.data)).toEqual([0.2, 0, 1]);
  });

  it.each([
    [1, [0, 0b1010_0000], [1, 0, 1]],
    [4, [0, 0x0f, 0x30], [0, 1, 0.2]],
  ])('scales %i-bit gray by its largest value', (depth, rows, expected) => {
    expect(Array.from(decode(makePng({width: 3, height: 1, depth, colorType: 0, rows})).data)).toEqual(expected);
  });

  it('reads interlaced images and refuses those that expand beyond their size', () => {
    // Adam7 of 2 × 2: pass 1 has pixel (0, 0), pass 6 (0, 1), pass 7 both of row 1.
    const parts = {width: 2, height: 2, depth: 8, colorType: 0, interlace: 1};
    const image = decode(makePng({...parts, rows: [0, 10, 0, 20, 0, 30, 40]}));
    expect(Array.from(image.data, (value) => Math.round(value * 255))).toEqual([10, 20, 30, 40]);
    expect(codeOf(() => decode(makePng({...parts, rows: new Array<number>(1e6).fill(0)})))).toBe('NOT_AN_IMAGE');
  });

  it.each([0, 1, 2, 3, 4, 5] as const)('undoes filter %i', (filterType) => {
    // Written by another encoder, with every row filtered so (5: each as it likes).
    const [width, height] = [13, 11];
    const png = new PNG({width, height});
    for (let index = 0; index < png.data.length; index++)
      png.data[index] = index % 4 === 3 ? 255 : (index * index * 7 + 13 * index) % 256;
    const image = decode(PNG.sync.write(png, {colorType: 2, filterType: filterType === 5 ? -1 : filterType}));
    const expected = png.data.filter((_, index) => index % 4 !== 3);
    expect(Buffer.from(image.data.map((value) => Math.round(value * 255)))).toEqual(expected);
  });

  it('makes the colour of its tRNS part white', () => {
    const gray = decode(makePng({width: 2, height: 1, depth: 8, colorType: 0, transparency: [0, 7], rows: [0, 7, 8]}));
    expect(Array.from(gray.data)).toEqual([1, 8 / 255]);
    const rgb = decode(
      makePng({width: 2, height: 1, depth: 8, colorType: 2, transparency: [0, 1, 0, 2, 0, 3], rows: [0, 1, 2, 3, 1, 2, 4]}),
    );
    expect(Array.from(rgb.data)).toEqual([1, 1, 1, 1 / 255, 2 / 255, 4 / 255]);
  });

  it('reads an interlaced image of every size as its pixels say', () => {
    // Pixel (row, column) is 16 row + column, filed under the pass whose lattice it is on.
    const passes = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]]; // prettier-ignore
    for (let width = 1; width <= 9; width++) {
      for (let height = 1; height <= 9; height++) {
        const rows: number[] = [];
        for (const [left, top, stepX, stepY] of passes) {
          for (let row = top; row < height && left < width; row += stepY) {
            rows.push(0);
            for (let column = left; column < width; column += stepX) rows.push(16 * row + column);
          }
        }
        const image = decode(makePng({width, height, depth: 8, colorType: 0, interlace: 1, rows}));
        const expected = Array.from({length: width * height}, (_, index) => 16 * Math.floor(index / width) + (index % width));
        expect(Array.from(image.data, (value) => Math.round(value * 255))).toEqual(expected);
      }
    }
  });

  it('ignores what follows the end of the image', () => {
    const bytes = makePng({width: 1, height: 1, depth: 8, colorType: 0, rows: [0, 255]});
    expect(decode(Buffer.concat([bytes, Buffer.from('appended')])).data[0]).toBe(1);
  });
});

describe('JPEG', () => {
  const width = 32;
  const height = 24;
  const rgba = Buffer.alloc(width * height * 4, 255);
  for (let pixel = 0; pixel < width * height; pixel++) {
    rgba.set([(pixel % width) * 8, Math.floor(pixel / width) * 10, 90], pixel * 4);
  }
  const jpeg = encodeJpeg({width, height, data: rgba}, 95).data;

  it('is decoded near to what was encoded, whatever the name says', async () => {
    const path = join(folder, 'misnamed.png');
    await writeFile(path, jpeg);
    const image = await readImage(path);
    expect([image.width, image.height, image.channels]).toEqual([width, height, 3]);
    const errors = Array.from(image.data, (value, i) => Math.abs(value * 255 - rgba[4 * Math.floor(i / 3) + (i % 3)]));
    expect(Math.max(...errors)).toBeLessThan(16); // chroma is coarser than luma at this quality
    expect(errors.reduce((a, b) => a + b) / errors.length).toBeLessThan(2);
  });

  it('comes with one channel when it has one component', () => {
    // The smallest gray JPEG: one 8 × 8 block whose only coefficient is 0, so it is middle gray.
    const quantization = [0xff, 0xdb, 0, 67, 0, ...new Array<number>(64).fill(1)];
    const frame = [0xff, 0xc0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0];
    const table = (spec: number) => [0xff, 0xc4, 0, 20, spec, 1, ...new Array<number>(15).fill(0), 0];
    const scan = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0b00111111];
    const image = decode(
      Uint8Array.from([0xff, 0xd8, ...quantization, ...frame, ...table(0), ...table(0x10), ...scan, 0xff, 0xd9]),
    );
    expect([image.width, image.height, image.channels]).toEqual([8, 8, 1]);
    expect(new Set(image.data)).toEqual(new Set([128 / 255]));
  });

  it('shows its size to the guard before decoding', () => {
    const seen: number[] = [];
    const guard = (...size: number[]) => {
      seen.push(...size);
      throw new Error('refused');
    };
    // Cut right after its header, so that decoding would fail with another message.
    expect(() => decodeImage(jpeg.subarray(0, jpeg.indexOf(Buffer.from([0xff, 0xc0])) + 19), 'x.jpg', {guard})).toThrow(
      'refused',
    );
    expect(seen).toEqual([width, height, 3]);
  });

  it.each([0.02, 0.5, 0.9, 0.99])('is refused when only %f of it is there', (part) => {
    expect(codeOf(() => decode(jpeg.subarray(0, Math.floor(jpeg.length * part))))).toBe('NOT_AN_IMAGE');
  });
});

describe('what is refused', () => {
  const large = makePng({width: 20000, height: 20000, depth: 8, colorType: 2});

  it('calls the guard with the size of the header before decoding', async () => {
    const path = join(folder, 'large.png');
    await writeFile(path, large);
    const guard = jest.fn(() => {
      throw new Error('too large for me');
    });
    await expect(readImage(path, {maxPixels: 1e9, guard})).rejects.toThrow('too large for me');
    expect(guard).toHaveBeenCalledWith(20000, 20000, 3);
  });

  it('refuses more pixels than allowed, naming both numbers and the remedy', () => {
    const before = process.memoryUsage().arrayBuffers;
    expect(codeOf(() => decode(large))).toBe('OUT_OF_MEMORY');
    expect(() => decodeImage(large, 'large.png', {maxPixels: 1000})).toThrow(
      /large\.png has 20000 × 20000 pixels.*1000.*maxPixels/,
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100e6);
  });

  it('is NOT_AN_IMAGE when empty, text, another format, cut anywhere or changed', () => {
    const good = Buffer.from(
      encodePng({width: 5, height: 4, channels: 1, data: Float64Array.from({length: 20}, (_, i) => i / 20)}),
    );
    const others: [Uint8Array, RegExp][] = [
      [Buffer.alloc(0), /it is empty/],
      [Buffer.from('Hello, this is no picture.'), /no PNG or JPEG/],
      [Buffer.from('GIF89a..........'), /a GIF/],
      [Buffer.from('RIFF....WEBPVP8 '), /a WebP/],
    ];
    for (const [bytes, message] of others) {
      expect(() => decode(bytes)).toThrow(message);
      expect(codeOf(() => decode(bytes))).toBe('NOT_AN_IMAGE');
    }
    for (let length = 0; length < good.length; length++)
      expect(codeOf(() => decode(good.subarray(0, length)))).toBe('NOT_AN_IMAGE');
    const changed = Buffer.from(good);
    changed[good.length - 20] ^= 1; // inside the compressed pixels, which their checksum shows
    expect(codeOf(() => decode(changed))).toBe('NOT_AN_IMAGE');
    expect(codeOf(() => decode(makePng({width: 0, height: 4, depth: 8, colorType: 0, rows: [0]})))).toBe('NOT_AN_IMAGE');
    expect(codeOf(() => decode(makePng({width: 4, height: 4, depth: 8, colorType: 0, rows: [0, 1, 2, 3, 4]})))).toBe(
      'NOT_AN_IMAGE',
    );
  });

  it('never fails with anything but its own error on random bytes after a right signature', () => {
    const start = makePng({width: 3, height: 3, depth: 8, colorType: 0, rows: [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]});
    fc.assert(
      fc.property(fc.nat(start.length - 9), fc.uint8Array({minLength: 1, maxLength: 8}), (at, noise) => {
        const bytes = Buffer.from(start);
        bytes.set(noise.subarray(0, bytes.length - 8 - at), 8 + at);
        expect(['none', 'NOT_AN_IMAGE', 'OUT_OF_MEMORY']).toContain(codeOf(() => decode(bytes)));
      }),
    );
  });

  it('tells a missing file from an unreadable one', async () => {
    await expect(readImage(join(folder, 'none.png'))).rejects.toMatchObject({code: 'FILE_NOT_FOUND'});
    await expect(readImage(folder)).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      message: expect.stringContaining('a folder'),
    });
    const path = join(folder, 'plain');
    await writeFile(path, 'no image at all');
    await expect(readImage(path)).rejects.toMatchObject({code: 'NOT_AN_IMAGE'});
    await expect(readImage(join(path, 'below.png'))).rejects.toMatchObject({code: 'FILE_NOT_FOUND'});
    if (process.getuid?.() !== 0 && process.platform !== 'win32') {
      await chmod(path, 0);
      await expect(readImage(path)).rejects.toMatchObject({code: 'FILE_UNREADABLE'});
    }
  });

  it('cannot write where there is no folder, or over one', async () => {
    const image: Image = {width: 1, height: 1, channels: 1, data: new Float64Array(1)};
    await expect(writePng(join(folder, 'none', 'a.png'), image)).rejects.toMatchObject({code: 'FILE_UNWRITABLE'});
    await mkdir(join(folder, 'taken'));
    await expect(writePng(join(folder, 'taken'), image)).rejects.toMatchObject({code: 'FILE_UNWRITABLE'});
    expect(await readdir(folder)).toEqual(['taken']);
  });
});

describe('toGray', () => {
  it('weighs red, green and blue by 0.299, 0.587, 0.114', () => {
    const image: Image = {width: 4, height: 1, channels: 3, data: Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1)};
    expect(Array.from(toGray(image).data)).toEqual([0.299, 0.587, 0.114, 1]);
  });

  it('leaves gray as it is', () => {
    const image: Image = {width: 1, height: 1, channels: 1, data: Float64Array.of(0.3)};
    expect(toGray(image)).toBe(image);
  });
});
