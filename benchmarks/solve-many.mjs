// Poisson's equation on 64 x 64 cells (cubic splines, u = 0 on the rim by rows of its own) with another source each time: one matrix, one
// factor. Sources at --places points an axis; solves a second through a ManySolver that is warm, and of solves one after another.
//   node benchmarks/solve-many.mjs --results benchmarks/results/solve-many.jsonl
import * as dinf from 'dinf-grid';
import {options, record, spread} from './support.mjs';

const given = options({results: '', places: 68, variations: 8000, repeats: 5, dtype: 'float32', threads: 2});
const CELLS = 64;
const {places} = given;
const even = dinf.linspace(0, 1, places);
const rim = Array.from(dinf.linspace(0, 1, CELLS + 1)).flatMap((t) => [0, t, 1, t, t, 0, t, 1]);
const sources = Array.from({length: 16}, (_, k) =>
  Float64Array.from({length: places * places}, (__, i) => Math.sin(((k + 1) * i) / 300) + Math.cos(((i % places) / 7) * (k + 1))),
);
const posed = (f) =>
  dinf.problem({
    domain: {x: [0, 1], y: [0, 1]},
    unknowns: ['u'],
    field: dinf.rbfGrid({resolution: CELLS, levels: 1, kernel: dinf.bspline(3)}),
    terms: [
      dinf.term(dinf.lattice([even, even]), 'u_xx + u_yy = f', {name: 'inside', data: {f}}),
      dinf.term(dinf.points(rim), 'u = 0', {name: 'rim', weight: 1e6}),
    ],
  });
const how = {dtype: given.dtype, threads: given.threads};

const solver = new dinf.ManySolver(posed(sources[0]), how);
function* variations(count) {
  for (let i = 0; i < count; i++) yield {data: {inside: {f: sources[i % sources.length]}}};
}
async function many(count) {
  const began = performance.now();
  let met = 0;
  for await (const {stopReason} of solver.solve(variations(count))) met += stopReason === 'tolerance' ? 1 : 0;
  if (met !== count) throw new Error(`${count - met} variations did not converge`);
  return (1000 * count) / (performance.now() - began);
}
async function alone(count) {
  const problems = sources.slice(0, count).map(posed);
  const began = performance.now();
  for (const one of problems) (await dinf.solve(one, how)).dispose();
  return (1000 * count) / (performance.now() - began);
}

await many(512);
await alone(4);
/** @type {{solveMany: number[], alone: number[]}} */
const rates = {solveMany: [], alone: []};
for (let round = 0; round < given.repeats; round++) {
  rates.solveMany.push(await many(given.variations));
  rates.alone.push(await alone(12));
}
solver.dispose();
const solvesPerSecond = {solveMany: spread(rates.solveMany), alone: spread(rates.alone)};
const ratio = solvesPerSecond.solveMany.median / solvesPerSecond.alone.median;
record(
  {benchmark: 'solve-many', problem: 'Poisson 64 x 64', places, ...how, variations: given.variations, solvesPerSecond, ratio},
  given.results === '' ? undefined : given.results,
);
