// How time and memory grow: of an Adam iteration with samples, levels, cells, dimensions and threads, of whole direct solves with unknowns, and of several
// solves at once. Every axis ends with the exponents of power laws fitted to its points, and their standard errors.
//   node benchmarks/scaling.mjs --results benchmarks/results/scaling.jsonl [--only samples,cells] [--kernel bspline] [--device cuda]
// Every point is a process of its own, so that the peak of its memory is its own: resident bytes at their most, above what was resident
// before the problem was posed (the host's, whatever the device).
import {fork} from 'node:child_process';
import * as os from 'node:os';
import {fileURLToPath} from 'node:url';
import * as dinf from 'dinf-grid';
import {renderScene} from '../dist/imaging/scene/scene.js';
import {poisson} from '../dist/problems/poisson.js';
import {options, powerLaw, record, spread} from './support.mjs';

const given = options({
  ...{
    results: '',
    only: '',
    repeats: 5,
    seconds: 0.5,
    largest: 20,
    most: 16,
    device: 'cpu',
    dtype: 'float32',
    kernel: 'gaussian',
  },
  ...{threads: os.availableParallelism(), point: ''},
});
const kernels = {gaussian: dinf.gaussian({epsilon: 1, rings: 3}), bspline: dinf.bspline(5)};
const names = ['x', 'y', 'z'];

// --- what is measured at a point; a setting holds all that it depends on

/**
 * @typedef {{seconds: number[], iterations?: number, unknowns?: number, solvesPerSecond?: number}} Measured
 * @typedef {{measure: (setting: any) => Promise<Measured>, x: (setting: any, measured: Measured) => number, points: object[]}} Axis
 */

/** An Adam iteration of an order-1 equation on stratified samples, clamped edges, two features. */
async function adamIteration({dims, samples, resolution, levels, kernel, dtype, device, threads}) {
  const axes = names.slice(0, dims);
  const problem = dinf.problem({
    domain: Object.fromEntries(axes.map((name) => [name, [0, 1]])),
    unknowns: ['u'],
    field: dinf.rbfGrid({resolution, levels, features: 2, kernel: kernels[kernel], edge: 'clamp'}),
    terms: [dinf.term(dinf.stratified(Math.round(samples ** (1 / dims))), `${axes.map((name) => `u_${name}`).join(' + ')} = x`)],
  });
  const time = async (iterations) => {
    const solution = await dinf.solve(problem, {optimizer: dinf.adam({iterations, learningRate: 1e-3}), device, dtype, threads});
    solution.dispose();
    return solution.seconds / iterations;
  };
  const first = await time(3);
  const iterations = Math.max(3, Math.min(2000, Math.round(given.seconds / first)));
  const seconds = [];
  for (let i = 0; i < given.repeats; i++) seconds.push(await time(iterations));
  return {seconds, iterations};
}

/** Poisson's equation by default options but the inner solver: a factorisation and a few products. From posing to the solution. */
async function directSolve({dims, resolution, dtype, threads}) {
  const axes = names.slice(0, dims);
  const time = async (cells) => {
    const began = performance.now();
    const problem = dinf.problem({
      domain: Object.fromEntries(axes.map((name) => [name, [0, 1]])),
      unknowns: ['u'],
      field: dinf.rbfGrid({resolution: cells, levels: 1, kernel: dinf.bspline(3)}),
      lift: {u: `${axes.map((name) => `${name}*(1 - ${name})`).join('*')}*u`},
      terms: [dinf.term(dinf.gauss(2), `${axes.map((name) => `u_${name}${name}`).join(' + ')} = 1`)],
    });
    const solution = await dinf.solve(problem, {
      optimizer: dinf.gaussNewton({steps: 1, inner: 'direct'}),
      dtype,
      device: 'cpu',
      threads,
    });
    const {unknowns} = solution;
    solution.dispose();
    return {seconds: (performance.now() - began) / 1000, unknowns};
  };
  await time(4); // warm-up
  const all = [];
  for (let i = 0; i < given.repeats; i++) all.push(await time(resolution));
  return {seconds: all.map(({seconds}) => seconds), unknowns: all[0].unknowns};
}

/** Several solves on one device, each of so many threads: alike ones, or such that nothing of one serves another. */
async function atOnce({atOnce: count, kind, device, threads}) {
  const square = (resolution) =>
    dinf.problem({
      domain: {x: [0, 1], y: [0, 1]},
      unknowns: ['u'],
      field: dinf.rbfGrid({resolution, levels: 1, kernel: dinf.bspline(5)}),
      terms: [dinf.term(dinf.gauss(3), 'u_xx + u_yy = sin(x*y)'), dinf.term(dinf.points([0, 0]), 'u = 0')],
    });
  const iterations = 100;
  /** @returns {[dinf.Problem, dinf.Optimizer]} */
  const posedFor = (i) => {
    if (kind === 'image, Adam')
      return [poisson(renderScene(256), {preset: 'paper'}).problem, dinf.adam({iterations, learningRate: 5e-3})];
    return [square(kind === 'unlike' ? 32 + 16 * (i % 5) : 64), dinf.leastSquares({iterations, tolerance: 0})];
  };
  const posed = Array.from({length: count}, (_, i) => posedFor(i));
  const run = async () => {
    const began = performance.now();
    const solutions = await Promise.all(
      posed.map(([problem, optimizer], i) => dinf.solve(problem, {optimizer, device, threads, seed: i})),
    );
    const seconds = (performance.now() - began) / 1000;
    for (const solution of solutions) solution.dispose();
    return seconds;
  };
  await run(); // warm-up
  const seconds = [];
  for (let i = 0; i < given.repeats; i++) seconds.push(await run());
  return {seconds, iterations, solvesPerSecond: count / spread(seconds).median};
}

