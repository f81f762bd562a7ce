/** Wavefront OBJ: vertices, normals and faces as text, which every 3-D program reads. */
import {DinfError} from '../base/errors';
import {writeFileAtomic} from './atomic-write';
import {GrowingValues} from './growing-values';
import type {TriangleMesh} from '../mesh/mesh';
import {needsDouble} from '../mesh/precision';
import {readLines, splitLines} from './text-lines';

/**
 * Writes a mesh as `.obj`, with normals where it has them. Complete or not at all.
 *
 * @throws DinfError FILE_UNWRITABLE
 */
export async function writeObj(path: string, mesh: TriangleMesh): Promise<void> {
  await writeFileAtomic(path, objText(mesh));
}

/** The text of the file that {@link writeObj} writes. */
export function objText(mesh: TriangleMesh): string {
  const {positions, triangles, normals} = mesh;
  const lines = ['# made by dinf-grid'];
  // Nine digits tell any two float32 numbers apart; where those are too coarse, all digits are written.
  const exact = needsDouble(mesh);
  const triples = (word: string, values: Float32Array | Float64Array): void => {
    const spelled = (value: number): number => (exact ? value : Number(value.toPrecision(9)));
    for (let i = 0; i < values.length; i += 3) {
      lines.push(`${word} ${spelled(values[i])} ${spelled(values[i + 1])} ${spelled(values[i + 2])}`);
    }
  };
  triples('v', positions);
  if (normals !== undefined) triples('vn', normals);
  const corner = (vertex: number): string => (normals === undefined ? `${vertex + 1}` : `${vertex + 1}//${vertex + 1}`);
  for (let t = 0; t < triangles.length; t += 3) {
    lines.push(`f ${corner(triangles[t])} ${corner(triangles[t + 1])} ${corner(triangles[t + 2])}`);
  }
  return `${lines.join('\n')}\n`;
}

/**
 * Reads the vertices and faces of an `.obj` file, polygons cut into fans of triangles. Normals are kept where each vertex has its own;
 * textures, materials and groups are skipped.
 *
 * @throws DinfError FILE_NOT_FOUND, FILE_UNREADABLE, OUT_OF_MEMORY; NOT_A_MESH when a line cannot be understood or there are no vertices
 */
export async function readObj(path: string): Promise<TriangleMesh> {
  const parts = new ObjParts(path);
  await readLines(path, 'an .obj file', (line, number) => {
    parts.add(line, number);
  });
  return parts.mesh();
}

/** Parses the text of an `.obj` file; see {@link readObj}. */
export function parseObj(text: string, name: string): TriangleMesh {
  const parts = new ObjParts(name);
  splitLines(text, name, (line, number) => {
    parts.add(line, number);
  });
  return parts.mesh();
}

/** What the lines of a file have said so far. */
class ObjParts {
  private readonly positions: GrowingValues<Float64Array>;
  private readonly directions: GrowingValues<Float64Array>;
  private readonly triangles: GrowingValues<Uint32Array>;
  /** Corners whose normal has another index than their vertex. */
  private foreign = 0;

  constructor(private readonly name: string) {
    this.positions = new GrowingValues(Float64Array, name);
    this.directions = new GrowingValues(Float64Array, name);
    this.triangles = new GrowingValues(Uint32Array, name);
  }

  add(line: string, number: number): void {
    if (line === '') return;
    const [word, ...rest] = line.trim().split(/\s+/);
    const understood =
      word === 'v'
        ? addTriple(this.positions, rest)
        : word === 'vn'
          ? addTriple(this.directions, rest)
          : word !== 'f' || this.addFace(rest);
    if (understood) return;
    throw new DinfError(
      'NOT_A_MESH',
      `Cannot read ${this.name} as OBJ: line ${number} is '${line.trim().slice(0, 60)}'. Export it again.`,
    );
  }

  /** @returns false for what is no polygon of the vertices so far */
  private addFace(words: readonly string[]): boolean {
    const vertices = this.positions.length / 3;
    const corners = words.map((corner) => {
      const [vertex, , normal = NaN] = corner.split('/').map((part) => (part === '' ? NaN : Number(part)));
      const from = (given: number, count: number): number => (given < 0 ? count + given : given - 1);
      const at = from(vertex, vertices);
      if (from(normal, this.directions.length / 3) !== at) this.foreign++;
      return at;
    });
    if (corners.length < 3 || !corners.every((at) => Number.isInteger(at) && at >= 0 && at < vertices)) return false;
    for (let k = 2; k < corners.length; k++) {
      for (const corner of [corners[0], corners[k - 1], corners[k]]) this.triangles.push(corner);
    }
    return true;
  }

  mesh(): TriangleMesh {
    const {positions, directions, triangles} = this;
    if (positions.length === 0) {
      throw new DinfError(
        'NOT_A_MESH',
        `Cannot read ${this.name} as OBJ: it has no vertices. Give a mesh, or points with normals.`,
      );
    }
    const kept = this.foreign === 0 && directions.length === positions.length;
    return {positions: positions.take(), triangles: triangles.take(), normals: kept ? directions.take() : undefined};
  }
}

/** @returns false for what does not begin with three finite numbers */
function addTriple(values: GrowingValues<Float64Array>, words: readonly string[]): boolean {
  const triple = words.slice(0, 3).map(Number);
  if (triple.length < 3 || !triple.every(Number.isFinite)) return false;
  for (const value of triple) values.push(value);
  return true;
}
