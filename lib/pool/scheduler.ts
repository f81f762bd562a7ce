/** Admission: which job starts when, on how many threads, within what memory and for how long. It knows nothing of what a job does. */
import {bytesText} from '../base/bytes';
import {DinfError} from '../base/errors';
import type {Waiting} from './fair-queue';
import {FairQueue} from './fair-queue';
import {Times} from './pool-stats';
import {QueueFull} from './queue-full';

/** What a job asks for. */
export interface Request {
  readonly caller: string;
  readonly priority: number;
  /** Bytes that it may hold at its peak. */
  readonly bytes: number;
  /** Seconds that it may run, waiting not counted. */
  readonly maxSeconds: number;
  /** Takes it out of the queue, or asks it to end where it runs. */
  readonly signal?: AbortSignal | undefined;
  /** Who pays for it, each an equal part. Default: the caller. */
  readonly callers?: readonly string[] | undefined;
  /** Whether its parts hold their places in the queue already, as those of a batch do. Default false. */
  readonly admitted?: boolean | undefined;
}

/** What a job is given. */
export interface Grant {
  readonly threads: number;
  /** Aborted by the request's signal, the time limit, or the end of the pool: the job keeps what it has. */
  readonly signal: AbortSignal;
  /** Whether the time limit was what ended it. */
  readonly late: () => boolean;
}

/** Limits of a {@link Scheduler}. */
export interface Limits {
  /** Jobs that run at once, and threads that they share. */
  readonly threads: number;
  /** Bytes that running jobs may hold together. */
  readonly memory: number;
  /** Most jobs that wait. */
  readonly queue: number;
  /** Most jobs of one caller that wait. */
  readonly queuePerCaller: number;
}

/** Why jobs ended, and how many are where. */
export interface Counts {
  readonly running: number;
  readonly waiting: number;
  readonly done: number;
  readonly failed: number;
  readonly refused: number;
}

interface Job extends Waiting {
  readonly request: Request;
  readonly submitted: number;
  readonly run: (grant: Grant) => Promise<unknown>;
  readonly settle: {resolve(value: unknown): void; reject(reason: unknown): void};
  /** Jobs that went ahead while it did not fit. */
  overtaken: number;
  readonly unlisten: () => void;
}

interface Running {
  readonly stop: AbortController;
  readonly threads: number;
}

/** How many smaller jobs may go ahead of one that does not fit: after that it is waited for until it does. */
const MOST_OVERTAKING = 8;
/** What a run is taken to last before any was measured. */
const GUESSED_SECONDS = 1;

/** The admission of jobs to threads and memory. */
export class Scheduler {
  readonly waits = new Times();
  readonly runs = new Times();
  private readonly queue = new FairQueue<Job>();
  private readonly active = new Set<Running>();
  private readonly held = new Map<string, number>();
  private heldCount = 0;
  private reserved = 0;
  private threadsInUse = 0;
  private readonly tally = {done: 0, failed: 0, refused: 0};
  private closed = false;
  private drains = false;
  private readonly idle: (() => void)[] = [];

  constructor(readonly limits: Limits) {}

  get counts(): Counts {
    return {running: this.active.size, waiting: this.queue.size + this.heldCount, ...this.tally};
  }
  /** Bytes that running jobs have reserved. */
  get bytes(): number {
    return this.reserved;
  }

  /** Seconds until there is likely to be room: as many mean runs as wait, on all threads. At least 1. */
  get retrySeconds(): number {
    const {threads} = this.limits;
    const mean = this.runs.recent ?? GUESSED_SECONDS;
    return Math.max(1, Math.ceil(((this.queue.size + this.heldCount + this.active.size) * mean) / threads));
  }

  /**
   * Runs a job when its turn comes.
   *
   * @throws DinfError (rejects, at once) OUT_OF_MEMORY for a job that could never fit; QUEUE_FULL; ABORTED; DISPOSED
   */
  submit<T>(request: Request, run: (grant: Grant) => Promise<T>): Promise<T> {
    const {caller, priority, signal} = request;
    return new Promise<unknown>((resolve, reject) => {
      const refusal = this.refusal(request, request.admitted);
      if (refusal !== undefined) {
        this.count(refusal);
        reject(refusal);
        return;
      }
      const leave = (): void => {
        if (!this.queue.remove(job)) return;
        job.unlisten();
        reject(aborted(signal));
        this.dispatch(); // it may have been what others waited behind
      };
      const job: Job = {
        ...{caller, priority, request, run, settle: {resolve, reject}, overtaken: 0, submitted: performance.now()},
        unlisten: () => signal?.removeEventListener('abort', leave),
      };
      signal?.addEventListener('abort', leave);
      this.queue.add(job);
      this.dispatch();
    }) as Promise<T>;
  }

