import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import * as path from 'node:path';
import {imageOutputs} from '../../lib/cases/lattice-outputs';
import {decodeImage, encodePng, writePng} from '../../lib/files/image';
import {parse} from '../../lib/expression/parse';
import {equationsOf, writeOutputs} from '../../lib/report/write-outputs';
import {UNASKED} from '../../lib/solve/error-estimate';
import type {Solution} from '../../lib/solve/solution';

jest.mock('../../lib/files/image', () => {
  const actual = jest.requireActual<{encodePng: typeof encodePng; writePng: typeof writePng}>('../../lib/files/image');
  return {...actual, encodePng: jest.fn(actual.encodePng), writePng: jest.fn(actual.writePng)};
});

const term = (loss: 'square' | 'identity') => {
  const expression = parse('u_x - x', {coordinates: ['x'], unknowns: ['u']});
  const equation = {text: 'u_x - x', sides: [expression] as const, residual: expression, lifted: expression};
  return {name: 'slope', loss, equations: [equation]} as never;
};

const solution = {
  seconds: 1,
  iterations: 2,
  stopReason: 'iterations',
  loss: 0.5,
  unknowns: 3,
  device: 'cpu',
  dtype: 'float32',
  seed: 7,
  errorEstimate: UNASKED,
  losses: {iteration: [0, 1], loss: [1, 0.5]},
  problem: {spec: {terms: [term('square')]}},
} as unknown as Solution;

it('encodes a picture once and uses the bytes for the file and for the report', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'dinf-outputs-'));
  try {
    const written: string[] = [];
    await writeOutputs(
      {
        write: async (name, write) => {
          await write(path.join(folder, name));
          written.push(name);
        },
      },
      solution,
      {
        metrics: {psnr: 30},
        hints: {psnr: 'dB'},
        pictures: [{name: 'u', title: 'U', picture: {width: 1, height: 1, channels: 1, data: Uint8Array.of(9)}}],
        arrays: [{name: 'u', values: Float64Array.of(1, 2), shape: [2]}],
      },
      {name: 'one', headline: 'a problem', settings: {cells: 4}, notes: ['slow'], command: 'again'},
    );
    expect(encodePng).toHaveBeenCalledTimes(1);
    expect(writePng).not.toHaveBeenCalled();
    expect(written).toEqual(['u.png', 'u.npy', 'losses.csv', 'report.html']);
    expect(readFileSync(path.join(folder, 'losses.csv'), 'utf8')).toBe('iteration,loss\r\n0,1\r\n1,0.5\r\n');
    const report = readFileSync(path.join(folder, 'report.html'), 'utf8');
    expect(report).toContain(readFileSync(path.join(folder, 'u.png')).toString('base64'));
    for (const text of ['dinf-grid: one', 'a problem', 'dB', 'cells: 4', 'seed: 7', 'slow', 'again', 'slope (square)', '<math'])
      expect(report).toContain(text);
  } finally {
    rmSync(folder, {recursive: true});
  }
});

it('writes an image in its own size and bits, and shows the picture that was made of it', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'dinf-outputs-'));
  try {
    const image = {width: 3, height: 1, channels: 1, data: Float64Array.of(0, 1 / 65535, 1), bitDepth: 16} as const;
    const picture = {width: 1, height: 1, channels: 1, data: Uint8Array.of(9)} as const;
    await writeOutputs(
      {write: (name, write) => write(path.join(folder, name))},
      solution,
      {metrics: {}, pictures: [{name: 'u', title: 'U', picture, image}], arrays: []},
      {name: 'one', headline: 'a problem', settings: {}, notes: []},
    );
    const written = decodeImage(readFileSync(path.join(folder, 'u.png')), 'u.png');
    expect(written).toEqual(image);
    const report = readFileSync(path.join(folder, 'report.html'), 'utf8');
    expect(report).toContain(Buffer.from(encodePng(picture)).toString('base64'));
    expect(report).not.toContain(readFileSync(path.join(folder, 'u.png')).toString('base64'));
  } finally {
    rmSync(folder, {recursive: true});
  }
});

it('leaves out copies of a large image, in float32 what is left, and says so', () => {
  const side = 2048;
  const values = new Float64Array(2 * side * side).fill(0.5);
  const truth = {width: side, height: 2 * side, channels: 1, data: values} as const;
  const axes = [
    {name: 'y', lower: 0, upper: 1, count: 2 * side},
    {name: 'x', lower: 0, upper: 1, count: side},
  ];
  const {arrays, volumes, notes} = imageOutputs(axes, 'fit', values, truth);
  expect(arrays).toHaveLength(1);
  expect(arrays[0].values).toBeInstanceOf(Float32Array);
  expect(arrays[0].shape).toEqual([2 * side, side]);
  expect(volumes).toEqual([]);
  expect(notes[0]).toMatch(/^the image is large \(8,388,608 values\): fit\.npy is in float32/);
});

it('says that a residual is 0, and of an energy nothing', () => {
  expect(equationsOf({terms: [term('square')]})[0].math).toContain('<mo>=</mo><mn>0</mn>');
  expect(equationsOf({terms: [term('identity')]})[0].math).not.toContain('<mn>0</mn>');
});
