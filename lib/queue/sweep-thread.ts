/** A thread that runs jobs, one after another: what it poses and compiles holds up no other. */
import {parentPort, workerData} from 'node:worker_threads';
import {failureText} from './failures';
import type {Job} from './job';
import {openStore} from './object-store';
import type {RunOptions} from './run-job';
import {runJob} from './run-job';

/** What all jobs of a thread have in common. */
export interface ThreadOptions extends Pick<RunOptions, 'threads' | 'device' | 'checkpointSeconds'> {
  /** The place of the store: each thread opens it for itself. */
  readonly store: string;
}

/** To the thread. */
export type ThreadOrder = {readonly id: string; readonly job: Job} | 'stop';

/** From it: a job has ended, with a failure or without. */
export interface ThreadNews {
  readonly failure: string | undefined;
}

const {store: place, ...options} = workerData as ThreadOptions;
const store = openStore(place);
store.catch(() => undefined); // each job says it
const handBack = new AbortController();

async function run({id, job}: {readonly id: string; readonly job: Job}): Promise<ThreadNews> {
  try {
    await runJob(id, job, {...options, store: await store, handBack: handBack.signal});
    return {failure: undefined};
  } catch (error) {
    return {failure: failureText(error)};
  }
}

parentPort!.on('message', (order: ThreadOrder) => {
  if (order === 'stop') handBack.abort();
  else
    void run(order).then((news) => {
      parentPort!.postMessage(news);
    });
});
