/** The side of the queue that hands jobs in and takes results out. */
import type {FlowProducer, Job as BullJob, JobsOptions, Queue} from 'bullmq';
import type {Redis} from 'ioredis';
import {DinfError} from '../base/errors';
import type {OptionChecks} from '../base/options';
import {checkInteger, checkNumber, checkOptions} from '../base/options';
import {failureOf} from './failures';
import type {Job} from './job';
import {checkJob, jobId} from './job';
import {openStore} from './object-store';
import {loadBullMq} from './optional-peers';
import type {QueueOptions} from './options';
import {checkQueueOptions, DEFAULT_QUEUE} from './options';
import {poseJob} from './pose-job';
import {cancelledKey, connect} from './redis';
import type {JobResult} from './result';
import {readResult} from './result';
import type {ObjectStore} from './store-interface';
import type {Sweep, SweepTable} from './sweep';
import {planSweep, tableKey} from './sweep';

/** How a job waits. */
export interface SubmitOptions {
  /** 1 comes first, 2^21 last; jobs without one come before all. */
  readonly priority?: number | undefined;
  /** Times that it is begun where it fails for what may pass, such as memory that others hold. Default 3. */
  readonly attempts?: number | undefined;
  /** Seconds before the second attempt; each later wait is twice the one before. Default 1. */
  readonly backoffSeconds?: number | undefined;
}

/** Where a job is. */
export interface JobStatus {
  /** `unknown`: Redis has not heard of it, or has forgotten it. */
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'unknown';
  /** Of the running attempt. */
  readonly progress?: Readonly<Record<string, number>> | undefined;
  /** Times that it was begun. */
  readonly begun: number;
  /** Why it failed. */
  readonly error?: string | undefined;
}

const SUBMIT: OptionChecks<SubmitOptions> = {
  priority: (value, name) => checkInteger(value, name, 1, 2 ** 21 - 1),
  attempts: (value, name) => checkInteger(value, name, 1, 100),
  backoffSeconds: (value, name) => checkNumber(value, name, 0.01, 86_400),
};

/** Seconds for which Redis remembers jobs that ended; results stay in the store. */
const REMEMBERED = 7 * 86_400;
/** Milliseconds between looks at a job that is waited for. */
const LOOK = 200;

/** Jobs go in, results come out. Made by {@link createQueue}. */
export class JobQueue implements AsyncDisposable {
  /** @internal */
  constructor(
    /** The store of its results. */
    readonly store: ObjectStore,
    private readonly name: string,
    private readonly client: Redis,
    private readonly queue: Queue,
    private readonly flows: FlowProducer,
  ) {}

  /**
   * Hands a job in. The same job is the same id: what is solved already is not solved again, what waits or runs already is not added twice,
   * and what has failed is tried anew. The problem is posed here first, so that a mistake in it is told at once.
   *
   * @throws DinfError what checking and posing a job throw; UNAVAILABLE of the store (rejects)
   */
  async submit(given: Job, options: SubmitOptions = {}): Promise<{readonly id: string; readonly state: 'done' | 'waiting'}> {
    const job = checkJob(given);
    const how = jobOptions(options);
    const id = jobId(job);
    if ((await readResult(this.store, id)) !== undefined) return {id, state: 'done'};
    await poseJob(job);
    await this.client.srem(cancelledKey(this.name), id);
    await this.forgetEnded(id);
    await this.queue.add('solve', {id, job}, {...how, jobId: id});
    return {id, state: 'waiting'};
  }

  /** The result of a job, if there is one yet. */
  result(id: string): Promise<JobResult | undefined> {
    return readResult(this.store, id);
  }

  /** Where a job is. */
  async status(id: string): Promise<JobStatus> {
    const job = (await this.queue.getJob(id)) as BullJob | undefined;
    if (job === undefined) return {state: (await readResult(this.store, id)) === undefined ? 'unknown' : 'done', begun: 0};
    const state = await job.getState();
    const begun = job.attemptsStarted;
    if (state === 'completed') return {state: 'done', begun};
    if (state === 'failed') return {state: 'failed', begun, error: job.failedReason};
    const progress = typeof job.progress === 'object' ? (job.progress as Record<string, number>) : undefined;
    if (state === 'active') return {state: 'running', begun, progress};
    return {state: state === 'unknown' ? 'unknown' : 'waiting', begun, progress};
  }

  /**
   * Waits for the result of a job.
   *
   * @throws DinfError that of the job where it failed; INVALID_ARGUMENT where there is no such job; ABORTED by the signal (rejects)
   */
  async wait(id: string, options: {readonly signal?: AbortSignal | undefined} = {}): Promise<JobResult> {
    await this.ended(id, options.signal);
    const result = await readResult(this.store, id);
    if (result !== undefined) return result;
    throw new DinfError(
      'INVALID_ARGUMENT',
      `there is no job ${id} in the queue ${this.name}, and no result of it in ${this.store.name}`,
    );
  }

  /**
   * Takes a job back: one that waits is removed, one that runs is stopped by its worker within some two seconds, and fails as ABORTED.
   *
   * @returns whether there was something to take back.
   */
  async cancel(id: string): Promise<boolean> {
    const job = (await this.queue.getJob(id)) as BullJob | undefined;
    if (job === undefined || ['completed', 'failed'].includes(await job.getState())) return false;
    await this.client.sadd(cancelledKey(this.name), id);
    // One that runs is locked and cannot be removed; its worker looks into that set.
    const removed = await job.remove().then(
      () => true,
      () => false,
    );
    if (removed) await this.client.srem(cancelledKey(this.name), id);
    return true;
  }

