// An inverse problem: the diffusivity of a rod from 200 noisy readings of its temperature. The field and the logarithm of the
// diffusivity are found together; the equation's weight grows from stage to stage, since at full weight from the start Gauss-Newton
// stalls on a field that fits nothing yet. `node examples/inverse-heat/index.mjs 7` takes other noise.
import {bspline, gauss, gaussNewton, points, problem, rbfGrid, solve, term} from 'dinf-grid';

const truth = 0.1;
const exact = (t, x) =>
  Math.exp(-truth * Math.PI ** 2 * t) * Math.sin(Math.PI * x) +
  0.5 * Math.exp(-9 * truth * Math.PI ** 2 * t) * Math.sin(3 * Math.PI * x);
const sigma = 0.01; // of the readings' noise
let state = Number(process.argv[2] ?? 1); // seed
const uniform = () => (state = (state * 48271) % 2147483647) / 2147483647;
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
const where = Float64Array.from({length: 400}, uniform);
const reading = Float64Array.from({length: 200}, (_, i) => exact(where[2 * i], where[2 * i + 1]) + sigma * normal());

const rod = problem({
  domain: {t: [0, 1], x: [0, 1]},
  unknowns: ['u'],
  field: rbfGrid({resolution: [16, 32], levels: 3, kernel: bspline(5)}),
  scalars: {logAlpha: Math.log(1)}, // ten times too much
  lift: {u: 'sin(pi*x) + 0.5*sin(3*pi*x) + t*x*(1 - x)*u'}, // how it started, and ends that are kept at 0
  terms: [
    term(points(where), 'u = reading', {name: 'readings', data: {reading}, weight: 200 / sigma ** 2}),
    term(gauss(3), 'u_t = exp(logAlpha)*u_xx', {name: 'equation'}),
  ],
});
const stages = [1e2, 1e4, 1e6, 1e8].map((weight) => gaussNewton({steps: 8, iterations: 400, weights: {equation: weight}}));
const solution = await solve(rod, {optimizer: stages, dtype: 'float64'});

const {'exp(logAlpha)': alpha} = await solution.evaluate([0.5, 0.5], {expressions: ['exp(logAlpha)']});
console.log(
  `${solution.iterations} iterations, ${solution.seconds.toFixed(1)} s, diffusivity ${alpha[0].toFixed(6)}, off by ${((100 * Math.abs(alpha[0] - truth)) / truth).toFixed(2)} %`,
);
solution.dispose();
