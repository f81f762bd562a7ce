/**
 * Checks of what comes from outside: one for each kind of value, and one for an object of options. A check returns the value, copied where it
 * is a container, or throws an error that says what was expected and what came. Nothing that was checked is read a second time.
 */
import {DinfError} from './errors';
import {shortened, shown} from './shown';
import {closest} from './spelling';

/**
 * A check of one value.
 *
 * @param name begins the message, such as `rbfGrid: levels`.
 * @returns the value, in the type that it has been found to have.
 */
export type Check<T> = (value: unknown, name: string) => T;

/** A check for each option; the compiler refuses a record that leaves one out or has one too many. */
export type OptionChecks<Options> = {readonly [Name in keyof Options & string]-?: Check<Options[Name]>};

/** Most elements of a list that is not an array of numbers: names, equations, stages. */
const MOST_ELEMENTS = 10_000;

/**
 * The options of a call, each checked. An option that is undefined counts as one that is not given. One that nobody reads is refused: a
 * misspelt option that is silently ignored costs its user an afternoon.
 *
 * @param what takes the options, for messages.
 * @returns a new object with the options that are given.
 * @throws DinfError INVALID_ARGUMENT; UNKNOWN_OPTION naming the option, what exists and the closest match
 */
export function checkOptions<Options extends object>(value: unknown, what: string, checks: OptionChecks<Options>): Options {
  const given = checkObject(value, `${what}: options`);
  const names = Object.keys(checks) as (keyof Options & string)[];
  reading(`${what}: options`, () => {
    rejectUnknown(given, names, what);
  });
  const result: Partial<Options> = {};
  for (const name of names) {
    const one = reading(`${what}: ${name}`, () => (given as Partial<Options>)[name]);
    if (one !== undefined) result[name] = checks[name](one, `${what}: ${name}`);
  }
  return result as Options;
}

/**
 * As {@link checkOptions}, where none may be left out.
 *
 * @throws DinfError INVALID_ARGUMENT naming the first that is missing; UNKNOWN_OPTION
 */
export function checkParts<Parts extends object>(value: unknown, what: string, checks: OptionChecks<Parts>): Parts {
  const parts = checkOptions(value, what, checks);
  const missing = Object.keys(checks).find((name) => !Object.hasOwn(parts, name));
  if (missing === undefined) return parts;
  throw new DinfError('INVALID_ARGUMENT', `${what} has no '${missing}': it needs ${Object.keys(checks).join(', ')}`);
}

/**
 * Rejects options that nobody reads.
 *
 * @throws DinfError UNKNOWN_OPTION naming the option, what exists and the closest match
 */
export function rejectUnknown(options: object, known: readonly string[], what: string): void {
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const near = closest(key, known);
    throw new DinfError(
      'UNKNOWN_OPTION',
      `${what} has no option '${shortened(key)}'${near === undefined ? '' : `, did you mean '${near}'?`} It has: ${known.join(', ')}`,
    );
  }
}

/**
 * Reads what may be a getter or a trap of a proxy.
 *
 * @param name of what is read, for the message.
 * @throws DinfError INVALID_ARGUMENT with what it threw as its cause
 */
export function reading<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof DinfError) throw cause;
    const {message} = (cause ?? {}) as {message?: unknown};
    const said = typeof message === 'string' ? shortened(message) : shown(cause);
    throw new DinfError('INVALID_ARGUMENT', `${name} cannot be read: ${said}`, {cause});
  }
}

/** Whether a value is an array, of whatever realm; it never throws, also for a revoked proxy. */
export function isList(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** What every check says of a value that it refuses. */
export function wrong(name: string, expected: string, value: unknown): DinfError {
  return new DinfError('INVALID_ARGUMENT', `${name} must be ${expected}, and is ${shown(value)}`);
}

/** @throws INVALID_ARGUMENT unless `value` is a finite number in [low, high]. */
export function checkNumber(value: unknown, name: string, low = -Infinity, high = Infinity): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= low && value <= high) return value;
  throw wrong(name, `a number${rangeText(low, high)}`, value);
}

