import type {DinfErrorCode} from '../base/errors';
import {DinfError} from '../base/errors';
import {shortened} from '../base/shown';

/** A piece of the text. `at` is its offset in the text shown in errors. */
export interface Token {
  readonly type: 'number' | 'name' | 'operator' | 'hole' | 'end';
  /** As written; empty at the end of the text. */
  readonly text: string;
  readonly at: number;
  /** The value of a number, the index of a hole. */
  readonly value: number;
}

/** How an embedded value appears in the text of an error. */
const HOLE = '${…}';

const SPACE = /\s+/y;
const NUMBER = /(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?/y;
const NAME = /[\p{L}_][\p{L}0-9_]*/uy;
const OPERATOR = /==|<=|>=|[-+*/^(),=<>;]/y;

/** What people write from other languages, and what it is called here. */
const FOREIGN: readonly [RegExp, string][] = [
  [/\*\*/y, 'a power is written with ^'],
  [/!=|≠/y, 'there is no "not equal"; use 1 - (a == b)'],
  [/&&|\|\||[!&|]/y, 'there are no logical operators; comparisons are 1 or 0, so use a product for "and" and max for "or"'],
  [/[?:]/y, 'a choice is written where(condition, a, b)'],
  [/[[\]{}]/y, 'only round brackets group'],
  [/[−–—]/y, 'a minus is written with -'],
  [/[·×⋅∙]/y, 'a product is written with *'],
  [/[²³⁴⁵⁶⁷⁸⁹]/y, 'a power is written with ^'],
  [/≤/y, 'write <='],
  [/≥/y, 'write >='],
  [/[∂∇Δ∆]/y, 'derivatives are written u_xx, d(u, x), laplacian(u)'],
  [/%/y, 'there is no remainder'],
  [/["'`]/y, 'names are written without quotes'],
];

/** Characters that begin what {@link FOREIGN} knows: most tokens need none of its patterns tried. */
const FOREIGN_STARTS: ReadonlySet<string> = new Set('*!≠&|?:[]{}−–—·×⋅∙²³⁴⁵⁶⁷⁸⁹≤≥∂∇Δ∆%"\'`');

/** Most tokens of a text: numbers, names and signs. Ten times what the largest problem of this package has. */
export const MOST_TOKENS = 100_000;

/** Most characters of a text. */
const LONGEST_TEXT = 1 << 21;

/** Most characters of a name in a text: of a symbol, and the letters of its derivatives. */
const LONGEST_WORD = 200;

/**
 * Makes sure that a text that was written by code can be read again.
 *
 * @throws EXPRESSION_TOO_LARGE
 */
export function checkReadable(text: string): void {
  if (text.length > MOST_TOKENS) new Source([text]).tokens();
}

/** The text of an equation with the places of embedded values, as errors show it. */
export class Source {
  readonly text: string;
  private readonly starts: number[] = [];

  /** @param pieces the text around the embedded values; one piece when there are none. */
  constructor(readonly pieces: readonly string[]) {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (length > LONGEST_TEXT) {
      throw new DinfError(
        'EXPRESSION_TOO_LARGE',
        `a text has at most ${LONGEST_TEXT} characters, and this one has ${length}: split it into several equations or terms`,
      );
    }
    let text = '';
    pieces.forEach((piece, i) => {
      if (i > 0) text += HOLE;
      this.starts.push(text.length);
      text += piece;
    });
    this.text = text;
  }

  /** An error that says where: line and column (from 1, in characters), the line itself, and a caret below the place. */
  error(at: number, message: string, code: DinfErrorCode = 'SYNTAX'): DinfError {
    const before = this.text.slice(0, at);
    const start = before.lastIndexOf('\n') + 1;
    const end = this.text.indexOf('\n', at);
    const line = [...this.text.slice(start, end < 0 ? undefined : end).replace(/[\t\r]/g, ' ')];
    const column = [...before.slice(start)].length;
    const number = before.split('\n').length;
    // A generated line can be megabytes long; what is around the place is enough.
    const from = Math.max(0, column - 60);
    const shown = `${from > 0 ? '…' : ''}${line.slice(from, column + 60).join('')}${line.length > column + 60 ? '…' : ''}`;
    const caret = ' '.repeat(column - from + (from > 0 ? 1 : 0));
    return new DinfError(code, `${message} (line ${number}, column ${column + 1})\n  ${shown}\n  ${caret}^`);
  }

  /**
   * The tokens of the text, a hole for each embedded value, and one of type `end`.
   *
   * @throws SYNTAX for a character that begins no token; EXPRESSION_TOO_LARGE for too many of them, before anything is made of them.
   */
  tokens(): Token[] {
    const tokens: Token[] = [];
    this.pieces.forEach((piece, i) => {
      const start = this.starts[i];
      if (i > 0) tokens.push({type: 'hole', text: HOLE, at: start - HOLE.length, value: i - 1});
      for (let at = 0; at < piece.length;) {
        const token = this.scan(piece, at, start + at);
        if (token.type !== 'end' && tokens.push(token) > MOST_TOKENS) {
          throw new DinfError(
            'EXPRESSION_TOO_LARGE',
            `a text has at most ${MOST_TOKENS} numbers, names and signs, and this one has more: split it into several equations or terms`,
          );
        }
        at += token.text.length;
      }
    });
    tokens.push({type: 'end', text: '', at: this.text.length, value: 0});
    return tokens;
  }

  /** The token at an offset of a piece; white space comes back as type `end`. */
  private scan(piece: string, offset: number, at: number): Token {
    const match = (pattern: RegExp): string | undefined => {
      pattern.lastIndex = offset;
      return pattern.exec(piece)?.[0];
    };
    const space = match(SPACE);
    if (space !== undefined) return {type: 'end', text: space, at, value: 0};
    for (const [pattern, advice] of FOREIGN_STARTS.has(piece[offset]) ? FOREIGN : []) {
      const found = match(pattern);
      if (found !== undefined) throw this.error(at, `unexpected ${found}: ${advice}`);
    }
    const number = match(NUMBER);
    if (number !== undefined) {
      const value = Number(number);
      if (!Number.isFinite(value)) throw this.error(at, `the number ${shortened(number)} is too large`);
      return {type: 'number', text: number, at, value};
    }
    const name = match(NAME);
    if (name !== undefined && name.length > LONGEST_WORD) {
      throw this.error(at, `the name ${shortened(name)} has ${name.length} characters, and names have at most ${LONGEST_WORD}`);
    }
    if (name !== undefined) return {type: 'name', text: name, at, value: 0};
    const operator = match(OPERATOR);
    if (operator !== undefined) return {type: 'operator', text: operator, at, value: 0};
    const character = String.fromCodePoint(piece.codePointAt(offset)!);
    throw this.error(at, `unexpected character ${JSON.stringify(character)}`);
  }
}
