import {randomBytes} from 'node:crypto';
import {rmSync} from 'node:fs';
import {access, constants, open, realpath, rename, rm, stat, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {DinfError} from '../base/errors';
import {errorCode, errorMessage} from './system-error';

/**
 * Writes a file so that whoever looks sees the old contents or all of the new, never a part: a temporary file in the same folder is
 * written, flushed to disk and renamed. On failure the temporary file is removed and the old contents stay. A link is followed, the
 * mode of an existing file is kept, and a pipe or a device, which cannot be renamed over, is written to directly.
 * @param path where to; its folder must exist
 * @param data whole, or its parts one after another; what making them throws leaves no file and is thrown
 * @throws DinfError FILE_UNWRITABLE
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
  if (typeof data !== 'object' || !(Symbol.asyncIterator in data)) {
    await write(path, data);
    return;
  }
  const failures: {error: unknown}[] = [];
  async function* watched(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* parts;
    } catch (error) {
      failures.push({error});
      throw error;
    }
  }
  try {
    await write(path, watched(data));
  } catch (error) {
    throw failures.length > 0 ? failures[0].error : error;
  }
}

/**
 * Finds out whether {@link writeFileAtomic} can write a file, before the work whose result it will hold: a file is made in its folder and
 * removed. A full disk is not found out.
 *
 * @throws DinfError FILE_UNWRITABLE
 */
export async function checkWritable(path: string): Promise<void> {
  try {
    const target = await resolveTarget(path);
    if (target.special) {
      await access(target.path, constants.W_OK);
      return;
    }
    const name = temporaryBeside(target.path);
    await (await open(name, 'wx')).close();
    await rm(name);
  } catch (error) {
    throw error instanceof DinfError ? error : unwritable(path, error);
  }
}

async function write(path: string, data: string | Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
  let temporary: string | undefined;
  try {
    const target = await resolveTarget(path);
    if (target.special) {
      await writeFile(target.path, data);
      return;
    }
    temporary = temporaryBeside(target.path);
    remember(temporary);
    const file = await open(temporary, 'wx');
    try {
      if (target.mode !== undefined) await file.chmod(target.mode);
      await file.writeFile(data as Uint8Array); // its type leaves out the iterables that it takes
      await file.sync(); // without it a power cut could leave the new name with no contents
    } finally {
      await file.close();
    }
    await rename(temporary, target.path);
  } catch (error) {
    if (temporary !== undefined) await rm(temporary, {force: true}).catch(() => undefined);
    throw error instanceof DinfError ? error : unwritable(path, error);
  } finally {
    if (temporary !== undefined) unfinished.delete(temporary);
  }
}

/** Its name does not contain the target's, which may already be as long as the file system allows. */
function temporaryBeside(target: string): string {
  return join(dirname(target), `.dinf-${randomBytes(8).toString('hex')}.tmp`);
}

/** Temporary files that are being written. A process that exits meanwhile takes them with it. */
const unfinished = new Set<string>();
let watching = false;

function remember(name: string): void {
  unfinished.add(name);
  if (watching) return;
  watching = true;
  process.once('exit', () => {
    for (const file of unfinished) rmSync(file, {force: true});
  });
}

interface Target {
  path: string;
  /** Permission bits of the file that is replaced, if there is one. */
  mode?: number;
  /** A pipe or a device. */
  special: boolean;
}

async function resolveTarget(path: string): Promise<Target> {
  let resolved: string;
  try {
    resolved = await realpath(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return {path, special: false}; // new, or its folder is missing, which `open` reports
    throw error;
  }
  const status = await stat(resolved);
  if (status.isDirectory()) {
    throw new DinfError('FILE_UNWRITABLE', `Cannot write ${path}: it is a folder. Give a file name inside it.`);
  }
  return {path: resolved, mode: status.mode & 0o777, special: !status.isFile()};
}

function unwritable(path: string, cause: unknown): DinfError {
  const code = errorCode(cause);
  const reasons: Record<string, string> = {
    ENOENT: `its folder ${dirname(path)} does not exist. Create it first.`,
    ENOTDIR: `a part of its path is a file, not a folder.`,
    EACCES: `permission denied. Choose a folder that you may write to.`,
    EPERM: `permission denied. Choose a folder that you may write to.`,
    EROFS: `the file system is read-only. Choose another folder.`,
    ENOSPC: `the disk is full. Free some space or choose another folder.`,
    ENAMETOOLONG: `the name is too long.`,
  };
  const reason = reasons[code] ?? `${errorMessage(cause)}.`;
  return new DinfError('FILE_UNWRITABLE', `Cannot write ${path}: ${reason}`, {cause});
}
