/** The wave of a point source in an absorbing layer (paper, section 4.2): the Helmholtz equation with perfectly matched layers. */
import * as complex from '../expression/complex';
import type {Complex} from '../expression/complex';
import {derivative} from '../expression/node';
import type {Equation} from '../expression/equation';
import {eq, resolve} from '../expression/equation';
import type {Decoder, Grid, Network} from '../pose/field';
import {percentiles} from '../imaging/percentile';
import type {Problem} from '../pose/problem';
import {problem} from '../pose/problem';
import {term} from '../pose/term';
import {gauss, lattice, linspace, stratified} from '../pose/sampling';
import type {Solution} from '../solve/solution';
import {ERROR_HINTS} from '../cases/metrics';
import {hankel2} from './hankel';

/** Width of the absorbing layer at each side of [−1, 1]², and where the free wave is judged: what lies inside of it. */
export const LAYER = 0.5;
/** Variance of the source, a normalised Gaussian density at the origin. */
const VARIANCE = 1e-4;
/** Below this density a sample does not count as one of the source (the authors' threshold). */
const SOURCE_THRESHOLD = 1e-5;
/** Nearer to the source than this the wave is not judged: there it is no point. */
const NEAREST = 0.05;
/** Boxes an axis of the authors' stratified samples. */
export const BOXES = 256;
/** Points an axis on [−1, 1] where the result is taken. */
export const TAKEN = 401;
const SCOPE = {coordinates: ['x', 'y'], unknowns: ['u', 'v'], uniforms: ['k']};

/** u + iv, the unknown. */
const WAVE: Complex = complex.of(derivative('u'), derivative('v'));
/** The source: the same density in the real and in the imaginary part. */
const DENSITY_TEXT = `exp(-(x^2 + y^2)/${2 * VARIANCE})/(2*pi*${VARIANCE})`;
const DENSITY = resolve(DENSITY_TEXT, SCOPE);
const SOURCE: Complex = complex.of(DENSITY, DENSITY);

/**
 * The complex stretching e = 1 − i s/k of a coordinate, s = 5k((d_w/0.5)² + (d_e/0.5)²) with the depths d in the layers west and
 * east: a wave exp(−ikr) that runs outwards is damped by exp(−∫s) and, at any angle, not reflected.
 */
function stretching(axis: 'x' | 'y'): Complex {
  const inner = 1 - LAYER;
  return complex.of(1, resolve(`-5*((max(0, -${inner} - ${axis})/${LAYER})^2 + (max(0, ${axis} - ${inner})/${LAYER})^2)`, SCOPE));
}

/** ∂x(e_y/e_x ∂x w) + ∂y(e_x/e_y ∂y w) + e_x e_y k² w = source, the authors' form, as two real residuals. */
function divergenceForm(): readonly Equation[] {
  const ex = stretching('x');
  const ey = stretching('y');
  const flux = (across: Complex, along: Complex, axis: string): Complex =>
    complex.d(complex.mul(complex.div(across, along), complex.d(WAVE, axis)), axis);
  const spread = complex.add(flux(ey, ex, 'x'), flux(ex, ey, 'y'));
  const left = complex.add(spread, complex.mul(complex.mul(ex, ey), complex.scale(resolve('k^2', SCOPE), WAVE)));
  // The authors weigh the samples at the source by their number over 1000.
  const weight = resolve(`where(${DENSITY_TEXT} > ${SOURCE_THRESHOLD}, ${BOXES ** 2 / 1000}, 1)`, SCOPE);
  return complex.equations(left, SOURCE).map((residual) => eq`${weight}*${residual}`);
}

/**
 * The same divided by e_x e_y: ∂̃x²w + ∂̃y²w + k²w = source, ∂̃ = (1/e) ∂, since the source lies where e = 1. Its rows weigh the
 * layers, where e is large, no more than the wave, which least squares needs.
 */
function stretchedForm(): readonly Equation[] {
  const twice = (axis: 'x' | 'y'): Complex => {
    const once = (w: Complex): Complex => complex.div(complex.d(w, axis), stretching(axis));
    return once(once(WAVE));
  };
  const left = complex.add(complex.add(twice('x'), twice('y')), complex.scale(resolve('k^2', SCOPE), WAVE));
  return complex.equations(left, SOURCE).map((residual) => eq`${residual}`);
}

/**
 * Gauss points a cell and axis: 2, or as many as put 256 on an axis. Fewer miss part of the source, of width 0.01: at 64 cells 2 points
 * gave a wave too strong by 14 %.
 */
export function gaussPoints(resolution: number): number {
  return Math.min(8, Math.max(2, Math.ceil(256 / resolution)));
}

/**
 * The wave problem on [−1, 1]².
 *
 * @param preset `paper`: the authors' form, samples, loss (the sum of absolute residuals) and no border condition. `fast`: the stretched
 *   form at Gauss points, squared, and w = 0 on the border, where the layer has left nothing.
 * @param network in place of the grid, which then only says how densely the Gauss points lie.
 */
export function helmholtz(
  preset: 'paper' | 'fast',
  wavenumber: number,
  grid: Grid,
  decoder: Decoder,
  network?: Network,
): Problem {
  const border = '(1 - x^2)*(1 - y^2)';
  const cells = grid.resolution as number;
  return problem({
    domain: {y: [-1, 1], x: [-1, 1]},
    unknowns: ['u', 'v'],
    ...(network === undefined ? {field: grid, decoder} : {field: network}),
    uniforms: {k: wavenumber},
    lift: preset === 'fast' ? {u: `${border}*u`, v: `${border}*v`} : {},
    terms: [
      preset === 'fast'
        ? term(gauss(gaussPoints(cells), {cells}), stretchedForm(), {name: 'wave'})
        : // The weight undoes the mean over samples.
          term(stratified(BOXES), divergenceForm(), {name: 'wave', loss: 'abs', weight: BOXES ** 2}),
    ],
  });
}

