/** The direct inner solver against CGLS and known answers: which one is taken, why, and what it is good for. */
import type {Problem, Solution, SolveOptions} from '../../lib';
import {
  bspline,
  gauss,
  gaussian,
  gaussNewton,
  inverseMultiquadric,
  lattice,
  lbfgs,
  leastSquares,
  linspace,
  mlpDecoder,
  points,
  problem,
  rbfGrid,
  solve,
  term,
} from '../../lib';
import {relativeError} from '../support/solved';

const SQUARE = {x: [0, 1], y: [0, 1]} as const;
const BORDER = [0, 1].flatMap((side) => [
  term(lattice([linspace(0, 1, 60), [side]]), 'u = exp(x)*sin(3*y)', {weight: 100}),
  term(lattice([[side], linspace(0, 1, 60)]), 'u = exp(x)*sin(3*y)', {weight: 100}),
]);

const square = (field = rbfGrid({resolution: 16, kernel: bspline(5)})): Problem =>
  problem({
    domain: SQUARE,
    unknowns: ['u'],
    field,
    terms: [term(gauss(4), 'u_xx + (1 + x*y)*u_yy + u_x = exp(x)*sin(3*y)*(2 - 9*(1 + x*y))'), ...BORDER],
  });

const scattered = points(
  Float64Array.from({length: 900 * 2}, (_, i) => ((i >> 1) * (i % 2 ? 0.7548776662466927 : 0.5698402909980532)) % 1),
);

/** Linear problems with fields of all kinds that it serves, and their answers where they are known. */
const SERVED: readonly (readonly [name: string, posed: Problem, answer?: string])[] = [
  [
    'one dimension',
    problem({
      domain: {x: [0, 2]},
      unknowns: ['u'],
      field: rbfGrid({resolution: 33, kernel: bspline(7)}),
      terms: [
        term(gauss(6), 'u_xx = -9*sin(3*x)'),
        term(points([0]), 'u = 0', {weight: 1e3}),
        term(points([2]), 'u = sin(6)', {weight: 1e3}),
      ],
    }),
    'sin(3*x)',
  ],
  ['two dimensions', square(), 'exp(x)*sin(3*y)'],
  ['nested levels', square(rbfGrid({resolution: 16, levels: 3, kernel: bspline(5)})), 'exp(x)*sin(3*y)'],
  ['a Gaussian', square(rbfGrid({resolution: 20, kernel: gaussian()}))],
  ['clamped edges', square(rbfGrid({resolution: 12, kernel: bspline(5), edge: 'clamp'}))],
  [
    'three dimensions',
    problem({
      domain: {x: [0, 1], y: [0, 2], z: [-1, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: [6, 8, 7], kernel: bspline(3)}),
      lift: {u: 'x*(1 - x)*y*(2 - y)*(1 - z^2)*u'},
      terms: [term(gauss(3), 'laplacian(u) = x + y*z')],
    }),
  ],
  [
    'periodic axes',
    problem({
      domain: {t: [0, 1], x: [0, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: [12, 20], kernel: bspline(5), edge: ['extend', 'periodic']}),
      terms: [
        term(gauss(4), 'u_t + u_x = 0.01*u_xx'),
        term(lattice([[0], linspace(0, 1, 100)]), 'u = sin(2*pi*x)', {weight: 100}),
      ],
    }),
    'exp(-0.04*pi^2*t)*sin(2*pi*(x - t))',
  ],
  [
    'coupled unknowns in two fields',
    problem({
      domain: SQUARE,
      fields: [
        {unknowns: ['u', 'v'], field: rbfGrid({resolution: 10, kernel: bspline(3)})},
        {unknowns: ['p'], field: rbfGrid({resolution: 10, kernel: bspline(3)})},
      ],
      terms: [
        term(gauss(3), ['u_x + v_y = p', 'u_y - v_x = x*y', 'p_xx + p_yy + u = 1']),
        term(scattered, ['u = x', 'v = x*y', 'p = y^2'], {weight: 0.1}),
      ],
    }),
  ],
  [
    'rows at scattered points',
    problem({
      domain: SQUARE,
      unknowns: ['u'],
      field: rbfGrid({resolution: 9, kernel: bspline(3)}),
      terms: [term(scattered, ['u = sin(5*x)*y', 'u_x = 5*cos(5*x)*y'])],
    }),
  ],
  [
    'a trainable number',
    problem({
      domain: {x: [0, 1]},
      unknowns: ['u'],
      scalars: {k: 0.3},
      field: rbfGrid({resolution: 16, kernel: bspline(5)}),
      terms: [
        term(gauss(5), 'u_xx = k'),
        term(points([0, 1]), 'u = 0', {weight: 100}),
        term(points([0.5]), 'u = -0.25', {weight: 100}),
      ],
    }),
    'x*(x - 1)',
  ],
];

async function solved<T>(posed: Problem, options: SolveOptions, read: (solution: Solution) => Promise<T> | T): Promise<T> {
  using solution = await solve(posed, {device: 'cpu', dtype: 'float64', threads: 2, ...options});
  return await read(solution);
}

const everywhere = async (solution: Solution): Promise<Float64Array[]> =>
  Object.values(
    await solution.evaluate(lattice(solution.problem.spec.domain.map(({lower, upper}) => linspace(lower, upper, 9)))),
  );

