import type {Check} from '../base/options';
import {checkChoice, checkFlag, checkInteger, checkList, checkOptions, checkParts, checkRecord} from '../base/options';
import {INNER_SOLVERS, STAGE_KINDS} from '../schema';
import type {InnerName, NamedOptimizer, OptimizerKind, StageOptions, StageValues} from './stage';
import {atLeast, countUpTo, STAGE_VALUES, stageValues} from './stage';

/** Settings of Gauss–Newton, as {@link gaussNewton} or {@link leastSquares} decides them. */
export interface GaussNewton extends StageValues {
  /** Tells the stages apart. */
  readonly type: 'gauss-newton';
  /** Most outer steps. A linear problem takes one. Default 20. */
  readonly steps: number;
  /** Most inner (CGLS) iterations a step. Default 50. */
  readonly iterations: number;
  /** Inner iterations end at this relative norm of the scaled gradient, outer steps at this relative decrease of the loss; 0 runs all. Default 1e-6. */
  readonly tolerance: number;
  /** A step that changes the parameters by no more than this part of their norm is the last one, whether or not the loss falls. Default 0. */
  readonly stepTolerance?: number;
  /**
   * Initial Levenberg–Marquardt damping, relative to the scaled normal matrix. Default 0, or 1 where a decoder is an MLP, whose weights leave
   * the linear region at once.
   */
  readonly damping?: number;
  /** Whether a linear problem is begun at the field as it is and not at zero: less to do where the field is nearly right. Nonlinear ones always are. Default false. */
  readonly fromHere?: boolean;
  /**
   * What solves the linear problem of a step: `direct` factorises its normal matrix (fields on one grid with a linear decoder), `cgls` iterates,
   * `auto` takes the direct solver where a factorisation pays and fits into memory. `Solution.solver` says which, and why. Default `auto`.
   */
  readonly inner?: InnerName;
  /**
   * Features that stay as they are: of each unknown, in order, the first so many nodes along an axis (by its number) of the grids, which have
   * one level and are folded. What one window of time hands over to the next, which takes over a factor too. Default: none.
   */
  readonly held?: HeldNodes;
  /** Most bytes of a factorisation. Default 1 GiB of one that `auto` chooses; one that is asked for by name has half of the memory that is left. */
  readonly factorBytes?: number;
}

/** The first nodes along an axis, a number for each unknown. */
export interface HeldNodes {
  readonly axis: number;
  readonly nodes: readonly number[];
  /** Whether the factor of the stage before is of no use, as where windows differ in length. Default false. */
  readonly fresh?: boolean | undefined;
}

const checkHeld: Check<HeldNodes> = (value, name) => {
  const {fresh, ...rest} = checkRecord(value, name);
  return {
    ...checkParts<Pick<HeldNodes, 'axis' | 'nodes'>>(rest, name, {
      axis: (axis, place) => checkInteger(axis, place, 0, 2),
      nodes: (nodes, place) => checkList(nodes, place, (count, at) => checkInteger(count, at, 0, 1 << 20), 1),
    }),
    ...(fresh !== undefined && {fresh: checkFlag(fresh, `${name}: fresh`)}),
  };
};

/** Bytes of a factorisation that nobody has asked for by name: the estimate of a solve's memory does not count it. */
const MOST_UNASKED = 2 ** 30;

/** Names of the inner solvers. */
export const INNER_NAMES = Object.keys(INNER_SOLVERS) as readonly InnerName[];

/** Checks the name of an inner solver. */
export const checkInner: Check<InnerName> = (value, name) => checkChoice(value, name, INNER_NAMES);

/**
 * Damped Gauss–Newton: each step a least-squares problem, solved by a Cholesky factor of its normal matrix or by CGLS, scaled by exact
 * column norms (on a multi-level grid that is the BPX preconditioner). A linear decoder is folded into its grid for this stage and those after it.
 *
 * @param options the settings of {@link GaussNewton} that are not to be the default.
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function gaussNewton(options: StageOptions<GaussNewton> = {}): GaussNewton {
  const checked = checkOptions<StageOptions<GaussNewton>>(options, 'gaussNewton', {
    steps: (value, name) => checkInteger(value, name, 1, 1 << 20),
    iterations: countUpTo(2 ** 31),
    tolerance: atLeast(0),
    stepTolerance: atLeast(0),
    damping: atLeast(0),
    fromHere: checkFlag,
    inner: checkInner,
    held: checkHeld,
    factorBytes: atLeast(0),
    ...STAGE_VALUES,
  });
  const {steps = 20, iterations = 50, tolerance = 1e-6, damping, fromHere = false, inner = 'auto', held} = checked;
  const {stepTolerance, factorBytes} = checked;
  return {
    type: 'gauss-newton',
    ...{steps, iterations, tolerance, damping},
    ...(stepTolerance !== undefined && {stepTolerance}),
    ...(fromHere && {fromHere}),
    ...(inner !== 'auto' && {inner}),
    ...(held && {held}),
    ...(factorBytes !== undefined && {factorBytes}),
    ...stageValues(checked),
  };
}

export const GAUSS_NEWTON: OptimizerKind<GaussNewton> = {
  type: 'gauss-newton',
  make: gaussNewton,
  planned: ({iterations, steps}) => iterations * steps,
  // Several outer steps have as many inner iterations as they need: what is done says nothing of what is left.
  counted: ({steps}) => steps === 1,
  // CGLS: y, p, s, the scale, the best y, the gradient of energies, and d, which is the trial point; r and q.
  vectors: () => ({parameters: 7, rows: 2, folds: true}),
  pausable: false,
  stateful: false,
  remaining: (stage, begun) => ({stage, begun: stage.steps === 1 ? begun : 0}),
  native: (
    {steps, iterations, tolerance, stepTolerance = 0, damping, fromHere = false, inner = 'auto', held, factorBytes},
    {linear, uniforms, room},
  ) => ({
    kind: STAGE_KINDS['gauss-newton'],
    uniforms,
    ...{steps, iterations, tolerance, stepTolerance, fromHere},
    // The weights of an MLP leave the linear region at once.
    damping: damping ?? (linear ? 0 : 1),
    inner: INNER_SOLVERS[inner],
    innerMemory: Math.min(room, factorBytes ?? (inner === 'direct' ? room : MOST_UNASKED)),
    ...(held && {held: [...held.nodes], heldAxis: held.axis, keepFactor: true, freshFactor: held.fresh ?? false}),
  }),
};

/** Gauss–Newton by the name that runs use. */
export const GAUSS_NEWTON_BY_NAME: NamedOptimizer<StageOptions<GaussNewton>, GaussNewton> = {
  settings: ['iterations', 'tolerance', 'inner'],
  make: gaussNewton,
};
