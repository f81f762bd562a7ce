// Zalesak's slotted disk, as the signed distance to its outline, turned by half a turn: min, max, abs and norm in an equation's data.
import {bspline, gauss, lattice, linspace, problem, rbfGrid, solve, term} from 'dinf-grid';

const distance = 'max(norm(x, y - 0.5) - 0.3, -max(abs(x) - 0.05, abs(y - 0.75) - 0.25))';
const zalesak = problem({
  domain: {t: [0, 2], x: [-1, 1], y: [-1, 1]},
  unknowns: ['u'],
  field: rbfGrid({resolution: 32, levels: 3, kernel: bspline(3)}),
  uniforms: {omega: Math.PI / 2},
  lift: {u: `${distance} + t*u`},
  terms: [term(gauss(2), 'u_t - omega*y*u_x + omega*x*u_y = 0')],
});
const solution = await solve(zalesak, {
  onProgress: ({secondsLeft}) => process.stderr.write(`\r${secondsLeft.toFixed(0)} s left `),
});

// Half a turn later the disk stands on its head.
const axis = linspace(-0.7, 0.7, 71);
const [before, after] = await Promise.all([0, 2].map((t) => solution.evaluate(lattice([[t], axis, axis]))));
const n = before.u.length;
let [error, size] = [0, 0];
for (let i = 0; i < n; i++) {
  error += Math.abs(after.u[i] - before.u[n - 1 - i]);
  size += Math.abs(before.u[i]);
}
console.log(
  `\n${solution.seconds.toFixed(1)} s, relative L1 error inside the circle's square ${(error / size).toExponential(1)}`,
);
solution.dispose();
