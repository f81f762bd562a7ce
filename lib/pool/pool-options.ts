/** What a pool is told, and its checks. */
import type {Check, OptionChecks} from '../base/options';
import {checkInteger, checkNumber, checkText} from '../base/options';
import {availableBytes} from '../compile/memory';
import {defaultThreads} from '../devices/cpu';
import type {SolveManyOptions} from '../many/solve-many-options';
import type {SolveOptions} from '../solve/solve-options';

/** Options of {@link SolverPool}. */
export interface SolverPoolOptions {
  /** Solves that run at once, and the threads that they share. Default one a core. */
  threads?: number | undefined;
  /** Bytes that running solves may hold together, by their estimates. Default half of the machine's memory, or of the control group's. */
  memory?: number | undefined;
  /** Most jobs that wait. Default 256. */
  queue?: number | undefined;
  /** Most jobs of one caller that wait. Default: as `queue`. */
  queuePerCaller?: number | undefined;
  /** Bytes of compiled structures and their factors that are kept for later variations. Default an eighth of `memory`. */
  cacheBytes?: number | undefined;
  /** Milliseconds that a variation waits for others of its structure. Default 2. */
  batchWaitMs?: number | undefined;
}

/** What a job of a pool takes beside the options of its solve. */
export interface JobOptions {
  /** Who asks: callers take turns. Default '', one caller for all. */
  caller?: string | undefined;
  /** Higher ones come first, whoever asks. Default 0. */
  priority?: number | undefined;
  /** Seconds that it may run, waiting not counted; then it ends with what it has. Default: as long as it takes. */
  maxSeconds?: number | undefined;
  /** Bytes that it may hold, factorisations included. Default: an equal part of the pool's memory, or its estimate where that is more. */
  maxMemory?: number | undefined;
}

/** Options of `SolverPool.solve`: those of a solve, and of the job. */
export interface PoolSolveOptions extends SolveOptions, JobOptions {}

/** Options of `SolverPool.vary` and `SolverPool.solveMany`: those of `solveMany`, without threads, and of the job. */
export interface PoolManyOptions extends Omit<SolveManyOptions, 'threads'>, JobOptions {}

export const POOL_OPTIONS: OptionChecks<SolverPoolOptions> = {
  threads: (value, name) => checkInteger(value, name, 1, 1024),
  memory: (value, name) => checkInteger(value, name, 1),
  queue: (value, name) => checkInteger(value, name, 0, 1e6),
  queuePerCaller: (value, name) => checkInteger(value, name, 0, 1e6),
  cacheBytes: (value, name) => checkInteger(value, name, 0),
  batchWaitMs: (value, name) => checkNumber(value, name, 0, 60_000),
};

const seconds: Check<number> = (value, name) => checkNumber(value, name, 0.001, 1e9);

export const JOB_OPTIONS: OptionChecks<JobOptions> = {
  caller: checkText,
  priority: (value, name) => checkNumber(value, name),
  maxSeconds: seconds,
  maxMemory: (value, name) => checkInteger(value, name, 1),
};

/** All options, decided. */
export function poolSettings(given: SolverPoolOptions): {readonly [Name in keyof SolverPoolOptions]-?: number} {
  const {threads = defaultThreads(), memory = Math.floor(availableBytes() / 2), queue = 256} = given;
  const {queuePerCaller = queue, cacheBytes = Math.floor(memory / 8), batchWaitMs = 2} = given;
  return {threads, memory, queue, queuePerCaller, cacheBytes, batchWaitMs};
}

/** The part of some options that a job has of its own, and the others. */
export function splitJob<Options extends JobOptions>(
  options: Options,
): {job: Record<string, unknown>; rest: Omit<Options, keyof JobOptions>} {
  const {caller, priority, maxSeconds, maxMemory, ...rest} = options;
  return {job: {caller, priority, maxSeconds, maxMemory}, rest};
}
