import * as fc from 'fast-check';
import {surfaceDistance} from '../../lib/mesh/chamfer';
import {marchingCubes} from '../../lib/mesh/marching-cubes';
import type {TriangleMesh} from '../../lib/mesh/mesh';
import {faceVectors, randomNumbers, sampleSurface, topology} from '../../lib/mesh/mesh';
import {NearestPoints} from '../../lib/mesh/nearest';
import {SHAPES} from '../../lib/problems/sdf-shapes';
import {enclosedVolume, surfaceArea} from './measures';
import {torusMesh} from './shapes';

function surface(nodes: number, value: (x: number, y: number, z: number) => number, closed = false): TriangleMesh {
  const values = new Float64Array(nodes ** 3);
  const at = (i: number): number => -1 + (2 * i) / (nodes - 1);
  for (let i = 0; i < values.length; i++) {
    values[i] = value(at(Math.floor(i / nodes ** 2)), at(Math.floor(i / nodes) % nodes), at(i % nodes));
  }
  const counts = [nodes, nodes, nodes] as const;
  return marchingCubes({values, counts, lower: [-1, -1, -1], upper: [1, 1, 1]}, {closed});
}

describe('marching cubes', () => {
  it.each(['sphere', 'torus', 'box'] as const)('finds the %s: closed, with its area, volume and handles', (name) => {
    const shape = SHAPES[name];
    const mesh = surface(49, shape.distance);
    expect(topology(mesh)).toMatchObject({pieces: 1, eulerCharacteristic: shape.eulerCharacteristic, closed: true});
    // Chords of a curve: errors of second order in the step of 1/24. A box's edges are cut off, by a step on each side at most.
    const edges = (12 * (2 - Math.SQRT2)) / 24 / shape.area;
    expect(Math.abs(surfaceArea(mesh) / shape.area - 1)).toBeLessThan(name === 'box' ? edges : 0.004);
    expect(Math.abs(enclosedVolume(mesh) / shape.volume - 1)).toBeLessThan(0.01);
  });

  it('turns triangles to the positive side', () => {
    const mesh = surface(33, SHAPES.sphere.distance);
    const faces = faceVectors(mesh);
    for (let t = 0; t < faces.length; t += 3) {
      const v = 3 * mesh.triangles[t];
      expect(
        faces[t] * mesh.positions[v] + faces[t + 1] * mesh.positions[v + 1] + faces[t + 2] * mesh.positions[v + 2],
      ).toBeGreaterThanOrEqual(0);
    }
  });

  it('is watertight on noise, where every pattern of signs and every ambiguous face occurs', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = randomNumbers(seed);
        const mesh = surface(12, () => random() - 0.5, true);
        expect(topology(mesh).closed).toBe(true);
        expect(enclosedVolume(mesh)).toBeGreaterThan(0);
      }),
      {numRuns: 12},
    );
  });

  it('stays watertight where nodes lie exactly on the surface', () => {
    expect(topology(surface(9, (x, y, z) => Math.abs(x) + Math.abs(y) + Math.abs(z) - 0.75)).closed).toBe(true);
    expect(topology(surface(9, (x, y, z) => Math.max(Math.abs(x), Math.abs(y), Math.abs(z)) - 0.5)).closed).toBe(true);
  });

  it('is open where the surface leaves the lattice, unless asked to close it', () => {
    const plane = (x: number): number => x - 0.3;
    expect(topology(surface(9, plane)).closed).toBe(false);
    const closed = surface(9, plane, true);
    expect(topology(closed)).toMatchObject({closed: true, pieces: 1, eulerCharacteristic: 2});
    // Eight edges of the length 2 or 1.3 on the lattice's border are bevelled by a step on each side at most.
    expect(5.2 - enclosedVolume(closed)).toBeGreaterThan(0);
    expect(5.2 - enclosedVolume(closed)).toBeLessThan((0.25 ** 2 / 2) * (4 * 2 + 4 * 1.3) + 1e-4);
    expect(surface(9, () => 1).triangles).toHaveLength(0);
  });

  it('refuses what is no lattice', () => {
    const lattice = {
      values: new Float64Array(7),
      counts: [2, 2, 2] as const,
      lower: [0, 0, 0] as const,
      upper: [1, 1, 1] as const,
    };
    expect(() => marchingCubes(lattice)).toThrow(expect.objectContaining({code: 'INVALID_ARGUMENT'}));
    expect(() => marchingCubes({...lattice, values: new Float64Array(4), counts: [1, 2, 2]})).toThrow(/1 × 2 × 2/);
  });
});

describe('the nearest point', () => {
  it('is that of a search through all', () => {
    const random = randomNumbers(5);
    // Many points share coordinates, which is where medians go wrong.
    const positions = Float64Array.from({length: 3 * 700}, (_, i) => (i % 2 === 0 ? Math.floor(8 * random()) / 8 : random()));
    const tree = new NearestPoints(positions);
    for (let i = 0; i < 300; i++) {
      const [x, y, z] = [2 * random() - 0.5, random(), random()];
      let least = Infinity;
      for (let p = 0; p < positions.length; p += 3) {
        least = Math.min(least, Math.hypot(positions[p] - x, positions[p + 1] - y, positions[p + 2] - z));
      }
      const {index, distance} = tree.find(x, y, z);
      expect(distance).toBeCloseTo(least, 12);
      expect(Math.hypot(positions[3 * index] - x, positions[3 * index + 1] - y, positions[3 * index + 2] - z)).toBeCloseTo(
        least,
        12,
      );
    }
  });
});

describe('the distance between surfaces', () => {
  const mesh = torusMesh(120);

  it('of one to itself is the floor of its sampling, and 0 for the same samples', () => {
    const samples = sampleSurface(mesh, 20_000, 1);
    expect(surfaceDistance(samples, samples)).toMatchObject({chamfer: 0, forth: 0, back: 0});
    expect(surfaceDistance(samples, samples).normalConsistency).toBeCloseTo(1, 12);
    const {chamfer, normalConsistency} = surfaceDistance(samples, sampleSurface(mesh, 20_000, 2));
    // The nearest of points of density ρ on a plane lies 1 / (2 √ρ) away in the mean; points one a share are a little evener.
    const floor = 0.5 / Math.sqrt(20_000 / surfaceArea(mesh));
    expect(chamfer / floor).toBeGreaterThan(0.85);
    expect(chamfer / floor).toBeLessThan(1.05);
    expect(normalConsistency).toBeGreaterThan(0.998);
  });

  it('is the offset of a shifted plane, and its sides count one by one', () => {
    const square = (z: number, half: number): TriangleMesh => ({
      positions: Float64Array.of(-half, -half, z, half, -half, z, half, half, z, -half, half, z),
      triangles: Uint32Array.of(0, 1, 2, 0, 2, 3),
    });
    const small = sampleSurface(square(0, 0.5), 8000, 1);
    const {forth, back, normalConsistency} = surfaceDistance(small, sampleSurface(square(0.2, 1), 32_000, 2));
    expect(forth).toBeCloseTo(0.2, 3);
    expect(back).toBeGreaterThan(0.25); // most of the large one lies beside the small one
    expect(normalConsistency).toBeCloseTo(1, 12);
  });
});
