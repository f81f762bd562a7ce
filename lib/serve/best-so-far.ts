/** What a solve has while it does not come to its end: the best of the meshes before. */
import type {FieldSoFar} from '../solve/solve';

/** Seconds that a solve has to end with what it has, after it was asked to: a factorisation goes to its end. */
const PATIENCE_SECONDS = 5;

/** Remembers what {@link SolveOptions.onField} shows of a solve on one mesh after another, which keeps all of its solutions until it ends. */
export class BestSoFar {
  private best: FieldSoFar | undefined;

  /** The latest that was compared with finer ones, or the latest. */
  readonly see = (found: FieldSoFar): void => {
    if (this.best === undefined || found.errorEstimate.relativeL2 !== null || this.best.errorEstimate.relativeL2 === null)
      this.best = found;
  };

  /** Resolves some seconds after the signal is aborted, where there is something by then; else never. */
  afterAbort(signal: AbortSignal): {readonly promise: Promise<FieldSoFar>; readonly forget: () => void} {
    let timer: NodeJS.Timeout | undefined;
    let listen: (() => void) | undefined;
    const promise = new Promise<FieldSoFar>((resolve) => {
      listen = () => {
        timer = setTimeout(() => {
          if (this.best !== undefined) resolve(this.best);
        }, PATIENCE_SECONDS * 1000);
      };
      if (signal.aborted) listen();
      else signal.addEventListener('abort', listen, {once: true});
    });
    return {
      promise,
      forget: () => {
        clearTimeout(timer);
        if (listen !== undefined) signal.removeEventListener('abort', listen);
      },
    };
  }
}
