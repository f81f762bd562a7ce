/** Every reader of files under mutated inputs: see harness.ts. */
import {createHash} from 'node:crypto';
import {readFileSync, writeFileSync} from 'node:fs';
import * as path from 'node:path';
import fc from 'fast-check';
import {encode as encodeJpeg} from 'jpeg-js';
import {adam, bspline, gauss, leastSquares, loadSolution, mlpDecoder, points, problem, rbfGrid, solve, term} from '../../lib';
import {DinfError} from '../../lib/base/errors';
import {equation} from '../../lib/equation/equation';
import {readProblemFile} from '../../lib/equation/problem-file';
import {csvPoints} from '../../lib/evaluation/csv-points';
import {npyPoints} from '../../lib/evaluation/npy-points';
import type {PointSource} from '../../lib/evaluation/source';
import {decodeImage, encodePng} from '../../lib/files/image';
import {npyBytes, npyHeader, readNpy} from '../../lib/files/npy';
import {objText, parseObj} from '../../lib/files/obj';
import {encodePly, parsePly} from '../../lib/files/ply';
import type {Safetensors, Tensor} from '../../lib/files/safetensors';
import {decodeSafetensors, encodeSafetensors} from '../../lib/files/safetensors';
import {parseXyz} from '../../lib/files/xyz';
import {decodeCheckpoint} from '../../lib/solve/checkpoint/checkpoint';
import {crc32, makePng} from '../files/make-png';
import {boxMesh} from '../mesh/shapes';
import {temporaryFolder} from '../support/temporary-folder';
import {fuzz, jsonMutations, mutations} from './harness';

const folder = temporaryFolder('folder');
/** Lets a reader that takes a path have bytes. */
const inFile = (name: string, bytes: Uint8Array): string => {
  const file = path.join(folder, name);
  writeFileSync(file, bytes);
  return file;
};
/** Tries variants of an input; it is refused when all of them are. */
const tried = async (variants: readonly Uint8Array[], attempt: (bytes: Uint8Array) => unknown): Promise<void> => {
  const refusals: DinfError[] = [];
  for (const bytes of variants) {
    try {
      await attempt(bytes);
    } catch (error) {
      if (!(error instanceof DinfError)) throw error;
      refusals.push(error);
    }
  }
  if (refusals.length === variants.length) throw refusals[0];
};
const latin = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const text = (value: string): Uint8Array => Buffer.from(value, 'latin1');

fuzz('npy', () => {
  const seed = (values: Float32Array | Float64Array, shape: number[]): Uint8Array =>
    Buffer.concat([npyHeader(shape, values instanceof Float32Array ? 'float32' : 'float64'), npyBytes(values)]);
  const domain = ['x', 'y'].map((name) => ({name, lower: 0, upper: 1}));
  return {
    seeds: [
      seed(Float64Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6), [3, 2]),
      seed(Float32Array.of(0.5, 0.25, 0, 1), [2, 2]),
      seed(new Float64Array(1), []),
      seed(new Float64Array(0), [0, 7]),
    ],
    words: ["'shape': ", "'descr': ", "'<f4'", "'<f8'", 'True', 'False', '(1,)', '(0, 2)', "'fortran_order': "],
    attempt: async (bytes) => {
      const file = inFile('a.npy', bytes);
      const {data, shape} = await readNpy(file);
      if (shape.reduce((product, extent) => product * extent, 1) !== data.length) throw new Error(`shape ${shape.join()}`);
      if (shape.length === 2 && shape[0] > 0 && shape[1] === 2) await drained(await npyPoints(file, domain));
    },
  };
});

fuzz('csv', () => ({
  seeds: ['x,y\n0.1,0.2\n0.3,0.4\n', '# made up\n0.5;0.25\n1;1e-3\n', 'y\tname\tx\n1\t"a, b"\t0\n', '0 1\n 0.5   0.25\r\n'].map(
    text,
  ),
  words: ['x', 'y', ',', ';', '\t', '"', '""', '\r\n', '\ufeff', '#', ' '],
  attempt: async (bytes) => drained(await csvPoints(inFile('a.csv', bytes), ['x', 'y'])),
}));

