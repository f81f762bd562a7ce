/** Numbers and ranges of coordinates as a user writes them: the one grammar of domains, faces and lattices. */
import {DinfError} from '../base/errors';
import {evaluateExpression} from '../expression/interpret';
import {parse} from '../expression/parse';

/** One part of a list of ranges, `NAME[=LOWER..UPPER | =VALUE][:POINTS]`, whose ends are not yet read. */
export interface RangeText {
  /** The coordinate. */
  readonly name: string;
  /** The texts of both ends, or of the one value; empty where only a number of points is given. */
  readonly ends: readonly string[];
  /** The number of points; undefined where none is given. */
  readonly points: number | undefined;
}

/** The coordinate, ends and number of points of one range; undefined for a text of another form. */
export function splitRange(text: string): RangeText | undefined {
  // Piece by piece, since one pattern for all of it would try every way of sharing out the blanks.
  const whole = text.trim();
  const name = /^[\p{L}_][\p{L}0-9_]*/u.exec(whole)?.[0];
  if (name === undefined) return undefined;
  const rest = whole.slice(name.length).trimStart();
  const colon = rest.lastIndexOf(':');
  const count = rest.slice(colon + 1).trim();
  const counted = colon >= 0 && /^\d+$/.test(count);
  const range = counted ? rest.slice(0, colon).trimEnd() : rest;
  const points = counted ? Number(count) : undefined;
  if (range === '') return {name, ends: [], points};
  const ends = range.slice(1).trim();
  if (!range.startsWith('=') || ends === '') return undefined;
  return {name, ends: ends.split('..', 4).map((end) => end.trim()), points};
}

/**
 * The value of a number as a user writes it, such as `2*pi` or `-1/3`.
 *
 * @param text an expression without names.
 * @param what begins the message where it is not finite.
 * @throws DinfError SYNTAX, UNKNOWN_SYMBOL, INVALID_ARGUMENT
 */
export function readNumber(text: string, what: string): number {
  const value = evaluateExpression(parse(text, {coordinates: [], unknowns: []}), {});
  if (!Number.isFinite(value))
    throw new DinfError('INVALID_ARGUMENT', `${what} is ${text.trim()} = ${value}: give a finite number`);
  return value;
}
