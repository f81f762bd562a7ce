/** Oriented points from files: scans, point clouds, or meshes whose surface is sampled. */
import * as path from 'node:path';
import {DinfError} from '../errors';
import {readNpy} from '../report/npy';
import {readFileChecked} from '../report/read-file';
import type {OrientedPoints, TriangleMesh} from './mesh';
import {boundingBox, randomNumbers, sampleSurface} from './mesh';
import {readObj} from './obj';
import {readPly} from './ply';

/** What was read: points with unit normals, and the mesh that they were drawn from, if it was one. */
export interface Scan {
  readonly cloud: OrientedPoints;
  readonly mesh?: TriangleMesh;
}

/** Fewer points than this are no surface. */
const LEAST = 16;
export const POINT_FORMATS = ['.ply', '.obj', '.xyz', '.txt', '.csv', '.npy'] as const;

/**
 * Oriented points of a file. Of a mesh, `count` points spread evenly over its area with the normals of its triangles; of a cloud, its points
 * with the normals beside them, at most `count` of them, drawn at random. Rows of `.xyz`, `.txt` and `.csv` are x y z nx ny nz; a `.npy` array has
 * shape (n, 6). Points whose normal is zero, as programs write it for "unknown", are left out.
 *
 * @throws DinfError FILE_NOT_FOUND, FILE_UNREADABLE; INVALID_ARGUMENT for another kind of file; NOT_A_MESH for points without normals, fewer than
 *   16 points, points all in one place; NON_FINITE
 */
export async function readScan(file: string, options: {count: number; seed: number}): Promise<Scan> {
  const mesh = await readAny(file);
  if (mesh.triangles.length > 0) return {cloud: sampleSurface(mesh, options.count, options.seed), mesh};
  return {cloud: thinned(oriented(mesh, file), options.count, options.seed)};
}

async function readAny(file: string): Promise<TriangleMesh> {
  switch (path.extname(file).toLowerCase()) {
    case '.ply':
      return readPly(file);
    case '.obj':
      return readObj(file);
    case '.xyz':
    case '.txt':
    case '.csv': {
      const bytes = await readFileChecked(file, 'a file of points', () => undefined);
      return parseRows(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'), file);
    }
    case '.npy': {
      const {data, shape} = await readNpy(file);
      if (shape.length !== 2 || shape[1] !== 6) {
        throw withoutNormals(file, `its array has the shape (${shape.join(', ')})`, 'Save shape (n, 6): x, y, z, nx, ny, nz.');
      }
      return columns(Float64Array.from(data));
    }
    default:
      throw new DinfError(
        'INVALID_ARGUMENT',
        `Cannot read points from ${file}: give a file of type ${POINT_FORMATS.join(', ')}.`,
      );
  }
}

/** Rows of six numbers, split by blanks, commas or semicolons; a heading, empty lines and comments (#) are skipped. */
export function parseRows(text: string, name: string): TriangleMesh {
  const values: number[] = [];
  let headings = 0;
  text.split(/\r\n|\n|\r/).forEach((line, index) => {
    const content = line.replace(/#.*/, '').trim();
    if (content === '') return;
    const words = content.split(/[\s,;]+/);
    const row = words.map(Number);
    if (row.some((value, i) => Number.isNaN(value) && !/^[+-]?nan$/i.test(words[i]))) {
      headings += 1;
      if (values.length === 0 && headings === 1) return;
      throw new DinfError(
        'NOT_A_MESH',
        `Cannot read ${name}: line ${index + 1} is '${content.slice(0, 60)}', and not six numbers.`,
      );
    }
    if (row.length !== 6) {
      throw withoutNormals(name, `line ${index + 1} has ${row.length} numbers`, 'Give x y z nx ny nz in each row.');
    }
    values.push(...row);
  });
  return columns(Float64Array.from(values));
}

function columns(rows: Float64Array): TriangleMesh {
  const count = rows.length / 6;
  const part = (offset: number): Float64Array =>
    Float64Array.from({length: 3 * count}, (_, i) => rows[6 * Math.floor(i / 3) + offset + (i % 3)]);
  return {positions: part(0), normals: part(3), triangles: new Uint32Array()};
}

/** The points that have a normal, made a unit vector. */
function oriented({positions, normals}: TriangleMesh, name: string): OrientedPoints {
  if (normals === undefined) {
    throw withoutNormals(name, 'it has neither normals nor faces', 'Export it with normals, or as a mesh.');
  }
  const kept: number[] = [];
  for (let i = 0; i < positions.length; i += 3) {
    for (let k = i; k < i + 3; k++) {
      if (Number.isFinite(positions[k]) && Number.isFinite(normals[k])) continue;
      const place = [0, 1, 2].map((d) => positions[i + d]).join(', ');
      throw new DinfError(
        'NON_FINITE',
        `Point ${i / 3} of ${name} is (${place}) with normal (${[0, 1, 2].map((d) => normals[i + d]).join(', ')}): leave out points that are not finite.`,
      );
    }
    if (Math.hypot(normals[i], normals[i + 1], normals[i + 2]) > 0) kept.push(i);
  }
  if (kept.length < LEAST) {
    throw new DinfError('NOT_A_MESH', `${name} has ${kept.length} points with a normal: a surface needs ${LEAST} at least.`);
  }
  const take = (from: ArrayLike<number>, scale: (at: number) => number): Float64Array =>
    Float64Array.from({length: 3 * kept.length}, (_, i) => {
      const at = kept[Math.floor(i / 3)];
      return from[at + (i % 3)] * scale(at);
    });
  return {
    positions: take(positions, () => 1),
    normals: take(normals, (at) => 1 / Math.hypot(normals[at], normals[at + 1], normals[at + 2])),
  };
}

/** At most `count` points, each as likely as any other; their order is kept. */
function thinned(cloud: OrientedPoints, count: number, seed: number): OrientedPoints {
  const total = cloud.positions.length / 3;
  if (total <= count) return cloud;
  const random = randomNumbers(seed);
  const kept: number[] = [];
  for (let i = 0; i < total; i++) if (random() * (total - i) < count - kept.length) kept.push(i);
  const take = (from: Float64Array): Float64Array =>
    Float64Array.from({length: 3 * kept.length}, (_, i) => from[3 * kept[Math.floor(i / 3)] + (i % 3)]);
  return {positions: take(cloud.positions), normals: take(cloud.normals)};
}

function withoutNormals(name: string, what: string, fix: string): DinfError {
  return new DinfError('NOT_A_MESH', `${name} has no oriented points: ${what}. ${fix}`);
}

/** How a shape was brought into the cube: cube = (user − centre) · scale. */
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
