import {bspline, gauss, lattice, linspace, problem, rbfGrid, solve, term} from '../../lib';
import type {Variation} from '../../lib';
import {SolverPool} from '../../lib/api/pool';

/** u'' = f at Gauss points, with f as data, and a factor as a uniform. */
const posed = (values: ArrayLike<number> = new Float64Array(48), k = 1) =>
  problem({
    domain: {x: [0, 1]},
    unknowns: ['u'],
    field: rbfGrid({resolution: 16, kernel: bspline(5)}),
    uniforms: {k},
    lift: {u: 'x*(1 - x)*u'},
    terms: [term(gauss(3), 'k*u_xx = f', {name: 'inside', data: {f: values}})],
  });
const base = posed();
const at = {at: lattice([linspace(0, 1, 9)])};
const source = (factor: number): Variation => ({data: {inside: {f: new Float64Array(48).fill(-2 * factor)}}});
/** Of u'' = -2 factor, which is factor x (1 - x). */
const expected = (factor: number): number[] => Array.from(linspace(0, 1, 9), (x) => factor * x * (1 - x));
const close = (values: ArrayLike<number>, wanted: readonly number[]): void => {
  wanted.forEach((value, i) => {
    expect(values[i]).toBeCloseTo(value, 4);
  });
};

const pools: SolverPool[] = [];
const poolOf = (options: ConstructorParameters<typeof SolverPool>[0] = {}): SolverPool => {
  const pool = new SolverPool({threads: 2, ...options});
  pools.push(pool);
  return pool;
};
/** Solutions are there before their batch has given back what it held. */
async function idle(pool: SolverPool): Promise<void> {
  while (pool.stats().running > 0) await new Promise((resolve) => setTimeout(resolve, 1));
}

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

