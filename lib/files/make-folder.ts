import {mkdir, rmdir, stat} from 'node:fs/promises';
import * as path from 'node:path';
import {errorCode} from './system-error';

/**
 * Makes a folder and those above it that are missing. Node's own recursive `mkdir` never ends where a file system answers that a new folder
 * is not there, as /proc does.
 *
 * @returns the topmost folder that was made; undefined where all were there. After a failure nothing is left.
 * @throws an error of the system
 */
export async function makeFolder(folder: string): Promise<string | undefined> {
  const missing: string[] = [];
  for (let at = path.resolve(folder); !(await exists(at)); at = path.dirname(at)) missing.unshift(at);
  const made: string[] = [];
  try {
    for (const one of missing) {
      try {
        await mkdir(one);
        made.unshift(one);
      } catch (error) {
        // Somebody else may have made it meanwhile; a link that leads nowhere is there, too, and is none.
        if (errorCode(error) !== 'EEXIST' || !(await exists(one))) throw error;
      }
    }
  } catch (error) {
    for (const one of made) await rmdir(one).catch(() => undefined);
    throw error;
  }
  return missing[0];
}

async function exists(at: string): Promise<boolean> {
  try {
    await stat(at);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
