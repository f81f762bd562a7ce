import type {Arena} from './arena';
import type {Expression} from './node';
import type {Operator} from './operators';
import {applyOperator} from './operators';

const isConstant = (node: Expression, value: number): boolean => node.kind === 'constant' && node.value === value;

function isNegation(node: Expression): node is Expression & {kind: 'operation'; operator: 'neg'} {
  return node.kind === 'operation' && node.operator === 'neg';
}

/** The operand of a negation. */
const negated = (node: Expression & {kind: 'operation'}): Expression => node.operands[0];

/**
 * What an operator on simplified operands reduces to, or undefined when it stays as it is.
 *
 * Only rules that keep every value all of whose parts are finite (up to the sign of a zero): terms are never regrouped, so that the
 * bits of a result follow from what the user wrote. A product with a structural zero is zero even where the other factor is not
 * finite, and so is its quotient where the divisor is zero: that is what makes the derivative of what does not depend on x vanish.
 */
export function simplified(arena: Arena, operator: Operator, operands: readonly Expression[]): Expression | undefined {
  const special = rule(arena, operator, operands);
  if (special !== undefined) return special;
  const values: number[] = [];
  for (const operand of operands) {
    if (operand.kind !== 'constant') return undefined;
    values.push(operand.value);
  }
  const value = applyOperator(operator, values, true);
  // log(0) and 1/0 stay for the program to meet, where the message can name a sample.
  return Number.isFinite(value) ? arena.constant(value) : undefined;
}

// eslint-disable-next-line complexity -- a table: the rules of each operator on lines of its own
function rule(arena: Arena, operator: Operator, [a, b, c]: readonly Expression[]): Expression | undefined {
  switch (operator) {
    case 'add':
      if (isConstant(a, 0)) return b;
      if (isConstant(b, 0)) return a;
      if (isNegation(b)) return arena.make('sub', a, negated(b));
      return isNegation(a) ? arena.make('sub', b, negated(a)) : undefined;
    case 'sub':
      if (isConstant(b, 0)) return a;
      if (isConstant(a, 0)) return arena.make('neg', b);
      return isNegation(b) ? arena.make('add', a, negated(b)) : undefined;
    case 'mul':
      return product(arena, a, b);
    case 'mul0':
      if (isConstant(a, 0)) return arena.zero;
      return a.kind === 'constant' || b.kind === 'constant' ? arena.make('mul', a, b) : undefined;
    case 'div':
      if (isConstant(a, 0) && !isConstant(b, 0)) return arena.zero;
      if (isConstant(b, 1)) return a;
      return isConstant(b, -1) ? arena.make('neg', a) : undefined;
    case 'div0':
      if (isConstant(a, 0) || isConstant(b, 0)) return arena.zero;
      return b.kind === 'constant' ? arena.make('div', a, b) : undefined;
    case 'neg':
      // −0 would be another node than 0, and structural zeros are recognised by being the one.
      if (isConstant(a, 0)) return arena.zero;
      return isNegation(a) ? negated(a) : undefined;
    case 'pow':
      if (isConstant(b, 1)) return a;
      return isConstant(b, 0) || isConstant(a, 1) ? arena.one : undefined;
    case 'where':
      if (a.kind === 'constant') return a.value !== 0 ? b : c;
      return b === c ? b : undefined;
    case 'gt':
      return arena.make('lt', b, a);
    case 'ge':
      return arena.make('le', b, a);
    default:
      return undefined;
  }
}

function product(arena: Arena, a: Expression, b: Expression): Expression | undefined {
  if (isConstant(a, 0) || isConstant(b, 0)) return arena.zero;
  if (isConstant(a, 1)) return b;
  if (isConstant(b, 1)) return a;
  if (isConstant(a, -1)) return arena.make('neg', b);
  if (isConstant(b, -1)) return arena.make('neg', a);
  return isNegation(a) && isNegation(b) ? arena.make('mul', negated(a), negated(b)) : undefined;
}
