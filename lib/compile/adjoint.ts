import type {Steps} from '../base/steps';
import {finished} from '../base/steps';
import {Arena} from '../expression/arena';
import type {Expression, LeafNode} from '../expression/node';
import {postorderSteps, VISITS_A_STEP} from '../expression/node';
import {backward} from '../expression/rules';

/** An output of which derivatives are wanted, and the factor (∂loss/∂output) they are multiplied by. */
export interface SeededOutput {
  readonly node: Expression;
  readonly seed: Expression;
}

/**
 * Reverse-mode differentiation: for every leaf that `wanted` accepts, the sum over outputs of seed · ∂output/∂leaf. A leaf whose
 * derivative is structurally zero is not in the map. The order of the map is that in which the leaves are first needed when the
 * outputs are evaluated, and depends on the expressions alone.
 *
 * @param arena where outputs, seeds and results live; keys are this arena's leaves.
 */
export function adjoints(
  outputs: readonly SeededOutput[],
  wanted: (leaf: LeafNode) => boolean,
  arena?: Arena,
): Map<LeafNode, Expression> {
  return finished(adjointSteps(outputs, wanted, arena));
}

/** As {@link adjoints}, with pauses. */
export function* adjointSteps(
  outputs: readonly SeededOutput[],
  wanted: (leaf: LeafNode) => boolean,
  arena = new Arena(),
): Steps<Map<LeafNode, Expression>> {
  const roots = outputs.map(({node}) => arena.simplify(node));
  const order = yield* postorderSteps(roots);

  const varies = new Set<Expression>();
  for (const node of order) {
    const active = node.kind === 'operation' ? node.operands.some((operand) => varies.has(operand)) : wanted(node);
    if (active) varies.add(node);
  }

  const bars = new Map<Expression, Expression>();
  const accumulate = (node: Expression, amount: Expression): void => {
    if (amount === arena.zero) return;
    const sum = bars.get(node);
    bars.set(node, sum === undefined ? amount : arena.make('add', sum, amount));
  };
  outputs.forEach(({seed}, i) => {
    if (varies.has(roots[i])) accumulate(roots[i], arena.simplify(seed));
  });
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i];
    const bar = bars.get(node);
    if (i % VISITS_A_STEP === 0) yield;
    if (bar === undefined || node.kind !== 'operation') continue;
    node.operands.forEach((operand, index) => {
      if (varies.has(operand)) accumulate(operand, backward(arena, node, index, bar));
    });
  }

  const result = new Map<LeafNode, Expression>();
  for (const node of order) {
    const bar = bars.get(node);
    if (node.kind !== 'operation' && bar !== undefined && bar !== arena.zero) result.set(node, bar);
  }
  return result;
}
