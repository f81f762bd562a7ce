/** The WebAssembly build, which no other test needs: `npm run build:wasm` makes it where Emscripten is. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import type * as Wasm from '../../lib/api/wasm';

export const ROOT = path.join(__dirname, '..', '..');
export const BUILT = path.join(ROOT, 'dist', 'wasm');

/** Why there is nothing to test, or undefined. */
const MISSING = ['dinf-grid.wasm', 'node.cjs', 'addon.cjs', 'browser.mjs'].every((name) => fs.existsSync(path.join(BUILT, name)))
  ? undefined
  : 'there is no WebAssembly build: npm run build:wasm makes it';

/** `describe` where there is a build; elsewhere one skipped test that says why. */
export function describeBuilt(name: string, tests: () => void): void {
  if (MISSING === undefined) describe(name, tests);
  else describe.skip(`${name} (${MISSING})`, tests);
}

/** The entry `dinf-grid/wasm` in Node. */
export function wasmEntry(): typeof Wasm {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- it is there where it was built
  return require(path.join(BUILT, 'node.cjs')) as typeof Wasm;
}
