/** Many solves in one process: a bounded queue before shared threads and memory. */
import {DinfError} from '../base/errors';
import {checkFlag, checkOptions, checkSignal} from '../base/options';
import {Case} from '../cases/case';
import {solvePrepared} from '../cases/solve-prepared';
import type {ManySolver} from '../many/many-solver';
import {ManySolve} from '../many/many-solve';
import type {Variation} from '../many/variation';
import {checkVariation} from '../many/variation';
import type {VariationSolution} from '../many/variation-solution';
import type {Problem} from '../pose/problem';
import type {Solution} from '../solve/solution';
import type {Progress, SolveOptions} from '../solve/solve';
import {Solve, solve} from '../solve/solve';
import type {JobOptions, PoolManyOptions, PoolSolveOptions, SolverPoolOptions} from './pool-options';
import {JOB_OPTIONS, POOL_OPTIONS, poolSettings, splitJob} from './pool-options';
import type {PoolStats} from './pool-stats';
import type {Grant} from './scheduler';
import {Scheduler} from './scheduler';
import {Batches} from './batches';
import {SolverCache} from './solver-cache';
import {joined} from './signals';
import type {SolveEstimate} from './solve-estimate';
import {estimateSolve, tooLarge} from './solve-estimate';
import type {Structure, StructureOptions} from './structure';
import {asVariationOf, structureOf} from './structure';

/**
 * Solves for many callers in one process. As many jobs run at once as there are threads; the others wait in a bounded queue, by priority,
 * and within one priority callers take turns by the seconds that they have had. A job that is alone has all threads, others have one each.
 * What a job will hold is estimated and reserved before it starts: those that run fit together.
 *
 * @example
 * ```ts
 * await using pool = new SolverPool({queue: 100});
 * using solution = await pool.solve(posed, {caller: 'ada', maxSeconds: 10});
 * ```
 */
export class SolverPool implements AsyncDisposable {
  /** @internal */
  readonly scheduler: Scheduler;
  /** @internal */
  onBatch: ((size: number) => void) | undefined;
  private readonly cache: SolverCache<ManySolver>;
  private readonly batches: Batches;

  /**
   * @param options.threads and the like: see {@link SolverPoolOptions}.
   * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION
   */
  constructor(options: SolverPoolOptions = {}) {
    const settings = poolSettings(checkOptions<SolverPoolOptions>(options, 'SolverPool', POOL_OPTIONS));
    this.scheduler = new Scheduler(settings);
    this.cache = new SolverCache(settings.cacheBytes);
    this.batches = new Batches(this.scheduler, this.cache, settings.batchWaitMs, (size) => {
      this.onBatch?.(size);
    });
  }

  /**
   * Solves a problem when its turn comes: as `problem.solve()` where it is a {@link Case}, else as {@link solve}.
   *
   * A signal that is aborted while the job waits takes it out of the queue and rejects with ABORTED; one that is aborted while it runs
   * resolves it with what it has. So does `maxSeconds`, with a note that names the limit.
   *
   * @throws DinfError (rejects) QUEUE_FULL at once, with `retrySeconds`; OUT_OF_MEMORY for an estimate above `maxMemory` or the memory of the
   *   pool, before it waits; TIME_LIMIT where `maxSeconds` were over before there was anything to keep; DISPOSED; and what a solve throws
   */
  solve<U extends string>(problem: Problem<U>, options: PoolSolveOptions = {}): Solve<U> {
    return new Solve<U>((report, left) => this.begin(problem, options, report, left));
  }

  /**
   * Solves one variation of a problem, as `solveMany` does. Those of equal structure, of whatever problem and caller, that wait together are
   * solved as one batch: for `batchWaitMs`, and as long as a batch of theirs is under way. What is compiled and factorised for them is kept for
   * later ones, up to `cacheBytes`. `index` of the solution is its place in that batch. `maxSeconds` count from the begin of the batch.
   *
   * @throws DinfError (rejects) as {@link SolverPool.solve} does, and INVALID_ARGUMENT, UNKNOWN_SYMBOL, NON_FINITE for a variation that does not fit
   */
  async vary<U extends string>(
    problem: Problem<U>,
    variation: Variation,
    options: PoolManyOptions = {},
  ): Promise<VariationSolution<U>> {
    const [solution] = await this.varyTogether(problem, [variation], options);
    return solution;
  }

  /**
   * As {@link SolverPool.vary} for several, which take one place in the queue; in their order.
   *
   * @internal
   */
  async varyTogether<U extends string>(
    problem: Problem<U>,
    variations: readonly Variation[],
    options: PoolManyOptions = {},
  ): Promise<VariationSolution<U>[]> {
    const {job, how, signal} = this.manyOptions(options, 'SolverPool.vary');
    const structure = this.structureOf(problem, how, job);
    // One that does not fit is not to take others of its batch along.
    variations.forEach((one, i) => checkVariation(one, problem.spec, `variation ${i}`));
    const {caller = '', priority = 0, maxSeconds = Infinity} = job;
    const asked = {problem, variations, caller, priority, maxSeconds, signal};
    return (await this.batches.add(structure, asked)) as VariationSolution<U>[];
  }