/** @throws INVALID_ARGUMENT unless `value` is an integer in [low, high]. */
export function checkInteger(value: unknown, name: string, low: number, high = Number.MAX_SAFE_INTEGER): number {
  if (Number.isInteger(value) && (value as number) >= low && (value as number) <= high) return value as number;
  throw wrong(name, `a whole number${rangeText(low, high)}`, value);
}

/** @throws INVALID_ARGUMENT unless `value` is one of `choices`. */
export function checkChoice<T extends string | boolean>(value: unknown, name: string, choices: readonly T[]): T {
  if (choices.includes(value as T)) return value as T;
  const near = typeof value === 'string' ? closest(value, choices.map(String)) : undefined;
  const given = typeof value === 'string' ? shortened(value) : shown(value);
  throw new DinfError(
    'INVALID_ARGUMENT',
    `${name} must be one of ${choices.join(', ')}, and is ${given}${near === undefined ? '' : `; did you mean ${near}?`}`,
  );
}

/** @throws INVALID_ARGUMENT unless `value` is a text. */
export function checkText(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw wrong(name, 'a text', value);
}

/** @throws INVALID_ARGUMENT unless `value` is a text with something in it, such as the name of a file. */
export function checkName(value: unknown, name: string): string {
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw wrong(name, 'a text that is not empty', value);
}

/** @throws INVALID_ARGUMENT unless `value` is a path: a text without a null character, which no system takes. */
export function checkPath(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value;
  throw wrong(name, 'the path of a file, a text', value);
}

/** @throws INVALID_ARGUMENT unless `value` is true or false. */
export function checkFlag(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value;
  throw wrong(name, 'true or false', value);
}

/** @throws INVALID_ARGUMENT unless `value` is a function. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- what a function takes cannot be looked at: the caller says it
export function checkFunction<F extends (...values: never[]) => unknown>(value: unknown, name: string): F {
  if (typeof value === 'function' && !/^class\b/.test(Function.prototype.toString.call(value))) return value as F;
  throw wrong(name, 'a function', value);
}

/** @throws INVALID_ARGUMENT unless `value` is an AbortSignal, of whatever realm. */
export function checkSignal(value: unknown, name: string): AbortSignal {
  if (typeof value === 'object' && value !== null) {
    const signal = value as Partial<AbortSignal> & {signal?: unknown};
    const found = reading(name, () => typeof signal.aborted === 'boolean' && typeof signal.addEventListener === 'function');
    if (found) return value as AbortSignal;
    if (reading(name, () => signal.signal) !== undefined)
      throw wrong(name, "an AbortSignal, such as a controller's signal", value);
  }
  throw wrong(name, 'an AbortSignal', value);
}

/**
 * The elements of a list, each checked.
 *
 * @param least elements at least. Default 0.
 * @throws DinfError INVALID_ARGUMENT
 */
export function checkList<T>(value: unknown, name: string, check: Check<T>, least = 0): T[] {
  if (!isList(value) && !isNumericArray(value)) throw wrong(name, 'a list', value);
  const list = value as ArrayLike<unknown>;
  const count = reading(name, () => list.length);
  if (count < least || count > MOST_ELEMENTS) {
    const range = count < least ? `at least ${least}` : `at most ${MOST_ELEMENTS}`;
    throw new DinfError(
      'INVALID_ARGUMENT',
      `${name} must have ${range} element${range.endsWith(' 1') ? '' : 's'}, and has ${count}`,
    );
  }
  return Array.from({length: count}, (_, i) => {
    const one = reading(`${name}[${i}]`, () => list[i]);
    return check(one, `${name}[${i}]`);
  });
}

/**
 * The elements of a list, or the one that was given in place of a list.
 *
 * @throws DinfError INVALID_ARGUMENT
 */
