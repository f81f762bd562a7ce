import {DinfError} from '../base/errors';
import {checkInteger, checkText} from '../base/options';
import type {Steps} from '../base/steps';
import {finished} from '../base/steps';
import {Arena} from './arena';
import type {Expression, LeafNode} from './node';
import {checkExpression, derivativeNode, HIGHEST_ORDER, postorder, postorderSteps, totalOrder, VISITS_A_STEP} from './node';
import {forward} from './rules';

/** Highest order of a derivative of an arbitrary expression that may be asked for at once. */
const LARGEST_REPEAT = 64;

/**
 * The total derivative of an expression with respect to a coordinate: the derivative of `u` is `u_x`, that of `u_x` is `u_xx`.
 * Simplified, memoised for the life of the arena.
 *
 * Conventions: |x|' = sign x with sign 0 = 0; ties of min and max go to the first; comparisons and sign have derivative zero;
 * `where` differentiates its branches; `norm` has derivative zero where it is zero.
 *
 * @param order how often to differentiate, 1 by default.
 * @throws INVALID_ARGUMENT when the expression depends on per-sample data; EXPRESSION_TOO_LARGE when the arena is full.
 */
export function totalDerivative(expression: Expression, coordinate: string, order = 1, arena = new Arena()): Expression {
  checkInteger(order, 'the order of a derivative', 0, LARGEST_REPEAT);
  checkText(coordinate, 'the coordinate of a derivative');
  checkExpression(expression, 'what is differentiated');
  let result = arena.simplify(expression);
  for (let i = 0; i < order && result !== arena.zero; i++) result = once(result, coordinate, arena);
  return result;
}

function once(expression: Expression, coordinate: string, arena: Arena): Expression {
  let memo = arena.derivatives.get(coordinate);
  if (memo === undefined) arena.derivatives.set(coordinate, (memo = new Map<Expression, Expression>()));
  for (const node of postorder([expression], (candidate) => memo.has(candidate))) {
    const result =
      node.kind === 'operation'
        ? forward(
            arena,
            node,
            node.operands.map((operand) => memo.get(operand)!),
          )
        : leafDerivative(node, coordinate, arena);
    memo.set(node, result);
  }
  return memo.get(expression)!;
}

function leafDerivative(leaf: LeafNode, coordinate: string, arena: Arena): Expression {
  switch (leaf.kind) {
    case 'constant':
    case 'uniform':
    case 'scalar':
      return arena.zero;
    case 'coordinate':
      return leaf.name === coordinate ? arena.one : arena.zero;
    case 'derivative':
      if (totalOrder(leaf) >= HIGHEST_ORDER)
        throw new DinfError(
          'ORDER_TOO_HIGH',
          `a derivative of ${leaf.unknown} has an order of more than ${HIGHEST_ORDER}: it is needed nowhere`,
        );
      return arena.leaf(
        derivativeNode(leaf.unknown, {
          ...leaf.orders,
          [coordinate]: 1 + (Object.hasOwn(leaf.orders, coordinate) ? leaf.orders[coordinate] : 0),
        }),
      );
    case 'data':
      throw new DinfError(
        'INVALID_ARGUMENT',
        `the data channel ${leaf.name} is known at the samples only, so it has no derivative with respect to ${coordinate}`,
      );
    case 'input':
      throw new DinfError('INTERNAL', `the operand ${leaf.key} has no derivative with respect to ${coordinate}`);
  }
}

/**
 * The directional derivative of an expression: the sum over its leaves of ∂expression/∂leaf times what `along` gives for the leaf,
 * where undefined stands for zero. Leaves are those of the simplified expression in `arena`.
 */
export function tangent(expression: Expression, along: (leaf: LeafNode) => Expression | undefined, arena?: Arena): Expression {
  return finished(tangentSteps(expression, along, arena));
}

/** As {@link tangent}, with pauses. */
export function* tangentSteps(
  expression: Expression,
  along: (leaf: LeafNode) => Expression | undefined,
  arena = new Arena(),
): Steps<Expression> {
  const root = arena.simplify(expression);
  const memo = new Map<Expression, Expression>();
  for (const node of yield* postorderSteps([root])) {
    if (memo.size % VISITS_A_STEP === 0) yield;
    let result: Expression;
    if (node.kind === 'operation') {
      const operands = node.operands.map((operand) => memo.get(operand)!);
      result = forward(arena, node, operands);
    } else {
      const direction = node.kind === 'constant' ? undefined : along(node);
      result = direction === undefined ? arena.zero : arena.simplify(direction);
    }
    memo.set(node, result);
  }
  return memo.get(root)!;
}
