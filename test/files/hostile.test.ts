/** Files that promise what they do not hold, are larger than a text or an array can be, or are no files. */
import {execFileSync} from 'node:child_process';
import {
  mkdirSync,
  openSync,
  closeSync,
  ftruncateSync,
  symlinkSync,
  writeFileSync,
  writeSync,
  existsSync,
  readdirSync,
} from 'node:fs';
import * as path from 'node:path';
import {encode as encodeJpeg} from 'jpeg-js';
import {readProblemFile} from '../../lib/equation/problem-file';
import {csvPoints} from '../../lib/evaluation/csv-points';
import {checkWritable} from '../../lib/files/atomic-write';
import {decodeImage, readImage} from '../../lib/files/image';
import {isInside} from '../../lib/files/inside-folder';
import {makeFolder} from '../../lib/files/make-folder';
import {readNpy, readNpyHeader} from '../../lib/files/npy';
import {parseObj, readObj} from '../../lib/files/obj';
import {parsePly, readPly} from '../../lib/files/ply';
import {readScan} from '../../lib/files/point-cloud';
import {parseXyz} from '../../lib/files/xyz';
import {readCheckpoint} from '../../lib/solve/checkpoint/checkpoint';
import {temporaryFolder} from '../support/temporary-folder';

const folder = temporaryFolder();
const inFolder = (name: string): string => path.join(folder, name);
const write = (name: string, contents: string | Uint8Array): string => {
  writeFileSync(inFolder(name), contents);
  return inFolder(name);
};
/** A file of this length that takes no room on the disk: zeros behind `start`. */
const sparse = (name: string, start: string, length: number): string => {
  const file = openSync(inFolder(name), 'w');
  writeSync(file, start);
  ftruncateSync(file, length);
  closeSync(file);
  return inFolder(name);
};

/** Every reader, by the ending of its files. */
const READERS: Readonly<Record<string, (file: string) => Promise<unknown>>> = {
  '.npy': readNpy,
  'header.npy': readNpyHeader,
  '.ply': readPly,
  '.obj': readObj,
  '.xyz': (file) => readScan(file, {count: 100, seed: 0}),
  '.csv': (file) => csvPoints(file, ['x']),
  '.png': (file) => readImage(file),
  '.json': readProblemFile,
  '.safetensors': readCheckpoint,
};

describe.each(Object.entries(READERS))('a file *%s', (ending, read) => {
  it('is a regular one', async () => {
    execFileSync('mkfifo', [inFolder(`pipe${ending}`)]);
    symlinkSync('/dev/zero', inFolder(`device${ending}`));
    mkdirSync(inFolder(`folder${ending}`));
    for (const kind of ['pipe', 'device', 'folder']) {
      const what = {pipe: 'it is a pipe', device: 'it is no regular file', folder: 'it is a folder'}[kind];
      await expect(read(inFolder(`${kind}${ending}`))).rejects.toMatchObject({
        code: 'FILE_UNREADABLE',
        message: expect.stringContaining(what!),
      });
    }
  });

  it('of zeros, longer than any text or the memory, is refused by a coded error', async () => {
    for (const length of [600_000_000, 2 ** 42]) {
      await expect(read(sparse(`zeros${ending}`, '', length))).rejects.toMatchObject({name: 'DinfError'});
    }
  });
});

