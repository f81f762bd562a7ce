import {DinfError} from './errors';
import {closest} from './expression/spelling';

/**
 * Rejects options that nobody reads: a misspelt option that is silently ignored costs its user an afternoon.
 *
 * @throws UNKNOWN_OPTION naming the option, what exists and the closest match.
 */
export function rejectUnknown(options: object, known: readonly string[], what: string): void {
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const near = closest(key, known);
    throw new DinfError(
      'UNKNOWN_OPTION',
      `${what} has no option '${key}'${near === undefined ? '' : `, did you mean '${near}'?`} It has: ${known.join(', ')}`,
    );
  }
}

/** @throws INVALID_ARGUMENT unless `value` is a finite number in [low, high]. */
export function checkNumber(value: unknown, name: string, low = -Infinity, high = Infinity): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < low || value > high) {
    throw new DinfError('INVALID_ARGUMENT', `${name} must be a number${rangeText(low, high)}, and is ${String(value)}`);
  }
  return value;
}

/** @throws INVALID_ARGUMENT unless `value` is an integer in [low, high]. */
export function checkInteger(value: unknown, name: string, low: number, high = Number.MAX_SAFE_INTEGER): number {
  if (!Number.isInteger(value) || (value as number) < low || (value as number) > high) {
    throw new DinfError('INVALID_ARGUMENT', `${name} must be a whole number${rangeText(low, high)}, and is ${String(value)}`);
  }
  return value as number;
}

/** @throws INVALID_ARGUMENT unless `value` is one of `choices`. */
export function checkChoice<T extends string | boolean>(value: unknown, name: string, choices: readonly T[]): T {
  if (!choices.includes(value as T)) {
    throw new DinfError('INVALID_ARGUMENT', `${name} must be one of ${choices.join(', ')}, and is ${String(value)}`);
  }
  return value as T;
}

/** @throws NON_FINITE naming the first offending position. */
export function checkFinite(values: ArrayLike<number>, name: string): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new DinfError('NON_FINITE', `${name}[${i}] is ${values[i]}: replace or leave out values that are not finite`);
    }
  }
}

function rangeText(low: number, high: number): string {
  if (low === -Infinity && high === Infinity) return '';
  if (high === Infinity || high === Number.MAX_SAFE_INTEGER) return ` of at least ${low}`;
  if (low === -Infinity) return ` of at most ${high}`;
  return ` from ${low} to ${high}`;
}
