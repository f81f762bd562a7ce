/** Solutions that no comparison with finer grids makes right. */
import type {Level} from './ladder';

/** Whether it may have ended where no small step helps. */
export const isNonlinear = ({solution}: Level): boolean =>
  solution.outcome.schedule.some((stage) => stage.type === 'gauss-newton' && stage.steps > 1);

/** What speaks against a solution whatever finer grids say. */
export function refusalOf(level: Level): string | undefined {
  const {solution, stuckAt, mesh} = level;
  if (solution.solver?.undetermined === true)
    return 'the equations and conditions leave the solution free: a condition is missing, or says what others say already';
  if (stuckAt !== undefined) {
    const cells = mesh.length > 1 ? ', or it is too rough for the cells across' : '';
    return `no window of time beyond ${stuckAt.toPrecision(6)} could be solved, however short: the solution grows without bounds there, or ends${cells}`;
  }
  if (solution.stopReason === 'diverged') return `the solve diverged: ${solution.message}`;
  if (solution.stopReason === 'iterations' && solution.solver?.inner === 'direct' && !isNonlinear(level))
    return 'the solve is lost in rounding: derivatives of this order on a grid this fine need more digits than there are';
  if (solution.stopReason === 'iterations')
    return `the solve had not converged after ${solution.iterations} iterations: give more with --iterations`;
  return undefined;
}
