/** Triangle meshes and what can be said of them: normals, pieces, samples of their surface. */
import {DinfError} from '../base/errors';
import {hash} from '../base/random';

/** Triangles over shared vertices, counterclockwise seen from outside. */
export interface TriangleMesh {
  /** Shape (vertices, 3). */
  readonly positions: Float32Array | Float64Array;
  /** Shape (triangles, 3): indices of vertices. Empty for a cloud of points. */
  readonly triangles: Uint32Array;
  /** Shape (vertices, 3), of unit length. */
  readonly normals?: Float32Array | Float64Array;
}

/** Points on a surface with its outward unit normals there, both of shape (n, 3). */
export interface OrientedPoints {
  readonly positions: Float64Array;
  readonly normals: Float64Array;
}

/** Corners of the smallest box around all vertices. */
export interface Bounds {
  readonly lower: readonly [number, number, number];
  readonly upper: readonly [number, number, number];
  /** Length from corner to corner. */
  readonly diagonal: number;
}

/** @throws DinfError INVALID_ARGUMENT when there is no vertex */
export function boundingBox(positions: ArrayLike<number>): Bounds {
  if (positions.length < 3)
    throw new DinfError('INVALID_ARGUMENT', 'a mesh without vertices has no bounding box: give one with vertices');
  const lower: [number, number, number] = [Infinity, Infinity, Infinity];
  const upper: [number, number, number] = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < positions.length; i++) {
    const k = i % 3;
    if (positions[i] < lower[k]) lower[k] = positions[i];
    if (positions[i] > upper[k]) upper[k] = positions[i];
  }
  return {lower, upper, diagonal: Math.hypot(upper[0] - lower[0], upper[1] - lower[1], upper[2] - lower[2])};
}

/** Twice the area times the unit normal of each triangle, shape (triangles, 3). */
export function faceVectors({positions, triangles}: TriangleMesh): Float64Array {
  const vectors = new Float64Array(triangles.length);
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [3 * triangles[t], 3 * triangles[t + 1], 3 * triangles[t + 2]];
    const [ax, ay, az] = [positions[a], positions[a + 1], positions[a + 2]];
    const [ux, uy, uz] = [positions[b] - ax, positions[b + 1] - ay, positions[b + 2] - az];
    const [vx, vy, vz] = [positions[c] - ax, positions[c + 1] - ay, positions[c + 2] - az];
    vectors[t] = uy * vz - uz * vy;
    vectors[t + 1] = uz * vx - ux * vz;
    vectors[t + 2] = ux * vy - uy * vx;
  }
  return vectors;
}

/**
 * Unit normals of the vertices: the mean of the triangles around them, weighted by area.
 *
 * @returns shape (vertices, 3); zero for a vertex that no triangle of positive area touches.
 */
export function vertexNormals(mesh: TriangleMesh): Float64Array {
  const normals = new Float64Array(mesh.positions.length);
  const faces = faceVectors(mesh);
  mesh.triangles.forEach((vertex, corner) => {
    const face = corner - (corner % 3);
    for (let k = 0; k < 3; k++) normals[3 * vertex + k] += faces[face + k];
  });
  for (let v = 0; v < normals.length; v += 3) {
    const length = Math.hypot(normals[v], normals[v + 1], normals[v + 2]);
    if (length > 0) for (let k = 0; k < 3; k++) normals[v + k] /= length;
  }
  return normals;
}

/** The connections among the triangles of a mesh. */
export interface Topology {
  /** Connected sets of triangles. */
  readonly pieces: number;
  /** Number of triangles of each piece, the largest first. */
  readonly sizes: readonly number[];
  /** Vertices − edges + triangles, vertices without triangles left out: 2 for a sphere, 0 for a torus. */
  readonly eulerCharacteristic: number;
  /** Every edge belongs to two triangles, which run along it in opposite directions. */
  readonly closed: boolean;
}

