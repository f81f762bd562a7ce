import {DinfError} from '../base/errors';
import type {DerivativeNode, Expression, LeafNode, OperationNode} from './node';
import {checkExpression, postorder} from './node';
import type {EquationSource} from './equation';
import {resolveSides} from './equation';
import type {Scope} from './scope';
import {ADDITIVE, ATOM, commaList, COMPARISON, MULTIPLICATIVE, POWER, UNARY} from './precedence';

const LONGEST_TEXT = 1 << 24;

const GREEK: ReadonlySet<string> = new Set(
  (
    'alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega ' +
    'Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega'
  ).split(' '),
);

/** Functions that LaTeX has a command for, by the same name unless given. */
const COMMANDS: Readonly<Record<string, string>> = {
  exp: 'exp',
  log: 'log',
  sin: 'sin',
  cos: 'cos',
  tan: 'tan',
  asin: 'arcsin',
  acos: 'arccos',
  atan: 'arctan',
  sinh: 'sinh',
  cosh: 'cosh',
  tanh: 'tanh',
  min: 'min',
  max: 'max',
};

const RELATIONS: Readonly<Record<string, string>> = {lt: '<', le: '\\le', gt: '>', ge: '\\ge', eq: '='};

interface Piece {
  readonly text: string;
  readonly precedence: number;
  /** Whether it begins with a digit, so that a product needs a dot before it. */
  readonly digit?: boolean;
  /** Whether it begins with a minus. Looking at the text would have V8 copy it together, at each of the steps in which it grows. */
  readonly minus?: boolean;
}

const bracket = (text: string): string => `\\left(${text}\\right)`;
/** Whether what {@link at} gives begins with a minus. */
const leads = (piece: Piece, least: number): boolean => piece.minus === true && piece.precedence >= least;
const at = (piece: Piece, least: number): string => (piece.precedence < least ? bracket(piece.text) : piece.text);

/** A name: one letter and Greek letters in italics, a longer word upright, what follows an underscore or a letter as an index. */
function nameText(name: string): string {
  const parts = /^(\p{L}+)_?([0-9]*)(?:_(.+))?$/u.exec(name);
  if (parts === null) return `\\mathrm{${name.replaceAll('_', '\\_')}}`;
  const [, word, digits] = parts;
  const rest = parts.at(3);
  const base = GREEK.has(word) ? `\\${word}` : [...word].length === 1 ? word : `\\mathrm{${word}}`;
  const indices = [digits, rest === undefined ? '' : nameText(rest)].filter((index) => index !== '');
  return indices.length === 0 ? base : `${base}_{${indices.join(',')}}`;
}

function derivativeText({unknown, orders}: DerivativeNode): string {
  const base = nameText(unknown);
  const names = Object.entries(orders).flatMap(([name, order]) => Array<string>(order).fill(nameText(name)));
  const index = names.join(names.every((name) => [...name].length === 1) ? '' : ' ');
  if (index === '') return base;
  // An unknown that has an index of its own would carry two.
  return base.includes('_{') ? `\\partial_{${index}} ${base}` : `${base}_{${index}}`;
}

function numberText(value: number): Piece {
  if (Math.abs(value) === Math.PI)
    return value < 0 ? {text: '-\\pi', precedence: UNARY, minus: true} : {text: '\\pi', precedence: ATOM};
  const text = Object.is(value, -0) ? '-0' : String(value);
  const negative = text.startsWith('-');
  if (!text.includes('e')) return {text, precedence: negative ? UNARY : ATOM, digit: !negative, minus: negative};
  const [mantissa, exponent] = text.split('e');
  const power = `10^{${Number(exponent)}}`;
  const digits = mantissa === '1' ? power : mantissa === '-1' ? `-${power}` : `${mantissa} \\cdot ${power}`;
  return {text: digits, precedence: negative ? UNARY : MULTIPLICATIVE, digit: !negative, minus: negative};
}

function leafPiece(leaf: LeafNode): Piece {
  switch (leaf.kind) {
    case 'constant':
      return numberText(leaf.value);
    case 'derivative':
      return {text: derivativeText(leaf), precedence: ATOM};
    case 'input':
      return {text: `\\mathtt{${leaf.key.replace(/[_#$%&{}~^\\]/g, ' ')}}`, precedence: ATOM};
    default:
      return {text: nameText(leaf.name), precedence: ATOM};
  }
}

