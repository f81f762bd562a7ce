/** Normals of a cloud that has none: of the plane that fits the points around each one best (Hoppe et al. 1992, section 3.2). */
import type {NeighbourGraph} from './neighbour-graph';

/** Where the points spread less than that across their longest extent, relative to it, they lie on a line: it has no plane. */
const LINE = 1e-4;
const SWEEPS = 8;

/**
 * Unit normals up to their sign: of each point with its neighbours, the direction in which they spread least.
 *
 * @returns shape (n, 3); zero where the neighbours lie on a line, or in one place
 */
export function planeNormals(positions: Float64Array, {degree, neighbours}: NeighbourGraph): Float64Array {
  const normals = new Float64Array(positions.length);
  const offsets = new Float64Array(3 * (degree + 1));
  for (let i = 0; i < positions.length / 3; i++) {
    offsets.fill(0, 0, 3);
    for (let n = 0; n < degree; n++) {
      const j = 3 * neighbours[i * degree + n];
      // Relative to the point itself, so that large coordinates cost no digits.
      for (let k = 0; k < 3; k++) offsets[3 * (n + 1) + k] = positions[j + k] - positions[3 * i + k];
    }
    normals.set(leastDirection(offsets), 3 * i);
  }
  return normals;
}

/** The direction in which points spread least, or zero if that is not one direction. */
function leastDirection(offsets: Float64Array): readonly number[] {
  const count = offsets.length / 3;
  const mean = [0, 0, 0];
  offsets.forEach((value, i) => (mean[i % 3] += value / count));
  const matrix = [
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ];
  for (let i = 0; i < offsets.length; i += 3) {
    for (let a = 0; a < 3; a++) {
      for (let b = 0; b < 3; b++) matrix[a][b] += (offsets[i + a] - mean[a]) * (offsets[i + b] - mean[b]);
    }
  }
  const {values, vectors} = symmetricEigen(matrix);
  const [least, middle, most] = [0, 1, 2].sort((a, b) => values[a] - values[b]);
  if (!(values[middle] > LINE ** 2 * values[most])) return [0, 0, 0];
  const direction = vectors.map((row) => row[least]);
  const length = Math.hypot(...direction);
  return direction.map((value) => value / length);
}

/** Eigenvalues, and eigenvectors as columns, of a symmetric matrix of three rows, by Jacobi's rotations; the matrix is overwritten. */
function symmetricEigen(matrix: number[][]): {values: number[]; vectors: number[][]} {
  const vectors = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    if (matrix[0][1] === 0 && matrix[0][2] === 0 && matrix[1][2] === 0) break;
    for (const [p, q] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      rotate(matrix, vectors, p, q);
    }
  }
  return {values: [matrix[0][0], matrix[1][1], matrix[2][2]], vectors};
}

/** Turns the plane of two axes so that the entry between them vanishes (Golub & Van Loan, section 8.5). */
function rotate(matrix: number[][], vectors: number[][], p: number, q: number): void {
  if (matrix[p][q] === 0) return;
  const theta = (matrix[q][q] - matrix[p][p]) / (2 * matrix[p][q]);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < 3; k++) {
    const [a, b] = [matrix[k][p], matrix[k][q]];
    matrix[k][p] = c * a - s * b;
    matrix[k][q] = s * a + c * b;
  }
  for (let k = 0; k < 3; k++) {
    const [a, b] = [matrix[p][k], matrix[q][k]];
    matrix[p][k] = c * a - s * b;
    matrix[q][k] = s * a + c * b;
    const [x, y] = [vectors[k][p], vectors[k][q]];
    vectors[k][p] = c * x - s * y;
    vectors[k][q] = s * x + c * y;
  }
  matrix[p][q] = matrix[q][p] = 0;
}
