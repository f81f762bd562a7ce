import {DinfError} from '../base/errors';
import type {Steps} from '../base/steps';
import {finished} from '../base/steps';
import {reading, wrong} from '../base/options';
import {Arena} from './arena';
import {totalDerivative} from './differentiate';
import type {ConstantNode, DerivativeNode, Expression, InputNode, LeafNode} from './node';
import {checkExpression, derivativeName, postorder, postorderSteps, totalOrder, VISITS_A_STEP} from './node';

/** Highest total order of a derivative of a field. */
const LARGEST_ORDER = 4;

/** A leaf that a user's text can hold: it stands for something the compiler has to provide. */
export type BoundLeaf = Exclude<LeafNode, ConstantNode | InputNode>;

/** The expression with every leaf replaced (or kept where `replace` returns undefined), simplified in the arena. */
function* replaceLeaves(
  expression: Expression,
  replace: (leaf: LeafNode) => Expression | undefined,
  arena: Arena,
): Steps<Expression> {
  const root = yield* arena.simplifySteps(expression);
  const memo = new Map<Expression, Expression>();
  for (const node of yield* postorderSteps([root])) {
    if (memo.size % VISITS_A_STEP === VISITS_A_STEP - 1) yield;
    if (node.kind === 'operation') {
      memo.set(node, arena.make(node.operator, ...node.operands.map((operand) => memo.get(operand)!)));
    } else {
      const replacement = replace(node);
      memo.set(node, replacement === undefined ? node : arena.simplify(replacement));
    }
  }
  return memo.get(root)!;
}

/**
 * The expression with unknowns replaced by expressions, all at once: a replacement may mention any unknown, itself included,
 * and those stay. Derivatives of a replaced unknown become total derivatives of the replacement. That is what a lift
 * u := g + B·u is, and a graded axis.
 *
 * @throws INVALID_ARGUMENT when a derivative of a replacement that holds per-sample data is needed.
 */
export function substitute(expression: Expression, replacements: ReadonlyMap<string, Expression>, arena?: Arena): Expression {
  return finished(substituteSteps(expression, replacements, arena));
}

/** As {@link substitute}, with pauses. */
export function* substituteSteps(
  expression: Expression,
  replacements: ReadonlyMap<string, Expression>,
  arena = new Arena(),
): Steps<Expression> {
  if (!reading('substitute: the replacements', () => Object.prototype.toString.call(replacements) === '[object Map]'))
    throw wrong('substitute: the replacements', 'a Map of expressions by unknown', replacements);
  return yield* replaceLeaves(
    checkExpression(expression, 'substitute: the first argument'),
    (leaf) => {
      if (leaf.kind !== 'derivative') return undefined;
      const replacement = replacements.get(leaf.unknown);
      if (replacement === undefined) return undefined;
      checkExpression(replacement, `substitute: what replaces ${leaf.unknown}`);
      // One coordinate after the other in the canonical order, so u_xxy continues from the memoised u_xx.
      return Object.entries(leaf.orders).reduce(
        (result, [coordinate, order]) => totalDerivative(result, coordinate, order, arena),
        replacement,
      );
    },
    arena,
  );
}

/**
 * The expression with every leaf of a user's text replaced by what `bind` returns for it: program operands, times constants where
 * their units ask for it.
 */
export function bindLeaves(expression: Expression, bind: (leaf: BoundLeaf) => Expression, arena = new Arena()): Expression {
  return finished(bindSteps(expression, bind, arena));
}

/** As {@link bindLeaves}, with pauses. */
export function* bindSteps(expression: Expression, bind: (leaf: BoundLeaf) => Expression, arena: Arena): Steps<Expression> {
  const replace = (leaf: LeafNode): Expression | undefined =>
    leaf.kind === 'constant' || leaf.kind === 'input' ? undefined : bind(leaf);
  return yield* replaceLeaves(expression, replace, arena);
}

/** Every distinct leaf that is not a constant, in the order in which the expression is evaluated. */
export function leavesOf(expression: Expression): Exclude<LeafNode, ConstantNode>[] {
  const found: Exclude<LeafNode, ConstantNode>[] = [];
  for (const node of postorder([expression])) {
    if (node.kind !== 'operation' && node.kind !== 'constant') found.push(node);
  }
  return found;
}

/**
 * Rejects derivatives of fields above a total order. Call it on what remains after the lift.
 *
 * @param limit highest order allowed, 4 by default.
 * @throws ORDER_TOO_HIGH naming the derivative.
 */
export function checkOrder(expression: Expression, limit = LARGEST_ORDER): void {
  let highest: DerivativeNode | undefined;
  for (const leaf of leavesOf(checkExpression(expression, 'checkOrder: the first argument'))) {
    if (leaf.kind === 'derivative' && totalOrder(leaf) > Math.max(limit, highest === undefined ? 0 : totalOrder(highest))) {
      highest = leaf;
    }
  }
  if (highest === undefined) return;
  throw new DinfError(
    'ORDER_TOO_HIGH',
    `${derivativeName(highest)} is a derivative of order ${totalOrder(highest)}, and fields have derivatives up to order ${limit}: ` +
      `name an intermediate unknown, such as w with w = ${highest.unknown}_xx, and write the equation with its derivatives`,
  );
}
