import {psnr, psnrAffine, psnrPaper, ssim, ssimPaper} from '../../lib/imaging/metrics';
import {percentiles} from '../../lib/imaging/percentile';

/** A picture by a formula in exact arithmetic, so that every language computes the same bits. */
function formula(width: number, height: number, channels: number, k: number): Float64Array {
  const data = new Float64Array(width * height * channels);
  let index = 0;
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      for (let q = 0; q < channels; q++, index++)
        data[index] = ((i * i * 7 + j * 13 * (q + 1) + i * j * 3 + k * (i * 5 + j * 11 + q)) % 257) / 256;
    }
  }
  return data;
}

const gray = (width: number, height: number) => ({width, height, channels: 1});

/**
 * Computed with numpy 2 and scikit-image: t = formula(k = 0), p = 1.5 t + 0.25 formula(k = 1) + 3 + 0.5 q for channel q;
 * peak_signal_noise_ratio with data_range = ptp(t) on p, on p + the mean difference of each channel, and on the numpy.linalg.lstsq fit of
 * each channel; psnrPaper and structural_similarity(data_range=1, channel_axis=2) on (clip(p, *percentile(p, [0.01, 99.99])) and t)
 * rescaled to [0, 1].
 */
const REFERENCES = [
  {width: 24, height: 17, channels: 1, none: -10.552052745729348, best: 15.681422735408063, paper: 25.115806033940864, affine: 26.57399712183367, ssim: 0.9769820880673775},
  {width: 19, height: 23, channels: 3, none: -11.810003756781152, best: 16.08685257691765, paper: 13.925975860838333, affine: 26.385164440871005, ssim: 0.7919862006670361},
]; // prettier-ignore

describe.each(REFERENCES)('against scikit-image, $width × $height × $channels', ({width, height, channels, ...expected}) => {
  const shape = {width, height, channels};
  const truth = formula(width, height, channels, 0);
  const other = formula(width, height, channels, 1);
  const prediction = truth.map((value, index) => 1.5 * value + 0.25 * other[index] + 3 + (index % channels) * 0.5);

  it('psnr', () => {
    expect(psnr(prediction, truth, shape, {offset: 'none'})).toBeCloseTo(expected.none, 10);
    expect(psnr(prediction, truth, shape, {offset: 'best'})).toBeCloseTo(expected.best, 10);
  });
  it('psnrPaper', () => expect(psnrPaper(prediction, truth, shape)).toBeCloseTo(expected.paper, 10));
  it('psnrAffine', () => expect(psnrAffine(prediction, truth, shape)).toBeCloseTo(expected.affine, 10));
  it('ssimPaper', () => expect(ssimPaper(prediction, truth, shape)).toBeCloseTo(expected.ssim, 12));
  it('takes float32', () => {
    const single = Float32Array.from(prediction);
    expect(psnrPaper(single, truth, shape)).toBeCloseTo(expected.paper, 4);
    expect(ssimPaper(single, Float32Array.from(truth), shape)).toBeCloseTo(expected.ssim, 5);
  });
});

describe('psnr', () => {
  const truth = Float64Array.of(0, 2, 4, 10);

  it('has the range of the truth as peak', () => {
    const prediction = truth.map((value, index) => value + (index % 2 === 0 ? 1 : -1));
    expect(psnr(prediction, truth, gray(2, 2), {offset: 'none'})).toBeCloseTo(20, 12); // 10² / 1
    const times = (values: Float64Array) => values.map((value) => 7 * value - 3);
    expect(psnr(times(prediction), times(truth), gray(2, 2), {offset: 'none'})).toBeCloseTo(20, 12);
  });

  it('removes a constant only when told to, for each channel its own', () => {
    const moved = truth.map((value) => value + 5);
    expect(psnr(moved, truth, gray(4, 1), {offset: 'best'})).toBe(Infinity);
    expect(psnr(moved, truth, gray(4, 1), {offset: 'none'})).toBeCloseTo(10 * Math.log10(4), 12);
    const colour = Float64Array.of(0, 0, 0, 1, 1, 1);
    const shifted = colour.map((value, index) => value + 2 * (index % 3));
    expect(psnr(shifted, colour, {width: 2, height: 1, channels: 3}, {offset: 'best'})).toBe(Infinity);
    expect(psnr(shifted, colour, gray(6, 1), {offset: 'best'})).toBeLessThan(0);
  });

  it('is −Infinity against a constant truth that is missed', () => {
    expect(psnr(Float64Array.of(1, 2), Float64Array.of(3, 3), gray(2, 1), {offset: 'none'})).toBe(-Infinity);
  });

  it('refuses lengths that do not fit and values that are not finite', () => {
    const none = {offset: 'none'} as const;
    expect(() => psnr(new Float64Array(5), truth, gray(2, 2), none)).toThrow('the prediction has 5 values');
    expect(() => psnr(truth, new Float64Array(5), gray(2, 2), none)).toThrow('the truth has 5 values');
    expect(() => psnr(Float64Array.of(0, 1, NaN, 3), truth, gray(2, 2), none)).toThrow('NaN at row 1, column 0, channel 0');
    expect(() => psnr(truth, truth, {width: 0, height: 4, channels: 1}, none)).toThrow('width 0');
    expect(() => psnr(truth, truth, gray(2, 2), {offset: 'mean'} as never)).toThrow("'best' or 'none'");
  });
});

