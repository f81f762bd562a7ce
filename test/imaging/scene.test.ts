import {toGray} from '../../lib/imaging/image';
import {renderScene} from '../../lib/imaging/scene/scene';

/** Bit for bit; comparing so many numbers one by one through `expect` would take seconds. */
function same(a: Float64Array, b: Float64Array): boolean {
  return Buffer.from(a.buffer).equals(Buffer.from(b.buffer));
}

describe('renderScene', () => {
  const scene = renderScene(128);

  it('fills [0, 1] from nearly black to nearly white', () => {
    expect([scene.width, scene.height, scene.channels, scene.data.length]).toEqual([128, 128, 1, 128 * 128]);
    const [low, high] = [scene.data.reduce((a, b) => Math.min(a, b)), scene.data.reduce((a, b) => Math.max(a, b))];
    expect(low).toBeGreaterThanOrEqual(0);
    expect(low).toBeLessThan(0.06);
    expect(high).toBeLessThanOrEqual(1);
    expect(high).toBeGreaterThan(0.9);
  });

  it('is the same each time, and another for another seed', () => {
    expect(same(renderScene(128).data, scene.data)).toBe(true);
    expect(same(renderScene(128, 7).data, scene.data)).toBe(true);
    expect(same(renderScene(128, {seed: 8}).data, scene.data)).toBe(false);
  });

  it('is the same picture on every machine', () => {
    // Levels of some pixels, printed on x86-64 with Node 20; sines and exponentials may differ in their last bits between engines, so one level is allowed.
    const places = [[4, 4], [20, 64], [60, 20], [64, 100], [66, 90], [72, 70], [80, 40], [100, 46], [112, 66], [118, 12], [125, 90]]; // prettier-ignore
    const levels = places.map(([row, column]) => Math.round(scene.data[row * 128 + column] * 255));
    const expected = [136, 135, 192, 9, 46, 53, 109, 168, 69, 31, 26];
    expect(levels).toHaveLength(expected.length);
    levels.forEach((level, index) => expect(Math.abs(level - expected[index])).toBeLessThanOrEqual(1));
  });

  it('has a colour version, of which the gray one is the luma', () => {
    const colour = renderScene(48, {channels: 3});
    expect([colour.channels, colour.data.length]).toEqual([3, 48 * 48 * 3]);
    expect(same(toGray(colour).data, renderScene(48).data)).toBe(true);
    const spread = colour.data.reduce(
      (most, value, i) => (i % 3 === 2 ? Math.max(most, Math.abs(value - colour.data[i - 2])) : most),
      0,
    );
    expect(spread).toBeGreaterThan(0.3);
  });

  it('has smooth parts, texture and edges', () => {
    const {data, width} = scene;
    const jump = (top: number, left: number, size: number) => {
      let [sum, most] = [0, 0];
      for (let row = top; row < top + size; row++) {
        for (let column = left; column < left + size; column++) {
          const difference = Math.abs(data[row * width + column + 1] - data[row * width + column]);
          sum += difference / size ** 2;
          most = Math.max(most, difference);
        }
      }
      return {mean: sum, most};
    };
    expect(jump(30, 60, 8).mean).toBeLessThan(0.02); // in the sky: little but grain
    expect(jump(94, 36, 12).most).toBeLessThan(0.1); // on the ball: shading, no edge
    expect(jump(82, 3, 7).mean).toBeGreaterThan(2 * jump(30, 60, 8).mean); // in the grass
    expect(jump(42, 94, 10).most).toBeGreaterThan(0.3); // at the edge of the camera
  });

  it.each([[15], [8193], [100.5], [NaN]])('refuses size %d', (size) => {
    expect(() => renderScene(size)).toThrow('give an integer from 16 to 8192');
  });

  it('refuses other channels and seeds', () => {
    expect(() => renderScene(32, {channels: 2 as never})).toThrow('channels 1 or 3');
    expect(() => renderScene(32, 0.5)).toThrow('the seed is 0.5');
  });
});
