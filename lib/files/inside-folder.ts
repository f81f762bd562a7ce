import {realpath} from 'node:fs/promises';
import * as path from 'node:path';

/** Whether a path leads to a place in a folder, or to the folder itself, when the links on its way have been followed. */
export async function isInside(folder: string, place: string): Promise<boolean> {
  const inner = path.relative(await resolved(folder), await resolved(place));
  return inner !== '..' && !inner.startsWith(`..${path.sep}`) && !path.isAbsolute(inner);
}

/** Without links, as far as the path exists. */
async function resolved(place: string): Promise<string> {
  const absolute = path.resolve(place);
  for (let at = absolute; ; at = path.dirname(at)) {
    try {
      return path.join(await realpath(at), path.relative(at, absolute));
    } catch (error) {
      if (at === path.dirname(at)) throw error; // the root is there
    }
  }
}
