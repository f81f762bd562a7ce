/** What there is to say where the addon is WebAssembly. */
import {webAssemblyUse} from '../native';

/** How many times longer a solve takes than with the native build, both on one thread of one machine: docs/wasm.md says how it was measured. */
const SLOWER = '1 to 10';

/** What a solution says of it; none where the addon is native. */
export function webAssemblyNotes(): string[] {
  const use = webAssemblyUse();
  if (use === undefined) return [];
  const reason = use.reason === undefined ? '' : `: ${use.reason}`;
  return [`solved by WebAssembly on one thread, about ${SLOWER} times slower than a native build is on one${reason}`];
}

/** What `info` lists of it. */
export function webAssemblyFacts(): [string, string][] {
  const use = webAssemblyUse();
  if (use === undefined) return [];
  const reason = use.reason === undefined ? '' : `${use.reason}: `;
  return [['WebAssembly', `${reason}one thread, about ${SLOWER} times slower than a native build on one`]];
}