async function drained(source: PointSource): Promise<void> {
  for await (const batch of source.batches()) {
    if (batch.points.length !== 2 * batch.count || !batch.points.every(Number.isFinite)) throw new Error('a point is missing');
  }
}

fuzz('xyz', () => ({
  seeds: ['0 0 0 0 0 1\n1 2 3 1 0 0\n', 'x,y,z,nx,ny,nz\n# made up\n1,2,3,0,1,0\r\n', '1;2;3;nan;0;1', '1 2 3\n4 5 6\n'].map(
    text,
  ),
  words: ['nan', '#', ',', ';', '\t', '\r', '0x10', 'Infinity'],
  attempt: (bytes) => {
    const {positions, normals} = parseXyz(latin(bytes), 'a.xyz');
    if (positions.length % 3 !== 0 || (normals ?? positions).length !== positions.length) throw new Error('a number is missing');
  },
}));

const box = boxMesh([1, 1, 1]);
const checkMesh = ({positions, triangles}: ReturnType<typeof parsePly>): void => {
  if (triangles.some((vertex) => 3 * vertex >= positions.length)) throw new Error('a triangle has no vertex');
};

fuzz('ply', () => {
  const lists =
    'ply\nformat ascii 1.0\nelement extra 2\nproperty list uchar float w\nelement vertex 4\nproperty list int int w\n' +
    'property float z\nproperty double x\nproperty uchar y\nelement face 1\nproperty list uchar int vertex_index\nend_header\n' +
    '0\n2 1 1\n0 0 0 0\n1 5 0 1 0\n0 0 1 1\n0 0 0 1\n4 0 1 2 3\n';
  const big =
    'ply\r\nformat binary_big_endian 1.0\r\nelement vertex 1\r\nproperty char x\r\nproperty short y\r\nproperty ushort z\r\nend_header\r\n\x01\x00\x02\x00\x03';
  const normals = new Float64Array(box.positions.length).fill(Math.SQRT1_2);
  return {
    seeds: [
      encodePly(box),
      encodePly({...box, normals}, {double: true}),
      encodePly({...box, normals}, {format: 'ascii'}),
      text(lists),
      text(big),
    ],
    words: [
      'element vertex ',
      'element face ',
      'property list ',
      'property ',
      'uchar ',
      'int ',
      'float ',
      'double ',
      'end_header\n',
    ],
    attempt: (bytes) => checkMesh(parsePly(bytes, 'a.ply')),
  };
});

fuzz('obj', () => ({
  seeds: [text(objText(box)), text('v 0 0 0\nv 1 0 0 1\nv 0 1 0\nvt 0 0\nvn 0 0 1\nf 1/1/1 2//1 -1\nusemtl a\ng b\nf 1 2 3 1\n')],
  words: ['v ', 'vn ', 'f ', '/', '//', '-1', '\r\n', '#'],
  attempt: (bytes) => checkMesh(parseObj(latin(bytes), 'a.obj')),
}));

fuzz('png', () => {
  const pixels = Float64Array.from({length: 48}, (_, i) => (i % 7) / 7);
  const rows = Array.from({length: 5}, (_, row) => [row, 0b1010_0101, row]).flat();
  return {
    seeds: [
      encodePng({width: 4, height: 4, channels: 3, data: pixels}),
      encodePng({width: 6, height: 8, channels: 1, data: pixels}, {bitDepth: 16}),
      makePng({width: 15, height: 5, depth: 1, colorType: 0, transparency: [0, 1], rows}),
      makePng({
        width: 8,
        height: 5,
        depth: 2,
        colorType: 3,
        palette: [0, 0, 0, 9, 9, 9, 5, 6, 7, 1, 2, 3],
        transparency: [9],
        rows,
      }),
    ],
    words: ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND', 'eXIf', 'aaaa'],
    // As they are, and with the checksums of a careful attacker.
    attempt: (bytes) => tried([bytes, withChecksums(bytes)], checkedImage),
  };
});

