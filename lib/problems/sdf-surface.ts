/** The surface of a signed distance: marching cubes, then Newton's method on the field itself, whose derivatives are exact. */
import {marchingCubes} from '../mesh/marching-cubes';
import type {TriangleMesh} from '../mesh/mesh';
import {lattice, linspace} from '../pose/sampling';
import type {Solution} from '../solve/solution';

const NEWTON_STEPS = 2;

/**
 * The level 0 of `u` in the cube, in the cube's coordinates, with normals from ∇u. Closed: what leaves the cube is cut off at its faces.
 *
 * @param cells of the lattice an axis; vertices then move onto the surface, so a finer one only shows finer features.
 */
export async function surfaceOf(solution: Solution, cells: number): Promise<TriangleMesh> {
  const axis = linspace(-1, 1, cells + 1);
  const {u} = await solution.evaluate(lattice([axis, axis, axis]));
  const counts = [cells + 1, cells + 1, cells + 1] as const;
  const {positions, triangles} = marchingCubes({values: u, counts, lower: [-1, -1, -1], upper: [1, 1, 1]}, {closed: true});
  const normals = new Float64Array(positions.length);
  if (triangles.length === 0) return {positions, triangles, normals};
  const moved = Float64Array.from(positions);
  for (let round = 0; round <= NEWTON_STEPS; round++) {
    const [value, ...gradient] = Object.values(await solution.evaluate(moved, {expressions: ['u', 'u_x', 'u_y', 'u_z']}));
    for (let v = 0; v < value.length; v++) {
      const [gx, gy, gz] = gradient.map((component) => component[v]);
      const length = Math.hypot(gx, gy, gz);
      if (round === NEWTON_STEPS) {
        normals.set(length > 0 ? [gx / length, gy / length, gz / length] : [0, 0, 1], 3 * v);
        continue;
      }
      // Farther than half a cell is no correction: a cut at the cube's face, or a slope that vanishes.
      const step = value[v] / length;
      if (!(Math.abs(step) < 1 / cells)) continue;
      [gx, gy, gz].forEach((component, k) => {
        moved[3 * v + k] = Math.min(1, Math.max(-1, moved[3 * v + k] - (step * component) / length));
      });
    }
  }
  return {positions: moved, triangles, normals};
}
