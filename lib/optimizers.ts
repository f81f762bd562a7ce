import {checkChoice, checkInteger, checkNumber, rejectUnknown} from './options';

/** One stage of a solve; a solve runs its stages in order, each from where the one before ended. */
export type Optimizer = Adam | GaussNewton | Lbfgs;

/** What a stage may set before it begins: continuation without compiling again. It holds for the stages after it, and for evaluation. */
export interface StageValues {
  /** New values of uniforms, by name. */
  readonly uniforms?: Readonly<Record<string, number>>;
  /** New weights λ of terms, by the terms' names. */
  readonly weights?: Readonly<Record<string, number>>;
}

/** Settings of Adam, as {@link adam} decides them. */
export interface Adam extends StageValues {
  /** Tells the stages apart. */
  readonly type: 'adam';
  /** Steps. */
  readonly iterations: number;
  /** Of the first iteration. */
  readonly learningRate: number;
  /** The rate at iteration i is learningRate · 0.1^(i / decaySteps); 0: constant. */
  readonly decaySteps: number;
  /** Decay of the mean gradient. */
  readonly beta1: number;
  /** Decay of the mean squared gradient. */
  readonly beta2: number;
  /** Added to the root of the mean square. */
  readonly epsilon: number;
}

/** Settings of Gauss–Newton, as {@link gaussNewton} or {@link leastSquares} decides them. */
export interface GaussNewton extends StageValues {
  /** Tells the stages apart. */
  readonly type: 'gauss-newton';
  /** Most outer steps. A linear problem takes one. */
  readonly steps: number;
  /** Most inner (CGLS) iterations a step. */
  readonly iterations: number;
  /** Inner: relative norm of the scaled gradient; outer: relative decrease of the loss. 0: run all iterations. */
  readonly tolerance: number;
  /** Initial Levenberg–Marquardt damping, relative to the scaled normal matrix; undefined: 0, or 1 where a decoder is an MLP. */
  readonly damping?: number;
  /** Whether a linear problem is begun at the field as it is and not at zero: less to do where the field is nearly right. Default false. */
  readonly fromHere?: boolean;
}

/** What L-BFGS measures its steps with, in the order of native/core/solver.h. */
export const SCALINGS = ['columns', 'shared', 'none'] as const;

export interface Lbfgs extends StageValues {
  readonly type: 'lbfgs';
  readonly iterations: number;
  /** Pairs of steps and gradient changes kept. */
  readonly history: number;
  /** Relative decrease of the loss over 10 iterations at which to stop. 0: run all iterations. */
  readonly tolerance: number;
  /** Iterations after which samples are drawn anew and the history is forgotten; 0: one draw. */
  readonly resample: number;
  /** Undefined: `columns`, or `none` where a decoder is an MLP. */
  readonly scaling?: (typeof SCALINGS)[number];
}

