import {evaluateExpression, parse} from '../../lib';
import type {EquationProblemOptions} from '../../lib/api/equation';
import {equation} from '../../lib/api/equation';
import type {Assessment, Prepared, RunOptions} from '../../lib/cases/definition';
import type {EvolutionCase} from '../../lib/cases/evolution';
import {stagesFrom} from '../../lib/cases/stages';
import {lattice, linspace} from '../../lib/pose/sampling';
import type {Solution} from '../../lib/solve/solution';
import type {SolveOptions} from '../../lib/solve/solve';
import {solve} from '../../lib/solve/solve';

/** Solves a prepared problem as the command line does: in its own way, or by its schedule. The caller disposes of the solution. */
export async function solved(
  {problem, optimizers, solve: own}: Pick<Prepared, 'problem' | 'optimizers' | 'solve'>,
  settings: SolveOptions = {},
): Promise<Solution> {
  return own?.(settings) ?? solve(problem, {optimizer: optimizers.map(({stage}) => stage), ...settings});
}

/** Solves a user's equations, and hands the solution to `read` while it lives. */
export async function solvedEquation<T>(
  options: EquationProblemOptions,
  read: (solution: Solution, assessment: Assessment) => Promise<T> | T,
  signal?: AbortSignal,
): Promise<T> {
  const posed = await equation(options);
  using solution = await posed.solve({device: 'cpu', signal});
  return await read(solution, await posed.assess(solution));
}

/** Solves a posed problem by the schedule of its preset, which `options` change. */
export function solvedCase(
  {problem, preset, stages}: Pick<EvolutionCase, 'problem' | 'preset' | 'stages'>,
  options: Partial<RunOptions> = {},
): Promise<Solution> {
  return solved({problem, optimizers: stagesFrom({preset, own: {}, ...options}, stages)});
}

/**
 * ‖u − exact‖ / ‖exact‖ on a lattice that no sample set of the tests uses, the truth point by point in float64; of several unknowns the worst.
 *
 * @param exact the answer to `u` as an expression of coordinates and uniforms, or answers by unknown.
 */
export async function relativeError(solution: Solution, exact: string | Readonly<Record<string, string>>): Promise<number> {
  const {domain, uniforms} = solution.problem.spec;
  const answers = typeof exact === 'string' ? {u: exact} : exact;
  const coordinates = domain.map(({name}) => name);
  const axes = domain.map(({lower, upper}) => linspace(lower, upper, domain.length === 3 ? 8 : 23));
  const values = await solution.evaluate(lattice(axes), {expressions: Object.keys(answers)});
  const errors = Object.entries(answers).map(([name, text]) => {
    const truth = parse(text, {coordinates, unknowns: [], uniforms: Object.keys(uniforms)});
    let [difference, size] = [0, 0];
    values[name].forEach((value, i) => {
      const place: Record<string, number> = {...uniforms};
      let rest = i;
      for (let k = axes.length - 1; k >= 0; k--) {
        place[coordinates[k]] = axes[k][rest % axes[k].length];
        rest = Math.floor(rest / axes[k].length);
      }
      const known = evaluateExpression(truth, place);
      difference += (value - known) ** 2;
      size += known ** 2;
    });
    return Math.sqrt(difference / size);
  });
  return Math.max(...errors);
}
