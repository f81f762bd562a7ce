// C++ of the PTX that nvcc makes of a source, for the emulated device of the tests (test/cuda-emulation/README.md):
// node scripts/ptx-to-cpp.mjs vector.ptx vector.ptx.cpp
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import * as path from 'node:path';
import {translateModule} from './ptx/translate.mjs';

const [from, to] = process.argv.slice(2);
if (!from || !to) throw new Error('usage: node scripts/ptx-to-cpp.mjs in.ptx out.cpp');
const name = path.basename(from, '.ptx');
let text;
try {
  text = translateModule(readFileSync(from, 'utf8'), name);
} catch (error) {
  console.error(`${from}: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
// Left alone where nothing changed: compiling it is what takes long.
if (!existsSync(to) || readFileSync(to, 'utf8') !== text) writeFileSync(to, text);
