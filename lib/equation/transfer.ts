/** A field on another mesh: what a finer solve of a nonlinear problem begins at. */
import {uniformValues} from '../compile/uniforms';
import {leastSquares} from '../optimizers';
import {data, derivative, operation} from '../expression/node';
import type {Problem} from '../pose/problem';
import {problem} from '../pose/problem';
import type {ProblemSpec} from '../pose/problem-spec';
import {gridBreaks, gridCells, scopeOf} from '../pose/problem-spec';
import {gauss, gaussPlaces, lattice, linspace} from '../pose/sampling';
import {term} from '../pose/term';
import type {Checkpoint} from '../solve/checkpoint/checkpoint';
import {loadSolution} from '../solve/load';
import type {Solution} from '../solve/solution';
import type {SolveOptions} from '../solve/solve';
import {solve} from '../solve/solve';

/** Gauss points a cell and axis at which the fields are to agree. */
const POINTS = 3;

/** Names of data, none of which is taken. */
function channels(spec: ProblemSpec): (i: number) => string {
  const taken: ReadonlySet<string> = new Set(Object.values(scopeOf(spec)).flat());
  let name = 'given';
  while (spec.fields[0].unknowns.some((_, i) => taken.has(`${name}${i}`))) name += 'x';
  return (i) => `${name}${i}`;
}

/** The field of a problem as all that there is of it. */
function withoutLift({spec: {domain, fields}}: Problem): Problem {
  const [{unknowns, grid}] = fields;
  const middle = domain.map(({lower, upper}) => [(lower + upper) / 2]);
  return problem({
    domain: Object.fromEntries(domain.map(({name, lower, upper}) => [name, [lower, upper] as const])),
    unknowns,
    field: grid!,
    terms: [term(lattice(middle), derivative(unknowns[0]))],
  });
}

/** The field of a solution, without what a lift makes of it, as nearly as another problem's grid has it: where a solve of that one may begin. */
export async function transferred(from: Solution, to: Problem, settings: SolveOptions): Promise<Checkpoint> {
  const {domain, fields} = to.spec;
  const [field] = fields;
  if (field.grid === undefined) throw new TypeError('a field on a grid is transferred to a grid');
  const breaks =
    gridBreaks(field.grid, domain) ??
    gridCells(field.grid, domain.length).map((n, k) => Array.from(linspace(domain[k].lower, domain[k].upper, n + 1)));
  const places = lattice(breaks.map((ends) => gaussPlaces(ends, POINTS)));
  const there = await from.checkpoint();
  const bare = withoutLift(from.problem);
  using raw = await loadSolution({...there, problem: bare, uniforms: uniformValues(bare.spec)}, {device: settings.device});
  const values = await raw.evaluate(places, {expressions: field.unknowns});
  const channel = channels(to.spec);
  const target = problem({
    domain: Object.fromEntries(domain.map(({name, lower, upper}) => [name, [lower, upper] as const])),
    unknowns: field.unknowns,
    field: field.grid,
    terms: [
      term(
        gauss(POINTS, {breaks}),
        field.unknowns.map((name, i) => operation('sub', derivative(name), data(channel(i)))),
        {data: Object.fromEntries(field.unknowns.map((name, i) => [channel(i), values[name]]))},
      ),
    ],
  });
  const {dtype = 'float64', threads, device, signal} = settings;
  const optimizer = leastSquares({iterations: 400, tolerance: 1e-10});
  using fitted = await solve(target, {optimizer, dtype, threads, device, signal});
  const found = await fitted.checkpoint();
  // What it took to get there is no part of the solve that begins.
  const standing = {
    ...found.standing,
    iterations: 0,
    seconds: 0,
    losses: {iteration: new Float64Array(), loss: new Float64Array()},
  };
  return {...found, standing, problem: to, uniforms: uniformValues(to.spec)};
}
