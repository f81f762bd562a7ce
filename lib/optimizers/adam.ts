import {checkNumber, checkOptions} from '../base/options';
import {STAGE_KINDS} from '../schema';
import type {NamedOptimizer, OptimizerKind, StageOptions, StageValues} from './stage';
import {atLeast, countUpTo, STAGE_VALUES, stageValues} from './stage';

/** Settings of Adam, as {@link adam} decides them. */
export interface Adam extends StageValues {
  /** Tells the stages apart. */
  readonly type: 'adam';
  /** Most steps. Default 1000. */
  readonly iterations: number;
  /** Learning rate of the first iteration. Default 1e-2. */
  readonly learningRate: number;
  /** Iterations in which the rate falls tenfold: at iteration i it is learningRate · 0.1^(i / decaySteps). Default 0, a constant rate. */
  readonly decaySteps: number;
  /** Decay of the mean gradient. Default 0.9. */
  readonly beta1: number;
  /** Decay of the mean squared gradient. Default 0.999. */
  readonly beta2: number;
  /** Number added to the root of the mean square. Default 1e-8. */
  readonly epsilon: number;
}

/**
 * Adam (Kingma & Ba 2015). Trains grid and decoder together.
 *
 * @param options the settings of {@link Adam} that are not to be the default.
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function adam(options: StageOptions<Adam> = {}): Adam {
  const checked = checkOptions<StageOptions<Adam>>(options, 'adam', {
    iterations: countUpTo(2 ** 31),
    learningRate: atLeast(0),
    decaySteps: atLeast(0),
    beta1: (value, name) => checkNumber(value, name, 0, 1 - 1e-9),
    beta2: (value, name) => checkNumber(value, name, 0, 1 - 1e-12),
    epsilon: atLeast(0),
    ...STAGE_VALUES,
  });
  const {iterations = 1000, learningRate = 1e-2, decaySteps = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8} = checked;
  return {type: 'adam', iterations, learningRate, decaySteps, beta1, beta2, epsilon, ...stageValues(checked)};
}

export const ADAM: OptimizerKind<Adam> = {
  type: 'adam',
  make: adam,
  planned: ({iterations}) => iterations,
  counted: () => true,
  // Gradient, its two moments, the best iterate.
  vectors: () => ({parameters: 4, rows: 0, folds: false}),
  pausable: true,
  stateful: true,
  remaining: (stage, begun) => ({stage, begun}),
  native: ({iterations, learningRate, decaySteps, beta1, beta2, epsilon}, {uniforms}) => ({
    kind: STAGE_KINDS.adam,
    uniforms,
    tolerance: 0,
    ...{iterations, learningRate, decaySteps, beta1, beta2, epsilon},
  }),
};

/** Adam by the name that runs use. */
export const ADAM_BY_NAME: NamedOptimizer<StageOptions<Adam>, Adam> = {
  settings: ['iterations', 'learningRate'],
  make: adam,
};
