/** Solving again with new data: no compiling, from where the field stands, counted and ended as one solve. */
import type {Problem, SolveOptions} from '../../lib';
import {bspline, lattice, leastSquares, linspace, problem, rbfGrid, solve, term} from '../../lib';

const AXIS = linspace(0, 1, 40);

/** u = f at points of a line; f changes from round to round. */
function line(f: (x: number) => number): Problem {
  return problem({
    domain: {x: [0, 1]},
    unknowns: ['u'],
    field: rbfGrid({resolution: 8, kernel: bspline(3)}),
    terms: [term(lattice([AXIS]), 'u - f*g', {name: 'fit', data: {f: AXIS.map(f), g: new Float64Array(40).fill(1)}})],
  });
}

const run = (options: SolveOptions): ReturnType<typeof solve> =>
  solve(
    line((x) => x),
    {dtype: 'float64', ...options},
  );

describe('a repeated solve', () => {
  it('takes new data each round, keeps what is not named, and sees the field so far', async () => {
    const before: number[] = [];
    using solution = await run({
      optimizer: leastSquares({iterations: 40, tolerance: 1e-10}),
      repeat: {
        rounds: 3,
        async update(field, round) {
          before.push((await field.evaluate([0.5])).u[0]);
          return {fit: {f: AXIS.map((x) => (round + 1) * x)}};
        },
      },
    });
    [0.5, 1, 1.5].forEach((value, i) => {
      expect(before[i]).toBeCloseTo(value, 8);
    });
    expect((await solution.evaluate([0.25])).u[0]).toBeCloseTo(1, 8);
  });

  it('begins where the field stands when asked to, and ends when told', async () => {
    const count = async (fromHere: boolean): Promise<number[]> => {
      const iterations: number[] = [];
      using solution = await run({
        optimizer: leastSquares({iterations: 60, tolerance: 1e-9}),
        repeat: {
          rounds: 5,
          optimizer: leastSquares({iterations: 60, tolerance: 1e-3, fromHere}),
          async update(field, round) {
            iterations.push(field.iterations);
            return Promise.resolve(round > 2 ? undefined : {fit: {f: AXIS.map((x) => x + 1e-3 * Math.sin(9 * x))}});
          },
        },
      });
      expect(solution.stopReason).toBe('tolerance');
      expect(iterations).toHaveLength(3);
      const [u] = Object.values(await solution.evaluate([0.3]));
      expect(u[0]).toBeCloseTo(0.3 + 1e-3 * Math.sin(2.7), fromHere ? 5 : 2);
      return iterations;
    };
    await count(true);
    await count(false);
  });

  it('counts an earlier solve in', async () => {
    using first = await run({optimizer: leastSquares({iterations: 7, inner: 'cgls'})});
    using second = await run({optimizer: leastSquares({iterations: 5, inner: 'cgls'}), after: first});
    expect(second.iterations).toBe(first.iterations + 5);
    expect(second.seconds).toBeGreaterThan(first.seconds);
    expect(second.losses.loss.length).toBeGreaterThan(first.losses.loss.length);
  });

  it.each<[string, Record<string, Record<string, ArrayLike<number>>>, string, RegExp]>([
    ['a term that is none', {fits: {f: AXIS}}, 'UNKNOWN_SYMBOL', /no term is named 'fits'; they are fit/],
    ['data that is none', {fit: {h: AXIS}}, 'UNKNOWN_SYMBOL', /no data named 'h'; it has f, g/],
    ['another number of values', {fit: {f: [1, 2]}}, 'INVALID_ARGUMENT', /2 values for 40 samples/],
    ['what is not finite', {fit: {f: AXIS.map(() => NaN)}}, 'NON_FINITE', /data of fit: f/],
  ])('refuses %s', async (_, data, code, message) => {
    const repeat = {rounds: 1, update: () => Promise.resolve(data)};
    await expect(run({repeat})).rejects.toMatchObject({code, message: expect.stringMatching(message) as string});
  });

  it('fails with what its update throws, and goes with neither resume nor checkpoint', async () => {
    const failing = {rounds: 1, update: () => Promise.reject(new Error('mine'))};
    await expect(run({repeat: failing})).rejects.toThrow('mine');
    await expect(run({repeat: failing, resume: 'a.safetensors'})).rejects.toMatchObject({code: 'INVALID_ARGUMENT'});
    await expect(run({repeat: {...failing, round: 3} as typeof failing})).rejects.toMatchObject({code: 'UNKNOWN_OPTION'});
  });
});
