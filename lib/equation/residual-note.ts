/** Whether a nonlinear solve has ended where no small step helps and the equation is not solved. */
import type {Expression} from '../expression/node';
import {lattice} from '../pose/sampling';
import type {Solved} from './accuracy';
import type {BoxAxis} from './conditions';
import {placesOf} from './difference';

/** A residual of that part of the equation's largest term is no rounding and no lack of cells: the equation is not solved. */
const UNSOLVED = 0.3;

/** What is to be said of a solution whose residual is as large as the terms of its equation. */
export async function residualNote({solution, equations, mesh}: Solved, box: readonly BoxAxis[]): Promise<string | undefined> {
  if (solution.outcome.schedule.every((stage) => stage.type !== 'gauss-newton' || stage.steps === 1)) return undefined;
  const places = lattice(placesOf(mesh, box).axes);
  let worst = 0;
  for (const {residual} of equations) {
    const addends = addendsOf(residual);
    if (addends.length < 2) continue;
    const values = Object.values(await solution.evaluate(places, {expressions: [residual, ...addends]}));
    const [left, ...terms] = values.map(rootMeanSquare);
    const largest = Math.max(...terms);
    if (left > 1e-9 && largest > 0) worst = Math.max(worst, left / largest);
  }
  if (worst <= UNSOLVED) return undefined;
  return `the residual is ${Math.round(100 * worst)} % of the equation's largest term: this is where Gauss–Newton stood still, no solution. Give a shorter range of time, or a start that is nearer`;
}

/** What a residual is the sum of, signs left out. */
function addendsOf(residual: Expression): Expression[] {
  if (residual.kind !== 'operation') return [residual];
  const {operator, operands} = residual;
  return operator === 'add' || operator === 'sub' || operator === 'neg' ? operands.flatMap(addendsOf) : [residual];
}

function rootMeanSquare(values: Float64Array): number {
  return Math.sqrt(values.reduce((total, value) => total + value * value, 0) / values.length);
}
