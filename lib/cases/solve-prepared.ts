/** The one door to a prepared problem, for the API and the command line. */
import type {Problem} from '../pose/problem';
import {unasked} from '../solve/error-estimate';
import type {Solution} from '../solve/solution';
import type {SolveOptions} from '../solve/solve';
import {solve} from '../solve/solve';
import type {Prepared} from './definition';

/**
 * Solves a problem the way that suits it. One that is solved to a tolerance is so with a field to go on from too, and with stages of least
 * squares or Gauss–Newton that were asked for; other optimizers train the one field that the problem has.
 *
 * @param mostBytes of a factorisation where it refines its own grid. Default: what the problem was given.
 * @throws what {@link solve} throws
 */
export async function solvePrepared<U extends string>(
  problem: Problem<U>,
  prepared: Prepared,
  options: SolveOptions,
  mostBytes?: number,
): Promise<Solution<U>> {
  const {unestimated, optimizers} = prepared;
  const {optimizer, resume} = options;
  if (prepared.solve !== undefined && goesItsOwnWay(prepared, options))
    return (await prepared.solve(options, mostBytes)) as Solution<U>;
  const stages = optimizer ?? (resume === undefined ? optimizers.map(({stage}) => stage) : undefined);
  const solution = await solve(problem, {...options, optimizer: stages});
  return unestimated === undefined ? solution : solution.concluded({estimate: unasked(unestimated)});
}

/** Whether a problem solves itself with these options, and not by one `solve(problem, {optimizer})`. */
export function goesItsOwnWay(prepared: Prepared, {optimizer, resume}: SolveOptions): boolean {
  if (prepared.solve === undefined) return false;
  const asked = optimizer === undefined ? [] : [optimizer].flat();
  if (prepared.resumes === true) return asked.every(({type}) => type === 'gauss-newton');
  return optimizer === undefined && resume === undefined;
}

/**
 * Whether a solve that was cut goes on from its saved field to the same end. One that chooses its own grids would take the grid of a saved
 * field for the one it was told, and refine no further; sequences of problems begin anew.
 *
 * @param fixed whether the cells were given.
 */
export const goesOn = (prepared: Prepared, fixed: boolean): boolean =>
  prepared.solve === undefined || (prepared.resumes === true && fixed);
