/** L-BFGS on energies and mixtures with known answers, and how it begins, ends and goes on. */
import {mlpDecoder, rbfGrid, siren} from '../../lib/pose/field';
import {bspline} from '../../lib/pose/kernel';
import type {Lbfgs} from '../../lib/optimizers';
import {lbfgs, leastSquares} from '../../lib/optimizers';
import {SCALING_NAMES as SCALINGS} from '../../lib/optimizers/lbfgs';
import type {Problem} from '../../lib/pose/problem';
import type {Term} from '../../lib/pose/term';
import {problem} from '../../lib/pose/problem';
import {term} from '../../lib/pose/term';
import {gauss, lattice, linspace, points, stratified} from '../../lib/pose/sampling';
import {Session} from '../../lib/solve/session';
import type {Solution} from '../../lib/solve/solution';
import {solve} from '../../lib/solve/solve';
import {relativeError} from '../support/solved';
import {BACKENDS, EMULATED} from './backends';
import {combine, norm} from './support';

/** Numbers alone as unknowns: the field takes no part. */
const numbers = (scalars: Record<string, number>, energy: string, more: readonly Term[] = []): Problem =>
  problem({
    domain: {x: [0, 1]},
    unknowns: ['u'],
    field: rbfGrid({resolution: 1, kernel: bspline(3)}),
    scalars,
    terms: [term(points([0.5]), energy, {name: 'energy', loss: 'identity'}), ...more],
  });

/** The least ∫ ½|∇u|² − f u on the square, u = 0 on its edge: −Δu = f. */
const membrane = (form: 'energy' | 'rows', resolution = 8, levels = 2): Problem =>
  problem({
    domain: {x: [0, 1], y: [0, 1]},
    unknowns: ['u'],
    field: rbfGrid({resolution, levels, kernel: bspline(5)}),
    lift: {u: 'x*(1 - x)*y*(1 - y)*u'},
    terms:
      form === 'energy'
        ? [term(gauss(4), '0.5*(u_x^2 + u_y^2) - 2*pi^2*sin(pi*x)*sin(pi*y)*u', {loss: 'identity'})]
        : [term(gauss(4), ['u_x', 'u_y'], {weight: 0.5}), term(gauss(4), '-2*pi^2*sin(pi*x)*sin(pi*y)*u', {loss: 'identity'})],
  });
const EXACT = 'sin(pi*x)*sin(pi*y)';

const scalarsOf = async (solution: Solution, count: number): Promise<number[]> => [
  ...(await solution.parameters()).slice(-count),
];

