import {boundingBox, sampleSurface, topology, vertexNormals} from '../../lib/mesh/mesh';
import {enclosedVolume, surfaceArea} from './measures';
import {boxMesh, torusMesh} from './shapes';

describe('a triangle mesh', () => {
  it('has the area, the volume and the bounds of what it shows', () => {
    const torus = torusMesh(200);
    expect(surfaceArea(torus) / (4 * Math.PI ** 2 * 0.6 * 0.25)).toBeCloseTo(1, 3);
    expect(enclosedVolume(torus) / (2 * Math.PI ** 2 * 0.6 * 0.25 ** 2)).toBeCloseTo(1, 3);
    expect(enclosedVolume(boxMesh([1, 2, 3], [5, 5, 5]))).toBeCloseTo(6, 12);
    expect(surfaceArea(boxMesh([1, 2, 3]))).toBeCloseTo(22, 12);
    const {lower, upper, diagonal} = boundingBox(boxMesh([1, 2, 3], [5, 6, 7]).positions);
    expect([...lower, ...upper]).toEqual([5, 6, 7, 6, 8, 10]);
    expect(diagonal).toBeCloseTo(Math.sqrt(14), 12);
    expect(() => boundingBox([])).toThrow(expect.objectContaining({code: 'INVALID_ARGUMENT'}));
  });

  it('has normals that point outwards', () => {
    const n = 40;
    const torus = torusMesh(n);
    const normals = vertexNormals(torus);
    for (let i = 0; i < n * n; i++) {
      const [a, b] = [(2 * Math.PI * Math.floor(i / n)) / n, (2 * Math.PI * (i % n)) / n];
      const dot =
        normals[3 * i] * Math.cos(a) * Math.cos(b) +
        normals[3 * i + 1] * Math.sin(a) * Math.cos(b) +
        normals[3 * i + 2] * Math.sin(b);
      expect(dot).toBeGreaterThan(0.99);
    }
    // A vertex that no triangle touches has none.
    const lonely = {positions: Float64Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0, 9, 9, 9), triangles: Uint32Array.of(0, 1, 2)};
    expect([...vertexNormals(lonely)]).toEqual([0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0]);
  });

  it('has a topology', () => {
    expect(topology(torusMesh(12))).toEqual({pieces: 1, sizes: [288], eulerCharacteristic: 0, closed: true});
    expect(topology(boxMesh())).toEqual({pieces: 1, sizes: [12], eulerCharacteristic: 2, closed: true});
    const [a, b] = [boxMesh(), torusMesh(5)];
    const both = {
      positions: Float64Array.of(...a.positions, ...b.positions),
      triangles: Uint32Array.of(...a.triangles, ...b.triangles.map((v) => v + 8)),
    };
    expect(topology(both)).toEqual({pieces: 2, sizes: [50, 12], eulerCharacteristic: 2, closed: true});
    expect(topology({...a, triangles: a.triangles.slice(3)}).closed).toBe(false); // a hole
    const turned = a.triangles.slice();
    [turned[0], turned[1]] = [turned[1], turned[0]];
    expect(topology({...a, triangles: turned}).closed).toBe(false); // one triangle inside out
    expect(topology({...a, triangles: new Uint32Array()})).toMatchObject({pieces: 0, closed: false});
  });

  it('is sampled evenly over its area, the same for the same seed', () => {
    const mesh = boxMesh([1, 2, 3]);
    const {positions, normals} = sampleSurface(mesh, 22_000, 3);
    let onTop = 0;
    for (let i = 0; i < positions.length; i += 3) {
      const k = [0, 1, 2].findIndex((axis) => Math.abs(normals[i + axis]) > 0.5);
      expect(positions[i + k]).toBeCloseTo(normals[i + k] > 0 ? [1, 2, 3][k] : 0, 12);
      if (k === 2 && normals[i + 2] > 0) onTop += 1;
    }
    expect(Math.abs(onTop - 2000)).toBeLessThan(5); // its share of the area is 2 of 22
    expect(sampleSurface(mesh, 100, 3)).toEqual(sampleSurface(mesh, 100, 3));
    expect(sampleSurface(mesh, 100, 3)).not.toEqual(sampleSurface(mesh, 100, 4));
    expect(() => sampleSurface({...mesh, triangles: new Uint32Array()}, 5)).toThrow(/no triangles/);
  });
});
