// Seconds an Adam iteration where samples do not form a product of axes: the paper's stratified problems in two and three
// dimensions, and clouds of random points.
//   node benchmarks/stratified.mjs --results benchmarks/results/stratified.jsonl
import * as dinf from 'dinf-grid';
import {advection2d} from '../dist/problems/advection-2d.js';
import {heat} from '../dist/problems/heat.js';
import {options, record, spread} from './support.mjs';

const given = options({results: '', repeats: 5, threads: 0, only: '', dtype: 'float32', label: '', device: 'cpu'});
const threads = given.threads || undefined;

/** n reproducible points of [0, 1]^d, from a golden-ratio sequence with jitter of a linear congruential generator. */
function cloud(n, d) {
  let state = 12345;
  return Float64Array.from({length: n * d}, () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32);
}
const onCloud = (names, n, resolution, levels, equation) =>
  dinf.problem({
    domain: Object.fromEntries(names.map((name) => [name, [0, 1]])),
    unknowns: ['u'],
    field: dinf.rbfGrid({resolution, levels, kernel: dinf.gaussian({epsilon: 1, rings: 3}), edge: 'clamp'}),
    terms: [dinf.term(dinf.points(cloud(n, names.length)), equation)],
  });

const cases = {
  // 64^3 samples, 64 cells an axis, 3 levels, order 1, a program of five exponentials
  'advection-2d': {iterations: 8, problem: () => advection2d({preset: 'paper'}).problem, samples: 64 ** 3},
  // 256^2 samples, 128 cells an axis, 2 levels, order 2
  heat: {iterations: 40, problem: () => heat({preset: 'paper'}).problem, samples: 256 ** 2},
  'cloud 2-D': {iterations: 10, problem: () => onCloud(['x', 'y'], 262144, 512, 6, 'u_x + u_y = x'), samples: 262144},
  'cloud 3-D': {iterations: 8, problem: () => onCloud(['x', 'y', 'z'], 262144, 64, 3, 'u_x + u_y + u_z = x'), samples: 262144},
};

for (const [name, {iterations, problem, samples}] of Object.entries(cases)) {
  if (given.only && given.only !== name) continue;
  const posed = problem();
  const seconds = [];
  for (let i = 0; i <= given.repeats; i++) {
    const solution = await dinf.solve(posed, {
      optimizer: dinf.adam({iterations, learningRate: 1e-3}),
      threads,
      device: given.device,
      dtype: given.dtype,
    });
    solution.dispose();
    if (i > 0) seconds.push(solution.seconds / iterations); // the first is a warm-up
  }
  record(
    {
      benchmark: 'stratified',
      ...(given.label && {label: given.label}),
      case: name,
      setting: {samples, rings: 3, dtype: given.dtype, threads: threads ?? 'all', device: given.device},
      secondsPerIteration: spread(seconds),
    },
    given.results || undefined,
  );
}