describe('the direct solver', () => {
  it.each(SERVED.map(([name, posed, answer = '']) => [name, posed, answer] as const))(
    'finds what CGLS finds: %s',
    async (_, posed, answer) => {
      const find = async (inner: 'direct' | 'cgls'): Promise<{loss: number; fields: Float64Array[]; error: number}> =>
        solved(posed, {optimizer: leastSquares({iterations: 6000, tolerance: 1e-13, inner})}, async (solution) => {
          expect(solution.solver).toMatchObject({inner, reason: 'it was asked for', undetermined: false});
          if (inner === 'direct') expect([solution.solver!.factorisations, solution.stopReason]).toEqual([1, 'tolerance']);
          if (inner === 'direct') expect(solution.iterations).toBeLessThanOrEqual(6);
          const error = answer === '' ? 0 : await relativeError(solution, answer);
          return {loss: solution.loss, fields: await everywhere(solution), error};
        });
      const one = await find('direct');
      const other = await find('cgls');
      expect(one.loss).toBeLessThanOrEqual(other.loss * (1 + 1e-9) + 1e-22);
      one.fields.forEach((values, f) => {
        const scale = Math.max(...other.fields[f].map(Math.abs));
        values.forEach((value, i) => {
          expect(Math.abs(value - other.fields[f][i])).toBeLessThan(2e-5 * scale);
        });
      });
      expect(one.error).toBeLessThan(answer === '' ? 1 : 2e-4);
    },
  );

  it('is exact where CGLS takes thousands of iterations', async () => {
    const posed = problem({
      domain: {x: [0, 3]},
      unknowns: ['w'],
      field: rbfGrid({resolution: 64, kernel: bspline(7)}),
      terms: [
        term(gauss(6), 'w_xxxx = 0.005'),
        term(points([0]), ['w = 0', 'w_x = 0'], {weight: 1e3}),
        term(points([3]), ['w_xx = 0', 'w_xxx = 0'], {weight: 1e3}),
      ],
    });
    const tip = (options: SolveOptions): Promise<number> =>
      solved(posed, options, async (solution) => (await solution.evaluate(Float64Array.of(3))).w[0]);
    const truth = (0.005 * 3 ** 4) / 8;
    expect(Math.abs((await tip({})) / truth - 1)).toBeLessThan(1e-7); // the default takes it
    const iterated = await tip({optimizer: leastSquares({iterations: 2000, tolerance: 1e-5, inner: 'cgls'})});
    expect(Math.abs(iterated / truth - 1)).toBeGreaterThan(0.1);
  });

  it('gives the same bits with any number of threads', async () => {
    const bits = (threads: number): Promise<Float64Array> =>
      solved(square(), {optimizer: leastSquares({inner: 'direct'}), threads}, (solution) => solution.parameters());
    expect(await bits(3)).toEqual(await bits(1));
  });

  it('keeps its factor over the steps of a nonlinear problem', async () => {
    const posed = problem({
      domain: {x: [0, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: 24, kernel: bspline(5)}),
      lift: {u: 'x*(1 - x)*u'},
      terms: [term(gauss(5), 'u_xx + u^2 = 4*(x*(1-x))^2 - 4')],
    });
    await solved(posed, {optimizer: gaussNewton({steps: 12, inner: 'direct'})}, async (solution) => {
      expect(solution.loss).toBeLessThan(1e-16);
      expect(await relativeError(solution, '2*x*(1 - x)')).toBeLessThan(1e-8);
      expect(solution.solver!.factorisations).toBeLessThan(7);
    });
  });

  it('goes before CGLS where a factorisation costs little, and says why', async () => {
    const reason = await solved(square(), {}, ({solver}) => solver);
    expect(reason).toMatchObject({inner: 'direct', factorisations: 1});
    expect(reason!.smallestPivot).toBeGreaterThan(0);
    expect(reason!.reason).toContain('costs no more than a few iterations');
  });

  it('leaves what it cannot serve to CGLS, and says why', async () => {
    const cases: readonly (readonly [Problem, string])[] = [
      [square(rbfGrid({resolution: 8, kernel: inverseMultiquadric()})), 'radial'],
      [square(rbfGrid({resolution: 8, levels: 2, kernel: gaussian()})), 'not nested'],
    ];
    for (const [posed, why] of cases) {
      const optimizer = leastSquares({iterations: 5});
      expect((await solved(posed, {optimizer}, ({solver}) => solver))!.reason).toContain(why);
      const asked = solved(posed, {optimizer: leastSquares({inner: 'direct'})}, () => undefined);
      await expect(asked).rejects.toMatchObject({code: 'INVALID_ARGUMENT', message: expect.stringContaining(why) as string});
    }
    const neural = problem({
      domain: SQUARE,
      unknowns: ['u'],
      field: rbfGrid({resolution: 4, kernel: bspline(3)}),
      decoder: mlpDecoder({hidden: [4]}),
      terms: BORDER,
    });
    expect((await solved(neural, {optimizer: gaussNewton({steps: 1, iterations: 2})}, ({solver}) => solver))!.reason).toContain(
      'MLP',
    );
    expect(await solved(square(), {optimizer: lbfgs({iterations: 2})}, ({solver}) => solver)).toBeUndefined();
  });

  it('gives way where the equations leave unknowns free', async () => {
    const free = problem({
      domain: {x: [0, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: 16, kernel: bspline(5)}),
      terms: [term(gauss(4), 'u_xx = 1'), term(points([0]), 'u = 0', {weight: 100})],
    });
    await solved(free, {}, ({solver, loss}) => {
      expect(solver).toMatchObject({inner: 'cgls', undetermined: true});
      expect(solver!.reason).toContain('undetermined');
      expect(loss).toBeLessThan(1e-6);
    });
  });

  it('is refused by a name that is none', () => {
    expect(() => leastSquares({inner: 'lu' as never})).toThrow(/inner/);
  });
});
