/** Large problems whose unknowns no equation couples, solved one unknown after another: the same field, one solve to whoever watches it. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type {Image} from '../../lib/imaging/image';
import type {Problem, Progress, Solution, SolveOptions} from '../../lib';
import {
  bspline,
  gauss,
  hat,
  lattice,
  leastSquares,
  linspace,
  loadSolution,
  problem,
  rbfGrid,
  solve,
  stratified,
  term,
} from '../../lib';
import {poisson} from '../../lib/problems/poisson';
import {runParts, separateParts} from '../../lib/solve/part-solves';
import {planSolve, stagesOf} from '../../lib/solve/plan';
import {partsOf} from '../../lib/solve/problem-parts';

const NAMES = ['r', 'g', 'b'];

/** Waves of another length in each channel. */
function picture(width: number, height: number): Image {
  const data = Float64Array.from({length: width * height * 3}, (_, i) => {
    const [pixel, c] = [Math.floor(i / 3), i % 3];
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    return 0.5 + 0.3 * Math.sin(x / (7 + c) + (y * y) / 300) * Math.cos(y / (5 + 2 * c)) + (x > y ? 0.1 * c : 0);
  });
  return {width, height, channels: 3, data};
}

/** Solves a problem part by part, however small it is. */
async function inParts<U extends string>(posed: Problem<U>, options: SolveOptions): Promise<Solution<U>> {
  const plan = await planSolve(posed, options);
  const stages = stagesOf(plan);
  const parts = separateParts(plan, stages, 0);
  expect(parts).toHaveLength(posed.unknowns.length);
  return runParts(plan, parts!, stages, () => undefined, new AbortController().signal);
}

/** Values of the unknowns at the pixels, each without its mean, which gradients leave open. */
async function channels(solution: Solution, {width, height}: Image): Promise<Float64Array[]> {
  const values = await solution.evaluate(lattice([linspace(0, height - 1, height), linspace(0, width - 1, width)]));
  return NAMES.map((name) => {
    const mean = values[name].reduce((a, b) => a + b, 0) / values[name].length;
    return values[name].map((value) => value - mean);
  });
}

function farthest(a: Float64Array, b: Float64Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dinf-parts-'));
});
afterAll(() => {
  fs.rmSync(folder, {recursive: true});
});

describe('the parts of a problem', () => {
  const grid = rbfGrid({resolution: 8, kernel: bspline(3), features: 2});
  const posed = (equations: string[], more: object = {}, samples = gauss(2)): Problem<'u' | 'v' | 'w'> =>
    problem({
      domain: {x: [0, 1], y: [0, 1]},
      unknowns: ['u', 'v', 'w'],
      field: grid,
      terms: [term(samples, equations, {name: 'all'})],
      ...more,
    });
  const names = (one: Problem): string[][] => partsOf(one.spec).map(({spec}) => [...spec.fields[0].unknowns]);

  it('are the unknowns that no equation couples', () => {
    expect(names(posed(['u = 1', 'v_x = 2', 'w_y + w = x']))).toEqual([['u'], ['v'], ['w']]);
    expect(names(posed(['u = 1', 'v + w = 2', 'w = 3']))).toEqual([['u'], ['v', 'w']]);
    expect(names(posed(['u = v', 'v = w']))).toEqual([['u', 'v', 'w']]);
  });

  it('keep the names, weights and order of terms, and the data that their equations read', () => {
    const {spec} = poisson(picture(6, 5)).problem;
    const parts = partsOf(spec);
    expect(parts.map(({outputs}) => outputs)).toEqual([[0], [1], [2]]);
    expect(parts[1].spec.terms.map(({name, weight}) => [name, weight])).toEqual(
      spec.terms.map(({name, weight}) => [name, weight]),
    );
    expect(parts[1].spec.terms.map(({data}) => Object.keys(data))).toEqual([['g_dx'], ['g_dy']]);
    expect(parts[1].spec.terms[0].equations.map(({text}) => text)).toEqual(['d(g, x) = g_dx']);
  });

  it('are one where something else than equations couples unknowns', () => {
    const whole = [['u', 'v', 'w']];
    const apart = ['u = 1', 'v = 2', 'w = 3'];
    expect(names(posed(apart, {scalars: {a: 1}}))).toEqual(whole);
    expect(names(posed(apart, {lift: {u: 'x*u'}}))).toEqual(whole);
    expect(names(posed(apart, {}, stratified(4)))).toEqual(whole);
    // A term of one unknown alone.
    expect(names(posed(apart, {terms: [term(gauss(2), apart), term(gauss(1), 'u_x = 0')]}))).toEqual(whole);
  });

  it('are for large problems alone, and one stage of least squares', async () => {
    const {problem: small} = poisson(picture(6, 5));
    const separate = async (options: SolveOptions, least?: number): Promise<number | undefined> => {
      const plan = await planSolve(small, options);
      return separateParts(plan, stagesOf(plan), least)?.length;
    };
    const stage = leastSquares({iterations: 3});
    expect(await separate({optimizer: stage})).toBeUndefined();
    expect(await separate({optimizer: stage}, 0)).toBe(3);
    expect(await separate({optimizer: [stage, stage]}, 0)).toBeUndefined();
    expect(await separate({optimizer: leastSquares({iterations: 3, fromHere: true})}, 0)).toBeUndefined();
  });
});

