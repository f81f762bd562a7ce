// What the Poisson problems reach on one image, by target, supervision and iterations; with --adam 10000 also the paper's Adam run; and the
// fewest iterations of least squares that reach --decibels (the paper's best on its photograph is 32.1), with their seconds.
//   node benchmarks/images.mjs --image camera.png --adam 10000 --results benchmarks/results/images.jsonl
import * as dinf from 'dinf-grid';
import {stagesFrom} from '../dist/cases/stages.js';
import {readImage} from '../dist/files/image.js';
import {renderScene} from '../dist/imaging/scene/scene.js';
import {assessPoisson, poisson, poissonStages} from '../dist/problems/poisson.js';
import {options, record, spread, timedSolve} from './support.mjs';

const given = options({image: '', results: '', repeats: 5, adam: 0, decibels: 32.1, device: 'cpu'});
const image = given.image ? await readImage(given.image) : renderScene(512);

async function measure(name, problemOptions, iterations, repeats) {
  const posed = poisson(image, problemOptions);
  const seconds = [];
  const setup = [];
  let line;
  for (let i = 0; i <= repeats; i++) {
    const {solution, setupSeconds} = await timedSolve(posed.problem, {
      optimizer: stagesFrom({preset: posed.options.preset, iterations: [iterations], own: {}}, poissonStages(posed)).map(
        ({stage}) => stage,
      ),
      device: given.device,
    });
    if (i > 0 || repeats === 1) {
      seconds.push(solution.seconds); // the first warms up
      setup.push(setupSeconds);
    }
    if (i === repeats || repeats === 1) {
      const {metrics} = await assessPoisson(posed, solution);
      line = {iterations: solution.iterations, unknowns: solution.unknowns, loss: solution.loss, metrics};
    }
    solution.dispose();
    if (repeats === 1) break;
  }
  record(
    {
      benchmark: 'images',
      case: name,
      image: given.image ? given.image.split('/').at(-1) : 'built-in scene',
      size: [image.width, image.height],
      device: given.device,
      ...line,
      seconds: spread(seconds),
      setupSeconds: spread(setup),
    },
    given.results || undefined,
  );
}

/** Fewest iterations of least squares after which the image is as near to the original as asked; undefined where 400 are not enough. */
async function iterationsTo(decibels, problemOptions) {
  const posed = poisson(image, problemOptions);
  const reaches = async (iterations) => {
    const optimizer = stagesFrom({preset: posed.options.preset, iterations: [iterations], own: {}}, poissonStages(posed));
    const solution = await dinf.solve(posed.problem, {optimizer: optimizer.map(({stage}) => stage), device: given.device});
    const {metrics} = await assessPoisson(posed, solution);
    solution.dispose();
    return metrics.psnr >= decibels;
  };
  let [low, high] = [0, 1];
  while (!(await reaches(high))) {
    [low, high] = [high, 2 * high];
    if (high > 400) return undefined;
  }
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (await reaches(middle)) high = middle;
    else low = middle;
  }
  return high;
}

for (const iterations of [10, 20, 50])
  await measure('gradient, sobel, least squares', {target: 'sobel'}, iterations, given.repeats);
for (const iterations of [15, 30]) await measure('gradient, differences, least squares', {}, iterations, given.repeats);
for (const iterations of [20, 60])
  await measure('laplacian, differences, border known, Ritz', {supervision: 'laplacian'}, iterations, given.repeats);
await measure('laplacian, sobel protocol, least squares', {supervision: 'laplacian', target: 'sobel'}, 50, given.repeats);
for (const target of ['sobel', 'differences']) {
  const iterations = await iterationsTo(given.decibels, {target});
  if (iterations === undefined) console.error(`${target}: no ${given.decibels} dB in 400 iterations`);
  else await measure(`gradient, ${target}, to ${given.decibels} dB`, {target}, iterations, given.repeats);
}
if (given.adam > 0) await measure("gradient, sobel, the paper's Adam", {preset: 'paper'}, given.adam, 1);
