/** Whole solves with known answers, and how solves end that go wrong or are stopped. */
import {mlpDecoder, rbfGrid} from '../../lib/pose/field';
import {bspline} from '../../lib/pose/kernel';
import {adam, gaussNewton, lbfgs, leastSquares} from '../../lib/optimizers';
import type {Problem} from '../../lib/pose/problem';
import {problem} from '../../lib/pose/problem';
import {term} from '../../lib/pose/term';
import {gauss, lattice, stratified} from '../../lib/pose/sampling';
import type {Solution} from '../../lib/solve/solution';
import type {SolveOptions} from '../../lib/solve/solve';
import {solve} from '../../lib/solve/solve';
import type {Backend} from './backends';
import {relativeError} from '../support/solved';
import {BACKENDS} from './backends';

async function solved<T>(
  backend: Backend,
  given: Problem,
  options: SolveOptions,
  work: (solution: Solution) => Promise<T> | T,
): Promise<T> {
  const solution = await solve(given, {device: backend.name, dtype: 'float64', seed: 1, ...options});
  try {
    return await work(solution);
  } finally {
    solution.dispose();
  }
}

const finite = async (solution: Solution): Promise<boolean> => (await solution.parameters()).every(Number.isFinite);

describe.each(BACKENDS)('solves on $name', (backend) => {
  const poisson: readonly (readonly [string, string, Problem, number])[] = [
    [
      '1-D',
      'sin(pi*x)',
      problem({
        domain: {x: [0, 1]},
        unknowns: ['u'],
        field: rbfGrid({resolution: 16, kernel: bspline(7)}),
        lift: {u: 'x*(1 - x)*u'},
        terms: [term(gauss(4), 'u_xx = -pi^2*sin(pi*x)')],
      }),
      1e-7,
    ],
    [
      '2-D',
      'sin(pi*x)*sin(pi*y)',
      problem({
        domain: {x: [0, 1], y: [0, 1]},
        unknowns: ['u'],
        field: rbfGrid({resolution: 8, kernel: bspline(7)}),
        lift: {u: 'x*(1 - x)*y*(1 - y)*u'},
        terms: [term(gauss(3), 'laplacian(u) = -2*pi^2*sin(pi*x)*sin(pi*y)')],
      }),
      1e-5,
    ],
    [
      '3-D',
      'sin(pi*x)*sin(pi*y)*z*(1 - z)',
      problem({
        domain: {x: [0, 1], y: [0, 1], z: [0, 1]},
        unknowns: ['u'],
        field: rbfGrid({resolution: 4, kernel: bspline(5)}),
        lift: {u: 'x*(1 - x)*y*(1 - y)*z*(1 - z)*u'},
        terms: [term(gauss(3), 'laplacian(u) = -2*sin(pi*x)*sin(pi*y)*(pi^2*z*(1 - z) + 1)')],
      }),
      1e-4,
    ],
  ];
  const inners = ['direct', 'cgls'] as const;
  const byEach = inners.flatMap((inner) => poisson.map(([name, ...rest]) => [name, inner, ...rest] as const));
  test.each(byEach)('Poisson in %s by least squares, %s', async (_, inner, exact, given, bound) => {
    await solved(backend, given, {optimizer: leastSquares({iterations: 400, tolerance: 1e-12, inner})}, async (solution) => {
      expect(solution.solver!.inner).toBe(inner);
      expect(await relativeError(solution, exact)).toBeLessThan(bound);
      expect(solution.loss).toBeLessThan(1e-2 * solution.losses.loss[0]);
      expect(['tolerance', 'iterations']).toContain(solution.stopReason);
    });
  });

  test('float32 solves to its own accuracy', async () => {
    const [, exact, given] = poisson[1];
    await solved(backend, given, {optimizer: leastSquares({iterations: 100}), dtype: 'float32'}, async (solution) => {
      expect(await relativeError(solution, exact)).toBeLessThan(1e-4);
    });
  });

  test.each(inners)('a nonlinear equation by Gauss–Newton, %s', async (inner) => {
    // u = log(1 + x (1 − x)) solves u_xx = −2 exp(−u) − (u_x)².
    const given = problem({
      domain: {x: [0, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: 16, kernel: bspline(7)}),
      lift: {u: 'x*(1 - x)*u'},
      terms: [term(gauss(4), 'u_xx = -2*exp(-u) - u_x^2')],
    });
    await solved(
      backend,
      given,
      {optimizer: gaussNewton({steps: 12, iterations: 150, tolerance: 1e-13, inner})},
      async (solution) => {
        expect(await relativeError(solution, 'log(1 + x*(1 - x))')).toBeLessThan(1e-6);
      },
    );
  });

  test('several nonlinear terms by Gauss–Newton', async () => {
    const given = problem({
      domain: {x: [0, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: 16, kernel: bspline(7)}),
      scalars: {c: 0.5},
      terms: [
        term(gauss(4), 'u_x = c*u'),
        term(lattice([[0]]), 'u^2 - 1', {weight: 10}),
        term(lattice([[1]]), 'u^3 - exp(6)', {weight: 1e-3}),
      ],
    });
    const optimizer = gaussNewton({steps: 60, iterations: 200, tolerance: 1e-14, damping: 1e-2});
    const start = adam({iterations: 300, learningRate: 0.05});
    await solved(backend, given, {optimizer: [start, optimizer]}, async (solution) => {
      // exp(2 x) up to the sign that u² leaves open and u³ settles.
      expect(await relativeError(solution, 'exp(2*x)')).toBeLessThan(1e-4);
      const scalar = (await solution.parameters()).at(-1) ?? NaN;
      expect(Math.abs(scalar - 2)).toBeLessThan(1e-3);
    });
  });

  test('an energy and squares together: the quadratic part as rows, the linear part as an energy', async () => {
    // min ∫ ½ u_x² − f u + penalty/2 (u(0)² + u(1)²): −u_xx = f inside, u' = ± penalty u at the ends.
    const penalty = 50;
    const given = problem({
      domain: {x: [0, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: 16, kernel: bspline(5)}),
      terms: [
        term(gauss(4), 'u_x', {weight: 0.5}),
        term(gauss(6), '-2*u', {loss: 'identity'}),
        term(lattice([[0, 1]]), 'u', {weight: penalty}), // weight 1/n a sample, and half the penalty
      ],
    });
    await solved(backend, given, {optimizer: leastSquares({iterations: 300, tolerance: 1e-13})}, async (solution) => {
      expect(await relativeError(solution, `x*(1 - x) + ${1 / penalty}`)).toBeLessThan(1e-6);
    });
  });

  test('Adam reduces the loss, and with an MLP as well', async () => {
    for (const decoder of [undefined, mlpDecoder({hidden: [16]})]) {
      const given = problem({
        domain: {x: [0, 1], y: [0, 1]},
        unknowns: ['u'],
        field: rbfGrid({resolution: 8, levels: 2, features: 2, kernel: bspline(3)}),
        decoder,
        terms: [term(stratified(12), 'u = sin(3*x)*cos(2*y)')],
      });
      await solved(backend, given, {optimizer: adam({iterations: 400, learningRate: 0.02})}, async (solution) => {
        expect(solution.iterations).toBe(400);
        expect(solution.stopReason).toBe('iterations');
        expect(solution.loss).toBeLessThan(2e-3 * solution.losses.loss[0]);
        expect(await relativeError(solution, 'sin(3*x)*cos(2*y)')).toBeLessThan(0.05);
      });
    }
  });

  test('Gauss–Newton trains an MLP', async () => {
    const given = problem({
      domain: {t: [0, 0.5], x: [-1, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: 8, levels: 2, features: 2, initialScale: 0.1}),
      decoder: mlpDecoder({hidden: [16]}),
      lift: {u: 'sin(pi*x) + t*(1 - x^2)*u'},
      terms: [term(stratified(16), 'u_t = 0.1*u_xx')],
    });
    await solved(
      backend,
      given,
      {optimizer: gaussNewton({steps: 10, iterations: 40, tolerance: 0, damping: 1e-2})},
      async (solution) => {
        expect(solution.loss).toBeLessThan(1e-4 * solution.losses.loss[0]);
        expect(await relativeError(solution, 'exp(-0.1*pi^2*t)*sin(pi*x)')).toBeLessThan(1e-2);
      },
    );
  });

  const small = (equation: string, name: string): Problem =>
    problem({
      domain: {x: [0, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: 8}),
      terms: [term(stratified(16), 'u - 1', {name: 'harmless'}), term(stratified(16), equation, {name})],
    });

  test.each([
    // Both terms overflow in float32, where features times decoder are 1e60: either may be named.
    [
      'a learning rate of 1e30',
      /term '(powers|harmless)'/,
      small('u^4 - 1', 'powers'),
      adam({iterations: 50, learningRate: 1e30}),
    ],
    ['the logarithm of a negative number', /term 'powers'/, small('log(u - 10)', 'powers'), adam({iterations: 50})],
    [
      'Gauss–Newton on the logarithm of a negative number',
      /term 'powers'/,
      small('log(u - 10)', 'powers'),
      gaussNewton({steps: 5, iterations: 5}),
    ],
    [
      'least squares with an infinite right-hand side',
      /term 'powers'/,
      small('u = 1/(x - x)', 'powers'),
      leastSquares({iterations: 10}),
    ],
    ['L-BFGS on the logarithm of a negative number', /term 'powers'/, small('log(u - 10)', 'powers'), lbfgs({iterations: 5})],
  ] as const)('diverging: %s', async (_, message, given, optimizer) => {
    for (const dtype of backend.dtypes) {
      await solved(backend, given, {optimizer, dtype}, async (solution) => {
        expect(solution.stopReason).toBe('diverged');
        expect(solution.message).toMatch(message);
        expect(solution.message).toMatch(/iteration \d+/);
        expect(await finite(solution)).toBe(true);
      });
    }
  });

  const long = (): Problem =>
    problem({
      domain: {x: [0, 1], y: [0, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: 32, levels: 2}),
      terms: [term(stratified(64), 'u_xx + u_yy + u^2 = 1')],
    });

  test.each([
    ['Adam', adam({iterations: 1e8})],
    ['Gauss–Newton', gaussNewton({steps: 1e5, iterations: 1e6, tolerance: 0})],
    ['L-BFGS', lbfgs({iterations: 1e8, tolerance: 0, resample: 3})],
  ] as const)('an abort during %s keeps the field', async (_, optimizer) => {
    const controller = new AbortController();
    let seen = 0;
    const running = solve(long(), {
      device: backend.name,
      optimizer,
      signal: controller.signal,
      onProgress: ({iteration}) => {
        seen = iteration;
        if (iteration > 2) controller.abort();
      },
    });
    const solution = await running;
    try {
      expect(seen).toBeGreaterThan(2);
      expect(solution.stopReason).toBe('aborted');
      expect(await finite(solution)).toBe(true);
      expect(Number.isFinite(solution.loss)).toBe(true);
      const {u} = await solution.evaluate([0.5, 0.5]);
      expect(Number.isFinite(u[0])).toBe(true);
    } finally {
      solution.dispose();
    }
  });

  test('an abort before the start rejects', async () => {
    const signal = AbortSignal.abort(new Error('no longer wanted'));
    await expect(solve(long(), {device: backend.name, signal}).then(() => undefined)).rejects.toMatchObject({code: 'ABORTED'});
  });
});
