/** Wavefront OBJ: vertices, normals and faces as text, which every 3-D program reads. */
import {DinfError} from '../errors';
import {writeFileAtomic} from '../report/atomic-write';
import {readFileChecked} from '../report/read-file';
import type {TriangleMesh} from './mesh';

/**
 * Writes a mesh as `.obj`, with normals where it has them. Complete or not at all.
 *
 * @throws DinfError FILE_UNWRITABLE
 */
export async function writeObj(path: string, mesh: TriangleMesh): Promise<void> {
  await writeFileAtomic(path, objText(mesh));
}

/** The text of the file that {@link writeObj} writes. */
export function objText({positions, triangles, normals}: TriangleMesh): string {
  const lines = ['# made by dinf-grid'];
  const triples = (word: string, values: Float32Array | Float64Array): void => {
    const spelled = (value: number): number => Number(value.toPrecision(9));
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
 * @throws DinfError FILE_NOT_FOUND, FILE_UNREADABLE; NOT_A_MESH when a line cannot be understood or there are no vertices
 */
export async function readObj(path: string): Promise<TriangleMesh> {
  const bytes = await readFileChecked(path, 'an .obj file', () => undefined);
  return parseObj(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'), path);
}

/** Parses the text of an `.obj` file; see {@link readObj}. */
export function parseObj(text: string, name: string): TriangleMesh {
  const positions: number[] = [];
  const directions: number[] = [];
  const triangles: number[] = [];
  let own = true; // every corner so far takes the normal with the index of its vertex
  text.split(/\r?\n/).forEach((line, index) => {
    const [word, ...rest] = line.trim().split(/\s+/);
    const refuse = (): DinfError =>
      new DinfError(
        'NOT_A_MESH',
        `Cannot read ${name} as OBJ: line ${index + 1} is '${line.trim().slice(0, 60)}'. Export it again.`,
      );
    if (word === 'v' || word === 'vn') {
      const values = rest.slice(0, 3).map(Number);
      if (values.length < 3 || !values.every(Number.isFinite)) throw refuse();
      (word === 'v' ? positions : directions).push(...values);
    } else if (word === 'f') {
      const corners = rest.map((corner) => {
        const [vertex, , normal] = corner.split('/').map((part) => (part === '' ? NaN : Number(part)));
        const from = (given: number, length: number): number => (given < 0 ? length / 3 + given : given - 1);
        const at = from(vertex, positions.length);
        if (!Number.isInteger(at) || at < 0 || at >= positions.length / 3) throw refuse();
        own &&= normal !== undefined && from(normal, directions.length) === at;
        return at;
      });
      if (corners.length < 3) throw refuse();
      for (let k = 2; k < corners.length; k++) triangles.push(corners[0], corners[k - 1], corners[k]);
    }
  });
  if (positions.length === 0) {
    throw new DinfError('NOT_A_MESH', `Cannot read ${name} as OBJ: it has no vertices. Give a mesh, or points with normals.`);
  }
  const kept = own && directions.length === positions.length;
  return {
    positions: Float64Array.from(positions),
    triangles: Uint32Array.from(triangles),
    normals: kept ? Float64Array.from(directions) : undefined,
  };
}