describe('a solve part by part', () => {
  it.each([
    ['float64', 'gradient', 1e-9],
    ['float64', 'laplacian', 1e-7],
    ['float32', 'gradient', 1e-5],
  ] as const)('finds the field of the whole: %s, %s', async (dtype, supervision, tolerance) => {
    const image = picture(40, 31);
    const {problem: posed} = poisson(image, {supervision});
    const options = {optimizer: leastSquares({iterations: 400, tolerance: 1e-12}), dtype, threads: 1, device: 'cpu'} as const;
    using whole = await solve(posed, options);
    using parts = await inParts(posed, options);
    const [a, b] = [await channels(whole, image), await channels(parts, image)];
    NAMES.forEach((_, c) => {
      expect(Math.max(...a[c])).toBeGreaterThan(0.1);
      expect(farthest(a[c], b[c])).toBeLessThan(tolerance);
    });
    expect(parts.unknowns).toBe(whole.unknowns);
    expect(await parts.parameters()).toHaveLength(parts.unknowns);
  });

  it('finds the fields of several coupled unknowns', async () => {
    const posed = problem({
      domain: {x: [0, 1], y: [0, 1]},
      unknowns: ['u', 'p', 'v'],
      field: rbfGrid({resolution: 4, kernel: bspline(3)}),
      terms: [term(gauss(3), ['u + 0.2*v = sin(x)', 'v = y', 'p + 0.01*p_x = x*y'])],
    });
    const options = {optimizer: leastSquares({iterations: 500, tolerance: 1e-12}), dtype: 'float64', device: 'cpu'} as const;
    using whole = await solve(posed, options);
    const plan = await planSolve(posed, options);
    const parts = separateParts(plan, stagesOf(plan), 0)!;
    expect(parts.map(({outputs}) => outputs)).toEqual([[0, 2], [1]]);
    using separate = await runParts(plan, parts, stagesOf(plan), () => undefined, new AbortController().signal);
    const at = [0.1, 0.2, 0.7, 0.4, 0.9, 0.9];
    const [a, b] = [await whole.evaluate(at), await separate.evaluate(at)];
    for (const name of ['u', 'p', 'v'] as const) expect(farthest(a[name], b[name])).toBeLessThan(1e-8);
  });

  it('tells of itself as one solve', async () => {
    const image = picture(120, 90);
    const {problem: posed} = poisson(image);
    const seen: Progress[] = [];
    const options = {optimizer: leastSquares({iterations: 60}), threads: 1, device: 'cpu'} as const;
    using parts = await inParts(posed, {...options, onProgress: (progress) => seen.push(progress)});
    using whole = await solve(posed, options);
    expect([parts.iterations, parts.stopReason]).toEqual([60, 'iterations']);
    const iterations = seen.map(({iteration}) => iteration);
    expect(iterations).toEqual([...iterations].sort((a, b) => a - b));
    expect(seen.every((progress) => progress.iterations === 60)).toBe(true);
    expect(seen.at(-1)).toMatchObject({iteration: 60, loss: parts.loss});
    expect(parts.losses.loss[0]).toBeCloseTo(whole.losses.loss[0], 10);
    expect(parts.losses.loss.at(-1)).toBeCloseTo(parts.loss, 12);
    const {loss} = parts.losses;
    expect([...loss].every((value, i) => i === 0 || value <= loss[i - 1] + 1e-9)).toBe(true); // rounding
    expect([...parts.losses.iteration]).toEqual([...Array(61).keys()]);
  });

  it('keeps the parts that are done when it is stopped, and goes on where it stood', async () => {
    const image = picture(300, 220);
    const {problem: posed} = poisson(image);
    const options = {
      optimizer: leastSquares({iterations: 90, inner: 'cgls'}),
      dtype: 'float64',
      threads: 1,
      device: 'cpu',
    } as const;
    using finished = await inParts(posed, options);
    const stop = new AbortController();
    using stopped = await inParts(posed, {
      ...options,
      signal: stop.signal,
      onProgress: ({iteration}) => {
        if (iteration > 32) stop.abort();
      },
    });
    expect(stopped.stopReason).toBe('aborted');
    const {parts} = stopped.outcome.position;
    expect(parts![0]).toMatchObject({iterations: 90, complete: true});
    expect(parts![1].iterations).toBeGreaterThan(0);
    expect(parts![1].iterations).toBeLessThan(90);
    expect(parts![2].iterations).toBe(0);
    const [kept, all] = [await channels(stopped, image), await channels(finished, image)];
    expect(kept[0]).toEqual(all[0]);
    expect(kept[1].some((value) => value > 0)).toBe(true);
    expect(kept[2].every((value) => value === 0)).toBe(true);
    expect(stopped.loss).toBeGreaterThan(finished.loss);

    const file = path.join(folder, 'stopped.safetensors');
    await stopped.save(file);
    using again = await inParts(posed, {...options, resume: file});
    expect([again.stopReason, again.iterations]).toEqual(['iterations', 90]);
    const resumed = await channels(again, image);
    expect(resumed[0]).toEqual(all[0]);
    for (const c of [1, 2]) expect(farthest(resumed[c], all[c])).toBeLessThan(1e-6);
    expect(again.losses.iteration.at(-1)).toBe(90);
    // All is done: nothing runs.
    await again.save(file);
    using third = await inParts(posed, {...options, resume: file});
    expect(await third.parameters()).toEqual(await again.parameters());
    expect(third.iterations).toBe(90);
  });

  it('refuses a signal that is aborted before the first iteration, and passes on what a listener throws', async () => {
    const {problem: posed} = poisson(picture(20, 20));
    const options = {optimizer: leastSquares({iterations: 20}), device: 'cpu'} as const;
    const stop = new AbortController();
    const plan = await planSolve(posed, {...options, signal: stop.signal});
    stop.abort();
    const stages = stagesOf(plan);
    const run = runParts(plan, separateParts(plan, stages, 0)!, stages, () => undefined, new AbortController().signal);
    await expect(run).rejects.toMatchObject({code: 'ABORTED'});
    const thrown = inParts(posed, {
      ...options,
      onProgress: () => {
        throw new Error('enough');
      },
    });
    await expect(thrown).rejects.toThrow('enough');
  });
});

