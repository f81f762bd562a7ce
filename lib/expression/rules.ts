import type {Arena} from './arena';
import type {Expression, OperationNode} from './node';
import {postorder} from './node';
import {powerPlan} from './operators';

/**
 * Whether a node can evaluate to an infinity or NaN at finite inputs, overflow of sums and products aside. Decides where a
 * product needs the zero-absorbing `mul0`.
 */
function canBeNonFinite(arena: Arena, root: Expression): boolean {
  const memo = arena.nonFinite;
  const known = memo.get(root);
  if (known !== undefined) return known;
  for (const node of postorder([root], (candidate) => memo.has(candidate))) {
    memo.set(node, node.kind === 'operation' && (isHazard(node) || node.operands.some((operand) => memo.get(operand)!)));
  }
  return memo.get(root)!;
}

function isHazard({operator, operands}: OperationNode): boolean {
  switch (operator) {
    case 'div':
      return operands[1].kind !== 'constant' || operands[1].value === 0;
    case 'pow': {
      const plan = operands[1].kind === 'constant' ? powerPlan(operands[1].value) : undefined;
      return plan === undefined || plan.half || plan.reciprocal;
    }
    case 'sqrt':
    case 'log':
    case 'exp':
    case 'asin':
    case 'acos':
    case 'sinh':
    case 'cosh':
    case 'div0':
      return true;
    default:
      return false;
  }
}

/** factor · inner, where a factor of zero wins over an inner derivative that is not finite. */
export function chain(arena: Arena, factor: Expression, inner: Expression): Expression {
  return arena.make(canBeNonFinite(arena, inner) ? 'mul0' : 'mul', factor, inner);
}

/** Derivative of a function of one argument a with value `node`, or zero for one that is piecewise constant. */
function slope(arena: Arena, node: OperationNode): Expression {
  const [a] = node.operands;
  const square = (x: Expression): Expression => arena.make('mul', x, x);
  switch (node.operator) {
    case 'abs':
      return arena.make('sign', a);
    case 'sqrt':
      return arena.make('div', arena.constant(0.5), node);
    case 'exp':
      return node;
    case 'log':
      return arena.make('div', arena.one, a);
    case 'sin':
      return arena.make('cos', a);
    case 'cos':
      return arena.make('neg', arena.make('sin', a));
    case 'tan':
      return arena.make('add', arena.one, square(node));
    case 'asin':
      return arena.make('div', arena.one, arena.make('sqrt', arena.make('sub', arena.one, square(a))));
    case 'acos':
      return arena.make('div', arena.constant(-1), arena.make('sqrt', arena.make('sub', arena.one, square(a))));
    case 'atan':
      return arena.make('div', arena.one, arena.make('add', arena.one, square(a)));
    case 'sinh':
      return arena.make('cosh', a);
    case 'cosh':
      return arena.make('sinh', a);
    case 'tanh':
      return arena.make('sub', arena.one, square(node));
    default:
      return arena.zero;
  }
}

/** ∂(a^b)/∂a = b·a^(b−1). */
function powerSlope(arena: Arena, [a, b]: readonly Expression[]): Expression {
  return arena.make('mul', b, arena.make('pow', a, arena.make('sub', b, arena.one)));
}

/** ∂(a^b)/∂b = a^b·log(a), and 0 where a^b is 0. */
function exponentSlope(arena: Arena, node: OperationNode): Expression {
  return arena.make('mul0', node, arena.make('log', node.operands[0]));
}

/** a² + b². */
function squaredLength(arena: Arena, [a, b]: readonly Expression[]): Expression {
  return arena.make('add', arena.make('mul', a, a), arena.make('mul', b, b));
}

/** Whether min or max takes its second operand: the very comparison that the value is chosen by, so that NaN and ties agree. */
function takesSecond(arena: Arena, {operator, operands: [a, b]}: OperationNode): Expression {
  return operator === 'min' ? arena.make('lt', b, a) : arena.make('lt', a, b);
}

