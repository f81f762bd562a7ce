/** The connected pieces of a surface that points lie on, and those that came up where there are none. */
import type {TriangleMesh} from './mesh';
import {NearestPoints} from './nearest';

/** A mesh without the pieces that no point lies on. */
export interface SupportedPieces {
  readonly mesh: TriangleMesh;
  /** Number of triangles of each piece that was left out, the largest first. */
  readonly left: readonly number[];
}

/**
 * Leaves out the connected pieces of a mesh that are not the nearest to any of the points that the surface is meant to go through. A mesh all of
 * whose pieces are supported comes back as it was.
 *
 * @param points shape (n, 3), n ≥ 1
 */
export function supportedPieces(mesh: TriangleMesh, points: ArrayLike<number>): SupportedPieces {
  const {positions, triangles} = mesh;
  const pieces = piecesOf(mesh);
  const supported = new Uint8Array(positions.length / 3);
  const tree = new NearestPoints(positions);
  for (let i = 0; i < points.length; i += 3) supported[pieces[tree.find(points[i], points[i + 1], points[i + 2]).index]] = 1;
  const left = new Map<number, number>();
  for (let t = 0; t < triangles.length; t += 3) {
    const piece = pieces[triangles[t]];
    if (supported[piece] === 0) left.set(piece, (left.get(piece) ?? 0) + 1);
  }
  if (left.size === 0) return {mesh, left: []};
  return {mesh: withVertices(mesh, (vertex) => supported[pieces[vertex]] === 1), left: [...left.values()].sort((a, b) => b - a)};
}

/** The connected piece of each vertex, by one of its vertices. */
function piecesOf({positions, triangles}: TriangleMesh): Uint32Array {
  const parent = Uint32Array.from({length: positions.length / 3}, (_, i) => i);
  const root = (vertex: number): number => {
    while (parent[vertex] !== vertex) vertex = parent[vertex] = parent[parent[vertex]];
    return vertex;
  };
  for (let t = 0; t < triangles.length; t += 3) {
    parent[root(triangles[t])] = root(triangles[t + 1]);
    parent[root(triangles[t + 1])] = root(triangles[t + 2]);
  }
  return parent.map((_, vertex) => root(vertex));
}

/** The triangles of chosen vertices, of which pieces have all or none. */
function withVertices({positions, triangles, normals}: TriangleMesh, chosen: (vertex: number) => boolean): TriangleMesh {
  const number = new Uint32Array(positions.length / 3);
  const kept: number[] = [];
  for (let vertex = 0; vertex < number.length; vertex++) {
    if (!chosen(vertex)) continue;
    number[vertex] = kept.length;
    kept.push(vertex);
  }
  const take = (from: Float32Array | Float64Array): Float64Array =>
    Float64Array.from({length: 3 * kept.length}, (_, i) => from[3 * kept[Math.floor(i / 3)] + (i % 3)]);
  return {
    positions: take(positions),
    triangles: triangles.filter((_, corner) => chosen(triangles[corner])).map((vertex) => number[vertex]),
    ...(normals !== undefined && {normals: take(normals)}),
  };
}
