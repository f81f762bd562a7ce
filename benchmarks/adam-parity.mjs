// Adam with the paper's settings beside PyTorch, from the same parameters and the same draws (128 x 128 by default):
//   node benchmarks/adam-parity.mjs --python V/bin/python --results benchmarks/results/adam-parity.jsonl
// Passes when losses agree to 1e-3 over the first 50 iterations and psnrPaper to 0.2 dB after the last.
import {writeFileSync} from 'node:fs';
import * as path from 'node:path';
import * as dinf from 'dinf-grid';
import {readImage} from '../dist/files/image.js';
import {readNpy, writeNpy} from '../dist/files/npy.js';
import {psnrPaper} from '../dist/imaging/metrics.js';
import {renderScene} from '../dist/imaging/scene/scene.js';
import {gridCells} from '../dist/pose/problem-spec.js';
import {poisson} from '../dist/problems/poisson.js';
import {chooseDevice, deviceOptions} from '../dist/devices/index.js';
import {Session} from '../dist/solve/session.js';
import {findPython, npyInt64, options, record, runPeer, temporaryFolder} from './support.mjs';

const given = options({size: 128, iterations: 200, python: '', results: '', image: '', device: 'cpu'});

const image = given.image ? await readImage(given.image) : renderScene(given.size);
const posed = poisson(image, {preset: 'paper'});
const {grid} = posed.problem.spec.fields[0];
if (!grid) throw new Error('the image is no grid');
const {levels, features} = grid;
const [cells] = gridCells(grid, 2);
const python = findPython(given.python || undefined);
if (!python) process.exit(0);

const session = new Session(posed.problem.spec, {
  ...{dtype: 'float32', threads: 2, seed: 1},
  ...deviceOptions(chooseDevice(given.device)),
});
const start = await session.parameters();
const folder = temporaryFolder();
const file = (name) => path.join(folder, name);

// Ours: level by level, feature by feature, nodes row-major; theirs: (y, x, feature) a level.
let at = 0;
for (let s = 0; s < levels; s++) {
  const n = cells / 2 ** s + 1;
  const level = new Float32Array(n * n * features);
  for (let f = 0; f < features; f++) for (let i = 0; i < n * n; i++) level[i * features + f] = start[at++];
  await writeNpy(file(`level${s}.npy`), level, [n, n, features]);
}
await writeNpy(file('decoder_weight.npy'), Float32Array.from(start.slice(at, at + levels * features)), [1, levels * features]);
await writeNpy(file('decoder_bias.npy'), Float32Array.from(start.slice(at + levels * features)), [1]);
const {u_gx: gx, u_gy: gy} = /** @type {Record<string, Float64Array>} */ (posed.problem.spec.terms[0].data);
await writeNpy(file('target_x.npy'), gx, [image.height, image.width]);
await writeNpy(file('target_y.npy'), gy, [image.height, image.width]);

// The draws of every iteration, as the sampler counts them.
const samples = posed.samplesPerIteration;
const draws = new BigInt64Array(given.iterations * samples);
for (let i = 0, next = 0; i < given.iterations; i++) {
  await session.draw(i);
  const weights = await session.sampleWeights(0);
  weights.forEach((weight, pixel) => {
    for (let k = Math.round(weight * samples); k > 0; k--) draws[next++] = BigInt(pixel);
  });
}
writeFileSync(file('draws.npy'), npyInt64(draws, [given.iterations, samples]));

const peer = runPeer(python, 'poisson_grid.py', [
  ...['--start', folder, '--iterations', String(given.iterations), '--resolution', String(cells), '--levels', String(levels)],
  ...['--features', String(features), '--learning-rate', '5e-3', '--out', file('out')],
]);
const theirs = (await readNpy(file(path.join('out', 'losses.npy')))).data;
const theirPrediction = (await readNpy(file(path.join('out', 'prediction.npy')))).data;

const result = await session.run([dinf.adam({iterations: given.iterations, learningRate: 5e-3, decaySteps: 5000})]);
const [ourPrediction] = await session.evaluate(['u'], posed.pixels);
const lossDifference = Math.max(...Array.from(theirs.slice(0, 50), (loss, i) => Math.abs(result.losses[i] / loss - 1)));
const ours = psnrPaper(ourPrediction, image.data, image);
const other = psnrPaper(Float64Array.from(theirPrediction), image.data, image);
const passed = lossDifference <= 1e-3 && Math.abs(ours - other) <= 0.2;
record(
  {
    benchmark: 'adam-parity',
    setting: {device: given.device, size: image.width, iterations: given.iterations, levels, features, torch: peer.torch},
    largestRelativeLossDifferenceOver50: lossDifference,
    psnrPaper: {ours, peer: other, difference: ours - other},
    finalLoss: {ours: result.losses.at(-1), peer: theirs.at(-1)},
    passed,
  },
  given.results || undefined,
);
process.exitCode = passed ? 0 : 1;
