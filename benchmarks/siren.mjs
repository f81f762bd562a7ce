// Fields against each other over time, on every system of the paper: `dinf-grid bench siren`, with the lines that the page of benchmarks reads.
//   node benchmarks/siren.mjs --python V/bin/python --results benchmarks/results/siren.jsonl
// --only heat,fit; --seconds 4; --seeds 3; --full yes; --device cuda; --out DIR for the page and the pictures.
import {writeFileSync} from 'node:fs';
import * as path from 'node:path';
import {chartSheet, compareFields, comparisonLines, comparisonReport} from 'dinf-grid/comparisons';
import {encodePng} from '../dist/files/image.js';
import {writeReport} from '../dist/report/html.js';
import {options, record} from './support.mjs';

const given = options({results: '', only: '', seconds: 0, seeds: 3, full: '', python: '', device: 'auto', threads: 0, out: ''});
const full = given.full === 'yes';

/** @type {import('dinf-grid/comparisons').ComparisonRun} */
const run = {
  device: /** @type {import('dinf-grid').Device} */ (given.device),
  ...(given.threads > 0 && {threads: given.threads}),
  ...(given.python && {python: given.python}),
  onRun: (what, index, count) => {
    console.error(`${index + 1} of ${count}: ${what}`);
  },
  onSystem: (result) => {
    for (const line of comparisonLines([result])) {
      record({benchmark: 'siren', full, seeds: given.seeds, device: named, ...line}, given.results || undefined);
    }
  },
};
const results = await compareFields(
  {
    ...(given.only && {only: given.only.split(',')}),
    ...(given.seconds > 0 && {seconds: given.seconds}),
    ...{seeds: given.seeds, full},
  },
  run,
);
if (given.out) {
  const facts = {
    full,
    seconds: results[0].budget,
    seeds: given.seeds,
    device: given.device,
    dtype: 'float32',
    threads: given.threads,
  };
  const command = `dinf-grid bench siren --seeds ${given.seeds}${full ? ' --full' : ''}`;
  await writeReport(path.join(given.out, 'report.html'), comparisonReport(results, {...facts, command, complete: true}));
  writeFileSync(path.join(given.out, 'curves.png'), encodePng(chartSheet(results)));
}
