/** What a solve of many tells of itself. */
import {cellsOf} from '../pose/problem-spec';
import type {ErrorEstimate} from '../solve/error-estimate';
import type {Solution} from '../solve/solution';
import type {FieldListener, Progress} from '../solve/solve';
import type {BoxAxis} from './conditions';
import type {Difference} from './difference';

/** The progress of one solve after another as that of one: iterations and seconds go on. What is left is known of the one that runs. */
export function throughout(onProgress: (progress: Progress) => void): (progress: Progress) => void {
  const began = performance.now();
  let [before, latest] = [0, 0];
  return (progress) => {
    if (progress.iteration < latest) before += latest;
    latest = progress.iteration;
    onProgress({
      ...progress,
      iteration: before + progress.iteration,
      iterations: before + progress.iterations,
      seconds: (performance.now() - began) / 1000,
    });
  };
}

/** How errors are found. */
export const howOf = (box: readonly BoxAxis[]): string =>
  `difference to solutions with more cells along ${box.map(({name}) => name).join(', ')}`;

/** What a listener has thrown: it ends the solve, whatever it is. */
export class ListenerError extends Error {
  constructor(readonly error: unknown) {
    super('a listener has thrown');
  }
}

/** Tells of the solutions of a solve's meshes: each as it is found, and again with its error where the solve goes on to finer ones. */
export class LevelListener {
  constructor(
    private readonly listener: FieldListener,
    private readonly goal: {readonly tolerance: number; readonly box: readonly BoxAxis[]},
  ) {}

  /** @throws ListenerError */
  async tell(field: Solution, seconds: number, error?: Difference): Promise<void> {
    const {tolerance, box} = this.goal;
    const errorEstimate: ErrorEstimate =
      error === undefined
        ? {relativeL2: null, max: null, tolerance, met: false, how: 'none yet: it has not been compared with finer grids'}
        : {...error, tolerance, met: false, how: howOf(box)};
    try {
      await this.listener({field, errorEstimate, cells: cellsOf(field.problem.spec), seconds});
    } catch (thrown) {
      throw new ListenerError(thrown);
    }
  }
}
