import type {Canvas, Colour, Point} from './canvas';
import {clamp, mix, scaled, step} from './canvas';
import {fractalNoise, hash, smoothNoise} from '../../base/random';

/** The far edge of the deck. */
const DECK = 0.77;

/** Direction towards the light: left, above, towards the viewer. */
const LIGHT = [-0.55, -0.68, 0.49] as const;

/** Paints what is near: the deck, what stands on it, and its shadows. */
export function paintForeground(canvas: Canvas, seed: number): void {
  paintDeck(canvas, seed);
  castShadow(canvas, [0.13, 0.905], 0.085, 1.9);
  paintBasket(canvas, seed, [0.11, 0.82], 0.074, 0.082);
  castShadow(canvas, [0.37, 0.925], 0.1, 1.7);
  paintBall(canvas, [0.345, 0.8], 0.115, [0.8, 0.76, 0.7], 0.12, seed);
  castShadow(canvas, [0.535, 0.962], 0.05, 1.7);
  paintBall(canvas, [0.52, 0.9], 0.058, [0.3, 0.1, 0.09], 0.9, seed + 1);
  paintTripod(canvas);
}

/** Boards that run away from the viewer, with grain, gaps and nails. */
function paintDeck(canvas: Canvas, seed: number): void {
  const vanishing = 0.5;
  canvas.fill(
    [0, DECK, 1, 1],
    (_, y) => DECK - y,
    (x, y) => {
      const depth = 0.25 / (y - 0.52); // distance, 1 at the far edge
      const across = (x - vanishing) * depth * 9;
      const board = Math.floor(across);
      const within = across - board;
      const along = 6 * depth + 3 * hash(board, 5, seed);
      const pixel = (canvas.size / (9 * depth)) * 0.5; // finest noise cells to a board's width
      const rings = smoothNoise(2.1 * within + 9 * board, 0.7 * along, seed + 20);
      const fibres = fractalNoise(22 * within + 31 * board + 2 * rings, 0.9 * along, seed + 21, 4, Math.max(1, pixel / 22));
      const bands = Math.sin(11 * (rings + within + 0.25 * fibres)) * clamp(pixel / 11 - 0.4);
      const tone = 0.82 + 0.3 * hash(board, 6, seed) + 0.34 * fibres + 0.06 * bands;
      const gap = step(0.02, 0.045, Math.min(within, 1 - within));
      const lip = step(DECK, DECK + 0.006, y);
      const colour = scaled([0.62, 0.47, 0.33], tone * (0.22 + 0.78 * gap) * (0.75 + 0.25 * lip));
      const nail = Math.hypot(Math.abs(within - 0.5) - 0.32, (along / 2 - Math.round(along / 2)) * 2);
      return mix(colour, [0.12, 0.1, 0.09], step(0.034, 0.02, nail));
    },
  );
  // prettier-ignore
  canvas.fill([0, DECK - 0.004, 1, DECK + 0.003], (_, y) => Math.abs(y - DECK) - 0.0015, () => [0.2, 0.15, 0.1], 0.8);
}

/** A shadow that is sharp and dark where the thing touches the deck and spreads away from the light. */
function castShadow(canvas: Canvas, [x, y]: Point, radius: number, length: number): void {
  const box = [x - 1.6 * radius, y - radius, x + (length + 2) * radius, y + radius] as const;
  const shade = (px: number, py: number) => {
    const t = (px - x) / radius; // along the shadow
    const away = (py - y + 0.09 * (px - x)) / (0.34 * radius);
    const penumbra = 0.18 + 0.3 * Math.max(0, t + 0.4);
    const ends = Math.max(Math.hypot(t < 0 ? t : Math.max(0, t - length), away) - 1, -2);
    return step(penumbra, -penumbra, ends) * (0.74 - 0.2 * clamp(t / (length + 1)));
  };
  darken(canvas, box, shade);
}

function darken(canvas: Canvas, box: readonly [number, number, number, number], shade: (x: number, y: number) => number): void {
  const {size, data} = canvas;
  for (let row = Math.max(0, Math.floor(box[1] * size)); row < Math.min(size, box[3] * size); row++) {
    for (let column = Math.max(0, Math.floor(box[0] * size)); column < Math.min(size, box[2] * size); column++) {
      const factor = 1 - shade((column + 0.5) / size, (row + 0.5) / size);
      for (let channel = 0; channel < 3; channel++) data[3 * (row * size + column) + channel] *= factor;
    }
  }
}

