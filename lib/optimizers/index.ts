/** The optimizers: a new one is a file of its own, and a line in each list here. */
import {checkRecord, wrong} from '../base/options';
import type {Adam} from './adam';
import {ADAM, ADAM_BY_NAME} from './adam';
import type {GaussNewton} from './gauss-newton';
import {GAUSS_NEWTON, GAUSS_NEWTON_BY_NAME} from './gauss-newton';
import type {Lbfgs} from './lbfgs';
import {LBFGS, LBFGS_BY_NAME} from './lbfgs';
import {LEAST_SQUARES_BY_NAME} from './least-squares';
import type {NamedOptimizer, OptimizerKind, RunSettings} from './stage';

export type {Adam} from './adam';
export {adam} from './adam';
export type {GaussNewton, HeldNodes} from './gauss-newton';
export {checkInner, gaussNewton, INNER_NAMES} from './gauss-newton';
export type {Lbfgs} from './lbfgs';
export {lbfgs} from './lbfgs';
export {leastSquares} from './least-squares';
export type {InnerName, RunSettings, StageValues} from './stage';

/** One stage of a solve; a solve runs its stages in order, each from where the one before ended. */
export type Optimizer = Adam | GaussNewton | Lbfgs;

/** By the type of their stages. */
const KINDS: {readonly [Type in Optimizer['type']]: OptimizerKind<Extract<Optimizer, {type: Type}>>} = {
  adam: ADAM,
  'gauss-newton': GAUSS_NEWTON,
  lbfgs: LBFGS,
};

/** By the names that the built-in problems and the command line use. */
const BY_NAME = {
  adam: ADAM_BY_NAME,
  lsq: LEAST_SQUARES_BY_NAME,
  'gauss-newton': GAUSS_NEWTON_BY_NAME,
  lbfgs: LBFGS_BY_NAME,
} as const;

/** Name of an optimizer on the command line. */
export type OptimizerName = keyof typeof BY_NAME;

/** Names of all optimizers on the command line. */
export const OPTIMIZER_NAMES = Object.keys(BY_NAME) as readonly OptimizerName[];

/** Options of each optimizer by its name, such as a preset's defaults. */
export type OptimizerOptions = {
  readonly [Name in OptimizerName]?: (typeof BY_NAME)[Name] extends NamedOptimizer<infer Options, Optimizer> ? Options : never;
};

/** What a schedule has to know of a stage's optimizer. */
export function kindOf<Stage extends Optimizer>(stage: Stage): OptimizerKind<Stage> {
  return KINDS[stage.type] as unknown as OptimizerKind<Stage>;
}

/**
 * A stage by the name of its optimizer.
 *
 * @param defaults of a preset.
 * @param settings of a run, in place of the defaults; those that the optimizer does not have are left out.
 */
export function namedOptimizer(name: OptimizerName, defaults: OptimizerOptions, settings: RunSettings): Optimizer {
  const {settings: known, make} = BY_NAME[name] as NamedOptimizer<object, Optimizer>;
  const given = Object.entries(settings).filter(
    ([key, value]) => value !== undefined && known.includes(key as keyof RunSettings),
  );
  return make({...defaults[name], ...Object.fromEntries(given)});
}

/**
 * A stage that came from outside, made anew from its parts.
 *
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION for what none of the functions of {@link KINDS} made, or could have made
 */
export function checkOptimizer(value: unknown, name: string): Optimizer {
  const expected = 'an optimizer: adam(), leastSquares(), gaussNewton() or lbfgs()';
  if (typeof value === 'string' || typeof value === 'function') throw wrong(name, expected, value);
  const {type, ...options} = checkRecord(value, name);
  if (typeof type !== 'string' || !Object.hasOwn(KINDS, type)) throw wrong(name, expected, value);
  return (KINDS[type as Optimizer['type']] as unknown as OptimizerKind<Optimizer>).make(options);
}

/** Most iterations of a schedule. */
export function plannedIterations(schedule: readonly Optimizer[]): number {
  return schedule.reduce((sum, stage) => sum + kindOf(stage).planned(stage), 0);
}
