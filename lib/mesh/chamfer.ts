/** Distances between two surfaces, each given by oriented points spread evenly over it. */
import type {OrientedPoints} from './mesh';
import {NearestPoints} from './nearest';

export interface SurfaceDistance {
  /** Mean distance to the nearest point of the other surface, both directions averaged; in the units of the positions. */
  readonly chamfer: number;
  /** Mean distances from the first to the second, and back. */
  readonly forth: number;
  readonly back: number;
  /** Mean of n · n' over the same pairs of nearest points: 1 where the surfaces face the same way everywhere. */
  readonly normalConsistency: number;
}

/** Chamfer distance and normal consistency. Samples that lie apart leave a floor: compare with two samplings of one surface. */
export function surfaceDistance(a: OrientedPoints, b: OrientedPoints): SurfaceDistance {
  const forth = oneWay(a, b);
  const back = oneWay(b, a);
  return {
    chamfer: (forth.distance + back.distance) / 2,
    forth: forth.distance,
    back: back.distance,
    normalConsistency: (forth.cosine + back.cosine) / 2,
  };
}

function oneWay(from: OrientedPoints, to: OrientedPoints): {distance: number; cosine: number} {
  const tree = new NearestPoints(to.positions);
  const count = from.positions.length / 3;
  let distance = 0;
  let cosine = 0;
  for (let i = 0; i < 3 * count; i += 3) {
    const nearest = tree.find(from.positions[i], from.positions[i + 1], from.positions[i + 2]);
    distance += nearest.distance;
    for (let k = 0; k < 3; k++) cosine += from.normals[i + k] * to.normals[3 * nearest.index + k];
  }
  return {distance: distance / count, cosine: cosine / count};
}
