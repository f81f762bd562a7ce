// Answers that no formula gives, by methods that have nothing in common with ours: spectral in space and ETDRK4 in time (Cox and Matthews
// 2002, with the contour integrals of Kassam and Trefethen 2005) on a ring, Cole and Hopf's integral for Burgers' shock, and the classical
// Runge-Kutta method with very small steps for ordinary equations.

/**
 * Times at which they are given, in parts of all of the time: so many that errors which come and go, as where an oscillator jumps, count
 * as much as they do in all of the time.
 */
const TIMES = parts(40);
const TIMES_OF_ORDINARY = parts(400);

function parts(count) {
  return Array.from({length: count}, (_, i) => (i + 1) / count);
}

/** In place, of complex values whose number is a power of two; the inverse without its factor 1/n. */
function fft(re, im, inverse) {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j], re[i]];
      [im[i], im[j]] = [im[j], im[i]];
    }
  }
  for (let size = 2; size <= n; size *= 2) {
    const {cosines, sines} = twiddles(size);
    for (let from = 0; from < n; from += size) {
      for (let k = 0; k < size / 2; k++) {
        const [a, b] = [from + k, from + k + size / 2];
        const [c, s] = [cosines[k], inverse ? -sines[k] : sines[k]];
        const [x, y] = [re[b] * c - im[b] * s, re[b] * s + im[b] * c];
        re[b] = re[a] - x;
        im[b] = im[a] - y;
        re[a] += x;
        im[a] += y;
      }
    }
  }
}
const known = new Map();
function twiddles(size) {
  if (!known.has(size)) {
    const angle = (k) => (-2 * Math.PI * k) / size;
    known.set(size, {
      cosines: Float64Array.from({length: size / 2}, (_, k) => Math.cos(angle(k))),
      sines: Float64Array.from({length: size / 2}, (_, k) => Math.sin(angle(k))),
    });
  }
  return known.get(size);
}

/**
 * u_t = L u + d(F(u)) or L u + F(u) on a ring.
 *
 * @param linear of a wave number: [real, imaginary] part of the symbol of L.
 * @param nonlinear F, and whether it is differentiated.
 */
export function ring({lower, upper, points, steps, time, start, linear, nonlinear, differentiated}) {
  const length = upper - lower;
  const x = Float64Array.from({length: points}, (_, i) => lower + (length * i) / points);
  const wave = Float64Array.from({length: points}, (_, i) => ((2 * Math.PI) / length) * (i < points / 2 ? i : i - points));
  const kept = Float64Array.from({length: points}, (_, i) => (Math.min(i, points - i) < points / 3 ? 1 : 0));
  const h = time / steps;
  const symbols = Array.from(wave, linear);
  const coefficients = symbols.map(([a, b]) => contour(a * h, b * h, h));
  /** @type {[Float64Array, Float64Array]} */
  let u = [Float64Array.from(x, start), new Float64Array(points)];
  fft(...u, false);
  /** @type {(u: [Float64Array, Float64Array]) => [Float64Array, Float64Array]} */
  const rate = ([re, im]) => {
    const [vr, vi] = [re.slice(), im.slice()];
    fft(vr, vi, true);
    const values = vr.map((value) => nonlinear(value / points));
    const none = new Float64Array(points);
    fft(values, none, false);
    if (!differentiated) return [values.map((v, i) => v * kept[i]), none.map((v, i) => v * kept[i])];
    return [none.map((v, i) => -wave[i] * v * kept[i]), values.map((v, i) => wave[i] * v * kept[i])];
  };
  /** @type {(...terms: [string, [Float64Array, Float64Array], number?][]) => [Float64Array, Float64Array]} */
  const combine = (...terms) => {
    const [re, im] = [new Float64Array(points), new Float64Array(points)];
    for (const [name, [vr, vi], factor = 1] of terms) {
      for (let i = 0; i < points; i++) {
        const [cr, ci] = coefficients[i][name];
        re[i] += factor * (cr * vr[i] - ci * vi[i]);
        im[i] += factor * (cr * vi[i] + ci * vr[i]);
      }
    }
    return [re, im];
  };
  const outputs = [];
  let next = 0;
  for (let step = 1; step <= steps; step++) {
    const nu = rate(u);
    const a = combine(['half', u], ['q', nu]);
    const na = rate(a);
    const b = combine(['half', u], ['q', na]);
    const nb = rate(b);
    const c = combine(['half', a], ['q', nb, 2], ['q', nu, -1]);
    const nc = rate(c);
    u = combine(['whole', u], ['first', nu], ['second', na, 2], ['second', nb, 2], ['third', nc]);
    if (next < TIMES.length && step === Math.round(TIMES[next] * steps)) {
      const [re, im] = [u[0].slice(), u[1].slice()];
      fft(re, im, true);
      outputs.push(re.map((value) => value / points));
      next += 1;
    }
  }
  return {times: TIMES, axes: {x}, values: {u: outputs}};
}