describe('counts in headers', () => {
  const body = 'property float x\nproperty float y\nproperty float z\n';
  const ply = (elements: string, rest: string): Uint8Array =>
    Buffer.from(`ply\nformat ascii 1.0\n${elements}end_header\n${rest}`);

  it('of elements without properties are no work', () => {
    const bytes = ply(`element nothing ${Number.MAX_SAFE_INTEGER}\nelement vertex 1\n${body}`, '0 0 7\n');
    expect(parsePly(bytes, 'a.ply').positions).toEqual(Float64Array.of(0, 0, 7));
  });

  it.each([
    [`element vertex ${Number.MAX_SAFE_INTEGER}\n${body}`, '0 0 0\n', /should hold 9007199254740991 of 'vertex'/],
    [
      `element a 9000000000000000\nproperty list int int b\nelement vertex 1\n${body}`,
      '0\n',
      /should hold 9000000000000000 of 'a'/,
    ],
    [
      `element face 1\nproperty list double int vertex_index\nelement vertex 1\n${body}`,
      '1e300 0 0 0',
      /a list has 1e\+300 entries/,
    ],
    [`element vertex 1\nproperty list int int a\n${body}`, '-5 0 0 0', /a list has -5 entries/],
    [`element vertex 1\n${body}element face 1\nproperty list int int vertex_index\n`, '0 0 0 9999999 0 0 0', /it is truncated/],
    [`element vertex 1\n${body}element face 1\nproperty list int int vertex_index\n`, '0 0 0 3 0 0 -1', /names vertex -1/],
    [`element vertex 1\n${body}element face 1\nproperty list int float vertex_index\n`, '0 0 0 3 0 0 0.5', /names vertex 0.5/],
  ])('are held against the bytes that are there: %s', (elements, rest, message) => {
    expect(() => parsePly(ply(elements, rest), 'a.ply')).toThrow(message);
  });

  it.each(['1 2, 2', '2, -1', '2.5, 2', '1e3', '0x2', '9007199254740993', '4294967296, 4294967296', ',', '2,,3'])(
    'of arrays are integers: (%s)',
    async (shape) => {
      const header = `{'descr': '<f8', 'fortran_order': False, 'shape': (${shape}), }`;
      const start = Buffer.from(`\x93NUMPY\x01\x00\x76\x00${header.padEnd(117)}\n`, 'latin1');
      write('b.npy', Buffer.concat([start, Buffer.alloc(32)]));
      await expect(readNpy(inFolder('b.npy'))).rejects.toMatchObject({
        code: 'FILE_UNREADABLE',
        message: expect.stringMatching(/its shape \(.*\) does not consist of integers|its header is damaged/),
      });
    },
  );
});

describe('long texts', () => {
  it('of empty lines are read line by line', async () => {
    const points = '0 0 0 0 0 1\n'.repeat(20);
    const blank = Buffer.alloc(30_000_000, '\n');
    const scan = await readScan(write('a.xyz', Buffer.concat([Buffer.from(points), blank])), {count: 100, seed: 0});
    expect(scan.cloud.positions).toHaveLength(60);
    const mesh = await readObj(write('a.obj', Buffer.concat([Buffer.from('v 0 0 0\n'), blank, Buffer.from('v 1 2 3')])));
    expect(mesh.positions).toEqual(Float64Array.of(0, 0, 0, 1, 2, 3));
  });

  it('have lines of a million characters at most, and the message says so', async () => {
    const long = `v 0 0 0\n#${'x'.repeat(3_000_000)}\n`;
    expect(() => parseObj(long, 'a.obj')).toThrow('line 2 has more than 1048576 characters');
    await expect(readObj(write('a.obj', long))).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      message: expect.stringContaining('1048576'),
    });
  });

  it('may end their lines in three ways, also where a block ends', () => {
    const row = '1 2 3 4 5 6';
    for (const end of ['\n', '\r\n', '\r']) {
      for (let shift = 0; shift < 3; shift++) {
        const rows = 1 + Math.ceil((1 << 18) / (row.length + end.length));
        const text = `${'#'.repeat(12 + shift)}${end}${`${row}${end}`.repeat(rows)}`;
        const {positions, normals} = parseXyz(text, 'a.xyz');
        expect([positions.length, normals!.length]).toEqual([3 * rows, 3 * rows]);
        expect(positions.subarray(-3)).toEqual(Float64Array.of(1, 2, 3));
      }
    }
  });

  it('of numbers in PLY are read across the parts in which they are decoded', () => {
    const count = 30_000;
    const values = Array.from({length: 3 * count}, (_, i) => i / 7);
    const header = `ply\nformat ascii 1.0\nelement vertex ${count}\nproperty double x\nproperty double y\nproperty double z\nend_header\n`;
    const mesh = parsePly(Buffer.from(header + values.join('  ')), 'a.ply');
    expect(mesh.positions).toEqual(Float64Array.from(values));
    expect(() => parsePly(Buffer.from(`${header}${'1'.repeat(200_000)}`), 'a.ply')).toThrow(/where a number should be|truncated/);
  });

  it('that are problem files have a mebibyte at most', async () => {
    const equation = `u_x = ${Array(600_000).fill('u').join('+')}`;
    const file = write('a.json', JSON.stringify({domain: 'x=0..1', equation}));
    await expect(readProblemFile(file)).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      message: expect.stringContaining('it has 1.1 MiB, and a problem file (JSON) may have 1 MiB'),
    });
  });
});