  /**
   * Solves variations as `solveMany` does, as one job: it waits for its turn, holds its threads until all are done or the iterator is left, and
   * finds what earlier variations of the structure have left compiled.
   *
   * @throws (rejects) what {@link SolverPool.vary} throws
   */
  solveMany<U extends string>(
    problem: Problem<U>,
    variations: Iterable<Variation> | AsyncIterable<Variation>,
    options: PoolManyOptions = {},
  ): ManySolve<U> {
    const {scheduler, cache} = this;
    const {job, how, signal} = this.manyOptions(options, 'SolverPool.solveMany');
    const structure = this.structureOf(problem, how, job);
    const {caller = '', priority = 0, maxSeconds = Infinity} = job;
    return new ManySolve<U>(async function* () {
      let finish: (() => void) | undefined;
      const grant = await new Promise<Grant>((resolve, reject) => {
        const request = {caller, priority, maxSeconds, bytes: structure.bytes, signal};
        scheduler
          .submit(request, (given) => {
            resolve(given);
            return new Promise<void>((end) => (finish = end));
          })
          .catch(reject);
      });
      const {value: solver, release} = cache.lease(structure.key, () => structure.make());
      let failed = false;
      try {
        const all = mapped(variations, (one) => asVariationOf(solver.problem, problem, one));
        for await (const solution of solver.solve(all, {signal: grant.signal})) yield solution as VariationSolution<U>;
      } catch (error) {
        failed = true;
        const late = grant.late() && error instanceof DinfError && error.code === 'ABORTED';
        throw late ? new DinfError('TIME_LIMIT', `the ${maxSeconds} s that this job may take are over`, {cause: error}) : error;
      } finally {
        release(failed);
        finish?.();
      }
    });
  }

  private manyOptions(
    options: PoolManyOptions,
    what: string,
  ): {job: JobOptions; how: StructureOptions; signal: AbortSignal | undefined} {
    const {job, rest} = splitJob(options);
    const {signal, ...how} = rest;
    return {
      job: checkOptions<JobOptions>(job, what, JOB_OPTIONS),
      how,
      signal: signal === undefined ? undefined : checkSignal(signal, `${what}: signal`),
    };
  }

  private structureOf(problem: Problem, how: StructureOptions, {maxMemory = Infinity}: JobOptions): Structure {
    const {threads, memory} = this.scheduler.limits;
    const most = Math.min(memory, maxMemory);
    const structure = structureOf(problem, how, threads, most);
    if (structure.bytes <= maxMemory) return structure;
    throw tooLarge(structure.bytes, maxMemory);
  }

  /** What it does and has done. */
  stats(): PoolStats {
    const {counts, bytes, limits, waits, runs, retrySeconds} = this.scheduler;
    return {
      ...counts,
      ...{bytes, memory: limits.memory, threads: limits.threads},
      ...{waitSeconds: waits.summary(), runSeconds: runs.summary(), retrySeconds},
      ...{cache: this.cache.counts, batches: {...this.batches.sizes}},
    };
  }

  /**
   * Takes no more jobs, and resolves when none runs and all that the pool keeps is freed. Waiting jobs reject with DISPOSED and running ones
   * end with what they have, unless `drain` lets both come to their end.
   */
  async close(options: {drain?: boolean | undefined} = {}): Promise<void> {
    const {drain = false} = checkOptions<{drain?: boolean | undefined}>(options, 'SolverPool.close', {drain: checkFlag});
    await this.scheduler.close(drain);
    this.cache.clear();
  }

  /** For `await using`: see {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async begin<U extends string>(
    problem: Problem<U>,
    given: PoolSolveOptions,
    report: (progress: Progress) => void,
    left: AbortSignal,
  ): Promise<Solution<U>> {
    const {job, rest} = splitJob(given);
    const checked = checkOptions<JobOptions>(job, 'SolverPool.solve', JOB_OPTIONS);
    const {caller = '', priority = 0, maxSeconds = Infinity, maxMemory} = checked;
    const {memory, threads} = this.scheduler.limits;
    // A full queue refuses at once, before anything is compiled for it.
    const release = this.scheduler.hold(caller, rest.signal);
    const both = joined(rest.signal, left);
    try {
      const estimate = await estimateSolve(problem, {...rest, threads: rest.threads ?? threads}, memory / threads, maxMemory);
      const request = {caller, priority, maxSeconds, bytes: estimate.bytes, signal: both.signal, admitted: true};
      const running = this.scheduler.submit(request, async (grant) => {
        const solution = await run(problem, rest, grant, estimate, report);
        if (!grant.late() || solution.stopReason !== 'aborted') return solution;
        return solution.concluded({notes: [`it was ended after the ${maxSeconds} s that this job may take`]});
      });
      release(); // its own place is taken
      return await running;
    } finally {
      release();
      both.release();
    }
  }
}

async function run<U extends string>(
  problem: Problem<U>,
  options: SolveOptions,
  {threads, signal}: Grant,
  {stages, factorBytes}: SolveEstimate,
  report: (progress: Progress) => void,
): Promise<Solution<U>> {
  const settings: SolveOptions = {
    ...options,
    threads: Math.min(threads, options.threads ?? threads),
    optimizer: stages ?? options.optimizer,
    signal,
    onProgress: (progress) => {
      report(progress);
      options.onProgress?.(progress);
    },
  };
  return problem instanceof Case ? solvePrepared<U>(problem, problem.prepared, settings, factorBytes) : solve(problem, settings);
}

async function* mapped(
  variations: Iterable<Variation> | AsyncIterable<Variation>,
  map: (one: Variation) => Variation,
): AsyncGenerator<Variation> {
  for await (const one of variations) yield map(one);
}
