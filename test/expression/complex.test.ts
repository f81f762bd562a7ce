import {complex, evaluateExpression, symbols, toText} from '../../lib/expression';
import type {Complex} from '../../lib/expression/complex';

const scope = {coordinates: ['x', 'y'], unknowns: ['u', 'v'], uniforms: ['k']};
const {x, y, k, u, v} = symbols(scope);
const A = complex.of(x, y);
const B = complex.of(u, v);

/** Numbers of every sign and size that matter here. */
const POINTS = [
  {x: 0.7, y: -1.3, u: 2.5, v: 0.4, k: 3},
  {x: -2, y: 0.25, u: -0.1, v: -7, k: 0.5},
  {x: 0, y: 1, u: 1e-3, v: 40, k: -2},
];
type Pair = readonly [number, number];
const times = ([a, b]: Pair, [c, d]: Pair): Pair => [a * c - b * d, a * d + b * c];

function values({re, im}: Complex, at: Record<string, number>): Pair {
  return [evaluateExpression(re, at), evaluateExpression(im, at)];
}

/** Whether a complex expression has these values everywhere. */
function expectValues(found: Complex, expected: (a: Pair, b: Pair, at: (typeof POINTS)[0]) => Pair): void {
  for (const at of POINTS) {
    const [re, im] = values(found, at);
    const [a, b] = expected([at.x, at.y], [at.u, at.v], at);
    expect(re).toBeCloseTo(a, 10);
    expect(im).toBeCloseTo(b, 10);
  }
}

describe('complex arithmetic', () => {
  it('adds, subtracts, negates, conjugates and scales', () => {
    expectValues(complex.add(A, B), ([a, b], [c, d]) => [a + c, b + d]);
    expectValues(complex.sub(A, B), ([a, b], [c, d]) => [a - c, b - d]);
    expectValues(complex.neg(A), ([a, b]) => [-a, -b]);
    expectValues(complex.conj(A), ([a, b]) => [a, -b]);
    expectValues(complex.scale(k, A), ([a, b], _, at) => [at.k * a, at.k * b]);
  });

  it('multiplies and divides', () => {
    expectValues(complex.mul(A, B), times);
    expectValues(complex.mul(complex.div(A, B), B), (a) => a);
    expectValues(complex.div(1, B), (_, [c, d]) => [c / (c * c + d * d), -d / (c * c + d * d)]);
  });

  it('has exponentials and magnitudes', () => {
    expectValues(complex.exp(A), ([a, b]) => [Math.exp(a) * Math.cos(b), Math.exp(a) * Math.sin(b)]);
    expectValues(complex.expI(y), ([, b]) => [Math.cos(b), Math.sin(b)]);
    for (const at of POINTS) {
      expect(evaluateExpression(complex.abs2(A), at)).toBeCloseTo(at.x ** 2 + at.y ** 2, 12);
      expect(evaluateExpression(complex.abs(A), at)).toBeCloseTo(Math.hypot(at.x, at.y), 12);
    }
  });

  it('takes real operands for complex ones, and leaves no zeros behind', () => {
    expect(toText(complex.mul(complex.I, complex.I).re)).toBe('-1');
    expect(complex.mul(complex.I, complex.I).im).toMatchObject({kind: 'constant', value: 0});
    expect(toText(complex.mul(x, complex.of(u, v)).re)).toBe('x*u');
    expect(toText(complex.add(complex.I, u).im)).toBe('1');
    expect(toText(complex.mul(complex.I, B).re)).toBe('-v');
  });

  it('differentiates part by part: d exp(ikx)/dx = ik exp(ikx)', () => {
    const wave = complex.expI(symbolsProduct());
    expectValues(complex.d(wave, 'x'), (_, __, at) => times([0, at.k], [Math.cos(at.k * at.x), Math.sin(at.k * at.x)]));
    expectValues(complex.d(wave, 'x', 2), (_, __, at) =>
      times([-(at.k ** 2), 0], [Math.cos(at.k * at.x), Math.sin(at.k * at.x)]),
    );
    expect(complex.d(B, 'y').im).toMatchObject({kind: 'derivative', unknown: 'v', orders: {y: 1}});
  });

  it('makes two real equations of a complex one', () => {
    expect(complex.equations(complex.mul(complex.I, B), complex.of(x, y)).map((side) => toText(side))).toEqual([
      '-v - x',
      'u - y',
    ]);
  });

  it('refuses what is no number', () => {
    expect(() => complex.of('x' as never)).toThrow(expect.objectContaining({code: 'INVALID_ARGUMENT'}));
    expect(() => complex.add({} as never, 1)).toThrow(expect.objectContaining({code: 'INVALID_ARGUMENT'}));
    expect(() => complex.of(NaN)).toThrow(expect.objectContaining({code: 'INVALID_ARGUMENT'}));
  });
});

function symbolsProduct() {
  return complex.mul(k, x).re;
}
