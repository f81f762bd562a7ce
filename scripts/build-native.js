'use strict';
// Configures and builds the addon into build/cmake and build/Release, through cmake-js. Arguments are passed to the configure step,
// e.g. `npm run build:native -- -DDINF_SANITIZE=ON`, and so is DINF_CMAKE_OPTIONS of the environment, which gets through npm and
// node-gyp. Whoever installs the package has no cmake-js, which is a tool of its development: there CMake is called by itself, with
// what cmake-js would have given it.
const {spawnSync} = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.join(__dirname, '..');
const directory = path.join(root, 'build', 'cmake');

function run(command, args) {
  const {status, error} = spawnSync(command, args, {cwd: root, stdio: 'inherit'});
  if (error && 'code' in error && error.code === 'ENOENT') {
    console.error(
      `dinf-grid: '${command}' was not found. Building from source needs CMake 3.22 or newer and a C++20 compiler (g++ 11, clang 14).`,
    );
    process.exit(1);
  }
  if (status !== 0) process.exit(status ?? 1);
}

// Ours alone: what a user of the package has installed may be another version.
const cmakeJs = path.join(root, 'node_modules', 'cmake-js', 'bin', 'cmake-js');
const options = [
  '--log-level=NOTICE',
  `-DDINF_NODE=${process.execPath}`,
  ...(process.env.DINF_CMAKE_OPTIONS ?? '').split(' ').filter((option) => option !== ''),
  ...process.argv.slice(2),
];
const jobs = String(Math.max(1, os.availableParallelism()));
if (fs.existsSync(cmakeJs)) {
  // Makefiles, as CMake alone takes by default: other scripts configure the same folder. What follows `--` goes to CMake as it stands.
  const shared = ['--directory', root, '--out', directory, '--config', 'Release', '--prefer-make', '--log-level', 'warn'];
  run(process.execPath, [cmakeJs, 'configure', ...shared, '--', ...options]);
  run(process.execPath, [cmakeJs, 'build', ...shared, '--target', 'dinf_grid', '--parallel', jobs]);
} else {
  run('cmake', ['-S', root, '-B', directory, '-DCMAKE_BUILD_TYPE=Release', ...options]);
  run('cmake', ['--build', directory, '--config', 'Release', '--target', 'dinf_grid', '--parallel', jobs]);
}