// --- the axes

const own = {
  dims: 2,
  samples: 2 ** 18,
  resolution: 512,
  levels: 6,
  kernel: given.kernel,
  dtype: given.dtype,
  device: given.device,
  threads: given.threads,
};
const range = (from, to, step = 1) => Array.from({length: Math.floor((to - from) / step) + 1}, (_, i) => from + i * step);
const powers = (from, to, step = 1) => range(from, to, step).map((power) => 2 ** power);
const direct = (dims, cells) =>
  cells.map((resolution) => ({dims, resolution, dtype: 'float64', device: 'cpu', threads: given.threads}));
const solves = (kind) =>
  powers(0, Math.log2(given.most)).map((count) => ({kind, atOnce: count, device: given.device, threads: 1}));

/**
 * What varies along an axis, as x: one number a point. Unknowns are known afterwards.
 *
 * @type {Record<string, Axis>}
 */
const AXES = {
  samples: {
    measure: adamIteration,
    x: ({samples}) => samples,
    points: powers(14, given.largest, 2).map((samples) => ({...own, samples})),
  },
  levels: {measure: adamIteration, x: ({levels}) => levels, points: range(1, 6).map((levels) => ({...own, levels}))},
  cells: {
    measure: adamIteration,
    x: ({resolution}) => resolution ** 2,
    points: powers(6, 10).map((resolution) => ({...own, levels: 4, resolution})),
  },
  // As many cells and samples in each: what grows is how many nodes a sample reads, 6, 36 and 216.
  dimensions: {
    measure: adamIteration,
    x: ({dims}) => 6 ** dims,
    points: [2 ** 18, 512, 64].map((resolution, i) => ({...own, dims: i + 1, levels: 1, resolution})),
  },
  threads: {
    measure: adamIteration,
    x: ({threads}) => threads,
    points: [...new Set([...powers(0, Math.floor(Math.log2(given.threads))), given.threads])].map((threads) => ({
      ...own,
      threads,
    })),
  },
  'direct 2-D': {measure: directSolve, x: (_, {unknowns = NaN}) => unknowns, points: direct(2, [64, 128, 256, 512])},
  'direct 3-D': {measure: directSolve, x: (_, {unknowns = NaN}) => unknowns, points: direct(3, [8, 12, 16, 24])},
  'solves at once, alike': {measure: atOnce, x: ({atOnce: count}) => count, points: solves('alike')},
  'solves at once, unlike': {measure: atOnce, x: ({atOnce: count}) => count, points: solves('unlike')},
  'solves at once, image, Adam': {measure: atOnce, x: ({atOnce: count}) => count, points: solves('image, Adam')},
};

// --- a process a point

if (given.point !== '') {
  const {axis, setting} = JSON.parse(given.point);
  const before = process.memoryUsage().rss;
  const measured = await AXES[axis].measure(setting);
  process.send?.({...measured, peakBytes: process.resourceUsage().maxRSS * 1024 - before});
} else {
  const wanted = given.only === '' ? [] : given.only.split(',').map((word) => word.trim());
  const axes = Object.entries(AXES).filter(([axis]) => wanted.length === 0 || wanted.some((word) => axis.includes(word)));
  if (axes.length === 0) throw new Error(`no axis matches --only '${given.only}'; there are ${Object.keys(AXES).join('; ')}`);
  for (const [axis, {x, points}] of axes) {
    const all = [];
    for (const setting of points) {
      const measured = await inProcess(axis, setting);
      all.push({x: x(setting, measured), seconds: spread(measured.seconds).median, peakBytes: measured.peakBytes});
      const {seconds, ...rest} = measured;
      record(
        {benchmark: 'scaling', axis, x: x(setting, measured), setting, seconds: spread(seconds), raw: seconds, ...rest},
        given.results || undefined,
      );
    }
    const fit = (quantity) => powerLaw(all.map((point) => [point.x, point[quantity]]));
    const fits = {seconds: fit('seconds'), peakBytes: fit('peakBytes')};
    record(
      {benchmark: 'scaling-fit', axis, device: given.device, kernel: given.kernel, points: all.length, ...fits},
      given.results || undefined,
    );
  }
}

/** @returns {Promise<Measured & {peakBytes: number}>} */
function inProcess(axis, setting) {
  const point = JSON.stringify({axis, setting});
  const passed = ['repeats', 'seconds', 'largest', 'most', 'threads'].flatMap((name) => [`--${name}`, String(given[name])]);
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [...passed, '--point', point]);
    let answer;
    child.on('message', (message) => (answer = message));
    child.on('error', reject);
    child.on('exit', (code, signal) =>
      answer === undefined ? reject(new Error(`the point ${point} ended with ${code ?? signal} and no answer`)) : resolve(answer),
    );
  });
}
