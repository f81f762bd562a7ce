import {DinfError} from '../base/errors';

/** Too much waits already; `retrySeconds` says when it is worth asking again. */
export class QueueFull extends DinfError {
  constructor(
    message: string,
    /** Whole seconds, from the run times that were measured: about when as many jobs are done as wait. */
    readonly retrySeconds: number,
  ) {
    super('QUEUE_FULL', `${message}: try again in ${retrySeconds} s`);
  }
}
