import {DinfError} from '../base/errors';
import {reading, wrong} from '../base/options';
import {shortened, shown} from '../base/shown';
import type {Arena} from './arena';
import type {Expression} from './node';
import {constant, derivativeName, isExpression, operation, postorder} from './node';
import {parseSides} from './parse';
import {textsWithLets} from './print';
import type {Scope, SymbolTable} from './scope';
import {article, tableOf} from './scope';

/** What `${…}` in an `eq` template may be: a number, an expression, another template, or a vector of expressions. */
export type EquationValue = number | Expression | Equation | readonly Expression[];

/** The text of an equation or expression with values embedded, not yet read: {@link resolve} reads it against a scope. */
export interface Equation {
  /** Tells it apart from expressions. */
  readonly kind: 'equation';
  /** The text around the values. */
  readonly pieces: readonly string[];
  /** One between every two pieces. */
  readonly values: readonly EquationValue[];
}

/** Whatever is accepted where an equation is: a template, a text, an expression, a number. */
export type EquationSource = Equation | string | Expression | number;

/**
 * An equation or expression as a template: eq`u_t = alpha*u_xx + ${source}`. Names are resolved later, against the problem's
 * scope. `=` means left minus right. Embedded values count as if in brackets.
 *
 * @throws INVALID_ARGUMENT for an embedded value of another type, or a number that is not finite.
 */
export function eq(strings: TemplateStringsArray, ...values: EquationValue[]): Equation {
  if (!reading('what eq is given', () => Array.isArray((strings as TemplateStringsArray | undefined)?.raw)))
    throw wrong('what eq is given', 'a template: write eq`u_xx = ${f}`', strings);
  const embedded = values.map((value, i) => {
    if (typeof value === 'number') return constant(value);
    const kind = reading(`value ${i + 1} of an eq template`, () => embeddable(value));
    if (kind) return value;
    throw new DinfError(
      'INVALID_ARGUMENT',
      `value ${i + 1} of an eq template is ${typeof value === 'string' ? `the text ${JSON.stringify(shortened(value))}` : shown(value)}; ` +
        'embed numbers, expressions and other eq templates',
    );
  });
  // The raw text, so that a backslash is the error it would be in a file.
  return Object.freeze({kind: 'equation', pieces: Object.freeze([...strings.raw]), values: Object.freeze(embedded)});
}

const embeddable = (value: unknown): boolean =>
  isExpression(value) || isEquation(value) || (Array.isArray(value) && value.every(isExpression));

/**
 * An equation that came from outside, of one of the kinds that {@link EquationSource} lists; what it says is read later.
 *
 * @throws INVALID_ARGUMENT
 */
export function checkEquation(value: unknown, name: string): EquationSource {
  if (typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))) return value;
  if (reading(name, () => isEquation(value) || isExpression(value))) return value as Equation | Expression;
  throw wrong(name, 'a text, an eq template, an expression or a finite number', value);
}

/** Whether a value came from {@link eq}. */
export function isEquation(value: unknown): value is Equation {
  return typeof value === 'object' && value !== null && (value as {kind?: unknown}).kind === 'equation';
}

/**
 * An equation as one expression, left minus right.
 *
 * @param arena where derivatives written in the text are taken.
 * @throws SYNTAX or UNKNOWN_SYMBOL with the place in the text; UNKNOWN_SYMBOL for an embedded expression that holds a leaf foreign
 *   to the scope; INVALID_ARGUMENT for what is no equation at all.
 */
export function resolve(source: EquationSource, scope: Scope | SymbolTable, arena?: Arena): Expression {
  return residualOf(resolveSides(source, scope, arena));
}

/** The sides of an equation: left and right, or the one expression that should be 0. */
export type EquationSides = readonly [Expression] | readonly [Expression, Expression];

/** Left minus right, or the one expression. */
export function residualOf([left, right]: EquationSides): Expression {
  return right === undefined ? left : operation('sub', left, right);
}

/**
 * The two sides of an equation, or the one expression when there is no `=`; for showing an equation as it was written.
 *
 * @throws as {@link resolve}.
 */
