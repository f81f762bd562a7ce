// A bump carried along a line: known where it starts and where it would flow in, free where it flows out.
import {bspline, gauss, lattice, linspace, problem, rbfGrid, solve, term} from 'dinf-grid';

const start = (x) => Math.exp(-((x + 1.5) ** 2) / (2 * 0.1 ** 2));
const advection = problem({
  domain: {t: [-2, 2], x: [-2, 2]},
  unknowns: ['u'],
  field: rbfGrid({resolution: [32, 128], levels: 3, kernel: bspline(5)}),
  uniforms: {c: 0.25},
  lift: {u: 'exp(-(x + 1.5)^2/(2*0.1^2)) + (t + 2)*(x + 2)*u'},
  terms: [term(gauss(3), 'u_t + c*u_x = 0')],
});
const solution = await solve(advection, {onProgress: ({iteration, loss}) => iteration % 100 || console.error(iteration, loss)});

const x = linspace(-2, 2, 401);
const {u} = await solution.evaluate(lattice([[2], x]));
const error = Math.max(...u.map((value, i) => Math.abs(value - start(x[i] - 0.25 * 4))));
console.log(`${solution.seconds.toFixed(2)} s, largest error at the end ${error.toExponential(1)}`);
solution.dispose();
