// What a native binary asks of the machine that loads it: node scripts/check-binary.mjs [file.node] prints one JSON object and
// fails when the file exports more than N-API's entry points or wants a library that not every glibc machine has. Needs readelf.
import {execFileSync} from 'node:child_process';
import {existsSync, readdirSync, statSync} from 'node:fs';
import * as path from 'node:path';
import {fileURLToPath} from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const ENTRY_POINTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];
// The dynamic loader and the parts of glibc, which are one from 2.34 on; libgcc_s comes with every distribution's base.
const LIBRARIES = /^(ld-linux.*|libc|libm|libdl|libpthread|librt|libgcc_s)\.so/;

function prebuilt() {
  const folder = path.join(root, 'prebuilds', `${process.platform}-${process.arch}`);
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.node')) : [];
  return files.length > 0 ? path.join(folder, files[0]) : path.join(root, 'build', 'Release', 'dinf_grid.node');
}

const file = process.argv[2] ?? prebuilt();
const readelf = (...options) =>
  execFileSync('readelf', ['-W', ...options, file], {encoding: 'utf8', env: {...process.env, LC_ALL: 'C'}, maxBuffer: 2 ** 28});

const symbols = readelf('--dyn-syms');
const exported = [...symbols.matchAll(/^ *\d+: \S+ +\d+ +(\S+) +(GLOBAL|WEAK|UNIQUE) +\S+ +(\S+) +([^\s@]+)/gm)]
  .filter(([, , , section]) => section !== 'UND')
  .map(([, , , , name]) => name)
  .sort();
const floors = [...readelf('-V').matchAll(/Name: GLIBC_(\d+)\.(\d+)/g)].map(([, major, minor]) => [Number(major), Number(minor)]);
floors.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
const needed = [...readelf('-d').matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name);
const stripped = !readelf('-S').includes('.symtab');

const problems = [
  ...exported.filter((name) => !ENTRY_POINTS.includes(name)).map((name) => `exports ${name}`),
  ...ENTRY_POINTS.filter((name) => !exported.includes(name)).map((name) => `does not export ${name}`),
  ...needed.filter((name) => !LIBRARIES.test(name)).map((name) => `needs ${name}`),
  ...(stripped ? [] : ['is not stripped']),
];
console.log(
  JSON.stringify({
    file: path.relative(process.cwd(), file),
    bytes: statSync(file).size,
    glibc: floors.at(-1)?.join('.') ?? null,
    exported,
    needed,
    stripped,
    problems,
  }),
);
process.exitCode = problems.length > 0 ? 1 : 0;
