/** Each point of a cloud with the points around it. */
import {NearestPoints} from './nearest';

/** The nearest neighbours of every point. */
export interface NeighbourGraph {
  /** Neighbours of each point. */
  readonly degree: number;
  /** Indices of neighbours, shape (points, degree), the nearest first. */
  readonly neighbours: Uint32Array;
  /** Squared distance from each point to the last of its neighbours. */
  readonly reach: Float64Array;
}

/**
 * The `degree` nearest neighbours of every point, itself left out; fewer where the cloud has fewer points. In time n log n.
 *
 * @param positions shape (n, 3), n ≥ 2
 */
export function neighbourGraph(positions: Float64Array, degree: number): NeighbourGraph {
  const count = positions.length / 3;
  const each = Math.min(degree, count - 1);
  const tree = new NearestPoints(positions);
  const neighbours = new Uint32Array(count * each);
  const reach = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const {indices, squares} = tree.findSome(positions[3 * i], positions[3 * i + 1], positions[3 * i + 2], each + 1);
    let place = i * each;
    const end = place + each;
    // The point itself need not come first, or at all, where many coincide.
    for (let k = 0; k <= each && place < end; k++) if (indices[k] !== i) neighbours[place++] = indices[k];
    reach[i] = squares[each];
  }
  return {degree: each, neighbours, reach};
}

/** The area of surface that each point of a cloud stands for: of a disk out to its last neighbour, its share. */
export function areasOf({degree, reach}: NeighbourGraph): Float64Array {
  return reach.map((square) => (Math.PI * square) / degree);
}
