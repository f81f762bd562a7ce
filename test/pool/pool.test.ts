import {adam, bspline, gauss, problem, rbfGrid, solve, term} from '../../lib';
import {equation} from '../../lib/api/equation';
import {SolverPool} from '../../lib/api/pool';

const posed = problem({
  domain: {x: [0, 1]},
  unknowns: ['u'],
  field: rbfGrid({resolution: 16, kernel: bspline(5)}),
  lift: {u: 'x*(1 - x)*u'},
  terms: [term(gauss(3), 'u_xx = -2')],
});
/** Minutes, where nobody ends it. */
const endless = {optimizer: adam({iterations: 1e8, learningRate: 1e-3})};
const pools: SolverPool[] = [];
const poolOf = (options: ConstructorParameters<typeof SolverPool>[0]): SolverPool => {
  const pool = new SolverPool(options);
  pools.push(pool);
  return pool;
};

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

describe('SolverPool.solve', () => {
  it('gives what solve() gives, to the bit', async () => {
    using alone = await solve(posed);
    using pooled = await poolOf({threads: 2}).solve(posed);
    expect(await pooled.parameters()).toEqual(await alone.parameters());
    expect([pooled.stopReason, pooled.notes, pooled.loss]).toEqual([alone.stopReason, alone.notes, alone.loss]);
  });

  it('gives what a case gives, with its error estimate', async () => {
    const heat = await equation({
      equations: ['u_t = 0.1*u_xx'],
      domain: 't=0..1,x=0..1',
      where: ['t=0: u=sin(pi*x)', 'x=0|x=1: u=0'],
    });
    using alone = await heat.solve();
    const pool = poolOf({threads: 2});
    let reports = 0;
    using pooled = await pool.solve(heat, {onProgress: () => (reports += 1)});
    expect(pooled.errorEstimate).toEqual(alone.errorEstimate);
    expect(await pooled.evaluate([0.5, 0.5])).toEqual(await alone.evaluate([0.5, 0.5]));
    expect(reports).toBeGreaterThan(0);
    expect(pool.stats()).toMatchObject({running: 0, waiting: 0, done: 1, failed: 0, refused: 0, bytes: 0});
    expect(pool.stats().runSeconds.p99).toBeGreaterThan(0);
  });

  it('runs as many as it has threads, and refuses where too many wait', async () => {
    const pool = poolOf({threads: 2, queue: 1});
    const stop = new AbortController();
    const options = {...endless, signal: stop.signal};
    const begun = new Set<number>();
    const running = [0, 1].map((i) => pool.solve(posed, {...options, onProgress: () => begun.add(i)}));
    // An abort before the first iteration has nothing to keep.
    while (begun.size < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const waiting = pool.solve(posed, options);
    await expect(pool.solve(posed, options)).rejects.toMatchObject({
      code: 'QUEUE_FULL',
      retrySeconds: expect.any(Number) as number,
    });
    stop.abort();
    await expect(waiting).rejects.toMatchObject({code: 'ABORTED'});
    for (const solution of await Promise.all(running)) {
      expect(solution.stopReason).toBe('aborted');
      solution.dispose();
    }
    expect(pool.stats()).toMatchObject({running: 0, waiting: 0, done: 2, refused: 1});
  });

  it('ends a job after its time with what it has, and says so', async () => {
    const pool = poolOf({threads: 1});
    using solution = await pool.solve(posed, {...endless, maxSeconds: 1});
    expect(solution.stopReason).toBe('aborted');
    expect(solution.iterations).toBeGreaterThan(0);
    expect(solution.notes.join()).toContain('after the 1 s that this job may take');
  });

  it('refuses before it waits what would not fit, and leaves neighbours alone', async () => {
    const pool = poolOf({threads: 1, memory: 64 * 2 ** 20});
    const neighbour = pool.solve(posed);
    const large = problem({
      domain: {x: [0, 1], y: [0, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: 2048, kernel: bspline(5)}),
      terms: [term(gauss(3), 'u_xx + u_yy = 1')],
    });
    await expect(pool.solve(large)).rejects.toMatchObject({code: 'OUT_OF_MEMORY'});
    await expect(pool.solve(posed, {maxMemory: 1000})).rejects.toMatchObject({code: 'OUT_OF_MEMORY'});
    using solution = await neighbour;
    expect(solution.stopReason).toBe('tolerance');
  });

  it('holds an equation to the memory that it is given', async () => {
    const layer = await equation({
      equations: ['-1e-4*(u_xx + u_yy) + u = 1'],
      domain: 'x=0..1,y=0..1',
      where: ['x=0|x=1|y=0|y=1: u=0'],
    });
    using solution = await poolOf({threads: 1}).solve(layer, {maxMemory: 40 * 2 ** 20});
    expect(solution.notes.join()).toMatch(/more than the [\d.]+ MB that are given|would take|does not fit/);
  });

  it('ends with whoever leaves the loop', async () => {
    const pool = poolOf({threads: 1});
    const running = pool.solve(posed, endless);
    for await (const {iteration} of running) if (iteration > 0) break;
    using solution = await running;
    expect(solution.stopReason).toBe('aborted');
  });

  it('closes: what waits is refused, what runs keeps what it has', async () => {
    const pool = poolOf({threads: 1});
    const running = pool.solve(posed, endless);
    while (pool.stats().running < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    const waiting = pool.solve(posed);
    while (pool.stats().waiting < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    const refused = expect(waiting).rejects.toMatchObject({code: 'DISPOSED'});
    const closed = pool.close();
    await refused;
    // It had begun: what it has is kept, or there is nothing yet.
    const ended = await running.then(
      (solution) => {
        solution.dispose();
        return solution.stopReason;
      },
      (error: unknown) => (error as {code: string}).code,
    );
    expect(['aborted', 'ABORTED']).toContain(ended);
    await closed;
    await expect(pool.solve(posed)).rejects.toMatchObject({code: 'DISPOSED'});
  });

  it('refuses options that nobody reads', async () => {
    expect(() => new SolverPool({thread: 1} as never)).toThrow("SolverPool has no option 'thread', did you mean 'threads'?");
    const pool = poolOf({});
    await expect(pool.solve(posed, {calller: 'x'} as never)).rejects.toMatchObject({code: 'UNKNOWN_OPTION'});
    await expect(pool.solve(posed, {maxSeconds: 0})).rejects.toMatchObject({code: 'INVALID_ARGUMENT'});
    await expect(pool.solve({} as never)).rejects.toMatchObject({code: 'INVALID_ARGUMENT'});
    expect(pool.stats()).toMatchObject({waiting: 0, running: 0});
  });
});
