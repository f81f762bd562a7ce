'use strict';
// Configures and builds the addon with CMake into build/cmake and build/Release. Arguments are passed to the configure
// step, e.g. `npm run build:native -- -DDINF_SANITIZE=ON`, and so is DINF_CMAKE_OPTIONS of the environment, which gets through
// npm and node-gyp.
const {spawnSync} = require('node:child_process');
const os = require('node:os');
const path = require('node:path');

const root = path.join(__dirname, '..');
const directory = path.join(root, 'build', 'cmake');

function run(command, args) {
  const result = spawnSync(command, args, {cwd: root, stdio: 'inherit'});
  if (result.error && result.error.code === 'ENOENT') {
    console.error(
      `dinf-grid: '${command}' was not found. Building from source needs CMake 3.22 or newer and a C++20 compiler (g++ 11, clang 14).`,
    );
    process.exit(1);
  }
  if (result.status !== 0) process.exit(result.status ?? 1);
}

const options = [
  ...(process.env.DINF_CMAKE_OPTIONS ?? '').split(' ').filter((option) => option !== ''),
  ...process.argv.slice(2),
];
run('cmake', ['-S', root, '-B', directory, '-DCMAKE_BUILD_TYPE=Release', '--log-level=NOTICE', ...options]);
run('cmake', [
  '--build',
  directory,
  '--config',
  'Release',
  '--target',
  'dinf_grid',
  '--parallel',
  String(Math.max(1, os.availableParallelism())),
]);
