'use strict';
// Builds prebuilds/<platform>-<arch>/dinf-grid.<libc>.node, what the published package holds: CPU and, where nvcc is, CUDA for all
// the architectures of a release in one stripped file. Builds from nothing, and takes what was in build/ along: run `npm run build`
// to go on working. Arguments are passed to CMake.
const {spawnSync} = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const bin = path.join(path.dirname(require.resolve('prebuildify/package.json')), 'bin.js');
const env = {
  ...process.env,
  npm_config_nodedir: path.join(root, 'native', 'gyp'), // as in install.js
  DINF_CMAKE_OPTIONS: ['-DDINF_CUDA_ARCHITECTURES=release', ...process.argv.slice(2)].join(' '),
};
const result = spawnSync(process.execPath, [bin, '--napi', '--strip', '--tag-libc'], {cwd: root, env, stdio: 'inherit'});
// The same of every architecture as CI asks of one: no hot kernel spills.
if (result.status === 0 && fs.existsSync(path.join(root, 'build', 'cmake', 'CMakeFiles', 'dinf_cuda.dir'))) {
  const {status} = spawnSync(process.execPath, [path.join(__dirname, 'kernel-resources.mjs')], {cwd: root, stdio: 'inherit'});
  if (status !== 0) process.exitCode = 1;
}
// CMake would remember the architectures of a release, which take seven times as long to build.
fs.rmSync(path.join(root, 'build', 'cmake'), {recursive: true, force: true});
process.exitCode ||= result.status ?? 1;
