/** Stages that set uniforms and weights of terms: continuation within one solve. */
import {adam, bspline, gauss, gaussNewton, lattice, linspace, problem, rbfGrid, solve, term} from '../../lib';
import type {Problem, StageValues} from '../../lib';

function posed(weight: number, k: number): Problem {
  return problem({
    domain: {x: [0, 1]},
    unknowns: ['u'],
    field: rbfGrid({resolution: 8, kernel: bspline(3)}),
    uniforms: {k, unused: 7},
    terms: [
      term(gauss(3), 'u_xx = k*sin(3*x)', {name: 'equation'}),
      term(lattice([linspace(0, 1, 5)]), 'u = x', {name: 'data', weight}),
    ],
  });
}

const solved = async (
  weight: number,
  k: number,
  values: StageValues[],
): Promise<{u: Float64Array; k: number; stopReason: string}> => {
  using solution = await solve(posed(weight, k), {
    optimizer: values.map((one) => gaussNewton({steps: 1, iterations: 12, ...one})),
    dtype: 'float64',
  });
  const {u, k: used} = await solution.evaluate(linspace(0, 1, 9), {expressions: ['u', 'k']});
  return {u, k: used[0], stopReason: solution.stopReason};
};

test('a stage with values of its own is a problem with those values', async () => {
  const direct = await solved(30, 2, [{}]);
  expect(await solved(1, 2, [{weights: {data: 30}}])).toEqual(direct);
  expect(await solved(30, 5, [{uniforms: {k: 2}}])).toEqual(direct);
  const other = await solved(1, 2, [{}]);
  expect(other.u).not.toEqual(direct.u);
});

test('what a stage sets stays set for the stages after it', async () => {
  const direct = await solved(30, 2, [{}, {}]);
  expect(await solved(1, 5, [{weights: {data: 30}, uniforms: {k: 2}}, {}])).toEqual(direct);
  expect(await solved(9, 5, [{weights: {data: 4}}, {weights: {data: 30}, uniforms: {k: 2}}])).toEqual(direct);
});

test('names and values are checked before work starts', async () => {
  const run = (values: StageValues): Promise<unknown> => Promise.resolve(solve(posed(1, 1), {optimizer: adam({...values})}));
  await expect(run({weights: {date: 1}})).rejects.toMatchObject({
    code: 'UNKNOWN_SYMBOL',
    message: "a stage sets the weight of 'date', which is none of this problem's; they are equation, data",
  });
  await expect(run({uniforms: {K: 1}})).rejects.toMatchObject({code: 'UNKNOWN_SYMBOL'});
  expect(() => gaussNewton({weights: {data: -1}})).toThrow('gaussNewton: weights: data must be');
  expect(() => adam({uniforms: {k: NaN}})).toThrow('adam: uniforms: k');
});
