/** Whether the equation is met at all: two solutions that do not meet it may agree to any number of digits. */
import {rootMeanSquare} from '../base/norms';
import {equationText} from '../expression/equation';
import type {Expression} from '../expression/node';
import type {EquationSpec} from '../pose/problem-spec';
import {lattice} from '../pose/sampling';
import type {Solution} from '../solve/solution';
import type {BoxAxis} from './conditions';
import type {Places} from './difference';
import {rowSize} from './row-weights';

/** The residual of a nonlinear solve at that part of the largest term is no rounding and no lack of cells: the equation is not solved. */
const UNSOLVED = 0.3;
/** A residual that finer grids take no more than this part of away stays. */
const STAYS = 0.2;
/** Below that part of the largest term a residual may be rounding. */
const SMALL = 1e-4;
/** Terms that are smaller than this part of what coefficients and unknowns let expect are rounding themselves. */
const NOTHING = 1e-5;

/** The residual of one equation. */
export interface ResidualSize {
  /** The median of its magnitude: a corner or a kink has none. */
  readonly median: number;
  readonly rootMeanSquare: number;
  /** The root mean square of the largest term. */
  readonly largest: number;
}

/** The residuals of the equations at some places, in their order. */
export async function residualSizes(
  {solution, equations}: {readonly solution: Solution; readonly equations: readonly EquationSpec[]},
  {axes}: Places,
  box: readonly BoxAxis[],
): Promise<ResidualSize[]> {
  const {fields, uniforms} = solution.problem.spec;
  const unknowns = fields.flatMap((field) => field.unknowns);
  const terms = equations.map(({residual}) => addendsOf(residual));
  const expressions = [...unknowns, ...equations.map(({residual}) => residual), ...terms.flat()];
  const values = await solution.evaluate(lattice(axes), {expressions});
  // By their texts: a number among them would come first in an object.
  const of = (expression: Expression | string): Float64Array => values[equationText(expression)];
  const size = Math.max(...unknowns.map((name) => rootMeanSquare(of(name))));
  return equations.map(({residual}, e) => ({
    median: medianOf(of(residual)),
    rootMeanSquare: rootMeanSquare(of(residual)),
    largest: Math.max(NOTHING * size * rowSize(residual, box, uniforms), ...terms[e].map((one) => rootMeanSquare(of(one)))),
  }));
}

/**
 * What is to be said of a solution that does not meet its equation.
 *
 * @param here its residuals.
 * @param finer those of solutions on finer grids, one for each axis. Where cells see nothing of a layer, least squares is content with what
 *   would be without it, and finer grids with the same.
 * @param nonlinear whether a solve may have ended where no small step helps.
 */
export function residualNote(
  here: readonly ResidualSize[],
  finer: readonly (readonly ResidualSize[])[],
  {nonlinear, tolerance}: {readonly nonlinear: boolean; readonly tolerance: number},
): string | undefined {
  for (const [e, {median, rootMeanSquare: size, largest}] of here.entries()) {
    const part = (value: number): string => `${Number((100 * value).toPrecision(2))} %`;
    if (nonlinear && size > UNSOLVED * largest)
      return `the residual is ${part(size / largest)} of the equation's largest term: this is where Gauss–Newton stood still, no solution. Give a shorter range of time, or a start that is nearer`;
    if (finer.length === 0 || median <= Math.max(SMALL, tolerance) * largest) continue;
    const gone = finer.reduce((sum, one) => sum + 1 - one[e].median / median, 0);
    // What grows is rounding.
    if (Math.abs(gone) < STAYS)
      return `the equation is missed by ${part(median / largest)} of its largest term, on finer grids as much: there is a layer that the cells do not see, or no solution`;
  }
  return undefined;
}

/** What a residual is the sum of, signs left out. */
function addendsOf(residual: Expression): Expression[] {
  if (residual.kind !== 'operation') return [residual];
  const {operator, operands} = residual;
  return operator === 'add' || operator === 'sub' || operator === 'neg' ? operands.flatMap(addendsOf) : [residual];
}

function medianOf(values: Float64Array): number {
  const sorted = values.map(Math.abs).sort();
  return sorted[Math.floor(sorted.length / 2)];
}
