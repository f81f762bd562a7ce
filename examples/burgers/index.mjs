// Burgers' equation, nonlinear: Gauss-Newton by itself, since the decoder is linear and the losses are squares.
import {bspline, gauss, lattice, linspace, problem, rbfGrid, solve, term} from 'dinf-grid';

// A wave that steepens no further: u = 1/(1 + exp((x - t/2)/(2 nu))) travels at speed 1/2.
const nu = 0.05;
const exact = (t, x) => 1 / (1 + Math.exp((x - t / 2) / (2 * nu)));
const burgers = problem({
  domain: {t: [0, 1], x: [-1, 2]},
  unknowns: ['u'],
  field: rbfGrid({resolution: [16, 64], levels: 3, kernel: bspline(5)}),
  uniforms: {nu},
  lift: {u: 'let s = 1/(1 + exp(x/(2*nu))); s + t*u'},
  terms: [
    term(gauss(3), 'u_t + u*u_x = nu*u_xx', {name: 'equation'}),
    term(lattice([linspace(0, 1, 64), [-1, 2]]), 'u = 1/(1 + exp((x - t/2)/(2*nu)))', {name: 'ends', weight: 100}),
  ],
});
const solution = await solve(burgers);

const x = linspace(-1, 2, 301);
const {u} = await solution.evaluate(lattice([[1], x]));
const error = Math.max(...u.map((value, i) => Math.abs(value - exact(1, x[i]))));
console.log(
  `${solution.iterations} iterations, ${solution.seconds.toFixed(2)} s, largest error at the end ${error.toExponential(1)}`,
);
solution.dispose();
