import {DinfError} from '../errors';
import type {Operator} from './operators';

/** A fixed number. Always finite: overflow and NaN come from evaluating, never from a leaf. */
export interface ConstantNode {
  readonly kind: 'constant';
  readonly value: number;
}

/** A coordinate of the domain, in the user's units. */
export interface CoordinateNode {
  readonly kind: 'coordinate';
  readonly name: string;
}

/** A partial derivative of an unknown; with no orders, the unknown itself. */
export interface DerivativeNode {
  readonly kind: 'derivative';
  readonly unknown: string;
  /** Order of differentiation for each coordinate. Canonical: keys sorted by code unit, every order at least 1. */
  readonly orders: Readonly<Record<string, number>>;
}

/** One value for each sample, such as a target gradient or a normal. It has no derivative with respect to a coordinate. */
export interface DataNode {
  readonly kind: 'data';
  readonly name: string;
}

/** A number that may change between solves or steps without compiling again. */
export interface UniformNode {
  readonly kind: 'uniform';
  readonly name: string;
}

/** A trainable number, as in an inverse problem. */
export interface ScalarNode {
  readonly kind: 'scalar';
  readonly name: string;
}

/**
 * An operand of a program, opaque here: a jet plane, a tangent, a seed, a weight. Made by the compiler, never by a user.
 * `active` marks what the loss is differentiated with respect to.
 */
export interface InputNode {
  readonly kind: 'input';
  readonly key: string;
  readonly active: boolean;
}

/** An operator applied to operands. */
export interface OperationNode {
  readonly kind: 'operation';
  readonly operator: Operator;
  readonly operands: readonly Expression[];
}

export type LeafNode = ConstantNode | CoordinateNode | DerivativeNode | DataNode | UniformNode | ScalarNode | InputNode;

/**
 * A scalar expression over coordinates, unknowns and their derivatives, data, uniforms and trainable scalars: a plain immutable
 * tree, or a directed acyclic graph where nodes are shared. Comparing two by `===` means something only within one {@link Arena}.
 */
export type Expression = LeafNode | OperationNode;

/** Names of the leaf kinds that a user's text can mention. */
export type SymbolKind = 'coordinate' | 'derivative' | 'data' | 'uniform' | 'scalar';

const KINDS: ReadonlySet<string> = new Set([
  'constant',
  'coordinate',
  'derivative',
  'data',
  'uniform',
  'scalar',
  'input',
  'operation',
]);

/** Whether a value is an expression node. Only the outermost node is looked at. */
export function isExpression(value: unknown): value is Expression {
  return typeof value === 'object' && value !== null && KINDS.has((value as {kind?: string}).kind ?? '');
}

/**
 * A number as an expression.
 *
 * @throws INVALID_ARGUMENT when the number is not finite.
 */
export function constant(value: number): ConstantNode {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new DinfError('INVALID_ARGUMENT', `an expression holds finite numbers only, and this is ${String(value)}`);
  }
  return Object.freeze({kind: 'constant', value});
}

/** The coordinate called `name`. */
export function coordinate(name: string): CoordinateNode {
  return Object.freeze({kind: 'coordinate', name});
}

/** The per-sample data channel called `name`. */
export function data(name: string): DataNode {
  return Object.freeze({kind: 'data', name});
}

/** The uniform called `name`. */
export function uniform(name: string): UniformNode {
  return Object.freeze({kind: 'uniform', name});
}

/** The trainable scalar called `name`. */
export function scalar(name: string): ScalarNode {
  return Object.freeze({kind: 'scalar', name});
}

/** A program operand with an opaque key; for the compiler. */
export function input(key: string, active = false): InputNode {
  return Object.freeze({kind: 'input', key, active});
}

/**
 * A partial derivative of an unknown, `derivative('u', {x: 1, t: 1})`; with no orders, the unknown itself.
 *
 * @throws INVALID_ARGUMENT when an order is not a non-negative integer.
 */
export function derivative(unknown: string, orders: Readonly<Record<string, number>> = {}): DerivativeNode {
  const canonical: Record<string, number> = {};
  for (const name of Object.keys(orders).sort()) {
    const order = orders[name];
    if (!Number.isInteger(order) || order < 0) {
      throw new DinfError(
        'INVALID_ARGUMENT',
        `the order of a derivative of ${unknown} in ${name} must be 0, 1, 2, …, and is ${order}`,
      );
    }
    if (order > 0) canonical[name] = order;
  }
  return Object.freeze({kind: 'derivative', unknown, orders: Object.freeze(canonical)});
}

/** An operation node, as given: nothing is simplified. */
export function operation(operator: Operator, ...operands: readonly Expression[]): OperationNode {
  return Object.freeze({kind: 'operation', operator, operands: Object.freeze([...operands])});
}

/** A derivative as the grammar writes it: `u`, `u_xt`, or `d(u_x, theta, 2)` where a coordinate has a longer name. */
export function derivativeName(node: DerivativeNode): string {
  let suffix = '';
  const long: [string, number][] = [];
  for (const [name, order] of Object.entries(node.orders)) {
    if ([...name].length === 1) suffix += name.repeat(order);
    else long.push([name, order]);
  }
  let text = suffix === '' ? node.unknown : `${node.unknown}_${suffix}`;
  for (const [name, order] of long) text = order === 1 ? `d(${text}, ${name})` : `d(${text}, ${name}, ${order})`;
  return text;
}

/** Total order of a derivative. */
export function totalOrder(node: DerivativeNode): number {
  return Object.values(node.orders).reduce((sum, order) => sum + order, 0);
}

const NO_OPERANDS: readonly Expression[] = [];

/** Operands of a node; none for a leaf. */
export function operandsOf(node: Expression): readonly Expression[] {
  return node.kind === 'operation' ? node.operands : NO_OPERANDS;
}

/**
 * Every distinct node (by identity) below `roots`, operands before what uses them, first root first. An explicit stack, because a
 * long sum is a chain as deep as it has terms.
 *
 * @param skip nodes for which this holds are left out, with everything that only they reach.
 * @param operands the operands of a node in the order to visit them, when it is not the written order.
 */
export function postorder(
  roots: Iterable<Expression>,
  skip?: (node: Expression) => boolean,
  operands: (node: Expression) => readonly Expression[] = operandsOf,
): Expression[] {
  const order: Expression[] = [];
  const seen = new Set<Expression>();
  const nodes: Expression[] = [];
  const below: (readonly Expression[])[] = [];
  const next: number[] = [];
  const enter = (node: Expression): void => {
    if (seen.has(node) || skip?.(node)) return;
    seen.add(node);
    nodes.push(node);
    below.push(operands(node));
    next.push(0);
  };
  for (const root of roots) {
    enter(root);
    while (nodes.length > 0) {
      const top = nodes.length - 1;
      if (next[top] < below[top].length) {
        enter(below[top][next[top]++]);
      } else {
        order.push(nodes[top]);
        nodes.pop();
        below.pop();
        next.pop();
      }
    }
  }
  return order;
}
