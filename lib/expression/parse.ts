import {DinfError} from '../base/errors';
import {checkList, checkOneOrList, checkParts, checkText, wrong} from '../base/options';
import {Arena} from './arena';
import type {LanguageFunction} from './functions';
import {FUNCTION_NAMES, FunctionError, alias, languageFunction} from './functions';
import type {Expression} from './node';
import {checkExpression, constant, operation} from './node';
import type {Operator} from './operators';
import type {Scope, SymbolTable} from './scope';
import {article, tableOf} from './scope';
import {closest} from '../base/spelling';
import type {Token} from './tokenize';
import {Source} from './tokenize';
import {ADDITIVE, COMPARISON, MULTIPLICATIVE, POWER, UNARY} from './precedence';

/** What an operand on the stack is: an expression, or the components of a vector on their way into a function. */
/** What a text may hold at a gap: a scalar, or a vector. */
export type Value = Expression | readonly Expression[];

interface Item {
  readonly value: Value;
  readonly token: Token;
}

interface BinaryOperator {
  readonly operator: Operator;
  readonly precedence: number;
}

const BINARY: Readonly<Record<string, BinaryOperator>> = {
  '<': {operator: 'lt', precedence: COMPARISON},
  '<=': {operator: 'le', precedence: COMPARISON},
  '>': {operator: 'gt', precedence: COMPARISON},
  '>=': {operator: 'ge', precedence: COMPARISON},
  '==': {operator: 'eq', precedence: COMPARISON},
  '+': {operator: 'add', precedence: ADDITIVE},
  '-': {operator: 'sub', precedence: ADDITIVE},
  '*': {operator: 'mul', precedence: MULTIPLICATIVE},
  '/': {operator: 'div', precedence: MULTIPLICATIVE},
  '^': {operator: 'pow', precedence: POWER},
};
const NEGATION: BinaryOperator = {operator: 'neg', precedence: UNARY};

/** What is open: the whole text, a bracket, or the arguments of a function. */
interface Frame {
  readonly opening?: Token;
  readonly call?: {readonly name: string; readonly fn: LanguageFunction};
  readonly args: Item[];
  readonly items: Item[];
  readonly operators: BinaryOperator[];
}

const isVector = (value: Value): value is readonly Expression[] => Array.isArray(value);

/**
 * Operator-precedence parsing with explicit stacks, so that the nesting of a text is limited by memory alone.
 *
 * Loosest first: `=` (once; left minus right), comparisons (which do not chain), `+ -`, `* /`, unary minus, `^` (to the right).
 * A text may begin with definitions, `let a = …;`.
 */
class Parser {
  private readonly tokens: Token[];
  private readonly lets = new Map<string, Expression>();
  private frames: Frame[] = [];
  private left: Expression | undefined;
  private next = 0;

  constructor(
    private readonly source: Source,
    private readonly values: readonly Value[],
    private readonly table: SymbolTable,
    private readonly arena: Arena,
  ) {
    this.tokens = source.tokens();
  }

  /** The sides of an equation, or one expression. */
  parse(): readonly [Expression] | readonly [Expression, Expression] {
    while (this.tokens[this.next].text === 'let') this.definition();
    const last = this.statement('end');
    return this.left === undefined ? [last] : [this.left, last];
  }

  private definition(): void {
    const [, name, equals] = this.tokens.slice(this.next, this.next + 3);
    if (name.type !== 'name') throw this.source.error(name.at, 'a name must follow let');
    const meaning = FUNCTION_NAMES.has(name.text) ? 'function' : this.table.describe(name.text);
    if (meaning !== undefined || this.table.lookup(name.text) !== undefined || this.lets.has(name.text)) {
      throw this.source.error(name.at, `let cannot define ${name.text}, which already is ${article(meaning ?? 'symbol')}`);
    }
    if (equals.text !== '=') throw this.source.error(equals.at, `expected = after let ${name.text}`);
    this.next += 3;
    this.lets.set(name.text, this.statement(';'));
  }

  /** One expression, up to the end of the text or of a definition. */
  private statement(end: 'end' | ';'): Expression {
    this.frames = [{args: [], items: [], operators: []}];
    for (;;) {
      this.operand();
      while (this.closes(this.tokens[this.next])) this.close();
      const token = this.tokens[this.next++];
      const top = this.frames[this.frames.length - 1];
      const binary = token.type === 'operator' && Object.hasOwn(BINARY, token.text) ? BINARY[token.text] : undefined;
      if (binary !== undefined) {
        this.reduce(top, binary, token);
        top.operators.push(binary);
      } else if (token.text === ',' && top.call !== undefined) {
        top.args.push(this.reduced(top));
      } else if (token.text === '=' && this.frames.length === 1 && end === 'end' && this.left === undefined) {
        this.left = this.scalar(this.reduced(top));
      } else if (this.frames.length === 1 && (end === 'end' ? token.type === 'end' : token.text === ';')) {
        return this.scalar(this.reduced(top));
      } else {
        throw this.unexpected(token, top, end);
      }
    }
  }

