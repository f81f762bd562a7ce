/** What a march begins with: values and slopes as splines of the axes that are not time. */
import {Arena} from '../expression/arena';
import {totalDerivative} from '../expression/differentiate';
import {evaluateExpression} from '../expression/interpret';
import type {Expression} from '../expression/node';
import {derivative} from '../expression/node';
import {bindLeaves} from '../expression/substitute';
import {leastSquares} from '../optimizers';
import {gridEdges} from '../pose/field';
import {problem} from '../pose/problem';
import {gauss} from '../pose/sampling';
import {term} from '../pose/term';
import type {SolveOptions} from '../solve/solve';
import {solve} from '../solve/solve';
import type {BoxAxis} from './conditions';
import type {InitialValues} from './initial-values';
import type {Mesh} from './mesh';
import {breaksOf, knotsOf} from './mesh';
import {knotGrid} from './posing';

/** The initial values of each unknown, and its slopes where it has any, as coefficients of the other axes' splines. */
export async function initialState(values: InitialValues, mesh: Mesh, settings: SolveOptions): Promise<Float64Array[][]> {
  const {statement, axis, orders, data, imposed} = values;
  const {box, unknowns, uniforms} = statement;
  const {name: time, lower} = box[axis];
  const arena = new Arena();
  const atBegin = (expression: Expression): Expression =>
    bindLeaves(expression, (leaf) => (leaf.kind === 'coordinate' && leaf.name === time ? arena.constant(lower) : leaf), arena);
  const slopeName = slopeNames(unknowns, [...box.map(({name}) => name), ...Object.keys(uniforms)]);
  const wanted = data.map(({unknown, order, data: given}) => {
    const lift = (imposed.lift as Readonly<Record<string, Expression | undefined>>)[unknown] ?? arena.leaf(derivative(unknown));
    const moving = order === 0 ? lift : totalDerivative(lift, time, 1, arena);
    const left = bindLeaves(
      moving,
      (leaf) =>
        leaf.kind === 'derivative' && (leaf.orders[time] ?? 0) > 0 ? arena.leaf(derivative(slopeName(leaf.unknown))) : leaf,
      arena,
    );
    return {unknown, order, residual: arena.make('sub', atBegin(left), atBegin(given))};
  });
  const found = new Map<string, Float64Array>();
  const key = (unknown: string, order: number): string => (order === 0 ? unknown : slopeName(unknown));
  const rest = box.filter((_, k) => k !== axis);
  if (rest.length === 0) {
    // Without other axes the residual is value minus datum.
    for (const {unknown, order, residual} of wanted) {
      const zero = Object.fromEntries(wanted.map((one) => [key(one.unknown, one.order), 0]));
      found.set(key(unknown, order), Float64Array.of(-evaluateExpression(residual, {...uniforms, ...zero})));
    }
  } else {
    const names = wanted.map(({unknown, order}) => key(unknown, order));
    for (const [name, one] of await project(
      values,
      mesh,
      rest,
      wanted.map(({residual}) => residual),
      names,
      settings,
    ))
      found.set(name, one);
  }
  return unknowns.map((unknown, i) => Array.from({length: orders[i]}, (_, order) => found.get(key(unknown, order))!));
}

/** Least squares for what begins the march, on the axes that are not time. */
async function project(
  {statement, axis, kernel}: InitialValues,
  mesh: Mesh,
  rest: readonly BoxAxis[],
  residuals: readonly Expression[],
  names: readonly string[],
  settings: SolveOptions,
): Promise<Map<string, Float64Array>> {
  const breaks = mesh.flatMap((one, k) => (k === axis ? [] : [[...breaksOf(one, statement.box[k])!]]));
  const knots = mesh.flatMap((one, k) =>
    k === axis ? [] : [knotsOf(one, statement.box[k], kernel.degree, statement.orders[k])],
  );
  const edges = gridEdges({edge: statement.edges}, mesh.length).filter((_, k) => k !== axis);
  const posed = problem({
    domain: Object.fromEntries(rest.map(({name, lower, upper}) => [name, [lower, upper] as const])),
    unknowns: names,
    field: knotGrid({...statement, edges}, knots, kernel),
    uniforms: statement.uniforms,
    terms: [term(gauss(kernel.degree + 1, {breaks}), residuals)],
  });
  const {dtype = 'float64', threads, signal, device} = settings;
  const optimizer = leastSquares({iterations: 4000, tolerance: 1e-15});
  const solution = await solve(posed, {optimizer, dtype, threads, signal, device});
  try {
    const parameters = await solution.parameters();
    const nodes = parameters.length / names.length;
    return new Map(names.map((name, i) => [name, parameters.slice(i * nodes, (i + 1) * nodes)]));
  } finally {
    solution.dispose();
  }
}

/** Names for the slopes of unknowns, none of which is taken. */
function slopeNames(unknowns: readonly string[], others: readonly string[]): (unknown: string) => string {
  const taken = new Set([...unknowns, ...others]);
  const names = new Map<string, string>();
  unknowns.forEach((unknown, i) => {
    let name = `slope${i + 1}`;
    while (taken.has(name)) name += '0';
    taken.add(name);
    names.set(unknown, name);
  });
  return (unknown) => names.get(unknown)!;
}
