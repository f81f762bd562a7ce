// Heat in a rod whose ends are kept at 0, with hard initial and boundary conditions: one least-squares solve over all of time.
import {bspline, eq, gauss, lattice, linspace, problem, rbfGrid, solve, term} from 'dinf-grid';

const heat = problem({
  domain: {t: [0, 1], x: [-1, 1]},
  unknowns: ['u'],
  field: rbfGrid({resolution: [32, 16], levels: 2, kernel: bspline(5)}),
  uniforms: {alpha: 0.3},
  lift: ({u}) => ({u: eq`sin(pi*x) + t*(1 - x^2)*${u}`}),
  terms: ({u_t, u_xx, alpha}) => [term(gauss(3), eq`${u_t} = ${alpha}*${u_xx}`)],
});
const solution = await solve(heat);

const [t, x] = [linspace(0, 1, 101), linspace(-1, 1, 101)];
const {u} = await solution.evaluate(lattice([t, x]));
let [error, size] = [0, 0];
u.forEach((value, i) => {
  const exact = Math.sin(Math.PI * x[i % x.length]) * Math.exp(-0.3 * Math.PI ** 2 * t[Math.floor(i / x.length)]);
  error += (value - exact) ** 2;
  size += exact ** 2;
});
console.log(
  `${solution.iterations} iterations, ${solution.seconds.toFixed(2)} s, relative L2 error ${Math.sqrt(error / size).toExponential(1)}`,
);
solution.dispose();
