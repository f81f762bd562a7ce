import {axesPicture, pictureFrames} from '../../lib/pictures/frames';
import {curveFrames} from '../../lib/pictures/plots';
import type {BytePicture} from '../../lib/files/image';

const PLANE = [
  {name: 't', lower: 0, upper: 1, count: 5},
  {name: 'x', lower: -1, upper: 1, count: 3},
] as const;

/** Pixels of exactly this colour. */
function places({data, width}: BytePicture, [r, g, b]: readonly number[]): {x: number; y: number}[] {
  const found: {x: number; y: number}[] = [];
  for (let i = 0; i < data.length / 3; i++) {
    if (data[3 * i] === r && data[3 * i + 1] === g && data[3 * i + 2] === b) found.push({x: i % width, y: Math.floor(i / width)});
  }
  return found;
}

const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const YELLOW = [253, 231, 37];
const VIOLET = [68, 1, 84];
const INK = [28, 30, 33];
const BLUE = [31, 78, 160];
const ORANGE = [246, 178, 107];

describe('a field over two axes', () => {
  it('has its first axis to the right and its second upwards', () => {
    const values = new Float64Array(15);
    values[4 * 3 + 2] = 1; // last t, largest x: the upper right corner
    const picture = axesPicture(values, PLANE, {map: 'gray', range: [0, 1]});
    const black = places(picture, [0, 0, 0]);
    const left = Math.min(...black.map(({x}) => x));
    const top = Math.min(...black.map(({y}) => y));
    // 5 × 3 values enlarged to at least 448 pixels: 90 pixels each; the upper right one is white and the lower left one black.
    const at = (x: number, y: number): number => picture.data[3 * ((top + y) * picture.width + left + x)];
    expect(at(4 * 90 + 45, 45)).toBe(255);
    expect(at(45, 45)).toBe(0);
    expect(at(4 * 90 + 45, 2 * 90 + 45)).toBe(0);
  });

  it('draws the line of a level where the field crosses it', () => {
    const values = Float64Array.from({length: 15}, (_, i) => Math.floor(i / 3) - 1.5); // crosses 0 between the second and third t
    const plain = axesPicture(values, PLANE, {map: 'viridis', range: [10, 20]});
    const lined = axesPicture(values, PLANE, {map: 'viridis', range: [10, 20], contour: 0});
    const before = new Set(places(plain, INK).map(({x, y}) => `${x} ${y}`));
    const line = places(lined, INK).filter(({x, y}) => !before.has(`${x} ${y}`));
    const left = Math.min(...places(plain, VIOLET).map(({x}) => x));
    expect(line.length).toBeGreaterThan(2 * 268);
    expect(Math.max(...line.map(({x}) => Math.abs(x - left - 180)))).toBeLessThanOrEqual(2);
  });

  it('refuses values that do not fill the plane', () => {
    expect(() => axesPicture(new Float64Array(14), PLANE)).toThrow(expect.objectContaining({code: 'INVALID_ARGUMENT'}));
    const thin = [PLANE[0], {...PLANE[1], count: 1}] as const;
    expect(() => axesPicture(new Float64Array(5), thin)).toThrow(expect.objectContaining({code: 'INVALID_ARGUMENT'}));
  });
});

describe('a strip of fields', () => {
  const frame = (value: number): Float64Array => new Float64Array(15).fill(value);

  it('shares the colours of a row between its frames', () => {
    const sheet = pictureFrames(['t = 0', 't = 1'], [{label: 'u', map: 'viridis', frames: [frame(0), frame(1)]}], PLANE);
    // 5 × 3 values, 36 pixels each: the first frame is all violet, the second all yellow, and the bar between both ends has few of them.
    const low = places(sheet, VIOLET);
    const high = places(sheet, YELLOW);
    expect(low.length).toBeGreaterThanOrEqual(180 * 108);
    expect(high.length).toBeGreaterThanOrEqual(180 * 108);
    expect(mean(high.map(({x}) => x)) - mean(low.map(({x}) => x))).toBeGreaterThan(150);
  });

  it('puts rows one below the other', () => {
    const rows = [0, 1].map((value) => ({
      label: String(value),
      map: 'viridis' as const,
      range: [0, 1] as const,
      frames: [frame(value)],
    }));
    const sheet = pictureFrames(['now'], rows, PLANE);
    expect(mean(places(sheet, YELLOW).map(({y}) => y)) - mean(places(sheet, VIOLET).map(({y}) => y))).toBeGreaterThan(90);
  });

  it('refuses rows of another length, and none at all', () => {
    expect(() => pictureFrames(['a', 'b'], [{label: 'u', frames: [frame(0)]}], PLANE)).toThrow(/"u" has 1 frames for 2/);
    expect(() => pictureFrames([], [], PLANE)).toThrow(expect.objectContaining({code: 'INVALID_ARGUMENT'}));
  });
});

describe('a strip of curves', () => {
  const axis = {name: 'x', lower: -1, upper: 1, count: 41} as const;
  const constant = (value: number): Float64Array => new Float64Array(41).fill(value);

  it('draws larger values higher, in every frame on the same scale', () => {
    const sheet = curveFrames(
      [
        {title: 't = 0', curves: [constant(1), constant(0)]},
        {title: 't = 1', curves: [constant(1), constant(0.5)]},
      ],
      axis,
      ['truth', 'solution'],
    );
    const below = (list: {x: number; y: number}[]): {x: number; y: number}[] => list.filter(({y}) => y > 45); // without the legend
    const truth = below(places(sheet, ORANGE));
    const solution = below(places(sheet, BLUE));
    const first = solution.filter(({x}) => x < sheet.width / 2 - 10);
    const second = solution.filter(({x}) => x > sheet.width / 2 + 30);
    expect(first.length).toBeGreaterThan(150);
    expect(second.length).toBeGreaterThan(150);
    const [high, middle, low] = [truth, second, first].map((list) => mean(list.map(({y}) => y)));
    expect(high).toBeLessThan(middle);
    expect((low - middle) / (low - high)).toBeCloseTo(0.5, 1);
  });

  it('leaves out what is not finite', () => {
    const broken = constant(0);
    broken[20] = NaN;
    const sheet = curveFrames([{title: '', curves: [broken]}], axis, ['u']);
    expect(places(sheet, ORANGE).length).toBeGreaterThan(100);
  });

  it('refuses curves of another length, too many, or no frame', () => {
    expect(() => curveFrames([{title: 'now', curves: [new Float64Array(7)]}], axis, ['u'])).toThrow(/"now" needs 1 curves/);
    expect(() => curveFrames([{title: '', curves: []}], axis, ['a', 'b', 'c', 'd'])).toThrow(/too many/);
    expect(() => curveFrames([], axis, ['u'])).toThrow(expect.objectContaining({code: 'INVALID_ARGUMENT'}));
  });
});
