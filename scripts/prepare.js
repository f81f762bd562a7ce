'use strict';
// npm's `prepare` of a checkout: compiles the addon where none loads that was built before, then the library. What is published has a binary
// inside and runs nothing when it is installed.
const {spawnSync} = require('node:child_process');
const path = require('node:path');

const root = path.join(__dirname, '..');
const run = (args, stdio) => spawnSync(process.execPath, args, {cwd: root, stdio}).status ?? 1;

const loads = () => run(['-e', "require('./build/Release/dinf_grid.node')"], 'ignore') === 0;
let status = loads() ? 0 : run([path.join(__dirname, 'build-native.js')], 'inherit');
status ||= run([require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json'], 'inherit');
process.exitCode = status;
