/** Derivatives of every order to 4 against the reference: all kernels, dimensions, edges and levels, scattered and on lattices. */
import type {Edge} from '../../lib/pose/field';
import type {Kernel} from '../../lib/pose/kernel';
import {bspline, gaussian, hat, inverseMultiquadric, inverseQuadratic} from '../../lib/pose/kernel';
import {lattice, points} from '../../lib/pose/sampling';
import {ALL_BACKENDS} from './backends';
import {EncoderCase, flat} from './encoder-case';
import {generator, productPoints} from './support';

const KERNELS: readonly (readonly [string, Kernel])[] = [
  ['gaussian(1, 3)', gaussian({epsilon: 1, rings: 3})],
  ['gaussian(1, 2)', gaussian({epsilon: 1, rings: 2})],
  ['gaussian(2, 1)', gaussian({epsilon: 2, rings: 1})],
  ['gaussian(0.7, 4)', gaussian({epsilon: 0.7, rings: 4})],
  ['gaussian(0.6, 5)', gaussian({epsilon: 0.6, rings: 5})],
  ['hat', hat()],
  ['bspline(3)', bspline(3)],
  ['bspline(5)', bspline(5)],
  ['bspline(7)', bspline(7)],
  ['bspline(9)', bspline(9)],
  ['inverseQuadratic(1, 3)', inverseQuadratic()],
  ['inverseQuadratic(0.5, 2)', inverseQuadratic({epsilon: 0.5, rings: 2})],
  ['inverseMultiquadric(1, 3)', inverseMultiquadric()],
  ['inverseMultiquadric(2, 1)', inverseMultiquadric({epsilon: 2, rings: 1})],
];
/** By dimension: all axes alike, and mixed; in three dimensions each edge once on each axis. */
const EDGES: readonly (readonly (readonly Edge[])[])[] = [
  [['extend'], ['clamp'], ['periodic']],
  [
    ['extend', 'extend'],
    ['clamp', 'clamp'],
    ['periodic', 'periodic'],
    ['periodic', 'extend'],
    ['clamp', 'periodic'],
  ],
  [
    ['periodic', 'clamp', 'extend'],
    ['extend', 'periodic', 'clamp'],
    ['clamp', 'extend', 'periodic'],
  ],
];
/** Finest cells by dimension: not square, and coarse enough at the last level that a neighbourhood is larger than the grid. */
const CELLS = [[16], [16, 8], [12, 4, 8]];
/** Scattered points by dimension, few where the reference visits 2ρ cubed neighbours. */
const SCATTERED = [20, 10, 4];
/** A lattice by dimension, in units of the domain: faces, borders and positions between. */
const LATTICE = [
  [[0, 1 / 16, 0.09, 0.4375, 0.51, 0.999, 1]],
  [
    [0, 0.03, 0.25, 0.77, 1],
    [0, 0.125, 0.6, 1],
  ],
  [[0, 0.25, 0.9], [0.5, 1], [0.55]],
];

const cases = KERNELS.flatMap(([name, kernel]) =>
  CELLS.flatMap((cells, d) => EDGES[d].map((edge) => [`${name}, ${d + 1}-D, ${edge.join(' ')}`, {kernel, cells, edge}] as const)),
);

/** Random, on faces of cells along some axes, and on the border along some. */
function unitPoints(cells: readonly number[], count: number): number[][] {
  const random = generator(count);
  return Array.from({length: count}, (_, i) =>
    cells.map((n) => {
      const kind = i % 3 === 0 ? 0 : Math.floor(random() * 3);
      // Not near the middle of a cell: there a kernel of two nodes has its inflection, all second derivatives of its weights vanish
      // together, and no error is small relative to nothing.
      if (kind === 0) return (Math.floor(random() * n) + 0.5 + (random() < 0.5 ? 1 : -1) * (0.02 + 0.48 * random())) / n;
      return kind === 1 ? Math.floor(random() * (n + 1)) / n : Math.round(random());
    }),
  );
}

// All backends in one test: the reference takes most of its time.
describe(`encoder on ${ALL_BACKENDS.map(({name}) => name).join(' and ')}`, () => {
  test.each(cases)('%s', async (_, {kernel, cells, edge}) => {
    const failures: string[] = [];
    for (const levels of cells.length === 3 ? [2] : [1, 3]) {
      const one = new EncoderCase({cells, levels, kernel, edge, channels: 2}, 4, levels);
      const axes = LATTICE[cells.length - 1].map((axis, k) => axis.map((value) => one.place(cells.map(() => value))[k]));
      const onLattice = productPoints(axes);
      const scattered = [...unitPoints(cells, SCATTERED[cells.length - 1]).map((unit) => one.place(unit)), ...onLattice];
      const expected = one.expected(scattered);
      const expectedOnLattice = expected.slice(scattered.length - onLattice.length);
      for (const backend of ALL_BACKENDS)
        for (const dtype of backend.dtypes) {
          const where = `${backend.name}, levels ${levels}`;
          const atPoints = await one.evaluate(backend, dtype, points(flat(scattered)));
          failures.push(...one.failures(atPoints, expected, dtype, scattered).map((text) => `${where}, points: ${text}`));
          const product = await one.evaluate(backend, dtype, lattice(axes));
          failures.push(
            ...one.failures(product, expectedOnLattice, dtype, onLattice).map((text) => `${where}, lattice: ${text}`),
          );
        }
    }
    expect(failures.slice(0, 20)).toEqual([]);
  });
});
