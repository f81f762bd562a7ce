// What the hot CUDA kernels execute, counted in the code that nvcc makes of them, on the emulated device, what that takes of some GPUs at
// least, and whether the comments above the kernels say so: node scripts/kernel-counts.mjs [--all] [--iterations 2] [--setting paper].
// Fails where a comment is off by more than 30 %. Needs nvcc, no GPU, and minutes. What the figures are exactly, and where they are too
// low, stands in test/cuda-emulation/ptx/counts.cpp.
//
// Below the kernels stands what an iteration takes at least: all its launches, the difference of two runs of different length.
//
// A comment above a kernel states what one launch of it executes in a setting, of its instantiation that executes most in all its launches:
//
//   // Counted (paper): 1.2 M warp instructions, 0.3 M wavefronts, 0.8 M sectors.
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, readdirSync, rmSync} from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {HOT, kernelNames} from './kernel-names.mjs';

const {values: given} = parseArgs({
  options: {
    all: {type: 'boolean', default: false},
    iterations: {type: 'string', default: '2'},
    setting: {type: 'string', multiple: true, default: ['paper', 'gauss', 'scattered', 'many', 'siren', 'sirenFma']},
    solve: {type: 'boolean', default: false},
  },
});

const values = {...given, iterations: Number(given.iterations)};

const own = fileURLToPath(import.meta.url);
const root = path.join(path.dirname(own), '..');

const SIREN = 'Adam, a Siren 256 wide with 5 hidden layers, one sample in each of 32² boxes, first derivatives';
const ALL = ['H200', 'RTX 4090', 'T4'];
/**
 * What is solved, by name; on which devices it is solved that way, and the model that the emulated one plays (kModels of
 * test/cuda-emulation/emulation.h); how often the samples go into those that an iteration is foretold for, where the emulated device would
 * take hours for all.
 *
 * @type {Record<string, {text: string, on: string[], model?: string, times?: number}>}
 */
const SETTINGS = {
  paper: {text: 'Adam, 262 144 draws of a lattice of 512², 6 levels, Gaussian of 3 rings, 2 features', on: ALL},
  gauss: {text: 'CGLS, 4 × 4 Gauss points in each of 128² cells, B-spline 5, second derivatives', on: ALL},
  scattered: {text: 'Adam, one sample in each of 512² boxes, 6 levels, Gaussian of 3 rings, 2 features', on: ALL},
  many: {text: 'one right side more of solveMany: Poisson, B-spline 3, 64² cells, a source at 68² places, float32', on: ALL},
  siren: {text: `${SIREN}, by tensor cores`, on: ['H200'], model: 'h100', times: 256},
  sirenFma: {text: `${SIREN}, by multiply-adds`, on: ['RTX 4090', 'T4'], model: 't4', times: 256},
};

// What bounds a kernel's time from below: one instruction a cycle of each of four schedulers, one wavefront of shared memory a cycle, and so
// many sectors a cycle from the first-level cache, all of one multiprocessor; a product of matrices on its tensor cores (16 x 8 sums over 8
// tf32 products each) takes so many cycles. Clocks are the highest (GHz).
const DEVICES = {
  H200: {multiprocessors: 132, clock: 1.98, sectors: 4, matrix: 1},
  'RTX 4090': {multiprocessors: 128, clock: 2.52, sectors: 4, matrix: 8},
  T4: {multiprocessors: 40, clock: 1.59, sectors: 2, matrix: Infinity},
};

/** Microseconds that a launch takes at least. */
function floor({warpInstructions, wavefronts, sectors, matrices}, device) {
  const products = matrices > 0 ? matrices * device.matrix : 0;
  const cycles = Math.max(warpInstructions / 4, wavefronts, sectors / device.sectors, products);
  return cycles / device.multiprocessors / device.clock / 1000;
}

