import {readdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {TriangleMesh} from '../../lib/mesh/mesh';
import {vertexNormals} from '../../lib/mesh/mesh';
import {objText, parseObj, readObj, writeObj} from '../../lib/files/obj';
import {encodePly, parsePly, readPly, writePly} from '../../lib/files/ply';
import {boxMesh, torusMesh} from '../mesh/shapes';
import {temporaryFolder} from '../support/temporary-folder';

const torus = torusMesh(9);
const shaded: TriangleMesh = {...torus, normals: vertexNormals(torus)};
const folder = temporaryFolder();

function expectSame(found: TriangleMesh, wanted: TriangleMesh, digits: number): void {
  expect([...found.triangles]).toEqual([...wanted.triangles]);
  expect(found.positions).toHaveLength(wanted.positions.length);
  found.positions.forEach((value, i) => expect(value).toBeCloseTo(wanted.positions[i], digits));
  expect(found.normals?.length).toBe(wanted.normals?.length);
  found.normals?.forEach((value, i) => expect(value).toBeCloseTo(wanted.normals![i], digits));
}

describe('PLY', () => {
  it.each([
    ['binary', false, 6],
    ['binary', true, 15],
    ['ascii', false, 6],
    ['ascii', true, 15],
  ] as const)('%s, double: %s, comes back', async (format, double, digits) => {
    for (const mesh of [torus, shaded]) {
      const file = join(folder, 'mesh.ply');
      await writePly(file, mesh, {format, double});
      expectSame(await readPly(file), mesh, digits);
    }
    expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('is read in big endian, with lists and properties that nobody asked for, and polygons', () => {
    const header =
      'ply\r\nformat binary_big_endian 1.0\r\ncomment any\r\nelement junk 2\r\nproperty list uchar short a\r\nelement vertex 4\r\n' +
      'property uchar red\r\nproperty double x\r\nproperty float32 y\r\nproperty int16 z\r\nelement face 1\r\nproperty float q\r\n' +
      'property list ushort uint vertex_index\r\nend_header\r\n';
    const body = Buffer.alloc(2 * 5 + 4 * 15 + 4 + 2 + 16);
    let at = 0;
    for (let i = 0; i < 2; i++) {
      at = body.writeUInt8(2, at);
      at = body.writeInt16BE(7, at);
      at = body.writeInt16BE(-7, at);
    }
    for (const [x, y] of [
      [0, 0],
      [1, 0],
      [1, 0.5],
      [0, 0.5],
    ]) {
      at = body.writeUInt8(200, at);
      at = body.writeDoubleBE(x, at);
      at = body.writeFloatBE(y, at);
      at = body.writeInt16BE(-3, at);
    }
    at = body.writeFloatBE(1, at);
    at = body.writeUInt16BE(4, at);
    for (const vertex of [0, 1, 2, 3]) at = body.writeUInt32BE(vertex, at);
    const mesh = parsePly(Buffer.concat([Buffer.from(header), body]), 'quad');
    expect([...mesh.positions]).toEqual([0, 0, -3, 1, 0, -3, 1, 0.5, -3, 0, 0.5, -3]);
    expect([...mesh.triangles]).toEqual([0, 1, 2, 0, 2, 3]);
    expect(mesh.normals).toBeUndefined();
  });

  const ascii = (lines: string, body = ''): Buffer => Buffer.from(`ply\nformat ascii 1.0\n${lines}\nend_header\n${body}`);
  const xyz = 'property float x\nproperty float y\nproperty float z';
  it.each([
    ['nothing at all', Buffer.from(''), /does not begin with 'ply'/],
    ['another format', Buffer.from('OFF 3 1 0'), /does not begin with 'ply'/],
    ['a word that begins alike', Buffer.from('plywood'), /does not begin with 'ply'/],
    ['a header without end', Buffer.from('ply\nformat ascii 1.0\n'), /header has no end/],
    ['an unknown format', Buffer.from('ply\nformat ebcdic 1.0\nend_header\n'), /format is 'ebcdic'/],
    ['an unknown type', ascii('element vertex 1\nproperty quad x'), /property quad x/],
    ['a count that is none', ascii('element vertex -1'), /element vertex -1/],
    ['no vertices', ascii(`element vertex 0\n${xyz}`), /no vertices/],
    ['no vertex element', ascii('element face 0\nproperty list uchar int vertex_indices'), /no vertices/],
    ['vertices without z', ascii('element vertex 1\nproperty float x\nproperty float y', '1 2'), /no x, y and z/],
    ['too few vertices', ascii(`element vertex 4\n${xyz}`, '1 2 3\n4 5 6\n'), /truncated/],
    ['a count far beyond the file', ascii(`element vertex 900000000000\n${xyz}`, '1 2 3'), /truncated/],
    ['a word among numbers', ascii(`element vertex 1\n${xyz}`, '1 two 3'), /'two'/],
    ['a coordinate that is no number', ascii(`element vertex 1\n${xyz}`, '1 nan 3'), /vertex 0 has y = NaN/],
    [
      'a face beyond the vertices',
      ascii(`element vertex 1\n${xyz}\nelement face 1\nproperty list uchar int vertex_indices`, '1 2 3\n3 0 0 5'),
      /names vertex 5, and there are 1/,
    ],
    ['a binary file cut short', encodePly(shaded).subarray(0, -1), /truncated/],
    ['a binary file cut in its vertices', encodePly(shaded).subarray(0, 600), /truncated/],
  ])('with %s is refused', (_, bytes, message) => {
    expect(() => parsePly(bytes, 'scan.ply')).toThrow(expect.objectContaining({code: 'NOT_A_MESH'}));
    expect(() => parsePly(bytes, 'scan.ply')).toThrow(message);
    expect(() => parsePly(bytes, 'scan.ply')).toThrow(/scan\.ply/);
  });

  it('that is missing, or is something else, is named', async () => {
    await expect(readPly(join(folder, 'none.ply'))).rejects.toMatchObject({code: 'FILE_NOT_FOUND'});
    await expect(readPly(folder)).rejects.toMatchObject({code: 'FILE_UNREADABLE'});
    await writeFile(join(folder, 'text.ply'), 'hello');
    await expect(readPly(join(folder, 'text.ply'))).rejects.toMatchObject({code: 'NOT_A_MESH'});
  });
});

describe('the coordinates of a survey', () => {
  // A grid of some 0.1 m, in metres of a national system: float32 knows these to 0.03 and 0.5 m.
  const survey = {...torus, positions: torus.positions.map((value, i) => value + [500_000, 5_400_000, 300][i % 3])};

  it('are written as double, in PLY and OBJ, and come back to the bit', () => {
    for (const format of ['binary', 'ascii'] as const) {
      const bytes = encodePly(survey, {format});
      expect(Buffer.from(bytes).toString('latin1')).toContain('property double x');
      expect(parsePly(bytes, 'survey').positions).toEqual(survey.positions);
    }
    expect(parseObj(objText(survey), 'survey').positions).toEqual(survey.positions);
    const cloud = {positions: survey.positions, triangles: new Uint32Array()};
    expect(parsePly(encodePly(cloud), 'survey').positions).toEqual(survey.positions);
  });

  it('are the only ones: what float32 keeps to a thousandth of a triangle stays float', () => {
    for (const scale of [1e-3, 1, 1e9]) {
      const mesh = {...torus, positions: torus.positions.map((value) => scale * value)};
      expect(Buffer.from(encodePly(mesh)).toString('latin1')).toContain('property float x');
    }
    expect(encodePly(survey, {double: false}).length).toBeLessThan(encodePly(survey).length);
    const whole = {...survey, positions: survey.positions.map(Math.round)}; // all of them numbers of float32
    expect(Buffer.from(encodePly(whole)).toString('latin1')).toContain('property float x');
  });
});

describe('OBJ', () => {
  it('comes back', async () => {
    for (const mesh of [torus, shaded]) {
      const file = join(folder, 'mesh.obj');
      await writeObj(file, mesh);
      expectSame(await readObj(file), mesh, 8);
    }
    expect(
      objText(boxMesh())
        .split('\n')
        .filter((line) => line.startsWith('v ')),
    ).toHaveLength(8);
  });

  it('is read with textures, polygons and indices from the end', () => {
    const mesh = parseObj(
      '# c\nmtllib a\nv 0 0 0\nv 1 0 0\nv 1 1 0 0.5\nvt 0 0\nvn 0 0 1\nv 0 1 0\nf 1/1/1 2/1/1 3/1/1 -1/1/1\n',
      'a',
    );
    expect([...mesh.triangles]).toEqual([0, 1, 2, 0, 2, 3]);
    expect(mesh.normals).toBeUndefined();
  });

  it.each([
    ['v 1 2', /line 1 is 'v 1 2'/],
    ['v 1 2 x', /line 1/],
    ['v 0 0 0\nf 1 2 3', /line 2 is 'f 1 2 3'/],
    ['v 0 0 0\nf 1 1', /line 2/],
    ['', /no vertices/],
  ])('%j is refused', (text, message) => {
    expect(() => parseObj(text, 'a.obj')).toThrow(expect.objectContaining({code: 'NOT_A_MESH'}));
    expect(() => parseObj(text, 'a.obj')).toThrow(message);
  });
});