  /**
   * Hands in all jobs of a sweep, and one that gathers them into a table when they have ended.
   *
   * @throws DinfError as planning a sweep; what posing its first job throws (rejects)
   */
  async sweep(sweep: Sweep, options: SubmitOptions = {}): Promise<{readonly id: string; readonly count: number}> {
    const plan = planSweep(sweep);
    const how = jobOptions(options);
    await poseJob(plan.rows[0].job);
    const {id, names, rows} = plan;
    await this.forgetEnded(id);
    if ((await this.queue.getJob(id)) === undefined) {
      // A job of BullMQ has one parent: those of a sweep have ids of their own there, and share results by the jobs' ids.
      const children = rows.map(({id: row, job}, i) => ({
        name: 'solve',
        queueName: this.name,
        data: {id: row, job},
        opts: {...how, jobId: `${id}-${i}`, ignoreDependencyOnFailure: true},
      }));
      const data = {id, names, rows: rows.map(({id: row, parameters}) => ({id: row, parameters}))};
      await this.flows.add({name: 'gather', queueName: this.name, data, opts: {...how, attempts: 10, jobId: id}, children});
    }
    return {id, count: rows.length};
  }

  /** How many jobs of a sweep have not ended yet. */
  async sweepLeft(id: string): Promise<number> {
    const job = (await this.queue.getJob(id)) as BullJob | undefined;
    return job === undefined ? 0 : ((await job.getDependenciesCount({unprocessed: true})).unprocessed ?? 0);
  }

  /**
   * Waits for the table of a sweep.
   *
   * @throws DinfError INVALID_ARGUMENT where there is no such sweep; ABORTED by the signal (rejects)
   */
  async waitSweep(id: string, options: {readonly signal?: AbortSignal | undefined} = {}): Promise<SweepTable> {
    await this.ended(id, options.signal);
    const bytes = await this.store.get(tableKey(id, 'json'));
    if (bytes !== undefined) return JSON.parse(Buffer.from(bytes).toString('utf8')) as SweepTable;
    throw new DinfError(
      'INVALID_ARGUMENT',
      `there is no sweep ${id} in the queue ${this.name}, and no table of it in ${this.store.name}`,
    );
  }

  /** Jobs by where they are. */
  async counts(): Promise<{waiting: number; running: number; done: number; failed: number}> {
    const found = await this.queue.getJobCounts();
    const sum = (...names: string[]): number => names.reduce((total, name) => total + (found[name] ?? 0), 0);
    return {
      waiting: sum('wait', 'paused', 'prioritized', 'delayed', 'waiting-children'),
      running: sum('active'),
      done: sum('completed'),
      failed: sum('failed'),
    };
  }

  /** Lets go of Redis; jobs go on. */
  async close(): Promise<void> {
    await Promise.allSettled([this.queue.close(), this.flows.close()]);
    this.client.disconnect();
  }

  /** For `await using`: see {@link close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A job that has ended, so that it may be added again; one that runs or waits stays. */
  private async forgetEnded(id: string): Promise<void> {
    const job = (await this.queue.getJob(id)) as BullJob | undefined;
    if (job === undefined || !['completed', 'failed'].includes(await job.getState())) return;
    await job.remove().catch(() => undefined); // somebody else was faster
  }

  /** Waits until a job has ended, or is not known. */
  private async ended(id: string, signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      if (signal?.aborted === true) throw new DinfError('ABORTED', `waiting for ${id} was aborted`, {cause: signal.reason});
      const job = (await this.queue.getJob(id)) as BullJob | undefined;
      const state = job === undefined ? 'unknown' : await job.getState();
      if (state === 'failed')
        throw failureOf(((await this.queue.getJob(id)) as BullJob | undefined)?.failedReason ?? 'it failed');
      if (state === 'completed' || state === 'unknown') return;
      await new Promise((resolve) => setTimeout(resolve, LOOK));
    }
  }
}

function jobOptions(given: SubmitOptions): JobsOptions {
  const {priority, attempts = 3, backoffSeconds = 1} = checkOptions<SubmitOptions>(given, 'submit', SUBMIT);
  return {
    ...(priority !== undefined && {priority}),
    attempts,
    backoff: {type: 'exponential', delay: Math.round(1000 * backoffSeconds)},
    removeOnComplete: {age: REMEMBERED},
    removeOnFail: {age: REMEMBERED},
    stackTraceLimit: 0,
  };
}

/**
 * Connects to a queue.
 *
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION; UNAVAILABLE where Redis does not answer, or bullmq and ioredis are not installed;
 *   what opening the store throws (rejects)
 */
export async function createQueue(options: QueueOptions): Promise<JobQueue> {
  const {redis, queue: name = DEFAULT_QUEUE, store: place} = checkQueueOptions(options);
  const {FlowProducer: Flows, Queue: BullQueue} = await loadBullMq();
  const store = typeof place === 'string' ? await openStore(place) : place;
  const client = await connect(redis, () => undefined);
  const queue = new BullQueue(name, {connection: client});
  const flows = new Flows({connection: client});
  // Connections that were lost are made again; what was asked meanwhile waits.
  queue.on('error', () => undefined);
  flows.on('error', () => undefined);
  return new JobQueue(store, name, client, queue, flows);
}
