// dist/wasm/browser.mjs: the entry `dinf-grid/wasm` in browsers, one ES module. `ready` fetches the module from beside it.
import type {NodeApi} from '../lib/wasm/instantiate.js';
import {usePlatform} from '../lib/wasm/platform.js';
import * as api from './node-api.mjs';

// Its types ask for options of threads, which it does without where there are none.
usePlatform({api: api as unknown as NodeApi, address: new URL('dinf-grid.wasm', import.meta.url).href});

export * from '../lib/api/wasm.js';