/**
 * Adam (Kingma & Ba 2015). Trains grid and decoder together.
 *
 * @param options.iterations default 1000.
 * @param options.uniforms, options.weights see {@link StageValues}.
 * @param options.learningRate default 1e-2.
 * @param options.decaySteps iterations in which the rate falls tenfold, default 0: constant.
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function adam(options: Partial<Omit<Adam, 'type'>> = {}): Adam {
  rejectUnknown(
    options,
    ['iterations', 'learningRate', 'decaySteps', 'beta1', 'beta2', 'epsilon', 'uniforms', 'weights'],
    'adam',
  );
  const {iterations = 1000, learningRate = 1e-2, decaySteps = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8} = options;
  return {
    type: 'adam',
    iterations: checkInteger(iterations, 'adam: iterations', 0, 2 ** 31),
    learningRate: checkNumber(learningRate, 'adam: learningRate', 0),
    decaySteps: checkNumber(decaySteps, 'adam: decaySteps', 0),
    beta1: checkNumber(beta1, 'adam: beta1', 0, 1 - 1e-9),
    beta2: checkNumber(beta2, 'adam: beta2', 0, 1 - 1e-12),
    epsilon: checkNumber(epsilon, 'adam: epsilon', 0),
    ...stageValues(options, 'adam'),
  };
}

/**
 * Damped Gauss–Newton: each step a least-squares problem solved by CGLS, scaled by exact column norms (on a multi-level grid
 * that is the BPX preconditioner). A linear decoder is folded into its grid for this stage and those after it.
 *
 * @param options.steps default 20.
 * @param options.uniforms, options.weights see {@link StageValues}.
 * @param options.iterations inner iterations a step, default 50.
 * @param options.tolerance default 1e-6.
 * @param options.damping default 0 for linear decoders; 1 for MLPs, whose weights leave the linear region at once.
 * @param options.fromHere whether a linear problem begins at the field as it is, default false: at zero. Nonlinear ones always do.
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function gaussNewton(options: Partial<Omit<GaussNewton, 'type'>> = {}): GaussNewton {
  rejectUnknown(options, ['steps', 'iterations', 'tolerance', 'damping', 'fromHere', 'uniforms', 'weights'], 'gaussNewton');
  const {steps = 20, iterations = 50, tolerance = 1e-6, damping, fromHere = false} = options;
  return {
    type: 'gauss-newton',
    steps: checkInteger(steps, 'gaussNewton: steps', 1, 1 << 20),
    iterations: checkInteger(iterations, 'gaussNewton: iterations', 0, 2 ** 31),
    tolerance: checkNumber(tolerance, 'gaussNewton: tolerance', 0),
    damping: damping === undefined ? undefined : checkNumber(damping, 'gaussNewton: damping', 0),
    ...(fromHere && {fromHere}),
    ...stageValues(options, 'gaussNewton'),
  };
}

/**
 * Least squares for linear equations: Gauss–Newton's one-step case.
 *
 * @param options.iterations CGLS iterations, default 50.
 * @param options.tolerance relative norm of the scaled gradient at which to stop, default 0: run all iterations.
 * @param options.fromHere whether to begin at the field as it is, default false: at zero. `tolerance` is relative to the beginning.
 */
export function leastSquares(options: {iterations?: number; tolerance?: number; fromHere?: boolean} = {}): GaussNewton {
  rejectUnknown(options, ['iterations', 'tolerance', 'fromHere'], 'leastSquares');
  const {iterations = 50, tolerance = 0, fromHere} = options;
  return gaussNewton({steps: 1, iterations, tolerance, fromHere});
}

/**
 * L-BFGS with a line search that meets the strong Wolfe conditions: for energies, and any mixture of terms, since it asks for loss and
 * gradient alone. A linear decoder is folded into its grid for this stage and those after it. Samples stay where they are while losses
 * are compared; an energy needs enough of them, or its minimum lies between them.
 *
 * @param options.iterations default 500.
 * @param options.history default 10.
 * @param options.tolerance default 1e-7.
 * @param options.resample default 0: one draw.
 * @param options.scaling of the unknowns. `columns`: by what the loss curves along each at the start, exactly for squares and for
 *   energies without mixed derivatives of their jets. `shared`: all outputs of a field at a node alike, by their sum; for a vector that
 *   turns, whose components exchange their stiffness. `none`. Default: `columns`, or `none` where a decoder is an MLP.
 * @param options.uniforms, options.weights see {@link StageValues}.
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function lbfgs(options: Partial<Omit<Lbfgs, 'type'>> = {}): Lbfgs {
  rejectUnknown(options, ['iterations', 'history', 'tolerance', 'resample', 'scaling', 'uniforms', 'weights'], 'lbfgs');
  const {iterations = 500, history = 10, tolerance = 1e-7, resample = 0, scaling} = options;
  return {
    type: 'lbfgs',
    iterations: checkInteger(iterations, 'lbfgs: iterations', 0, 2 ** 31),
    history: checkInteger(history, 'lbfgs: history', 1, 100),
    tolerance: checkNumber(tolerance, 'lbfgs: tolerance', 0),
    resample: checkInteger(resample, 'lbfgs: resample', 0, 2 ** 31),
    scaling: scaling === undefined ? undefined : checkChoice(scaling, 'lbfgs: scaling', SCALINGS),
    ...stageValues(options, 'lbfgs'),
  };
}

function stageValues({uniforms, weights}: StageValues, name: string): StageValues {
  for (const [key, value] of Object.entries(uniforms ?? {})) checkNumber(value, `${name}: uniform ${key}`);
  for (const [key, value] of Object.entries(weights ?? {})) checkNumber(value, `${name}: weight of ${key}`, 0);
  return {...(uniforms && {uniforms: {...uniforms}}), ...(weights && {weights: {...weights}})};
}
