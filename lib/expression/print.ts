import {DinfError} from '../base/errors';
import {checkFlag, checkOptions} from '../base/options';
import {Arena} from './arena';
import type {Expression, LeafNode, OperationNode} from './node';
import {checkExpression, derivativeName, operandsOf, postorder} from './node';
import {ADDITIVE, ATOM, commaList, COMPARISON, MULTIPLICATIVE, POWER, UNARY} from './precedence';

const INFIX: Readonly<Record<string, {sign: string; precedence: number}>> = {
  lt: {sign: ' < ', precedence: COMPARISON},
  le: {sign: ' <= ', precedence: COMPARISON},
  gt: {sign: ' > ', precedence: COMPARISON},
  ge: {sign: ' >= ', precedence: COMPARISON},
  eq: {sign: ' == ', precedence: COMPARISON},
  add: {sign: ' + ', precedence: ADDITIVE},
  sub: {sign: ' - ', precedence: ADDITIVE},
  mul: {sign: '*', precedence: MULTIPLICATIVE},
  div: {sign: '/', precedence: MULTIPLICATIVE},
};

/** Characters after which a text without lets is given up: sharing makes it grow exponentially. */
const LONGEST_TEXT = 1 << 24;

interface Piece {
  readonly text: string;
  readonly precedence: number;
}

const at = (piece: Piece, least: number): string => (piece.precedence < least ? `(${piece.text})` : piece.text);

function leafPiece(leaf: LeafNode): Piece {
  switch (leaf.kind) {
    case 'constant': {
      if (leaf.value === Math.PI) return {text: 'pi', precedence: ATOM};
      const negative = leaf.value < 0 || Object.is(leaf.value, -0);
      const text = Object.is(leaf.value, -0) ? '-0' : String(leaf.value);
      return {text, precedence: negative ? UNARY : ATOM};
    }
    case 'derivative':
      return {text: derivativeName(leaf), precedence: ATOM};
    case 'input':
      return {text: `<${leaf.key}>`, precedence: ATOM};
    default:
      return {text: leaf.name, precedence: ATOM};
  }
}

function operationPiece(node: OperationNode, operands: readonly Piece[]): Piece {
  const [a, b] = operands;
  if (Object.hasOwn(INFIX, node.operator)) {
    const {sign, precedence} = INFIX[node.operator];
    // Operators group to the left, so the right operand must hold tighter; comparisons do not group at all.
    const text = at(a, precedence === COMPARISON ? precedence + 1 : precedence) + sign + at(b, precedence + 1);
    return {text, precedence};
  }
  if (node.operator === 'neg') {
    // -(2) and not -2, which is the number.
    const literal = node.operands[0].kind === 'constant';
    return {text: literal ? `-(${a.text})` : `-${at(a, POWER)}`, precedence: UNARY};
  }
  if (node.operator === 'pow') return {text: `${at(a, ATOM)}^${at(b, UNARY)}`, precedence: POWER};
  return {text: `${node.operator}(${commaList(operands)})`, precedence: ATOM};
}

/** Options of {@link toText}. */
export interface TextOptions {
  /**
   * Whether what occurs more than once is written once, as `let _1 = …;` before the expression, so that the text is no longer
   * than the graph is large. False by default.
   */
  lets?: boolean;
}

/**
 * The expression in the language it is written in: reading the text gives the same tree back.
 *
 * @throws EXPRESSION_TOO_LARGE when the text without lets would pass 16 million characters.
 */
export function toText(expression: Expression, options: TextOptions = {}): string {
  const {lets} = checkOptions<TextOptions>(options, 'toText', {lets: checkFlag});
  checkExpression(expression, 'toText: the first argument');
  if (lets !== true) return print([expression], () => undefined)[0];
  const {definitions, texts} = textsWithLets([expression]);
  return definitions + texts[0];
}

/**
 * Several expressions with what they share defined once. A scope has no name that begins with an underscore, so the defined names
 * are free wherever the texts are read.
 *
 * @param around text that the results will be put into, whose own names are avoided.
 */
export function textsWithLets(expressions: readonly Expression[], around = ''): {definitions: string; texts: string[]} {
  const arena = new Arena({limit: Infinity});
  const roots = expressions.map((expression) => arena.intern(expression));
  const uses = new Map<Expression, number>();
  const use = (node: Expression): void => void uses.set(node, (uses.get(node) ?? 0) + 1);
  roots.forEach(use);
  for (const node of postorder(roots)) operandsOf(node).forEach(use);

  const taken = new Set(around.match(/_[0-9]+/g));
  const definitions: string[] = [];
  let count = 0;
  const texts = print(roots, (node, text) => {
    if (node.kind !== 'operation' || uses.get(node)! < 2) return undefined;
    do count++;
    while (taken.has(`_${count}`));
    definitions.push(`let _${count} = ${text};\n`);
    return `_${count}`;
  });
  return {definitions: definitions.join(''), texts};
}

/** Texts of expressions, where `define` may give a node a name to stand for its text from then on. */
function print(roots: readonly Expression[], define: (node: Expression, text: string) => string | undefined): string[] {
  const pieces = new Map<Expression, Piece>();
  for (const node of postorder(roots)) {
    const piece =
      node.kind === 'operation'
        ? operationPiece(
            node,
            node.operands.map((operand) => pieces.get(operand)!),
          )
        : leafPiece(node);
    if (piece.text.length > LONGEST_TEXT) {
      throw new DinfError('EXPRESSION_TOO_LARGE', 'the text of this expression is too long; print it with the option lets');
    }
    const name = define(node, piece.text);
    pieces.set(node, name === undefined ? piece : {text: name, precedence: ATOM});
  }
  return roots.map((root) => pieces.get(root)!.text);
}
