import {lstat, rm, rmdir} from 'node:fs/promises';
import * as path from 'node:path';
import {DinfError} from '../base/errors';
import {checkWritable} from '../files/atomic-write';
import {isInside} from '../files/inside-folder';
import {makeFolder} from '../files/make-folder';

/** The solve's own file among the outputs. */
export const FIELD_FILE = 'field.safetensors';

/** Where a command leaves its files. Opened before the work, so that a folder nobody may write to costs no solve. */
export class OutputFolder {
  /** Files written so far. */
  readonly written: string[] = [];

  private constructor(
    readonly folder: string,
    /** The topmost folder that did not exist before. */
    private readonly created: string | undefined,
  ) {}

  /** @throws FILE_UNWRITABLE when the folder cannot be made or written to. */
  static async open(folder: string): Promise<OutputFolder> {
    let created: string | undefined;
    try {
      created = await makeFolder(folder);
    } catch (cause) {
      throw new DinfError(
        'FILE_UNWRITABLE',
        `cannot write to the folder ${folder}: ${(cause as Error).message}; choose another --out`,
        {cause},
      );
    }
    const output = new OutputFolder(folder, created);
    try {
      await output.keepInside(FIELD_FILE);
      await checkWritable(output.file(FIELD_FILE));
    } catch (error) {
      await output.discard();
      throw error;
    }
    return output;
  }

  file(name: string): string {
    return path.join(this.folder, name);
  }

  /** Lets `write` make the file of this name. */
  async write(name: string, write: (file: string) => Promise<void>): Promise<void> {
    const file = this.file(name);
    await this.keepInside(name);
    await write(file);
    this.written.push(file);
  }

  /** A link that somebody has laid in the folder does not lead what is written out of it: the file takes its place. */
  private async keepInside(name: string): Promise<void> {
    const file = this.file(name);
    const isLink = await lstat(file).then(
      (status) => status.isSymbolicLink(),
      () => false,
    );
    if (isLink && !(await isInside(this.folder, file))) await rm(file);
  }

  /** After a failure: a folder of our own making with half the pictures would look like a result. A saved field is whole, and stays. */
  async discard(): Promise<void> {
    if (this.created === undefined) return;
    const field = this.file(FIELD_FILE);
    for (const file of this.written) if (file !== field) await rm(file, {force: true});
    const top = path.resolve(this.created);
    for (let folder = path.resolve(this.folder); folder.startsWith(top); folder = path.dirname(folder)) {
      try {
        await rmdir(folder);
      } catch {
        return; // it holds a field, or what is not ours
      }
    }
  }
}