describe.each(BACKENDS)('L-BFGS on $name', (backend) => {
  const run = (given: Problem, options: Partial<Omit<Lbfgs, 'type'>> = {}, dtype: 'float32' | 'float64' = 'float64') =>
    solve(given, {optimizer: lbfgs(options), device: backend.name, dtype, seed: 1});

  test.each(SCALINGS)("finds the bottom of Rosenbrock's valley, scaling %s", async (scaling) => {
    const given = numbers({a: -1.2, b: 1}, '100*(b - a^2)^2 + (1 - a)^2');
    using solution = await run(given, {scaling, iterations: 200, tolerance: 0});
    const [a, b] = await scalarsOf(solution, 2);
    expect(a).toBeCloseTo(1, 6);
    expect(b).toBeCloseTo(1, 6);
    // Nothing is below 0: the search ends where rounding decides, well before its last iteration.
    expect(solution.iterations).toBeLessThan(100);
    expect(solution.stopReason).toBe('tolerance');
  });

  test('solves a quadratic of n unknowns in about n steps, and badly scaled ones no slower', async () => {
    for (const far of [1, 1e6]) {
      const given = numbers(
        {a: 3, b: -2, c: 5},
        `0.5*(a - 1)^2 + 0.5*${far}*(b - 2)^2 + 0.5*${far ** 2}*(c - 3)^2 + 0.3*(a - 1)*(b - 2)`,
      );
      using solution = await run(given, {iterations: 30, tolerance: 0});
      const [a, b, c] = await scalarsOf(solution, 3);
      expect(Math.max(Math.abs(a - 1), Math.abs(b - 2), Math.abs(c - 3))).toBeLessThan(1e-7);
      expect(solution.iterations).toBeLessThan(15);
    }
  });

  test('steps back from where the loss is not finite', async () => {
    // From 40 the first steps lead below 0, where the logarithm is none.
    using solution = await run(numbers({a: 40}, 'a - log(a)'), {iterations: 60, tolerance: 0});
    expect((await scalarsOf(solution, 1))[0]).toBeCloseTo(1, 6);
    expect([...solution.losses.loss].every(Number.isFinite)).toBe(true);
  });

  test('finds the least energy, and least squares the same', async () => {
    using least = await solve(membrane('rows'), {
      optimizer: leastSquares({iterations: 300, tolerance: 1e-13}),
      device: backend.name,
      dtype: 'float64',
    });
    for (const form of EMULATED ? (['energy'] as const) : (['energy', 'rows'] as const)) {
      using solution = await run(membrane(form), {iterations: 400, tolerance: 1e-14});
      expect(solution.stopReason).toBe('tolerance');
      expect(await relativeError(solution, EXACT)).toBeLessThan(1e-5);
      // The Dirichlet principle: −½∫|∇u|² = −π²/4.
      expect(Math.abs(solution.loss + Math.PI ** 2 / 4)).toBeLessThan(1e-8);
      expect(Math.abs(solution.loss - least.loss)).toBeLessThan(1e-11);
      const axes = [linspace(0, 1, 23), linspace(0, 1, 23)];
      const [a, b] = [await solution.evaluate(lattice(axes)), await least.evaluate(lattice(axes))];
      expect(norm(combine(a.u, -1, b.u)) / norm(b.u)).toBeLessThan(1e-5);
    }
    using single = await run(membrane('energy'), {iterations: 200, tolerance: 0}, 'float32');
    expect(await relativeError(single, EXACT)).toBeLessThan(2e-3);
  });

  // Hundreds of iterations, about the optimizer: more than the emulated device has time for.
  (EMULATED ? test.skip : test)('scales energies by what they curve, which saves iterations', async () => {
    const iterations = async (scaling: Lbfgs['scaling']): Promise<number> => {
      using solution = await run(membrane('energy', 32, 3), {scaling, iterations: 1000, tolerance: 1e-8});
      expect(await relativeError(solution, EXACT)).toBeLessThan(1e-2);
      return solution.iterations;
    };
    expect(2 * (await iterations('columns'))).toBeLessThan(await iterations('none'));
  });

  test('columns of energies are those of the squares they are made of', async () => {
    // One jet a square, so that nothing is mixed: both forms have the same curvature.
    const squares = async (form: 'energy' | 'rows'): Promise<Float64Array> => {
      const {spec} = membrane(form);
      const plain = {...spec, lift: {}};
      const session = new Session(plain, {dtype: 'float64', threads: 1, seed: 0});
      const before = await session.parameters();
      await session.run([lbfgs({iterations: 1, tolerance: 0})]);
      const after = await session.parameters();
      session.dispose();
      expect(after).not.toEqual(before);
      return after;
    };
    const [energy, rows] = [await squares('energy'), await squares('rows')];
    expect(norm(combine(energy, -1, rows))).toBeLessThan(1e-12 * norm(rows));
  });

  test('a nonlinear energy and nonlinear rows together', async () => {
    // min ∫ cosh(u) − u f + 10 (u(0)³ − 1)²: inside u = asinh f.
    const given = problem({
      domain: {x: [0, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: 8, kernel: bspline(5)}),
      terms: [term(gauss(6), 'cosh(u) - u*(sinh(1) + x)', {loss: 'identity'}), term(lattice([[0]]), 'u^3 - 1', {weight: 10})],
    });
    using solution = await run(given, {iterations: 1000, history: 20, tolerance: 1e-14});
    const argument = '(sinh(1) + x)';
    expect(await relativeError(solution, `log(${argument} + sqrt(${argument}^2 + 1))`)).toBeLessThan(1e-5);
  });

  test('trains an MLP', async () => {
    const given = problem({
      domain: {x: [0, 1], y: [0, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: 8, levels: 2, features: 2, kernel: bspline(3), initialScale: 0.1}),
      decoder: mlpDecoder({hidden: [16]}),
      terms: [term(gauss(2), 'u = sin(3*x)*cos(2*y)')],
    });
    using solution = await run(given, {iterations: 150, tolerance: 0});
    expect(solution.loss).toBeLessThan(1e-4 * solution.losses.loss[0]);
    expect(await relativeError(solution, 'sin(3*x)*cos(2*y)')).toBeLessThan(0.05);
  });

  test.each(SCALINGS)('lowers the loss of a network, scaling %s', async (scaling) => {
    const given = problem({
      domain: {x: [0, 1], y: [0, 1]},
      unknowns: ['u'],
      field: siren({width: 16, hiddenLayers: 1, omega: 5, firstOmega: 5}),
      terms: [term(gauss(2, {cells: 8}), 'u = sin(3*x)*cos(2*y)')],
    });
    using solution = await run(given, {iterations: 100, tolerance: 0, scaling});
    expect(solution.loss).toBeLessThan(1e-3 * solution.losses.loss[0]);
  });

  test('compares losses on one draw, or on a new one every so many iterations', async () => {
    const given = problem({
      domain: {x: [0, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: 8, kernel: bspline(5)}),
      lift: {u: 'x*(1 - x)*u'},
      terms: [term(stratified(1000), '0.5*u_x^2 - pi^2*sin(pi*x)*u', {loss: 'identity'})],
    });
    using fixed = await run(given, {iterations: 40, tolerance: 0});
    const {loss} = fixed.losses;
    expect([...loss].every((value, i) => i === 0 || value <= loss[i - 1] + 1e-9)).toBe(true);
    using drawn = await run(given, {iterations: 40, tolerance: 0, resample: 10});
    expect(drawn.iterations).toBe(40);
    const rises = [...drawn.losses.loss].filter((value, i, all) => i > 0 && value > all[i - 1] + 1e-9);
    expect(rises.length).toBeGreaterThan(0);
    expect(rises.length).toBeLessThanOrEqual(3);
    expect(await relativeError(drawn, 'sin(pi*x)')).toBeLessThan(0.1);
  });

  test('ends by its tolerance, or after its iterations, and tells how it goes', async () => {
    using short = await run(membrane('energy', 32, 3), {iterations: 7, tolerance: 0});
    expect(short).toMatchObject({iterations: 7, stopReason: 'iterations'});
    expect([...short.losses.iteration]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(short.losses.loss[7]).toBe(short.loss);
    using long = await run(membrane('energy', 32, 3), {iterations: 5000, tolerance: 1e-6});
    expect(long.stopReason).toBe('tolerance');
    expect(long.iterations).toBeLessThan(500);
  });

  test('is the default for energies on fixed samples, Adam for those on draws', async () => {
    const chosen = async (given: Problem): Promise<string> => {
      using solution = await solve(given, {device: backend.name});
      return (await solution.checkpoint()).standing.schedule.map(({type}) => type).join();
    };
    const energy = (samples: Parameters<typeof term>[0]): Problem =>
      problem({
        domain: {x: [0, 1]},
        unknowns: ['u'],
        field: rbfGrid({resolution: 4, kernel: bspline(3)}),
        terms: [term(samples, 'u^2/2 + cos(u)', {loss: 'identity'})],
      });
    expect(await chosen(energy(gauss(3)))).toBe('lbfgs');
    expect(await chosen(energy(stratified(20)))).toBe('adam');
    expect(await chosen(membrane('rows'))).toBe('gauss-newton'); // squares and an affine energy
    expect(await chosen(numbers({a: 1}, 'cosh(a)', [term(points([0.1]), 'a - 1')]))).toBe('lbfgs');
  });

  test('goes on from a solution, counting from its beginning', async () => {
    using first = await run(membrane('energy', 16, 1), {iterations: 10, tolerance: 0});
    using second = await solve(membrane('energy', 16, 1), {
      resume: await first.checkpoint(),
      optimizer: lbfgs({iterations: 25, tolerance: 0}),
      device: backend.name,
    });
    expect(second.iterations).toBe(25);
    expect(second.losses.loss[first.losses.loss.length]).toBeCloseTo(first.loss, 12);
    expect(second.loss).toBeLessThan(first.loss);
    using last = await solve(membrane('energy', 16, 1), {
      resume: second,
      optimizer: lbfgs({iterations: 25, tolerance: 0}),
      device: backend.name,
    });
    expect(last.iterations).toBe(25); // nothing was left to do
  });
});

describe('lbfgs', () => {
  it('has documented defaults', () => {
    expect(lbfgs()).toEqual({type: 'lbfgs', iterations: 500, history: 10, tolerance: 1e-7, resample: 0, scaling: undefined});
  });

  it.each([
    [{history: 0}, 'INVALID_ARGUMENT', /history.*from 1 to 100.*0/],
    [{history: 2.5}, 'INVALID_ARGUMENT', /history/],
    [{iterations: -1}, 'INVALID_ARGUMENT', /iterations.*-1/],
    [{tolerance: NaN}, 'INVALID_ARGUMENT', /tolerance.*NaN/],
    [{resample: -3}, 'INVALID_ARGUMENT', /resample.*-3/],
    [{scaling: 'rows'}, 'INVALID_ARGUMENT', /scaling.*columns, shared, none.*rows/],
    [{weights: {a: -1}}, 'INVALID_ARGUMENT', /lbfgs: weights: a must be.*-1/],
    [{memory: 5}, 'UNKNOWN_OPTION', /memory/],
  ])('refuses %j', (options, code, message) => {
    expect(() => lbfgs(options as never)).toThrow(
      expect.objectContaining({code, message: expect.stringMatching(message) as string}),
    );
  });
});
