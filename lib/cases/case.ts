/** A problem that knows more of itself than its equations. */
import {checkSignal} from '../base/options';
import type {Optimizer} from '../optimizers';
import {Problem} from '../pose/problem';
import type {Solution} from '../solve/solution';
import type {SolveOptions} from '../solve/solve';
import {Solve} from '../solve/solve';
import type {Assessment, Prepared} from './definition';
import {solvePrepared} from './solve-prepared';

/**
 * A {@link Problem} with what is known of it: how it is best solved, how good a solution is, and what there is to look at. `solve(problem)`
 * takes it as any other problem; `problem.solve()` takes the way that suits it. U are the names of its unknowns.
 */
export class Case<U extends string = string> extends Problem<U> {
  /** The optimizers that {@link Case.solve} runs, in order. */
  readonly optimizers: readonly Optimizer[];
  /** One line: what is solved, on what. */
  readonly headline: string;
  /** What was decided, by name, such as `kernel`: what a report shows. */
  readonly settings: Readonly<Record<string, string | number>>;
  /** What is to be known of data and choices, such as normals that were turned, or an optimizer that stands in for the one asked for. */
  readonly notes: readonly string[];
  /** Samples that one iteration reads. */
  readonly samplesPerIteration: number;

  /** @internal */
  constructor(
    /** @internal */
    readonly prepared: Prepared,
  ) {
    super(prepared.problem.spec);
    this.optimizers = prepared.optimizers.map(({stage}) => stage);
    this.headline = prepared.headline;
    this.settings = prepared.settings;
    this.notes = [...(prepared.notes ?? []), ...prepared.optimizers.flatMap(({note}) => note ?? [])];
    this.samplesPerIteration = prepared.samplesPerIteration;
  }

  /**
   * Solves the problem the way that suits it: by its own optimizers, and where it is a sequence of problems, such as a distance from heat,
   * one after another. Where it is solved to a tolerance, a field to `resume` and stages of least squares or Gauss–Newton lead there too;
   * other optimizers, or a `resume` of a sequence, train the one field that the problem has.
   *
   * @throws what {@link solve} throws (rejects); ABORTED for a sequence that is stopped before there is anything to keep.
   */
  solve(options: SolveOptions = {}): Solve<U> {
    return new Solve<U>(async (report, left) => {
      const stop = new AbortController();
      const abort = ({target}: {target: unknown}): void => {
        stop.abort((target as AbortSignal).reason);
      };
      const given = options.signal === undefined ? [] : [checkSignal(options.signal, 'solve: signal')];
      const signals = [...given, left];
      for (const signal of signals) {
        if (signal.aborted) abort({target: signal});
        signal.addEventListener('abort', abort);
      }
      return solvePrepared<U>(this, this.prepared, {
        ...options,
        signal: stop.signal,
        onProgress: (progress) => {
          report(progress);
          options.onProgress?.(progress);
        },
      }).finally(() => {
        // A service has one signal for all of its solves: they leave nothing behind on it.
        for (const signal of signals) signal.removeEventListener('abort', abort);
      });
    });
  }

  /** Judges a solution of this problem: figures, and what there is to look at. */
  assess(solution: Solution): Promise<Assessment> {
    return this.prepared.assess(solution);
  }
}
