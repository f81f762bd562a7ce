/** The parts of a cloud that hang together, and which of them lie inside another. */
import type {Bounds} from './mesh';
import {boundingBox} from './mesh';
import type {SignedSets} from './relative-signs';
import type {WeightedPoints} from './winding';
import {enclosure, windingAt} from './winding';

/** A level of {@link enclosure} beyond which a part encloses a volume, rather than being a sheet. */
export const ENCLOSING = 0.2;

/** The largest parts only are looked into: what else there is are stray points. */
const MOST_PARTS = 1024;
/** Fewer points than this are no surface of their own. */
export const LEAST_PART = 16;

/** Points that are neighbours of each other, directly or through others. */
export interface CloudPart {
  /** Indices, rising. */
  readonly points: Uint32Array;
  /** ½ where the part is closed and its normals point outwards; see {@link enclosure}. */
  readonly level: number;
  readonly bounds: Bounds;
}

/** The points of each set, the largest set first. */
export function pointsOfSets(sets: SignedSets, count: number): Uint32Array[] {
  const roots = Uint32Array.from({length: count}, (_, point) => sets.find(point).root);
  const sizes = new Uint32Array(count);
  for (const root of roots) sizes[root]++;
  const lists = new Map<number, {points: Uint32Array; filled: number}>();
  roots.forEach((root, point) => {
    let list = lists.get(root);
    if (list === undefined) lists.set(root, (list = {points: new Uint32Array(sizes[root]), filled: 0}));
    list.points[list.filled++] = point;
  });
  return [...lists.values()].map(({points}) => points).sort((a, b) => b.length - a.length || a[0] - b[0]);
}

/** The parts that are large enough to have an inside. */
export function partsOf(cloud: WeightedPoints, sets: readonly Uint32Array[]): CloudPart[] {
  return sets
    .slice(0, MOST_PARTS)
    .filter((points) => points.length >= LEAST_PART)
    .map((points) => {
      const corners = Float64Array.from({length: 3 * points.length}, (_, i) => {
        return cloud.positions[3 * points[Math.floor(i / 3)] + (i % 3)];
      });
      return {points, level: enclosure(cloud, points), bounds: boundingBox(corners)};
    });
}

/** The number of other parts that a part lies inside of. */
export function depthOf(part: CloudPart, parts: readonly CloudPart[], cloud: WeightedPoints): number {
  const at = 3 * part.points[0];
  const [x, y, z] = cloud.positions.subarray(at, at + 3);
  return parts.filter((other) => {
    if (other === part || Math.abs(other.level) < ENCLOSING) return false;
    const within = [0, 1, 2].every((k) => {
      return other.bounds.lower[k] <= part.bounds.lower[k] && part.bounds.upper[k] <= other.bounds.upper[k];
    });
    return within && Math.abs(windingAt(cloud, other.points, x, y, z)) > 0.5;
  }).length;
}
