import type {Problem} from '../pose/problem';
import {ManySolve} from './many-solve';
import type {SolveManyOptions} from './solve-many-options';
import {ManySolver} from './many-solver';
import type {Variation} from './variation';

/**
 * Solves variations of one problem: the same equations on the same samples with other uniforms, data, boundary values or seeds. The problem is
 * compiled and bound once; where the derivatives of the equations stay the same, one factorisation serves all variations, which are solved together.
 *
 * @param variations taken from their source as the solve comes to them.
 * @returns an async iterator of solutions as they finish, and a promise of all of them in order.
 * @throws what {@link ManySolver.solve} throws
 */
export function solveMany<U extends string>(
  problem: Problem<U>,
  variations: Iterable<Variation> | AsyncIterable<Variation>,
  options: SolveManyOptions = {},
): ManySolve<U> {
  const solver = new ManySolver<U>(problem, options);
  return new ManySolve<U>(async function* () {
    try {
      yield* solver.solve(variations);
    } finally {
      solver.dispose();
    }
  });
}