/**
 * Derivative of an operation along given derivatives of its operands (zero constants where an operand does not vary). Ties of min
 * and max go to the first operand; |x|' = sign x; comparisons and sign have derivative zero; norm and hypot have derivative zero
 * where they are zero. Functions whose slope alone can be infinite (sqrt, asin, acos, powers) absorb an operand that stands still.
 */
export function forward(arena: Arena, node: OperationNode, along: readonly Expression[]): Expression {
  if (along.every((tangent) => tangent === arena.zero)) return arena.zero;
  const [a, b] = node.operands;
  const [da, db] = along;
  switch (node.operator) {
    case 'add':
    case 'sub':
      return arena.make(node.operator, da, db);
    case 'neg':
      return arena.make('neg', da);
    case 'mul':
      return arena.make('add', arena.make('mul', da, b), arena.make('mul', a, db));
    case 'mul0':
      return arena.make('add', arena.make('mul0', da, b), arena.make('mul0', a, db));
    case 'div':
    case 'div0':
      return arena.make(node.operator, arena.make('sub', da, arena.make('mul', node, db)), b);
    case 'log':
      return arena.make('div', da, a);
    case 'pow': {
      const base = da === arena.zero ? arena.zero : chain(arena, da, powerSlope(arena, node.operands));
      return arena.make('add', base, db === arena.zero ? arena.zero : chain(arena, db, exponentSlope(arena, node)));
    }
    case 'norm':
    case 'hypot': {
      const terms = node.operands.map((operand, i) => arena.make('mul', operand, along[i]));
      return arena.make(
        'div0',
        terms.reduce((sum, term) => arena.make('add', sum, term)),
        node,
      );
    }
    case 'atan2': {
      const turn = arena.make('sub', arena.make('mul', b, da), arena.make('mul', a, db));
      return arena.make('div0', turn, squaredLength(arena, node.operands));
    }
    case 'min':
    case 'max':
      return arena.make('where', takesSecond(arena, node), db, da);
    case 'where':
      return arena.make('where', a, db, along[2]);
    case 'sqrt':
    case 'asin':
    case 'acos':
      return chain(arena, da, slope(arena, node));
    default:
      return arena.make('mul', da, slope(arena, node));
  }
}

/**
 * What operand number `index` of an operation receives from the operation's adjoint `seed`: the transpose of {@link forward}.
 * Products with a slope that can be infinite absorb a zero seed, so that the branch that `where` did not take cannot poison the
 * sum.
 */
export function backward(arena: Arena, node: OperationNode, index: number, seed: Expression): Expression {
  const [a, b] = node.operands;
  const first = index === 0;
  switch (node.operator) {
    case 'add':
      return seed;
    case 'sub':
      return first ? seed : arena.make('neg', seed);
    case 'neg':
      return arena.make('neg', seed);
    case 'mul':
    case 'mul0':
      return chain(arena, seed, first ? b : a);
    case 'div':
    case 'div0': {
      const quotient =
        b.kind === 'constant' && b.value !== 0
          ? arena.make('div', seed, b)
          : arena.make('mul0', seed, arena.make(node.operator, arena.one, b));
      return first ? quotient : arena.make('neg', arena.make('mul0', quotient, node));
    }
    case 'pow':
      return chain(arena, seed, first ? powerSlope(arena, node.operands) : exponentSlope(arena, node));
    case 'norm':
    case 'hypot':
      return chain(arena, seed, arena.make('div0', node.operands[index], node));
    case 'atan2': {
      const length = squaredLength(arena, node.operands);
      const turn = chain(arena, seed, arena.make('div0', first ? b : a, length));
      return first ? turn : arena.make('neg', turn);
    }
    case 'min':
    case 'max': {
      const second = takesSecond(arena, node);
      return first ? arena.make('where', second, arena.zero, seed) : arena.make('where', second, seed, arena.zero);
    }
    case 'where':
      if (first) return arena.zero;
      return index === 1 ? arena.make('where', a, seed, arena.zero) : arena.make('where', a, arena.zero, seed);
    case 'lt':
    case 'le':
    case 'gt':
    case 'ge':
    case 'eq':
      return arena.zero;
    default:
      return chain(arena, seed, slope(arena, node));
  }
}
