/** Whether the equation is met at all: two solutions that do not meet it may agree to any number of digits. */
import {equationText} from '../expression/equation';
import type {Expression} from '../expression/node';
import {lattice} from '../pose/sampling';
import type {Solved} from './accuracy';
import type {BoxAxis} from './conditions';
import {placesOf} from './difference';

/** A residual of that part of the equation's largest term is no rounding and no lack of cells: the equation is not solved. */
const UNSOLVED = 0.3;
/** Where that is so in more than this part of the domain, it is no corner and no line. */
const WIDELY = 0.1;
/** Below that a residual is rounding, whatever the terms are. */
const ROUNDING = 1e-9;

/** How a residual compares with the largest term of its equation, of the worst equation. */
interface Comparison {
  /** By their root mean squares. */
  readonly ratio: number;
  /** Part of the places at which it is larger than {@link UNSOLVED} of it. */
  readonly share: number;
}

/**
 * What is to be said of a solution that does not meet its equation: a nonlinear solve has ended where no small step helps, or cells see nothing
 * of a layer, and least squares is content with what it would be without.
 */
export async function residualNote(solved: Solved, box: readonly BoxAxis[]): Promise<string | undefined> {
  const {ratio, share} = await compared(solved, box);
  const {schedule} = solved.solution.outcome;
  const nonlinear = schedule.some((stage) => stage.type === 'gauss-newton' && stage.steps > 1);
  if (nonlinear && ratio > UNSOLVED)
    return `the residual is ${Math.round(100 * ratio)} % of the equation's largest term: this is where Gauss–Newton stood still, no solution. Give a shorter range of time, or a start that is nearer`;
  if (share > WIDELY)
    return `the equation is not met in ${Math.round(100 * share)} % of the domain: there is a layer that the cells do not see, or no solution`;
  return undefined;
}

async function compared({solution, equations, mesh}: Solved, box: readonly BoxAxis[]): Promise<Comparison> {
  const places = lattice(placesOf(mesh, box).axes);
  let [ratio, share] = [0, 0];
  for (const {residual} of equations) {
    const addends = addendsOf(residual);
    if (addends.length < 2) continue;
    const values = await solution.evaluate(places, {expressions: [residual, ...addends]});
    // By their texts: a number among them would come first in an object.
    const [left, ...terms] = [residual, ...addends].map((one) => values[equationText(one)]);
    const largest = Math.max(...terms.map(rootMeanSquare));
    const size = rootMeanSquare(left);
    if (!(size > ROUNDING && largest > 0)) continue;
    ratio = Math.max(ratio, size / largest);
    const many = left.reduce((count, value) => count + (Math.abs(value) > UNSOLVED * largest ? 1 : 0), 0);
    share = Math.max(share, many / left.length);
  }
  return {ratio, share};
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
