// A point source whose waves leave the square: the Helmholtz equation with perfectly matched layers, in complex arithmetic.
import {bspline, complex, derivative, eq, gauss, lattice, linspace, problem, rbfGrid, resolve, solve, term} from 'dinf-grid';

const k = 20;
const scope = {coordinates: ['x', 'y'], unknowns: ['u', 'v'], uniforms: ['k']};
const wave = complex.of(derivative('u'), derivative('v'));
const density = resolve('exp(-(x^2 + y^2)/2e-4)/(2*pi*1e-4)', scope);
// e = 1 - i s/k damps in the layers, the outer quarter at each side, and is 1 inside of them.
const stretching = (axis) => complex.of(1, resolve(`-5*((max(0, -0.5 - ${axis})/0.5)^2 + (max(0, ${axis} - 0.5)/0.5)^2)`, scope));
const once = (w, axis) => complex.div(complex.d(w, axis), stretching(axis));
const twice = (axis) => once(once(wave, axis), axis);
const left = complex.add(complex.add(twice('x'), twice('y')), complex.scale(resolve('k^2', scope), wave));

const helmholtz = problem({
  domain: {x: [-1, 1], y: [-1, 1]},
  unknowns: ['u', 'v'],
  field: rbfGrid({resolution: 128, levels: 5, kernel: bspline(5)}),
  uniforms: {k},
  lift: {u: '(1 - x^2)*(1 - y^2)*u', v: '(1 - x^2)*(1 - y^2)*v'},
  terms: [
    term(
      gauss(2),
      complex.equations(left, complex.of(density, density)).map((residual) => eq`${residual}`),
    ),
  ],
});
const solution = await solve(helmholtz);

// (1 + i)·(i/4) H0⁽²⁾(kr) along a ray; the Bessel functions by their integrals.
const mean = (f) => linspace(0, 1, 2001).reduce((sum, _, i) => sum + (i < 2000 ? f((i + 0.5) / 2000) : 0), 0) / 2000;
const j0 = (x) => mean((s) => Math.cos(x * Math.sin(Math.PI * s)));
const y0 = (x) => {
  const euler = 0.5772156649015329;
  return (
    (2 / Math.PI) *
    mean((s) => Math.cos(x * Math.cos((Math.PI / 2) * s)) * (euler + Math.log(2 * x * Math.sin((Math.PI / 2) * s) ** 2)))
  );
};
const ray = linspace(0.06, 0.5, 60);
const {u, v} = await solution.evaluate(lattice([ray, [0]]));
const exact = [...ray].map((r) => {
  const [j, y] = [j0(k * r) / 4, y0(k * r) / 4]; // (i/4)(J - iY) = Y/4 + i J/4
  return [y - j, y + j];
});
// Up to one complex scale: the source's width alone is worth a factor exp(k²σ²/2) = 1.02.
let [re, im, norm, size] = [0, 0, 0, 0];
exact.forEach(([a, b], i) => {
  re += a * u[i] + b * v[i];
  im += b * u[i] - a * v[i];
  norm += u[i] ** 2 + v[i] ** 2;
  size += a * a + b * b;
});
const [c, s] = [re / norm, im / norm];
const error = exact.reduce((sum, [a, b], i) => sum + (c * u[i] - s * v[i] - a) ** 2 + (s * u[i] + c * v[i] - b) ** 2, 0);
console.log(
  `${solution.seconds.toFixed(2)} s, relative L2 error along a ray ${Math.sqrt(error / size).toExponential(1)}, scale ${Math.hypot(c, s).toFixed(4)}`,
);
solution.dispose();