/** (1 + i)·(i/4) H₀⁽²⁾(kr): what the source radiates into free space, were it a point. */
export function pointWave(wavenumber: number, r: number): {re: number; im: number} {
  const {re, im} = hankel2(wavenumber * r);
  return {re: -(re + im) / 4, im: (re - im) / 4};
}

/** A solution beside the point wave. */
export interface MeasuredWave {
  /** Places along an axis of the whole domain, and both parts there, shape (y, x). */
  readonly axis: Float64Array;
  readonly u: Float64Array;
  readonly v: Float64Array;
  /** The judged square, in which the layers have no part: points an axis, and both waves there, shape (y, x). */
  readonly side: number;
  readonly found: Parts;
  readonly truth: Parts;
  /** Indices into the square of what is judged: all but the source itself. */
  readonly judged: readonly number[];
  /** The complex number times which the solution is nearest to the truth. */
  readonly scale: {readonly re: number; readonly im: number};
  readonly metrics: Record<keyof typeof WAVE_HINTS, number>;
}

/** The wave on the whole domain, and its errors against {@link pointWave} where the layers have no part. */
export async function measureWave(solution: Solution, wavenumber: number): Promise<MeasuredWave> {
  const axis = linspace(-1, 1, TAKEN);
  const {u, v} = await solution.evaluate(lattice([axis, axis]));
  const first = axis.findIndex((value) => value >= LAYER - 1 - 1e-12);
  const side = TAKEN - 2 * first;
  const at = (i: number): number => (first + Math.floor(i / side)) * TAKEN + first + (i % side);
  const found = {
    re: Float64Array.from({length: side ** 2}, (_, i) => u[at(i)]),
    im: Float64Array.from({length: side ** 2}, (_, i) => v[at(i)]),
  };
  const truth = {re: new Float64Array(side ** 2), im: new Float64Array(side ** 2)};
  const judged: number[] = [];
  for (let i = 0; i < side ** 2; i++) {
    const r = Math.hypot(axis[first + (i % side)], axis[first + Math.floor(i / side)]);
    const wave = pointWave(wavenumber, Math.max(r, NEAREST)); // at the source itself it is infinite
    truth.re[i] = wave.re;
    truth.im[i] = wave.im;
    if (r > NEAREST) judged.push(i);
  }
  return {axis, u, v, side, found, truth, judged, ...compare(found, truth, judged)};
}

/** Hints of the metrics of {@link measureWave}. */
export const WAVE_HINTS = {
  relativeL2: `${ERROR_HINTS.relativeL2}, after the best complex scale, within the layers and beyond ${NEAREST} of the source`,
  relativeL2Unscaled: 'the same without the scale',
  maxError: `${ERROR_HINTS.maxError}, after the same scale, at the same points`,
  meanAbsoluteErrorPaper: "mean absolute difference of both parts after the authors' rescaling by percentiles",
  scale: 'modulus of the best complex scale: near 1, less what the width of the source adds',
  scaleAngle: 'its angle in degrees',
} as const;

/** Real and imaginary parts of a wave at several points. */
export interface Parts {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/**
 * Errors after the one complex scale that fits best: the source's width alone scales the far field, by exp(k²σ²/2) = 1.02 at k = 20.
 */
function compare(found: Parts, truth: Parts, judged: readonly number[]): Pick<MeasuredWave, 'metrics' | 'scale'> {
  let re = 0;
  let im = 0;
  let square = 0;
  let truthSquare = 0;
  for (const i of judged) {
    re += found.re[i] * truth.re[i] + found.im[i] * truth.im[i];
    im += found.re[i] * truth.im[i] - found.im[i] * truth.re[i];
    square += found.re[i] ** 2 + found.im[i] ** 2;
    truthSquare += truth.re[i] ** 2 + truth.im[i] ** 2;
  }
  const scale = square > 0 ? {re: re / square, im: im / square} : {re: 0, im: 0};
  let error = 0;
  let unscaled = 0;
  let largest = 0;
  for (const i of judged) {
    const difference = Math.hypot(
      scale.re * found.re[i] - scale.im * found.im[i] - truth.re[i],
      scale.re * found.im[i] + scale.im * found.re[i] - truth.im[i],
    );
    error += difference ** 2;
    largest = Math.max(largest, difference);
    unscaled += (found.re[i] - truth.re[i]) ** 2 + (found.im[i] - truth.im[i]) ** 2;
  }
  return {
    metrics: {
      relativeL2: Math.sqrt(error / truthSquare),
      relativeL2Unscaled: Math.sqrt(unscaled / truthSquare),
      maxError: largest,
      meanAbsoluteErrorPaper: percentileError(found, truth, judged),
      scale: Math.hypot(scale.re, scale.im),
      scaleAngle: (Math.atan2(scale.im, scale.re) * 180) / Math.PI,
    },
    scale,
  };
}

/** The mean absolute difference of both parts, each clipped to its 1 and 99 percentiles and mapped by them to [0, 1], as the authors do. */
function percentileError(found: Parts, truth: Parts, judged: readonly number[]): number {
  let sum = 0;
  for (const part of ['re', 'im'] as const) {
    const unit = (values: Float64Array): Float64Array => {
      const picked = Float64Array.from(judged, (i) => values[i]);
      const [low, high] = percentiles(picked, [1, 99]);
      return picked.map((value) => (high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0.5));
    };
    const a = unit(found[part]);
    const b = unit(truth[part]);
    for (let i = 0; i < a.length; i++) sum += Math.abs(a[i] - b[i]);
  }
  return sum / (2 * judged.length);
}
