import {decodeImage, encodePng} from '../../lib/files/image';
import {COLORMAPS, scalarToRgb} from '../../lib/pictures/colormap';
import {shortNumber} from '../../lib/pictures/numbers';
import {errorPicture, fieldPicture, imagePicture, sideBySide} from '../../lib/pictures/pictures';
import {fitted} from '../../lib/pictures/resize';
import {Sheet} from '../../lib/pictures/sheet';
import {textCoverage, textWidth} from '../../lib/pictures/text';

const pixel = ({width, channels, data}: {width: number; channels: number; data: Uint8Array}, column: number, row: number) =>
  Array.from(data.subarray((row * width + column) * channels, (row * width + column + 1) * channels));

describe('scalarToRgb', () => {
  it('starts, ends and clips at the range', () => {
    expect(Array.from(scalarToRgb([0, 1, 2, 3, 4], 'gray', [1, 3]))).toEqual([0, 0, 0, 0, 0, 0, 128, 128, 128, 255, 255, 255, 255, 255, 255]); // prettier-ignore
  });

  it('shows what is not finite in magenta', () => {
    expect(Array.from(scalarToRgb([NaN, -Infinity], 'viridis', [0, 1]))).toEqual([255, 0, 255, 255, 0, 255]);
  });

  it.each(['gray', 'viridis', 'inferno'] as const)('%s rises evenly in lightness', (map) => {
    const rgb = scalarToRgb(Array.from({length: 65}, (_, index) => index), map, [0, 64]); // prettier-ignore
    const luma = Array.from({length: 65}, (_, i) => 0.299 * rgb[3 * i] + 0.587 * rgb[3 * i + 1] + 0.114 * rgb[3 * i + 2]);
    for (let i = 1; i < 65; i++) expect(luma[i]).toBeGreaterThan(luma[i - 1]);
  });

  it('diverging is neutral in the middle, blue below and red above', () => {
    const [low, middle, high] = [-1, 0, 1].map((value) => Array.from(scalarToRgb([value], 'diverging', [-1, 1])));
    expect(new Set(middle).size).toBe(1);
    expect(low[2]).toBeGreaterThan(2 * low[0]);
    expect(high[0]).toBeGreaterThan(2 * high[2]);
  });

  it('gives the middle where the range is a point, and refuses wrong ones', () => {
    for (const map of COLORMAPS) expect(scalarToRgb([5], map, [5, 5])).toEqual(scalarToRgb([0.5], map, [0, 1]));
    expect(() => scalarToRgb([1], 'gray', [1, 0])).toThrow('[1, 0]');
    expect(() => scalarToRgb([1], 'gray', [NaN, 0])).toThrow('[NaN, 0]');
    expect(() => scalarToRgb([1], 'jet' as never, [0, 1])).toThrow('no colour map jet: use gray, viridis');
  });
});