fuzz('jpeg', () => {
  const seed = (width: number, height: number): Uint8Array => {
    const data = Buffer.from(Array.from({length: 4 * width * height}, (_, i) => (37 * i) % 256));
    return encodeJpeg({width, height, data}, 60).data;
  };
  return {
    seeds: [seed(8, 8), seed(24, 17)],
    words: ['\u00ff\u00d8', '\u00ff\u00c4', '\u00ff\u00da', '\u00ff\u00c2', '\u00ff\u00dd', '\u00ff\u00e1', 'Exif\0\0'],
    attempt: checkedImage,
  };
});

function checkedImage(bytes: Uint8Array): void {
  const {width, height, channels, data} = decodeImage(bytes, 'a.png', {maxPixels: 1 << 20});
  if (data.length !== width * height * channels || !data.every((value) => value >= 0 && value <= 1)) throw new Error('no pixels');
}

/** A PNG with the checksum of each part set right. */
function withChecksums(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  for (let at = 8; at + 12 <= copy.length;) {
    const end = at + 8 + copy.readUInt32BE(at);
    if (end + 4 > copy.length) break;
    copy.writeUInt32BE(crc32(copy.subarray(at + 4, end)), end);
    at = end + 4;
  }
  return copy;
}

/** The length of what a safetensors file holds after its header. */
const dataLength = (bytes: Uint8Array): number => bytes.length - 8 - Number(Buffer.from(bytes).readBigUInt64LE());

/** An input as an attacker makes it who can count: with the right digest, and with the header as long as its text has become. */
function careful(bytes: Uint8Array, dataLengths: readonly number[]): Uint8Array[] {
  const start = 8 + '{"__metadata__":{"sha256":"'.length;
  const end = start + 64;
  if (bytes.length < end) return [bytes];
  return [undefined, ...dataLengths].map((data) => {
    const copy = Buffer.from(bytes);
    if (data !== undefined) copy.writeBigInt64LE(BigInt(bytes.length - 8 - data));
    const hash = createHash('sha256').update(copy.subarray(0, start)).update('0'.repeat(64)).update(copy.subarray(end));
    copy.write(hash.digest('hex'), start, 'latin1');
    return copy;
  });
}

fuzz('safetensors', () => {
  const seed = encodeSafetensors({
    tensors: new Map<string, Tensor>([
      ['a', {shape: [2, 2], values: Float32Array.of(1, 2, 3, 4)}],
      ['b', {shape: [], values: Float64Array.of(5)}],
      ['c', {shape: [0, 3], values: new Float64Array()}],
    ]),
    metadata: {format: 'x', origin: ''},
  });
  return {
    seeds: [seed],
    words: [
      '"__metadata__":{',
      '"shape":[',
      '"data_offsets":[',
      '"dtype":"F32"',
      '"F64"',
      '"BF16"',
      '"__proto__":',
      '{}',
      'null',
    ],
    attempt: (bytes) =>
      tried(careful(bytes, [dataLength(seed)]), (given) => {
        for (const {shape, values} of decodeSafetensors(given, 'a.safetensors').tensors.values()) {
          if (shape.reduce((product, extent) => product * extent, 1) !== values.length) throw new Error(`shape ${shape.join()}`);
        }
      }),
  };
});

