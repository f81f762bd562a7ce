/** What the stages of a schedule have in common, and what an optimizer has to say of its own. */
import type {Check, OptionChecks} from '../base/options';
import {checkInteger, checkNumber, checkRecord} from '../base/options';
import type {NativeStage} from '../native';
import type {INNER_SOLVERS} from '../schema';

/** What a stage may set before it begins: continuation without compiling again. It holds for the stages after it, and for evaluation. */
export interface StageValues {
  /** New values of uniforms, by name. */
  readonly uniforms?: Readonly<Record<string, number>> | undefined;
  /** New weights λ of terms, by the terms' names. */
  readonly weights?: Readonly<Record<string, number>> | undefined;
}

/** The settings of a stage, each with a default. */
export type StageOptions<Stage> = {readonly [Name in Exclude<keyof Stage, 'type'>]?: Stage[Name] | undefined};

/** What solves the linear problems of least squares and Gauss–Newton: one that is named, or, by `auto`, the one that pays. */
export type InnerName = keyof typeof INNER_SOLVERS;

/** What a run of the built-in problems may set for any optimizer. */
export interface RunSettings {
  iterations?: number;
  tolerance?: number;
  learningRate?: number;
  inner?: InnerName;
}

/** How many vectors a native stage holds, and whether it folds linear decoders into their grids. */
export interface StageVectors {
  readonly parameters: number;
  /** Not 0 where products with the Jacobian are taken. */
  readonly rows: number;
  readonly folds: boolean;
}

/** All that a schedule has to know of an optimizer: one object for each, so that nothing else tells them apart. */
export interface OptimizerKind<Stage extends StageValues & {readonly type: string}> {
  /** Tells the stages apart. */
  readonly type: Stage['type'];
  /** Makes a stage from its options and checks them, also those of a saved schedule. */
  make(options: StageOptions<Stage>): Stage;
  /** Most iterations of a stage. */
  planned(stage: Stage): number;
  /** Whether `iterations` limits a stage from its first beginning on, so that more of them go on where fewer ended. */
  readonly counted: (stage: Stage) => boolean;
  /** Whether it can be interrupted and go on without changing a bit of its result. */
  readonly pausable: boolean;
  /** Whether it carries a state of its own from one iteration to the next, without which it begins anew. */
  readonly stateful: boolean;
  /** Vectors that the native stage holds beside the parameters that it moves: as long as those, and as long as the rows. */
  vectors(stage: Stage): StageVectors;
  /**
   * What is left of a stage after some iterations.
   *
   * @returns the stage to run, and how many iterations its native form is told are done.
   */
  remaining(stage: Stage, begun: number): {stage: Stage; begun: number};
  /**
   * The native form.
   *
   * @param context.linear whether all fields are linear in their parameters.
   * @param context.uniforms values of all uniforms from this stage on; empty: as they are.
   * @param context.room bytes that the stage may hold beyond what is estimated; 0: no limit.
   */
  native(stage: Stage, context: {readonly linear: boolean; readonly uniforms: Float64Array; readonly room: number}): NativeStage;
}

/** An optimizer as the built-in problems and the command line name it. */
export interface NamedOptimizer<Options, Stage> {
  /** Which of a run's settings it takes. */
  readonly settings: readonly (keyof RunSettings)[];
  readonly make: (options: Options) => Stage;
}

/** Checks of the values that a stage sets. */
export const STAGE_VALUES: OptionChecks<StageValues> = {
  uniforms: (value, name) => checkRecord(value, name, checkNumber),
  weights: (value, name) => checkRecord(value, name, atLeast(0)),
};

/** The values that a stage sets, where it sets any. */
export function stageValues({uniforms, weights}: StageValues): StageValues {
  return {...(uniforms && {uniforms}), ...(weights && {weights})};
}

/** A whole number from 0 up to `most`. */
export const countUpTo =
  (most: number): Check<number> =>
  (value, name) =>
    checkInteger(value, name, 0, most);

/** A number of at least `least`. */
export const atLeast =
  (least: number): Check<number> =>
  (value, name) =>
    checkNumber(value, name, least);
