/** Makes the addon of these tests the WebAssembly module. */
import * as path from 'node:path';

process.env.DINF_GRID_ADDON = path.join(__dirname, '..', 'dist', 'wasm', 'addon.cjs');
