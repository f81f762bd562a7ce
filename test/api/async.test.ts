import {adam, DinfError, eq, hat, lattice, leastSquares, linspace, problem, rbfGrid, solve, stratified, term} from '../../lib';
import type {Problem, Progress} from '../../lib';

/** A solve of a few hundred milliseconds to seconds, by its number of iterations. */
function heat(resolution = 64): Problem {
  return problem({
    domain: {t: [0, 0.5], x: [-1, 1]},
    unknowns: ['u'],
    field: rbfGrid({resolution, levels: 3}),
    uniforms: {alpha: 0.1},
    lift: ({u}) => ({u: eq`sin(pi*x) + t*(1 - x^2)*${u}`}),
    terms: ({u_t, u_xx, alpha}) => [term(stratified(2 * resolution), eq`${u_t} = ${alpha}*${u_xx}`)],
  });
}

describe('a running solve', () => {
  it('resolves with what it has when aborted, and its field can be evaluated', async () => {
    const controller = new AbortController();
    const seen: Progress[] = [];
    const running = solve(heat(), {
      optimizer: adam({iterations: 1_000_000}),
      signal: controller.signal,
      onProgress: (progress) => {
        seen.push(progress);
        if (progress.iteration > 20) controller.abort();
      },
    });
    using solution = await running;
    expect(solution.stopReason).toBe('aborted');
    expect(solution.iterations).toBeGreaterThan(20);
    expect(solution.iterations).toBeLessThan(1_000_000);
    const {u} = await solution.evaluate([0.25, 0.5]);
    expect(Number.isFinite(u[0])).toBe(true);
    expect(seen[0].iterations).toBe(1_000_000);
    expect(seen.at(-1)!.secondsLeft).toBeGreaterThan(0);
  });

  it('rejects with ABORTED when the signal was aborted before', async () => {
    await expect(solve(heat(), {signal: AbortSignal.abort()})).rejects.toMatchObject({code: 'ABORTED'});
  });

  it('stops and rejects with what onProgress throws', async () => {
    const failing = solve(heat(), {
      optimizer: adam({iterations: 1_000_000}),
      onProgress: () => {
        throw new RangeError('from the callback');
      },
    });
    await expect(failing).rejects.toThrow('from the callback');
  });

  it('is an async iterator of its progress', async () => {
    const running = solve(heat(), {optimizer: adam({iterations: 400})});
    let last = -1;
    let count = 0;
    for await (const progress of running) {
      expect(progress.iteration).toBeGreaterThan(last);
      last = progress.iteration;
      count++;
    }
    expect(count).toBeGreaterThan(2);
    using solution = await running;
    expect(solution.iterations).toBe(400);
    expect(solution.losses.loss).toHaveLength(400);
  });

  it('stops when its iteration is left, and keeps what was reached', async () => {
    const running = solve(heat(), {optimizer: adam({iterations: 1_000_000})});
    let seen = 0;
    for await (const {iteration} of running) {
      seen = iteration;
      if (iteration > 20) break;
    }
    using solution = await running;
    expect(solution.stopReason).toBe('aborted');
    expect(solution.iterations).toBeGreaterThanOrEqual(seen);
    expect(solution.iterations).toBeLessThan(1_000_000);
    expect(solution.message).toBe('');
    const {u} = await solution.evaluate([0.25, 0.5]);
    expect(Number.isFinite(u[0])).toBe(true);
  });

  it('stops all of its stages and rounds when its iteration is left, also by a throw', async () => {
    const running = solve(heat(), {optimizer: [adam({iterations: 1_000_000}), adam({iterations: 1_000_000})]});
    const leave = async (): Promise<void> => {
      for await (const {iteration} of running) if (iteration > 5) throw new RangeError('from the loop');
    };
    await expect(leave()).rejects.toThrow('from the loop');
    using solution = await running;
    expect(solution.stopReason).toBe('aborted');
    expect(solution.iterations).toBeLessThan(1_000_000);
  });

  it('is not aborted by leaving the iteration after its end', async () => {
    const running = solve(heat(16), {optimizer: adam({iterations: 40})});
    const iterator = running[Symbol.asyncIterator]();
    await iterator.next();
    using solution = await running;
    await iterator.return!();
    expect(solution.stopReason).toBe('iterations');
    expect(solution.iterations).toBe(40);
  });

  it('runs beside others in one process, each with its own answer', async () => {
    const alone = await Promise.all(
      [1, 2, 3].map(async (seed) => (await solve(heat(), {optimizer: adam({iterations: 50}), seed, threads: 1})).loss),
    );
    const together = await Promise.all(
      [1, 2, 3].map((seed) => solve(heat(), {optimizer: adam({iterations: 50}), seed, threads: 1})),
    );
    expect(together.map((solution) => solution.loss)).toEqual(alone);
    expect(new Set(alone).size).toBe(3);
    for (const solution of together) solution.dispose();
  });

  it('lets the process stop: a disposed solution refuses further work', async () => {
    const solution = await solve(heat(), {optimizer: leastSquares({iterations: 3})});
    solution.dispose();
    solution.dispose();
    await expect(solution.evaluate([0, 0])).rejects.toMatchObject({code: 'DISPOSED'});
  });
});

