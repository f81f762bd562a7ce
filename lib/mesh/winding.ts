/** How often points with normals wind around a place, as a closed surface through them would (Barill et al. 2018). */
import type {OrientedPoints} from './mesh';

/** Points of a cloud that the level of a part of it is taken at, at most. */
const MOST_SAMPLES = 128;
/** How far a point's share of the surface is spread, as a part of the distance to its last neighbour: noise would be large at once nearby. */
const SOFTENING = 0.5;

/** A cloud with what each point stands for. */
export interface WeightedPoints extends OrientedPoints {
  /** Area of surface of each point. */
  readonly areas: Float64Array;
  /** Squared distance from each point to the last of its neighbours. */
  readonly reach: Float64Array;
}

/**
 * The winding number of some points of a cloud around a place: 1 inside a closed surface with outward normals and 0 outside, −1 inside one
 * with inward normals; half of that on the surface.
 *
 * @param part indices of points
 */
export function windingAt(cloud: WeightedPoints, part: Uint32Array, x: number, y: number, z: number): number {
  const {positions, normals, areas, reach} = cloud;
  let sum = 0;
  for (const point of part) {
    const at = 3 * point;
    const dx = positions[at] - x;
    const dy = positions[at + 1] - y;
    const dz = positions[at + 2] - z;
    const square = dx * dx + dy * dy + dz * dz + SOFTENING ** 2 * reach[point];
    if (square === 0) continue;
    sum += (areas[point] * (normals[at] * dx + normals[at + 1] * dy + normals[at + 2] * dz)) / (square * Math.sqrt(square));
  }
  return sum / (4 * Math.PI);
}

/**
 * How far a part of a cloud encloses a volume, as its own points see it: ½ for a closed surface with outward normals, −½ with inward ones,
 * 0 for a flat one, or where normals contradict each other.
 */
export function enclosure(cloud: WeightedPoints, part: Uint32Array): number {
  const samples = Math.min(MOST_SAMPLES, part.length);
  let sum = 0;
  for (let s = 0; s < samples; s++) {
    const at = 3 * part[Math.floor(((s + 0.5) * part.length) / samples)];
    const winding = windingAt(cloud, part, cloud.positions[at], cloud.positions[at + 1], cloud.positions[at + 2]);
    sum += Math.min(1, Math.max(-1, winding));
  }
  return sum / samples;
}
