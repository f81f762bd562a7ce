// Answers of the suites' problems that have no formula, by methods that have nothing in common with ours. Each gives coordinates, values
// at all of their combinations (the last coordinate fastest), how they were found and how right they are: `accuracy` is a relative L2
// difference between two of the method's own resolutions, of which the better one is given, so that it is more than the error.
import {spawnSync} from 'node:child_process';
import * as path from 'node:path';
import {PRECISE} from './equations.mjs';
import {root} from '../support.mjs';

const linspace = (from, to, count) => Float64Array.from({length: count}, (_, i) => from + ((to - from) * i) / (count - 1));
const flat = (lists) => Float64Array.from(lists.flatMap((list) => [...list]));

function difference(coarse, fine) {
  const [gap, size] = fine.reduce(([e, s], value, i) => [e + (coarse[i] - value) ** 2, s + value ** 2], [0, 0]);
  return Math.sqrt(gap / size);
}

/** Those that the benchmark of equations has, on a time from 0 to 1; `accuracy` is the difference to twice as many modes and other steps. */
const shared = (name, how, accuracy) => () => {
  const {times, axes, values} = PRECISE[name]();
  return {axes: {t: Float64Array.from(times), ...axes}, values: {u: flat(values.u)}, how, accuracy};
};

/** The classical Runge-Kutta method, at 201 times. */
function ordinary({names, start, time, rate}) {
  const at = (steps) => {
    const h = time / steps;
    let u = start;
    const rows = [u];
    const along = (k, factor) => u.map((value, i) => value + factor * k[i]);
    for (let step = 1; step <= steps; step++) {
      const a = rate(u);
      const b = rate(along(a, h / 2));
      const c = rate(along(b, h / 2));
      const d = rate(along(c, h));
      u = u.map((value, i) => value + (h / 6) * (a[i] + 2 * b[i] + 2 * c[i] + d[i]));
      if (step % (steps / 200) === 0) rows.push(u);
    }
    return names.map((_, i) => Float64Array.from(rows, (row) => row[i]));
  };
  const [coarse, fine] = [at(20_000), at(40_000)];
  return {
    axes: {t: linspace(0, time, 201)},
    values: Object.fromEntries(names.map((name, i) => [name, fine[i]])),
    how: 'Runge-Kutta, 40000 steps',
    accuracy: Math.max(...fine.map((values, i) => difference(coarse[i], values))),
  };
}

