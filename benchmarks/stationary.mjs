// What the stationary problems reach: the wave of a point source by resolution, degree and iterations, the plate in both forms, cloth, fits.
//   node benchmarks/stationary.mjs --results benchmarks/results/stationary.jsonl
//   node benchmarks/stationary.mjs --only paper --paper-iterations 20       the authors' settings alone, so many iterations of Adam
import * as dinf from 'dinf-grid';
import {clothDefinition} from '../dist/problems/cloth-definition.js';
import {fitDefinition} from '../dist/problems/fit-definition.js';
import {helmholtzDefinition} from '../dist/problems/helmholtz-definition.js';
import {plateDefinition} from '../dist/problems/plate-definition.js';
import {options, record, spread, timedSolve} from './support.mjs';

const given = options({results: '', repeats: 3, only: '', paperIterations: 20, device: 'cpu'});

/**
 * Solves once to warm up (unless it is to be done once only), then `repeats` times; one line, with the command that repeats it.
 *
 * @param {'float32' | 'float64'} dtype
 */
async function measure(definition, name, command, run, dtype = 'float32', repeats = given.repeats) {
  const prepared = await definition.prepare({preset: 'fast', own: {}, ...run});
  const seconds = [];
  const setup = [];
  let line;
  for (let i = repeats === 1 ? 1 : 0; i <= repeats; i++) {
    const {solution, setupSeconds} = await timedSolve(prepared.problem, {
      optimizer: prepared.optimizers.map(({stage}) => stage),
      dtype,
      device: given.device,
    });
    if (i > 0) {
      seconds.push(solution.seconds);
      setup.push(setupSeconds);
    }
    if (i === repeats) {
      const {metrics} = await prepared.assess(solution);
      const {iterations, unknowns, loss, stopReason} = solution;
      line = {iterations, unknowns, loss, stopReason, metrics};
    }
    solution.dispose();
  }
  const {samplesPerIteration, settings} = prepared;
  record(
    {
      benchmark: 'stationary',
      case: name,
      command: `dinf-grid solve ${command}${dtype === 'float64' ? ' --dtype float64' : ''}`,
      dtype,
      device: given.device,
      settings,
      samplesPerIteration,
      ...line,
      seconds: spread(seconds),
      setupSeconds: spread(setup),
    },
    given.results || undefined,
  );
}

const wanted = (group) => given.only === '' || given.only === group;

if (wanted('helmholtz')) {
  await measure(helmholtzDefinition, 'helmholtz, fast', 'helmholtz', {});
  await measure(helmholtzDefinition, 'helmholtz, fast', 'helmholtz', {}, 'float64');
  // The Gaussian of the paper, on the same equations, samples and solver.
  for (const resolution of [64, 128]) {
    await measure(
      helmholtzDefinition,
      'helmholtz, Gaussian kernel, least squares',
      `helmholtz --kernel gaussian --resolution ${resolution} --iterations 300`,
      {kernel: dinf.gaussian(), resolution, iterations: [300]},
      'float32',
      1,
    );
  }
}
if (wanted('convergence')) {
  for (const degree of [5, 7]) {
    for (const resolution of [64, 96, 128]) {
      for (const iterations of [25, 50, 100, 150, 200, 300]) {
        await measure(
          helmholtzDefinition,
          'helmholtz, convergence',
          `helmholtz --kernel bspline:${degree} --resolution ${resolution} --iterations ${iterations}`,
          {kernel: dinf.bspline(degree), resolution, iterations: [iterations]},
          'float32',
          1,
        );
      }
    }
  }
}
if (wanted('plate')) {
  for (const form of ['strong', 'ritz']) {
    for (const [width, height] of [
      ['1', '1'],
      ['2', '1'],
    ]) {
      const command = `plate --form ${form} --extent-x ${width} --extent-y ${height}`;
      const run = {own: {form, extentX: width, extentY: height}};
      await measure(plateDefinition, 'plate', command, run, 'float32');
      await measure(plateDefinition, 'plate', command, run, 'float64');
    }
  }
}
if (wanted('cloth')) {
  for (const normal of ['linearised', 'exact'])
    await measure(clothDefinition, 'cloth, fast', `cloth --normal ${normal}`, {own: {normal}});
  // How the energy falls.
  for (const iterations of [100, 200, 800])
    await measure(clothDefinition, 'cloth, fast', `cloth --iterations ${iterations}`, {iterations: [iterations]}, 'float32', 1);
  // The paper's field in full, with its border nodes repeated and without.
  await measure(clothDefinition, "cloth, the paper's preset", 'cloth --preset paper', {preset: 'paper'}, 'float32', 1);
  const extended = {preset: 'paper', edge: 'extend'};
  await measure(clothDefinition, "cloth, the paper's preset", 'cloth --preset paper --edge extend', extended, 'float32', 1);
}
if (wanted('fit')) {
  await measure(fitDefinition, 'fit, image', 'fit', {});
  for (const text of ['sin(10*x)*y', 'sin(30*x*y)', 'exp(-20*(x^2 + y^2))'])
    await measure(fitDefinition, 'fit, function', `fit --function '${text}'`, {own: {function: text}});
}
if (given.only === 'fit-paper')
  await measure(fitDefinition, "fit, image, the paper's Adam", 'fit --preset paper', {preset: 'paper'}, 'float32', 1);
if (wanted('paper')) {
  const iterations = given.paperIterations;
  await measure(
    helmholtzDefinition,
    "helmholtz, the paper's preset",
    `helmholtz --preset paper --iterations ${iterations}`,
    {preset: 'paper', iterations: [iterations]},
    'float32',
    1,
  );
}
