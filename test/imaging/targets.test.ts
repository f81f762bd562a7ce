import fc from 'fast-check';
import type {Image} from '../../lib/imaging/image';
import {differenceTarget, laplacianDifferenceTarget, laplacianTarget, SOBEL_GAIN, sobelTarget} from '../../lib/imaging/targets';

function image(rows: number[][]): Image {
  return {width: rows[0].length, height: rows.length, channels: 1, data: Float64Array.from(rows.flat())};
}

function sampled(width: number, height: number, value: (column: number, row: number) => number): Image {
  const data = Float64Array.from({length: width * height}, (_, index) => value(index % width, Math.floor(index / width)));
  return {width, height, channels: 1, data};
}

describe('sobelTarget', () => {
  it('is 160 times the slope inside a ramp, and 0 on edges that reflect it', () => {
    const ramp = sampled(6, 5, (column, row) => (3 * column + 2 * row) / 64);
    const {gx, gy} = sobelTarget(ramp);
    expect(SOBEL_GAIN).toBe(160);
    for (let row = 0; row < 5; row++) {
      for (let column = 0; column < 6; column++) {
        expect(gx[row * 6 + column]).toBe(column === 0 || column === 5 ? 0 : (160 * 3) / 64);
        expect(gy[row * 6 + column]).toBe(row === 0 || row === 4 ? 0 : (160 * 2) / 64);
      }
    }
  });

  it('equals the kernels applied by hand', () => {
    // Centre of [[1, 2, 4], [8, 0, 16], [32, 64, 128]] / 256: x (4 − 1) + 2 (16 − 8) + (128 − 32), y (32 − 1) + 2 (64 − 2) + (128 − 4).
    const {gx, gy} = sobelTarget(image([[1, 2, 4], [8, 0, 16], [32, 64, 128]].map((row) => row.map((v) => v / 256)))); // prettier-ignore
    expect(gx[4]).toBe((20 * 115) / 256);
    expect(gy[4]).toBe((20 * 279) / 256);
    // Row 0, column 1: the row above is row 1 again: (16 − 8) + 2 (4 − 1) + (16 − 8), and y is 0 by symmetry.
    expect(gx[1]).toBe((20 * 22) / 256);
    expect(gy[1]).toBe(0);
  });

  it('takes 2 × 2 and no less', () => {
    expect(Array.from(sobelTarget(image([[0, 1], [1, 0]])).gx)).toEqual([0, 0, 0, 0]); // prettier-ignore
    expect(() => sobelTarget(image([[0, 1]]))).toThrow('2 × 1 pixels large: for Sobel gradients give one of 2 × 2 at least');
  });

  it('takes the channel it is told', () => {
    const colour: Image = {
      width: 3,
      height: 2,
      channels: 3,
      data: Float64Array.from({length: 18}, (_, i) => (i % 3) * Math.floor(i / 3) * 0.01),
    };
    const gray = sampled(3, 2, (column, row) => 2 * (3 * row + column) * 0.01);
    expect(sobelTarget(colour, 2)).toEqual(sobelTarget(gray));
    expect(Array.from(sobelTarget(colour, 0).gx)).toEqual(new Array(6).fill(0));
    expect(() => sobelTarget(colour, 3)).toThrow('no channel 3');
  });
});

describe('differenceTarget', () => {
  it('equals differences by hand', () => {
    const {dx, dy} = differenceTarget(image([[1, 4, 2], [0, 8, 16]].map((row) => row.map((v) => v / 16)))); // prettier-ignore
    expect(Array.from(dx, (value) => value * 16)).toEqual([3, -2, 8, 8]);
    expect(Array.from(dy, (value) => value * 16)).toEqual([-1, 4, 14]);
  });

  it('determines the image: its sums give it back', () => {
    fc.assert(
      fc.property(
        fc.integer({min: 2, max: 7}),
        fc.integer({min: 2, max: 7}),
        fc.array(fc.nat(255), {minLength: 49, maxLength: 49}),
        (w, h, levels) => {
          const picture = sampled(w, h, (column, row) => levels[row * w + column] / 256);
          const {dx, dy} = differenceTarget(picture);
          for (let row = 0; row < h; row++) {
            for (let column = 0; column < w; column++) {
              let value = picture.data[0];
              for (let i = 0; i < row; i++) value += dy[i * w];
              for (let j = 0; j < column; j++) value += dx[row * (w - 1) + j];
              expect(value).toBe(picture.data[row * w + column]); // exact in binary fractions
            }
          }
        },
      ),
    );
  });
});

describe('Laplacians', () => {
  const bowl = sampled(6, 5, (column, row) => (column * column + 2 * row * row) / 256);

  it('are the constant 6 inside x² + 2y²', () => {
    expect(new Set(laplacianDifferenceTarget(bowl))).toEqual(new Set([6 / 256]));
    expect(laplacianDifferenceTarget(bowl)).toHaveLength(3 * 4);
    const target = laplacianTarget(bowl);
    for (let row = 1; row < 4; row++)
      for (let column = 1; column < 5; column++) expect(target[row * 6 + column]).toBeCloseTo((2e4 * 6) / 256, 9);
  });

  it('reflects without repeating the edge', () => {
    const target = laplacianTarget(image([[1, 2, 4], [8, 0, 16], [32, 64, 128]].map((row) => row.map((v) => v / 256)))); // prettier-ignore
    expect(target[4]).toBe((2e4 * (2 + 8 + 16 + 64)) / 256);
    expect(target[0]).toBe((2e4 * (2 + 2 + 8 + 8 - 4)) / 256);
    expect(target[5]).toBe((2e4 * (4 + 128 + 0 + 0 - 64)) / 256);
  });

  it('vanishes in a ramp', () => {
    const ramp = sampled(5, 4, (column, row) => (2 * column + row) / 64);
    expect(new Set(laplacianDifferenceTarget(ramp))).toEqual(new Set([0]));
  });

  it('need 3 × 3', () => {
    const small = sampled(2, 3, () => 0);
    expect(() => laplacianTarget(small)).toThrow('3 × 3 at least');
    expect(() => laplacianDifferenceTarget(small)).toThrow('3 × 3 at least');
  });
});

it.each([sobelTarget, differenceTarget, laplacianTarget, laplacianDifferenceTarget])(
  '%p names the pixel that is not finite',
  (target) => {
    const data = new Float64Array(4 * 4 * 3);
    data[(2 * 4 + 1) * 3 + 2] = Infinity;
    const wrong: Image = {width: 4, height: 4, channels: 3, data};
    expect(() => target(wrong)).toThrow('Infinity at row 2, column 1, channel 2');
  },
);
