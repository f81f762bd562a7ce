/** What a problem says of itself before it is solved. */
import {compileProblem} from '../compile/compile';
import {estimateBytes} from '../compile/memory';
import {problemOf, problemTexts} from '../equation/problem-file';
import {statementMath} from '../equation/statement-math';
import {equationLatex} from '../expression/latex';
import {scopeOf} from '../pose/problem-spec';
import {equationMath} from '../report/mathml';
import {pose} from './posing';
import {unknownCount} from './solve-task';
import type {Answer, DescribeTask} from './tasks';

/** @throws DinfError what posing throws */
export async function describeTask(task: DescribeTask): Promise<Answer> {
  const {posed} = await pose(task, {maxSeconds: 1e6, maxMemory: Number.MAX_SAFE_INTEGER});
  const {spec} = posed;
  const {terms, domain, fields} = spec;
  const compiled = compileProblem(spec, {dtype: 'float64', threads: 1, seed: 0});
  // Terms alone lack conditions that hold by construction; of a built-in problem they are what there is.
  const [{equations, data, loss}] = terms;
  const set =
    task.problem === undefined
      ? equations.map(({text, sides}) => ({
          text,
          mathml: equationMath(sides, {energy: loss === 'identity'}),
          latex: equationLatex(text, scopeOf(spec, data)),
        }))
      : statementMath(problemOf(problemTexts(task.problem, 'problem'), 'problem').problem);
  const described = {
    latex: set.map(({latex}) => latex),
    mathml: set,
    unknowns: fields.flatMap(({unknowns}) => unknowns),
    coordinates: Object.fromEntries(domain.map(({name, lower, upper}) => [name, [lower, upper]])),
    headline: posed.headline,
    notes: posed.notes,
    unknownsCount: unknownCount(spec),
    bytes: estimateBytes(compiled, posed.optimizers),
  };
  return {body: new TextEncoder().encode(JSON.stringify(described))};
}
