import {phasePicture} from '../../lib/pictures/phase';

const pixel = ({width, data}: {width: number; data: Uint8Array}, column: number, row: number): number[] =>
  Array.from(data.subarray(3 * (row * width + column), 3 * (row * width + column) + 3));

/** A row of unit numbers with these phases in degrees. */
function turned(degrees: readonly number[], size = 1): [Float64Array, Float64Array] {
  const at = (f: (angle: number) => number) => Float64Array.from(degrees, (angle) => size * f((angle * Math.PI) / 180));
  return [at(Math.cos), at(Math.sin)];
}

describe('phasePicture', () => {
  it('gives red, green and blue to the thirds of a turn, whatever sign of the angle', () => {
    const picture = phasePicture(...turned([0, 120, 240, -120]), {width: 4, height: 1}, {wheel: false});
    expect([picture.width, picture.height]).toEqual([256, 64]);
    const [red, green, blue, alsoBlue] = [0, 1, 2, 3].map((i) => pixel(picture, 64 * i + 32, 32));
    expect(red).toEqual([255, 64, 64]);
    expect(green).toEqual([64, 255, 64]);
    expect(blue).toEqual([64, 64, 255]);
    expect(alsoBlue).toEqual(blue);
  });

  it('turns magnitude into brightness, relative to the largest, and clips at one that is given', () => {
    const re = Float64Array.of(0, 1, 4);
    const im = new Float64Array(3);
    const shape = {width: 3, height: 1};
    const reds = (options: object) => {
      const picture = phasePicture(re, im, shape, {wheel: false, ...options});
      return [0, 1, 2].map((i) => pixel(picture, Math.floor((picture.width / 3) * (i + 0.5)), 10)[0]);
    };
    expect(reds({})).toEqual([0, 128, 255]); // the root of a quarter
    expect(reds({gamma: 1})).toEqual([0, 64, 255]);
    expect(reds({gamma: 1, magnitude: 2})).toEqual([0, 128, 255]);
  });

  it('never exceeds a byte and is continuous around the circle', () => {
    const degrees = Array.from({length: 360}, (_, i) => i);
    const {data} = phasePicture(...turned(degrees), {width: 360, height: 1}, {wheel: false});
    for (let i = 0; i < 360; i++) {
      const next = (i + 1) % 360;
      for (let c = 0; c < 3; c++) expect(Math.abs(data[3 * i + c] - data[3 * next + c])).toBeLessThan(8);
      expect(Math.max(data[3 * i], data[3 * i + 1], data[3 * i + 2])).toBeGreaterThan(220);
    }
  });

  it('shows what is not finite in magenta', () => {
    const picture = phasePicture(Float64Array.of(NaN, 1), Float64Array.of(0, 0), {width: 2, height: 1}, {wheel: false});
    expect(pixel(picture, 0, 0)).toEqual([255, 0, 255]);
  });

  it('has a wheel on its right that says what the colours mean, with 90° on top', () => {
    const field = turned(Array.from({length: 256 * 256}, () => 0));
    const plain = phasePicture(...field, {width: 256, height: 256}, {wheel: false});
    const keyed = phasePicture(...field, {width: 256, height: 256});
    expect(keyed.width).toBeGreaterThan(plain.width + 48);
    // The greenest pixel of the key lies in its upper left: 120°.
    let best = {column: 0, row: 0, green: -1};
    let redRow = 0;
    let redness = -1;
    for (let row = 0; row < keyed.height; row++) {
      for (let column = plain.width; column < keyed.width; column++) {
        const [r, g, b] = pixel(keyed, column, row);
        if (g - r - b > best.green) best = {column, row, green: g - r - b};
        if (r - g - b > redness) [redness, redRow] = [r - g - b, row];
      }
    }
    expect(best.green).toBeGreaterThan(100);
    expect(best.row).toBeLessThan(redRow);
  });

  it('survives a field of zeros and refuses wrong options', () => {
    const zero = new Float64Array(4);
    expect(phasePicture(zero, zero, {width: 2, height: 2}, {wheel: false}).data.every((value) => value === 0)).toBe(true);
    expect(() => phasePicture(zero, zero, {width: 2, height: 2}, {magnitude: 0})).toThrow('magnitude');
    expect(() => phasePicture(zero, zero, {width: 2, height: 2}, {gamma: NaN})).toThrow('gamma');
    expect(() => phasePicture(zero, new Float64Array(3), {width: 2, height: 2})).toThrow('imaginary');
  });
});
