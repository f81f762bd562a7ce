/** A solve that is saved, loaded and continued must be the solve that was never stopped, to the bit. */
import {readdirSync, readFileSync, statSync} from 'node:fs';
import * as path from 'node:path';
import type {Optimizer, Problem, Solution} from '../../lib';
import {
  adam,
  bspline,
  eq,
  gauss,
  gaussNewton,
  inverseMultiquadric,
  lattice,
  lbfgs,
  leastSquares,
  linearDecoder,
  linspace,
  loadSolution,
  mlpDecoder,
  points,
  problem,
  rbfGrid,
  readCheckpoint,
  solve,
  stratified,
  term,
} from '../../lib';
import {temporaryFolder} from '../support/temporary-folder';

const folder = temporaryFolder();
const file = path.join(folder, 'field.safetensors');

const PLACES = points(Array.from({length: 120}, (_, i) => ((i * 37) % 119) / 118));
const READINGS = Float64Array.from({length: 60}, (_, i) => Math.sin(i));

/** Everything a checkpoint must carry: redrawn boxes, drawn data, an unknown scalar, uniforms, a lift. */
function inverse(decoder = linearDecoder(), alpha = 0.1): Problem {
  return problem({
    domain: {t: [0, 1], x: [0, 1]},
    unknowns: ['u'],
    field: rbfGrid({resolution: 16, levels: 2, features: 2}),
    decoder,
    uniforms: {source: 0.3},
    scalars: {alpha},
    lift: ({u}) => ({u: eq`sin(pi*x) + t*${u}`}),
    terms: [
      term(stratified(12), 'u_t = alpha*u_xx + source', {name: 'equation', loss: 'abs'}),
      term({...PLACES, draws: 20} as ReturnType<typeof points>, 'u = reading', {
        name: 'data',
        data: {reading: READINGS},
        weight: 3,
      }),
    ],
  });
}

async function fieldOf(solution: Solution): Promise<Float64Array[]> {
  const at = lattice([linspace(0, 1, 9), linspace(0, 1, 11)]);
  const {u, u_xx} = await solution.evaluate(at, {expressions: ['u', 'u_xx']});
  const expression = 'u_t - alpha*u_xx - source';
  return [u, u_xx, (await solution.evaluate(at, {expressions: [expression]}))[expression], await solution.parameters()];
}

describe('Adam goes on to the bit', () => {
  const decaying = (iterations: number): Optimizer => adam({iterations, learningRate: 2e-2, decaySteps: 60});

  it.each([
    ['float32', 'linear'],
    ['float64', 'linear'],
    ['float32', 'mlp'],
    ['float64', 'mlp'],
  ] as const)('%s, %s decoder: half, file, half is the whole', async (dtype, kind) => {
    const posed = inverse(kind === 'mlp' ? mlpDecoder({hidden: [16]}) : linearDecoder());
    // Not multiples of the 50 iterations by whose mean iterates are compared.
    const [half, whole] = [67, 134];
    using straight = await solve(posed, {optimizer: decaying(whole), dtype, seed: 5, threads: 2});
    using first = await solve(posed, {optimizer: decaying(half), dtype, seed: 5, threads: 1});
    await first.save(file);
    using second = await solve(posed, {resume: file, optimizer: decaying(whole)});
    expect(second.dtype).toBe(dtype);
    expect(second.seed).toBe(5);
    expect(second.iterations).toBe(whole);
    expect(second.loss).toBe(straight.loss);
    expect(second.losses).toEqual(straight.losses);
    expect(await fieldOf(second)).toEqual(await fieldOf(straight));
    // The state is that of the whole, too: a third part would go on alike.
    const [a, b] = [(await second.checkpoint()).standing.optimizer, (await straight.checkpoint()).standing.optimizer];
    expect(a).toEqual(b);
    expect(a!.second.some((value) => value > 0)).toBe(true);
  });

  it('by a solution or a checkpoint in memory, and without naming the schedule again', async () => {
    const posed = inverse();
    using straight = await solve(posed, {optimizer: [decaying(30), adam({iterations: 40})], seed: 1});
    const controller = new AbortController();
    using stopped = await solve(posed, {
      optimizer: [decaying(30), adam({iterations: 1_000_000})],
      seed: 1,
      signal: controller.signal,
      onProgress: ({iteration}) => {
        if (iteration > 32) controller.abort();
      },
    });
    expect(stopped.stopReason).toBe('aborted');
    const {position} = (await stopped.checkpoint()).standing;
    expect(position).toMatchObject({stage: 1, complete: false});
    const target = adam({iterations: position.iterations + 15});
    using uninterrupted = await solve(posed, {optimizer: [decaying(30), target], seed: 1});
    using bySolution = await solve(posed, {optimizer: [decaying(30), target], resume: stopped});
    using byCheckpoint = await solve(posed, {optimizer: [decaying(30), target], resume: await stopped.checkpoint()});
    const expected = await fieldOf(uninterrupted);
    expect(await fieldOf(bySolution)).toEqual(expected);
    expect(await fieldOf(byCheckpoint)).toEqual(expected);
    // What is complete stays as it is.
    using again = await solve(posed, {resume: straight});
    expect(again.iterations).toBe(70);
    expect(await fieldOf(again)).toEqual(await fieldOf(straight));
  });

  it('when it was stopped in a bad stretch, whose best field is kept', async () => {
    // A rate at which the loss rises: a stopped solve then goes back to its best field, and must go on from where it was.
    const posed = inverse();
    const wild = (iterations: number): Optimizer => adam({iterations, learningRate: 0.3, beta2: 0.5});
    let checked = false;
    for (let attempt = 0; attempt < 200 && !checked; attempt++) {
      const controller = new AbortController();
      using stopped = await solve(posed, {
        optimizer: wild(1_000_000),
        signal: controller.signal,
        onProgress: ({iteration}) => {
          if (iteration > 60 + 7 * (attempt % 37)) controller.abort();
        },
      });
      const {standing, parameters} = await stopped.checkpoint();
      if (standing.optimizer!.current === null) continue;
      checked = true;
      expect(parameters).toEqual(standing.optimizer!.best);
      expect(parameters).not.toEqual(standing.optimizer!.current);
      await stopped.save(file);
      const total = standing.position.iterations + 30;
      using straight = await solve(posed, {optimizer: wild(total)});
      using second = await solve(posed, {optimizer: wild(total), resume: file});
      expect(await fieldOf(second)).toEqual(await fieldOf(straight));
    }
    expect(checked).toBe(true);
  });

  it('with pauses in between, each of which leaves a complete file', async () => {
    const posed = inverse();
    const iterations = 6000;
    using straight = await solve(posed, {optimizer: adam({iterations}), seed: 3});
    let seen = 0;
    using paused = await solve(posed, {
      optimizer: adam({iterations}),
      seed: 3,
      checkpoint: {file, everySeconds: 0.1},
      onProgress: () => {
        if (readdirSync(folder).includes('field.safetensors')) seen++;
      },
    });
    expect(seen).toBeGreaterThan(0);
    expect(readdirSync(folder)).toEqual(['field.safetensors']);
    expect(paused.iterations).toBe(iterations);
    expect(await fieldOf(paused)).toEqual(await fieldOf(straight));
    const {standing} = await readCheckpoint(file);
    expect(standing.position.complete).toBe(false);
    expect(standing.position.iterations).toBeGreaterThan(0);
    using last = await solve(posed, {resume: file});
    expect(await fieldOf(last)).toEqual(await fieldOf(straight));
  });
});

