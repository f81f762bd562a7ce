'use strict';
// dist/wasm/addon.cjs: the WebAssembly module in the place of the native addon, for `require`. lib/native.ts takes it where no native build
// loads, and DINF_GRID_ADDON may name it.
const fs = require('node:fs');
const path = require('node:path');
const {instantiate} = require('../lib/wasm/instantiate');
const api = require('./node-api.mjs');

module.exports = instantiate(api, fs.readFileSync(path.join(__dirname, 'dinf-grid.wasm')));
