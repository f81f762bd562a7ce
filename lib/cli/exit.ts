import type {DinfErrorCode} from '../base/errors';
import {DinfError} from '../base/errors';
import {interruptedCode} from './interruption';

/**
 * Exit codes of the command line (documented in the README); one that a signal has ended has a code of {@link Interruption}. `notResolved`: there
 * is a field, and its error estimate is above the tolerance, or there is none.
 */
export const EXIT = {solved: 0, failed: 1, usage: 2, noDevice: 3, diverged: 4, notResolved: 5} as const;

const USAGE: ReadonlySet<DinfErrorCode> = new Set([
  'INVALID_ARGUMENT',
  'UNKNOWN_OPTION',
  'UNKNOWN_SYMBOL',
  'SYNTAX',
  'ORDER_TOO_HIGH',
  'EXPRESSION_TOO_LARGE',
  'OUT_OF_DOMAIN',
]);

/** The exit code of an error. */
export function exitCode(error: unknown): number {
  if (!(error instanceof DinfError)) return EXIT.failed;
  if (USAGE.has(error.code)) return EXIT.usage;
  if (error.code === 'NO_SUCH_DEVICE') return EXIT.noDevice;
  if (error.code === 'ABORTED') return interruptedCode(error);
  return error.code === 'DIVERGED' ? EXIT.diverged : EXIT.failed;
}
