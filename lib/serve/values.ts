/** Values of a solution as clients ask for them: at the points of a grid, the residual among them. */
import {DinfError} from '../base/errors';
import type {ProblemSpec} from '../pose/problem-spec';
import {lattice, linspace} from '../pose/sampling';
import type {Solution} from '../solve/solution';

/** Points of an axis of the grid that is evaluated, by the number of coordinates. */
export const DEFAULT_POINTS = [257, 65, 33] as const;

/**
 * The axes of the grid that is evaluated.
 *
 * @throws DinfError INVALID_ARGUMENT where `grid` is one of other coordinates
 */
export function axesOf({domain}: ProblemSpec, grid: readonly number[] | undefined): Float64Array[] {
  if (grid !== undefined && grid.length !== domain.length) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `grid has ${grid.length} numbers, and the domain ${domain.length} coordinates (${domain.map(({name}) => name).join(', ')}): give one each`,
    );
  }
  return domain.map(({lower, upper}, k) => linspace(lower, upper, grid?.[k] ?? DEFAULT_POINTS[domain.length - 1]));
}

/** The unknowns of a problem, in the order of its fields. */
export const unknownsOf = ({fields}: ProblemSpec): string[] => fields.flatMap(({unknowns}) => unknowns);

/**
 * What was asked for; by default the unknowns, and the root of the sum of squares of what the equations leave.
 *
 * @param expressions `residual` is that root. Default: the unknowns, and the residual where it is known.
 * @throws DinfError what reading an expression throws; INVALID_ARGUMENT where the residual is asked for and not known
 */
export async function valuesOf(
  solution: Solution,
  axes: readonly Float64Array[],
  expressions: readonly string[] | undefined,
): Promise<Record<string, Float64Array>> {
  const {spec} = solution.problem;
  const where = lattice(axes);
  const asked = (expressions ?? unknownsOf(spec)).filter((one) => one !== 'residual');
  const values: Record<string, Float64Array> = asked.length > 0 ? await solution.evaluate(where, {expressions: asked}) : {};
  const wanted = expressions?.includes('residual') === true;
  if (!wanted && expressions !== undefined) return values;
  const [{equations, data}] = spec.terms;
  // Data are known at the samples alone.
  if (Object.keys(data).length > 0) {
    if (!wanted) return values;
    throw new DinfError('INVALID_ARGUMENT', 'this problem has data at its samples: its residual is not known elsewhere');
  }
  const texts = equations.map(({text}) => text);
  const parts = Object.values(await solution.evaluate(where, {expressions: texts}));
  const total = new Float64Array(parts[0].length);
  for (const part of parts) part.forEach((value, i) => (total[i] += value * value));
  return {...values, residual: total.map(Math.sqrt)};
}
