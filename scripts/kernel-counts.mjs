// What the hot CUDA kernels execute in the paper's setting (262 144 draws of the lattice, 6 levels, 3 rings, 2 features), counted in the
// code that nvcc makes of them, on the emulated device: node scripts/kernel-counts.mjs [--all] [--iterations 2]. Needs nvcc, no GPU, and
// minutes. What the figures are exactly, and where they are too low, stands in test/cuda-emulation/ptx/counts.cpp.
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {HOT, kernelNames} from './kernel-names.mjs';

const {values} = parseArgs({
  options: {
    all: {type: 'boolean', default: false},
    iterations: {type: 'string', default: '2'},
    solve: {type: 'boolean', default: false},
  },
});

const own = fileURLToPath(import.meta.url);
const root = path.join(path.dirname(own), '..');

function run(command, args, env = {}) {
  const {status, error} = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {...process.env, ...env},
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

async function solve() {
  const dinf = await import('../dist/index.js');
  const {renderScene} = await import('../dist/imaging/scene/scene.js');
  const {poisson} = await import('../dist/problems/poisson.js');
  const posed = poisson(renderScene(512), {preset: 'paper'});
  const optimizer = dinf.adam({iterations: Number(values.iterations), learningRate: 5e-3, decaySteps: 5000});
  const solution = await dinf.solve(posed.problem, {optimizer, device: 'cuda'});
  solution.dispose();
}

function report() {
  run('cmake', ['-S', '.', '-B', 'build/cmake', '-DCMAKE_BUILD_TYPE=Release', '-DDINF_CUDA_EMULATED=ON', '--log-level=WARNING']);
  run('cmake', ['--build', 'build/cmake', '--parallel', String(os.availableParallelism()), '--target', 'dinf_grid_ptx_counts']);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'kernel-counts-'));
  const file = path.join(folder, 'counts.jsonl');
  run(process.execPath, [own, '--solve', '--iterations', values.iterations], {
    DINF_GRID_ADDON: path.join(root, 'build', 'ptx-counts', 'dinf_grid.node'),
    DINF_PTX_COUNTS: file,
  });
  const rows = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  rmSync(folder, {recursive: true});

  const names = kernelNames(rows.map((row) => row.symbol));
  const columns = ['warpInstructions', 'wavefronts', 'conflicts', 'sectors'];
  console.log(`launches  threads busy${columns.map((column) => column.padStart(18)).join('')}  kernel (figures of one launch)`);
  rows
    .map((row, i) => ({...row, kernel: names[i]}))
    .filter((row) => values.all || HOT.some((part) => row.kernel.includes(part)))
    .sort((a, b) => b.warpInstructions - a.warpInstructions)
    .forEach((row) => {
      const busy = (100 * row.threadInstructions) / (32 * row.warpInstructions);
      const figures = columns.map((column) =>
        Math.round(row[column] / row.launches)
          .toLocaleString('en')
          .padStart(18),
      );
      console.log(`${String(row.launches).padStart(8)}${`${busy.toFixed(0)} %`.padStart(14)}${figures.join('')}  ${row.kernel}`);
    });
}

if (values.solve) await solve();
else report();
