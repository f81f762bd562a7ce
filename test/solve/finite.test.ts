/** A loss may be finite where the step that follows it is not: what a solve returns is finite all the same, and it says so. */
import {adam, bspline, gaussNewton, lbfgs, leastSquares, problem, rbfGrid, solve, stratified, term} from '../../lib';

const EQUATION = 'sqrt((min(pi,u)*max(v,u_xy)))^sinh(-(1e-300/x))';
const OPTIMIZERS = {
  adam: adam({iterations: 30}),
  'adam over a window': adam({iterations: 120}),
  'Gauss–Newton': gaussNewton({steps: 2, iterations: 3}),
  'L-BFGS': lbfgs({iterations: 3}),
  'least squares': leastSquares({iterations: 3}),
};

describe.each(['float32', 'float64'] as const)('parameters that break after the last loss, %s', (dtype) => {
  it.each(Object.entries(OPTIMIZERS))('%s returns finite ones', async (_, optimizer) => {
    const posed = problem({
      domain: {x: [0, 1], y: [-1, 1], t: [0, 2]},
      unknowns: ['u', 'v'],
      field: rbfGrid({resolution: 4, kernel: bspline(5)}),
      terms: [term(stratified(3), EQUATION)],
    });
    const solution = await solve(posed, {threads: 1, device: 'cpu', optimizer, dtype});
    expect((await solution.parameters()).every(Number.isFinite)).toBe(true);
    solution.dispose();
  });
});

it('says that Adam diverged where no loss was to tell', async () => {
  const posed = problem({
    domain: {x: [0, 1], y: [-1, 1], t: [0, 2]},
    unknowns: ['u', 'v'],
    field: rbfGrid({resolution: 4, kernel: bspline(5)}),
    terms: [term(stratified(3), EQUATION)],
  });
  const solution = await solve(posed, {threads: 1, device: 'cpu', optimizer: adam({iterations: 30}), dtype: 'float32'});
  expect(solution.stopReason).toBe('diverged');
  expect(solution.message).toBe('the parameters are not finite after iteration 30');
  expect(Number.isFinite(solution.loss)).toBe(true);
  solution.dispose();
});
