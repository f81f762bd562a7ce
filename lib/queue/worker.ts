/** The side of the queue that solves. */
import {availableParallelism} from 'node:os';
import type {Job as BullJob, Worker as BullWorker} from 'bullmq';
import type * as BullMq from 'bullmq';
import type {Redis} from 'ioredis';
import {DinfError} from '../base/errors';
import {findDevice} from '../devices';
import type {Progress} from '../solve/solve';
import {failureText, mayPass} from './failures';
import type {Job} from './job';
import {openStore} from './object-store';
import {loadBullMq} from './optional-peers';
import type {WorkerEvent, WorkerOptions} from './options';
import {checkWorkerOptions, DEFAULT_QUEUE} from './options';
import {cancelledKey, connect} from './redis';
import {runJob} from './run-job';
import type {ObjectStore} from './store-interface';
import type {SweepValue} from './sweep';
import {gatherTable} from './sweep';

/** Milliseconds between looks at jobs that are to be stopped, and between reports of progress. */
const LOOK = 1000;

/** What the queue holds of a job. */
interface SolveData {
  /** Under which its result lies; jobs of sweeps have another one in BullMQ. */
  readonly id: string;
  readonly job: Job;
}

/** What the queue holds of a sweep's table. */
interface GatherData {
  readonly id: string;
  readonly names: readonly string[];
  readonly rows: readonly {readonly id: string; readonly parameters: readonly SweepValue[]}[];
}

interface Settings extends WorkerOptions {
  readonly queue: string;
  readonly store: ObjectStore;
  readonly threads: number;
  readonly tell: (event: WorkerEvent) => void;
}

/** A worker that takes jobs until it is closed. Made by {@link startWorker}. */
export class QueueWorker implements AsyncDisposable {
  private readonly handBack = new AbortController();
  private readonly running = new Map<string, AbortController>();
  private readonly worker: BullWorker;
  private readonly timer: NodeJS.Timeout;

  /** @internal */
  constructor(
    private readonly client: Redis,
    private readonly bullmq: typeof BullMq,
    private readonly settings: Settings,
  ) {
    const {queue, concurrency = 1, lockSeconds = 30, mostDeaths = 10, rate, tell} = settings;
    const lockDuration = Math.round(1000 * lockSeconds);
    this.worker = new bullmq.Worker(queue, (job: BullJob, token) => this.process(job, token ?? ''), {
      connection: client,
      concurrency,
      lockDuration,
      stalledInterval: Math.ceil(lockDuration / 2),
      maxStalledCount: mostDeaths,
      ...(rate !== undefined && {limiter: {max: rate.jobs, duration: Math.ceil(1000 * rate.seconds)}}),
    });
    this.worker.on('error', (error) => {
      tell({event: 'trouble', message: error.message});
    });
    this.worker.on('stalled', (id) => {
      tell({event: 'stalled', id});
    });
    this.timer = setInterval(() => void this.lookForCancelled(), LOOK);
    this.timer.unref();
  }

  /** Jobs that it solves now. */
  get jobs(): readonly string[] {
    return [...this.running.keys()];
  }

  /**
   * Stops taking jobs. Those that run are stopped, saved where they can go on from what is saved, and given back to the queue for others;
   * resolves when that is done.
   */
  async close(): Promise<void> {
    const closed = this.worker.close();
    this.handBack.abort();
    await closed;
    clearInterval(this.timer);
    this.client.disconnect();
  }

  /** For `await using`: see {@link close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What BullMQ calls with each job; it keeps the lock meanwhile, since solves leave the event loop free. */
  private async process(job: BullJob, token: string): Promise<unknown> {
    if (job.name === 'gather') return this.gather(job as BullJob<GatherData>);
    const {tell} = this.settings;
    const cancel = new AbortController();
    const key = job.id!;
    this.running.set(key, cancel);
    try {
      return await this.solve(job as BullJob<SolveData>, token, cancel.signal);
    } catch (error) {
      if (error instanceof this.bullmq.WaitingError || error instanceof this.bullmq.UnrecoverableError) throw error;
      const {attempts = 1} = job.opts;
      const again = mayPass(error) && job.attemptsMade + 1 < attempts;
      tell({event: 'failed', id: job.id!, message: failureText(error), again});
      if (error instanceof DinfError && error.code === 'DEVICE_LOST') tell({event: 'device-lost', message: error.message});
      if (mayPass(error)) throw new Error(failureText(error), {cause: error});
      throw new this.bullmq.UnrecoverableError(failureText(error));
    } finally {
      this.running.delete(key);
    }
  }

