'use strict';
// Builds the addon whose CUDA device is emulated on the host (build/emulated), for the conformance suite. Needs g++ on x86-64 Linux;
// elsewhere the suite runs on the backends that are there.
const {spawnSync} = require('node:child_process');
const os = require('node:os');
const path = require('node:path');

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.error('dinf-grid: the emulated CUDA device needs x86-64 Linux; its tests are left out.');
  process.exit(0);
}

const root = path.join(__dirname, '..');
const directory = path.join(root, 'build', 'cmake');
const jobs = String(Math.max(1, os.availableParallelism()));
for (const args of [
  ['-S', root, '-B', directory, '-DCMAKE_BUILD_TYPE=Release', '-DDINF_CUDA_EMULATED=ON', '--log-level=WARNING'],
  ['--build', directory, '--parallel', jobs, '--target', 'dinf_grid_emulated'],
]) {
  const result = spawnSync('cmake', args, {cwd: root, stdio: ['ignore', 'ignore', 'inherit']});
  if (result.status !== 0) process.exit(result.status ?? 1);
}
