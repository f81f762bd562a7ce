import {checkFlag, checkOptions} from '../base/options';
import type {GaussNewton} from './gauss-newton';
import {checkInner, gaussNewton} from './gauss-newton';
import type {InnerName, NamedOptimizer} from './stage';
import {atLeast, countUpTo} from './stage';

/** Options of {@link leastSquares}. */
export interface LeastSquaresOptions {
  /** Most iterations. Default 50. */
  iterations?: number | undefined;
  /** Relative norm of the scaled gradient at which to stop, relative to that of the beginning; 0 runs all. Default 0. */
  tolerance?: number | undefined;
  /** Whether to begin at the field as it is, and not at zero. Default false. */
  fromHere?: boolean | undefined;
  /** What solves it: `direct`, `cgls`, or `auto`, which takes the direct solver where a factorisation pays and fits into memory. Default `auto`. */
  inner?: InnerName | undefined;
}

/**
 * Least squares for linear equations: Gauss–Newton's one-step case.
 *
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function leastSquares(options: LeastSquaresOptions = {}): GaussNewton {
  const {
    iterations = 50,
    tolerance = 0,
    fromHere,
    inner,
  } = checkOptions<LeastSquaresOptions>(options, 'leastSquares', {
    iterations: countUpTo(2 ** 31),
    tolerance: atLeast(0),
    fromHere: checkFlag,
    inner: checkInner,
  });
  return gaussNewton({steps: 1, iterations, tolerance, fromHere, inner});
}

/** Least squares by the name that runs use. */
export const LEAST_SQUARES_BY_NAME: NamedOptimizer<LeastSquaresOptions, GaussNewton> = {
  settings: ['iterations', 'tolerance', 'inner'],
  make: leastSquares,
};
