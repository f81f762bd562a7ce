import {readdirSync, readFileSync} from 'node:fs';
import * as path from 'node:path';
import type {Volume} from '../../lib/files/vti';
import {vtiParts, writeVti} from '../../lib/files/vti';
import {temporaryFolder} from '../support/temporary-folder';

const folder = temporaryFolder();

const vtiText = (volume: Volume): string => [...vtiParts(volume)].join('');

/** An array of a file as VTK reads it: by offset from the underscore, a length and then float64, x fastest. */
function arrayOf(text: string, name: string): Float64Array {
  const offset = Number(new RegExp(`Name="${name}" format="appended" offset="(\\d+)"`).exec(text)![1]);
  const start = text.indexOf('_', text.indexOf('<AppendedData')) + 1 + offset;
  const bytes = Buffer.from(/[A-Za-z0-9+/]*=*/.exec(text.slice(start))![0], 'base64');
  const length = Number(bytes.readBigUInt64LE(0));
  return Float64Array.from({length: length / 8}, (_, i) => bytes.readDoubleLE(8 + 8 * i));
}

/** Jest compares long arrays value by value. */
const bytes = (values: Float64Array): Buffer => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

describe('vti', () => {
  it('has extent, origin and spacing of the lattice, and the first coordinate fastest', () => {
    const axes = [
      {name: 't', lower: 0, upper: 2, count: 2},
      {name: 'x', lower: -1, upper: 1, count: 3},
      {name: 'y', lower: 5, upper: 6, count: 5},
    ];
    const code = (t: number, x: number, y: number): number => 100 * t + 10 * x + y;
    const u = Float64Array.from({length: 30}, (_, i) => code(Math.floor(i / 15), Math.floor(i / 5) % 3, i % 5));
    const text = vtiText({axes, arrays: {u, error: u.map((value) => -value)}});
    expect(text).toContain('WholeExtent="0 1 0 2 0 4" Origin="0 -1 5" Spacing="2 1 0.25"');
    const read = arrayOf(text, 'u');
    expect(read).toHaveLength(30);
    expect([...read.slice(0, 3), read[29]]).toEqual([code(0, 0, 0), code(1, 0, 0), code(0, 1, 0), code(1, 2, 4)]);
    expect(arrayOf(text, 'error')).toEqual(read.map((value) => -value));
  });
  it.each([1, 2])('pads %i coordinates with single layers', (dimensions) => {
    const axes = ['x', 'y'].slice(0, dimensions).map((name) => ({name, lower: 0, upper: 1, count: 3}));
    const text = vtiText({axes, arrays: {'a<b': new Float64Array(3 ** dimensions)}});
    expect(text).toContain(dimensions === 1 ? 'Extent="0 2 0 0 0 0"' : 'Extent="0 2 0 2 0 0"');
    expect(text).toContain('Name="a&lt;b"');
  });
  it('has x, y and z of the domain as its own, in whatever order, and several components', () => {
    const axes = [
      {name: 'y', lower: 0, upper: 1, count: 2},
      {name: 'x', lower: 5, upper: 7, count: 3},
    ];
    const rgb = Float64Array.from({length: 18}, (_, i) => 100 * Math.floor(i / 9) + 10 * (Math.floor(i / 3) % 3) + (i % 3));
    const text = vtiText({axes, arrays: {rgb, u: new Float64Array(6)}});
    expect(text).toContain('WholeExtent="0 2 0 1 0 0" Origin="5 0 0" Spacing="1 1 1"');
    expect(text).toContain('Name="rgb" NumberOfComponents="3"');
    expect([...arrayOf(text.replace(' NumberOfComponents="3"', ''), 'rgb')].slice(0, 12)).toEqual([
      ...[0, 1, 2, 10, 11, 12, 20, 21, 22, 100, 101, 102],
    ]);
  });
  it('encodes long arrays in parts, and a slice of one point', () => {
    const axes = [
      {name: 't', lower: 3, upper: 3, count: 1},
      {name: 'x', lower: 0, upper: 1, count: 500_000},
    ];
    const u = Float64Array.from({length: 500_000}, (_, i) => i);
    const parts = [...vtiParts({axes, arrays: {u, v: u}})];
    expect(parts.length).toBeGreaterThan(5);
    for (const name of ['u', 'v']) expect(Buffer.compare(bytes(arrayOf(parts.join(''), name)), bytes(u))).toBe(0);
  });
  it('is written whole, and refuses arrays of another size', async () => {
    const axes = [{name: 'x', lower: 0, upper: 1, count: 4}];
    const file = path.join(folder, 'a.vti');
    await expect(writeVti(file, {axes, arrays: {u: new Float64Array(5)}})).rejects.toThrow(/5 values for 4/);
    expect(readdirSync(folder)).toEqual([]);
    await writeVti(file, {axes, arrays: {u: new Float64Array(4)}});
    expect(readFileSync(file, 'utf8')).toMatch(/<\/VTKFile>\n$/);
  });
});
