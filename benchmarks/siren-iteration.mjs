// One Adam iteration of a Siren (256 wide, 5 hidden layers) on the gradient image, 262 144 draws from the lattice, beside PyTorch's, on a
// GPU also as one CUDA graph and through torch.compile (--modes eager,graph,compile), and both with --tf32 on:
//   node benchmarks/siren-iteration.mjs --image camera.png --python V/bin/python --results benchmarks/results/siren-iteration.jsonl
import * as path from 'node:path';
import * as dinf from 'dinf-grid';
import {readImage} from '../dist/files/image.js';
import {writeNpy} from '../dist/files/npy.js';
import {renderScene} from '../dist/imaging/scene/scene.js';
import {poisson} from '../dist/problems/poisson.js';
import {chooseDevice, deviceOptions} from '../dist/devices/index.js';
import {Session} from '../dist/solve/session.js';
import {findPython, options, peerLines, peerOrWhyNot, record, spread, temporaryFolder} from './support.mjs';

const given = options({
  ...{image: '', python: '', results: '', size: 512, iterations: 1, repeats: 3, peerIterations: 2, threads: 0, device: 'cpu'},
  ...{width: 256, hiddenLayers: 5, modes: 'eager', tf32: 'off'},
});

const image = given.image ? await readImage(given.image) : renderScene(given.size);
const {width, hiddenLayers} = given;
const posed = poisson(image, {preset: 'paper', field: 'siren', width, hiddenLayers});
const threads = given.threads || 2;

const device = chooseDevice(given.device);
const session = new Session(posed.problem.spec, {
  ...{dtype: 'float32', threads, seed: 1, tf32: given.tf32 === 'on'},
  ...deviceOptions(device),
});
const optimizer = dinf.adam({iterations: given.iterations, learningRate: 5e-5});
async function secondsPerIteration() {
  // The loss after the last iteration is a pass of its own, which the peer does not make: two runs of different length cancel it.
  const more = await session.run([{...optimizer, iterations: 2 * given.iterations}]);
  const {seconds} = await session.run([optimizer]);
  return (more.seconds - seconds) / given.iterations;
}

await session.run([optimizer]); // warm-up
const python = findPython(given.python || undefined);
const folder = temporaryFolder();
await writeNpy(path.join(folder, 'image.npy'), image.data, [image.height, image.width]);

// Ours before and after the peer: on a shared machine the speed drifts.
const ours = [];
for (let i = 0; i < Math.ceil(given.repeats / 2); i++) ours.push(await secondsPerIteration());
const peers = {};
if (python)
  for (const mode of given.modes.split(','))
    peers[mode] = peerOrWhyNot(python, 'siren.py', [
      ...['--image', path.join(folder, 'image.npy'), '--time', `1,${given.peerIterations}`, '--threads', String(threads)],
      ...['--device', device.driver, '--mode', mode, ...(given.tf32 === 'on' ? ['--tf32'] : [])],
      ...['--iterations', String(given.peerIterations + 1), '--width', String(width), '--hidden', String(hiddenLayers)],
    ]);
while (ours.length < given.repeats) ours.push(await secondsPerIteration());
session.dispose();

const own = spread(ours);
record(
  {
    benchmark: 'siren-iteration',
    setting: {
      size: [image.width, image.height],
      samples: posed.samplesPerIteration,
      width,
      hiddenLayers,
      dtype: 'float32',
      tf32: given.tf32 === 'on',
      device: given.device,
      threads,
    },
    secondsPerIteration: own,
    ...peerLines(peers, own),
  },
  given.results || undefined,
);
