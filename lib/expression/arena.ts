import {DinfError} from '../base/errors';
import type {Steps} from '../base/steps';
import {finished} from '../base/steps';
import type {ConstantNode, Expression} from './node';
import {constant, operation, postorder, postorderSteps, VISITS_A_STEP} from './node';
import type {Operator} from './operators';
import {simplified} from './simplify';

/** Nodes an arena holds unless told otherwise. The largest system measured so far, a cloth, needs some thousands. */
const DEFAULT_NODE_LIMIT = 200_000;

/**
 * Where expressions are interned while they are compiled: within one arena two equal expressions are one object, so a map keyed
 * by node is a memo and `===` is equality. It lives as long as a compilation; nothing is global.
 */
export class Arena {
  /** Most nodes. */
  readonly limit: number;
  /** The one node of 0. */
  readonly zero: ConstantNode;
  /** The one node of 1. */
  readonly one: ConstantNode;
  /** Derivatives already taken, by coordinate. */
  readonly derivatives = new Map<string, Map<Expression, Expression>>();
  /** Whether a node can evaluate to something not finite; see `canBeNonFinite`. */
  readonly nonFinite = new Map<Expression, boolean>();

  private readonly ids = new Map<Expression, number>();
  private readonly table = new Map<string, Expression>();
  private readonly interned = new Map<Expression, Expression>();
  private readonly simple = new Map<Expression, Expression>();

  /** @param options.limit most nodes to hold, 200 000 by default. */
  constructor(options: {limit?: number} = {}) {
    this.limit = options.limit ?? DEFAULT_NODE_LIMIT;
    this.zero = this.constant(0);
    this.one = this.constant(1);
  }

  /** Number of nodes held. */
  get size(): number {
    return this.ids.size;
  }

  /** The arena's own copy of an expression, node for node: nothing is simplified. */
  intern(expression: Expression): Expression {
    for (const node of postorder([expression], (candidate) => this.interned.has(candidate))) {
      const operands = node.kind === 'operation' ? node.operands.map((operand) => this.interned.get(operand)!) : [];
      this.interned.set(node, this.unique(node, operands));
    }
    return this.interned.get(expression)!;
  }

  /** The expression with safe local simplifications, interned. Idempotent. */
  simplify(expression: Expression): Expression {
    return this.simple.get(expression) ?? finished(this.simplifySteps(expression));
  }

  /**
   * As {@link Arena.simplify}, with pauses.
   *
   * @internal
   */
  *simplifySteps(expression: Expression): Steps<Expression> {
    const order = yield* postorderSteps([expression], (candidate) => this.simple.has(candidate));
    for (const [i, node] of order.entries()) {
      if (i % VISITS_A_STEP === VISITS_A_STEP - 1) yield;
      if (node.kind === 'operation') {
        const operands = node.operands.map((operand) => this.simple.get(operand)!);
        this.simple.set(node, this.make(node.operator, ...operands));
      } else {
        // One zero only: rules drop its sign, and a lowered power would then differ from the power it stands for.
        this.simple.set(node, node.kind === 'constant' && node.value === 0 ? this.zero : this.leaf(node));
      }
    }
    return this.simple.get(expression)!;
  }

  /** An operator on nodes of this arena, simplified. */
  make(operator: Operator, ...operands: Expression[]): Expression {
    const known = simplified(this, operator, operands);
    if (known !== undefined) return known;
    const node = this.unique({kind: 'operation', operator, operands}, operands);
    this.simple.set(node, node);
    return node;
  }

  /** A number, interned. */
  constant(value: number): ConstantNode {
    return this.leaf<ConstantNode>(constant(value === 0 ? 0 : value));
  }

  /** A leaf, interned. */
  leaf<T extends Expression>(node: T): T {
    const own = this.unique(node, []);
    this.simple.set(own, own);
    return own as T;
  }

  private unique(node: Expression, operands: readonly Expression[]): Expression {
    if (this.ids.has(node)) return node;
    const key = this.key(node, operands);
    const known = this.table.get(key);
    if (known !== undefined) return known;
    if (this.ids.size >= this.limit) {
      throw new DinfError(
        'EXPRESSION_TOO_LARGE',
        `the expression and its derivatives need more than ${this.limit} nodes; use lower derivatives or split it into several terms`,
      );
    }
    const own = node.kind === 'operation' ? operation(node.operator, ...operands) : Object.freeze({...node});
    this.ids.set(own, this.ids.size);
    this.table.set(key, own);
    this.interned.set(own, own);
    return own;
  }

  private key(node: Expression, operands: readonly Expression[]): string {
    switch (node.kind) {
      case 'constant':
        return Object.is(node.value, -0) ? '#-0' : `#${node.value}`;
      case 'derivative':
        return `derivative ${node.unknown} ${Object.entries(node.orders).flat().join(' ')}`;
      case 'input':
        return `input ${node.active ? 1 : 0} ${node.key}`;
      case 'operation': {
        const ids = operands.map((operand) => this.ids.get(operand)!);
        // a + b and b + a are the same bits, so they are one node; the order in which it was first met is the one that stays.
        if ((node.operator === 'add' || node.operator === 'mul') && ids[0] > ids[1]) ids.reverse();
        return `${node.operator} ${ids.join(' ')}`;
      }
      default:
        return `${node.kind} ${node.name}`;
    }
  }
}
