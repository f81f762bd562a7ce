// dist/wasm/node.cjs: the entry `dinf-grid/wasm` in Node, where the module is read at the first solve.
import {readFileSync} from 'node:fs';
import * as path from 'node:path';
import type {NodeApi} from '../lib/wasm/instantiate.js';
import {usePlatform} from '../lib/wasm/platform.js';
import * as api from './node-api.mjs';

// Its types ask for options of threads, which it does without where there are none.
usePlatform({api: api as unknown as NodeApi, bytes: () => readFileSync(path.join(__dirname, 'dinf-grid.wasm'))});

export * from '../lib/api/wasm.js';
