/** What a program reads of a sample: its coordinates and its data, in the caller's order, on sets of every size and shape. */
import {rbfGrid} from '../../lib/pose/field';
import {hat} from '../../lib/pose/kernel';
import {problem} from '../../lib/pose/problem';
import {term} from '../../lib/pose/term';
import type {Samples} from '../../lib/pose/sampling';
import {lattice, linspace, points} from '../../lib/pose/sampling';
import {BACKENDS} from './backends';
import {withSession} from './backends';
import {productPoints, randomVector} from './support';

const scattered = (count: number, dims: number): Samples =>
  points(randomVector(count * dims, count).map((value) => (value + 1) / 2));
const tensor = (counts: readonly number[]): Samples => lattice(counts.map((count) => linspace(0.1, 0.9, count)));

/** Sizes at which bands are one, several, of equal length and of different lengths. */
const SETS: readonly (readonly [string, number, Samples])[] = [
  ...[1, 17, 511, 512, 1100, 3000, 5003].map((count) => [`${count} points`, 2, scattered(count, 2)] as const),
  ['700 points in 1-D', 1, scattered(700, 1)],
  ['1300 points in 3-D', 3, scattered(1300, 3)],
  ...[[1], [16], [256], [300], [4099]].map((counts) => [`lattice ${counts.join('×')}`, 1, tensor(counts)] as const),
  ...[
    [17, 33],
    [300, 2],
    [512, 3],
    [1, 40],
  ].map((counts) => [`lattice ${counts.join('×')}`, 2, tensor(counts)] as const),
  ...[
    [5, 1, 7],
    [290, 2, 2],
  ].map((counts) => [`lattice ${counts.join('×')}`, 3, tensor(counts)] as const),
];

const coordinatesOf = (samples: Samples, dims: number): number[][] => {
  if (samples.kind === 'tensor') return productPoints(samples.axes.map((axis) => [...axis]));
  if (samples.kind !== 'points') throw new Error('points or a lattice');
  const flat = [...samples.points];
  return Array.from({length: flat.length / dims}, (_, i) => flat.slice(i * dims, (i + 1) * dims));
};

describe.each(BACKENDS)('inputs on $name', (backend) => {
  const cases = SETS.flatMap(([name, dims, samples]) => backend.dtypes.map((dtype) => ({name, dims, samples, dtype})));

  test.each(cases)('coordinates and data of $name, $dtype', async ({dims, samples, dtype}) => {
    const names = ['x', 'y', 'z'].slice(0, dims);
    const given = problem({
      domain: Object.fromEntries(names.map((name) => [name, [0, 1] as const])),
      unknowns: ['u'],
      field: rbfGrid({resolution: 2, kernel: hat()}),
      terms: [term(points(names.map(() => 0.5)), 'u')],
    });
    const where = coordinatesOf(samples, dims);
    const data = randomVector(where.length, 3);
    const values = await withSession(backend, given, {dtype}, (session) => session.evaluate([...names, 'g'], samples, {g: data}));
    const wrong: string[] = [];
    where.forEach((point, i) => {
      point.forEach((value, k) => {
        const error = Math.abs(values[k][i] - value);
        if (error > (dtype === 'float64' ? 1e-15 : 1e-7))
          wrong.push(`${names[k]} of sample ${i} reads ${values[k][i]} for ${value}`);
      });
      if (values[dims][i] !== data[i]) wrong.push(`data of sample ${i} reads ${values[dims][i]} for ${data[i]}`);
    });
    expect(wrong.slice(0, 5)).toEqual([]);
  });
});