  /** The error of an operand right after an operand. */
  private juxtaposed(before: Token, token: Token): DinfError {
    const touching = before.at + before.text.length === token.at && token.type !== 'hole';
    if (before.type === 'hole' && touching && token.text.startsWith('_')) {
      return this.source.error(token.at, 'an embedded expression takes no derivative suffix; write d(${…}, x)');
    }
    const text = token.text === '(' ? '(…)' : token.text;
    const example = before.text === ')' ? `(…)*${text}` : `${before.text}*${text}`;
    return this.source.error(token.at, `expected an operator before ${token.text}; a product needs its sign: write ${example}`);
  }

  /** The error of a token that can follow no operand here. */
  private unexpected(token: Token, top: Frame, end: 'end' | ';'): DinfError {
    const {source} = this;
    if (token.type === 'number' || token.type === 'name' || token.type === 'hole' || token.text === '(') {
      return this.juxtaposed(this.tokens[this.next - 2], token);
    }
    if (top.opening !== undefined && (token.type === 'end' || token.text === ';')) {
      return source.error(top.opening.at, 'this bracket is never closed');
    }
    if (token.type === 'end') return source.error(token.at, 'the text ends before the ; that closes the definition');
    if (token.text === ')') return source.error(token.at, 'this bracket closes nothing');
    if (token.text === ',') return source.error(token.at, 'a comma separates arguments of a function, and there is none here');
    if (token.text === '=') {
      const why =
        end === ';' ? 'a definition has one =' : this.frames.length > 1 ? 'it cannot stand in brackets' : 'there can be only one';
      return source.error(token.at, `= separates the two sides of an equation, and ${why}; a comparison is written ==`);
    }
    return source.error(token.at, `unexpected ${token.text}`);
  }

  /** Reads prefixes, opening brackets and function names up to and including one operand. */
  private operand(): void {
    for (;;) {
      const token = this.tokens[this.next++];
      const after = this.tokens[this.next];
      const top = this.frames[this.frames.length - 1];
      if (token.text === '-') {
        // A sign right before a literal belongs to it, except in -2^x, which is -(2^x).
        if (after.type === 'number' && this.tokens[this.next + 1].text !== '^') {
          this.next++;
          top.items.push({value: constant(-after.value), token});
          return;
        }
        top.operators.push(NEGATION);
      } else if (token.text === '(') {
        this.frames.push({opening: token, args: [], items: [], operators: []});
      } else if (token.type === 'number') {
        top.items.push({value: constant(token.value), token});
        return;
      } else if (token.type === 'hole') {
        top.items.push({value: this.values[token.value], token});
        return;
      } else if (token.type === 'name' && after.text === '(' && after.type === 'operator') {
        this.next++;
        this.frames.push({opening: token, call: {name: token.text, fn: this.fn(token)}, args: [], items: [], operators: []});
        if (this.tokens[this.next].text === ')')
          throw this.source.error(token.at, `${token.text} needs arguments: ${this.fn(token).usage}`);
      } else if (token.type === 'name') {
        top.items.push({value: this.symbol(token), token});
        return;
      } else if (token.text !== '+') {
        throw this.source.error(
          token.at,
          token.type === 'end' ? 'the text ends where a value is expected' : `expected a value before ${token.text}`,
        );
      }
    }
  }

  private fn(token: Token): LanguageFunction {
    const found = languageFunction(token.text);
    if (found !== undefined) return found;
    const noun = this.table.describe(token.text);
    if (noun !== undefined || this.lets.has(token.text) || this.table.lookup(token.text) !== undefined) {
      throw this.source.error(
        token.at,
        `${token.text} is ${article(noun ?? 'value')}, not a function; a product needs its sign: write ${token.text}*(…)`,
      );
    }
    const other = alias(token.text);
    const near = closest(token.text, FUNCTION_NAMES);
    const advice = other !== undefined ? `; here it is written ${other}` : near !== undefined ? `, did you mean ${near}?` : '';
    throw this.source.error(token.at, `unknown function ${token.text}${advice}`, 'UNKNOWN_SYMBOL');
  }

