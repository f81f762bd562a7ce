// What the Poisson problems reach on one image, by target, supervision and iterations; with --adam 10000 also the paper's Adam run.
//   node benchmarks/images.mjs --image camera.png --adam 10000 --results benchmarks/results/images.jsonl
import * as dinf from 'dinf-grid';
import {stagesFrom} from '../dist/cases/stages.js';
import {readImage} from '../dist/files/image.js';
import {renderScene} from '../dist/imaging/scene/scene.js';
import {assessPoisson, poisson, poissonStages} from '../dist/problems/poisson.js';
import {options, record, spread} from './support.mjs';

const given = options({image: '', results: '', repeats: 5, adam: 0, device: 'cpu'});
const image = given.image ? await readImage(given.image) : renderScene(512);

async function measure(name, problemOptions, iterations, repeats) {
  const posed = poisson(image, problemOptions);
  const seconds = [];
  let line;
  for (let i = 0; i <= repeats; i++) {
    const solution = await dinf.solve(posed.problem, {
      optimizer: stagesFrom({preset: posed.options.preset, iterations: [iterations], own: {}}, poissonStages(posed)).map(
        ({stage}) => stage,
      ),
      device: given.device,
    });
    if (i > 0 || repeats === 1) seconds.push(solution.seconds); // the first warms up
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
    },
    given.results || undefined,
  );
}

for (const iterations of [10, 20, 50])
  await measure('gradient, sobel, least squares', {target: 'sobel'}, iterations, given.repeats);
for (const iterations of [15, 30]) await measure('gradient, differences, least squares', {}, iterations, given.repeats);
for (const iterations of [20, 60])
  await measure('laplacian, differences, border known, Ritz', {supervision: 'laplacian'}, iterations, given.repeats);
await measure('laplacian, sobel protocol, least squares', {supervision: 'laplacian', target: 'sobel'}, 50, given.repeats);
if (given.adam > 0) await measure("gradient, sobel, the paper's Adam", {preset: 'paper'}, given.adam, 1);
