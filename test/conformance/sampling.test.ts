/** Where drawn samples fall, and what they are worth. */
import {rbfGrid} from '../../lib/pose/field';
import {hat} from '../../lib/pose/kernel';
import type {Problem} from '../../lib/pose/problem';
import {problem} from '../../lib/pose/problem';
import {term} from '../../lib/pose/term';
import type {Samples} from '../../lib/pose/sampling';
import {gauss, lattice, linspace, points, stratified} from '../../lib/pose/sampling';
import type {Session} from '../../lib/solve/session';
import type {Backend, SessionOptions} from './backends';
import {BACKENDS, withSession} from './backends';
import {randomVector} from './support';

const LOW = 1;
const AXES = ['x', 'y', 'z'] as const;

/** Rows that are the samples' own coordinates: the field is zero. */
function probe(samples: readonly Samples[], dims: number, resolution = 4): Problem {
  return problem({
    domain: Object.fromEntries(AXES.slice(0, dims).map((name) => [name, [LOW, LOW + 1] as const])),
    unknowns: ['u'],
    field: rbfGrid({resolution, kernel: hat(), initialScale: 0}),
    terms: samples.map((set) => term(set, [...AXES.slice(0, dims).map((name) => `u + ${name}`), 'u + 1'])),
  });
}

/** Unit coordinates of the one set's samples in the backend's order; padding, which weighs nothing, left out. */
async function coordinates(session: Session, dims: number): Promise<number[][]> {
  const {parameters} = await session.state();
  await session.setParameters(new Float64Array(parameters));
  const rows = await session.linearise();
  const padded = rows.length / (dims + 1);
  const all: number[][] = [];
  for (let i = 0; i < padded; i++) {
    const weight = rows[dims * padded + i];
    if (weight !== 0) all.push(Array.from({length: dims}, (_, k) => rows[k * padded + i] / weight - LOW));
  }
  return all;
}

const weightsOf = (
  backend: Backend,
  given: Problem,
  iteration: number,
  which: number,
  options: SessionOptions = {},
): Promise<number[]> =>
  withSession(backend, given, options, async (session) => {
    await session.draw(iteration);
    return [...(await session.sampleWeights(which))];
  });

