/*
 * Errors of the system are told by their properties, not by `instanceof`: one made in another context (a sandbox, an embedder) has
 * another class.
 */

/** The code of a system error, such as `ENOENT`; empty for anything else. */
export function errorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** The message of an error, or the thrown value as text. */
export function errorMessage(error: unknown): string {
  const said = typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
  return String(said);
}

/** Whether memory for something was refused. */
export function isAllocationFailure(error: unknown): boolean {
  const refused = ['ERR_FS_FILE_TOO_LARGE', 'ERR_OUT_OF_RANGE', 'ERR_MEMORY_ALLOCATION_FAILED', 'ENOMEM'].includes(
    errorCode(error),
  );
  return refused || /allocation failed|invalid (typed )?array length/i.test(errorMessage(error));
}
