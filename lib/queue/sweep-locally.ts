/** A sweep on this machine alone: no queue, the same store and the same table. */
import {parseBytes} from '../base/bytes';
import {checkInteger} from '../base/options';
import {availableBytes} from '../compile/memory';
import {findDevice} from '../devices';
import {defaultThreads} from '../devices/cpu';
import {MOST_FACTOR_BYTES} from '../equation/goal';
import {failureText} from './failures';
import type {Job} from './job';
import type {Jobs} from './job-threads';
import {runInThreads} from './job-threads';
import {openStore} from './object-store';
import type {RunOptions} from './run-job';
import {runJob} from './run-job';
import type {ObjectStore} from './store-interface';
import type {Sweep, SweepTable} from './sweep';
import {gatherTable, planSweep} from './sweep';

/** How a local sweep is run. */
export interface LocalSweepOptions extends Pick<RunOptions, 'threads' | 'device' | 'checkpointSeconds'> {
  /** A folder, `s3://bucket/prefix`, or a store of your own. */
  readonly store: string | ObjectStore;
  /**
   * Jobs that run side by side, each in a thread of its own and on its part of `threads`. Default: as many as there are threads, and as fit into
   * memory with the factorisation that each may make; one on a GPU, or with a store of your own, which other threads cannot reach.
   */
  readonly atOnce?: number | undefined;
  /** Ends it with what is there; the jobs under way leave a checkpoint where they can go on from one. */
  readonly signal?: AbortSignal | undefined;
  /** Hears of each job that ended. */
  readonly onRow?: ((done: number, count: number) => void) | undefined;
}

/** Of the machine's memory, what factorisations of jobs side by side may take together. */
const SHARE = 0.8;

/**
 * Solves the jobs of a sweep, side by side where there are threads and memory for it: a job's result is the same to the bit on one thread as on all.
 * What the store has already is not solved again, so that a sweep that was interrupted goes on where it was.
 *
 * @throws DinfError as planning a sweep and opening a store; INVALID_ARGUMENT for `atOnce`; a job that fails is a row of the table (rejects)
 */
export async function sweepLocally(sweep: Sweep, options: LocalSweepOptions): Promise<SweepTable> {
  const plan = planSweep(sweep);
  const store = typeof options.store === 'string' ? await openStore(options.store) : options.store;
  const {threads = defaultThreads(), device, checkpointSeconds, signal, onRow} = options;
  // Values that are there twice make one job.
  const jobs = Array.from(new Map(plan.rows.map(({id, job}) => [id, {id, job}])).values());
  const failures = new Map<string, string>();
  let done = 0;
  const onEnd = (id: string, failure: string | undefined): void => {
    if (failure !== undefined) failures.set(id, failure);
    onRow?.(++done, jobs.length);
  };
  const atOnce = await sideBySide(jobs, {...options, threads});
  if (atOnce > 1 && typeof options.store === 'string') {
    const each = {store: options.store, threads: Math.max(1, Math.floor(threads / atOnce)), device, checkpointSeconds};
    await runInThreads(jobs, atOnce, each, signal, onEnd);
  } else {
    for (const {id, job} of jobs) {
      if (signal?.aborted === true) break;
      const failure = await runJob(id, job, {store, threads, device, checkpointSeconds, handBack: signal}).then(
        () => undefined,
        failureText,
      );
      onEnd(id, failure);
    }
  }
  return gatherTable(store, plan, failures);
}

async function sideBySide(jobs: Jobs, {threads, device, atOnce, store}: LocalSweepOptions & {threads: number}): Promise<number> {
  const asked = atOnce === undefined ? undefined : checkInteger(atOnce, 'sweepLocally: atOnce', 1, 1024);
  if (typeof store !== 'string' || jobs.length === 0) return 1;
  const onCpu = (await findDevice(device ?? 'auto')).name === 'cpu';
  const fitting = Math.floor((SHARE * availableBytes()) / Math.max(...jobs.map(({job}) => factorBytes(job))));
  return Math.max(1, Math.min(jobs.length, asked ?? (onCpu ? Math.min(threads, fitting) : 1)));
}

/** Bytes that a factorisation of a job may take: alone it would have no more. */
function factorBytes({problem, options, maxMemory = Infinity}: Job): number {
  const own = problem?.maxMemory ?? options?.maxMemory;
  const given = typeof own === 'string' ? bytesOf(own) : typeof own === 'number' ? own : Infinity;
  const least = Math.min(maxMemory, given);
  return Number.isFinite(least) ? least : Math.min(MOST_FACTOR_BYTES, availableBytes() / 2);
}

/** A text that is no number of bytes is the job's own failure. */
function bytesOf(text: string): number {
  try {
    return parseBytes(text);
  } catch {
    return Infinity;
  }
}
