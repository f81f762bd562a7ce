import {checkChoice, checkInteger, checkOptions} from '../base/options';
import type {Scaling} from '../schema';
import {SCALINGS, STAGE_KINDS} from '../schema';
import type {NamedOptimizer, OptimizerKind, StageOptions, StageValues} from './stage';
import {atLeast, countUpTo, STAGE_VALUES, stageValues} from './stage';

/** What L-BFGS may measure its steps with. */
export const SCALING_NAMES = Object.keys(SCALINGS) as readonly Scaling[];

/** Settings of L-BFGS, as {@link lbfgs} decides them. */
export interface Lbfgs extends StageValues {
  /** Tells the stages apart. */
  readonly type: 'lbfgs';
  /** Most iterations. Default 500. */
  readonly iterations: number;
  /** Pairs of steps and gradient changes that are kept. Default 10. */
  readonly history: number;
  /** Relative decrease of the loss over 10 iterations at which to stop; 0 runs all. Default 1e-7. */
  readonly tolerance: number;
  /** Iterations after which samples are drawn anew and the history is forgotten. Default 0, one draw. */
  readonly resample: number;
  /**
   * Scaling of the unknowns. `columns`: by what the loss curves along each at the start, exactly for squares and for energies without mixed
   * derivatives of their jets. `shared`: all outputs of a field at a node alike, by their sum; for a vector that turns, whose components
   * exchange their stiffness. `none`: none. Default `columns`, or `none` where a decoder is an MLP.
   */
  readonly scaling?: Scaling;
}

/**
 * L-BFGS with a line search that meets the strong Wolfe conditions: for energies, and any mixture of terms, since it asks for loss and
 * gradient alone. A linear decoder is folded into its grid for this stage and those after it. Samples stay where they are while losses
 * are compared; an energy needs enough of them, or its minimum lies between them.
 *
 * @param options the settings of {@link Lbfgs} that are not to be the default.
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function lbfgs(options: StageOptions<Lbfgs> = {}): Lbfgs {
  const checked = checkOptions<StageOptions<Lbfgs>>(options, 'lbfgs', {
    iterations: countUpTo(2 ** 31),
    history: (value, name) => checkInteger(value, name, 1, 100),
    tolerance: atLeast(0),
    resample: countUpTo(2 ** 31),
    scaling: (value, name) => checkChoice(value, name, SCALING_NAMES),
    ...STAGE_VALUES,
  });
  const {iterations = 500, history = 10, tolerance = 1e-7, resample = 0, scaling} = checked;
  return {type: 'lbfgs', iterations, history, tolerance, resample, scaling, ...stageValues(checked)};
}

export const LBFGS: OptimizerKind<Lbfgs> = {
  type: 'lbfgs',
  make: lbfgs,
  planned: ({iterations}) => iterations,
  counted: () => true,
  // Metric, direction, scratch, trial and its gradient, gradient, best, and pairs; rows while the metric is made.
  vectors: ({history, scaling}) => ({parameters: 7 + 2 * history, rows: scaling === 'none' ? 0 : 1, folds: true}),
  pausable: false,
  stateful: false,
  // Its history is gone, so that the rest is a stage of its own.
  remaining: (stage, begun) => ({stage: {...stage, iterations: Math.max(0, stage.iterations - begun)}, begun: 0}),
  native: ({iterations, history, tolerance, resample, scaling}, {linear, uniforms}) => ({
    kind: STAGE_KINDS.lbfgs,
    uniforms,
    ...{iterations, history, tolerance, resample},
    scaling: SCALINGS[scaling ?? (linear ? 'columns' : 'none')],
  }),
};

/** L-BFGS by the name that runs use. */
export const LBFGS_BY_NAME: NamedOptimizer<StageOptions<Lbfgs>, Lbfgs> = {
  settings: ['iterations', 'tolerance'],
  make: lbfgs,
};
