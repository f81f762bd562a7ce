/** Windows of time: their splines, and what they hand over. */
import {concatenated, windowKnots} from '../../lib/march/concatenate';
import {joined, slicesOf} from '../../lib/march/parameters';
import {roughness} from '../../lib/march/roughness';
import {WINDOW_CELLS, WindowAxis} from '../../lib/march/window-axis';

/** Coefficients of 1, t, … of one polynomial at one place. */
const taylor = (...coefficients: number[]): Float64Array[] => coefficients.map((one) => Float64Array.of(one));

describe('the axis of a window', () => {
  const axis = new WindowAxis(7);

  test('holds polynomials, and is not wrong about them', () => {
    const window = axis.polynomial(taylor(1, -2, 0.5, 3));
    expect(window).toHaveLength(WINDOW_CELLS + 7);
    expect(window[0][0]).toBe(1);
    expect(window[window.length - 1][0]).toBeCloseTo(2.5, 13);
    expect(axis.error(window)[0]).toBeLessThan(1e-12);
  });

  test.each([0.3, 1, 2.5])('goes on as it ends, %d times as long', (ratio) => {
    // p(t) = 2 - t + t^2/2 + t^3 from t = 0 on is p(1 + ratio t) from t = 1 on.
    const p = (t: number): number => 2 - t + t ** 2 / 2 + t ** 3;
    const next = axis.continued(axis.polynomial(taylor(2, -1, 0.5, 1)), ratio);
    expect(next[0][0]).toBeCloseTo(p(1), 13);
    expect(next[next.length - 1][0]).toBeCloseTo(p(1 + ratio), 10);
  });

  test('is as wrong as the best splines are, to a constant', () => {
    // Splines of degree 7 on halves of a window of sin(w t), by what the jump of their derivative 7 would be.
    const error = (w: number): number => {
      const window = axis.polynomial(taylor(0, w, 0, -(w ** 3) / 6));
      return axis.error(window)[0];
    };
    expect(error(1)).toBeLessThan(1e-12);
    const unsmooth = Array.from({length: axis.nodes}, (_, i) => Float64Array.of(i === 4 ? 1 : 0));
    expect(axis.error(unsmooth)[0]).toBeGreaterThan(1e-3);
  });
});

describe('windows one after another', () => {
  test('are one spline, continuous where they meet', () => {
    expect(windowKnots(0, [1, 3], 3)).toEqual([0, 0.5, 1, 1, 1, 2, 3]);
    const windows = [
      [1, 2, 3],
      [3, 4, 5],
    ].map((window) => window.map((value) => Float64Array.of(value)));
    expect(concatenated(windows).map(([value]) => value)).toEqual([1, 2, 3, 4, 5]);
  });

  test.each([0, 1, 2])('parameters are slices along axis %i, and back', (axis) => {
    const shape = {nodes: [2, 3, 4], unknowns: 2};
    const parameters = Float64Array.from({length: 48}, (_, i) => i);
    const slices = slicesOf(parameters, shape, axis);
    expect(slices.map((list) => list.length)).toEqual([shape.nodes[axis], shape.nodes[axis]]);
    expect(joined(slices, shape, axis)).toEqual(parameters);
  });
});

describe('roughness', () => {
  const even = Array.from({length: 33}, (_, i) => i / 32);
  const uneven = even.flatMap((end, i) => (i > 10 && i <= 16 ? [(even[i - 1] + end) / 2, end] : [end]));

  test.each([
    ['even', even],
    ['uneven', uneven],
  ])('is that of rounding for what splines hold, on %s cells', (_, breaks) => {
    const constant = new Float64Array(breaks.length - 1 + 5).fill(3);
    expect(roughness(constant, [{breaks, periodic: false}], 5).worst).toBeLessThan(1e-12);
    const ring = new Float64Array(breaks.length - 1).fill(3);
    expect(roughness(ring, [{breaks, periodic: true}], 5).worst).toBeLessThan(1e-12);
  });

  test('is where a solution jumps', () => {
    const jump = Float64Array.from({length: 37}, (_, i) => (i < 18 ? 0 : 1));
    const {worst, cells} = roughness(jump, [{breaks: even, periodic: false}], 5);
    expect(worst).toBeGreaterThan(1e-3);
    const largest = cells[0].indexOf(Math.max(...cells[0]));
    expect(Math.abs(largest - 16)).toBeLessThanOrEqual(3);
  });

  test('is looked for along each axis', () => {
    const wave = Float64Array.from({length: 37 * 8}, (_, i) => Math.cos(Math.floor(i / 8) * 2.5));
    const along = [
      {breaks: even, periodic: false},
      {breaks: [0, 0.25, 0.5, 1], periodic: false},
    ];
    const {cells} = roughness(wave, along, 5);
    expect(Math.max(...cells[0])).toBeGreaterThan(1e3 * Math.max(...cells[1]));
  });
});
