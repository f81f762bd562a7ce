// What the hot CUDA kernels execute, counted in the code that nvcc makes of them, on the emulated device, what that takes of some GPUs at
// least, and whether the comments above the kernels say so: node scripts/kernel-counts.mjs [--all] [--iterations 2] [--setting paper].
// Fails where a comment is off by more than 30 %. Needs nvcc, no GPU, and minutes. What the figures are exactly, and where they are too
// low, stands in test/cuda-emulation/ptx/counts.cpp.
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

const {values} = parseArgs({
  options: {
    all: {type: 'boolean', default: false},
    iterations: {type: 'string', default: '2'},
    setting: {type: 'string', multiple: true, default: ['paper', 'gauss', 'scattered']},
    solve: {type: 'boolean', default: false},
  },
});

const own = fileURLToPath(import.meta.url);
const root = path.join(path.dirname(own), '..');

/** What is solved, by name. */
const SETTINGS = {
  paper: 'Adam, 262 144 draws of a lattice of 512², 6 levels, Gaussian of 3 rings, 2 features',
  gauss: 'CGLS, 4 × 4 Gauss points in each of 128² cells, B-spline 5, second derivatives',
  scattered: 'Adam, one sample in each of 512² boxes, 6 levels, Gaussian of 3 rings, 2 features',
};

// What bounds a kernel's time from below: one instruction a cycle of each of four schedulers, one wavefront of shared memory a cycle, and so
// many sectors a cycle from the first-level cache, all of one multiprocessor. Clocks are the highest (GHz).
const DEVICES = {
  H200: {multiprocessors: 132, clock: 1.98, sectors: 4},
  'RTX 4090': {multiprocessors: 128, clock: 2.52, sectors: 4},
  T4: {multiprocessors: 40, clock: 1.59, sectors: 2},
};

/** Microseconds that a launch takes at least. */
function floor({warpInstructions, wavefronts, sectors}, device) {
  const cycles = Math.max(warpInstructions / 4, wavefronts, sectors / device.sectors);
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

async function solve(setting) {
  const dinf = await import('../dist/index.js');
  const iterations = Number(values.iterations);
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
  const [posed, optimizer] = await solved[setting]();
  const solution = await dinf.solve(posed, {optimizer, device: 'cuda'});
  solution.dispose();
}

const COLUMNS = ['warpInstructions', 'wavefronts', 'conflicts', 'sectors'];
const EXECUTED = [...COLUMNS, 'threadInstructions'];

/** What one launch of each kernel executes in a setting. */
function count(setting) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'kernel-counts-'));
  const file = path.join(folder, 'counts.jsonl');
  run(process.execPath, [own, '--solve', '--setting', setting, '--iterations', values.iterations], {
    DINF_GRID_ADDON: path.join(root, 'build', 'ptx-counts', 'dinf_grid.node'),
    DINF_PTX_COUNTS: file,
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
  console.log(`\n${setting}: ${SETTINGS[setting]}. Figures of one launch; floors in µs`);
  const floors = Object.keys(DEVICES).map((name) => name.padStart(10));
  console.log(`launches  threads busy${COLUMNS.map((column) => column.padStart(18)).join('')}${floors.join('')}  kernel`);
  for (const row of rows.filter(({kernel}) => values.all || HOT.some((part) => kernel.includes(part)))) {
    const busy = (100 * row.threadInstructions) / (32 * row.warpInstructions);
    const figures = COLUMNS.map((column) => Math.round(row[column]).toLocaleString('en').padStart(18)).join('');
    const least = Object.values(DEVICES).map((device) => floor(row, device).toFixed(1).padStart(10));
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

function main() {
  run('cmake', ['-S', '.', '-B', 'build/cmake', '-DCMAKE_BUILD_TYPE=Release', '-DDINF_CUDA_EMULATED=ON', '--log-level=WARNING']);
  run('cmake', ['--build', 'build/cmake', '--parallel', String(os.availableParallelism()), '--target', 'dinf_grid_ptx_counts']);
  const stated = budgets();
  const wrong = values.setting.flatMap((setting) => report(setting, count(setting), stated));
  for (const each of wrong) console.error(each);
  process.exitCode = wrong.length > 0 ? 1 : 0;
}

if (values.solve) await solve(values.setting[0]);
else main();
