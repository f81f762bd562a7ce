/** Expressions as MathML, which browsers set as mathematics without any script. */
import type {DerivativeNode, Expression, LeafNode, OperationNode} from '../expression/node';
import {postorder} from '../expression/node';
import {escapeHtml} from './escape';
import {ADDITIVE, ATOM, COMPARISON, MULTIPLICATIVE, POWER, UNARY} from '../expression/precedence';

/** Characters of markup from which on nobody reads an equation. */
const LONGEST = 20_000;

/** Significant digits of a number that is shown. */
const DIGITS = 8;

const GREEK: Readonly<Record<string, string>> = Object.fromEntries(
  (
    'alpha α beta β gamma γ delta δ epsilon ε zeta ζ eta η theta θ iota ι kappa κ lambda λ mu μ nu ν xi ξ pi π rho ρ sigma σ tau τ ' +
    'upsilon υ phi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω'
  )
    .split(' ')
    .reduce<[string, string][]>((pairs, word, i, words) => (i % 2 === 0 ? [...pairs, [word, words[i + 1]]] : pairs), []),
);

const FUNCTIONS: Readonly<Record<string, string>> = {asin: 'arcsin', acos: 'arccos', atan: 'arctan'};
const RELATIONS: Readonly<Record<string, string>> = {lt: '<', le: '≤', gt: '>', ge: '≥', eq: '='};

/** Elements side by side. */
interface Piece {
  readonly markup: string;
  readonly precedence: number;
  /** Whether it begins with a minus, so that a sign before it needs brackets. */
  readonly negative?: boolean;
  /** Whether it begins with a digit, so that a product needs a dot before it. */
  readonly digit?: boolean;
}

const sign = (text: string): string => `<mo>${escapeHtml(text)}</mo>`;
/** A minus that stands before what it negates: without the name of its place it would be spaced like a difference. */
const MINUS = '<mo form="prefix">−</mo>';
/** One element, where MathML asks for one. */
const row = (markup: string): string => `<mrow>${markup}</mrow>`;
const bracket = (markup: string): string => row(sign('(') + markup + sign(')'));
const at = (piece: Piece, least: number): string => (piece.precedence < least ? bracket(piece.markup) : piece.markup);
/** An operand to the right of a sign. */
const after = (piece: Piece, least: number): string => (piece.negative === true ? bracket(piece.markup) : at(piece, least));

/**
 * The equation as a `math` element: left = right as it was written, or one expression that should be 0.
 *
 * @param sides both sides, or the one expression
 * @param options.energy whether the expression is to be small rather than 0, so that nothing stands after it. Default false.
 * @returns undefined when it would be too long to read
 */
export function equationMath(sides: readonly Expression[], options: {readonly energy?: boolean} = {}): string | undefined {
  const parts: string[] = [];
  for (const side of sides) {
    const markup = expressionMath(side);
    if (markup === undefined) return undefined;
    parts.push(markup);
  }
  if (parts.length === 1 && options.energy !== true) parts.push('<mn>0</mn>');
  return `<math display="block">${row(parts.join(sign('=')))}</math>`;
}

/** The elements of an expression; undefined when there are too many to read. */
export function expressionMath(expression: Expression): string | undefined {
  const pieces = new Map<Expression, Piece>();
  for (const node of postorder([expression])) {
    const piece =
      node.kind === 'operation'
        ? operationPiece(
            node,
            node.operands.map((operand) => pieces.get(operand)!),
          )
        : leafPiece(node);
    if (piece.markup.length > LONGEST) return undefined;
    pieces.set(node, piece);
  }
  return pieces.get(expression)!.markup;
}

/** A name: one letter and Greek letters in italics, a longer word upright, what follows an underscore or a letter as an index. */
function nameMarkup(name: string): string {
  const parts = /^(\p{L}+)_?([0-9]*)(?:_(.+))?$/u.exec(name);
  if (parts === null) return `<mi>${escapeHtml(name)}</mi>`;
  const [, word, digits, rest] = parts as unknown as [string, string, string, string | undefined];
  const base = `<mi>${escapeHtml(Object.hasOwn(GREEK, word) ? GREEK[word] : word)}</mi>`;
  const indices = [...(digits === '' ? [] : [`<mn>${digits}</mn>`]), ...(rest === undefined ? [] : [nameMarkup(rest)])];
  return indices.length === 0 ? base : `<msub>${base}${row(indices.join(sign(',')))}</msub>`;
}

function derivativeMarkup({unknown, orders}: DerivativeNode): string {
  const base = nameMarkup(unknown);
  const index = Object.entries(orders)
    .flatMap(([name, order]) => Array<string>(order).fill(nameMarkup(name)))
    .join('');
  if (index === '') return base;
  // An unknown that has an index of its own would carry two.
  return base.startsWith('<msub>') ? row(`<msub>${sign('∂')}${row(index)}</msub>${base}`) : `<msub>${base}${row(index)}</msub>`;
}

