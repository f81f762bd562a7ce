/**
 * Marching cubes (Lorensen & Cline 1987) with a table that is worked out rather than typed: for each of the 256 patterns of signs, the loops in
 * which the surface crosses the faces of the cell.
 *
 * Why the mesh is watertight: on each face the crossings are joined by a rule that looks at the signs of its four corners alone, the same
 * from both sides, so that every segment on a face is an edge of one triangle on each side. Inside a cell a loop is cut by chords that never
 * join two crossings of one face (where the neighbour might have the same chord); a loop without such a cut gets a point in its middle.
 */
import {DinfError} from '../base/errors';
import type {TriangleMesh} from './mesh';

/** Values on a uniform lattice, shape (x, y, z) row-major. */
export interface ScalarLattice {
  readonly values: ArrayLike<number>;
  readonly counts: readonly [number, number, number];
  readonly lower: readonly [number, number, number];
  readonly upper: readonly [number, number, number];
}

/** Corner i of a cell lies at bits (x, y, z) = (i >> 2, i >> 1, i) & 1. Its edges by their two corners, the lower one first. */
const EDGES: readonly (readonly [number, number])[] = [4, 2, 1].flatMap((along) =>
  [0, 1, 2, 3, 4, 5, 6, 7].filter((corner) => (corner & along) === 0).map((corner) => [corner, corner | along] as const),
);
/** The corners of each face, in turn, counterclockwise from outside. */
const FACES: readonly (readonly number[])[] = [
  [0, 1, 3, 2],
  [4, 6, 7, 5],
  [0, 4, 5, 1],
  [2, 3, 7, 6],
  [0, 2, 6, 4],
  [1, 5, 7, 3],
];

/** Triangles of one pattern: each corner the number of an edge, or 12 + the number of a loop whose middle is meant. */
interface Pattern {
  readonly triangles: readonly number[];
  /** Loops that need a middle: the edges they cross. */
  readonly middles: readonly (readonly number[])[];
}

const PATTERNS: readonly Pattern[] = Array.from({length: 256}, (_, signs) => pattern(signs));

/**
 * The surface where the values are 0, triangles counterclockwise seen from the positive side.
 *
 * @param options.closed whether the outermost nodes count as outside, which closes what leaves the lattice; default false.
 * @throws DinfError INVALID_ARGUMENT for a lattice with fewer than two nodes an axis or another number of values
 */
