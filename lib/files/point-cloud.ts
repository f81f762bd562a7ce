/** Oriented points from files: scans, point clouds, or meshes whose surface is sampled. */
import * as path from 'node:path';
import {DinfError} from '../base/errors';
import {readNpy} from './npy';
import type {OrientedPoints, TriangleMesh} from '../mesh/mesh';
import {boundingBox, randomNumbers, sampleSurface} from '../mesh/mesh';
import {estimateNormals, mendNormals} from '../mesh/orient-normals';
import {readObj} from './obj';
import {readPly} from './ply';
import {notPoints, readXyz} from './xyz';

/** Points with outward unit normals, and the mesh that they were drawn from, if it was one. */
export interface Scan {
  readonly cloud: OrientedPoints;
  /** Its triangles face outwards as well; left out where some of them did and some did not. */
  readonly mesh?: TriangleMesh;
  /** What was done to the normals, in words. Default: nothing. */
  readonly notes?: readonly string[];
}

/** Fewer points than this are no surface. */
const LEAST = 16;
/** Endings of the files that points are read from. */
const POINT_FORMATS = ['.ply', '.obj', '.xyz', '.txt', '.csv', '.npy'] as const;

/**
 * Oriented points of a file. Of a mesh, `count` points spread evenly over its area with the normals of its triangles; of a cloud, its points
 * with the normals beside them, at most `count` of them, drawn at random. Rows of `.xyz`, `.txt` and `.csv` are x y z nx ny nz, or x y z; a
 * `.npy` array has shape (n, 6), or (n, 3).
 *
 * Where there are no normals they are estimated from the points around each. Those that are there are checked against each other: the ones
 * that contradict their neighbours are turned round, and so are all that point into the volume that the points enclose; `notes` say what was
 * done. Points whose normal is zero, as programs write it for "unknown", are left out, unless most are: then all normals are estimated.
 *
 * @throws DinfError FILE_NOT_FOUND, FILE_UNREADABLE; INVALID_ARGUMENT for another kind of file; NOT_A_MESH for fewer than 16 points, points all
 *   on a line or in one place; NON_FINITE
 */
export async function readScan(file: string, {count, seed}: {count: number; seed: number}): Promise<Scan> {
  const mesh = await readAny(file);
  if (mesh.triangles.length > 0) {
    const {cloud, notes, turned} = mendNormals(sampleSurface(mesh, count, seed));
    return {cloud, ...(turned === 0 ? {mesh} : 3 * turned === cloud.normals.length && {mesh: reversed(mesh)}), notes};
  }
  const {cloud, notes: before} = withNormals(mesh, file);
  const points = thinned(cloud, count, seed);
  const {cloud: seen, notes} =
    points.normals === undefined ? estimateNormals(points.positions) : mendNormals(points as OrientedPoints);
  if (seen.positions.length < 3 * LEAST) {
    throw new DinfError(
      'NOT_A_MESH',
      `the points of ${file} lie on a line, or too far apart: a surface needs ${LEAST} that lie side by side`,
    );
  }
  return {cloud: seen, notes: [...before, ...notes]};
}

/** The same surface, facing the other way. */
function reversed({positions, triangles, normals}: TriangleMesh): TriangleMesh {
  const turned = triangles.map((_, corner) => triangles[corner - (corner % 3) + 2 - (corner % 3)]);
  return {positions, triangles: turned, ...(normals !== undefined && {normals: normals.map((value) => -value)})};
}

async function readAny(file: string): Promise<TriangleMesh> {
  switch (path.extname(file).toLowerCase()) {
    case '.ply':
      return readPly(file);
    case '.obj':
      return readObj(file);
    case '.xyz':
    case '.txt':
    case '.csv':
      return readXyz(file);
    case '.npy': {
      const {data, shape} = await readNpy(file);
      if (shape.length !== 2 || (shape[1] !== 6 && shape[1] !== 3)) {
        throw notPoints(
          file,
          `its array has the shape (${shape.join(', ')})`,
          'Save shape (n, 6), x, y, z, nx, ny, nz, or (n, 3).',
        );
      }
      return columns(data, shape[1]);
    }
    default:
      throw new DinfError(
        'INVALID_ARGUMENT',
        `Cannot read points from ${file}: give a file of type ${POINT_FORMATS.join(', ')}.`,
      );
  }
}

/** Points from rows of three numbers, or of six with normals. */
function columns(rows: Float32Array | Float64Array, width: number): TriangleMesh {
  if (width !== 6) return {positions: rows, triangles: new Uint32Array()};
  const count = rows.length / 6;
  const part = (offset: number): Float64Array => {
    const values = new Float64Array(3 * count);
    for (let i = 0; i < values.length; i++) values[i] = rows[6 * Math.floor(i / 3) + offset + (i % 3)];
    return values;
  };
  return {positions: part(0), normals: part(3), triangles: new Uint32Array()};
}

/** Points, and their unit normals if they have any. */
interface Points {
  readonly positions: Float64Array;
  readonly normals?: Float64Array;
}

