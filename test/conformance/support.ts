/** Small things that several tests need: random numbers, vectors, multi-indices and their names. */

/** Uniform in [0, 1), the same on every run (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Values in [−scale, scale] that float32 holds exactly, so that both precisions are given the same numbers. */
export function randomVector(count: number, seed: number, scale = 1): Float64Array {
  const random = generator(seed);
  return Float64Array.from({length: count}, () => Math.fround((2 * random() - 1) * scale));
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

export const norm = (a: Float64Array): number => Math.sqrt(dot(a, a));

export const combine = (a: Float64Array, factor: number, b: Float64Array): Float64Array =>
  a.map((value, i) => value + factor * b[i]);

/** Every multi-index up to an order, lower orders first. */
export function multiIndices(dims: number, order: number): number[][] {
  const all: number[][] = [];
  const extend = (prefix: number[], left: number): void => {
    if (prefix.length === dims) {
      all.push(prefix);
      return;
    }
    for (let a = 0; a <= left; a++) extend([...prefix, a], left - a);
  };
  extend([], order);
  const total = (alpha: number[]): number => alpha.reduce((a, b) => a + b, 0);
  return all.sort((a, b) => total(a) - total(b));
}

export const COORDINATES = ['x', 'y', 'z'] as const;

/** The name of a derivative in the expression language: `u_xxy`. */
export function derivativeName(unknown: string, alpha: readonly number[]): string {
  const letters = alpha.map((n, k) => COORDINATES[k].repeat(n)).join('');
  return letters === '' ? unknown : `${unknown}_${letters}`;
}

/** Every combination of the axes' values, last axis fastest. */
export function productPoints(axes: readonly (readonly number[])[]): number[][] {
  return axes.reduce<number[][]>((points, axis) => points.flatMap((point) => axis.map((value) => [...point, value])), [[]]);
}