describe('pictures', () => {
  it('a small field is enlarged without smoothing, with a colour bar on its right', () => {
    const picture = fieldPicture(Float64Array.of(0, 1, 2, 3), {width: 2, height: 2}, {map: 'gray'});
    expect(picture.height).toBe(256);
    expect(picture.width).toBeGreaterThan(256 + 10);
    expect(pixel(picture, 127, 127)).toEqual([0, 0, 0]);
    expect(pixel(picture, 128, 127)).toEqual([85, 85, 85]);
    expect(pixel(picture, 128, 128)).toEqual([255, 255, 255]);
    expect(pixel(picture, 256 + 7, 0)).toEqual([255, 255, 255]); // the top of the bar
    expect(pixel(picture, 256 + 7, 255)).toEqual([0, 0, 0]);
  });

  it('a field of both signs gets a map with 0 in its middle', () => {
    const picture = fieldPicture(Float64Array.of(-1, 0, 0, 4), {width: 2, height: 2}, {colorBar: false});
    expect([picture.width, picture.height]).toEqual([256, 256]);
    expect(pixel(picture, 255, 0)).toEqual([221, 221, 221]);
    expect(pixel(picture, 255, 255)).toEqual([180, 4, 38]);
  });

  it('a large picture is reduced to the means of blocks', () => {
    const data = Uint8Array.from({length: 5 * 3}, (_, index) => index * 10);
    const small = fitted({width: 5, height: 3, channels: 1, data}, {largest: 3});
    expect([small.width, small.height]).toEqual([3, 2]);
    expect(Array.from(small.data)).toEqual([30, 50, 65, 105, 125, 140]);
  });

  it('an image keeps its values', () => {
    const values = Float64Array.from({length: 256 * 256 * 3}, (_, index) => (index % 256) / 255);
    const picture = imagePicture(values, {width: 256, height: 256, channels: 3});
    expect(decodeImage(encodePng(picture), 'x').data).toEqual(values);
    expect(() => imagePicture(values, {width: 256, height: 384, channels: 2})).toThrow('2 channels');
  });

  it('an error is the mean absolute difference of the channels, and an outlier does not blacken it', () => {
    const truth = new Float64Array(100 * 100 * 3);
    const prediction = truth.map((_, index) => (index % 3 === 0 ? 0.3 : 0)); // 0.1 a pixel
    prediction[0] = 3000;
    const picture = errorPicture(prediction, truth, {width: 100, height: 100, channels: 3}, {colorBar: false});
    expect(pixel(picture, 299, 299)).toEqual([252, 255, 164]); // 0.1 is the end of the map
    expect(errorPicture(truth, truth, {width: 100, height: 100, channels: 3}).height).toBe(300);
  });

  it('shows how small errors differ beside a few large ones', () => {
    // Beside a corner of 1, all else is below 0.01: on a linear map, black.
    const error = Float64Array.from({length: 100 * 100}, (_, i) => (i % 100 < 5 && i < 500 ? 1 : 1e-3 * (1 + (i % 7))));
    const picture = errorPicture(error, new Float64Array(10_000), {width: 100, height: 100, channels: 1}, {colorBar: false});
    const middle = [0, 1, 2, 3, 4, 5, 6].map((k) => pixel(picture, 3 * (50 + k), 150).reduce((a, b) => a + b));
    expect(Math.min(...middle)).toBeGreaterThan(60);
    expect(new Set(middle).size).toBeGreaterThan(5);
  });

  it('survives fields that are constant, or not finite at all', () => {
    expect(fieldPicture(new Float64Array(4).fill(7), {width: 2, height: 2}).height).toBe(256);
    expect(pixel(fieldPicture(new Float64Array(4).fill(NaN), {width: 2, height: 2}), 3, 3)).toEqual([255, 0, 255]);
    const nan = new Float64Array(4).fill(NaN);
    expect(errorPicture(nan, nan, {width: 2, height: 2, channels: 1}).height).toBe(256);
  });
});

describe('sideBySide', () => {
  const panel = (width: number, height: number, level: number) =>
    ({width, height, channels: 1, data: new Uint8Array(width * height).fill(level)}) as const;

  it('puts pictures in a row under their captions', () => {
    const sheet = sideBySide([
      {caption: 'Truth', picture: panel(60, 40, 10)},
      {caption: 'Error', note: 'max 0.1', picture: panel(30, 20, 200)},
    ]);
    expect(sheet.width).toBe(8 + 60 + 8 + 30 + 8);
    const top = sheet.height - 8 - 40;
    expect(pixel(sheet, 8, top)).toEqual([10, 10, 10]);
    expect(pixel(sheet, 67, top + 39)).toEqual([10, 10, 10]);
    expect(pixel(sheet, 68, top)).toEqual([255, 255, 255]);
    expect(pixel(sheet, 76, top)).toEqual([200, 200, 200]);
    const ink = Array.from({length: 9 * 60}, (_, i) => pixel(sheet, 8 + (i % 60), 8 + Math.floor(i / 60))[0]).filter(
      (level) => level < 100,
    );
    expect(ink.length).toBeGreaterThan(40);
    expect(() => sideBySide([])).toThrow('one panel at least');
  });

  it('cuts a caption that is wider than its picture', () => {
    const sheet = sideBySide([{caption: 'a caption that goes on and on and on', picture: panel(40, 40, 0)}]);
    for (let row = 0; row < sheet.height; row++) expect(pixel(sheet, sheet.width - 3, row)).toEqual([255, 255, 255]);
  });
});

