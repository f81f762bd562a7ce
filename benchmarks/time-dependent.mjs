// Heat, advection and Zalesak's disk: error against exact truth and seconds of the solve, in both presets.
//   node benchmarks/time-dependent.mjs --results benchmarks/results/time-dependent.jsonl
//   node benchmarks/time-dependent.mjs --problems heat,advection --presets paper
// The full paper runs in three dimensions take an hour and more on two cores; --iterations 20 tells how long, and is marked partial.
import {measure} from '../dist/cases/evolution.js';
import {stagesFrom} from '../dist/cases/stages.js';
import {advection2d} from '../dist/problems/advection-2d.js';
import {advection} from '../dist/problems/advection.js';
import {heat} from '../dist/problems/heat.js';
import {zalesak} from '../dist/problems/zalesak.js';
import {options, record, spread, timedSolve} from './support.mjs';

const given = options({
  problems: 'heat,advection,advection-2d,zalesak,zalesak-indicator',
  presets: 'fast',
  iterations: 0,
  repeats: 3,
  results: '',
  device: 'cpu',
});
const known = {
  heat,
  advection,
  'advection-2d': advection2d,
  zalesak,
  'zalesak-indicator': (chosen) => zalesak({...chosen, indicator: true}),
};

for (const name of given.problems.split(',')) {
  for (const preset of given.presets.split(',')) {
    const posed = known[name]({preset});
    const iterations = given.iterations > 0 ? [given.iterations] : undefined;
    const stages = stagesFrom({preset, iterations, own: {}}, posed.stages);
    // A run of minutes is its own warm-up.
    const repeats = preset === 'paper' ? 1 : given.repeats + 1;
    const seconds = [];
    const setup = [];
    let line;
    for (let i = 0; i < repeats; i++) {
      const {solution, setupSeconds} = await timedSolve(posed.problem, {
        optimizer: stages.map(({stage}) => stage),
        seed: 0,
        device: given.device,
      });
      if (i > 0 || repeats === 1) {
        seconds.push(solution.seconds);
        setup.push(setupSeconds);
      }
      if (i === repeats - 1) {
        const {metrics} = await measure(posed, solution);
        line = {iterations: solution.iterations, unknowns: solution.unknowns, loss: solution.loss, metrics};
      }
      solution.dispose();
    }
    record(
      {
        benchmark: 'time-dependent',
        case: name,
        preset,
        device: given.device,
        partial: given.iterations > 0,
        optimizer: stages.map((stage) => stage.name).join(','),
        samplesPerIteration: posed.samplesPerIteration,
        evaluation: posed.system.evaluation,
        ...line,
        seconds: spread(seconds),
        setupSeconds: spread(setup),
      },
      given.results || undefined,
    );
  }
}
