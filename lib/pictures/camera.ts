/** A camera that shows a whole mesh, as large as the picture allows. */
import {boundingBox} from '../mesh/mesh';

/** The direction from which a mesh is seen. */
export interface View {
  /** Degrees around the upward axis: 0 from the front (with y up: from positive z, x to the right), 90 from the right. Default 30. */
  readonly azimuth?: number;
  /** Degrees above the horizon. Default 20. */
  readonly elevation?: number;
  /** Coordinate that points upwards. Default `y`. */
  readonly up?: 'x' | 'y' | 'z';
  /** Degrees from edge to edge of the picture; 0 is a parallel projection. Default 30. */
  readonly fieldOfView?: number;
}

/** A projection of space onto a picture. */
export interface Camera {
  /** Length that the longer side of the picture spans at the middle of the mesh, in the mesh's units. */
  readonly size: number;
  /** Column and row of a vertex, and what {@link depth} reads, linear on the picture: into `out` from `at` on. */
  project(positions: ArrayLike<number>, at: number, out: Float64Array): void;
  /** A direction in the viewer's axes: right, up, back. */
  turn(directions: ArrayLike<number>, at: number, out: Float64Array): void;
  /** Distance along the line of sight. */
  depth(linear: number): number;
  /** Weights of a triangle's corners in space from those on the picture. */
  weights(u: number, v: number, w: number, a: number, b: number, c: number): readonly [number, number, number];
}

/** Part of the picture that stays free at each edge. */
const MARGIN = 0.04;
const RADIANS = Math.PI / 180;

/** The camera of a view, placed so that every vertex is seen. */
export function cameraFor(
  positions: ArrayLike<number>,
  view: View,
  {width, height}: {readonly width: number; readonly height: number},
): Camera {
  const {azimuth = 30, elevation = 20, up = 'y', fieldOfView = 30} = view;
  const axes = axesOf(azimuth * RADIANS, elevation * RADIANS, up);
  const {lower, upper, diagonal} = boundingBox(positions);
  const middle = [0, 1, 2].map((k) => (lower[k] + upper[k]) / 2);
  const along = (axis: readonly number[], at: number, from: ArrayLike<number>, origin: readonly number[]): number =>
    axis[0] * (from[at] - origin[0]) + axis[1] * (from[at + 1] - origin[1]) + axis[2] * (from[at + 2] - origin[2]);
  const [right, above, back] = axes;
  const side = Math.max(width, height);
  const usable = 1 - 2 * MARGIN;
  // Half of what the picture spans across and upwards, for a longer side of 2.
  const half = [width / side, height / side];
  const tangent = Math.tan((Math.max(0, fieldOfView) * RADIANS) / 2);
  const parallel = tangent < 1e-6;
  let centre = [0, 0];
  let distance = 0;
  let size = 0;
  // The middle of the picture of the mesh depends on the distance and the other way round: a few rounds settle both.
  for (let round = 0; round < (parallel ? 1 : 4); round++) {
    const range = [Infinity, -Infinity, Infinity, -Infinity];
    for (let at = 0; at < positions.length; at += 3) {
      const scale = parallel || round === 0 ? 1 : distance / (distance - along(back, at, positions, middle));
      const x = (along(right, at, positions, middle) - centre[0]) * scale + centre[0];
      const y = (along(above, at, positions, middle) - centre[1]) * scale + centre[1];
      range[0] = Math.min(range[0], x);
      range[1] = Math.max(range[1], x);
      range[2] = Math.min(range[2], y);
      range[3] = Math.max(range[3], y);
    }
    centre = [(range[0] + range[1]) / 2, (range[2] + range[3]) / 2];
    size = Math.max((range[1] - range[0]) / half[0], (range[3] - range[2]) / half[1], diagonal * 1e-6) / usable;
    if (parallel) continue;
    distance = 0;
    for (let at = 0; at < positions.length; at += 3) {
      const x = Math.abs(along(right, at, positions, middle) - centre[0]) / half[0];
      const y = Math.abs(along(above, at, positions, middle) - centre[1]) / half[1];
      const near = along(back, at, positions, middle);
      distance = Math.max(distance, near + Math.max(x, y) / (tangent * usable), near + 0.05 * diagonal);
    }
    size = 2 * distance * tangent;
  }
  const offset = (at: number, from: ArrayLike<number>): [number, number, number] => [
    along(right, at, from, middle) - centre[0],
    along(above, at, from, middle) - centre[1],
    along(back, at, from, middle),
  ];
  return {
    size,
    project(from, at, out) {
      const [x, y, z] = offset(at, from);
      const inverse = parallel ? 1 : distance / (distance - z);
      out[at] = width / 2 + (x * inverse * side) / size;
      out[at + 1] = height / 2 - (y * inverse * side) / size;
      out[at + 2] = parallel ? z : inverse / distance;
    },
    turn(from, at, out) {
      axes.forEach((axis, k) => (out[at + k] = along(axis, at, from, [0, 0, 0])));
    },
    depth: parallel ? (z) => -z : (inverse) => 1 / inverse,
    weights: parallel
      ? (u, v, w) => [u, v, w]
      : (u, v, w, a, b, c) => {
          const sum = u * a + v * b + w * c;
          return [(u * a) / sum, (v * b) / sum, (w * c) / sum];
        },
  };
}

/** Unit vectors to the right, upwards, and back to the viewer. */
function axesOf(azimuth: number, elevation: number, up: 'x' | 'y' | 'z'): readonly (readonly number[])[] {
  const vertical = 'xyz'.indexOf(up);
  // With y up, a viewer in front stands at positive z and has x to the right; the other axes follow cyclically.
  const place = (right: number, above: number, front: number): number[] => {
    const vector = [0, 0, 0];
    vector[(vertical + 2) % 3] = right;
    vector[vertical] = above;
    vector[(vertical + 1) % 3] = front;
    return vector;
  };
  const [sa, ca, se, ce] = [Math.sin(azimuth), Math.cos(azimuth), Math.sin(elevation), Math.cos(elevation)];
  return [place(ca, 0, -sa), place(-sa * se, ce, -ca * se), place(sa * ce, se, ca * ce)];
}
