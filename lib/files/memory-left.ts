import * as os from 'node:os';
import {DinfError} from '../base/errors';

/** Bytes that this process can still take: what the machine has left, or its control group. */
function bytesLeft(): number {
  const {availableMemory} = process as {availableMemory?: () => number}; // Node 20 has it from its middle on
  return availableMemory?.() ?? os.freemem();
}

/**
 * Refuses contents of a file that would take more memory than is left, before the system ends the process for it.
 *
 * @param bytes that are about to be taken
 * @throws DinfError OUT_OF_MEMORY
 */
export function checkRoom(path: string, bytes: number): void {
  const left = bytesLeft();
  if (bytes <= left) return;
  throw new DinfError(
    'OUT_OF_MEMORY',
    `Cannot read ${path}: what it holds takes ${sizeText(bytes)} of memory, and ${sizeText(left)} are left. Give a smaller file.`,
  );
}

/** A number of bytes for a person, such as `1.5 GiB`. */
export function sizeText(bytes: number): string {
  const [unit, name] = bytes >= 2 ** 30 ? [2 ** 30, 'GiB'] : bytes >= 2 ** 20 ? [2 ** 20, 'MiB'] : [2 ** 10, 'KiB'];
  return `${Number((bytes / unit).toFixed(1))} ${name}`;
}
