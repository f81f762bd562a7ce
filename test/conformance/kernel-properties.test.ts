/** What the kernels promise, whatever computes them: partition of unity, polynomials reproduced, one answer by every path. */
import type {Kernel} from '../../lib/pose/kernel';
import {bspline, gaussian, hat, inverseMultiquadric, inverseQuadratic} from '../../lib/pose/kernel';
import {lattice, points} from '../../lib/pose/sampling';
import {BACKENDS, EPSILON} from './backends';
import {EncoderCase, flat, tolerance} from './encoder-case';
import {nodeCounts, parameterCount, ringsOf} from './reference';
import {generator, productPoints} from './support';

const KERNELS: readonly (readonly [string, Kernel])[] = [
  ['gaussian(1, 3)', gaussian()],
  ['gaussian(2, 1)', gaussian({epsilon: 2, rings: 1})],
  ['gaussian(0.6, 5)', gaussian({epsilon: 0.6, rings: 5})],
  ['hat', hat()],
  ['bspline(3)', bspline(3)],
  ['bspline(9)', bspline(9)],
  ['inverseQuadratic(1, 3)', inverseQuadratic()],
  ['inverseMultiquadric(0.7, 2)', inverseMultiquadric({epsilon: 0.7, rings: 2})],
];

function randomPoints(one: EncoderCase, count: number): number[][] {
  const random = generator(count);
  return Array.from({length: count}, () => one.place(one.shape.cells.map(() => random())));
}

/** Elementary symmetric polynomial of a degree, by the coefficients of Π (1 + k z). */
function symmetric(numbers: readonly number[], degree: number): number {
  const coefficients = [1, ...Array<number>(degree).fill(0)];
  for (const k of numbers) for (let j = degree; j > 0; j--) coefficients[j] += k * coefficients[j - 1];
  return coefficients[degree];
}
const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);

/** The coefficient of node i in the B-spline that is t^power: the polynomial's blossom at the p knots around the node. */
function blossom(degree: number, power: number, i: number): number {
  const knots = Array.from({length: degree}, (_, j) => i - (degree - 1) / 2 + j);
  return symmetric(knots, power) / choose(degree, power);
}

