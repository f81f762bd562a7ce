// Several solves on one device at once: all of them beside one alone, N = 1 ... --most. Throughput that does not grow says what a solve
// leaves idle; one that falls, what they take from each other.
//   node benchmarks/side-by-side.mjs --device cuda --results benchmarks/results/side-by-side.jsonl
import * as dinf from 'dinf-grid';
import {renderScene} from '../dist/imaging/scene/scene.js';
import {poisson} from '../dist/problems/poisson.js';
import {options, record, spread} from './support.mjs';

const given = options({results: '', repeats: 3, most: 16, iterations: 200, device: 'cpu', threads: 1});

const square = (resolution) =>
  dinf.problem({
    domain: {x: [0, 1], y: [0, 1]},
    unknowns: ['u'],
    field: dinf.rbfGrid({resolution, levels: 1, kernel: dinf.bspline(5)}),
    terms: [dinf.term(dinf.gauss(3), 'u_xx + u_yy = sin(x*y)'), dinf.term(dinf.points([0, 0]), 'u = 0')],
  });
const image = poisson(renderScene(256), {preset: 'paper'}).problem;
/** @type {Record<string, (i: number) => [dinf.Problem, dinf.Optimizer]>} */
const cases = {
  'image 256 x 256, Adam': () => [image, dinf.adam({iterations: given.iterations, learningRate: 5e-3})],
  'Poisson 64 x 64, least squares': () => [square(64), dinf.leastSquares({iterations: given.iterations, tolerance: 0})],
  // Nothing of one serves another: other sizes, other programs, other graphs.
  'unlike ones': (i) => [square(32 + 16 * (i % 5)), dinf.leastSquares({iterations: given.iterations, tolerance: 0})],
};

for (const [name, posedFor] of Object.entries(cases)) {
  const run = async (count) => {
    const began = performance.now();
    const solutions = await Promise.all(
      Array.from({length: count}, (_, i) => {
        const [problem, optimizer] = posedFor(i);
        return dinf.solve(problem, {optimizer, device: given.device, threads: given.threads, seed: i});
      }),
    );
    const seconds = (performance.now() - began) / 1000;
    for (const solution of solutions) solution.dispose();
    return seconds;
  };
  await run(1); // warm-up
  let alone = 0;
  for (let count = 1; count <= given.most; count *= 2) {
    const seconds = [];
    for (let i = 0; i < given.repeats; i++) seconds.push(await run(count));
    const measured = spread(seconds);
    const perSecond = count / measured.median;
    if (count === 1) alone = perSecond;
    record(
      {
        benchmark: 'side-by-side',
        case: name,
        device: given.device,
        iterations: given.iterations,
        threads: given.threads,
        atOnce: count,
        seconds: measured,
        solvesPerSecond: perSecond,
        overOneAlone: perSecond / alone,
      },
      given.results || undefined,
    );
  }
}
