import {fstatSync} from 'node:fs';
import type {FileHandle} from 'node:fs/promises';
import {constants, open} from 'node:fs/promises';
import {DinfError} from '../base/errors';
import {checkRoom, sizeText} from './memory-left';
import {errorCode, errorMessage, isAllocationFailure} from './system-error';

/** An open file of known size. */
export interface RegularFile {
  readonly handle: FileHandle;
  /** In bytes. */
  readonly size: number;
}

/**
 * Opens a regular file. Whatever else has a path is refused without waiting for it: nobody may ever write into a pipe, and a device may
 * have no end.
 *
 * @param expected what it should be, for messages, such as `'a PNG or JPEG file'`
 * @throws DinfError FILE_NOT_FOUND; FILE_UNREADABLE (a folder, a pipe, a device, no permission)
 */
export async function openRegular(path: string, expected: string): Promise<RegularFile> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY | WITHOUT_WAITING);
    const status = await handle.stat();
    if (status.isFile()) return {handle, size: status.size};
    const kind = status.isDirectory() ? 'a folder' : status.isFIFO() ? 'a pipe' : 'no regular file';
    throw new DinfError('FILE_UNREADABLE', `Cannot read ${path}: it is ${kind}. Give the path of ${expected}.`);
  } catch (cause) {
    await handle?.close();
    throw cause instanceof DinfError ? cause : unreadableFile(path, cause);
  }
}

/** Without it, opening a pipe waits for who writes into it. Windows has neither. */
const WITHOUT_WAITING = (constants as {O_NONBLOCK?: number}).O_NONBLOCK ?? 0;

/** The path under which a command finds what is piped into it. */
const STANDARD_INPUT = '/dev/stdin';

/**
 * Reads a regular file whole, or what is piped into the process, with our errors.
 * @param expected what it should be, for messages, such as `'a PNG or JPEG file'`
 * @param inspect called with the first 16 bytes (fewer if the file is shorter) and its size before the rest is read; throws to refuse it, so that a
 * film given by mistake is not read to its end
 * @param most bytes of the longest file that is read; default: as many as there is memory
 * @throws DinfError FILE_NOT_FOUND; FILE_UNREADABLE (a folder, a pipe, a device, no permission, longer than `most`); OUT_OF_MEMORY; whatever
 * `inspect` throws
 */
export async function readFileChecked(
  path: string,
  expected: string,
  inspect: (start: Uint8Array, size: number) => void,
  most = Infinity,
): Promise<Uint8Array> {
  if (path === STANDARD_INPUT && isPiped()) return readPiped(path, expected, inspect, Math.min(most, MOST_PIPED));
  const {handle, size} = await openRegular(path, expected);
  try {
    if (size > most) throw tooLong(path, sizeText(size), expected, most);
    const start = await handle.read(new Uint8Array(16), 0, 16, 0);
    inspect(start.buffer.subarray(0, start.bytesRead), size);
    checkRoom(path, size);
    const bytes = new Uint8Array(size);
    return bytes.subarray(0, await fill(handle, bytes, 0));
  } catch (cause) {
    throw cause instanceof DinfError ? cause : unreadableFile(path, cause);
  } finally {
    await handle.close();
  }
}

/**
 * Reads values of a file into memory that is there already.
 *
 * @param position of the first byte in the file
 * @returns how many bytes there were
 */
export async function fill(handle: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  let filled = 0;
  while (filled < bytes.length) {
    const {bytesRead} = await handle.read(bytes, filled, bytes.length - filled, position + filled);
    if (bytesRead === 0) break; // it has been cut meanwhile
    filled += bytesRead;
  }
  return filled;
}

/** Whether a pipe, or the socket that some programs take for one, is standard input. */
function isPiped(): boolean {
  try {
    const status = fstatSync(0);
    return status.isFIFO() || status.isSocket();
  } catch {
    return false; // it was closed
  }
}

/** What is piped in is held in parts and joined, and may not be longer than this. */
const MOST_PIPED = 1 << 30;

async function readPiped(
  path: string,
  expected: string,
  inspect: (start: Uint8Array, size: number) => void,
  most: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of process.stdin as AsyncIterable<Buffer>) {
      parts.push(part);
      size += part.length;
      if (size > most) throw tooLong(path, `more than ${sizeText(most)}`, expected, most);
    }
  } catch (cause) {
    throw cause instanceof DinfError ? cause : unreadableFile(path, cause);
  }
  const bytes = Buffer.concat(parts);
  inspect(bytes.subarray(0, 16), size);
  return bytes;
}

function tooLong(path: string, size: string, expected: string, most: number): DinfError {
  return new DinfError(
    'FILE_UNREADABLE',
    `Cannot read ${path}: it has ${size}, and ${expected} may have ${sizeText(most)}. Give a smaller file.`,
  );
}

/** The error of a file that the system does not let us read: FILE_NOT_FOUND, FILE_UNREADABLE or OUT_OF_MEMORY. */
export function unreadableFile(path: string, cause: unknown): DinfError {
  const code = errorCode(cause);
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new DinfError('FILE_NOT_FOUND', `There is no file ${path}: check the path.`, {cause});
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new DinfError('FILE_UNREADABLE', `Cannot read ${path}: permission denied. Make the file readable for this user.`, {
      cause,
    });
  }
  if (isAllocationFailure(cause)) {
    return new DinfError('OUT_OF_MEMORY', `Cannot read ${path}: it does not fit into memory. Give a smaller file.`, {cause});
  }
  return new DinfError('FILE_UNREADABLE', `Cannot read ${path}: ${errorMessage(cause)}.`, {
    cause,
  });
}