describe('a saved solution', () => {
  it.each(['float32', 'float64'] as const)(
    '%s evaluates to the same bits, factored, folded, and with set uniforms',
    async (dtype) => {
      const soft = problem({
        ...{domain: {t: [0, 1], x: [0, 1]}, unknowns: ['u'], field: rbfGrid({resolution: 8, levels: 2, features: 3})},
        uniforms: {source: 0.3},
        scalars: {alpha: 0.2},
        terms: [term(gauss(3), 'u_t = alpha*u_xx + source + x'), term(lattice([[0], linspace(0, 1, 20)]), 'u = sin(pi*x)')],
      });
      for (const optimizer of [
        [adam({iterations: 20})],
        [adam({iterations: 20, uniforms: {source: 7}}), gaussNewton({steps: 2})],
      ]) {
        using saved = await solve(soft, {optimizer, dtype, seed: 2 ** 40 + 1});
        await saved.save(file);
        using loaded = await loadSolution(file);
        expect(await fieldOf(loaded)).toEqual(await fieldOf(saved));
        for (const key of [
          'stopReason',
          'message',
          'iterations',
          'seconds',
          'loss',
          'unknowns',
          'losses',
          'dtype',
          'seed',
        ] as const) {
          expect(loaded[key]).toEqual(saved[key]);
        }
        expect(loaded.problem.spec).toEqual(soft.spec);
        const before = readFileSync(file);
        await loaded.save(file);
        expect(readFileSync(file).equals(before)).toBe(true);
      }
    },
  );

  it('goes on in another stage: Adam, then least squares', async () => {
    const posed = problem({
      domain: {x: [0, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: 32, levels: 2}),
      lift: {u: 'x*(1-x)*u'},
      terms: [term(gauss(3), 'u_xx = -pi^2*sin(pi*x)')],
    });
    using first = await solve(posed, {optimizer: adam({iterations: 30})});
    await first.save(file);
    using second = await solve(posed, {resume: file, optimizer: leastSquares({iterations: 80})});
    using schedule = await solve(posed, {optimizer: [adam({iterations: 30}), leastSquares({iterations: 80})]});
    const {u} = await second.evaluate(linspace(0, 1, 21));
    expect(Math.abs(u[10] - 1)).toBeLessThan(1e-3);
    expect(u).toEqual((await schedule.evaluate(linspace(0, 1, 21))).u);
    expect(second.iterations).toBe(30 + 80);
    // A stage more of the same schedule, from its end.
    using third = await solve(posed, {resume: file, optimizer: [adam({iterations: 30}), leastSquares({iterations: 80})]});
    expect((await third.evaluate(linspace(0, 1, 21))).u).toEqual(u);
    // In the other precision: parameters are converted.
    using double = await solve(posed, {resume: second, optimizer: leastSquares({iterations: 100}), dtype: 'float64'});
    expect(double.dtype).toBe('float64');
    expect(double.loss).toBeLessThanOrEqual(second.loss);
  });

  it('goes on with L-BFGS, on Gauss points of uneven cells', async () => {
    const posed = problem({
      domain: {x: [0, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: 16}),
      lift: {u: 'x*(1-x)*u'},
      terms: [term(gauss(4, {breaks: [[0, 0.01, 0.25, 0.5, 0.8, 1]]}), '0.5*u_x^2 - pi^2*sin(pi*x)*u', {loss: 'identity'})],
    });
    const schedule = (iterations: number): Optimizer[] => [
      adam({iterations: 5}),
      lbfgs({iterations, tolerance: 0, scaling: 'shared'}),
    ];
    using first = await solve(posed, {optimizer: schedule(4)});
    await first.save(file);
    using second = await solve(posed, {resume: file, optimizer: schedule(12)});
    expect(second.iterations).toBe(5 + 12);
    expect(second.loss).toBeLessThan(first.loss);
    using loaded = await loadSolution(file);
    expect(loaded.problem.spec).toEqual(posed.spec);
    expect((await readCheckpoint(file)).standing.schedule).toEqual(schedule(4));
    using same = await solve(posed, {resume: file});
    expect(await same.parameters()).toEqual(await first.parameters());
  });

  it('keeps the loss of least squares that was stopped, and goes on below it', async () => {
    const posed = problem({
      domain: {x: [0, 1], y: [0, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: 32, levels: 3}),
      lift: {u: 'x*(1-x)*y*(1-y)*u'},
      terms: [term(gauss(3), 'u_xx + u_yy = -2*pi^2*sin(pi*x)*sin(pi*y)')],
    });
    using first = await solve(posed, {optimizer: leastSquares({iterations: 10})});
    using straight = await solve(posed, {optimizer: leastSquares({iterations: 200})});
    using second = await solve(posed, {resume: first, optimizer: leastSquares({iterations: 200})});
    expect(second.iterations).toBe(200);
    // Its directions are built anew, so it is a little behind, never above.
    expect(second.loss).toBeLessThan(first.loss);
    expect(second.loss).toBeLessThan(2 * straight.loss);
    expect(second.losses.loss[first.losses.loss.length]).toBeCloseTo(first.loss, 5);
  });

  it('refuses another problem, saying what differs, and another seed', async () => {
    using saved = await solve(inverse(), {optimizer: adam({iterations: 3}), seed: 4});
    await saved.save(file, {origin: 'dinf-grid solve heat'});
    await expect(solve(inverse(linearDecoder(), 0.2), {resume: file})).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(
        /made by\n {2}dinf-grid solve heat\n.*scalars\.alpha: 0\.1 in .*, 0\.2 in this problem/,
      ) as string,
    });
    const changed = inverse();
    (changed.spec.terms[1].data.reading as Float64Array)[7] += 1e-12;
    await expect(solve(changed, {resume: file})).rejects.toThrow('terms.1.data.reading: 1 of 60 values differ');
    await expect(solve(inverse(), {resume: file, seed: 5})).rejects.toMatchObject({code: 'INVALID_ARGUMENT'});
    await expect(solve(inverse(), {resume: path.join(folder, 'none')})).rejects.toMatchObject({code: 'FILE_NOT_FOUND'});
  });

  it('is no larger than its parts', async () => {
    using saved = await solve(inverse(), {optimizer: adam({iterations: 3})});
    await saved.save(file);
    const {parameters} = await saved.checkpoint();
    expect(statSync(file).size).toBeLessThan(4 * 4 * parameters.length + 8 * (120 + 60) + 4000);
  });
});

it.each([
  ['a radial kernel around a ring', inverseMultiquadric({epsilon: 1.5, rings: 2})],
  ['a B-spline around a ring', bspline(3)],
])('a saved field keeps its edges and its kernel: %s', async (_, kernel) => {
  const posed = problem({
    domain: {t: [0, 1], x: [0, 1]},
    unknowns: ['u'],
    field: rbfGrid({resolution: 4, levels: 2, kernel, edge: ['extend', 'periodic']}),
    terms: [term(stratified(12), 'u_t + u_x = 1')],
  });
  using solution = await solve(posed, {optimizer: adam({iterations: 3})});
  await solution.save(file);
  using loaded = await loadSolution(file);
  expect(loaded.problem.spec.fields).toEqual(posed.spec.fields);
  expect(await loaded.evaluate([0.2, 0, 0.2, 1, 0.7, 0.4])).toEqual(await solution.evaluate([0.2, 0, 0.2, 1, 0.7, 0.4]));
});
