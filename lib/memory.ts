import * as os from 'node:os';
import {DinfError} from './errors';
import type {NativeProblem} from './native';

/**
 * Bytes a solve will hold at its peak, from its sizes alone: parameters with gradients, optimizer state and packed copies;
 * samples with weights, order, rows and coefficients. An estimate on the high side, made before anything is allocated.
 */
export function estimateBytes(problem: NativeProblem): number {
  const real = problem.dtype === 'float32' ? 4 : 8;
  let bytes = 0;
  for (const field of problem.fields) {
    // An MLP: parameters, gradient and solver vectors; gradients in double for each of 16 bands of samples, and scratch a thread.
    const widths = [field.kind === 1 ? 2 * problem.lower.length : field.levels * field.features, ...field.hidden, field.outputs];
    if (field.hidden.length > 0) {
      const weights = widths.slice(1).reduce((sum, width, i) => sum + width * (widths[i] + 1), 0);
      const units = 2 * widths.reduce((a, b) => a + b, 0) + 3 * Math.max(...widths);
      bytes += weights * (15 * real + 16 * 8) + problem.threads * (560 * units + 3 * weights) * real;
    }
    if (field.kind === 1) continue;
    let nodes = 0;
    for (let s = 0; s < field.levels; s++) {
      nodes += field.cells.map((cells) => cells / 2 ** s + 2 * field.kernel.rings + 16).reduce((a, b) => a * b, 1);
    }
    // Parameters, gradient and up to eight solver vectors; packed planes thrice; bands about twice.
    bytes += nodes * Math.max(field.features, field.outputs) * real * 15;
  }
  for (const term of problem.terms) {
    const samples = problem.samples[term.samples];
    const count =
      samples.kind === 0
        ? samples.axes!.reduce((n, axis) => n * axis.length, 1)
        : samples.kind === 1
          ? samples.points!.length / problem.lower.length
          : samples.boxes!.reduce((a, b) => a * b, 1);
    const channels = term.channels.length * (8 + 2 * real);
    const rows = term.residuals * 2 * real + term.coefficients * real;
    bytes += count * (3 * 8 + channels + rows + (samples.kind === 0 ? 0 : 16 * problem.lower.length));
  }
  return bytes;
}

/** Memory this process may use: the machine's, or the container's limit where there is one. */
export function availableBytes(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 && limit < os.totalmem() ? limit : os.totalmem();
}

/** @throws OUT_OF_MEMORY naming the estimate, the machine's memory and the fix. */
export function checkMemory(bytes: number, what: string, fix: string): void {
  const available = availableBytes();
  if (bytes <= 0.8 * available) return;
  const gib = (n: number): string => `${(n / 2 ** 30).toFixed(1)} GiB`;
  throw new DinfError('OUT_OF_MEMORY', `${what} needs about ${gib(bytes)}, and this machine has ${gib(available)}: ${fix}`);
}