/** Pieces, Euler characteristic, and whether the mesh is a closed oriented manifold along its edges. */
export function topology({positions, triangles}: TriangleMesh): Topology {
  const count = positions.length / 3;
  const parent = Uint32Array.from({length: count}, (_, i) => i);
  const root = (vertex: number): number => {
    while (parent[vertex] !== vertex) vertex = parent[vertex] = parent[parent[vertex]];
    return vertex;
  };
  const used = new Uint8Array(count);
  // Each directed edge as a sortable number; below 2^26 vertices exact in float64.
  const directed = new Float64Array(triangles.length);
  for (let t = 0; t < triangles.length; t += 3) {
    for (let k = 0; k < 3; k++) {
      const a = triangles[t + k];
      const b = triangles[t + ((k + 1) % 3)];
      used[a] = 1;
      parent[root(a)] = root(b);
      directed[t + k] = a * count + b;
    }
  }
  directed.sort();
  const has = (key: number): boolean => {
    let low = 0;
    let high = directed.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (directed[middle] < key) low = middle + 1;
      else high = middle;
    }
    return directed[low] === key;
  };
  let closed = triangles.length > 0;
  let edges = 0;
  for (let i = 0; i < directed.length; i++) {
    const a = Math.floor(directed[i] / count);
    const b = directed[i] % count;
    const repeated = i > 0 && directed[i] === directed[i - 1];
    const paired = has(b * count + a);
    if (repeated || !paired) closed = false;
    if (!repeated && (a < b || !paired)) edges += 1;
  }
  const sizes = new Map<number, number>();
  for (let t = 0; t < triangles.length; t += 3) {
    const piece = root(triangles[t]);
    sizes.set(piece, (sizes.get(piece) ?? 0) + 1);
  }
  const vertices = used.reduce((sum, one) => sum + one, 0);
  return {
    pieces: sizes.size,
    sizes: [...sizes.values()].sort((a, b) => b - a),
    eulerCharacteristic: vertices - edges + triangles.length / 3,
    closed,
  };
}

/**
 * Points spread evenly over the area, with the normals of the triangles they lie in. The same seed gives the same points.
 *
 * @throws DinfError INVALID_ARGUMENT when the mesh has no area
 */
export function sampleSurface(mesh: TriangleMesh, count: number, seed = 0): OrientedPoints {
  const {positions: from, triangles} = mesh;
  const faces = faceVectors(mesh);
  const cumulative = new Float64Array(triangles.length / 3);
  let total = 0;
  for (let t = 0; t < cumulative.length; t++) {
    total += Math.hypot(faces[3 * t], faces[3 * t + 1], faces[3 * t + 2]);
    cumulative[t] = total;
  }
  if (!(total > 0))
    throw new DinfError(
      'INVALID_ARGUMENT',
      'the mesh has no triangles with an area, and its surface cannot be sampled: give one that has',
    );
  const random = randomNumbers(seed);
  const positions = new Float64Array(3 * count);
  const normals = new Float64Array(3 * count);
  let triangle = 0;
  for (let i = 0; i < count; i++) {
    // One point in each of `count` equal shares of the area: evener than independent draws, and no search.
    const target = ((i + random()) / count) * total;
    while (triangle < cumulative.length - 1 && cumulative[triangle] < target) triangle += 1;
    const root = Math.sqrt(random());
    const v = random() * root;
    const u = 1 - root;
    const [a, b, c] = [3 * triangles[3 * triangle], 3 * triangles[3 * triangle + 1], 3 * triangles[3 * triangle + 2]];
    const length = Math.hypot(faces[3 * triangle], faces[3 * triangle + 1], faces[3 * triangle + 2]);
    for (let k = 0; k < 3; k++) {
      positions[3 * i + k] = u * from[a + k] + v * from[b + k] + (1 - u - v) * from[c + k];
      normals[3 * i + k] = faces[3 * triangle + k] / length;
    }
  }
  return {positions, normals};
}

/** Uniform numbers in [0, 1), the same for the same seed. */
export function randomNumbers(seed: number): () => number {
  let count = 0;
  return () => hash(count++, 1, seed);
}