it('a frame of a JPEG is held against the bytes that are there', () => {
  const bytes = Buffer.from(encodeJpeg({width: 8, height: 8, data: Buffer.alloc(256, 99)}, 50).data);
  const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]));
  bytes.writeUInt16BE(8000, frame + 5);
  bytes.writeUInt16BE(8000, frame + 7);
  expect(() => decodeImage(bytes, 'a.jpg')).toThrow(`it has ${bytes.length} bytes for 8000 × 8000 pixels`);
});

it('a polygon of a hundred thousand corners is a fan, beyond what a call takes for arguments', () => {
  const corners = Array.from({length: 100_000}, (_, i) => 1 + (i % 3)).join(' ');
  expect(parseObj(`v 0 0 0\nv 1 0 0\nv 0 1 0\nf ${corners}\n`, 'a.obj').triangles).toHaveLength(3 * 99_998);
});

describe('places to write to', () => {
  it('are made folder by folder, and where that fails nothing is left', async () => {
    expect(await makeFolder(inFolder('a/b/c'))).toBe(inFolder('a'));
    expect(await makeFolder(inFolder('a/b/c'))).toBeUndefined();
    expect(await makeFolder(inFolder('a/d'))).toBe(inFolder('a/d'));
    await expect(makeFolder(`${inFolder('new')}/${'x'.repeat(300)}`)).rejects.toMatchObject({code: 'ENAMETOOLONG'});
    write('file', '');
    await expect(makeFolder(inFolder('file/deeper'))).rejects.toMatchObject({code: 'ENOTDIR'});
    symlinkSync(inFolder('nowhere'), inFolder('link'));
    await expect(makeFolder(inFolder('link/deeper'))).rejects.toMatchObject({code: 'EEXIST'});
    expect(existsSync(inFolder('new'))).toBe(false);
  });

  // Node's recursive mkdir never comes back from there.
  (process.platform === 'linux' ? it : it.skip)('are refused in /proc', async () => {
    await expect(makeFolder('/proc/dinf-grid/deeper')).rejects.toMatchObject({code: 'ENOENT'});
  });

  it('are tried without leaving anything', async () => {
    await checkWritable(inFolder('a.npy'));
    expect(readdirSync(folder)).toEqual([]);
    for (const file of [folder, inFolder('none/a.npy'), '/proc/a.npy', inFolder('x'.repeat(300))]) {
      await expect(checkWritable(file)).rejects.toMatchObject({code: 'FILE_UNWRITABLE'});
    }
    await checkWritable('/dev/null');
  });

  it('are inside a folder when no link leads out of it', async () => {
    mkdirSync(inFolder('in/side'), {recursive: true});
    symlinkSync(folder, inFolder('in/out'));
    symlinkSync(inFolder('in/side'), inFolder('in/loop'));
    const inside = (place: string): Promise<boolean> => isInside(inFolder('in'), path.join(inFolder('in'), place));
    expect(await Promise.all(['.', 'side', 'new/er', 'loop/x', '..x', 'side/..'].map(inside))).not.toContain(false);
    expect(await Promise.all(['..', '../inside', 'out', 'out/x', 'side/../../x', '../in2'].map(inside))).not.toContain(true);
    expect(await isInside(inFolder('in'), '/')).toBe(false);
  });
});
