// The same on a square: space and time are three coordinates of one field, and of one least-squares problem.
import {bspline, gauss, lattice, linspace, problem, rbfGrid, solve, term} from 'dinf-grid';

const bump = (x, y) => Math.exp(-((x + 0.4) ** 2 + (y + 0.4) ** 2) / (2 * 0.2 ** 2));
const advection = problem({
  domain: {t: [0, 2], x: [-1, 1], y: [-1, 1]},
  unknowns: ['u'],
  field: rbfGrid({resolution: [8, 24, 24], levels: 2, kernel: bspline(5)}),
  uniforms: {cx: 0.25, cy: 0.25},
  lift: {u: 'exp(-((x + 0.4)^2 + (y + 0.4)^2)/(2*0.2^2)) + t*u'},
  // What flows in is the exact bump's tail: small, and given on the two faces that the wind enters by.
  terms: [
    term(gauss(3), 'u_t + cx*u_x + cy*u_y = 0'),
    ...['x', 'y'].map((axis) => {
      const along = linspace(-1, 1, 49);
      const faces = axis === 'x' ? [linspace(0, 2, 25), [-1], along] : [linspace(0, 2, 25), along, [-1]];
      const inflow = 'u = exp(-((x + 0.4 - cx*t)^2 + (y + 0.4 - cy*t)^2)/(2*0.2^2))';
      return term(lattice(faces), inflow, {name: `inflow along ${axis}`, weight: 10});
    }),
  ],
});
const solution = await solve(advection);

const axis = linspace(-1, 1, 81);
const {u} = await solution.evaluate(lattice([[2], axis, axis]));
let [error, size] = [0, 0];
u.forEach((value, i) => {
  const exact = bump(axis[Math.floor(i / 81)] - 0.5, axis[i % 81] - 0.5);
  error += (value - exact) ** 2;
  size += exact ** 2;
});
console.log(`${solution.seconds.toFixed(2)} s, relative L2 error at the end ${Math.sqrt(error / size).toExponential(1)}`);
solution.dispose();
