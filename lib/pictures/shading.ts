/** Light for what a picture of a mesh shows, and its samples merged to pixels. */
import {hash} from '../base/random';
import type {Rgb} from './palette';
import type {Visible} from './visible';

/** Depth where nothing is met. */
const NOTHING = Infinity;

/** Directions to the lights in the viewer's axes (right, up, back), and how strong they are. */
const KEY = {direction: direction(-0.45, 0.65, 0.75), strength: 0.78};
const FILL = {direction: direction(0.8, 0.1, 0.55), strength: 0.2};
/** Light from all around, more of it from above. */
const AMBIENT = {above: 0.34, below: 0.16};
const GLOSS = {strength: 0.1, power: 28};
/** Points looked at around a sample to find out how much of its surroundings is hidden, and how far they reach, as a part of the picture. */
const PROBES = 10;
const REACH = 0.055;

/**
 * Red, green, blue of each pixel, 0 to 255.
 *
 * @param unit length of a sample in the mesh's units
 * @param samples a pixel and axis; the visible samples are a whole number of pixels
 */
export function litPixels(visible: Visible, unit: number, samples: number, background: Rgb): Uint8Array {
  const {width, height} = visible;
  const [columns, rows] = [width / samples, height / samples];
  const openness = openSky(visible, unit);
  const back = background.map((value) => (value / 255) ** 2.2);
  const pixels = new Uint8Array(3 * columns * rows);
  const light = [0, 0, 0];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const sum = [0, 0, 0];
      for (let i = 0; i < samples * samples; i++) {
        const at = (row * samples + Math.floor(i / samples)) * width + column * samples + (i % samples);
        if (visible.depth[at] === NOTHING) for (let k = 0; k < 3; k++) sum[k] += back[k];
        else {
          shade(visible, at, openness[at], light);
          for (let k = 0; k < 3; k++) sum[k] += light[k];
        }
      }
      for (let k = 0; k < 3; k++) pixels[3 * (row * columns + column) + k] = stored(sum[k] / samples ** 2);
    }
  }
  return pixels;
}

/** Linear red, green, blue of one visible sample. */
function shade({normal, colour}: Visible, at: number, open: number, out: number[]): void {
  let x = normal[3 * at];
  let y = normal[3 * at + 1];
  let z = normal[3 * at + 2];
  const length = Math.sqrt(x * x + y * y + z * z) || 1;
  x /= length;
  y /= length;
  z /= length;
  if (z < 0) z = -z * 0.2; // an interpolated normal may turn away at a silhouette, where the surface still is seen
  const towards = ({direction: [dx, dy, dz]}: {direction: Rgb}): number => x * dx + y * dy + z * dz;
  // Wrapped a little around the edge of the shadow, which softens it.
  const key = Math.max(0, (towards(KEY) + 0.15) / 1.15) ** 1.15;
  const fill = Math.max(0, (towards(FILL) + 0.3) / 1.3);
  const ambient = AMBIENT.below + (AMBIENT.above - AMBIENT.below) * (0.5 + 0.5 * y);
  const [kx, ky, kz] = KEY.direction;
  const half = Math.sqrt(kx * kx + ky * ky + (kz + 1) ** 2);
  const gloss = GLOSS.strength * Math.max(0, (x * kx + y * ky + z * (kz + 1)) / half) ** GLOSS.power * open;
  const diffuse = KEY.strength * key * (0.45 + 0.55 * open) + FILL.strength * fill * open + ambient * open;
  for (let k = 0; k < 3; k++) out[k] = LINEAR[colour[3 * at + k]] * diffuse + gloss;
}

/**
 * How much of the half space around each sample is open, 0 to 1, judged from the depth around it on the picture: creases come out darker.
 */
function openSky({width, height, depth, normal}: Visible, unit: number): Float32Array {
  const open = new Float32Array(width * height).fill(1);
  const radius = REACH * Math.max(width, height);
  const spiral = Array.from({length: PROBES}, (_, i) => {
    const r = radius * ((i + 0.5) / PROBES) ** 0.75;
    const angle = i * 2.399963; // the golden angle: even in all directions
    return {x: r * Math.cos(angle), y: r * Math.sin(angle)};
  });
  // Neighbouring samples use turned spirals, so that probes leave no pattern; a 4 × 4 tile of turns is averaged out below.
  const across = new Int32Array(16 * PROBES);
  const down = new Int32Array(16 * PROBES);
  for (let turn = 0; turn < 16; turn++) {
    const angle = 2 * Math.PI * hash(turn, 3, 5);
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    spiral.forEach(({x, y}, i) => {
      across[turn * PROBES + i] = Math.round(cos * x - sin * y);
      down[turn * PROBES + i] = Math.round(sin * x + cos * y);
    });
  }
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const at = row * width + column;
      const here = depth[at];
      if (here === NOTHING) continue;
      const nx = normal[3 * at];
      const ny = normal[3 * at + 1];
      const nz = normal[3 * at + 2];
      const first = ((row % 4) * 4 + (column % 4)) * PROBES;
      let hidden = 0;
      for (let i = first; i < first + PROBES; i++) {
        const dx = across[i];
        const dy = down[i];
        const c = column + dx;
        const r = row + dy;
        if (c < 0 || r < 0 || c >= width || r >= height) continue;
        const there = depth[r * width + c];
        if (there === NOTHING) continue;
        const vx = dx * unit;
        const vy = -dy * unit;
        const vz = here - there;
        const length = Math.sqrt(vx * vx + vy * vy + vz * vz);
        if (length === 0) continue;
        const rises = (vx * nx + vy * ny + vz * nz) / length - 0.12; // a flat surface must not hide itself
        // What is far in front is another part of the mesh, whose shadow would be a halo.
        if (rises > 0) hidden += rises * Math.max(0, 1 - length / (2.5 * radius * unit));
      }
      open[at] = Math.max(0, 1 - (2.2 * hidden) / PROBES);
    }
  }
  return smoothed(open, depth, width, height, 6 * unit);
}

/** The mean over 4 × 4 samples of about the same depth. */
function smoothed(values: Float32Array, depth: Float32Array, width: number, height: number, near: number): Float32Array {
  const out = new Float32Array(values);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const at = row * width + column;
      if (depth[at] === NOTHING) continue;
      let sum = 0;
      let count = 0;
      for (let r = Math.max(0, row - 2); r < Math.min(height, row + 2); r++) {
        for (let c = Math.max(0, column - 2); c < Math.min(width, column + 2); c++) {
          const other = r * width + c;
          if (Math.abs(depth[other] - depth[at]) > near) continue;
          sum += values[other];
          count += 1;
        }
      }
      if (count > 0) out[at] = sum / count;
    }
  }
  return out;
}

function direction(x: number, y: number, z: number): Rgb {
  const length = Math.sqrt(x * x + y * y + z * z);
  return [x / length, y / length, z / length];
}

/** Light from a stored value, 0 to 255, and back: averages and sums are right in light alone. */
const LINEAR = Float64Array.from({length: 256}, (_, value) => (value / 255) ** 2.2);
function stored(light: number): number {
  return Math.round(255 * Math.min(1, Math.max(0, light)) ** (1 / 2.2));
}
