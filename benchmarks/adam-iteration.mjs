// One Adam iteration of the paper's gradient image (262 144 draws from the lattice, 6 levels, 2 features, rho 3) beside the same
// method in PyTorch, in one run; on a GPU also as one CUDA graph and through torch.compile (--modes eager,graph,compile):
//   node benchmarks/adam-iteration.mjs --image camera.png --python V/bin/python --results benchmarks/results/adam-iteration.jsonl
import * as path from 'node:path';
import * as dinf from 'dinf-grid';
import {readImage} from '../dist/files/image.js';
import {writeNpy} from '../dist/files/npy.js';
import {renderScene} from '../dist/imaging/scene/scene.js';
import {poisson} from '../dist/problems/poisson.js';
import {findPython, options, peerLines, peerOrWhyNot, record, spread, temporaryFolder, timedSolve} from './support.mjs';

const given = options({
  image: '',
  python: '',
  results: '',
  iterations: 300,
  repeats: 7,
  peerIterations: 5,
  threads: 0,
  device: 'cpu',
  layout: 'fast,direct',
  modes: 'eager',
});

const image = given.image ? await readImage(given.image) : renderScene(512);
const posed = poisson(image, {preset: 'paper'});
const threads = given.threads || undefined;

const setup = [];
async function secondsPerIteration() {
  const {solution, setupSeconds} = await timedSolve(posed.problem, {
    optimizer: dinf.adam({iterations: given.iterations, learningRate: 5e-3, decaySteps: 5000}),
    threads,
    device: given.device,
  });
  setup.push(setupSeconds);
  solution.dispose();
  return solution.seconds / given.iterations;
}

await secondsPerIteration(); // warm-up
const python = findPython(given.python || undefined);
const folder = temporaryFolder();
await writeNpy(path.join(folder, 'image.npy'), image.data, [image.height, image.width]);

// Ours before and after the peer: on a shared machine the speed drifts.
const ours = [];
for (let i = 0; i < Math.ceil(given.repeats / 2); i++) ours.push(await secondsPerIteration());
const peers = {};
/** The plain way is that of both layouts; graphs and compilation are for the one that is fast. */
const variants = given.layout
  .split(',')
  .flatMap((layout) => given.modes.split(',').flatMap((mode) => (mode === 'eager' || layout === 'fast' ? [[layout, mode]] : [])));
if (python)
  for (const [layout, mode] of variants)
    peers[mode === 'eager' ? layout : `${layout}, ${mode}`] = peerOrWhyNot(python, 'poisson_grid.py', [
      '--image',
      path.join(folder, 'image.npy'),
      '--time',
      `1,${given.peerIterations}`,
      '--device',
      given.device.startsWith('cuda') ? 'cuda' : 'cpu',
      '--layout',
      layout,
      '--mode',
      mode,
    ]);
while (ours.length < given.repeats) ours.push(await secondsPerIteration());

const own = spread(ours);
record(
  {
    benchmark: 'adam-iteration',
    setting: {
      size: [image.width, image.height],
      samples: posed.samplesPerIteration,
      levels: 6,
      features: 2,
      rings: 3,
      dtype: 'float32',
      threads: threads ?? 'all',
      device: given.device,
    },
    secondsPerIteration: own,
    setupSeconds: spread(setup.slice(1)), // the first warmed up
    ...peerLines(peers, own),
  },
  given.results || undefined,
);
