/** A number in [0, 1) for a lattice point and a seed, by integer mixing: the same on every machine. */
export function hash(x: number, y: number, seed: number): number {
  let h = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1) ^ Math.imul(seed, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

/** Smooth noise in [−1, 1]: lattice values, one lattice cell a unit, joined by quintics so that second derivatives are continuous. */
export function smoothNoise(x: number, y: number, seed: number): number {
  const column = Math.floor(x);
  const row = Math.floor(y);
  const u = quintic(x - column);
  const v = quintic(y - row);
  const top = hash(column, row, seed) * (1 - u) + hash(column + 1, row, seed) * u;
  const bottom = hash(column, row + 1, seed) * (1 - u) + hash(column + 1, row + 1, seed) * u;
  return 2 * (top * (1 - v) + bottom * v) - 1;
}

/**
 * Fractal noise, about [−1, 1]: octaves of doubled frequency and halved amplitude.
 * @param finest lattice cells a unit of x and y beyond which nothing is added, so that no octave is finer than the pixels
 */
export function fractalNoise(x: number, y: number, seed: number, octaves: number, finest: number): number {
  let sum = 0;
  let amplitude = 0.5;
  for (let octave = 0, frequency = 1; octave < octaves && frequency <= finest; octave++, frequency *= 2, amplitude *= 0.5) {
    sum += amplitude * smoothNoise(x * frequency, y * frequency, seed + octave);
  }
  return sum;
}

/** A normally distributed number of mean 0 and variance 1 for a pixel, nearly: the sum of four uniform ones. */
export function grain(column: number, row: number, seed: number): number {
  let sum = -2;
  for (let k = 0; k < 4; k++) sum += hash(column, row, seed + 101 * k);
  return sum * Math.sqrt(3);
}

function quintic(t: number): number {
  return t * t * t * (t * (6 * t - 15) + 10);
}
