/** What solving many variations is told. */
import type {OptionChecks} from '../base/options';
import {checkChoice, checkInteger, checkList, checkOneOrList, checkOptions, checkSignal, checkText} from '../base/options';
import type {Device} from '../devices';
import type {EquationSource} from '../expression/equation';
import {checkEquation} from '../expression/equation';
import type {Optimizer} from '../optimizers';
import {checkOptimizer} from '../optimizers';
import type {Samples} from '../pose/sampling';
import {checkSamples, points as pointSamples} from '../pose/sampling';
import {DTYPES} from '../schema';

/** Expressions that are evaluated of each solution, where it is found: cheaper than a `solution()` of each. */
export interface ManyEvaluation {
  /** Points, (n, coordinates) row-major, or a sample set such as a `lattice`. */
  readonly at: ArrayLike<number> | Samples;
  /** Default: the unknowns. */
  readonly expressions?: readonly EquationSource[] | undefined;
}

/** What {@link solveMany} takes beside problem and variations. */
export interface SolveManyOptions {
  /** Stages in order. Default: as `solve` chooses them. */
  optimizer?: Optimizer | readonly Optimizer[] | undefined;
  /** Default `auto`. */
  device?: Device | undefined;
  /** Default `float32`. */
  dtype?: 'float32' | 'float64' | undefined;
  /** CPU threads, default one a core: as many variations, or batches of them, are solved side by side. No result depends on it. */
  threads?: number | undefined;
  /** Of everything random in variations that name none. Default 0. */
  seed?: number | undefined;
  /** What is wanted of each solution. */
  evaluate?: ManyEvaluation | undefined;
  /** Aborting ends all; variations that were not begun have the `stopReason` 'aborted'. */
  signal?: AbortSignal | undefined;
}

/** Checks of {@link SolveManyOptions}. */
export const SOLVE_MANY_CHECKS: OptionChecks<SolveManyOptions> = {
  optimizer: (value, name) => checkOneOrList(value, name, checkOptimizer),
  device: (value, name) => checkText(value, name) as Device,
  dtype: (value, name) => checkChoice(value, name, DTYPES),
  threads: (value, name) => checkInteger(value, name, 1, 1024),
  seed: (value, name) => checkInteger(value, name, 0),
  evaluate: (value, name) =>
    checkOptions<ManyEvaluation>(value, name, {
      at: (at, place) => (isSampleSet(at) ? checkSamples(at, place) : pointSamples(at as ArrayLike<number>)),
      expressions: (list, place) => checkList(list, place, checkEquation, 1),
    }),
  signal: checkSignal,
};

const isSampleSet = (at: unknown): boolean => typeof at === 'object' && at !== null && 'kind' in at;
