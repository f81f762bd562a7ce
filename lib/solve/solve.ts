import type {Problem} from '../pose/problem';
import {planSolve} from './plan';
import {runSolve} from './run';
import type {Solution} from './solution';
import type {Progress, SolveOptions} from './solve-options';

export type {FieldListener, FieldSoFar} from './field-so-far';
export type {Progress, Repeat, SolveOptions} from './solve-options';

/**
 * A running solve: a promise of its solution, and an async iterator of its progress. Leaving a `for await` over it early stops the solve,
 * as its `signal` does.
 */
export class Solve<U extends string = string> implements PromiseLike<Solution<U>>, AsyncIterable<Progress> {
  private readonly listeners = new Set<(progress: Progress | undefined) => void>();
  private readonly result: Promise<Solution<U>>;
  private readonly left = new AbortController();
  private ended = false;

  /**
   * @param start begins the work. It reports progress, and keeps what it has when the signal is aborted.
   * @internal
   */
  constructor(start: (report: (progress: Progress) => void, left: AbortSignal) => Promise<Solution<U>>) {
    const report = (progress: Progress): void => {
      for (const listener of this.listeners) listener(progress);
    };
    this.result = start(report, this.left.signal).finally(() => {
      this.ended = true;
      for (const listener of this.listeners) listener(undefined);
    });
    this.result.catch(() => undefined); // an iterator alone may be awaited; the promise still rejects for who holds it
  }

  then<A = Solution<U>, B = never>(
    fulfilled?: ((value: Solution<U>) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.result.then(fulfilled, rejected);
  }
  /** As a promise has it. */
  catch<B = never>(rejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<Solution<U> | B> {
    return this.result.catch(rejected);
  }
  /** As a promise has it. */
  finally(settled?: (() => void) | null): Promise<Solution<U>> {
    return this.result.finally(settled);
  }

  /**
   * Gives the latest progress each time the consumer asks; what it was too slow for is skipped. It throws what the solve throws. `break`
   * stops the solve, which then resolves with what it has and `stopReason` 'aborted'.
   */
  async *[Symbol.asyncIterator](): AsyncIterator<Progress> {
    let latest: Progress | undefined;
    let wake: (() => void) | undefined;
    const listener = (progress: Progress | undefined): void => {
      if (progress !== undefined) latest = progress;
      wake?.();
    };
    this.listeners.add(listener);
    try {
      for (;;) {
        if (latest !== undefined) {
          const progress = latest;
          latest = undefined;
          yield progress;
        } else if (this.ended) {
          await this.result;
          return;
        } else {
          await new Promise<void>((resolve) => (wake = resolve));
        }
      }
    } finally {
      this.listeners.delete(listener);
      // Only a consumer that leaves early gets here before the end.
      if (!this.ended) this.left.abort();
    }
  }
}

/**
 * Solves a problem on native threads; the event loop stays free.
 *
 * @throws (rejects) INVALID_ARGUMENT (also for a `resume` of another problem, saying what differs), UNKNOWN_OPTION, NO_SUCH_DEVICE, OUT_OF_MEMORY, NO_NATIVE_BUILD, FILE_UNWRITABLE (a checkpoint's file) before any work; ABORTED for a
 *   signal that is aborted already. A diverged solve resolves with its last good field, `stopReason` 'diverged' and `message`.
 */
export function solve<U extends string>(problem: Problem<U>, options: SolveOptions = {}): Solve<U> {
  return new Solve((report, left) => begin(problem, options, report, left));
}

async function begin<U extends string>(
  problem: Problem<U>,
  options: SolveOptions,
  report: (progress: Progress) => void,
  left: AbortSignal,
): Promise<Solution<U>> {
  return runSolve(await planSolve(problem, options), report, left);
}
