import type {TriangleMesh} from '../../lib/mesh/mesh';
import {faceVectors} from '../../lib/mesh/mesh';

/** Area of the surface. */
export function surfaceArea(mesh: TriangleMesh): number {
  const faces = faceVectors(mesh);
  let area = 0;
  for (let t = 0; t < faces.length; t += 3) area += Math.hypot(faces[t], faces[t + 1], faces[t + 2]) / 2;
  return area;
}

/** Volume enclosed by a closed mesh; negative when it is turned inside out. */
export function enclosedVolume(mesh: TriangleMesh): number {
  const {positions, triangles} = mesh;
  const faces = faceVectors(mesh);
  let sum = 0;
  for (let t = 0; t < triangles.length; t += 3) {
    const a = 3 * triangles[t];
    sum += positions[a] * faces[t] + positions[a + 1] * faces[t + 1] + positions[a + 2] * faces[t + 2];
  }
  return sum / 6;
}