export function resolveSides(source: EquationSource, scope: Scope | SymbolTable, arena?: Arena): EquationSides {
  const table = tableOf(scope);
  checkEquation(source, 'an equation');
  if (typeof source === 'number') return [constant(source)];
  if (typeof source === 'string') {
    if (source.includes('[object Object]')) {
      throw new DinfError('SYNTAX', `expressions can be embedded in eq templates only: put eq before the quote of\n  ${source}`);
    }
    return parseSides(source, table, arena);
  }
  if (isExpression(source)) return [checked(source, table)];
  const values = source.values.map((value) => {
    if (Array.isArray(value)) return (value as readonly Expression[]).map((component) => checked(component, table));
    if (isEquation(value)) requireExpression(value);
    return resolve(value as EquationSource, table, arena);
  });
  return parseSides({pieces: source.pieces, values}, table, arena);
}

/** An embedded template has to be an expression: its text is put between brackets. */
function requireExpression({pieces, values}: Equation): void {
  if (pieces.some((piece) => /\blet\b|(?<![<>=])=(?!=)/.test(piece))) {
    const text = pieces.join('${…}');
    throw new DinfError('SYNTAX', `an embedded template is an expression, with neither = nor let, and this one is ${text}`);
  }
  for (const value of values) if (isEquation(value)) requireExpression(value);
}

/**
 * An equation as plain text that resolves to the same expression: embedded values are written out in brackets, and what they
 * share is defined once in front. What a problem file stores.
 *
 * @throws SYNTAX for an embedded template that is not an expression.
 */
export function equationText(source: EquationSource): string {
  if (typeof source === 'string') return source;
  checkEquation(source, 'an equation');
  const {pieces, values} =
    typeof source === 'object' && isEquation(source) ? flatten(source) : {pieces: ['', ''], values: [source]};
  const components = values.flatMap((value) => value);
  const {definitions, texts} = textsWithLets(
    components.map((value) => (typeof value === 'number' ? constant(value) : value)),
    pieces.join(' '),
  );
  let used = 0;
  const body = pieces.map((piece, i) => {
    if (i === 0) return piece;
    const value = values[i - 1];
    const text = texts.slice(used, (used += Array.isArray(value) ? value.length : 1)).join(', ');
    return (Array.isArray(value) || !isEquation(source) ? text : `(${text})`) + piece;
  });
  return definitions + body.join('');
}

/** A template with embedded templates made part of it. */
function flatten({pieces, values}: Equation): {pieces: string[]; values: (number | Expression | readonly Expression[])[]} {
  const flat: ReturnType<typeof flatten> = {pieces: [pieces[0]], values: []};
  values.forEach((value, i) => {
    if (isEquation(value)) {
      requireExpression(value);
      const inner = flatten(value);
      flat.pieces[flat.pieces.length - 1] += `(${inner.pieces[0]}`;
      flat.pieces.push(...inner.pieces.slice(1));
      flat.pieces[flat.pieces.length - 1] += `)${pieces[i + 1]}`;
      flat.values.push(...inner.values);
    } else {
      flat.values.push(value);
      flat.pieces.push(pieces[i + 1]);
    }
  });
  return flat;
}

/** An expression from outside, after making sure that it is well formed and the scope has all its leaves. */
function checked(expression: Expression, table: SymbolTable): Expression {
  return reading('an embedded expression', () => checkedNodes(expression, table));
}

function checkedNodes(expression: Expression, table: SymbolTable): Expression {
  const before = new Set<Expression>();
  for (const node of postorder([expression])) {
    if (node.kind === 'operation' && !node.operands.every((operand) => before.has(operand)))
      throw new DinfError('INVALID_ARGUMENT', `an embedded expression holds itself at its operation ${node.operator}`);
    before.add(node);
    if (node.kind === 'input') throw new DinfError('INVALID_ARGUMENT', `${node.key} is internal and cannot stand in an equation`);
    if (node.kind === 'operation') continue;
    if (node.kind === 'constant') {
      constant(node.value);
      continue;
    }
    const names: [string, string][] =
      node.kind === 'derivative'
        ? [[node.unknown, 'derivative'], ...Object.keys(node.orders).map((name): [string, string] => [name, 'coordinate'])]
        : [[node.name, node.kind]];
    for (const [name, kind] of names) {
      if (table.lookup(name)?.kind === kind) continue;
      const noun = table.describe(name);
      const why = noun === undefined ? table.explain(name).message : `${name} is ${article(noun)} here`;
      const whole = node.kind === 'derivative' ? derivativeName(node) : node.name;
      throw new DinfError('UNKNOWN_SYMBOL', `the embedded expression holds ${whole}: ${why}`);
    }
  }
  return expression;
}
