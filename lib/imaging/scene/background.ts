import type {Canvas, Colour, Point} from './canvas';
import {clamp, mix, scaled, step} from './canvas';
import {fractalNoise, hash, smoothNoise} from '../../base/random';

/** Height at which the meadow ends and the hills begin. */
const HORIZON = 0.56;

const HAZE: Colour = [0.84, 0.87, 0.9];

/** Paints what is far: sky, hills, the town, the pylon, the meadow. */
export function paintBackground(canvas: Canvas, seed: number): void {
  paintSky(canvas, seed);
  paintHills(canvas, seed);
  paintTown(canvas, seed);
  paintMeadow(canvas, seed);
  paintHedge(canvas, seed);
  paintPylon(canvas, [0.36, 0.6], 0.46);
}

function paintSky(canvas: Canvas, seed: number): void {
  const finest = canvas.size / 24;
  canvas.fill(
    [0, 0, 1, HORIZON],
    () => -1,
    (x, y) => {
      const height = clamp(1 - y / HORIZON);
      const sky = mix(HAZE, [0.3, 0.46, 0.7], Math.pow(height, 0.75));
      const glow = Math.exp(-((x - 0.2) ** 2 + (y - 0.1) ** 2) / 0.08);
      // Clouds lie in a plane overhead: towards the horizon they are seen flatter and denser.
      const depth = 0.35 / (0.75 - y);
      const warp = 0.5 * fractalNoise(3 * x * depth + 9, 9 * y * depth, seed + 40, 3, finest);
      const billow = fractalNoise(5 * (x - 0.5) * depth + warp + 3, 16 * y * depth + warp, seed, 6, finest);
      const cover = step(-0.02, 0.42, billow);
      const above = fractalNoise(5 * (x - 0.5) * depth + warp + 2.8, 16 * y * depth + warp - 0.3, seed, 4, finest);
      const lit = clamp(0.84 + 0.5 * (billow - above) + 0.1 * glow);
      return mix(mix(sky, [1, 0.97, 0.9], 0.45 * glow), [lit, lit, 1.01 * lit], 0.85 * cover * (0.35 + 0.65 * height));
    },
  );
}

/** Three ridges, the farther the paler, with woods on the nearest. */
function paintHills(canvas: Canvas, seed: number): void {
  const ridges = [
    {base: 0.47, rise: 0.1, scale: 2.2, colour: [0.6, 0.66, 0.73], rough: 0.02},
    {base: 0.5, rise: 0.06, scale: 3.4, colour: [0.45, 0.52, 0.54], rough: 0.06},
    {base: 0.535, rise: 0.03, scale: 5, colour: [0.25, 0.32, 0.25], rough: 0.35},
  ] as const;
  ridges.forEach(({base, rise, scale, colour, rough}, index) => {
    const finest = canvas.size / (4 * scale);
    const crest = ridges.length - 1 === index ? 0.007 : 0;
    const line = (x: number) =>
      base + rise * fractalNoise(scale * x, 0.5, seed + 60 + index, 5, finest) + crest * smoothNoise(70 * x, 0, seed + 66);
    canvas.fill(
      [0, base - rise, 1, HORIZON + 0.01],
      (x, y) => 0.8 * (line(x) - y),
      (x, y) => {
        const texture = fractalNoise(30 * x, 60 * y, seed + 70 + index, 4, canvas.size / 90);
        return mix(scaled(colour, 1 + rough * texture * 1.6), HAZE, 0.6 * clamp((y - base) / (HORIZON - base)) * (1 - rough));
      },
    );
  });
}

/** Houses with lit and shaded sides, windows and roofs, before the hills on the right, and a slender tower. */
function paintTown(canvas: Canvas, seed: number): void {
  let left = 0.56;
  for (let house = 0; left < 1; house++) {
    const width = 0.035 + 0.05 * hash(house, 1, seed);
    const height = 0.07 + 0.14 * hash(house, 2, seed) ** 2 * (0.5 + left);
    paintHouse(canvas, left, HORIZON + 0.012 - height, width, height, hash(house, 3, seed), seed + house);
    left += width + 0.012 * hash(house, 4, seed);
  }
  const brick = (x: number): Colour => scaled([0.68, 0.6, 0.52], 1.15 - 9 * Math.abs(x - 0.688));
  // prettier-ignore
  canvas.polygon([[0.676, 0.3], [0.704, 0.3], [0.707, 0.57], [0.673, 0.57]], brick);
  // prettier-ignore
  canvas.polygon([[0.671, 0.292], [0.709, 0.292], [0.709, 0.304], [0.671, 0.304]], () => [0.32, 0.29, 0.28]);
  // prettier-ignore
  canvas.polygon([[0.69, 0.2], [0.704, 0.292], [0.676, 0.292]], (x) => (x < 0.69 ? [0.47, 0.52, 0.5] : [0.24, 0.28, 0.29]));
  canvas.stroke([0.69, 0.17], [0.69, 0.205], [0.0015, 0.003], () => [0.15, 0.15, 0.15]);
  // prettier-ignore
  canvas.fill([0.675, 0.32, 0.705, 0.35], (x, y) => Math.hypot(x - 0.69, y - 0.332) - 0.0095, () => [0.93, 0.92, 0.86]);
  canvas.stroke([0.69, 0.332], [0.69, 0.3255], [0.0015, 0.0015], () => [0.1, 0.1, 0.1]);
  canvas.stroke([0.69, 0.332], [0.695, 0.334], [0.0015, 0.0015], () => [0.1, 0.1, 0.1]);
}

