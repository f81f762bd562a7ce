import type {BytePicture} from '../../lib/files/image';
import {latticePicture} from '../../lib/pictures/field-pictures';
import {linePicture} from '../../lib/pictures/plots';

const axis = (name: string, count: number, lower = 0, upper = 1) => ({name, lower, upper, count});

/** Pixels of a colour: how many, and the mean of their columns and rows. */
function found(picture: BytePicture, match: (r: number, g: number, b: number) => boolean) {
  let [count, x, y] = [0, 0, 0];
  for (let i = 0; i < picture.width * picture.height; i++) {
    const [r, g, b] = picture.data.subarray(3 * i, 3 * i + 3);
    if (!match(r, g, b)) continue;
    count++;
    x += i % picture.width;
    y += Math.floor(i / picture.width);
  }
  return {count, x: x / count, y: y / count};
}
const blue = (r: number, g: number, b: number): boolean => r < 60 && g < 130 && b > 150;
/** The brightest end of viridis, which no caption has; the colour bar is thin. */
const yellow = (r: number, g: number, b: number): boolean => r > 240 && g > 215 && b < 60;

describe('one coordinate', () => {
  it('is a curve at the height of its values', () => {
    const low = found(linePicture(axis('x', 11), [{label: '', values: new Float64Array(11).fill(0.1)}], [0, 1]), blue);
    const high = found(linePicture(axis('x', 11), [{label: '', values: new Float64Array(11).fill(0.9)}], [0, 1]), blue);
    expect(low.count).toBeGreaterThan(500);
    expect(low.y - high.y).toBeGreaterThan(200);
  });
  it('leaves a gap where a value is not finite', () => {
    const values = new Float64Array(101).fill(0.5);
    const whole = found(linePicture(axis('x', 101), [{label: '', values}], [0, 1]), blue).count;
    values.fill(NaN, 20, 80);
    expect(found(linePicture(axis('x', 101), [{label: '', values}], [0, 1]), blue).count).toBeLessThan(0.6 * whole);
  });
  it('can be constant', () => {
    expect(latticePicture(new Float64Array(5), [axis('x', 5)], {caption: 'u'}).width).toBeGreaterThan(500);
  });
});

describe('two coordinates', () => {
  it('go to the right and upwards', () => {
    const [nx, ny] = [41, 31];
    const values = Float64Array.from({length: nx * ny}, (_, i) => (Math.floor(i / ny) > 30 && i % ny < 8 ? 1 : 0));
    const picture = latticePicture(values, [axis('x', nx), axis('y', ny)], {caption: 'u'});
    const corner = found(picture, yellow);
    expect(corner.x).toBeGreaterThan(0.55 * picture.width);
    expect(corner.y).toBeGreaterThan(0.6 * picture.height);
  });
  it('keep lengths to scale, time apart', () => {
    const values = Float64Array.from({length: 441}, (_, i) => i);
    const wide = latticePicture(values, [axis('x', 21, 0, 2), axis('y', 21)], {caption: 'u'});
    const time = latticePicture(values, [axis('t', 21, 0, 2), axis('y', 21)], {caption: 'u'});
    expect(wide.height).toBeLessThan(0.7 * time.height);
  });
});

describe('three coordinates', () => {
  it('are three slices across the first with one colour map', () => {
    const n = 9;
    const values = Float64Array.from({length: n ** 3}, (_, i) => Math.floor(i / (n * n)));
    const picture = latticePicture(values, [axis('t', n), axis('x', n), axis('y', n)], {caption: 'u'});
    expect(picture.width).toBeGreaterThan(3 * picture.height * 0.9);
    const last = found(picture, yellow);
    expect(last.count).toBeGreaterThan(400 * 390);
    expect(last.x).toBeGreaterThan(0.65 * picture.width);
  });
});

it('refuses values that do not fit the lattice', () => {
  expect(() => latticePicture(new Float64Array(5), [axis('x', 4)], {caption: 'u'})).toThrow(/5 values.*4 points/);
});
