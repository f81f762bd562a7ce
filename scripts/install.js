'use strict';
// npm's install step: keeps a binary that loads here (a prebuilt one of the package, or an earlier build), else builds from source.
// Not by way of node-gyp, which would want Python: CMake and a compiler are enough.
const {spawnSync} = require('node:child_process');
const path = require('node:path');

const root = path.join(__dirname, '..');
const run = (script, stdio) => spawnSync(process.execPath, [script], {cwd: root, stdio}).status ?? 1;

const wanted = process.env.npm_config_build_from_source === 'true';
const loads = () => run(path.join(path.dirname(require.resolve('node-gyp-build')), 'build-test.js'), 'ignore') === 0;
if (wanted || !loads()) process.exitCode = run(path.join(__dirname, 'build-native.js'), 'inherit');