describe('SolverPool.vary', () => {
  it('solves what waits together as one batch, and each as it would be alone', async () => {
    const pool = poolOf({batchWaitMs: 20});
    const found = await Promise.all([1, 2, 3, 4].map((factor) => pool.vary(base, source(factor), {evaluate: at})));
    found.forEach(({values, stopReason}, i) => {
      expect(stopReason).toBe('tolerance');
      close(values!.u, expected(i + 1));
    });
    expect(pool.stats().batches).toEqual({batches: 1, variations: 4, largest: 4});
    expect(pool.stats().cache).toMatchObject({entries: 1, hits: 0, misses: 1});
    using alone = await solve(posed(new Float64Array(48).fill(-6)));
    const {u} = await alone.evaluate(linspace(0, 1, 9));
    found[2].values!.u.forEach((value, i) => {
      expect(value).toBeCloseTo(u[i], 5);
    });
  });

  it('knows equal structures of different problems, and takes what a variation leaves out from its own', async () => {
    const pool = poolOf({batchWaitMs: 20});
    const other = posed(new Float64Array(48).fill(-8), 2);
    const [first, second, third] = await Promise.all([
      pool.vary(base, source(1), {evaluate: at}),
      pool.vary(other, {}, {evaluate: at}),
      pool.vary(other, {uniforms: {k: 4}}, {evaluate: at}),
    ]);
    close(first.values!.u, expected(1));
    close(second.values!.u, expected(2));
    close(third.values!.u, expected(1));
    expect(pool.stats().batches.batches).toBe(1);
    // Other samples are another structure.
    const finer = problem({
      domain: {x: [0, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: 16, kernel: bspline(5)}),
      uniforms: {k: 1},
      lift: {u: 'x*(1 - x)*u'},
      terms: [term(gauss(4), 'k*u_xx = f', {name: 'inside', data: {f: new Float64Array(64).fill(-2)}})],
    });
    close((await pool.vary(finer, {}, {evaluate: at})).values!.u, expected(1));
    expect(pool.stats().cache).toMatchObject({entries: 2, misses: 2});
  });

  it('keeps what is compiled, within its bytes', async () => {
    const pool = poolOf();
    for (const factor of [1, 2, 3]) await pool.vary(base, source(factor));
    expect(pool.stats().cache).toMatchObject({entries: 1, hits: 2, misses: 1});
    expect(pool.stats().cache.bytes).toBeGreaterThan(0);
    const small = poolOf({cacheBytes: 0});
    for (const factor of [1, 2]) await small.vary(base, source(factor));
    await idle(small);
    expect(small.stats().cache).toMatchObject({entries: 0, bytes: 0, hits: 0, misses: 2});
  });

  it('refuses one that does not fit, and solves its neighbours', async () => {
    const pool = poolOf({batchWaitMs: 20});
    const bad: Variation[] = [
      {data: {inside: {f: [1, 2]}}},
      {data: {inside: {f: new Float64Array(48).fill(NaN)}}},
      {data: {outside: {f: []}}},
      {uniforms: {q: 1}},
      {unknown: 1} as never,
    ];
    const good = pool.vary(base, source(1), {evaluate: at});
    const codes = await Promise.all(
      bad.map((one) => pool.vary(base, one, {evaluate: at}).catch((error: unknown) => (error as {code: string}).code)),
    );
    expect(codes).toEqual(['INVALID_ARGUMENT', 'NON_FINITE', 'UNKNOWN_SYMBOL', 'UNKNOWN_SYMBOL', 'UNKNOWN_OPTION']);
    close((await good).values!.u, expected(1));
  });

  it('lets one leave, and refuses more than may wait', async () => {
    const pool = poolOf({batchWaitMs: 200, queue: 3});
    const stop = new AbortController();
    const gone = pool.vary(base, source(1), {signal: stop.signal});
    const waiting = [2, 3, 4, 5].map((factor) => pool.vary(base, source(factor), {evaluate: at}));
    await expect(pool.vary(base, source(6))).rejects.toMatchObject({code: 'QUEUE_FULL'});
    stop.abort();
    await expect(gone).rejects.toMatchObject({code: 'ABORTED'});
    const found = await Promise.all(waiting);
    close(found[3].values!.u, expected(5));
    await idle(pool);
    expect(pool.stats()).toMatchObject({waiting: 0, batches: {variations: 4}});
  });

  it('has the next batch wait for the one that runs', async () => {
    const pool = poolOf({batchWaitMs: 0});
    const all = Array.from({length: 200}, async (_, i) => {
      if (i > 0) await new Promise((resolve) => setTimeout(resolve, i % 20));
      return pool.vary(base, source(i));
    });
    await Promise.all(all);
    const {batches, variations} = pool.stats().batches;
    expect(variations).toBe(200);
    expect(batches).toBeLessThan(150);
  });

  it('drains what waits, also behind a batch that runs', async () => {
    const pool = poolOf({batchWaitMs: 30});
    const waiting = [1, 2].map((factor) => pool.vary(base, source(factor), {evaluate: at}));
    const closed = pool.close({drain: true});
    await expect(pool.vary(base, source(3))).rejects.toMatchObject({code: 'DISPOSED'});
    const found = await Promise.all(waiting);
    close(found[1].values!.u, expected(2));
    await closed;
    expect(pool.stats()).toMatchObject({running: 0, waiting: 0, cache: {entries: 0}});
  });

  it('gives nothing after it was closed', async () => {
    const pool = poolOf({batchWaitMs: 50});
    const waiting = pool.vary(base, source(1));
    const refused = expect(waiting).rejects.toMatchObject({code: 'DISPOSED'});
    await pool.close();
    await refused;
    await expect(pool.vary(base, source(1))).rejects.toMatchObject({code: 'DISPOSED'});
  });
});

describe('SolverPool.solveMany', () => {
  it('streams solutions, and keeps the structure for later', async () => {
    const pool = poolOf();
    const factors = Array.from({length: 50}, (_, i) => i + 1);
    const seen: number[] = [];
    for await (const {index, values} of pool.solveMany(base, factors.map(source), {evaluate: at})) {
      seen.push(index);
      close(values!.u, expected(factors[index]));
    }
    expect(seen.sort((a, b) => a - b)).toEqual(factors.map((factor) => factor - 1));
    const all = await pool.solveMany(base, [source(7)], {evaluate: at});
    close(all[0].values!.u, expected(7));
    expect(pool.stats()).toMatchObject({running: 0, bytes: 0, done: 2, cache: {hits: 1, misses: 1}});
  });

  it('gives its place back when it is left early', async () => {
    const pool = poolOf({threads: 1});
    for await (const {index} of pool.solveMany(
      base,
      Array.from({length: 100}, (_, n) => source(n)),
    )) {
      if (index >= 0) break;
    }
    expect((await pool.solveMany(base, [source(1)])).length).toBe(1);
    expect(pool.stats()).toMatchObject({running: 0, cache: {entries: 1, hits: 1}});
  });
});
