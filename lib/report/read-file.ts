import type {FileHandle} from 'node:fs/promises';
import {open} from 'node:fs/promises';
import {DinfError} from '../errors';
import {errorCode, errorMessage, isAllocationFailure} from './system-error';

/**
 * Reads a regular file whole, with our errors.
 * @param expected what it should be, for messages, such as `'a PNG or JPEG file'`
 * @param inspect called with the first 16 bytes (fewer if the file is shorter) and its size before the rest is read; throws to refuse it, so that a
 * film given by mistake is not read to its end
 * @throws DinfError FILE_NOT_FOUND; FILE_UNREADABLE (a folder, a device, no permission); OUT_OF_MEMORY; whatever `inspect` throws
 */
export async function readFileChecked(
  path: string,
  expected: string,
  inspect: (start: Uint8Array, size: number) => void,
): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const status = await file.stat();
    if (!status.isFile()) {
      const kind = status.isDirectory() ? 'a folder' : 'not a regular file';
      throw new DinfError('FILE_UNREADABLE', `Cannot read ${path}: it is ${kind}. Give the path of ${expected}.`);
    }
    const start = await file.read(new Uint8Array(16), 0, 16, 0);
    inspect(start.buffer.subarray(0, start.bytesRead), status.size);
    const bytes = new Uint8Array(status.size);
    let filled = 0;
    while (filled < bytes.length) {
      const {bytesRead} = await file.read(bytes, filled, bytes.length - filled, filled);
      if (bytesRead === 0) break; // it has been cut meanwhile
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } catch (cause) {
    throw cause instanceof DinfError ? cause : unreadableFile(path, cause);
  } finally {
    await file?.close();
  }
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
