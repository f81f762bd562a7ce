import {mkdtempSync, readdirSync, rmSync} from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

/**
 * A folder for the tests of the file or `describe` that calls this, removed after them.
 *
 * @param contents how long files in it live: for one `test` (default), so that each begins with an empty folder, or as long as the folder.
 * @returns its path; it is there at once.
 */
export function temporaryFolder(contents: 'test' | 'folder' = 'test'): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'dinf-test-'));
  if (contents === 'test') {
    afterEach(() => {
      for (const name of readdirSync(folder)) rmSync(path.join(folder, name), {recursive: true, force: true});
    });
  }
  afterAll(() => {
    rmSync(folder, {recursive: true, force: true});
  });
  return folder;
}