/** A ball of stone (gloss near 0) or of lacquer (gloss near 1), which mirrors the sky and the edge of the deck. */
function paintBall(canvas: Canvas, [x, y]: Point, radius: number, colour: Colour, gloss: number, seed: number): void {
  canvas.fill(
    [x - radius, y - radius, x + radius, y + radius],
    (px, py) => Math.hypot(px - x, py - y) - radius,
    (px, py) => {
      const u = (px - x) / radius;
      const v = (py - y) / radius;
      const w = Math.sqrt(Math.max(0, 1 - u * u - v * v));
      const facing = u * LIGHT[0] + v * LIGHT[1] + w * LIGHT[2];
      const diffuse = step(-0.25, 1.1, facing) * 1.15;
      const ambient = 0.14 + 0.13 * (0.5 - 0.5 * v) + 0.16 * clamp(v) ** 2; // sky above, light from the deck below
      const veins =
        1 + 0.16 * (1 - gloss) * fractalNoise(5 * u + 2 * v, 5 * v + 1.5 * w, seed + 30, 5, canvas.size * radius * 0.08);
      const body = scaled(colour, (ambient + diffuse) * veins);
      const [up, away] = [-2 * w * v, 1 - 2 * w * w]; // where the mirrored ray goes: above the horizon, behind the ball
      const sky = mix([0.88, 0.9, 0.92], [0.4, 0.55, 0.78], clamp(1.3 * up));
      const ground: Colour = away > 0 ? [0.34, 0.36, 0.2] : [0.3, 0.22, 0.15];
      const seen = mix(ground, sky, step(-0.04, 0.06, up - 0.12 * step(0.1, -0.5, away)));
      const rim = gloss * (0.1 + 0.8 * (1 - w) ** 3);
      const half = Math.hypot(u - LIGHT[0] * 0.62, v - LIGHT[1] * 0.62);
      const spark = gloss * Math.exp(-((half / 0.13) ** 2)) + 0.12 * Math.exp(-((half / 0.4) ** 2));
      const lit = mix(body, seen, rim);
      return [lit[0] + spark, lit[1] + spark, lit[2] + spark];
    },
  );
}

/** A round basket: strands that pass over and under each other. */
function paintBasket(canvas: Canvas, seed: number, [x, y]: Point, half: number, tall: number): void {
  const bulge = (py: number) => half * (1 + 0.12 * Math.cos((py - y) * (Math.PI / (2 * tall))));
  const lift = (px: number) => 0.24 * half * Math.sqrt(Math.max(0, 1 - ((px - x) / half) ** 2));
  canvas.fill(
    [x - 1.2 * half, y - tall - 0.03, x + 1.2 * half, y + tall + 0.03],
    (px, py) => Math.max(Math.abs(px - x) - bulge(py), y - tall - py - lift(px), py - y - tall - lift(px)),
    (px, py) => {
      const u = clamp((px - x) / (2 * bulge(py)) + 0.5) * 2 - 1;
      const turn = Math.asin(u) / Math.PI; // half the way around
      const row = (py - lift(px) - y) / (2 * tall) + 0.5;
      const [column, line] = [turn * 22, row * 15];
      const over = Math.cos(Math.PI * column) * (Math.floor(line) % 2 === 0 ? 1 : -1);
      const strand = Math.abs(Math.sin(Math.PI * line));
      const weave = 0.55 + 0.3 * over * Math.sqrt(strand) + 0.25 * strand;
      const fibre = 1 + 0.14 * fractalNoise(40 * turn, 60 * row, seed + 50, 3, canvas.size / 180);
      const facing = u * LIGHT[0] + Math.sqrt(1 - u * u) * 0.85;
      return scaled([0.8, 0.64, 0.42], weave * fibre * (0.2 + 0.85 * step(-0.5, 1, facing)));
    },
  );
  // The opening, dark inside, and its rim.
  const ring = (px: number, py: number) => ellipse((px - x) / half, (py - y + tall) / (0.24 * half), half, 0.24 * half);
  const mouth = [x - half - 0.01, y - tall - 0.03, x + half + 0.01, y - tall + 0.03] as const;
  canvas.fill(mouth, ring, (px, py) =>
    scaled([0.3, 0.23, 0.15], 0.35 + 0.9 * clamp((px - x) / (2 * half) + (py - y + tall) * 14)),
  );
  // prettier-ignore
  canvas.fill(mouth, (px, py) => Math.abs(ring(px, py)) - 0.0045, (px, py) => scaled([0.78, 0.62, 0.4], 0.7 + 0.3 * Math.cos(44 * Math.atan2(4 * (py - y + tall), px - x))));
}

