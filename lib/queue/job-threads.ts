/** Jobs side by side, each in a thread of its own. */
import * as path from 'node:path';
import {Worker} from 'node:worker_threads';
import {packageFolder} from '../base/binary';
import type {Job} from './job';
import type {ThreadNews, ThreadOptions, ThreadOrder} from './sweep-thread';

/** Jobs that are to be run, by their names. */
export type Jobs = readonly {readonly id: string; readonly job: Job}[];

/**
 * Runs jobs in threads, as many at once as there are threads. A job that takes its thread along has failed, and the others go on.
 *
 * @param signal ends it: jobs under way leave a checkpoint where they can go on from one, and no others are begun.
 * @param onEnd hears of each job that ended, in the order in which they end.
 */
export async function runInThreads(
  jobs: Jobs,
  count: number,
  options: ThreadOptions,
  signal: AbortSignal | undefined,
  onEnd: (id: string, failure: string | undefined) => void,
): Promise<void> {
  let next = 0;
  const line = async (): Promise<void> => {
    let worker: Worker | undefined;
    const stop = (): void => {
      worker?.postMessage('stop' satisfies ThreadOrder);
    };
    signal?.addEventListener('abort', stop);
    try {
      while (next < jobs.length && signal?.aborted !== true) {
        const {id, job} = jobs[next++];
        // As it is in the published package, also where this file runs from its source.
        worker ??= new Worker(path.join(packageFolder(), 'dist', 'queue', 'sweep-thread.js'), {workerData: options});
        const {failure, lost} = await ended(worker, {id, job});
        if (lost) worker = undefined;
        onEnd(id, failure);
      }
    } finally {
      signal?.removeEventListener('abort', stop);
      await worker?.terminate();
    }
  };
  await Promise.all(Array.from({length: count}, line));
}

/** @returns `lost`: the thread is no more. */
function ended(worker: Worker, order: ThreadOrder): Promise<ThreadNews & {readonly lost: boolean}> {
  return new Promise((resolve) => {
    const leave = (news: ThreadNews, lost: boolean): void => {
      worker.off('message', told);
      worker.off('error', failed);
      worker.off('exit', gone);
      if (lost) worker.on('error', () => undefined);
      resolve({...news, lost});
    };
    const told = (news: ThreadNews): void => {
      leave(news, false);
    };
    const failed = (error: Error): void => {
      leave({failure: `INTERNAL: ${error.message}`}, true);
    };
    const gone = (): void => {
      leave({failure: 'INTERNAL: the thread of this job has ended'}, true);
    };
    worker.on('message', told);
    worker.on('error', failed);
    worker.on('exit', gone);
    worker.postMessage(order);
  });
}
