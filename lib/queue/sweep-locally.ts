/** A sweep on this machine alone: no queue, the same store and the same table. */
import type {RunOptions} from './run-job';
import {runJob} from './run-job';
import {failureText} from './failures';
import {openStore} from './object-store';
import type {ObjectStore} from './store-interface';
import type {Sweep, SweepTable} from './sweep';
import {gatherTable, planSweep} from './sweep';

/** How a local sweep is run. */
export interface LocalSweepOptions extends Pick<RunOptions, 'threads' | 'device' | 'checkpointSeconds'> {
  /** A folder, `s3://bucket/prefix`, or a store of your own. */
  readonly store: string | ObjectStore;
  /** Ends it with what is there; the job under way leaves a checkpoint where it can go on from one. */
  readonly signal?: AbortSignal | undefined;
  /** Hears of each job that ended. */
  readonly onRow?: ((done: number, count: number) => void) | undefined;
}

/**
 * Solves the jobs of a sweep one after another, each on all threads. What the store has already is not solved again, so that a sweep that
 * was interrupted goes on where it was.
 *
 * @throws DinfError as planning a sweep and opening a store; a job that fails is a row of the table (rejects)
 */
export async function sweepLocally(sweep: Sweep, options: LocalSweepOptions): Promise<SweepTable> {
  const plan = planSweep(sweep);
  const store = typeof options.store === 'string' ? await openStore(options.store) : options.store;
  const {threads, device, checkpointSeconds, signal, onRow} = options;
  const failures = new Map<string, string>();
  for (const [i, {id, job}] of plan.rows.entries()) {
    if (signal?.aborted === true) break;
    try {
      await runJob(id, job, {store, threads, device, checkpointSeconds, handBack: signal});
    } catch (error) {
      failures.set(id, failureText(error));
    }
    onRow?.(i + 1, plan.rows.length);
  }
  return gatherTable(store, plan, failures);
}
