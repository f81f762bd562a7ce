// Fields against each other over time, on every system of the paper, as lines that the page of benchmarks reads. `npm run bench` shows the same
// as a page of its own, with pictures.
//   node benchmarks/siren.mjs --python V/bin/python --results benchmarks/results/siren.jsonl
// --only heat,fit; --seconds 4; --seeds 3; --full yes; --device cuda.
import {compareFields, comparisonLines} from 'dinf-grid/comparisons';
import {findDevice} from '../dist/devices/index.js';
import {options, record} from './support.mjs';

const given = options({results: '', only: '', seconds: 0, seeds: 3, full: '', python: '', device: 'auto', threads: 0});
const full = given.full === 'yes';
const {name: device} = await findDevice(given.device);

/** @type {import('dinf-grid/comparisons').ComparisonRun} */
const run = {
  device: /** @type {import('dinf-grid').Device} */ (given.device),
  ...(given.threads > 0 && {threads: given.threads}),
  ...(given.python && {python: given.python}),
  onRun: (what, index, count) => {
    console.error(`${index + 1} of ${count}: ${what}`);
  },
  onSystem: (result) => {
    for (const line of comparisonLines([result]))
      record({benchmark: 'siren', full, seeds: given.seeds, device, ...line}, given.results || undefined);
  },
};
await compareFields(
  {
    ...(given.only && {only: given.only.split(',')}),
    ...(given.seconds > 0 && {seconds: given.seconds}),
    ...{seeds: given.seeds, full},
  },
  run,
);
