/** Red, green and blue in [0, 1]. */
export type Colour = readonly [number, number, number];

/** A point or a direction, in units of the picture's side, y downwards. */
export type Point = readonly [number, number];

/**
 * A square picture that shapes are painted on, back to front. Coordinates run from 0 to 1 whatever the number of pixels; edges are
 * softened over one pixel.
 */
export class Canvas {
  /** (size, size, 3) row-major. */
  readonly data: Float64Array;

  constructor(readonly size: number) {
    this.data = new Float64Array(size * size * 3);
  }

  /**
   * Paints within a box.
   * @param box [left, top, right, bottom]
   * @param distance signed distance to the shape's edge, negative inside
   * @param paint colour at a point; called only where the shape covers something
   * @param opacity in [0, 1], 1 by default
   */
  fill(
    box: readonly [number, number, number, number],
    distance: (x: number, y: number) => number,
    paint: (x: number, y: number) => Colour,
    opacity = 1,
  ): void {
    const {size, data} = this;
    const edge = 1 / size;
    const from = (value: number) => Math.max(0, Math.floor((value - edge) * size));
    const to = (value: number) => Math.min(size, Math.ceil((value + edge) * size));
    for (let row = from(box[1]); row < to(box[3]); row++) {
      const y = (row + 0.5) / size;
      for (let column = from(box[0]); column < to(box[2]); column++) {
        const x = (column + 0.5) / size;
        const cover = opacity * clamp(0.5 - distance(x, y) / edge);
        if (cover <= 0) continue;
        const colour = paint(x, y);
        const index = 3 * (row * size + column);
        for (let channel = 0; channel < 3; channel++) {
          data[index + channel] += cover * (colour[channel] - data[index + channel]);
        }
      }
    }
  }

  /** Paints a straight stroke with round ends, tapering from one width to another. */
  stroke(from: Point, to: Point, widths: readonly [number, number], paint: (x: number, y: number) => Colour, opacity = 1): void {
    const thick = Math.max(...widths);
    const box = [
      Math.min(from[0], to[0]) - thick,
      Math.min(from[1], to[1]) - thick,
      Math.max(from[0], to[0]) + thick,
      Math.max(from[1], to[1]) + thick,
    ] as const;
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    const square = dx * dx + dy * dy || 1;
    const distance = (x: number, y: number) => {
      const along = clamp(((x - from[0]) * dx + (y - from[1]) * dy) / square);
      const away = Math.hypot(x - from[0] - along * dx, y - from[1] - along * dy);
      return away - 0.5 * along * (widths[1] - widths[0]);
    };
    this.line(box, distance, widths[0], paint, opacity);
  }

  /**
   * Paints what lies within half a width of a curve. One thinner than a pixel is drawn a pixel wide and fainter, as a lens and a sensor
   * would have it.
   * @param distance to the curve, not negative
   */
  line(
    box: readonly [number, number, number, number],
    distance: (x: number, y: number) => number,
    width: number,
    paint: (x: number, y: number) => Colour,
    opacity = 1,
  ): void {
    const pixel = 1 / this.size;
    const half = 0.5 * Math.max(width, pixel);
    this.fill(box, (x, y) => distance(x, y) - half, paint, opacity * Math.min(1, width / pixel));
  }

  /** Paints a convex polygon whose corners are given clockwise, as seen. */
  polygon(corners: readonly Point[], paint: (x: number, y: number) => Colour, opacity = 1): void {
    const xs = corners.map(([x]) => x);
    const ys = corners.map(([, y]) => y);
    const sides = corners.map(([x, y], index) => {
      const [nextX, nextY] = corners[(index + 1) % corners.length];
      const length = Math.hypot(nextX - x, nextY - y);
      return {x, y, normalX: (nextY - y) / length, normalY: -(nextX - x) / length};
    });
    const distance = (px: number, py: number) => {
      let most = -Infinity;
      for (const {x, y, normalX, normalY} of sides) most = Math.max(most, (px - x) * normalX + (py - y) * normalY);
      return most;
    };
    this.fill([Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)], distance, paint, opacity);
  }
}

/** `value` brought into [0, 1]. */
export function clamp(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}

/** A smooth step from 0 at `from` to 1 at `to`, which may be below `from`. */
export function step(from: number, to: number, value: number): number {
  const t = clamp((value - from) / (to - from));
  return t * t * (3 - 2 * t);
}

/** `a` for t = 0, `b` for t = 1. */
export function mix(a: Colour, b: Colour, t: number): Colour {
  return [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]), a[2] + t * (b[2] - a[2])];
}

/** A colour made lighter or darker. */
export function scaled(colour: Colour, factor: number): Colour {
  return [colour[0] * factor, colour[1] * factor, colour[2] * factor];
}