/** The points that have a normal, made a unit vector; all points without normals, where most have none. */
function withNormals({positions, normals}: TriangleMesh, name: string): {cloud: Points; notes: string[]} {
  const count = positions.length / 3;
  if (count < LEAST) throw new DinfError('NOT_A_MESH', `${name} has ${count} points: a surface needs ${LEAST} at least.`);
  const kept = new Uint32Array(count);
  let known = 0;
  for (let i = 0; i < positions.length; i += 3) {
    requireFinitePoint({positions, normals}, i, name);
    if (normals !== undefined && Math.hypot(normals[i], normals[i + 1], normals[i + 2]) > 0) kept[known++] = i / 3;
  }
  const places = positions instanceof Float64Array ? positions : Float64Array.from(positions);
  if (normals === undefined) return {cloud: {positions: places}, notes: []};
  const unknown = count - known;
  if (2 * unknown > count || known < LEAST) {
    return {
      cloud: {positions: places},
      notes: [`${unknown} of ${count} points have the normal 0, and so all were taken to have none`],
    };
  }
  const indices = kept.subarray(0, known);
  const cloud = {
    positions: taken(positions, indices, () => 1),
    normals: taken(normals, indices, (at) => 1 / Math.hypot(normals[at], normals[at + 1], normals[at + 2])),
  };
  return {cloud, notes: unknown === 0 ? [] : [`${unknown} of ${count} points have the normal 0 and were left out`]};
}

function requireFinitePoint({positions, normals}: Pick<TriangleMesh, 'positions' | 'normals'>, i: number, name: string): void {
  for (let k = i; k < i + 3; k++) {
    if (Number.isFinite(positions[k]) && (normals === undefined || Number.isFinite(normals[k]))) continue;
    const place = [0, 1, 2].map((d) => positions[i + d]).join(', ');
    const normal = normals === undefined ? '' : ` with normal (${[0, 1, 2].map((d) => normals[i + d]).join(', ')})`;
    throw new DinfError('NON_FINITE', `Point ${i / 3} of ${name} is (${place})${normal}: leave out points that are not finite.`);
  }
}

/** At most `count` points, each as likely as any other; their order is kept. */
function thinned(cloud: Points, count: number, seed: number): Points {
  const total = cloud.positions.length / 3;
  if (total <= count) return cloud;
  const random = randomNumbers(seed);
  const kept = new Uint32Array(count);
  let found = 0;
  for (let i = 0; i < total; i++) if (random() * (total - i) < count - found) kept[found++] = i;
  return {
    positions: taken(cloud.positions, kept, () => 1),
    ...(cloud.normals !== undefined && {normals: taken(cloud.normals, kept, () => 1)}),
  };
}

/** Triples of some points, each times the scale of the place at which it began. */
function taken(from: ArrayLike<number>, points: Uint32Array, scale: (at: number) => number): Float64Array {
  const values = new Float64Array(3 * points.length);
  for (let p = 0; p < points.length; p++) {
    const at = 3 * points[p];
    const factor = scale(at);
    for (let k = 0; k < 3; k++) values[3 * p + k] = from[at + k] * factor;
  }
  return values;
}

/** The map by which a shape was brought into the cube: cube = (user − centre) · scale. */
export interface Placement {
  readonly centre: readonly [number, number, number];
  readonly scale: number;
}

/**
 * Where a cloud goes in [−1, 1]³. `box`: the middle of its bounding box to the origin, its longest side to 2 · `half`. `mean`: the authors' (and
 * Siren's) way: the mean to the origin, then one shift and one scale for all axes that bring the least and the largest coordinate to ±1.
 *
 * @throws DinfError NOT_A_MESH when all points lie in one place
 */
export function placementOf({positions}: OrientedPoints, how: 'box' | 'mean', half = 0.85): Placement {
  const {lower, upper, diagonal} = boundingBox(positions);
  if (!(diagonal > 0)) {
    throw new DinfError(
      'NOT_A_MESH',
      `All ${positions.length / 3} points lie at (${lower.join(', ')}): a surface needs some extent.`,
    );
  }
  const axes = [0, 1, 2] as const;
  if (how === 'box') {
    const scale = (2 * half) / Math.max(...axes.map((k) => upper[k] - lower[k]));
    return {centre: axes.map((k) => (lower[k] + upper[k]) / 2) as [number, number, number], scale};
  }
  const mean = [0, 0, 0];
  positions.forEach((value, i) => (mean[i % 3] += value / (positions.length / 3)));
  const least = Math.min(...axes.map((k) => lower[k] - mean[k]));
  const most = Math.max(...axes.map((k) => upper[k] - mean[k]));
  return {centre: axes.map((k) => mean[k] + (least + most) / 2) as [number, number, number], scale: 2 / (most - least)};
}

/** User's coordinates into the cube's. Rounding may not leave it. */
export function intoCube(positions: ArrayLike<number>, {centre, scale}: Placement): Float64Array {
  return Float64Array.from(positions, (value, i) => Math.min(1, Math.max(-1, (value - centre[i % 3]) * scale)));
}

/** The cube's coordinates into the user's. */
export function outOfCube(positions: ArrayLike<number>, {centre, scale}: Placement): Float64Array {
  return Float64Array.from(positions, (value, i) => value / scale + centre[i % 3]);
}