function numberPiece(value: number): Piece {
  const negative = value < 0 || Object.is(value, -0);
  const minus = negative ? MINUS : '';
  if (Math.abs(value) === Math.PI) return {markup: `${minus}<mi>π</mi>`, precedence: negative ? UNARY : ATOM, negative};
  const [mantissa, exponent] = String(Number(Math.abs(value).toPrecision(DIGITS))).split('e') as [string, string | undefined];
  if (exponent === undefined)
    return {markup: `${minus}<mn>${mantissa}</mn>`, precedence: negative ? UNARY : ATOM, negative, digit: !negative};
  const power = `<msup><mn>10</mn>${row(Number(exponent) < 0 ? `${MINUS}<mn>${-Number(exponent)}</mn>` : `<mn>${Number(exponent)}</mn>`)}</msup>`;
  const digits = mantissa === '1' ? power : `<mn>${mantissa}</mn>${sign('·')}${power}`;
  return {markup: minus + digits, precedence: negative ? UNARY : MULTIPLICATIVE, negative, digit: !negative};
}

function leafPiece(leaf: LeafNode): Piece {
  switch (leaf.kind) {
    case 'constant':
      return numberPiece(leaf.value);
    case 'derivative':
      return {markup: derivativeMarkup(leaf), precedence: ATOM};
    case 'input':
      return {markup: `<mtext>${escapeHtml(leaf.key)}</mtext>`, precedence: ATOM};
    default:
      return {markup: nameMarkup(leaf.name), precedence: ATOM};
  }
}

function productPiece(a: Piece, b: Piece): Piece {
  // Factors side by side, a hair apart: an invisible sign says what is meant to those who listen.
  const times = b.digit === true ? sign('·') : '<mo>\u2062</mo><mspace width="0.15em"/>';
  const markup = at(a, MULTIPLICATIVE) + times + after(b, MULTIPLICATIVE);
  return {markup, precedence: MULTIPLICATIVE, negative: a.negative, digit: a.digit};
}

function operationPiece(node: OperationNode, operands: readonly Piece[]): Piece {
  const [a, b, c] = operands;
  const list = operands.map(({markup}) => markup).join(sign(','));
  switch (node.operator) {
    case 'add':
      return {markup: at(a, ADDITIVE) + sign('+') + after(b, ADDITIVE), precedence: ADDITIVE, negative: a.negative};
    case 'sub':
      return {markup: at(a, ADDITIVE) + sign('−') + after(b, MULTIPLICATIVE), precedence: ADDITIVE, negative: a.negative};
    case 'mul':
    case 'mul0':
      return productPiece(a, b);
    case 'div':
    case 'div0':
      return {markup: `<mfrac>${row(a.markup)}${row(b.markup)}</mfrac>`, precedence: UNARY};
    case 'neg':
      return {markup: MINUS + after(a, MULTIPLICATIVE), precedence: ADDITIVE, negative: true};
    case 'pow':
      return {
        markup: `<msup>${a.precedence === ATOM ? row(a.markup) : bracket(a.markup)}${row(b.markup)}</msup>`,
        precedence: POWER,
      };
    case 'sqrt':
      return {markup: `<msqrt>${row(a.markup)}</msqrt>`, precedence: ATOM};
    case 'abs':
      return {markup: row(sign('|') + a.markup + sign('|')), precedence: ATOM};
    case 'norm':
    case 'hypot':
      return {markup: row(sign('‖') + (operands.length === 1 ? a.markup : bracket(list)) + sign('‖')), precedence: ATOM};
    case 'where': {
      const line = (value: string, condition: string): string =>
        `<mtr><mtd>${row(value)}</mtd><mtd>${row(condition)}</mtd></mtr>`;
      const cases = line(b.markup, `<mtext>if </mtext>${a.markup}`) + line(c.markup, '<mtext>otherwise</mtext>');
      return {markup: row(`${sign('{')}<mtable columnalign="left left">${cases}</mtable>`), precedence: COMPARISON};
    }
    default: {
      if (Object.hasOwn(RELATIONS, node.operator)) {
        return {markup: at(a, ADDITIVE) + sign(RELATIONS[node.operator]) + at(b, ADDITIVE), precedence: COMPARISON};
      }
      const name = Object.hasOwn(FUNCTIONS, node.operator) ? FUNCTIONS[node.operator] : node.operator;
      return {markup: `<mi>${escapeHtml(name)}</mi><mo>\u2061</mo>${bracket(list)}`, precedence: POWER};
    }
  }
}
