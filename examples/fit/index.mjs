// A function fitted from its values alone; its derivatives come with it.
import {bspline, lattice, leastSquares, linspace, problem, rbfGrid, solve, term} from 'dinf-grid';

const f = (x, y) => Math.sin(3 * x) * Math.cos(2 * y);
const axis = linspace(-1, 1, 96);
const value = Float64Array.from({length: 96 * 96}, (_, i) => f(axis[Math.floor(i / 96)], axis[i % 96]));
const fit = problem({
  domain: {x: [-1, 1], y: [-1, 1]},
  unknowns: ['u'],
  field: rbfGrid({resolution: 32, kernel: bspline(5)}),
  terms: [term(lattice([axis, axis]), 'u = value', {data: {value}})],
});
const solution = await solve(fit, {dtype: 'float64', optimizer: leastSquares({iterations: 200, tolerance: 1e-10})});

const {u, u_xy} = await solution.evaluate([0.3, -0.2], {expressions: ['u', 'u_xy']});
const exact = -6 * Math.cos(0.9) * Math.sin(-0.4);
console.log(
  `${solution.seconds.toFixed(2)} s, value off by ${Math.abs(u[0] - f(0.3, -0.2)).toExponential(1)}, mixed derivative by ${Math.abs(u_xy[0] - exact).toExponential(1)}`,
);
solution.dispose();