describe('text', () => {
  /** What a text covers, without the empty rows and columns around it. */
  const drawn = (text: string, size = 12) => {
    const {width, height, cover} = textCoverage(text, size);
    const lit = Array.from(cover.keys()).filter((index) => cover[index] > 0);
    const columns = lit.map((index) => index % width);
    const rows = lit.map((index) => Math.floor(index / width));
    return {width, height, cover, lit, columns, rows};
  };

  it('has a glyph of its own for each printable ASCII character, within its box', () => {
    const seen = new Set<string>();
    for (let code = 33; code < 127; code++) {
      const {width, height, cover, columns, rows} = drawn(String.fromCharCode(code));
      expect(Math.min(...columns, ...rows)).toBeGreaterThan(0);
      expect(Math.max(...columns)).toBeLessThan(width - 1);
      expect(Math.max(...rows)).toBeLessThan(height - 1);
      seen.add(JSON.stringify(Array.from(cover)));
    }
    expect(seen.size).toBe(94);
    expect(drawn(' ').lit).toEqual([]);
    expect(textWidth('', 12)).toBe(0);
    expect(Math.abs(textWidth('abc', 12) - textWidth('cba', 12))).toBe(0);
    expect(textWidth('abc', 24)).toBeGreaterThan(1.9 * textWidth('abc', 12));
  });

  it.each(Array.from('≥≤−×π·°Δ∇²³₂ρε→±…⁻⁰αжü'))(
    'has a glyph for %s, and not the box of a character that is missing',
    (character) => {
      expect(drawn(character).lit.length).toBeGreaterThan(2);
      expect(Array.from(drawn(character).cover)).not.toEqual(Array.from(drawn('\u{e123}').cover));
    },
  );

  it('has soft edges, whole insides and nothing inside an o', () => {
    const {width, cover, columns, rows} = drawn('o', 40);
    expect(cover.some((part) => part > 0.2 && part < 0.8)).toBe(true);
    expect(cover.some((part) => part === 1)).toBe(true);
    const middle = Math.round((Math.min(...rows) + Math.max(...rows)) / 2) * width;
    expect(cover[middle + Math.round((Math.min(...columns) + Math.max(...columns)) / 2)]).toBeLessThan(1e-4);
    const area = drawn('█', 40).cover.reduce((sum, part) => sum + part, 0);
    expect(area).toBeGreaterThan(cover.reduce((sum, part) => sum + part, 0));
  });

  it('is clipped by its sheet', () => {
    const sheet = new Sheet(10, 5);
    sheet.text('WWWW', 4, 0, {size: 24, colour: [0, 0, 0]});
    expect(sheet.data).toHaveLength(150);
    expect(Math.min(...sheet.data)).toBeLessThan(60);
  });

  it('is cut where there is no room, and stands where it is aligned', () => {
    const inked = (style: object): number[] => {
      const sheet = new Sheet(200, 20);
      sheet.text('a rather long text', 100, 4, {size: 12, ...style});
      return Array.from({length: 200}, (_, column) => column).filter((column) =>
        Array.from({length: 20}, (_, row) => pixel(sheet, column, row)[0]).some((level) => level < 200),
      );
    };
    const width = textWidth('a rather long text', 12);
    expect(Math.max(...inked({room: 50}))).toBeLessThanOrEqual(150);
    expect(Math.max(...inked({align: 'right', room: 90}))).toBeLessThanOrEqual(100);
    expect(Math.min(...inked({align: 'middle'}))).toBeGreaterThanOrEqual(99 - width / 2);
    expect(Math.max(...inked({align: 'middle'}))).toBeLessThanOrEqual(101 + width / 2);
  });
});

it.each([
  [0, '0'],
  [702937, '702937'],
  [1.23456, '1.23'],
  [0.00012345, '1.23e-4'],
  [-2e-7, '-2e-7'],
  [1e6, '1e6'],
  [12345.678, '12300'],
  [Infinity, 'Infinity'],
])('shortNumber(%d) is %s', (value, text) => expect(shortNumber(value)).toBe(text));