export function checkOneOrList<T>(value: unknown, name: string, check: Check<T>, least = 0): T | T[] {
  return isList(value) || isNumericArray(value) ? checkList(value, name, check, least) : check(value, name);
}

/**
 * The own values of an object by name, each checked; in a new object.
 *
 * @param check default: anything will do.
 * @throws DinfError INVALID_ARGUMENT
 */
export function checkRecord<T = unknown>(value: unknown, name: string, check: Check<T> = (one) => one as T): Record<string, T> {
  const given = checkObject(value, name) as Record<string, unknown>;
  const keys = reading(name, () => Object.keys(given));
  if (keys.length > MOST_ELEMENTS)
    throw new DinfError('INVALID_ARGUMENT', `${name} must have at most ${MOST_ELEMENTS} names, and has ${keys.length}`);
  // Names come from outside: an assignment to `__proto__` would be lost.
  return Object.fromEntries(
    keys.map((key) => {
      const one = reading(`${name}: ${shortened(key)}`, () => given[key]);
      return [key, check(one, `${name}: ${shortened(key)}`)];
    }),
  );
}

/** @throws INVALID_ARGUMENT unless `value` is an object whose properties are what it holds: no list, date, map or promise. */
export function checkObject(value: unknown, name: string): object {
  const plain = (one: object): boolean => /^\[object (Object|Module)\]$/.test(Object.prototype.toString.call(one));
  if (typeof value === 'object' && value !== null && reading(name, () => plain(value))) return value;
  throw wrong(name, 'an object', value);
}

/**
 * Finite numbers, copied: an array, a typed array, or anything else that has numbers by index and a length.
 *
 * @throws DinfError INVALID_ARGUMENT for what is none; NON_FINITE naming the first offending position; OUT_OF_MEMORY
 */
export function checkNumbers(value: unknown, name: string): Float64Array {
  const values = copied(value, name);
  checkFinite(values, name);
  return values;
}

function copied(value: unknown, name: string): Float64Array {
  if (typeof value !== 'object' || value === null) throw wrong(name, 'an array of numbers', value);
  return reading(name, () => {
    const list = value as ArrayLike<unknown>;
    const count: unknown = list.length;
    if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) throw wrong(name, 'an array of numbers', value);
    if (count === 0) return new Float64Array();
    if (isNumericArray(value)) return allocated(count, name, () => new Float64Array(value));
    // A length that nothing stands behind must not cost its memory.
    checkElement(list[count - 1], `${name}[${count - 1}]`);
    const values = allocated(count, name, () => new Float64Array(count));
    for (let i = 0; i < count; i++) values[i] = checkElement(list[i], `${name}[${i}]`);
    return values;
  });
}

function checkElement(value: unknown, name: string): number {
  if (typeof value === 'number') return value;
  throw wrong(name, 'a number', value);
}

function allocated(count: number, name: string, allocate: () => Float64Array): Float64Array {
  try {
    return allocate();
  } catch (cause) {
    throw new DinfError('OUT_OF_MEMORY', `${name}: there is no memory for ${count} numbers; give fewer`, {cause});
  }
}

/** Whether a value is an array of numbers by its type; arrays of bigints are none. */
function isNumericArray(value: unknown): value is Float64Array {
  return ArrayBuffer.isView(value) && !/^\[object (DataView|Big.*)\]$/.test(Object.prototype.toString.call(value));
}

/** @throws NON_FINITE naming the first offending position. */
export function checkFinite(values: ArrayLike<number>, name: string): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new DinfError('NON_FINITE', `${name}[${i}] is ${shown(values[i])}: replace or leave out values that are not finite`);
    }
  }
}

function rangeText(low: number, high: number): string {
  if (low === -Infinity && high === Infinity) return '';
  if (high === Infinity || high === Number.MAX_SAFE_INTEGER) return ` of at least ${low}`;
  if (low === -Infinity) return ` of at most ${high}`;
  return ` from ${low} to ${high}`;
}
