import type {Steps} from '../base/steps';
import type {Expression, LeafNode} from '../expression/node';
import {postorderSteps} from '../expression/node';

/** Which expressions of an arena depend on leaves of some kind; each node is visited once, however many are asked about. */
export class Dependence {
  private readonly known = new Map<Expression, boolean>();

  /** @param matches tells the leaves. */
  constructor(private readonly matches: (leaf: LeafNode) => boolean) {}

  /** Whether an expression does. */
  *of(expression: Expression): Steps<boolean> {
    const {known} = this;
    for (const node of yield* postorderSteps([expression], (candidate) => known.has(candidate))) {
      known.set(node, node.kind === 'operation' ? node.operands.some((operand) => known.get(operand)) : this.matches(node));
    }
    return known.get(expression)!;
  }
}
