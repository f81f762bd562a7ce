'use strict';
// npm's install step: takes a prebuilt binary when the package holds one that loads here, else builds from source
// (node-gyp -> binding.gyp -> CMake). node-gyp wants a folder of Node headers even for a target that compiles nothing;
// pointing it at a stub keeps the build offline with every npm version.
const {spawnSync} = require('node:child_process');
const path = require('node:path');

const root = path.join(__dirname, '..');
const env = {...process.env, npm_config_nodedir: path.join(root, 'native', 'gyp')};
const nodeGypBuild = path.join(path.dirname(require.resolve('node-gyp-build')), 'bin.js');
const result = spawnSync(process.execPath, [nodeGypBuild], {cwd: root, env, stdio: 'inherit'});
process.exit(result.status ?? 1);