fuzz('checkpoint', async () => {
  const line = problem({
    domain: {x: [0, 1]},
    unknowns: ['u'],
    field: rbfGrid({resolution: 2, kernel: bspline(3)}),
    terms: [term(gauss(2), 'u = x')],
  });
  const plane = problem({
    domain: {x: [0, 1], y: [0, 1]},
    unknowns: ['u'],
    field: rbfGrid({resolution: 2}),
    decoder: mlpDecoder({hidden: [2]}),
    uniforms: {a: 2},
    scalars: {c: 1},
    lift: {u: 'x*u'},
    terms: [term(points([0.5, 0.5, 0.25, 1]), 'a*u = c*f', {data: {f: Float64Array.of(1, 2)}})],
  });
  const saved: Safetensors[] = [];
  for (const [posed, optimizer] of [
    [line, leastSquares({iterations: 3})],
    [plane, adam({iterations: 3})],
  ] as const) {
    using solution = await solve<string>(posed, {device: 'cpu', threads: 1, optimizer});
    const file = path.join(folder, 'field.safetensors');
    await solution.save(file);
    saved.push(decodeSafetensors(readFileSync(file), file));
  }
  // Bytes are left to the fuzzer of the container: here it is whole, and the texts and arrays in it are others.
  const plain = saved.map(({tensors, metadata}) => ({
    shapes: Object.fromEntries([...tensors].map(([name, {shape}]) => [name, shape])),
    metadata: {...metadata, problem: JSON.parse(metadata.problem) as unknown, state: JSON.parse(metadata.state) as unknown},
  }));
  const encoded = (value: unknown, index: number): Uint8Array => {
    const {shapes = {}, metadata = {}} = (value ?? {}) as {shapes?: Record<string, unknown>; metadata?: Record<string, unknown>};
    const tensors = [...saved[index].tensors].filter(([name]) => Object.hasOwn(Object(shapes) as object, name));
    return encodeSafetensors({
      tensors: new Map(tensors.map(([name, {values}]) => [name, {values, shape: shapes[name] as number[]}])),
      metadata: Object.fromEntries(
        Object.entries(Object(metadata) as object).map(([name, part]) => [
          name,
          typeof part === 'string' ? part : JSON.stringify(part),
        ]),
      ),
    });
  };
  return {
    seeds: plain.map(encoded),
    inputs: fc.nat({max: saved.length - 1}).chain((index) => jsonMutations([plain[index]]).map((value) => encoded(value, index))),
    attempt: async (bytes) => {
      const checkpoint = decodeCheckpoint(bytes, 'a.safetensors');
      if (!checkpoint.parameters.every(Number.isFinite)) throw new Error('no field');
      using solution = await loadSolution(checkpoint, {device: 'cpu', threads: 1});
      await solution.evaluate(Float64Array.from(checkpoint.problem.spec.domain, ({lower}) => lower));
    },
  };
});

fuzz('problem-file', () => {
  const problems = [
    {
      equation: 'u_t = a*u_xx',
      uniform: {a: 0.2},
      domain: {t: [0, '2*pi'], x: [0, 1]},
      where: ['t=0: u=sin(pi*x)', 'x=0: u=0'],
      exact: 'x',
    },
    {
      equation: ['u_xx = v', 'v_xx = 1'],
      domain: 'x=0..1',
      unknowns: 'u, v',
      constraints: 'soft',
      boundaryWeight: 10,
      periodic: ['x'],
      preset: 'paper',
      kernel: 'gaussian:1',
      edge: ['clamp'],
      decoder: 'mlp',
      optimizer: 'adam,adam',
      iterations: [10, 20],
      dtype: 'float64',
      seed: 3,
      out: 'a/b',
    },
  ];
  const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
  const seeds = problems.map(bytesOf);
  const words = [
    '"equation":',
    '"domain":',
    '"out":',
    '"__proto__":',
    '"constructor":',
    '[[[[[[[[',
    '{}',
    'null',
    '"../x"',
    '"/"',
  ];
  return {
    seeds,
    inputs: fc.oneof(jsonMutations(problems).map(bytesOf), mutations(seeds, words)),
    attempt: async (bytes) => {
      const {out, problem: given} = await readProblemFile(inFile('a.json', bytes));
      if (out !== undefined && path.relative('.', out).startsWith('..')) throw new Error(`out is ${out}`);
      await equation(given);
    },
  };
});