function run(command, args, env = {}) {
  const {status, error} = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {...process.env, ...env},
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/** So many right sides are solved together for each of --iterations. */
const TOGETHER = 64;

async function solveMany(dinf, together) {
  const even = dinf.linspace(0, 1, 68);
  const rim = Array.from(dinf.linspace(0, 1, 65)).flatMap((t) => [0, t, 1, t, t, 0, t, 1]);
  const source = (k) => Float64Array.from({length: 68 * 68}, (_, i) => Math.sin(((k + 1) * i) / 300));
  const posed = dinf.problem({
    domain: {x: [0, 1], y: [0, 1]},
    unknowns: ['u'],
    field: dinf.rbfGrid({resolution: 64, levels: 1, kernel: dinf.bspline(3)}),
    terms: [
      dinf.term(dinf.lattice([even, even]), 'u_xx + u_yy = f', {name: 'inside', data: {f: source(0)}}),
      dinf.term(dinf.points(rim), 'u = 0', {name: 'rim', weight: 1e6}),
    ],
  });
  const variations = Array.from({length: together}, (_, k) => ({data: {inside: {f: source(k)}}}));
  await dinf.solveMany(posed, variations, {device: 'cuda', dtype: 'float32'});
}

async function solve(setting) {
  if (!(setting in SETTINGS)) throw new Error(`no setting is called ${setting}: ${Object.keys(SETTINGS).join(', ')}`);
  const dinf = await import('../dist/index.js');
  if (setting === 'many') {
    await solveMany(dinf, TOGETHER * values.iterations);
    return;
  }
  const {iterations} = values;
  const adam = dinf.adam({iterations, learningRate: 5e-3, decaySteps: 5000});
  const solved = {
    async paper() {
      const {renderScene} = await import('../dist/imaging/scene/scene.js');
      const {poisson} = await import('../dist/problems/poisson.js');
      return [poisson(renderScene(512), {preset: 'paper'}).problem, adam];
    },
    gauss() {
      const posed = dinf.problem({
        domain: {y: [0, 1], x: [0, 1]},
        unknowns: ['u'],
        field: dinf.rbfGrid({resolution: [128, 128], kernel: dinf.bspline(5)}),
        decoder: dinf.linearDecoder(),
        terms: [dinf.term(dinf.gauss(4, {cells: [128, 128]}), 'u_xx + u_yy = 1')],
      });
      return [posed, dinf.leastSquares({iterations, inner: 'cgls'})];
    },
    scattered() {
      const posed = dinf.problem({
        domain: {y: [0, 1], x: [0, 1]},
        unknowns: ['u'],
        field: dinf.rbfGrid({resolution: [512, 512], levels: 6, features: 2, kernel: dinf.gaussian({epsilon: 1, rings: 3})}),
        decoder: dinf.linearDecoder(),
        terms: [dinf.term(dinf.stratified([512, 512]), ['u_x = 1', 'u_y = 2'])],
      });
      return [posed, adam];
    },
  };
  const siren = () => {
    const posed = dinf.problem({
      domain: {y: [0, 1], x: [0, 1]},
      unknowns: ['u'],
      field: dinf.siren({width: 256, hiddenLayers: 5}),
      terms: [dinf.term(dinf.stratified([32, 32]), ['u_x = 1', 'u_y = 2'])],
    });
    return [posed, adam];
  };
  const [posed, optimizer] = await {...solved, siren, sirenFma: siren}[setting]();
  const solution = await dinf.solve(posed, {optimizer, device: 'cuda'});
  solution.dispose();
}

const COLUMNS = ['warpInstructions', 'wavefronts', 'conflicts', 'sectors', 'matrices'];
const EXECUTED = [...COLUMNS, 'threadInstructions'];

/** What one launch of each kernel executes in a setting, over so many iterations. */
function count(setting, iterations) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'kernel-counts-'));
  const file = path.join(folder, 'counts.jsonl');
  run(process.execPath, [own, '--solve', '--setting', setting, '--iterations', String(iterations)], {
    DINF_GRID_ADDON: path.join(root, 'build', 'ptx-counts', 'dinf_grid.node'),
    DINF_PTX_COUNTS: file,
    ...(SETTINGS[setting].model !== undefined && {DINF_EMULATION_MODEL: SETTINGS[setting].model}),
  });
  const rows = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  rmSync(folder, {recursive: true});
  const names = kernelNames(rows.map((row) => row.symbol));
  /** @type {any[]} */
  const kernels = rows.map(({launches, ...sums}, i) => ({
    kernel: names[i],
    launches,
    ...Object.fromEntries(EXECUTED.map((name) => [name, sums[name] / launches])),
  }));
  return kernels.sort((a, b) => b.launches * b.warpInstructions - a.launches * a.warpInstructions);
}