describe.each(BACKENDS)('kernels on $name', (backend) => {
  describe.each(['extend', 'clamp', 'periodic'] as const)('%s', (edge) => {
    test.each(KERNELS)('%s: weights sum to one, and their derivatives to nothing', async (_, kernel) => {
      for (const cells of [[7], [6, 3]]) {
        const shape = {cells, levels: 1, kernel, edge, channels: 1};
        const count = parameterCount(new EncoderCase(shape, 0).grid);
        const one = new EncoderCase(shape, 4, 1, new Float64Array(count).fill(1));
        const where = [...randomPoints(one, 30), ...productPoints(cells.map(() => [0, 1])).map((unit) => one.place(unit))];
        const magnitudes = one.expected(where).map((jet) => jet.magnitude[0]);
        for (const dtype of backend.dtypes) {
          const [planes] = await one.evaluate(backend, dtype, points(flat(where)));
          planes.forEach((plane, a) => {
            const order = one.reference.indices[a].reduce((x, y) => x + y, 0);
            plane.forEach((value, i) => {
              const error = Math.abs(value - (order === 0 ? 1 : 0));
              expect(error).toBeLessThanOrEqual(tolerance(dtype, order) * magnitudes[i][a]);
            });
          });
        }
      }
    });
  });

  test.each([1, 3, 5, 7, 9] as const)('a B-spline of degree %d is exact on polynomials of its degree', async (degree) => {
    const kernel = degree === 1 ? hat() : bspline(degree);
    const cells = [6, 4];
    const shape = {cells, levels: 1, kernel, edge: 'extend' as const, channels: 1, bounds: [[0, 6] as const, [0, 4] as const]};
    const ghosts = ringsOf(kernel) - 1;
    for (const [a, b] of [
      [0, 0],
      [1, 0],
      [0, degree],
      [degree, degree],
      [Math.min(degree, 2), degree - 1],
    ]) {
      const [rows, columns] = nodeCounts(new EncoderCase(shape, 0).grid, 0);
      const coefficients = Float64Array.from(
        {length: rows * columns},
        (_, n) => blossom(degree, a, Math.floor(n / columns) - ghosts) * blossom(degree, b, (n % columns) - ghosts),
      );
      const one = new EncoderCase(shape, 4, 1, coefficients);
      const where = randomPoints(one, 25);
      const magnitudes = one.expected(where).map((jet) => jet.magnitude[0]);
      const derivative = (power: number, k: number, t: number): number => {
        let factor = 1;
        for (let j = 0; j < k; j++) factor *= power - j;
        return factor === 0 ? 0 : factor * t ** (power - k);
      };
      const [planes] = await one.evaluate(backend, 'float64', points(flat(where)));
      planes.forEach((plane, index) => {
        const [i, j] = one.reference.indices[index];
        plane.forEach((value, n) => {
          const error = Math.abs(value - derivative(a, i, where[n][0]) * derivative(b, j, where[n][1]));
          expect(error).toBeLessThanOrEqual(1e-12 * magnitudes[n][index]);
        });
      });
    }
  });

  // The neighbourhoods of both ends are the same nodes in the same order.
  test.each(KERNELS)('%s: value and derivatives are the same bits at both ends of a periodic axis', async (_, kernel) => {
    for (const cells of [[8], [4, 2], [2, 4, 4]]) {
      const edge = cells.map((_cells, k) => (k === 1 ? ('extend' as const) : ('periodic' as const)));
      const one = new EncoderCase({cells, levels: 2, kernel, edge, channels: 1}, cells.length === 3 ? 2 : 4, 3);
      const random = generator(5);
      const along = Array.from({length: 9}, () => cells.map(() => random()));
      for (const axis of cells.keys()) {
        if (edge[axis] !== 'periodic') continue;
        const at = (end: number): number[][] => along.map((unit) => one.place(unit.map((x, k) => (k === axis ? end : x))));
        for (const dtype of backend.dtypes) {
          for (const set of [
            (end: number) => points(flat(at(end))),
            (end: number) =>
              lattice(cells.map((_cells, k) => (k === axis ? [one.place(cells.map(() => end))[k]] : at(0).map((p) => p[k])))),
          ]) {
            const [left] = await one.evaluate(backend, dtype, set(0));
            const [right] = await one.evaluate(backend, dtype, set(1));
            left.forEach((plane, a) => {
              expect([...right[a]]).toEqual([...plane]);
            });
          }
        }
      }
    }
  });

  test('second derivatives of the hat vanish exactly', async () => {
    const one = new EncoderCase({cells: [8, 4], levels: 2, kernel: hat(), edge: 'extend', channels: 1}, 4);
    const where = randomPoints(one, 33);
    for (const dtype of backend.dtypes) {
      const [planes] = await one.evaluate(backend, dtype, points(flat(where)));
      one.reference.indices.forEach((alpha, a) => {
        if (Math.max(...alpha) >= 2) expect([...planes[a]].every((value) => value === 0)).toBe(true);
        else expect([...planes[a]].some((value) => value !== 0)).toBe(true);
      });
    }
  });

  test.each(KERNELS)('%s: a lattice and its points agree to rounding', async (_, kernel) => {
    for (const cells of [[16], [8, 4], [4, 2, 4]]) {
      const one = new EncoderCase({cells, levels: 2, kernel, edge: 'clamp', channels: 1}, 2, 4);
      const random = generator(6);
      const axes = cells.map((_cells, k) =>
        Array.from({length: cells.length === 3 ? 3 : 6}, () => one.place(cells.map(() => random()))[k]),
      );
      const where = productPoints(axes);
      const magnitudes = one.expected(where).map((jet) => jet.magnitude[0]);
      for (const dtype of backend.dtypes) {
        const [onLattice] = await one.evaluate(backend, dtype, lattice(axes));
        const [atPoints] = await one.evaluate(backend, dtype, points(flat(where)));
        onLattice.forEach((plane, a) => {
          plane.forEach((value, i) => {
            const scale = magnitudes[i][a];
            expect(Math.abs(value - atPoints[a][i])).toBeLessThanOrEqual(200 * EPSILON[dtype] * scale);
          });
        });
      }
    }
  });
});
