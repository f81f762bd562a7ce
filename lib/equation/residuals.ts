/** Whether the equation is met at all: two solutions that do not meet it may agree to any number of digits. */
import {rootMeanSquare} from '../base/norms';
import {equationText} from '../expression/equation';
import type {Expression} from '../expression/node';
import {lattice} from '../pose/sampling';
import type {Solved} from './accuracy';
import type {BoxAxis} from './conditions';
import type {Places} from './difference';
import {edgeWeight, rowSize} from './row-weights';

/** The residual of a nonlinear solve at that part of the largest term is no rounding and no lack of cells: the equation is not solved. */
const UNSOLVED = 0.3;
/** A residual that finer grids take no more than this part of away stays. */
const STAYS = 0.2;
/** Below that part of the largest term a residual may be rounding. */
const SMALL = 1e-4;
/** Terms that are smaller than this part of what coefficients and unknowns let expect are rounding themselves. */
const NOTHING = 1e-5;

/** Products of sums are multiplied out up to that many terms. */
const MOST_TERMS = 64;
/** Products within one another that are. */
const MOST_PRODUCTS = 8;

/** The residual of one equation. */
export interface ResidualSize {
  /** The median of its magnitude: a corner or a kink has none. */
  readonly median: number;
  readonly rootMeanSquare: number;
  /** The root mean square of the largest term. */
  readonly largest: number;
}

/** The residuals of the equations at some places, in their order; near edges at which conditions disagree they weigh as little as their rows. */
export async function residualSizes(
  {solution, equations, clashes}: Pick<Solved, 'solution' | 'equations' | 'clashes'>,
  {axes}: Places,
  box: readonly BoxAxis[],
): Promise<ResidualSize[]> {
  const {fields, uniforms} = solution.problem.spec;
  const unknowns = fields.flatMap((field) => field.unknowns);
  const weighed = equations.map(({residual}) => {
    const edge = edgeWeight(residual, clashes, box);
    const times = (one: Expression): Expression =>
      edge === undefined ? one : {kind: 'operation', operator: 'mul', operands: [edge, one]};
    return {row: times(residual), terms: addendsOf(residual).map(times)};
  });
  const expressions = [...unknowns, ...weighed.flatMap(({row, terms}) => [row, ...terms])];
  const values = await solution.evaluate(lattice(axes), {expressions});
  // By their texts: a number among them would come first in an object.
  const of = (expression: Expression | string): Float64Array => values[equationText(expression)];
  const size = Math.max(...unknowns.map((name) => rootMeanSquare(of(name))));
  return weighed.map(({row, terms}, e) => ({
    median: medianOf(of(row)),
    rootMeanSquare: rootMeanSquare(of(row)),
    largest: Math.max(
      NOTHING * size * rowSize(equations[e].residual, box, uniforms),
      ...terms.map((one) => rootMeanSquare(of(one))),
    ),
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

/** What a residual is the sum of once products are multiplied out, signs left out: the parts of a Laplacian may cancel. */
function addendsOf(residual: Expression, products = MOST_PRODUCTS): Expression[] {
  const addends: Expression[] = [];
  // Texts of people who write programs that write texts are deep: no recursion over sums.
  const left = [residual];
  for (let one = left.pop(); one !== undefined; one = left.pop()) {
    if (one.kind === 'operation' && SUMS.has(one.operator)) left.push(...one.operands);
    else addends.push(...multipliedOut(one, products));
  }
  return addends;
}

const SUMS: ReadonlySet<string> = new Set(['add', 'sub', 'neg']);

function multipliedOut(one: Expression, products: number): Expression[] {
  if (one.kind !== 'operation' || products === 0) return [one];
  const {operator, operands} = one;
  if (operator !== 'mul' && operator !== 'div') return [one];
  const first = addendsOf(operands[0], products - 1);
  const second = operator === 'mul' ? addendsOf(operands[1], products - 1) : [operands[1]];
  if (first.length * second.length > MOST_TERMS) return [one];
  return first.flatMap((a) => second.map((b): Expression => ({kind: 'operation', operator, operands: [a, b]})));
}

function medianOf(values: Float64Array): number {
  const sorted = values.map(Math.abs).sort();
  return sorted[Math.floor(sorted.length / 2)];
}