/** @typedef {[number, number]} Complex */

/** The coefficients of one mode: means over a circle around z = h λ, where the formulas do not cancel. */
function contour(a, b, h) {
  const M = 64;
  const sums = {q: [0, 0], first: [0, 0], second: [0, 0], third: [0, 0]};
  /** @type {(x: number, y: number) => Complex} */
  const exp = (x, y) => [Math.exp(x) * Math.cos(y), Math.exp(x) * Math.sin(y)];
  /** @type {(a: Complex, b: Complex) => Complex} */
  const mul = ([p, q], [r, s]) => [p * r - q * s, p * s + q * r];
  /** @type {(a: Complex, b: Complex) => Complex} */
  const div = (z, [r, s]) => mul(z, [r / (r * r + s * s), -s / (r * r + s * s)]);
  for (let m = 0; m < M; m++) {
    const angle = (2 * Math.PI * (m + 0.5)) / M;
    /** @type {Complex} */
    const z = [a + Math.cos(angle), b + Math.sin(angle)];
    const z2 = mul(z, z);
    const z3 = mul(z2, z);
    const e = exp(...z);
    const half = exp(z[0] / 2, z[1] / 2);
    const add = (name, value) => {
      sums[name][0] += (h * value[0]) / M;
      sums[name][1] += (h * value[1]) / M;
    };
    /** @type {(...list: Complex[]) => Complex} */
    const plus = (...list) => [list.reduce((sum, [p]) => sum + p, 0), list.reduce((sum, [, q]) => sum + q, 0)];
    /** @type {(c: number, z: Complex) => Complex} */
    const times = (c, [p, q]) => [c * p, c * q];
    add('q', div([half[0] - 1, half[1]], z));
    add('first', div(plus([-4, 0], times(-1, z), mul(e, plus([4, 0], times(-3, z), z2))), z3));
    add('second', div(plus([2, 0], z, mul(e, plus([-2, 0], z))), z3));
    add('third', div(plus([-4, 0], times(-3, z), times(-1, z2), mul(e, plus([4, 0], times(-1, z)))), z3));
  }
  return {...sums, whole: exp(a, b), half: exp(a / 2, b / 2)};
}

/** The classical Runge-Kutta method. */
export function ordinary(names, start, time, rate, steps = 400_000) {
  const h = time / steps;
  const times = TIMES_OF_ORDINARY;
  let u = start;
  const values = Object.fromEntries(names.map((name) => [name, []]));
  const along = (k, factor) => u.map((value, i) => value + factor * k[i]);
  let next = 0;
  for (let step = 1; step <= steps; step++) {
    const t = (step - 1) * h;
    const a = rate(u, t);
    const b = rate(along(a, h / 2), t + h / 2);
    const c = rate(along(b, h / 2), t + h / 2);
    const d = rate(along(c, h), t + h);
    u = u.map((value, i) => value + (h / 6) * (a[i] + 2 * b[i] + 2 * c[i] + d[i]));
    if (next < times.length && step === Math.round(times[next] * steps)) {
      names.forEach((name, i) => values[name].push(Float64Array.of(u[i])));
      next += 1;
    }
  }
  return {times, axes: {}, values};
}

