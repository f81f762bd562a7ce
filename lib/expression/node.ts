import {DinfError} from '../base/errors';
import {checkInteger, checkRecord, checkText, reading, wrong} from '../base/options';
import {shortened, shown} from '../base/shown';
import type {Steps} from '../base/steps';
import {finished} from '../base/steps';
import type {Operator} from './operators';
import {arity, isOperator, MOST_COMPONENTS} from './operators';

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
 */
export interface InputNode {
  readonly kind: 'input';
  /** Tells operands apart: two inputs with the same key are the same operand. */
  readonly key: string;
  /** Whether the loss is differentiated with respect to it. */
  readonly active: boolean;
  /** What the operand stands for; the compiler alone reads it. */
  readonly operand?: object;
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
 * An expression that came from outside. Only the outermost node is looked at: the others are as they are visited.
 *
 * @throws INVALID_ARGUMENT
 */
export function checkExpression(value: unknown, name: string): Expression {
  if (reading(name, () => isExpression(value))) return value as Expression;
  throw wrong(name, 'an expression', value);
}

/**
 * A number as an expression.
 *
 * @throws INVALID_ARGUMENT when the number is not finite.
 */
export function constant(value: number): ConstantNode {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new DinfError('INVALID_ARGUMENT', `an expression holds finite numbers only, and this is ${shown(value)}`);
  }
  return Object.freeze({kind: 'constant', value});
}

/** The coordinate called `name`. */
export function coordinate(name: string): CoordinateNode {
  return Object.freeze({kind: 'coordinate', name: checkText(name, 'the name of a coordinate')});
}

/** The per-sample data channel called `name`. */
export function data(name: string): DataNode {
  return Object.freeze({kind: 'data', name: checkText(name, 'the name of a data channel')});
}

/** The uniform called `name`. */
export function uniform(name: string): UniformNode {
  return Object.freeze({kind: 'uniform', name: checkText(name, 'the name of a uniform')});
}

/** The trainable scalar called `name`. */
export function scalar(name: string): ScalarNode {
  return Object.freeze({kind: 'scalar', name: checkText(name, 'the name of a scalar')});
}

/**
 * A program operand; for the compiler.
 *
 * @param key tells operands apart.
 * @param active whether the loss is differentiated with respect to it, default false.
 * @param operand what it stands for, opaque here.
 */
export function input(key: string, active = false, operand?: object): InputNode {
  return Object.freeze({kind: 'input', key, active, ...(operand !== undefined && {operand})});
}

/**
 * A partial derivative of an unknown, `derivative('u', {x: 1, t: 1})`; with no orders, the unknown itself.
 *
 * @throws INVALID_ARGUMENT when an order is not a non-negative integer.
 */
export function derivative(unknown: string, orders: Readonly<Record<string, number>> = {}): DerivativeNode {
  checkText(unknown, 'the name of an unknown');
  const checked = checkRecord(orders, `the orders of a derivative of ${shortened(unknown)}`, (order, name) =>
    checkInteger(order, name, 0),
  );
  return derivativeNode(unknown, checked);
}

/** As {@link derivative}, of what has been checked. */
export function derivativeNode(unknown: string, orders: Readonly<Record<string, number>>): DerivativeNode {
  const canonical = Object.entries(orders).filter(([, order]) => order > 0);
  canonical.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.freeze({kind: 'derivative', unknown, orders: Object.freeze(Object.fromEntries(canonical))});
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

/** Longest name, in characters: outputs are files named after unknowns, and file systems take 255 bytes. */
export const LONGEST_NAME = 60;

/** Highest total order of a derivative that is written, of which the fields have a few. */
export const HIGHEST_ORDER = 64;

function hasOrders({orders}: DerivativeNode): boolean {
  const values: unknown[] = Object.values(orders);
  return values.every((order) => Number.isInteger(order)) && values.length <= HIGHEST_ORDER;
}

const NO_OPERANDS: readonly Expression[] = [];

/**
 * Operands of a node; none for a leaf.
 *
 * @throws INVALID_ARGUMENT for a node that none of the functions here made, or could have made
 */
export function operandsOf(node: Expression): readonly Expression[] {
  let operands: readonly Expression[] | undefined;
  try {
    operands = wellFormedOperands(node);
  } catch {
    // a getter or a proxy's trap
  }
  if (operands !== undefined) return operands;
  throw new DinfError('INVALID_ARGUMENT', `an expression is malformed: it holds ${shown(node)} where a node must be`);
}

function wellFormedOperands(node: Expression): readonly Expression[] | undefined {
  if (node.kind !== 'operation') return isLeaf(node) ? NO_OPERANDS : undefined;
  const {operator, operands} = node;
  if (!Array.isArray(operands) || !isOperator(operator)) return undefined;
  const count = arity(operator);
  const fits = count === undefined ? operands.length >= 1 && operands.length <= MOST_COMPONENTS : operands.length === count;
  return fits ? operands : undefined;
}

/** Whether a node has what a leaf of its kind has. */
function isLeaf(node: LeafNode): boolean {
  if (!KINDS.has(node.kind)) return false;
  switch (node.kind) {
    case 'constant':
      return typeof node.value === 'number' && Number.isFinite(node.value);
    case 'derivative':
      return typeof node.unknown === 'string' && node.unknown.length <= LONGEST_NAME && hasOrders(node);
    case 'input':
      return typeof node.key === 'string';
    default:
      return typeof node.name === 'string' && node.name.length <= LONGEST_NAME;
  }
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
  operands?: (node: Expression) => readonly Expression[],
): Expression[] {
  return finished(postorderSteps(roots, skip, operands));
}

/** Visits of nodes between two pauses: about a millisecond. */
export const VISITS_A_STEP = 512;

/** As {@link postorder}, with pauses. */
export function* postorderSteps(
  roots: Iterable<Expression>,
  skip?: (node: Expression) => boolean,
  operands: (node: Expression) => readonly Expression[] = operandsOf,
): Steps<Expression[]> {
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
        if (order.push(nodes[top]) % VISITS_A_STEP === 0) yield;
        nodes.pop();
        below.pop();
        next.pop();
      }
    }
  }
  return order;
}
