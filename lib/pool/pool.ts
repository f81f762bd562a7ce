/** Many solves in one process: a bounded queue before shared threads and memory. */
import {checkFlag, checkOptions} from '../base/options';
import {Case} from '../cases/case';
import {solvePrepared} from '../cases/solve-prepared';
import type {Problem} from '../pose/problem';
import type {Solution} from '../solve/solution';
import type {Progress, SolveOptions} from '../solve/solve';
import {Solve, solve} from '../solve/solve';
import type {JobOptions, PoolSolveOptions, SolverPoolOptions} from './pool-options';
import {JOB_OPTIONS, POOL_OPTIONS, poolSettings, splitJob} from './pool-options';
import type {PoolStats} from './pool-stats';
import type {Grant} from './scheduler';
import {Scheduler} from './scheduler';
import {Batches} from './batches';
import type {BatchSolver} from './many';
import {SolverCache} from './solver-cache';
import {joined} from './signals';
import type {SolveEstimate} from './solve-estimate';
import {estimateSolve} from './solve-estimate';

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
  private readonly cache: SolverCache<BatchSolver>;
  private readonly batches: Batches;

  /** @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION */
  constructor(options: SolverPoolOptions = {}) {
    const settings = poolSettings(checkOptions<SolverPoolOptions>(options, 'SolverPool', POOL_OPTIONS));
    this.scheduler = new Scheduler(settings);
    this.cache = new SolverCache(settings.cacheBytes);
    this.batches = new Batches(this.scheduler, this.cache, settings.batchWaitMs);
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
      release();
      const request = {caller, priority, maxSeconds, bytes: estimate.bytes, signal: both.signal};
      return await this.scheduler.submit(request, async (grant) => {
        const solution = await run(problem, rest, grant, estimate, report);
        if (!grant.late() || solution.stopReason !== 'aborted') return solution;
        return solution.concluded({notes: [`it was ended after the ${maxSeconds} s that this job may take`]});
      });
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