describe('bad input is refused before any work, with what to do about it', () => {
  const field = rbfGrid({resolution: 8});
  const attempt = (make: () => unknown): DinfError => {
    try {
      make();
    } catch (error) {
      expect(error).toBeInstanceOf(DinfError);
      return error as DinfError;
    }
    throw new Error('nothing was thrown');
  };

  it.each([
    [
      'an empty domain',
      'INVALID_ARGUMENT',
      /x runs from 1 to 1/,
      () => problem({domain: {x: [1, 1]}, unknowns: ['u'], field, terms: [term(stratified(4), 'u')]}),
    ],
    [
      'an unknown symbol',
      'UNKNOWN_SYMBOL',
      /beta/,
      () => problem({domain: {x: [0, 1]}, unknowns: ['u'], field, terms: [term(stratified(4), 'u_xx = beta')]}),
    ],
    ['order 5', 'ORDER_TOO_HIGH', /u_xxxxx/, () => solveNow('u_xxxxx = 1')],
    [
      'a syntax error',
      'SYNTAX',
      /column|\^/,
      () => problem({domain: {x: [0, 1]}, unknowns: ['u'], field, terms: [term(stratified(4), 'u_xx = (1')]}),
    ],
    ['a misspelt option', 'UNKNOWN_OPTION', /did you mean 'resolution'/, () => rbfGrid({resolutoin: 8} as never)],
    ['levels that do not fit', 'INVALID_ARGUMENT', /use 12, or fewer levels/, () => rbfGrid({resolution: 10, levels: 3})],
    [
      'a point outside',
      'OUT_OF_DOMAIN',
      /x = 2/,
      () => problem({domain: {x: [0, 1]}, unknowns: ['u'], field, terms: [term(lattice([[2]]), 'u')]}),
    ],
    [
      'data of the wrong length',
      'INVALID_ARGUMENT',
      /3 values for 4 samples/,
      () =>
        problem({
          domain: {x: [0, 1]},
          unknowns: ['u'],
          field,
          terms: [term(lattice([linspace(0, 1, 4)]), 'u = f', {data: {f: [1, 2, 3]}})],
        }),
    ],
    ['data that are not finite', 'NON_FINITE', /f\[1\] is NaN/, () => term2([1, NaN])],
    ['no term', 'INVALID_ARGUMENT', /at least one term/, () => problem({domain: {x: [0, 1]}, unknowns: ['u'], field, terms: []})],
    [
      'four dimensions',
      'INVALID_ARGUMENT',
      /has 4/,
      () =>
        problem({
          domain: {x: [0, 1], y: [0, 1], z: [0, 1], t: [0, 1]},
          unknowns: ['u'],
          field,
          terms: [term(stratified(2), 'u')],
        }),
    ],
  ])('%s', (_what, code, message, make) => {
    const error = attempt(make);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  function solveNow(equation: string): Problem {
    return problem({domain: {x: [0, 1]}, unknowns: ['u'], field, terms: [term(stratified(4), equation)]});
  }
  function term2(values: number[]): Problem {
    return problem({domain: {x: [0, 1]}, unknowns: ['u'], field, terms: [term(lattice([[0, 1]]), 'u = f', {data: {f: values}})]});
  }

  it('a grid that would not fit into memory', async () => {
    const huge = problem({
      domain: {x: [0, 1], y: [0, 1], z: [0, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: 16_384, kernel: hat()}),
      terms: [term(stratified(4), 'u_xx = 1')],
    });
    const before = process.memoryUsage().rss;
    await expect(solve(huge)).rejects.toMatchObject({
      code: 'OUT_OF_MEMORY',
      message: expect.stringMatching(/GiB.*smaller resolution/),
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 28);
  });

  it('a device that is not there', async () => {
    await expect(solve(heat(8), {device: 'cuda:7'})).rejects.toMatchObject({code: 'NO_SUCH_DEVICE'});
  });

  it('an option of solve that does not exist', async () => {
    await expect(solve(heat(8), {treads: 1} as never)).rejects.toMatchObject({
      code: 'UNKNOWN_OPTION',
      message: expect.stringContaining("'threads'"),
    });
  });
});