/** What comments say, as [{kernel, setting, warpInstructions, wavefronts, sectors}]. */
function budgets() {
  const line =
    /\/\/ Counted \((\w+)\): ([\d.]+) M warp instructions, ([\d.]+) M wavefronts, ([\d.]+) M sectors\.|__global__ void (?:__launch_bounds__\([^)]*\)\s*)?(\w+)\(/g;
  return readdirSync(path.join(root, 'cuda'))
    .filter((name) => name.endsWith('.cu'))
    .flatMap((name) => {
      const found = [];
      let above = [];
      for (const match of readFileSync(path.join(root, 'cuda', name), 'utf8').matchAll(line)) {
        const [, setting, warpInstructions, wavefronts, sectors, kernel] = match;
        if (setting)
          above.push({
            setting,
            warpInstructions: 1e6 * Number(warpInstructions),
            wavefronts: 1e6 * Number(wavefronts),
            sectors: 1e6 * Number(sectors),
          });
        else {
          found.push(...above.map((budget) => ({kernel, ...budget})));
          above = [];
        }
      }
      return found;
    });
}

// Below this many of anything a launch takes no time.
const NEGLIGIBLE = 2e4;

/** @returns {string[]} what comments say that was not counted. */
function report(setting, rows, stated) {
  const {text, on} = SETTINGS[setting];
  console.log(`\n${setting}: ${text}. Figures of one launch; floors in µs`);
  const floors = on.map((name) => name.padStart(10));
  console.log(`launches  threads busy${COLUMNS.map((column) => column.padStart(18)).join('')}${floors.join('')}  kernel`);
  for (const row of rows.filter(({kernel}) => values.all || HOT.some((part) => kernel.includes(part)))) {
    const busy = (100 * row.threadInstructions) / (32 * row.warpInstructions);
    const figures = COLUMNS.map((column) => Math.round(row[column]).toLocaleString('en').padStart(18)).join('');
    const least = on.map((name) => floor(row, DEVICES[name]).toFixed(1).padStart(10));
    console.log(
      `${String(row.launches).padStart(8)}${`${busy.toFixed(0)} %`.padStart(14)}${figures}${least.join('')}  ${row.kernel}`,
    );
  }
  return stated
    .filter((budget) => budget.setting === setting)
    .flatMap(({kernel, ...budget}) => {
      const row = rows.find((each) => each.kernel.split('<')[0].split('::').at(-1) === kernel);
      if (!row) return [`${kernel}: its comment counts (${setting}), where it is not launched`];
      return ['warpInstructions', 'wavefronts', 'sectors']
        .filter((column) => Math.abs(row[column] - budget[column]) > Math.max(0.3 * budget[column], NEGLIGIBLE))
        .map(
          (column) =>
            `${kernel} (${setting}): ${(row[column] / 1e6).toPrecision(3)} M ${column}, its comment says ${budget[column] / 1e6} M`,
        );
    });
}

/** Launches and floors of one iteration, on each device, of all samples: what a run of twice as many iterations has more. */
function iteration(setting, rows, longer) {
  const {on, times = 1} = SETTINGS[setting];
  const [fewer, more] = [rows, longer].map((list) => new Map(list.map((row) => [row.kernel, row])));
  const each = [...more.values()].map((row) => ({
    row,
    launches: (row.launches - (fewer.get(row.kernel)?.launches ?? 0)) / values.iterations,
  }));
  const running = each.filter(({launches}) => launches > 0);
  const launches = running.reduce((sum, one) => sum + one.launches, 0);
  const floors = on.map((name) => {
    const micros = running.reduce((sum, one) => sum + one.launches * floor(one.row, DEVICES[name]), 0) * times;
    return `${name} ${micros < 1000 ? `${micros.toFixed(1)} µs` : `${(micros / 1000).toFixed(2)} ms`}`;
  });
  if (setting === 'many') {
    console.log(
      `${TOGETHER} right sides: ${launches} kernels, ${(launches / TOGETHER).toFixed(2)} each; on the device at least ${floors.join(', ')}, and the factor's solves on the host`,
    );
    return;
  }
  const scaled = times > 1 ? `, ${times} times these samples` : '';
  console.log(`An iteration${scaled}: ${launches} kernels, at least ${floors.join(', ')}`);
}

function main() {
  run('cmake', ['-S', '.', '-B', 'build/cmake', '-DCMAKE_BUILD_TYPE=Release', '-DDINF_CUDA_EMULATED=ON', '--log-level=WARNING']);
  run('cmake', ['--build', 'build/cmake', '--parallel', String(os.availableParallelism()), '--target', 'dinf_grid_ptx_counts']);
  const stated = budgets();
  const wrong = values.setting.flatMap((setting) => {
    const [rows, longer] = [values.iterations, 2 * values.iterations].map((iterations) => count(setting, iterations));
    const found = report(setting, rows, stated);
    iteration(setting, rows, longer);
    return found;
  });
  for (const each of wrong) console.error(each);
  process.exitCode = wrong.length > 0 ? 1 : 0;
}

if (values.solve) await solve(values.setting[0]);
else main();