  private symbol(token: Token): Expression {
    const found = this.lets.get(token.text) ?? this.table.lookup(token.text);
    if (found !== undefined) return found;
    const fn = languageFunction(token.text);
    if (fn !== undefined) throw this.source.error(token.at, `${token.text} is a function: write ${fn.usage}`);
    const {code, message} = this.table.explain(token.text);
    throw this.source.error(token.at, message, code);
  }

  private closes(token: Token): boolean {
    return token.text === ')' && this.frames.length > 1;
  }

  private close(): void {
    this.next++;
    const frame = this.frames.pop()!;
    const item = this.reduced(frame);
    const {items} = this.frames[this.frames.length - 1];
    const token = frame.opening!;
    if (frame.call === undefined) {
      items.push({value: item.value, token});
      return;
    }
    const {fn} = frame.call;
    const args = [...frame.args, item].flatMap(({value}) => value);
    const context = {arena: this.arena, spatial: this.table.spatial};
    if (!fn.accepts(args.length, context)) {
      throw this.source.error(
        token.at,
        `${token.text} cannot take ${args.length} argument${args.length === 1 ? '' : 's'}: write ${fn.usage}`,
      );
    }
    try {
      items.push({value: fn.apply(args, context), token});
    } catch (error) {
      if (error instanceof FunctionError) throw this.source.error(token.at, error.message);
      if (error instanceof DinfError) throw this.source.error(token.at, error.message, error.code);
      throw error;
    }
  }

  /** Everything left in a frame, as one value. */
  private reduced(frame: Frame): Item {
    while (frame.operators.length > 0) this.apply(frame);
    return frame.items.pop()!;
  }

  /** Applies the operators that bind tighter than a coming one, or as tight where they group to the left. */
  private reduce(frame: Frame, coming: BinaryOperator, token: Token): void {
    for (let top = frame.operators.at(-1); top !== undefined; top = frame.operators.at(-1)) {
      if (top.precedence < coming.precedence || (coming.precedence === POWER && top.precedence === POWER)) return;
      if (top.precedence === COMPARISON) {
        throw this.source.error(token.at, 'comparisons do not chain: write (a < b)*(b < c)');
      }
      this.apply(frame);
    }
  }

  private apply(frame: Frame): void {
    const {operator} = frame.operators.pop()!;
    const right = frame.items.pop()!;
    if (operator === 'neg') {
      frame.items.push({value: operation('neg', this.scalar(right)), token: right.token});
      return;
    }
    const left = frame.items.pop()!;
    frame.items.push({value: operation(operator, this.scalar(left), this.scalar(right)), token: left.token});
  }

  private scalar({value, token}: Item): Expression {
    if (isVector(value)) {
      throw this.source.error(
        token.at,
        `${token.text} is a vector; it can only be an argument of norm, dot, div or another function of its components`,
      );
    }
    return value;
  }
}

/** A text, or its pieces around embedded values. */
export interface ParseInput {
  /** The text around the values. */
  readonly pieces: readonly string[];
  /** One between every two pieces: an expression, or a vector of them for functions that take one. */
  readonly values: readonly Value[];
}

function checkInput(given: unknown): ParseInput {
  if (typeof given !== 'object' || given === null) throw wrong('the text of an equation', 'a text', given);
  const input = checkParts<ParseInput>(given, 'parse', {
    pieces: (value, name) => checkList(value, name, checkText, 1),
    values: (value, name) => checkList(value, name, (one, place) => checkOneOrList(one, place, checkExpression)),
  });
  if (input.pieces.length === input.values.length + 1) return input;
  throw new DinfError(
    'INVALID_ARGUMENT',
    `parse: ${input.values.length} values stand between ${input.pieces.length} pieces of text; give one less than pieces`,
  );
}

/**
 * The two sides of an equation, or the one expression when there is no `=`.
 *
 * @throws as {@link parse}.
 */
export function parseSides(
  text: string | ParseInput,
  scope: Scope | SymbolTable,
  arena = new Arena(),
): readonly [Expression] | readonly [Expression, Expression] {
  const {pieces, values} = typeof text === 'string' ? {pieces: [text], values: []} : checkInput(text);
  const table = tableOf(scope);
  return new Parser(new Source(pieces), values, table, arena).parse();
}

/**
 * Reads a text in the expression language. With `=`, the value is left minus right. `d`, `laplacian` and the like are expanded here,
 * everything else stays as written.
 *
 * @param arena where derivatives are taken.
 * @throws SYNTAX or UNKNOWN_SYMBOL with line, column and the line itself; INVALID_ARGUMENT for a derivative of data.
 */
export function parse(text: string | ParseInput, scope: Scope | SymbolTable, arena = new Arena()): Expression {
  const [left, right] = parseSides(text, scope, arena);
  return right === undefined ? left : operation('sub', left, right);
}
