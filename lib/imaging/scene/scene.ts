import {DinfError} from '../../base/errors';
import {Canvas} from './canvas';
import type {Image} from '../image';
import {toGray} from '../image';
import {grain} from '../../base/random';
import {paintBackground} from './background';
import {paintForeground} from './foreground';

/** Options of a sample scene. */
export interface SceneOptions {
  /** Any integer; 7 by default. It moves clouds, hills, houses, grass and grain. */
  seed?: number;
  /** 1, gray, by default; 3 is the same scene in colour. */
  channels?: 1 | 3;
}

/**
 * A photograph that nobody took, for trying image problems without a file: sky and clouds, hills and a town, a pylon with its wires, a
 * meadow, and on a wooden deck two balls, a woven basket and a camera on its tripod. So it has soft shading, penumbras, textures, hard edges, fine lines
 * and a little grain. Everything is drawn by formulas of this package; the same size and seed give the same picture.
 *
 * @param size pixels a side, from 16 to 8192; 512 by default, which takes a fraction of a second
 * @param options what it is like, or just the seed
 * @returns (size, size, channels) with values in [0, 1]
 * @throws DinfError INVALID_ARGUMENT
 */
export function renderScene(size = 512, options: SceneOptions | number = {}): Image {
  const {seed = 7, channels = 1} = typeof options === 'number' ? {seed: options} : options;
  if (!Number.isInteger(size) || size < 16 || size > 8192) {
    throw new DinfError('INVALID_ARGUMENT', `the size of the scene is ${size}: give an integer from 16 to 8192`);
  }
  if (!Number.isSafeInteger(seed)) throw new DinfError('INVALID_ARGUMENT', `the seed is ${seed}: give an integer`);
  if (![1, 3].includes(channels))
    throw new DinfError('INVALID_ARGUMENT', `there are scenes with channels 1 or 3, not ${String(channels)}`);
  const canvas = new Canvas(size);
  paintBackground(canvas, seed);
  paintForeground(canvas, seed);
  develop(canvas, seed);
  const picture: Image = {width: size, height: size, channels: 3, data: canvas.data};
  return channels === 3 ? picture : toGray(picture);
}

/** Adds what a lens and a sensor do: darker corners, a curve that rolls off highlights, grain that is strongest in the dark. */
function develop({size, data}: Canvas, seed: number): void {
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const x = (column + 0.5) / size - 0.5;
      const y = (row + 0.5) / size - 0.5;
      const vignette = 1 - 0.35 * (x * x + y * y);
      const noise = grain(column, row, seed);
      for (let channel = 0; channel < 3; channel++) {
        const index = 3 * (row * size + column) + channel;
        const value = filmCurve(data[index] * vignette);
        data[index] = Math.min(1, Math.max(0, value + 0.008 * (1.3 - value) * noise));
      }
    }
  }
}

function filmCurve(value: number): number {
  return value < 0.8 ? value : 0.8 + 0.2 * (1 - Math.exp((0.8 - value) / 0.2));
}
