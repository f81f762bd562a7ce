import type {TriangleMesh} from '../../lib/mesh/mesh';

/** A closed torus of n × n × 2 triangles around the z axis, of radii R and r, seen counterclockwise from outside. */
export function torusMesh(n: number, R = 0.6, r = 0.25): TriangleMesh {
  const positions = new Float64Array(3 * n * n);
  const triangles: number[] = [];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const [a, b] = [(2 * Math.PI * i) / n, (2 * Math.PI * j) / n];
      const q = R + r * Math.cos(b);
      positions.set([q * Math.cos(a), q * Math.sin(a), r * Math.sin(b)], 3 * (i * n + j));
      const at = (k: number, l: number): number => ((i + k) % n) * n + ((j + l) % n);
      triangles.push(at(0, 0), at(1, 0), at(1, 1), at(0, 0), at(1, 1), at(0, 1));
    }
  }
  return {positions, triangles: Uint32Array.from(triangles)};
}

/** An axis-aligned box of 8 vertices. */
export function boxMesh(
  [w, h, d]: readonly [number, number, number] = [1, 1, 1],
  shift: readonly number[] = [0, 0, 0],
): TriangleMesh {
  const positions = Float64Array.from({length: 24}, (_, i) => {
    const [vertex, axis] = [Math.floor(i / 3), i % 3];
    return shift[axis] + [w, h, d][axis] * ((vertex >> axis) & 1);
  });
  const quads = [
    [0, 4, 6, 2],
    [1, 3, 7, 5],
    [0, 1, 5, 4],
    [2, 6, 7, 3],
    [0, 2, 3, 1],
    [4, 5, 7, 6],
  ];
  return {positions, triangles: Uint32Array.from(quads.flatMap(([a, b, c, e]) => [a, b, c, a, c, e]))};
}
