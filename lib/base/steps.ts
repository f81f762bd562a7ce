/** Long work on the event loop, in small steps: run at once, or between whatever else the loop has to do. */
import {setImmediate} from 'node:timers/promises';
import {DinfError} from './errors';

/** Work that pauses at each `yield`, which it reaches within a millisecond or so. */
export type Steps<T> = Generator<void, T, void>;

/** Milliseconds after which other work gets its turn. */
const SLICE = 5;

/** Does all of the work at once. */
export function finished<T>(steps: Steps<T>): T {
  for (;;) {
    const {done, value} = steps.next();
    if (done) return value;
  }
}

/**
 * Does the work in slices of some milliseconds, with the event loop in between. Work that is short is done at once.
 *
 * @param what it is, for the message.
 * @param signal ends it. Default: none.
 * @throws DinfError ABORTED (rejects)
 */
export async function unhurried<T>(steps: Steps<T>, what: string, signal?: AbortSignal): Promise<T> {
  for (let began = performance.now(); ;) {
    const {done, value} = steps.next();
    if (done) return value;
    if (performance.now() - began < SLICE) continue;
    await setImmediate();
    if (signal?.aborted === true) throw new DinfError('ABORTED', `${what} was aborted`, {cause: signal.reason});
    began = performance.now();
  }
}

/**
 * The same work with a limit.
 *
 * @param most steps that it may take.
 * @param error of work that takes more.
 */
export function* limited<T>(steps: Steps<T>, most: number, error: () => Error): Steps<T> {
  for (let count = 0; ; count++) {
    const {done, value} = steps.next();
    if (done) return value;
    if (count >= most) throw error();
    yield;
  }
}