/** The normal distribution function: its Taylor series about 0, which converges everywhere. */
function normal(x) {
  if (Math.abs(x) > 8) return x > 0 ? 1 : 0;
  let [sum, term] = [x, x];
  for (let i = 3; Math.abs(term) > 1e-17 * Math.abs(sum); i += 2) {
    term *= (x * x) / i;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

/** Black and Scholes' formula of a call; the value that the problem gives at s = 150 is off by 1e-9 of the largest. */
function blackScholes() {
  const [strike, rate, volatility] = [50, 0.05, 0.2];
  const [t, s] = [linspace(0, 1, 101), linspace(0, 150, 301)];
  const call = (time, price) => {
    if (price === 0) return 0;
    const width = volatility * Math.sqrt(time);
    if (width === 0) return Math.max(price - strike, 0);
    const d = (Math.log(price / strike) + (rate + volatility ** 2 / 2) * time) / width;
    return price * normal(d) - strike * Math.exp(-rate * time) * normal(d - width);
  };
  return {
    axes: {t, s},
    values: {v: flat(Array.from(t, (time) => s.map((price) => call(time, price))))},
    how: 'formula',
    accuracy: 1e-9,
  };
}

/**
 * u_tt = u_xx + 2 u_yy between walls that move as g(x, y) cos(πt): u = g cos(πt) + w, and w, which is 0 on the walls, has a series of
 * which each term is an oscillator under a force at the frequency π. The force is 2π²g: of sin(πx) sinh(πy) the modes (1, l) alone, of
 * sinh(3πx) sin(2πy) the modes (k, 2).
 */
function drivenMembrane() {
  const {PI: pi, sin, cos, sinh, sqrt} = Math;
  const [t, x, y] = [linspace(0, 100, 81), linspace(0, 1, 33), linspace(0, 1, 33)];
  const sines = (modes, places) => Array.from({length: modes}, (_, k) => places.map((place) => sin((k + 1) * pi * place)));
  const at = (modes) => {
    /** Values over one coordinate of Σ 2π² s_k (cos πt − cos ωt) sin(kπ·) / (ω² − π²), with s_k the coefficients of sinh(aπ·). */
    const series = (table, time, places, a, square) =>
      table.reduce((sum, row, index) => {
        const k = index + 1;
        const coefficient = (2 * (k % 2 === 1 ? 1 : -1) * k * sinh(a * pi)) / (pi * (a * a + k * k));
        const omega = square(k);
        const height = (2 * coefficient * (cos(pi * time) - cos(pi * sqrt(omega) * time))) / (omega - 1);
        return sum.map((value, i) => value + height * row[i]);
      }, new Float64Array(places.length));
    const [overX, overY] = [sines(modes, x), sines(modes, y)];
    return flat(
      Array.from(t, (time) => {
        const alongY = series(overY, time, y, 1, (l) => 1 + 2 * l * l);
        const alongX = series(overX, time, x, 3, (k) => k * k + 8);
        return flat(
          Array.from(x, (a, i) =>
            y.map((b, j) => {
              const walls = sin(pi * a) * sinh(pi * b) + sinh(3 * pi * a) * sin(2 * pi * b);
              return walls * cos(pi * time) + sin(pi * a) * alongY[j] + alongX[i] * sin(2 * pi * b);
            }),
          ),
        );
      }),
    );
  };
  const [coarse, fine] = [at(1000), at(2000)];
  return {axes: {t, x, y}, values: {u: fine}, how: 'series of 2000 modes', accuracy: difference(coarse, fine)};
}

/** Least squares by Gram and Schmidt's method, twice over for its rounding. */
function leastSquares(columns, right) {
  const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const basis = [];
  const triangle = columns.map(() => new Float64Array(columns.length));
  columns.forEach((column, k) => {
    let rest = column;
    for (let pass = 0; pass < 2; pass++) {
      basis.forEach((one, i) => {
        const part = dot(one, rest);
        triangle[i][k] += part;
        rest = rest.map((value, j) => value - part * one[j]);
      });
    }
    triangle[k][k] = Math.sqrt(dot(rest, rest));
    basis.push(rest.map((value) => value / triangle[k][k]));
  });
  const answer = new Float64Array(columns.length);
  for (let k = columns.length - 1; k >= 0; k--) {
    const known = answer.reduce((sum, value, i) => (i > k ? sum + triangle[k][i] * value : sum), 0);
    answer[k] = (dot(basis[k], right) - known) / triangle[k][k];
  }
  return answer;
}

/**
 * Laplace's equation around four holes in a square: logarithms and multipoles in the holes and in their images across the sides (of
 * opposite sign: u − 1 is odd there), and a polynomial. All have the symmetries of the square, so that one half of one hole and one half
 * of one side are enough to fit; by the maximum principle the misfit there bounds the error everywhere.
 */
function fourHoles() {
  const [radius, poles, powers] = [0.1, 14, 10];
  /** Re ζ^k and log|ζ| for k = 0, ζ = (z − c) turned so that the diagonal is its real axis. */
  const pole = (k) => (x, y) => {
    const [a, b] = [(x - 0.3 + y - 0.3) / Math.SQRT2, (y - x) / Math.SQRT2];
    const distance = Math.hypot(a, b);
    return k === 0 ? Math.log(distance) : (radius / distance) ** k * Math.cos(k * Math.atan2(b, a));
  };
  const inAll = (f) => (x, y) => f(x, y) + f(-y, x) + f(-x, -y) + f(y, -x);
  const mirrored = (f) => (x, y) =>
    [x, 1 - x, -1 - x].reduce(
      (sum, a, i) => [y, 1 - y, -1 - y].reduce((part, b, j) => part + (i > 0 === j > 0 ? 1 : -1) * f(a, b), sum),
      0,
    );
  const power = (k) => (x, y) => Math.hypot(x, y) ** (4 * k) * Math.cos(4 * k * Math.atan2(y, x));
  const functions = [
    ...Array.from({length: poles + 1}, (_, k) => mirrored(inAll(pole(k)))),
    ...Array.from({length: powers}, (_, k) => power(k)),
  ];
  const boundary = (count) => [
    ...Array.from(linspace(0, Math.PI, count), (angle) => {
      const turned = angle + Math.PI / 4;
      return {x: 0.3 + radius * Math.cos(turned), y: 0.3 + radius * Math.sin(turned), value: -1};
    }),
    ...Array.from(linspace(0, 0.5, count), (y) => ({x: 0.5, y, value: 0})),
  ];
  const fitted = boundary(80);
  const heights = leastSquares(
    functions.map((f) => Float64Array.from(fitted, ({x, y}) => f(x, y))),
    Float64Array.from(fitted, ({value}) => value),
  );
  const at = (x, y) => functions.reduce((sum, f, k) => sum + heights[k] * f(x, y), 0);
  const misfit = Math.max(...boundary(331).map(({x, y, value}) => Math.abs(at(x, y) - value)));
  const axis = linspace(-0.5, 0.5, 101);
  const outside = (x, y) => Math.hypot(Math.abs(x) - 0.3, Math.abs(y) - 0.3) >= radius;
  const u = flat(Array.from(axis, (x) => axis.map((y) => (outside(x, y) ? 1 + at(x, y) : NaN))));
  return {axes: {x: axis, y: axis}, values: {u}, how: 'multipoles', accuracy: misfit};
}

/** What takes sparse or large dense systems and transforms in two coordinates: suites.py, where Python has numpy and scipy. */
const computed = (name) => (python) => {
  const {status, stdout, stderr, error} = spawnSync(python, [path.join(root, 'benchmarks', 'references', 'suites.py'), name], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (error !== undefined || status === 3) {
    console.error(
      `no reference for ${name}: '${python}' ${error ? 'was not found' : 'cannot import numpy and scipy'}; pass --python FILE.`,
    );
    return undefined;
  }
  if (status !== 0) throw new Error(`references/suites.py ${name} failed:\n${stderr}`);
  const {axes, values, ...rest} = JSON.parse(stdout);
  const arrays = (lists) => Object.fromEntries(Object.entries(lists).map(([key, list]) => [key, Float64Array.from(list)]));
  return {axes: arrays(axes), values: arrays(values), ...rest};
};

/** By name; each takes a Python to run, and gives nothing where it is needed and lacks. */
export const REFERENCES = {
  burgers1d: shared('Burgers, nu 0.01/pi', "Cole and Hopf's integral", 1e-12),
  ks: shared('Kuramoto-Sivashinsky', 'Fourier and ETDRK4, 512 modes, 20000 steps', 1e-12),
  ks_chaotic: shared('Kuramoto-Sivashinsky, chaotic', 'Fourier and ETDRK4, 512 modes, 40000 steps', 1e-8),
  kdv: shared('Korteweg-de Vries', 'Fourier and ETDRK4, 512 modes, 40000 steps', 2e-11),
  dde_lotka_volterra: () =>
    ordinary({
      names: ['r', 'p'],
      start: [0.5, 0.075],
      time: 1,
      rate: ([r, p]) => [20 * r * (2 - 8 * p), 20 * p * (4 * r - 1.06)],
    }),
  dde_black_scholes: blackScholes,
  wave2d_ms: drivenMembrane,
  poisson2d_c: fourHoles,
  ...Object.fromEntries(
    [
      'allen_cahn',
      'dde_allen_cahn',
      'dde_schrodinger',
      'heat2d_lt',
      'grayscott',
      'burgers2d',
      'ns2d_c',
      'ns2d_c_fast',
      'ldc_re100',
      'ldc_re400',
      'ldc_re1000',
      'ldc_re3200',
    ].map((name) => [name, computed(name)]),
  ),
};
