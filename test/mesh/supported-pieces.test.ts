import type {TriangleMesh} from '../../lib/mesh/mesh';
import {topology, vertexNormals} from '../../lib/mesh/mesh';
import {supportedPieces} from '../../lib/mesh/supported-pieces';
import {boxMesh, torusMesh} from './shapes';

function together(...meshes: readonly TriangleMesh[]): TriangleMesh {
  let vertices = 0;
  const triangles: number[] = [];
  for (const mesh of meshes) {
    triangles.push(...mesh.triangles.map((vertex) => vertex + vertices));
    vertices += mesh.positions.length / 3;
  }
  const joined = {
    positions: Float64Array.from(meshes.flatMap(({positions}) => [...positions])),
    triangles: Uint32Array.from(triangles),
  };
  return {...joined, normals: vertexNormals(joined)};
}

const torus = torusMesh(20);
const blob = boxMesh([0.1, 0.1, 0.1], [1.5, 0, 0]);
const box = boxMesh([1, 1, 1], [2, 0, 0]);

it('leaves a mesh as it is where points lie on every piece', () => {
  const mesh = together(torus, box);
  expect(supportedPieces(mesh, [0.85, 0, 0, 3, 1, 1])).toEqual({mesh, left: []});
});

it('leaves out a blob between two objects', () => {
  const mesh = together(torus, blob, box);
  const {mesh: kept, left} = supportedPieces(mesh, [0.85, 0, 0, 2, 0.1, 0, 3, 1, 1]);
  expect(left).toEqual([12]);
  expect(kept).toEqual(together(torus, box));
  expect(topology(kept)).toMatchObject({pieces: 2, closed: true});
});
