// A Siren trained by Adam beside PyTorch's, from the same weights and the same draws (gradient image, 128 x 128 by default):
//   node benchmarks/siren-parity.mjs --python V/bin/python --results benchmarks/results/siren-parity.jsonl
// Passes when losses agree to 1e-3 over the first 50 iterations and psnrPaper to 0.2 dB after the last.
import {writeFileSync} from 'node:fs';
import * as path from 'node:path';
import * as dinf from 'dinf-grid';
import {readImage} from '../dist/files/image.js';
import {readNpy, writeNpy} from '../dist/files/npy.js';
import {psnrPaper} from '../dist/imaging/metrics.js';
import {renderScene} from '../dist/imaging/scene/scene.js';
import {poisson} from '../dist/problems/poisson.js';
import {chooseDevice, deviceOptions} from '../dist/devices/index.js';
import {Session} from '../dist/solve/session.js';
import {findPython, npyInt64, options, record, runPeer, temporaryFolder} from './support.mjs';

const given = options({
  ...{
    size: 128,
    iterations: 200,
    width: 256,
    hiddenLayers: 5,
    learningRate: 5e-5,
    python: '',
    results: '',
    image: '',
    device: 'cpu',
  },
});

const image = given.image ? await readImage(given.image) : renderScene(given.size);
const {width, hiddenLayers, iterations, learningRate} = given;
const posed = poisson(image, {preset: 'paper', field: 'siren', width, hiddenLayers});
const python = findPython(given.python || undefined);
if (!python) process.exit(0);

const session = new Session(posed.problem.spec, {
  ...{dtype: 'float32', threads: 2, seed: 1},
  ...deviceOptions(chooseDevice(given.device)),
});
const start = await session.parameters();
const {blocks} = await session.state();
const folder = temporaryFolder();
const file = (name) => path.join(folder, name);

// Our coordinates are (y, x), theirs (x, y): the first layer's columns change places.
let at = 0;
for (const {name, shape} of blocks) {
  const count = shape.reduce((a, b) => a * b, 1);
  const values = Float32Array.from(start.slice(at, at + count));
  at += count;
  const [, layer, kind] = /layer(\d+)\.(\w+)$/.exec(name) ?? [];
  if (layer === '0' && kind === 'weight')
    for (let i = 0; i < count; i += 2) [values[i], values[i + 1]] = [values[i + 1], values[i]];
  await writeNpy(file(`layer${layer}_${kind}.npy`), values, shape);
}
const {u_gx: gx, u_gy: gy} = /** @type {Record<string, Float64Array>} */ (posed.problem.spec.terms[0].data);
await writeNpy(file('target_x.npy'), gx, [image.height, image.width]);
await writeNpy(file('target_y.npy'), gy, [image.height, image.width]);

// The draws of every iteration, as the sampler counts them.
const samples = posed.samplesPerIteration;
const draws = new BigInt64Array(iterations * samples);
for (let i = 0, next = 0; i < iterations; i++) {
  await session.draw(i);
  const weights = await session.sampleWeights(0);
  weights.forEach((weight, pixel) => {
    for (let k = Math.round(weight * samples); k > 0; k--) draws[next++] = BigInt(pixel);
  });
}
writeFileSync(file('draws.npy'), npyInt64(draws, [iterations, samples]));

const peer = runPeer(python, 'siren.py', [
  ...['--start', folder, '--iterations', String(iterations), '--width', String(width), '--hidden', String(hiddenLayers)],
  ...['--learning-rate', String(learningRate), '--decay-steps', '0', '--out', file('out')],
]);
const theirs = (await readNpy(file(path.join('out', 'losses.npy')))).data;
const theirPrediction = (await readNpy(file(path.join('out', 'prediction.npy')))).data;

const result = await session.run([dinf.adam({iterations, learningRate})]);
const [ourPrediction] = await session.evaluate(['u'], posed.pixels);
session.dispose();
const differences = Array.from(theirs, (loss, i) => Math.abs(result.losses[i] / loss - 1));
const ours = psnrPaper(ourPrediction, image.data, image);
const other = psnrPaper(Float64Array.from(theirPrediction), image.data, image);
const early = Math.max(...differences.slice(0, 50));
const passed = early <= 1e-3 && Math.abs(ours - other) <= 0.2;
record(
  {
    benchmark: 'siren-parity',
    setting: {device: given.device, size: image.width, iterations, width, hiddenLayers, learningRate, torch: peer.torch},
    relativeLossDifference: {first: differences[0], largestOver50: early, last: differences.at(-1)},
    psnrPaper: {ours, peer: other, difference: ours - other},
    finalLoss: {ours: result.losses.at(-1), peer: theirs.at(-1)},
    passed,
  },
  given.results || undefined,
);
process.exitCode = passed ? 0 : 1;
