/** Packages that only some parts need, and that nobody else has to install: loaded when they are used. */
import {DinfError} from './errors';

/**
 * Loads a package that must be installed beside ours.
 *
 * @param what says in the message what needs it.
 * @param packages to install for that.
 * @throws DinfError UNAVAILABLE saying what to install (rejects)
 */
export async function loadOptional<T>(name: string, what: string, packages: string, importer: () => Promise<T>): Promise<T> {
  try {
    return await importer();
  } catch (cause) {
    const {code} = cause as NodeJS.ErrnoException;
    const missing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
    const said = missing ? 'is not installed' : `cannot be loaded (${(cause as Error).message})`;
    throw new DinfError(
      'UNAVAILABLE',
      `${what} needs the package ${name}, which ${said}: npm install ${packages} in your project`,
      {cause},
    );
  }
}
