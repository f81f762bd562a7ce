// What the kernels are called, for the scripts that tell of them.
import {execFileSync} from 'node:child_process';

// Kernels that run in every iteration, by a part of their demangled names. None may spill, on any architecture.
export const HOT = [
  ...[
    'encodeKernel',
    'encodeAdjointKernel',
    'contractAxisKernel',
    'contractLastKernel',
    'spreadAxisKernel',
    'spreadLastKernel',
    'addPatchesKernel',
    'foldKernel',
    'foldAdjointKernel',
    'refineKernel',
    'refineAdjointKernel',
    'programKernel',
  ],
  ...[
    'linearKernel',
    'linearNarrowKernel',
    'linearTensorKernel',
    'activateLowKernel',
    'activateHighKernel',
    'weightAdjointKernel',
    'weightAdjointTensorKernel',
    'adamKernel',
    'dotKernel',
  ],
];

/** Names as in the sources; unchanged where there is no c++filt. */
function demangle(symbols) {
  if (symbols.length === 0) return [];
  try {
    return execFileSync('c++filt', {input: symbols.join('\n'), encoding: 'utf8'})
      .trimEnd()
      .split('\n');
  } catch {
    return symbols;
  }
}

/** A name without its parameters: template arguments may hold brackets of their own. */
function withoutParameters(name) {
  let depth = 0;
  for (let i = 0; i < name.length; i++) {
    if (name[i] === '<') depth++;
    else if (name[i] === '>') depth--;
    else if (name[i] === '(' && depth === 0) return name.slice(0, i);
  }
  return name;
}

/** Symbols as they are read best: template arguments, but no namespaces and no parameters. @returns {string[]} */
export function kernelNames(/** @type {string[]} */ symbols) {
  return demangle(symbols).map((name) =>
    withoutParameters(
      name
        .replaceAll('(anonymous namespace)::', '')
        .replaceAll('dinf::', '')
        .replace(/^void /, ''),
    ),
  );
}