  /**
   * Counts something as waiting that is not yet a job, such as a part of a batch.
   *
   * @returns what ends it
   * @throws DinfError QUEUE_FULL, ABORTED, DISPOSED
   */
  hold(caller: string, signal?: AbortSignal): () => void {
    const refusal = this.refusal({caller, signal, bytes: 0});
    if (refusal !== undefined) {
      this.count(refusal);
      throw refusal;
    }
    this.held.set(caller, (this.held.get(caller) ?? 0) + 1);
    this.heldCount += 1;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.heldCount -= 1;
      const left = this.held.get(caller)! - 1;
      if (left === 0) this.held.delete(caller);
      else this.held.set(caller, left);
      this.wake();
    };
  }

  /** Takes no more. Waiting jobs are rejected, and running ones asked to end, unless they are to drain; resolves when none runs. */
  async close(drain: boolean): Promise<void> {
    this.closed = true;
    this.drains = drain;
    if (!drain) {
      for (const job of this.queue.clear()) {
        job.unlisten();
        job.settle.reject(closedError());
      }
      for (const {stop} of this.active) stop.abort(closedError());
    }
    if (this.busy) await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  private refusal(
    {caller, signal, bytes}: Pick<Request, 'caller' | 'signal' | 'bytes'>,
    admitted = false,
  ): DinfError | undefined {
    const {threads, memory, queue, queuePerCaller} = this.limits;
    if (this.closed && !(this.drains && admitted)) return closedError();
    if (signal?.aborted === true) return aborted(signal);
    if (bytes > memory) {
      return new DinfError(
        'OUT_OF_MEMORY',
        `this job needs about ${bytesText(bytes)}, and all jobs together may hold ${bytesText(memory)}: use a smaller resolution or fewer samples`,
      );
    }
    if (admitted) return undefined;
    const {retrySeconds} = this;
    // What may start at once does not wait.
    const free = threads - this.active.size;
    if (this.queue.size + this.heldCount >= queue + free) return new QueueFull(`${queue} jobs wait already`, retrySeconds);
    if (this.queue.sizeOf(caller) + (this.held.get(caller) ?? 0) >= queuePerCaller + free)
      return new QueueFull(`${queuePerCaller} jobs of this caller wait already`, retrySeconds);
    return undefined;
  }

  private get busy(): boolean {
    return this.active.size + this.queue.size + this.heldCount > 0;
  }

  private wake(): void {
    if (!this.busy) for (const wake of this.idle.splice(0)) wake();
  }

  /** Whoever leaves before he came is not refused. */
  private count({code}: DinfError): void {
    if (code !== 'ABORTED') this.tally.refused += 1;
  }

  /** Starts all that may start now. */
  private dispatch(): void {
    while (this.active.size < this.limits.threads) {
      const next = this.next();
      if (next === undefined) return;
      this.queue.remove(next);
      void this.start(next);
    }
  }

  /** The first in turn whose memory there is; none where one has been passed by too often. */
  private next(): Job | undefined {
    const passed: Job[] = [];
    for (const job of this.queue.heads()) {
      if (this.reserved + job.request.bytes <= this.limits.memory) {
        for (const other of passed) other.overtaken += 1;
        return job;
      }
      if (job.overtaken >= MOST_OVERTAKING) return undefined;
      passed.push(job);
    }
    return undefined;
  }

  /** A job that is alone has all threads; where others wait, each has its part; beside one that has them all, one. */
  private share(): number {
    const free = Math.max(0, this.limits.threads - this.threadsInUse);
    return Math.max(1, Math.floor(free / (this.queue.size + 1)));
  }

  private async start(job: Job): Promise<void> {
    const {request, run, settle, submitted, unlisten} = job;
    const {signal, bytes, maxSeconds} = request;
    const stop = new AbortController();
    const running: Running = {stop, threads: this.share()};
    const time = {over: false};
    const abort = (): void => {
      stop.abort(signal?.reason);
    };
    unlisten();
    signal?.addEventListener('abort', abort);
    const timer = after(maxSeconds, () => {
      time.over = true;
      stop.abort(new DinfError('TIME_LIMIT', `the ${maxSeconds} s that this job may take are over`));
    });
    this.active.add(running);
    this.reserved += bytes;
    this.threadsInUse += running.threads;
    const began = performance.now();
    this.waits.add((began - submitted) / 1000);
    const foreseen = this.runs.recent ?? GUESSED_SECONDS;
    const payers = request.callers ?? [request.caller];
    for (const one of payers) this.queue.foresee(one, foreseen / payers.length);
    try {
      const result = await run({threads: running.threads, signal: stop.signal, late: () => time.over});
      this.tally.done += 1;
      settle.resolve(result);
    } catch (error) {
      this.tally.failed += 1;
      const empty = time.over && error instanceof DinfError && error.code === 'ABORTED';
      settle.reject(empty ? timeLimit(maxSeconds, error) : error);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      const seconds = (performance.now() - began) / 1000;
      this.runs.add(seconds);
      for (const one of payers) this.queue.charge(one, seconds / payers.length, foreseen / payers.length);
      this.active.delete(running);
      this.reserved -= bytes;
      this.threadsInUse -= running.threads;
      this.dispatch();
      this.wake();
    }
  }
}

/** A timer, but for times that none can hold. */
export function after(seconds: number, then: () => void): NodeJS.Timeout | undefined {
  return seconds * 1000 < 2 ** 31 ? setTimeout(then, seconds * 1000) : undefined;
}

const timeLimit = (seconds: number, cause: unknown): DinfError =>
  new DinfError('TIME_LIMIT', `the ${seconds} s that this job may take were over before it had anything to keep`, {cause});

const closedError = (): DinfError => new DinfError('DISPOSED', 'this pool is closed: it takes no more work');

const aborted = (signal: AbortSignal | undefined): DinfError =>
  new DinfError('ABORTED', 'the signal was aborted before the job began', {cause: signal?.reason});