// eslint-disable-next-line complexity -- one walk over the cells, whose corners, edges and vertices share their scratch
export function marchingCubes(lattice: ScalarLattice, options: {closed?: boolean} = {}): TriangleMesh {
  const {values, counts, lower, upper} = lattice;
  const [nx, ny, nz] = counts;
  if (!counts.every((n) => Number.isSafeInteger(n) && n >= 2) || values.length !== nx * ny * nz) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `a lattice of ${counts.join(' × ')} nodes with ${values.length} values has no surface: give one value a node, 2 nodes an axis at least`,
    );
  }
  const step = [0, 1, 2].map((k) => (upper[k] - lower[k]) / (counts[k] - 1));
  const tiny = 1e-6 * Math.min(...step);
  const strides = [ny * nz, nz, 1];
  const border = (i: number, j: number, k: number): boolean =>
    i === 0 || j === 0 || k === 0 || i === nx - 1 || j === ny - 1 || k === nz - 1;
  const valueAt = (i: number, j: number, k: number): number => {
    const value = values[i * strides[0] + j * strides[1] + k];
    return options.closed === true && value < 0 && border(i, j, k) ? tiny : value;
  };
  const positions: number[] = [];
  const triangles: number[] = [];
  // The vertex on the edge that leaves a node along an axis, plus one; edges on cells' borders are met up to four times.
  const onEdge = new Uint32Array(3 * values.length);
  const corners = new Float64Array(8);
  const vertices = new Uint32Array(12);
  const vertexOf = (edge: number, i: number, j: number, k: number): number => {
    const [a, b] = EDGES[edge];
    const axis = edge >> 2; // four edges along each axis
    const [x, y, z] = [i + (a >> 2), j + ((a >> 1) & 1), k + (a & 1)];
    const at = 3 * (x * strides[0] + y * strides[1] + z) + axis;
    if (onEdge[at] === 0) {
      const t = corners[a] / (corners[a] - corners[b]);
      const node = [x, y, z];
      for (let d = 0; d < 3; d++) positions.push(lower[d] + step[d] * (node[d] + (d === axis ? t : 0)));
      onEdge[at] = positions.length / 3;
    }
    return onEdge[at] - 1;
  };
  for (let i = 0; i + 1 < nx; i++) {
    for (let j = 0; j + 1 < ny; j++) {
      for (let k = 0; k + 1 < nz; k++) {
        let signs = 0;
        for (let corner = 0; corner < 8; corner++) {
          corners[corner] = valueAt(i + (corner >> 2), j + ((corner >> 1) & 1), k + (corner & 1));
          if (corners[corner] < 0) signs |= 1 << corner;
        }
        if (signs === 0 || signs === 255) continue;
        const cell = PATTERNS[signs];
        for (const corner of new Set(cell.triangles)) if (corner < 12) vertices[corner] = vertexOf(corner, i, j, k);
        const added = positions.length / 3;
        for (const loop of cell.middles) {
          for (let d = 0; d < 3; d++) {
            positions.push(loop.reduce((sum, edge) => sum + positions[3 * vertices[edge] + d], 0) / loop.length);
          }
        }
        for (const corner of cell.triangles) triangles.push(corner < 12 ? vertices[corner] : added + corner - 12);
      }
    }
  }
  return {positions: Float64Array.from(positions), triangles: Uint32Array.from(triangles)};
}

/** @param signs bit i is set where corner i is negative. */
function pattern(signs: number): Pattern {
  const negative = (corner: number): boolean => ((signs >> corner) & 1) === 1;
  // From each crossing to the next one along the loop; a crossing lies on two faces, enters through one and leaves through the other.
  const next = new Map<number, number>();
  for (const face of FACES) {
    // Going around the face from outside, the surface is entered where signs turn negative and left where they turn positive again. A piece of
    // the face that is negative lies between two such crossings: they are joined, which keeps negative corners on a diagonal apart.
    for (let side = 0; side < 4; side++) {
      const [from, to] = [face[side], face[(side + 1) % 4]];
      if (negative(from) || !negative(to)) continue;
      let end = (side + 1) % 4;
      while (negative(face[(end + 1) % 4])) end = (end + 1) % 4;
      next.set(edgeOf(from, to), edgeOf(face[end], face[(end + 1) % 4]));
    }
  }
  const triangles: number[] = [];
  const middles: number[][] = [];
  const seen = new Set<number>();
  for (const start of next.keys()) {
    if (seen.has(start)) continue;
    const loop: number[] = [];
    for (let edge = start; !seen.has(edge); edge = next.get(edge)!) {
      seen.add(edge);
      loop.push(edge);
    }
    const apex = loop.findIndex((_, at) => loop.every((other, i) => adjacent(at, i, loop.length) || !sameFace(loop[at], other)));
    if (apex >= 0) {
      const turned = [...loop.slice(apex), ...loop.slice(0, apex)];
      for (let i = 2; i < turned.length; i++) triangles.push(turned[0], turned[i - 1], turned[i]);
    } else {
      loop.forEach((edge, i) => triangles.push(12 + middles.length, edge, loop[(i + 1) % loop.length]));
      middles.push(loop);
    }
  }
  return {triangles, middles};
}

function adjacent(a: number, b: number, length: number): boolean {
  const apart = Math.abs(a - b);
  return apart <= 1 || apart === length - 1;
}

function edgeOf(a: number, b: number): number {
  const [low, high] = a < b ? [a, b] : [b, a];
  return EDGES.findIndex(([from, to]) => from === low && to === high);
}

function sameFace(a: number, b: number): boolean {
  return FACES.some((face) => [...EDGES[a], ...EDGES[b]].every((corner) => face.includes(corner)));
}
