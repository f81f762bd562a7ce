// Registers, shared memory, stack and spills of the CUDA kernels, from what ptxas said when they were built (-Xptxas -v, kept in
// build/cmake by cmake/keep-output.cmake): node scripts/kernel-resources.mjs [--all] [folder]. Fails when a hot kernel spills.
//
// ptxas alone tells spills (values that found no register) from stack frames (arrays indexed at run time, kept in local memory on
// purpose): "bytes spill stores". In the finished binary both are local memory, and a stack frame of either kind counts as STACK.
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import * as path from 'node:path';
import {fileURLToPath} from 'node:url';
import {HOT, kernelNames} from './kernel-names.mjs';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const all = process.argv.includes('--all');
const folder = process.argv.slice(2).find((argument) => argument !== '--all') ?? path.join(root, 'build', 'cmake');
if (!existsSync(folder)) throw new Error(`there is no ${folder}: npm run build:native makes it`);

const logs = readdirSync(folder, {recursive: true, encoding: 'utf8'}).filter((name) => name.endsWith('.ptxas'));
if (logs.length === 0) throw new Error(`no *.ptxas under ${folder}: it was built without nvcc`);

const rows = [];
for (const log of logs) {
  let row;
  for (const line of readFileSync(path.join(folder, log), 'utf8').split('\n')) {
    const entry = /Compiling entry function '(\S+)' for '(\S+)'/.exec(line);
    if (entry) {
      row = {
        file: path.basename(log, '.o.ptxas'),
        mangled: entry[1],
        kernel: '',
        arch: entry[2],
        registers: 0,
        shared: 0,
        stack: 0,
        spills: 0,
      };
      rows.push(row);
    }
    if (!row) continue;
    // Functions that were not inlined into the kernel have lines of their own before the registers: their spills are its spills.
    const frame = /(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads/.exec(line);
    if (frame) {
      row.stack += Number(frame[1]);
      row.spills += Number(frame[2]) + Number(frame[3]);
    }
    const used = /Used (\d+) registers/.exec(line);
    if (used) {
      row.registers = Number(used[1]);
      row.shared = Number(/(\d+) bytes smem/.exec(line)?.[1] ?? 0);
      row.stack = Number(/(\d+) bytes cumulative stack size/.exec(line)?.[1] ?? row.stack);
    }
  }
}
const names = kernelNames(rows.map((row) => row.mangled));
rows.forEach((row, i) => {
  row.kernel = names[i];
});
rows.sort((a, b) => b.spills - a.spills || b.registers - a.registers || a.kernel.localeCompare(b.kernel));

const isHot = (row) => HOT.some((part) => row.kernel.includes(part));
const spilling = rows.filter((row) => row.spills > 0);
console.log('registers  shared  stack  spilled bytes  arch    kernel');
for (const row of rows.filter((each) => all || each.spills > 0 || isHot(each))) {
  const {registers, shared, stack, spills, arch, kernel, file} = row;
  const figures = `${String(registers).padStart(9)}${String(shared).padStart(8)}${String(stack).padStart(7)}${String(spills).padStart(15)}`;
  console.log(`${figures}  ${arch.padEnd(7)} ${kernel} (${file})`);
}
console.log(`${rows.length} kernels in ${logs.length} files, ${spilling.length} spill`);
const unseen = HOT.filter((part) => !rows.some((row) => row.kernel.includes(part)));
for (const part of unseen) console.error(`no kernel is called ${part}: HOT in scripts/kernel-names.mjs is out of date`);
const failed = spilling.filter(isHot);
for (const row of failed) console.error(`${row.kernel} spills ${row.spills} bytes on ${row.arch}`);
process.exitCode = failed.length > 0 || unseen.length > 0 ? 1 : 0;
