// How the time of an Adam iteration grows: with samples at a fixed grid, with levels, and with cells at fixed samples. An order-1
// equation in two dimensions, stratified samples, rho 3 (Gaussians, or with --kernel bspline quintic splines, whose levels are one grid to
// the encoder); every row is its own warm-up and median.
//   node benchmarks/growth.mjs --device cuda --results benchmarks/results/growth.jsonl
import * as dinf from 'dinf-grid';
import {options, record, spread} from './support.mjs';

const given = options({results: '', repeats: 5, seconds: 0.5, largest: 24, device: 'cpu', dtype: 'float32', kernel: 'gaussian'});
const kernel = given.kernel === 'bspline' ? dinf.bspline(5) : dinf.gaussian({epsilon: 1, rings: 3});

async function secondsPerIteration(boxes, resolution, levels) {
  const problem = dinf.problem({
    domain: {x: [0, 1], y: [0, 1]},
    unknowns: ['u'],
    field: dinf.rbfGrid({resolution, levels, features: 2, kernel, edge: 'clamp'}),
    terms: [dinf.term(dinf.stratified(boxes), 'u_x + u_y = x')],
  });
  const time = async (iterations) => {
    const solution = await dinf.solve(problem, {
      optimizer: dinf.adam({iterations, learningRate: 1e-3}),
      device: given.device,
      dtype: given.dtype,
    });
    solution.dispose();
    return solution.seconds / iterations;
  };
  const first = await time(3);
  const iterations = Math.max(3, Math.min(2000, Math.round(given.seconds / first)));
  const seconds = [];
  for (let i = 0; i < given.repeats; i++) seconds.push(await time(iterations));
  return {secondsPerIteration: spread(seconds), iterations};
}

async function row(axis, samples, resolution, levels) {
  const boxes = Math.round(Math.sqrt(samples));
  const result = await secondsPerIteration(boxes, resolution, levels);
  const setting = {
    samples: boxes ** 2,
    resolution,
    levels,
    features: 2,
    rings: 3,
    kernel: given.kernel,
    dtype: given.dtype,
    device: given.device,
  };
  record({benchmark: 'growth', axis, setting, ...result}, given.results || undefined);
}

for (let power = 14; power <= given.largest; power += 2) await row('samples', 2 ** power, 512, 6);
for (let levels = 1; levels <= 6; levels++) await row('levels', 2 ** 18, 512, levels);
for (const resolution of [64, 128, 256, 512, 1024]) await row('cells', 2 ** 18, resolution, 4);
