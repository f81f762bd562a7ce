/**
 * Nonlinear equations that stand: Gauss–Newton from nothing may end where no small step helps. So the terms that are not linear in the unknowns
 * come in by degrees, each solve beginning at the one before: for a flow, that is a Reynolds number that grows.
 */
import {Arena} from '../expression/arena';
import type {Expression} from '../expression/node';
import {postorder} from '../expression/node';
import {toText} from '../expression';
import {gaussNewton} from '../optimizers';
import type {Problem} from '../pose/problem';
import {Problem as PosedProblem} from '../pose/problem';
import {scopeOf} from '../pose/problem-spec';
import type {Advance} from './advancing';

/** The parts of the nonlinear terms that are solved for one after another. */
const PARTS = [0.03, 0.1, 0.2, 0.4, 0.7, 1] as const;

/** Outer and inner iterations of a part: it is no answer yet. */
const PART = {steps: 8, iterations: 500, tolerance: 1e-3};

/**
 * The continuation of a problem.
 *
 * @param count its first terms are the equations.
 * @returns undefined where there is nothing to come in by degrees.
 */
export function continuationOf({spec}: Problem, count: number): Advance | undefined {
  const taken: ReadonlySet<string> = new Set(Object.values(scopeOf(spec)).flat());
  let part = 'part';
  while (taken.has(part)) part += '0';
  const found: Expression[] = [];
  const terms = spec.terms.map((term, i) => {
    if (i >= count) return term;
    const equations = term.equations.map((equation) => {
      const arena = new Arena();
      const residual = inPart(arena.simplify(equation.residual), part, arena);
      if (residual === undefined) return equation;
      found.push(residual);
      return {text: toText(residual), sides: [residual] as const, residual};
    });
    return {...term, equations};
  });
  if (found.length === 0) return undefined;
  const stages = PARTS.map((value) => gaussNewton({...PART, uniforms: {[part]: value}}));
  return {problem: new PosedProblem({...spec, uniforms: {...spec.uniforms, [part]: 1}, terms}), stages};
}

/** The residual with its nonlinear addends times a uniform; undefined where it has none, or no other. */
function inPart(residual: Expression, part: string, arena: Arena): Expression | undefined {
  const degree = degrees(residual);
  let [linear, curved] = [false, false];
  const scaled = (expression: Expression): Expression => {
    const power = degree.get(expression)!;
    if (power <= 1) {
      if (power === 1) linear = true;
      return expression;
    }
    if (expression.kind === 'operation') {
      const {operator, operands} = expression;
      if (operator === 'add' || operator === 'sub' || operator === 'neg') return arena.make(operator, ...operands.map(scaled));
      // A factor without unknowns: the sum behind it is looked into.
      if (operator === 'mul' && degree.get(operands[0]) === 0) return arena.make('mul', operands[0], scaled(operands[1]));
      if (operator === 'mul' && degree.get(operands[1]) === 0) return arena.make('mul', scaled(operands[0]), operands[1]);
    }
    curved = true;
    return arena.make('mul', arena.leaf({kind: 'uniform', name: part}), expression);
  };
  const result = scaled(residual);
  return linear && curved ? result : undefined;
}

/** Of each node: 0 without unknowns, 1 where it is affine in them, 2 elsewhere. */
function degrees(root: Expression): Map<Expression, number> {
  const known = new Map<Expression, number>();
  for (const node of postorder([root])) {
    if (node.kind !== 'operation') {
      known.set(node, node.kind === 'derivative' ? 1 : 0);
      continue;
    }
    const operands = node.operands.map((operand) => known.get(operand)!);
    const most = Math.max(...operands);
    const sum = operands.reduce((total, degree) => total + degree, 0);
    if (most === 0 || ['add', 'sub', 'neg'].includes(node.operator)) known.set(node, most);
    else if (node.operator === 'mul') known.set(node, Math.min(2, sum));
    else if (node.operator === 'div') known.set(node, operands[1] === 0 ? operands[0] : 2);
    else known.set(node, 2);
  }
  return known;
}