/** An operand to the right of a sign: a minus of its own needs brackets. */
const after = (piece: Piece, least: number): string => (piece.minus === true ? bracket(piece.text) : at(piece, least));

function productPiece(a: Piece, b: Piece): Piece {
  const left = at(a, MULTIPLICATIVE);
  const dot = b.digit === true ? ' \\cdot ' : ' ';
  const begins = {digit: a.digit === true, minus: leads(a, MULTIPLICATIVE)};
  return {text: left + dot + after(b, MULTIPLICATIVE), precedence: MULTIPLICATIVE, ...begins};
}

function operationPiece(node: OperationNode, operands: readonly Piece[]): Piece {
  const [a, b, c] = operands;
  const list = commaList(operands);
  switch (node.operator) {
    case 'add':
      return {text: `${at(a, ADDITIVE)} + ${after(b, ADDITIVE)}`, precedence: ADDITIVE, minus: leads(a, ADDITIVE)};
    case 'sub':
      return {text: `${at(a, ADDITIVE)} - ${after(b, MULTIPLICATIVE)}`, precedence: ADDITIVE, minus: leads(a, ADDITIVE)};
    case 'mul':
    case 'mul0':
      return productPiece(a, b);
    case 'div':
    case 'div0':
      return {text: `\\frac{${a.text}}{${b.text}}`, precedence: UNARY};
    case 'neg':
      return {text: `-${after(a, MULTIPLICATIVE)}`, precedence: ADDITIVE, minus: true};
    case 'pow':
      return {text: `${powerBase(a)}^{${b.text}}`, precedence: POWER};
    case 'sqrt':
      return {text: `\\sqrt{${a.text}}`, precedence: ATOM};
    case 'abs':
      return {text: `\\left|${a.text}\\right|`, precedence: ATOM};
    case 'norm':
      return {text: `\\left\\|${operands.length === 1 ? a.text : bracket(list)}\\right\\|`, precedence: ATOM};
    case 'hypot':
      return {text: `\\left\\|${bracket(list)}\\right\\|`, precedence: ATOM};
    case 'where':
      return {
        text: `\\begin{cases} ${b.text} & \\text{if } ${a.text} \\\\ ${c.text} & \\text{otherwise} \\end{cases}`,
        precedence: COMPARISON,
      };
    default: {
      if (Object.hasOwn(RELATIONS, node.operator)) {
        const text = `${at(a, ADDITIVE)} ${RELATIONS[node.operator]} ${at(b, ADDITIVE)}`;
        return {text, precedence: COMPARISON, minus: leads(a, ADDITIVE)};
      }
      const known = Object.hasOwn(COMMANDS, node.operator);
      const command = known ? `\\${COMMANDS[node.operator]}` : `\\operatorname{${node.operator}}`;
      return {text: command + bracket(list), precedence: POWER};
    }
  }
}

/** The base of a power; an index may stay, another exponent, a fraction or a function application may not. */
function powerBase(piece: Piece): string {
  return piece.precedence === ATOM ? piece.text : bracket(piece.text);
}

/**
 * The expression in LaTeX, for maths mode with amsmath: fractions, `u_{xx}` for derivatives, cases for `where`.
 *
 * @throws EXPRESSION_TOO_LARGE when the text would pass 16 million characters.
 */
export function toLatex(expression: Expression): string {
  checkExpression(expression, 'toLatex: the first argument');
  const pieces = new Map<Expression, Piece>();
  for (const node of postorder([expression])) {
    const piece =
      node.kind === 'operation'
        ? operationPiece(
            node,
            node.operands.map((operand) => pieces.get(operand)!),
          )
        : leafPiece(node);
    if (piece.text.length > LONGEST_TEXT) throw new DinfError('EXPRESSION_TOO_LARGE', 'the LaTeX of this expression is too long');
    pieces.set(node, piece);
  }
  return pieces.get(expression)!.text;
}

/**
 * An equation as it was written, left = right, in LaTeX; without `=` the one expression.
 *
 * @throws as resolving the equation does.
 */
export function equationLatex(source: EquationSource, scope: Scope): string {
  return resolveSides(source, scope).map(toLatex).join(' = ');
}