/** Distance to an ellipse, to first order, at (a, b) in units of its half-axes. */
function ellipse(a: number, b: number, halfX: number, halfY: number): number {
  const radius = Math.hypot(a, b);
  return radius === 0 ? -Math.min(halfX, halfY) : ((radius - 1) * radius) / Math.hypot(a / halfX, b / halfY);
}

/** A camera on three legs, nearly black: the hardest edges of the picture. */
function paintTripod(canvas: Canvas): void {
  const black = (): Colour => [0.035, 0.035, 0.04];
  const edge = (): Colour => [0.2, 0.2, 0.22];
  const [x, top] = [0.8, 0.42];
  darken(canvas, [0.68, 0.88, 1, 1], (px, py) => {
    const slant = Math.abs(py - 0.955 - 0.05 * (px - 0.86)) - 0.004 - 0.035 * Math.max(0, px - 0.7);
    return 0.45 * step(0.012, -0.012, slant) * step(0.69, 0.72, px);
  });
  // prettier-ignore
  const legs: readonly Point[] = [[0.685, 0.955], [0.925, 0.93], [0.815, 0.985]];
  for (const [footX, footY] of legs) {
    const knee: Point = [x + 0.62 * (footX - x), top + 0.09 + 0.62 * (footY - top - 0.09)];
    canvas.stroke([x + 0.1 * (footX - x), top + 0.08], knee, [0.019, 0.015], black);
    canvas.stroke(knee, [footX, footY], [0.0105, 0.0085], black);
    canvas.stroke([knee[0] - 0.008, knee[1]], [knee[0] + 0.008, knee[1]], [0.009, 0.009], edge);
    canvas.stroke([x + 0.1 * (footX - x) - 0.0055, top + 0.09], [knee[0] - 0.0045, knee[1] - 0.01], [0.0018, 0.0015], edge);
    canvas.stroke([footX - 0.006, footY], [footX + 0.006, footY], [0.009, 0.009], black);
  }
  canvas.stroke([x, top + 0.02], [x, top + 0.19], [0.013, 0.013], black);
  for (const [footX, footY] of legs) {
    canvas.stroke([x, top + 0.2], [x + 0.42 * (footX - x), top + 0.09 + 0.42 * (footY - top - 0.09)], [0.003, 0.003], black);
  }
  canvas.stroke([x - 0.015, top + 0.03], [x - 0.1, top + 0.105], [0.0055, 0.0075], black); // the handle
  const body = (left: number, up: number, right: number, down: number, round: number) => (px: number, py: number) =>
    Math.hypot(Math.max(left + round - px, px - right + round, 0), Math.max(up + round - py, py - down + round, 0)) - round;
  const box = [x - 0.12, top - 0.12, x + 0.09, top + 0.06] as const;
  canvas.fill(box, body(x - 0.028, top, x + 0.028, top + 0.032, 0.006), black);
  canvas.fill(box, body(x - 0.05, top - 0.085, x + 0.062, top + 0.004, 0.01), (px, py) => {
    return scaled(
      [0.085, 0.085, 0.095],
      1 + 1.2 * step(top - 0.075, top - 0.084, py) + 0.25 * Math.sin(900 * px) * Math.sin(900 * py),
    );
  });
  canvas.fill(box, body(x - 0.022, top - 0.108, x + 0.034, top - 0.082, 0.006), black);
  canvas.fill(box, body(x - 0.092, top - 0.066, x - 0.044, top - 0.012, 0.004), (_, py) => {
    const around = (py - top + 0.039) / 0.027; // a cylinder seen from its side
    return scaled([0.3, 0.3, 0.33], 0.12 + 0.9 * Math.exp(-(((around + 0.45) / 0.22) ** 2)));
  });
  canvas.fill(box, body(x - 0.104, top - 0.07, x - 0.09, top - 0.008, 0.002), black);
  canvas.stroke([x + 0.046, top - 0.09], [x + 0.056, top - 0.09], [0.009, 0.009], edge);
  canvas.stroke([x - 0.044, top - 0.0775], [x + 0.056, top - 0.0775], [0.0016, 0.0016], () => [0.55, 0.55, 0.56]);
}