describe('psnrAffine', () => {
  it('is indifferent to scale and offset, of each channel its own, and to sign', () => {
    const truth = formula(8, 8, 3, 0);
    const noisy = truth.map((value, index) => value + 0.01 * Math.sin(index));
    const shape = {width: 8, height: 8, channels: 3};
    const moved = noisy.map((value, index) => [2, -3, 1e5][index % 3] * value + [1, -50, 1e6][index % 3]);
    expect(psnrAffine(moved, truth, shape)).toBeCloseTo(psnrAffine(noisy, truth, shape), 6);
  });

  it('gives the variance for a prediction without information', () => {
    // The range is 1 and the variance 1/4.
    expect(psnrAffine(new Float64Array(2), Float64Array.of(0, 1), gray(2, 1))).toBeCloseTo(10 * Math.log10(4), 12);
  });
});

describe('psnrPaper', () => {
  it('scores no more than its clipping allows when the prediction is the truth', () => {
    // Values 0 … 10 000 with the percentiles at 1 and 9999: the rescaled value is (v − 1) / 9998 and is compared with v / 10 000.
    const truth = Float64Array.from({length: 10001}, (_, index) => index);
    let sum = 0;
    for (let v = 0; v <= 10000; v++) sum += ((Math.min(9999, Math.max(1, v)) - 1) / 9998 - v / 10000) ** 2;
    expect(psnrPaper(truth, truth, gray(10001, 1))).toBeCloseTo(-10 * Math.log10(sum / 10001), 6);
  });

  it('ignores scale and offset of the prediction', () => {
    const truth = formula(16, 16, 1, 0);
    const prediction = formula(16, 16, 1, 2);
    const moved = prediction.map((value) => 40 * value - 7);
    expect(psnrPaper(moved, truth, gray(16, 16))).toBeCloseTo(psnrPaper(prediction, truth, gray(16, 16)), 9);
  });
});

describe('ssim', () => {
  // So many zeros and ones that no percentile lies between them.
  const squares = Float64Array.from({length: 64 * 64}, (_, index) => ((index >> 3) + (index >> 9)) & 1);

  it('is 1 for equal pictures, and less for others', () => {
    for (const [width, height, channels] of [
      [24, 17, 1],
      [19, 23, 3],
      [7, 7, 1],
    ] as const) {
      const picture = formula(width, height, channels, 0);
      expect(ssim(picture, picture, {width, height, channels})).toBeCloseTo(1, 12);
    }
    const inverted = squares.map((value) => 1 - value);
    expect(ssim(inverted, squares, gray(64, 64))).toBeLessThan(-0.5);
  });

  it('of the paper clips at percentiles: equal pictures score 1 only where they cut nothing off', () => {
    expect(ssimPaper(squares, squares, gray(64, 64))).toBe(1);
    // Two of 20 000 pixels are bright: the prediction is cut off below them, and the truth is not.
    const picture = formula(200, 100, 1, 0).map((value, index) => (index === 5000 || index === 9000 ? 1 : value / 20));
    expect(ssimPaper(picture, picture, gray(200, 100))).toBeLessThan(0.5);
    expect(ssim(picture, picture, gray(200, 100))).toBeCloseTo(1, 12);
  });

  it('is what the formula says of one window, in units of the range of the truth', () => {
    const truth = formula(7, 7, 1, 0);
    const other = truth.map((value, index) => 0.8 * value + 0.1 + 0.05 * Math.sin(index));
    const range = Math.max(...truth) - Math.min(...truth);
    const [x, y] = [other, truth].map((values) => values.map((value) => (value - Math.min(...truth)) / range));
    const mean = (values: Float64Array) => values.reduce((a, b) => a + b) / 49;
    const [mx, my] = [mean(x), mean(y)];
    const covariance = (a: Float64Array, ma: number, b: Float64Array, mb: number) =>
      a.reduce((sum, value, i) => sum + (value - ma) * (b[i] - mb), 0) / 48;
    const expected =
      ((2 * mx * my + 1e-4) * (2 * covariance(x, mx, y, my) + 9e-4)) /
      ((mx * mx + my * my + 1e-4) * (covariance(x, mx, x, mx) + covariance(y, my, y, my) + 9e-4));
    expect(ssim(other, truth, gray(7, 7))).toBeCloseTo(expected, 10);
    const times = (values: Float64Array) => values.map((value) => 300 * value - 40);
    expect(ssim(times(other), times(truth), gray(7, 7))).toBeCloseTo(expected, 10);
  });

  it('needs one window', () => {
    expect(() => ssim(new Float64Array(42), new Float64Array(42), gray(6, 7))).toThrow('7 × 7 pixels at least, not 6 × 7');
  });
});

describe('percentiles', () => {
  it('interpolates as numpy does', () => {
    expect(percentiles([3, 1, 2, 4], [0, 50, 100, 25])).toEqual([1, 2.5, 4, 1.75]); // numpy.percentile([3, 1, 2, 4], ...)
    expect(percentiles([5], [0.01, 99.99])).toEqual([5, 5]);
    expect(percentiles([-1, -10, -2], [50])).toEqual([-2]);
  });
});
