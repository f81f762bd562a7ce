// dist/wasm/browser.mjs: the entry `dinf-grid/wasm` in browsers, one ES module. `ready` fetches the module from beside it.
import {usePlatform} from '../lib/wasm/platform.js';
import * as api from './node-api.mjs';

usePlatform({api, address: new URL('dinf-grid.wasm', import.meta.url).href});

export * from '../lib/api/wasm.js';