function paintHouse(canvas: Canvas, left: number, top: number, width: number, height: number, tone: number, seed: number): void {
  const shade = 0.5 + 0.4 * tone;
  const wall: Colour = [shade, 0.96 * shade, 0.88 * shade];
  const corner = left + 0.68 * width;
  const right = left + width;
  const bottom = top + height;
  const window = 0.0105;
  const glass = (from: number) => (x: number, y: number) => {
    const u = (x - from) / window;
    const v = (y - top - 0.006) / (1.35 * window);
    return Math.max(Math.abs(u - Math.floor(u) - 0.5) - 0.26, Math.abs(v - Math.floor(v) - 0.5) - 0.3) * window;
  };
  const pane = (x: number, y: number): Colour => {
    const glint = hash(Math.floor((x - left) / window), Math.floor((y - top) / (1.35 * window)), seed);
    return glint > 0.82 ? [0.85, 0.86, 0.84] : [0.17, 0.2, 0.25];
  };
  // prettier-ignore
  canvas.polygon([[left, top], [corner, top], [corner, bottom], [left, bottom]], () => wall);
  // prettier-ignore
  canvas.polygon([[corner, top], [right, top + 0.004], [right, bottom], [corner, bottom]], () => scaled(wall, 0.6));
  canvas.fill([left + 0.003, top + 0.004, corner - 0.003, bottom - 0.02], glass(left + 0.002), pane, 0.9);
  if (tone > 0.45) {
    const ridge = top - 0.4 * width;
    // prettier-ignore
    canvas.polygon([[left - 0.003, top], [left + 0.34 * width, ridge], [corner + 0.003, top]], () => [0.52, 0.3, 0.23]);
    // prettier-ignore
    canvas.polygon([[left + 0.34 * width, ridge], [right - 0.2 * width, ridge + 0.002], [right + 0.002, top + 0.004], [corner + 0.003, top]], () => [0.35, 0.2, 0.16]);
  }
}

/** Grass that grows finer with distance, a path, and light that drifts over it. */
function paintMeadow(canvas: Canvas, seed: number): void {
  canvas.fill(
    [0, HORIZON - 0.004, 1, 1],
    (_, y) => HORIZON - y,
    (x, y) => {
      const below = Math.max(y - HORIZON, 0.002);
      const depth = 0.12 / below; // distance, 1 in the middle of the meadow
      const across = (x - 0.5) * depth;
      const patches = fractalNoise(4 * across, 3 * depth, seed + 80, 3, 64);
      const sharp = canvas.size * below; // pixels from here to the horizon: the scale of everything on the ground
      const blades =
        standingNoise(x, y, below, 24, 0.3, seed + 84, sharp) + 0.6 * standingNoise(x, y, below, 60, 0.22, seed + 184, sharp);
      const tufts = standingNoise(x, y, below, 5, 1.6, seed + 90, sharp);
      const light = 0.84 + 0.34 * patches + 0.5 * blades + 0.3 * tufts;
      const grass = mix(scaled([0.44, 0.52, 0.24], light), HAZE, 0.5 * step(0.05, 0, below));
      const bend = 0.16 - 0.22 * depth + 0.05 * Math.sin(2.2 * depth) - across;
      const gravel = scaled(
        [0.74, 0.69, 0.6],
        0.93 + 0.3 * fractalNoise(90 * across, 60 * depth, seed + 95, 3, 4) * clamp(sharp / 20),
      );
      return mix(grass, gravel, step(0.062, 0.05, Math.abs(bend) + 0.02 * tufts));
    },
  );
}