describe.each(BACKENDS)('sampling on $name', (backend) => {
  test.each([[[37]], [[1]], [[16, 16]], [[40, 20]], [[3, 1, 5]], [[9, 8, 7]]])(
    'stratified %j: one sample in each box',
    async (boxes) => {
      const dims = boxes.length;
      const total = boxes.reduce((a, b) => a * b, 1);
      await withSession(backend, probe([stratified(boxes)], dims), {}, async (session) => {
        const seen: string[] = [];
        for (const iteration of [0, 1, 99]) {
          await session.draw(iteration);
          const where = await coordinates(session, dims);
          const hit = new Set(where.map((point) => point.map((x, k) => Math.floor(x * boxes[k])).join()));
          expect(where).toHaveLength(total);
          expect(hit.size).toBe(total);
          for (const value of where.flat()) expect(value > 0 && value < 1).toBe(true);
          seen.push(JSON.stringify(where));
          expect(await session.sampleWeights(0)).toEqual(new Float64Array(total).fill(1 / total));
        }
        expect(new Set(seen).size).toBe(3);
      });
    },
  );

  test('stratified samples are uniform in their boxes', async () => {
    const boxes = [30, 30];
    await withSession(backend, probe([stratified(boxes)], 2), {}, async (session) => {
      const inBox: number[][] = [];
      for (let iteration = 0; iteration < 4; iteration++) {
        await session.draw(iteration);
        inBox.push(...(await coordinates(session, 2)).map((point) => point.map((x) => x * 30 - Math.floor(x * 30))));
      }
      const n = inBox.length;
      const mean = (f: (point: number[]) => number): number => inBox.reduce((sum, point) => sum + f(point), 0) / n;
      // Standard deviations of these means: 0.289, 0.0745 and 0.0833 over √3600.
      for (const k of [0, 1]) {
        expect(Math.abs(mean((point) => point[k]) - 1 / 2)).toBeLessThan((4 * 0.289) / Math.sqrt(n));
        expect(Math.abs(mean((point) => (point[k] - 0.5) ** 2) - 1 / 12)).toBeLessThan((4 * 0.0745) / Math.sqrt(n));
      }
      expect(Math.abs(mean((point) => (point[0] - 0.5) * (point[1] - 0.5)))).toBeLessThan((4 * 0.0833) / Math.sqrt(n));
    });
  });

  const drawn: readonly (readonly [string, (draws: number) => Samples])[] = [
    [
      'points',
      (draws) =>
        points(
          randomVector(200, 1).map((value) => LOW + (value + 1) / 2),
          {draws},
        ),
    ],
    ['lattice', (draws) => lattice([linspace(LOW, LOW + 1, 20), linspace(LOW, LOW + 1, 5)], {draws})],
  ];
  test.each(drawn)('draws from %s: weights are multinomial counts', async (_, make) => {
    const draws = 1000;
    const n = 100;
    await withSession(backend, probe([make(draws)], 2), {}, async (session) => {
      let squares = 0;
      const counts = new Float64Array(n);
      const iterations = 30;
      for (let iteration = 0; iteration < iterations; iteration++) {
        await session.draw(iteration);
        const weights = await session.sampleWeights(0);
        expect(weights).toHaveLength(n);
        expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
        weights.forEach((weight, i) => {
          const count = weight * draws;
          expect(Math.abs(count - Math.round(count))).toBeLessThan(1e-9);
          counts[i] += count;
          squares += (count - draws / n) ** 2;
        });
      }
      // Multinomial: variance m/n (1 − 1/n) a cell; χ² over iterations and, for the sums, over cells.
      const variance = (draws / n) * (1 - 1 / n);
      const ratio = squares / (iterations * n * variance);
      expect(Math.abs(ratio - 1)).toBeLessThan(4 * Math.sqrt(2 / (iterations * (n - 1))));
      const spread =
        counts.reduce((sum, count) => sum + (count - (iterations * draws) / n) ** 2, 0) / (n * iterations * variance);
      expect(Math.abs(spread - 1)).toBeLessThan(4 * Math.sqrt(2 / (n - 1)));
    });
  });

  test('many more draws than a block of random numbers still sum to one', async () => {
    const weights = await weightsOf(backend, probe([points([LOW, LOW + 0.5, LOW + 1], {draws: 100003})], 1), 3, 0);
    expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    for (const weight of weights) expect(Math.abs(weight - 1 / 3)).toBeLessThan((4 * Math.sqrt(2 / 9)) / Math.sqrt(100003));
  });

  test.each(drawn)('draws from %s depend on seed, term and iteration alone', async (_, make) => {
    const given = probe([make(500), make(500)], 2);
    const base = await weightsOf(backend, given, 5, 0);
    expect(await weightsOf(backend, given, 5, 0, {threads: 4, dtype: 'float32'})).toEqual(base);
    // Not on what else the problem holds, nor on the grid that decides in which order samples are kept.
    expect(await weightsOf(backend, probe([make(500)], 2, 13), 5, 0)).toEqual(base);
    expect(await weightsOf(backend, given, 6, 0)).not.toEqual(base);
    expect(await weightsOf(backend, given, 5, 1)).not.toEqual(base);
    expect(await weightsOf(backend, given, 5, 0, {seed: 2})).not.toEqual(base);
    // Not on the draws before it.
    const after = await withSession(backend, given, {}, async (session) => {
      for (const iteration of [9, 2, 5]) await session.draw(iteration);
      return [...(await session.sampleWeights(0))];
    });
    expect(after).toEqual(base);
  });

  test('draws choose samples by their place in the set, not by where they lie', async () => {
    const at = randomVector(200, 4).map((value) => LOW + (value + 1) / 2);
    const base = await weightsOf(backend, probe([points(at, {draws: 700})], 2), 1, 0);
    expect(await weightsOf(backend, probe([points([...at].reverse(), {draws: 700})], 2), 1, 0)).toEqual(base);
  });
});

describe('Gauss points over uneven cells', () => {
  const integral = (samples: Samples, integrand: string): Promise<number> =>
    withSession(
      BACKENDS[0],
      problem({
        domain: {x: [-1, 3], y: [0, 2]},
        unknowns: ['u'],
        field: rbfGrid({resolution: 2, kernel: hat(), initialScale: 0}),
        scalars: {c: 1},
        terms: [term(samples, `c*(${integrand})`, {loss: 'identity'})],
      }),
      {},
      (session) => session.loss(),
    );

  test('are exact for polynomials, on all of the domain or a part', async () => {
    const breaks = [
      [-1, -0.9, 0.5, 3],
      [0, 1.7, 2],
    ];
    // ∫∫ x³y⁵ = (81 − 1)/4 · 64/6, and over [0, 1]² 1/24.
    expect(await integral(gauss(3, {breaks}), 'x^3*y^5')).toBeCloseTo((20 * 64) / 6, 9);
    expect(await integral(gauss(3), 'x^3*y^5')).toBeCloseTo((20 * 64) / 6, 9);
    expect(
      await integral(
        gauss(3, {
          breaks: [
            [0, 1],
            [0, 0.3, 1],
          ],
        }),
        'x^3*y^5',
      ),
    ).toBeCloseTo(1 / 24, 12);
  });

  test('are refused where the cells are none', async () => {
    expect(() => gauss(2, {breaks: [[0, 1, 1]]})).toThrow('breaks[0] must rise, and 1 is followed by 1');
    expect(() => gauss(2, {breaks: [[0, 1], [3]]})).toThrow('breaks[1] has 1 values');
    expect(() => gauss(2, {breaks: [[0, NaN]]})).toThrow('breaks[0][1] is NaN');
    await expect(async () => integral(gauss(2, {breaks: [[0, 1]]}), '1')).rejects.toThrow(
      '1 counts on a domain of 2 coordinates',
    );
    await expect(async () =>
      integral(
        gauss(2, {
          breaks: [
            [0, 4],
            [0, 1],
          ],
        }),
        '1',
      ),
    ).rejects.toThrow('outside the domain [-1, 3]');
  });
});
