/** A thread that poses and solves, one task after another: what it computes in JavaScript holds up nobody who asks for something else. */
import {parentPort} from 'node:worker_threads';
import {DinfError} from '../base/errors';
import {describeTask} from './describe-task';
import {solveTask} from './solve-task';
import type {PosedStructure} from './structure-task';
import {poseStructure} from './structure-task';
import type {Answer, News, Order, Task} from './tasks';

let stop = new AbortController();
let note: string | undefined;
let keep = false;

const tell = (news: News, transfer: ArrayBuffer[] = []): void => parentPort!.postMessage(news, transfer);

function perform(task: Task): Promise<Answer | PosedStructure> {
  if (task.kind === 'describe') return describeTask(task);
  if (task.kind === 'structure') return poseStructure(task.body, task.limits, stop.signal);
  return solveTask(task, {
    signal: stop.signal,
    note: () => note,
    keep: () => keep,
    onPosed: () => {
      tell({posed: true});
    },
    onProgress: (progress) => {
      tell({progress});
    },
    onField: (field) => {
      tell({field}, [field.buffer]);
    },
  });
}

parentPort!.on('message', (order: Order) => {
  if ('abort' in order) {
    ({note, keep} = order.abort);
    stop.abort();
    return;
  }
  stop = new AbortController();
  [note, keep] = [undefined, false];
  perform(order.task).then(
    (answer) => {
      tell({answer}, 'body' in answer ? [answer.body.buffer as ArrayBuffer] : []);
    },
    (error: unknown) => {
      const code = error instanceof DinfError ? error.code : undefined;
      tell({
        error: {
          code,
          message: error instanceof Error ? (code === undefined ? (error.stack ?? '') : error.message) : String(error),
        },
      });
    },
  );
});