/**
 * Noise on the ground whose grains stand upright in the picture and shrink with distance. Two depths are blended, each of one scale:
 * a scale that varied from row to row would shear the grains.
 * @param below from the horizon down to the point
 * @param fineness grains across `below`
 * @param squat width of a grain by its height
 * @param sharp pixels in `below`, so that what is finer than pixels fades
 */
function standingNoise(
  x: number,
  y: number,
  below: number,
  fineness: number,
  squat: number,
  seed: number,
  sharp: number,
): number {
  const fade = clamp(sharp / fineness - 0.5);
  if (fade === 0) return 0;
  const depth = 3 * Math.log(below);
  const band = Math.floor(depth);
  const t = depth - band;
  const at = (k: number) => {
    const scale = fineness / Math.exp(k / 3);
    return fractalNoise((x - 0.5) * scale + 37 * k, y * scale * squat, seed + k, 2, 2);
  };
  return (fade * (at(band) * (1 - t) + at(band + 1) * t)) / Math.hypot(t, 1 - t);
}

/** Bushes before the houses, so that these stand in something. */
function paintHedge(canvas: Canvas, seed: number): void {
  const line = (x: number) => {
    const bushes = fractalNoise(26 * x, 0.3, seed + 97, 4, canvas.size / 60);
    return HORIZON + 0.014 - Math.max(0, 0.022 + 0.03 * bushes) * step(0.44, 0.6, x);
  };
  canvas.fill(
    [0.42, HORIZON - 0.05, 1, HORIZON + 0.016],
    (x, y) => Math.max(0.7 * (line(x) - y), y - HORIZON - 0.012),
    (x, y) => {
      const leaves = fractalNoise(70 * x, 70 * y, seed + 98, 3, canvas.size / 200);
      const top = step(0.012, 0, y - line(x));
      return scaled([0.2, 0.27, 0.16], 0.8 + 0.55 * top + 0.7 * leaves);
    },
  );
}

/** A lattice mast and the wires that hang from it to both sides. */
function paintPylon(canvas: Canvas, foot: Point, height: number): void {
  const steel = (): Colour => [0.2, 0.22, 0.25];
  const [x, y] = foot;
  const half = (t: number) => 0.042 * (1 - t) ** 1.5 + 0.0045; // half the width at the fraction t of the height
  const rungs = 11;
  const level = (k: number) => 1 - (1 - k / rungs) ** 1.15;
  for (let k = 0; k < rungs; k++) {
    const [low, high] = [level(k), level(k + 1)];
    const [yLow, yHigh] = [y - low * height, y - high * height];
    const [a, b] = [half(low), half(high)];
    for (const side of [-1, 1]) {
      canvas.stroke([x + side * a, yLow], [x + side * b, yHigh], [0.0036, 0.0032], steel);
      canvas.stroke([x + side * a, yLow], [x - side * b, yHigh], [0.0017, 0.0017], steel);
    }
    canvas.stroke([x - b, yHigh], [x + b, yHigh], [0.0017, 0.0017], steel);
  }
  for (const [t, arm] of [
    [0.78, 0.075],
    [0.89, 0.058],
    [0.985, 0.038],
  ] as const) {
    // prettier-ignore
    const beam = y - t * height;
    for (const side of [-1, 1]) {
      canvas.stroke([x, beam - 0.014], [x + side * arm, beam], [0.0022, 0.0018], steel);
      canvas.stroke([x, beam], [x + side * arm, beam], [0.0028, 0.002], steel);
      canvas.stroke([x + side * arm, beam], [x + side * arm, beam + 0.018], [0.0032, 0.0032], steel);
      wire(canvas, [x + side * arm, beam + 0.018], [-0.05, beam + 0.05 + 0.1 * (side + 1)], 0.05, steel);
      wire(canvas, [x + side * arm, beam + 0.018], [1.05, beam - 0.13 + 0.05 * side], 0.06, steel);
    }
  }
}

/** A wire hanging in a parabola between two points, `sag` below their chord in the middle. */
function wire(canvas: Canvas, from: Point, to: Point, sag: number, paint: () => Colour): void {
  const width = 0.0013;
  const run = to[0] - from[0];
  const rise = to[1] - from[1];
  const distance = (x: number, y: number) => {
    const t = (x - from[0]) / run;
    const slope = (rise + 4 * sag * (1 - 2 * t)) / run;
    const away = Math.abs(y - from[1] - rise * t - 4 * sag * t * (1 - t)) / Math.hypot(1, slope);
    return t < 0 || t > 1 ? 1 : away;
  };
  const box = [
    Math.min(from[0], to[0]),
    Math.min(from[1], to[1]),
    Math.max(from[0], to[0]),
    Math.max(from[1], to[1]) + sag,
  ] as const;
  canvas.line(box, distance, width, paint);
}
