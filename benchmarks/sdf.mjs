// Signed distances of shapes, and of a scan or mesh of one's own: errors, and seconds of the solve.
//   node benchmarks/sdf.mjs --results benchmarks/results/sdf.jsonl
//   node benchmarks/sdf.mjs --points bunny.ply --name 'Stanford bunny' --results benchmarks/results/sdf.jsonl
import * as dinf from 'dinf-grid';
import {sdfDefinition} from '../dist/problems/sdf-definition.js';
import {options, record, spread} from './support.mjs';

const given = options({results: '', repeats: 1, points: '', name: '', only: '', device: 'cpu'});

async function measure(name, own, command) {
  const prepared = await sdfDefinition.prepare({preset: 'fast', own});
  const seconds = [];
  let line;
  for (let i = 0; i < given.repeats; i++) {
    const {device} = given;
    const stages = {optimizer: prepared.optimizers.map(({stage}) => stage), device};
    const solution = await (prepared.solve?.({device}) ?? dinf.solve(prepared.problem, stages));
    seconds.push(solution.seconds);
    const {iterations, unknowns, loss, stopReason} = solution;
    if (i === given.repeats - 1)
      line = {iterations, unknowns, loss, stopReason, metrics: (await prepared.assess(solution)).metrics};
    solution.dispose();
  }
  const {samplesPerIteration} = prepared;
  // The file's place says nothing to a reader.
  const settings = {...prepared.settings, ...(own.points !== undefined && {points: given.name || 'a scan'})};
  record(
    {
      benchmark: 'sdf',
      case: name,
      command: `dinf-grid solve sdf ${command}`,
      device: given.device,
      settings,
      samplesPerIteration,
      ...line,
      seconds: spread(seconds),
    },
    given.results || undefined,
  );
}

if (given.points !== '') {
  await measure(given.name || 'a scan', {points: given.points}, '--points FILE');
} else {
  for (const shape of ['sphere', 'torus', 'box'].filter((name) => given.only === '' || given.only === name)) {
    await measure(shape, {shape}, `--shape ${shape}`);
    await measure(`${shape}, signal`, {shape, signal: true}, `--shape ${shape} --signal`);
  }
}