  private async solve(job: BullJob<SolveData>, token: string, cancel: AbortSignal): Promise<unknown> {
    const {store, threads, device, checkpointSeconds, tell} = this.settings;
    const {UnrecoverableError, WaitingError} = this.bullmq;
    const {id, job: given} = job.data;
    const ending = await runJob(id, given, {
      ...{store, threads, device, checkpointSeconds, cancel, handBack: this.handBack.signal},
      onProgress: this.reporter(job),
      onStart: (resumedFrom) => {
        tell({event: 'started', id, attempt: job.attemptsStarted, resumedFrom});
      },
      onMishap: (error) => {
        tell({event: 'trouble', message: failureText(error)});
      },
    });
    if (ending.kind === 'cancelled') {
      tell({event: 'cancelled', id});
      await this.client.srem(cancelledKey(this.settings.queue), job.id!);
      throw new UnrecoverableError('ABORTED: the job was cancelled');
    }
    if (ending.kind === 'handed-back') {
      await job.moveToWait(token);
      tell({event: 'handed-back', id, iterations: ending.iterations});
      throw new WaitingError();
    }
    const {stopReason, seconds, iterations, loss} = ending.result;
    tell({event: 'done', id, stopReason, seconds, found: ending.found});
    return {stopReason, seconds, iterations, loss};
  }

  private async gather(job: BullJob<GatherData>): Promise<unknown> {
    const {rows, id} = job.data;
    // By the ids of the jobs in BullMQ, `SWEEP-ROW`, with the queue's keys before them.
    const failed = Object.entries(await job.getIgnoredChildrenFailures());
    const failures = new Map(failed.map(([child, why]) => [rows[Number(child.slice(child.lastIndexOf('-') + 1))].id, why]));
    await gatherTable(this.settings.store, job.data, failures);
    this.settings.tell({event: 'gathered', id, rows: rows.length});
    return {rows: rows.length};
  }

  /** Progress into Redis, once a second at most, and none while Redis is away. */
  private reporter(job: BullJob): (progress: Progress) => void {
    let next = 0;
    let pending = false;
    return ({iteration, iterations, loss, seconds, secondsLeft}) => {
      const now = performance.now();
      if (pending || now < next || this.client.status !== 'ready') return;
      [next, pending] = [now + LOOK, true];
      const finite = Object.entries({iteration, iterations, loss, seconds, secondsLeft}).filter(([, value]) =>
        Number.isFinite(value),
      );
      job
        .updateProgress(Object.fromEntries(finite))
        .catch(() => undefined) // the job was taken away, or Redis is: the solve goes on
        .finally(() => (pending = false));
    };
  }

  private async lookForCancelled(): Promise<void> {
    const ids = [...this.running.keys()];
    if (ids.length === 0 || this.client.status !== 'ready') return;
    const asked = await this.client.smismember(cancelledKey(this.settings.queue), ...ids).catch(() => []);
    ids.forEach((id, i) => {
      if (asked[i] === 1) this.running.get(id)?.abort();
    });
  }
}

/**
 * Starts a worker in this process. It solves on native threads; its event loop stays free, so that locks are renewed in time.
 *
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION, NO_SUCH_DEVICE; UNAVAILABLE where Redis does not answer, or bullmq and ioredis are
 *   not installed; what opening the store throws (rejects)
 */
export async function startWorker(options: WorkerOptions): Promise<QueueWorker> {
  const given = checkWorkerOptions(options);
  const {redis, store: place, queue = DEFAULT_QUEUE, concurrency = 1, device = 'auto', onEvent} = given;
  await findDevice(device);
  const bullmq = await loadBullMq();
  const store = typeof place === 'string' ? await openStore(place) : place;
  const tell = (event: WorkerEvent): void => onEvent?.(event);
  const client = await connect(redis, (error) => {
    tell({event: 'trouble', message: error.message});
  });
  const threads = given.threads ?? Math.max(1, Math.floor(availableParallelism() / concurrency));
  return new QueueWorker(client, bullmq, {...given, queue, store, threads, tell});
}
