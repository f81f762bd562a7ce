import {writeFile} from 'node:fs/promises';
import * as path from 'node:path';
import {intoCube, outOfCube, placementOf, readScan} from '../../lib/files/point-cloud';
import {writePly} from '../../lib/files/ply';
import {SHAPES} from '../../lib/problems/sdf-shapes';
import {writeNpy} from '../../lib/files/npy';
import {faceVectors} from '../../lib/mesh/mesh';
import {boxMesh} from '../mesh/shapes';
import {temporaryFolder} from '../support/temporary-folder';

const folder = temporaryFolder();

const cloud = SHAPES.sphere.cloud(200, 3);
const rows = Array.from({length: 200}, (_, i) => [
  ...cloud.positions.slice(3 * i, 3 * i + 3),
  ...cloud.normals.slice(3 * i, 3 * i + 3),
]);
const write = async (name: string, text: string): Promise<string> => {
  const file = path.join(folder, name);
  await writeFile(file, text);
  return file;
};
const read = (file: string, count = 1000): ReturnType<typeof readScan> => readScan(file, {count, seed: 1});

describe('oriented points', () => {
  it('are read from text, arrays and PLY alike', async () => {
    const files = [
      await write('a.xyz', rows.map((row) => row.join(' ')).join('\n')),
      await write('a.csv', `x,y,z,nx,ny,nz\n# made up\n${rows.map((row) => row.map((v) => 1 * v).join(', ')).join('\r\n')}\n`),
      path.join(folder, 'a.npy'),
      path.join(folder, 'a.ply'),
    ];
    await writeNpy(files[2], Float64Array.from(rows.flat()), [200, 6]);
    await writePly(files[3], {...cloud, triangles: new Uint32Array()}, {double: true});
    for (const file of files) {
      const scan = await read(file);
      expect(scan.mesh).toBeUndefined();
      scan.cloud.positions.forEach((value, i) => {
        expect(value).toBeCloseTo(cloud.positions[i], 12);
      });
      scan.cloud.normals.forEach((value, i) => {
        expect(value).toBeCloseTo(cloud.normals[i], 12);
      });
    }
  });

  it('have unit normals; zero ones are left out, and clouds are thinned the same way each time', async () => {
    const file = await write(
      'zeros.xyz',
      rows
        .map((row, i) => (i % 4 === 0 ? [...row.slice(0, 3), 0, 0, 0] : row.map((v, k) => (k < 3 ? v : 7 * v))).join(' '))
        .join('\n'),
    );
    const {cloud: all, notes} = await read(file);
    expect(notes).toEqual(['50 of 200 points have the normal 0 and were left out']);
    expect(all.positions).toHaveLength(3 * 150);
    for (let i = 0; i < all.normals.length; i += 3) {
      expect(Math.hypot(all.normals[i], all.normals[i + 1], all.normals[i + 2])).toBeCloseTo(1, 12);
    }
    const some = (await read(file, 40)).cloud;
    expect(some.positions).toHaveLength(3 * 40);
    expect((await read(file, 40)).cloud).toEqual(some);
  });

  it('of a mesh are spread over its area, with the normals of its faces', async () => {
    const file = path.join(folder, 'box.ply');
    await writePly(file, boxMesh([1, 2, 3]));
    const {cloud: sampled, mesh} = await read(file, 500);
    expect(mesh?.triangles).toHaveLength(36);
    expect(sampled.positions).toHaveLength(1500);
    for (let i = 0; i < 1500; i += 3) expect(Math.max(...sampled.normals.slice(i, i + 3).map(Math.abs))).toBe(1);
  });

  it.each([
    ['two.xyz', '0 0\n0 1\n', 'NOT_A_MESH', /line 1 has 2 numbers.*nx ny nz/],
    ['mixed.xyz', '0 0 1\n0 1 0 0 0 1\n', 'NOT_A_MESH', /line 2 has 6 numbers, and the lines before it 3/],
    ['line.xyz', Array.from({length: 20}, (_, i) => `${i} 0 0`).join('\n'), 'NOT_A_MESH', /lie on a line/],
    ['empty.xyz', '', 'NOT_A_MESH', /0 points.*16 at least/],
    ['one.csv', '0,0,0,0,0,1', 'NOT_A_MESH', /1 points/],
    ['words.xyz', '0 0 0 0 0 1\nhello world', 'NOT_A_MESH', /line 2 is 'hello world'/],
    ['nan.xyz', Array<string>(20).fill('0 0 nan 0 0 1').join('\n'), 'NON_FINITE', /Point 0 .*NaN/],
    ['unknown.stl', 'solid', 'INVALID_ARGUMENT', /\.ply, \.obj/],
    ['empty.ply', '', 'NOT_A_MESH', /does not begin with 'ply'/],
    ['bare.obj', 'v 0 0 0\nv 1 0 0\nv 0 1 0\n', 'NOT_A_MESH', /3 points: a surface needs 16/],
  ])('%s are refused', async (name, text, code, message) => {
    await expect(read(await write(name, text))).rejects.toMatchObject({code, message: expect.stringMatching(message) as string});
  });

  it('get normals where they have none, in every kind of file', async () => {
    const files = ['b.xyz', 'b.npy', 'b.ply', 'b.obj'].map((name) => path.join(folder, name));
    const points = rows.map((row) => row.slice(0, 3));
    await writeFile(files[0], points.map((row) => row.join(' ')).join('\n'));
    await writeNpy(files[1], Float64Array.from(points.flat()), [200, 3]);
    await writePly(files[2], {positions: cloud.positions, triangles: new Uint32Array()}, {double: true});
    await writeFile(files[3], points.map((row) => `v ${row.join(' ')}`).join('\n'));
    const zeros = await write('zero.xyz', points.map((row) => `${row.join(' ')} 0 0 0`).join('\n'));
    for (const file of [...files, zeros]) {
      const {cloud: found, notes} = await read(file);
      expect(notes?.at(-1)).toMatch(/have no normals: they were estimated/);
      expect(found.positions).toHaveLength(600);
      for (let i = 0; i < 600; i += 3) {
        const cosine = [0, 1, 2].reduce((sum, k) => sum + found.normals[i + k] * cloud.normals[i + k], 0);
        expect(cosine).toBeGreaterThan(0.9);
      }
    }
  });

  it('of a mesh that faces inwards are turned outwards, and the mesh with them', async () => {
    const file = path.join(folder, 'inward.ply');
    const box = boxMesh([1, 2, 3]);
    await writePly(file, {...box, triangles: box.triangles.slice().reverse()});
    const {cloud: sampled, mesh, notes} = await read(file, 500);
    expect(notes).toEqual([expect.stringMatching(/pointed into the volume/)]);
    for (let i = 0; i < 1500; i += 3) {
      const out = [0, 1, 2].reduce((sum, k) => sum + sampled.normals[i + k] * (sampled.positions[i + k] - [0.5, 1, 1.5][k]), 0);
      expect(out).toBeGreaterThan(0);
    }
    const faces = faceVectors(mesh!);
    const middles = Array.from(mesh!.triangles, (vertex, corner) => mesh!.positions[3 * vertex] * faces[corner - (corner % 3)]);
    expect(middles.reduce((a, b) => a + b)).toBeCloseTo(6 * 6, 5); // six times the volume, by the divergence theorem
  });

  it('must have three or six columns in an array, and a file', async () => {
    const file = path.join(folder, 'three.npy');
    await writeNpy(file, new Float64Array(40), [10, 4]);
    await expect(read(file)).rejects.toMatchObject({code: 'NOT_A_MESH'});
    await expect(read(path.join(folder, 'nowhere.ply'))).rejects.toMatchObject({code: 'FILE_NOT_FOUND'});
  });
});

describe('a placement in the cube', () => {
  const user = {...cloud, positions: cloud.positions.map((v, i) => 40 * v + [100, -7, 3][i % 3])};

  it.each(['box', 'mean'] as const)('by %s fills it, and is undone', (how) => {
    const placement = placementOf(user, how);
    const inside = intoCube(user.positions, placement);
    const reach = Math.max(...inside.map(Math.abs));
    expect(reach).toBeCloseTo(how === 'box' ? 0.85 : 1, 6);
    outOfCube(inside, placement).forEach((value, i) => {
      expect(value).toBeCloseTo(user.positions[i], 9);
    });
  });

  it('needs some extent', () => {
    expect(() => placementOf({...cloud, positions: new Float64Array(60).fill(2)}, 'box')).toThrow(
      /All 20 points lie at \(2, 2, 2\)/,
    );
  });
});
