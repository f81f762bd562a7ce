// A picture from its gradients alone, known at half pixels: differences of neighbours are exact for linear interpolation.
import {hat, lattice, linspace, problem, rbfGrid, solve, term} from 'dinf-grid';

const n = 257; // pixels a side: the nodes of a grid of 256 cells
const pixel = (row, column) =>
  Math.hypot(row - 128, column - 90) < 70 ? 0.8 : 0.2 + 0.1 * Math.sin(row / 9) * Math.cos(column / 13);
const nodes = linspace(0, n - 1, n);
const halves = linspace(0.5, n - 1.5, n - 1);
const differences = (rows, columns, of) =>
  Float64Array.from({length: rows * columns}, (_, i) => of(Math.floor(i / columns), i % columns));

const picture = problem({
  domain: {y: [0, n - 1], x: [0, n - 1]},
  unknowns: ['u'],
  field: rbfGrid({resolution: n - 1, levels: 6, kernel: hat()}),
  terms: [
    term(lattice([halves, nodes]), 'u_y = g', {
      name: 'down',
      data: {g: differences(n - 1, n, (r, c) => pixel(r + 1, c) - pixel(r, c))},
    }),
    term(lattice([nodes, halves]), 'u_x = g', {
      name: 'across',
      data: {g: differences(n, n - 1, (r, c) => pixel(r, c + 1) - pixel(r, c))},
    }),
  ],
});
const solution = await solve(picture);

const {u} = await solution.evaluate(lattice([nodes, nodes]));
const truth = differences(n, n, pixel);
const offset = u.reduce((sum, value, i) => sum + truth[i] - value, 0) / u.length; // gradients leave one number open
const mse = u.reduce((sum, value, i) => sum + (value + offset - truth[i]) ** 2, 0) / u.length;
const range = Math.max(...truth) - Math.min(...truth);
console.log(`${solution.seconds.toFixed(2)} s, PSNR ${(20 * Math.log10(range) - 10 * Math.log10(mse)).toFixed(1)} dB`);
solution.dispose();