/** Cole and Hopf's integral on Gauss-Hermite's points, by the trapezoidal rule that their weight makes exact. */
export function burgers(nu) {
  const x = Float64Array.from({length: 401}, (_, i) => -1 + i / 200);
  const values = TIMES.map((t) =>
    x.map((place) => {
      let [above, below, most] = [0, 0, -Infinity];
      const terms = [];
      const width = Math.sqrt(4 * nu * t);
      for (let i = -4000; i <= 4000; i++) {
        const q = i / 200;
        const z = place - width * q;
        const exponent = -Math.cos(Math.PI * z) / (2 * Math.PI * nu) - q * q;
        most = Math.max(most, exponent);
        terms.push([exponent, z]);
      }
      for (const [exponent, z] of terms) {
        const weight = Math.exp(exponent - most);
        above += Math.sin(Math.PI * z) * weight;
        below += weight;
      }
      return -above / below;
    }),
  );
  return {times: TIMES, axes: {x}, values: {u: values}};
}

/** By the names of cases, to ten digits and more; times and places beside the values. */
export const PRECISE = {
  'Burgers, nu 0.01/pi': () => burgers(0.01 / Math.PI),
  'Korteweg-de Vries': () =>
    ring({
      ...{lower: -1, upper: 1, points: 512, steps: 40_000, time: 1, differentiated: true},
      start: (x) => Math.cos(Math.PI * x),
      linear: (k) => [0, 0.022 ** 2 * k ** 3],
      nonlinear: (u) => (-u * u) / 2,
    }),
  'Kuramoto-Sivashinsky': () =>
    ring({
      ...{lower: -1, upper: 1, points: 512, steps: 20_000, time: 1, differentiated: true},
      start: (x) => -Math.sin(Math.PI * x),
      linear: (k) => [0.5 * k * k - 0.005 * k ** 4, 0],
      nonlinear: (u) => -2.5 * u * u,
    }),
  'Kuramoto-Sivashinsky, chaotic': () =>
    ring({
      ...{lower: 0, upper: 2 * Math.PI, points: 512, steps: 40_000, time: 1, differentiated: true},
      start: (x) => Math.cos(x) * (1 + Math.sin(x)),
      linear: (k) => [(100 / 256) * k * k - (100 / 65_536) * k ** 4, 0],
      nonlinear: (u) => (-100 / 32) * u * u,
    }),
  epidemic: () => ordinary(['s', 'i'], [0.999, 0.001], 50, ([s, i]) => [-2 * s * i, 2 * s * i - 0.5 * i]),
  'predators and prey to 40': () => ordinary(['u', 'v'], [2, 1], 40, ([u, v]) => [u * (1 - v), v * (u - 1)]),
  'van der Pol, mu 5': () => ordinary(['x', 'y'], [2, 0], 20, ([x, y]) => [y, 5 * (1 - x * x) * y - x]),
  'Duffing to 50': () => ordinary(['u', 'v'], [1, 0], 50, ([u, v], t) => [v, 0.3 * Math.cos(1.2 * t) - 0.02 * v + u - u ** 3]),
  'Lorenz to 5': () =>
    ordinary(['x', 'y', 'z'], [1, 1, 1], 5, ([x, y, z]) => [10 * (y - x), x * (28 - z) - y, x * y - (8 / 3) * z]),
  'pendulum from 2 rad': () => ordinary(['u', 'v'], [2, 0], 10, ([u, v]) => [v, -Math.sin(u)]),
};

/** Those, and one to six digits: what begins with a kink has no better one on a ring. */
export const REFERENCES = {
  ...PRECISE,
  'Allen-Cahn': () =>
    ring({
      ...{lower: -1, upper: 1, points: 1024, steps: 8000, time: 1, differentiated: false},
      start: (x) => x * x * Math.cos(Math.PI * x),
      linear: (k) => [-1e-4 * k * k, 0],
      nonlinear: (u) => 5 * u - 5 * u ** 3,
    }),
};
