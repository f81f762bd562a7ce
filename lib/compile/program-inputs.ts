/** The operands that a program reads for each sample, as values: what they are is decided here once, and encoded for the addon at the end. */
import {DinfError} from '../base/errors';
import type {InputNode, LeafNode} from '../expression/node';
import {input} from '../expression/node';

/** A Taylor coefficient of one output of a field, in the unit box: ∂^α u / α!. */
export interface JetInput {
  readonly kind: 'jet';
  /** Index of the field in the problem. */
  readonly field: number;
  /** Index of the unknown among the field's outputs. */
  readonly output: number;
  /** Multi-index, one order for each coordinate. */
  readonly alpha: readonly number[];
}

/** A trainable number of the problem. */
export interface ScalarInput {
  readonly kind: 'scalar';
  readonly index: number;
}

/** What the loss is differentiated with respect to. */
export type ActiveInput = JetInput | ScalarInput;

/** A leaf that stands for a jet. */
export type JetNode = InputNode & {readonly operand: JetInput};

/** A leaf that stands for a trainable scalar. */
export type ScalarNode = InputNode & {readonly operand: ScalarInput};

/** A leaf that the loss is differentiated with respect to. */
export type ActiveNode = JetNode | ScalarNode;

/** An operand of a program. `index` counts within its kind, in the problem's order. */
export type ProgramInput =
  | ActiveInput
  | {readonly kind: 'coordinate' | 'channel' | 'uniform'; readonly index: number}
  /** The direction along which an active input changes. */
  | {readonly kind: 'tangent'; readonly of: ActiveNode}
  /** A coefficient plane that `linearise` stored. */
  | {readonly kind: 'coefficient'; readonly index: number}
  /** A value on the rows of a least-squares term, one for each residual. */
  | {readonly kind: 'row'; readonly index: number}
  /** The weight of a sample: quadrature times multiplicity. */
  | {readonly kind: 'weight'}
  /** The weight λ of the term. */
  | {readonly kind: 'lambda'};

/** An operand as a leaf of an expression. Its key tells operands apart within an arena, and names them in messages. */
export function inputNode(operand: ProgramInput): InputNode {
  return input(keyOf(operand), operand.kind === 'jet' || operand.kind === 'scalar', operand);
}

/**
 * What a leaf that {@link inputNode} made stands for.
 *
 * @throws DinfError INTERNAL for a leaf that it did not make
 */
export function operandOf(node: InputNode): ProgramInput {
  if (node.operand === undefined) {
    throw new DinfError('INTERNAL', `a program reads ${node.key}, which the solver does not provide`);
  }
  return node.operand as ProgramInput;
}

/** Whether a leaf is a jet that the loss is differentiated with respect to. */
export function isJetNode(leaf: LeafNode): leaf is JetNode {
  return isActive(leaf) && (leaf.operand as ProgramInput | undefined)?.kind === 'jet';
}

/** Whether a leaf is a trainable scalar. */
export function isScalarNode(leaf: LeafNode): leaf is ScalarNode {
  return isActive(leaf) && (leaf.operand as ProgramInput | undefined)?.kind === 'scalar';
}

/** Whether the loss is differentiated with respect to a leaf. */
export function isActive(leaf: LeafNode): leaf is InputNode {
  return leaf.kind === 'input' && leaf.active;
}

/** Whether a leaf is a uniform, the same for all samples. */
export function isUniformNode(leaf: LeafNode): boolean {
  return leaf.kind === 'input' && (leaf.operand as ProgramInput | undefined)?.kind === 'uniform';
}

function keyOf(operand: ProgramInput): string {
  switch (operand.kind) {
    case 'jet':
      return `jet:${operand.field}:${operand.output}:${operand.alpha.join(',')}`;
    case 'tangent':
      return `tangent:${operand.of.key}`;
    case 'weight':
    case 'lambda':
      return operand.kind;
    default:
      return `${operand.kind}:${operand.index}`;
  }
}
