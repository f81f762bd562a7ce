/** The solution of one of many variations: small, until its field is asked for. */
import type {NativeVariationResults} from '../native';
import type {Optimizer} from '../optimizers';
import type {Problem} from '../pose/problem';
import {Session} from '../solve/session';
import {Solution} from '../solve/solution';
import type {CheckedVariation} from './variation';
import {variedProblem} from './variation';

/** What all variations of a solve have in common. */
export interface ManySetting<U extends string> {
  readonly problem: Problem<U>;
  readonly stages: readonly Optimizer[];
  readonly device: string;
  readonly session: ConstructorParameters<typeof Session>[1];
  /** Names of what is evaluated of each solution. */
  readonly expressions: readonly string[];
}

/** How one of many variations was solved, and its field as numbers. */
export class VariationSolution<U extends string = string> {
  /** Why its solve ended; 'aborted' where it was not begun. */
  readonly stopReason: NativeVariationResults['stopReasons'][number];
  /** Where a diverged solve broke; empty otherwise. */
  readonly message: string;
  /** At the end. */
  readonly loss: number;
  readonly iterations: number;
  /** Whether the equations leave some of the unknowns free: the field is one of many. */
  readonly undetermined: boolean;
  /** Its field: what {@link VariationSolution.solution} makes one of. Zeros, or nothing, where it was not begun. */
  readonly parameters: Float64Array;
  /** Of the expressions that `evaluate` names, at its points; undefined without it. */
  readonly values: Readonly<Record<string, Float64Array>> | undefined;

  /** @internal */
  constructor(
    private readonly setting: ManySetting<U>,
    private readonly variation: CheckedVariation,
    /** Its place among the variations, from 0. */
    readonly index: number,
    results: NativeVariationResults,
    at: number,
    private readonly folded: boolean,
  ) {
    const count = results.stopReasons.length;
    const of = (all: Float64Array): Float64Array => all.subarray((all.length / count) * at, (all.length / count) * (at + 1));
    this.stopReason = results.stopReasons[at];
    this.message = results.messages[at];
    this.loss = results.losses[at];
    this.iterations = results.iterations[at];
    this.undetermined = results.undetermined[at];
    this.parameters = of(results.parameters);
    const values = of(results.values);
    const {expressions} = setting;
    const each = values.length / expressions.length;
    this.values =
      expressions.length === 0
        ? undefined
        : Object.fromEntries(expressions.map((name, i) => [name, values.subarray(each * i, each * (i + 1))]));
  }

  /**
   * The solution as {@link solve} gives it: to evaluate anywhere, or to save. It is made anew each time, takes native memory, and is the caller's
   * to dispose.
   *
   * @throws OUT_OF_MEMORY (rejects)
   */
  async solution(): Promise<Solution<U>> {
    const {setting, variation} = this;
    const posed = variedProblem(setting.problem, variation);
    const seed = variation.seed ?? setting.session.seed;
    const session = new Session(posed.spec, {...setting.session, seed}, 'evaluate');
    try {
      if (variation.uniforms !== undefined) await session.setUniforms(variation.uniforms);
      await session.setParameters(this.parameters, this.folded);
    } catch (error) {
      session.dispose();
      throw error;
    }
    const {stopReason, message, iterations, loss} = this;
    const complete = stopReason === 'iterations' || stopReason === 'tolerance';
    return new Solution(
      posed,
      session,
      {
        schedule: setting.stages,
        position: {stage: setting.stages.length - 1, iterations, complete},
        ...{stopReason, message, iterations, loss},
        seconds: 0,
        unknowns: this.parameters.length,
        losses: {iteration: Float64Array.of(iterations), loss: Float64Array.of(loss)},
      },
      setting.device,
    );
  }
}
