import type {TriangleMesh} from './mesh';

/** Part of a triangle's side by which rounding may move a vertex. */
const NOTICED = 1e-3;

/**
 * Whether float32 would move vertices by more than a thousandth of a triangle's mean side, as it does with the coordinates of a survey. Of
 * points without triangles, the side of the square that each would have of the face of their box.
 */
export function needsDouble({positions, triangles}: TriangleMesh): boolean {
  let rounding = 0;
  const lower = [Infinity, Infinity, Infinity];
  const upper = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < positions.length; i++) {
    rounding = Math.max(rounding, Math.abs(positions[i] - Math.fround(positions[i])));
    lower[i % 3] = Math.min(lower[i % 3], positions[i]);
    upper[i % 3] = Math.max(upper[i % 3], positions[i]);
  }
  if (!(rounding > 0)) return false;
  if (triangles.length === 0)
    return rounding > (NOTICED * Math.hypot(...lower.map((low, k) => upper[k] - low))) / Math.sqrt(positions.length / 3);
  return rounding > NOTICED * meanSide(positions, triangles);
}

function meanSide(positions: TriangleMesh['positions'], triangles: Uint32Array): number {
  let sum = 0;
  for (let corner = 0; corner < triangles.length; corner++) {
    const [a, b] = [3 * triangles[corner], 3 * triangles[corner - (corner % 3) + ((corner + 1) % 3)]];
    sum += Math.hypot(positions[a] - positions[b], positions[a + 1] - positions[b + 1], positions[a + 2] - positions[b + 2]);
  }
  return sum / triangles.length;
}
