import {DinfError} from '../base/errors';
import {checkObject, wrong} from '../base/options';
import type {Expression} from './node';
import {checkExpression, derivativeName, postorder} from './node';
import {applyOperator} from './operators';

/** The name by which {@link evaluateExpression} looks a leaf up: as in the grammar (`x`, `u_xx`), or the key of a program operand. */
export function leafName(leaf: Exclude<Expression, {kind: 'constant' | 'operation'}>): string {
  if (leaf.kind === 'derivative') return derivativeName(leaf);
  return leaf.kind === 'input' ? leaf.key : leaf.name;
}

/**
 * The value of an expression in float64.
 *
 * @param values a number for each leaf by name: `{x: 0.5, u: 1, u_xx: -2}`.
 * @throws INVALID_ARGUMENT naming a leaf that has no value.
 */
export function evaluateExpression(expression: Expression, values: Readonly<Record<string, number>>): number {
  checkExpression(expression, 'evaluateExpression: the first argument');
  checkObject(values, 'evaluateExpression: the values');
  const results = new Map<Expression, number>();
  for (const node of postorder([expression])) {
    if (node.kind === 'constant') {
      results.set(node, node.value);
    } else if (node.kind === 'operation') {
      const operands = node.operands.map((operand) => results.get(operand)!);
      results.set(node, applyOperator(node.operator, operands, node.operands[1]?.kind === 'constant'));
    } else {
      const name = leafName(node);
      if (!Object.hasOwn(values, name)) throw new DinfError('INVALID_ARGUMENT', `${name} has no value`);
      const value: unknown = values[name];
      if (typeof value !== 'number') throw wrong(`evaluateExpression: ${name}`, 'a number', value);
      results.set(node, value);
    }
  }
  return results.get(expression)!;
}

/**
 * The values of an expression in many places at once.
 *
 * @param order its nodes, each behind its operands; the last one is the expression.
 * @param column of a leaf, by its name: a value for each place, or one for all.
 * @param size number of places.
 */
export function evaluateColumns(
  order: readonly Expression[],
  column: (name: string) => Float64Array | number,
  size: number,
): Float64Array {
  const results = new Map<Expression, Float64Array | number>();
  for (const node of order) {
    if (node.kind === 'constant') results.set(node, node.value);
    else if (node.kind !== 'operation') results.set(node, column(leafName(node)));
    else {
      const operands = node.operands.map((operand) => results.get(operand)!);
      const fixed = node.operands[1]?.kind === 'constant';
      const at = (i: number): number =>
        applyOperator(
          node.operator,
          operands.map((one) => (typeof one === 'number' ? one : one[i])),
          fixed,
        );
      const varies = operands.some((one) => typeof one !== 'number');
      results.set(node, varies ? Float64Array.from({length: size}, (_, i) => at(i)) : at(0));
    }
  }
  const result = results.get(order[order.length - 1])!;
  return typeof result === 'number' ? new Float64Array(size).fill(result) : result;
}
