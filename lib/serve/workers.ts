/** Threads that pose and solve: one task a thread, kept for the next one, and ended where one does not come to its end. */
import * as path from 'node:path';
import {Worker} from 'node:worker_threads';
import {packageFolder} from '../base/binary';
import type {DinfErrorCode} from '../base/errors';
import {DinfError} from '../base/errors';
import type {AnswerTo, News, Order, Task, Told} from './tasks';

/** What a task is given beside itself. */
export interface TaskHooks {
  /** Asks it to end with what it has. */
  readonly signal: AbortSignal;
  /** Why, where that is to be said to whoever asked. */
  note?(): string | undefined;
  /** Whether its state is to be saved then, where that is of use. Default: no. */
  keep?(): boolean;
  onProgress?(progress: Told): void;
  /** JSON. */
  onField?(json: Uint8Array): void;
  onPosed?(): void;
}

/** Seconds that a task has to answer after it was asked to end: a factorisation goes to its end, a text is read to its end. */
const GRACE_SECONDS = 10;
/** Mebibytes of JavaScript objects that a task may make: texts, expressions, lists of numbers. */
const HEAP = 512;
/** Idle threads that are kept: each holds some 30 MB. */
const MOST_IDLE = 4;

/** A set of threads. */
export class Workers {
  private readonly idle: Worker[] = [];
  private readonly all = new Set<Worker>();
  private closed = false;

  /** @param poseSeconds that reading and compiling a problem may take */
  constructor(private readonly poseSeconds: number) {}

  /**
   * Runs a task.
   *
   * @throws DinfError (rejects) what the task throws; EXPRESSION_TOO_LARGE where it is not posed in time; ABORTED where it had nothing to keep, or
   *   did not answer; OUT_OF_MEMORY for a heap that is full; INTERNAL
   */
  run<T extends Task>(task: T, hooks: TaskHooks): Promise<AnswerTo<T>> {
    return new Promise<AnswerTo<T>>((resolve, reject) => {
      if (this.closed) throw new DinfError('DISPOSED', 'the service is closed');
      const worker = this.idle.pop() ?? this.start();
      worker.removeAllListeners();
      worker.ref();
      const timers: NodeJS.Timeout[] = [];
      let done = false;
      const finish = (then: () => void, keep: boolean): void => {
        if (done) return;
        done = true;
        for (const timer of timers) clearTimeout(timer);
        hooks.signal.removeEventListener('abort', abort);
        worker.removeAllListeners();
        this.release(worker, keep);
        then();
      };
      const fail = (code: DinfErrorCode, message: string, keep = false): void => {
        finish(() => {
          reject(new DinfError(code, message));
        }, keep);
      };
      const abort = (): void => {
        worker.postMessage({abort: {note: hooks.note?.(), keep: hooks.keep?.() === true}} satisfies Order);
        timers.push(
          setTimeout(() => {
            fail('ABORTED', `it was ended, and did not answer in ${GRACE_SECONDS} s`);
          }, GRACE_SECONDS * 1000),
        );
      };
      timers.push(
        setTimeout(() => {
          fail(
            'EXPRESSION_TOO_LARGE',
            `reading and compiling this problem takes more than the ${this.poseSeconds} s that this service gives: use shorter equations, or fewer`,
          );
        }, this.poseSeconds * 1000),
      );
      worker.on('message', (news: News) => {
        if ('posed' in news) {
          clearTimeout(timers[0]);
          hooks.onPosed?.();
        } else if ('progress' in news) hooks.onProgress?.(news.progress);
        else if ('field' in news) hooks.onField?.(news.field);
        else if ('answer' in news) {
          finish(
            () => {
              resolve(news.answer as AnswerTo<T>);
            },
            !('spent' in news.answer && news.answer.spent === true),
          );
        } else fail((news.error.code ?? 'INTERNAL') as DinfErrorCode, news.error.message, true);
      });
      worker.on('error', (error: Error & {code?: string}) => {
        const full = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
        if (full) fail('OUT_OF_MEMORY', `this problem needs more than ${HEAP} MiB of objects`);
        else fail('INTERNAL', error.stack ?? error.message);
      });
      worker.on('exit', () => {
        fail('INTERNAL', 'a thread has ended');
      });
      hooks.signal.addEventListener('abort', abort);
      worker.postMessage({task} satisfies Order);
      if (hooks.signal.aborted) abort();
    });
  }

  /** Ends all threads. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(Array.from(this.all, (worker) => worker.terminate()));
  }

  private start(): Worker {
    // As it is in the published package, also where this file runs from its source.
    const file = path.join(packageFolder(), 'dist', 'serve', 'worker.js');
    const worker = new Worker(file, {resourceLimits: {maxOldGenerationSizeMb: HEAP}});
    this.all.add(worker);
    return worker;
  }

  private release(worker: Worker, keep: boolean): void {
    if (keep && !this.closed && this.idle.length < MOST_IDLE) {
      worker.on('error', () => undefined);
      worker.on('exit', () => {
        this.all.delete(worker);
        const at = this.idle.indexOf(worker);
        if (at >= 0) this.idle.splice(at, 1);
      });
      worker.unref(); // a process may end beside it
      this.idle.push(worker);
      return;
    }
    this.all.delete(worker);
    worker.on('error', () => undefined);
    void worker.terminate();
  }
}
