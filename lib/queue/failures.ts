/** Which failures may be other ones next time, and how an error goes through Redis. */
import type {DinfErrorCode} from '../base/errors';
import {DinfError} from '../base/errors';
import {ERROR_CODES} from '../schema';

/**
 * Codes of what may succeed on another machine, or later: memory that others held, a disk that was full, a device that was lost. All others
 * are of the job itself, and would come again.
 */
const PASSING: ReadonlySet<DinfErrorCode> = new Set([
  'OUT_OF_MEMORY',
  'FILE_UNREADABLE',
  'FILE_UNWRITABLE',
  'NO_SUCH_DEVICE',
  'DEVICE_LOST',
  'NO_NATIVE_BUILD',
  'QUEUE_FULL',
  'UNAVAILABLE',
  'INTERNAL',
]);

/** Whether another attempt makes sense. Errors that are not ours are bugs or the system's, and may pass. */
export const mayPass = (error: unknown): boolean => !(error instanceof DinfError) || PASSING.has(error.code);

/** An error in one text, its code first. */
export function failureText(error: unknown): string {
  if (error instanceof DinfError) return `${error.code}: ${error.message}`;
  return `INTERNAL: ${error instanceof Error ? error.message : String(error)}`;
}

/** The error that such a text tells of; what BullMQ says by itself has no code of ours. */
export function failureOf(text: string): DinfError {
  const found = /^([A-Z_]+): ([\s\S]*)$/.exec(text);
  if (found !== null && (ERROR_CODES as readonly string[]).includes(found[1]))
    return new DinfError(found[1] as DinfErrorCode, found[2]);
  return new DinfError('INTERNAL', text);
}