describe('data that are computed when they are wanted', () => {
  const axis = linspace(0, 1, 1100); // more values than a file holds of them
  const target = (phase: number): Float64Array =>
    Float64Array.from({length: axis.length ** 2}, (_, i) => Math.sin(axis[i % axis.length] + phase));
  const posed = (data: Record<string, ArrayLike<number> | (() => ArrayLike<number>)>, places = axis): Problem<'u'> =>
    problem({
      domain: {x: [0, 1], y: [0, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: 4, kernel: hat()}),
      terms: [term(lattice([places, places]), 'u = f', {name: 'fit', data})],
    });
  const options = {optimizer: leastSquares({iterations: 20}), device: 'cpu'} as const;

  it('give the bits of data that are held', async () => {
    using held = await solve(posed({f: target(0)}), options);
    using computed = await solve(posed({f: () => target(0)}), options);
    expect(await computed.parameters()).toEqual(await held.parameters());
  });

  it('are saved as a digest where they are many', async () => {
    const file = path.join(folder, 'computed.safetensors');
    using solution = await solve(posed({f: () => target(0)}), options);
    await solution.save(file);
    expect(fs.statSync(file).size).toBeLessThan(20_000);
    using loaded = await loadSolution(file);
    expect(await loaded.evaluate([0.3, 0.4])).toEqual(await solution.evaluate([0.3, 0.4]));
    await loaded.save(file);
    for (const f of [target(0), (): Float64Array => target(0)]) {
      using again = await solve(posed({f}), {resume: file, device: 'cpu'});
      expect(await again.parameters()).toEqual(await solution.parameters());
    }
    await expect(solve(posed({f: () => target(0.1)}), {resume: file})).rejects.toThrow(
      'terms.0.data.f: its 1210000 values differ',
    );
    await expect(solve(loaded.problem, options)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('data f: a saved field holds no values') as string,
    });
  });

  it('are saved as they are where they are few', async () => {
    const few = linspace(0, 1, 5);
    const file = path.join(folder, 'few.safetensors');
    using solution = await solve(posed({f: () => Array<number>(25).fill(2)}, few), options);
    await solution.save(file);
    using loaded = await loadSolution(file);
    using again = await solve(loaded.problem, options);
    expect(await again.parameters()).toEqual(await solution.parameters());
  });

  it('must be one number a sample', async () => {
    const few = linspace(0, 1, 5);
    const wrong = (f: () => ArrayLike<number>): PromiseLike<Solution> => solve(posed({f}, few), options);
    await expect(wrong(() => [1, 2])).rejects.toThrow('fit: data f has 2 values for 25 samples');
    await expect(wrong(() => Array<number>(25).fill(NaN))).rejects.toMatchObject({code: 'NON_FINITE'});
    await expect(wrong(() => new Float64Array(25).fill(NaN))).rejects.toMatchObject({code: 'NON_FINITE'});
    await expect(wrong((() => 5) as never)).rejects.toMatchObject({code: 'INVALID_ARGUMENT'});
  });
});
