/** Awkward numbers: sample counts around the width of a lane group, lattices with one-sample axes, grids smaller than a neighbourhood. */
import type {Edge} from '../../lib/pose/field';
import type {Kernel} from '../../lib/pose/kernel';
import {bspline, gaussian, hat, inverseQuadratic} from '../../lib/pose/kernel';
import {lattice, points} from '../../lib/pose/sampling';
import {BACKENDS} from './backends';
import type {Shape} from './encoder-case';
import {EncoderCase, flat} from './encoder-case';
import {generator, productPoints} from './support';

const CELLS = [[16], [8, 12], [4, 2, 6]];
const KERNEL = gaussian({epsilon: 1, rings: 3});

function randomPoints(one: EncoderCase, count: number, seed: number): number[][] {
  const random = generator(seed);
  return Array.from({length: count}, () => one.place(one.shape.cells.map(() => random())));
}

/** Sorted, so that a lattice looks like one, with both borders on an axis that has room for them. */
function axisOf(one: EncoderCase, k: number, count: number): number[] {
  const random = generator(17 * count + k);
  const unit = Array.from({length: count}, (_, i) => (count > 2 && i === 0 ? 0 : count > 2 && i === count - 1 ? 1 : random()));
  return unit.sort((a, b) => a - b).map((value) => one.place(one.shape.cells.map(() => value))[k]);
}

describe.each(BACKENDS)('shapes on $name', (backend) => {
  test.each([1, 2, 15, 16, 17, 33, 257])('%d scattered points', async (count) => {
    const failures: string[] = [];
    for (const cells of CELLS) {
      const one = new EncoderCase(
        {cells, levels: 2, kernel: KERNEL, edge: 'extend', channels: 1},
        cells.length === 3 ? 1 : 2,
        count,
      );
      const where = randomPoints(one, count, 1000 + count);
      const expected = one.expected(where);
      for (const dtype of backend.dtypes) {
        failures.push(...one.failures(await one.evaluate(backend, dtype, points(flat(where))), expected, dtype, where));
      }
    }
    expect(failures.slice(0, 20)).toEqual([]);
  });

  test.each([
    [[1]],
    [[17]],
    [[257]],
    [[1, 1]],
    [[1, 17]],
    [[16, 1]],
    [[17, 33]],
    [[1, 1, 1]],
    [[5, 1, 7]],
    [[17, 2, 1]],
    [[1, 5, 3]],
  ])('a lattice of %j', async (counts) => {
    const cells = CELLS[counts.length - 1];
    const failures: string[] = [];
    for (const edge of ['extend', 'clamp', 'periodic'] as const) {
      const one = new EncoderCase({cells, levels: 2, kernel: KERNEL, edge, channels: 3}, cells.length === 3 ? 1 : 2, 5);
      const axes = counts.map((count, k) => axisOf(one, k, count));
      const where = productPoints(axes);
      const expected = one.expected(where);
      for (const dtype of backend.dtypes) {
        failures.push(...one.failures(await one.evaluate(backend, dtype, lattice(axes)), expected, dtype, where));
      }
    }
    expect(failures.slice(0, 20)).toEqual([]);
  });

  const small: (readonly [string, Kernel, Edge, readonly number[]])[] = [];
  for (const cells of [[1], [2], [4], [1, 1], [1, 4], [2, 2], [1, 2, 1], [4, 1, 2]]) {
    for (const edge of ['extend', 'clamp', 'periodic'] as const) {
      for (const [name, kernel] of [
        ['gaussian(1, 3)', KERNEL],
        ['bspline(5)', bspline(5)],
        ['hat', hat()],
        ['inverseQuadratic', inverseQuadratic()],
      ] as const) {
        small.push([`${name}, ${edge}`, kernel, edge, cells]);
      }
    }
  }
  test.each(small)('%3$s: grid %4$j of %1$s', async (_, kernel, edge, cells) => {
    const shape: Shape = {cells, levels: 1, kernel, edge, channels: 2};
    const one = new EncoderCase(shape, 3, 9);
    const corners = productPoints(cells.map(() => [0, 1])).map((unit) => one.place(unit));
    const where = [...randomPoints(one, 5, 77), ...corners];
    const expected = one.expected(where);
    const failures: string[] = [];
    for (const dtype of backend.dtypes) {
      failures.push(...one.failures(await one.evaluate(backend, dtype, points(flat(where))), expected, dtype, where));
      const axes = cells.map((_cells, k) => axisOf(one, k, 3));
      const onLattice = productPoints(axes);
      failures.push(
        ...one.failures(await one.evaluate(backend, dtype, lattice(axes)), one.expected(onLattice), dtype, onLattice),
      );
    }
    expect(failures.slice(0, 20)).toEqual([]);
  });

  test('bounds that binary numbers cannot hold', async () => {
    const bounds = [
      [-0.3, 1.9],
      [1e-3, 7.1e-3],
      [100.1, 333.7],
    ] as const;
    const failures: string[] = [];
    for (const cells of CELLS) {
      const one = new EncoderCase({cells, levels: 2, kernel: bspline(5), edge: 'extend', channels: 1, bounds}, 4, 3);
      const faces = [0, 1 / 3, 1].map((value) => one.place(cells.map(() => value)));
      const where = [...randomPoints(one, 12, 31), ...faces];
      const expected = one.expected(where);
      for (const dtype of backend.dtypes) {
        failures.push(...one.failures(await one.evaluate(backend, dtype, points(flat(where))), expected, dtype, where));
      }
    }
    expect(failures.slice(0, 20)).toEqual([]);
  });

  // Sums over levels and neighbours must not depend on where in a set, or beside which samples, a point lies.
  test('a point has one value, whatever set it is in', async () => {
    for (const cells of CELLS) {
      const one = new EncoderCase({cells, levels: 2, kernel: KERNEL, edge: 'clamp', channels: 1}, 2, 8);
      const where = randomPoints(one, 40, 12);
      for (const dtype of backend.dtypes) {
        const forwards = await one.evaluate(backend, dtype, points(flat(where)));
        const backwards = await one.evaluate(backend, dtype, points(flat([...where].reverse())));
        const alone = await one.evaluate(backend, dtype, points(flat(where.slice(7, 8))));
        forwards[0].forEach((plane, a) => {
          expect([...backwards[0][a]].reverse()).toEqual([...plane]);
          expect(alone[0][a][0]).toBe(plane[7]);
        });
      }
    }
  });
});
