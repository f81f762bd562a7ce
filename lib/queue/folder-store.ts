/** A store of objects in a folder, of this machine or one that all workers mount. */
import {link, mkdir, readdir, readFile, rm} from 'node:fs/promises';
import * as path from 'node:path';
import {randomBytes} from 'node:crypto';
import {DinfError} from '../base/errors';
import {writeFileAtomic} from '../files/atomic-write';
import {errorCode, errorMessage} from '../files/system-error';
import type {ObjectStore} from './store-interface';
import {checkKey} from './store-interface';

/** Names of files that are being written begin with a dot, which keys must not. */
const isTemporary = (name: string): boolean => name.startsWith('.');

/** Each object is a file. */
export class FolderStore implements ObjectStore {
  private constructor(readonly name: string) {}

  /**
   * @param folder is made where it is missing.
   * @throws DinfError FILE_UNWRITABLE (rejects)
   */
  static async open(folder: string): Promise<FolderStore> {
    const store = new FolderStore(path.resolve(folder));
    await store.makeFolder(store.name);
    return store;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const file = this.fileOf(key);
    try {
      return await readFile(file);
    } catch (cause) {
      if (errorCode(cause) === 'ENOENT' || errorCode(cause) === 'ENOTDIR') return undefined;
      throw new DinfError('FILE_UNREADABLE', `cannot read ${file}: ${errorMessage(cause)}`, {cause});
    }
  }

  async put(key: string, bytes: Uint8Array, {ifAbsent = false}: {ifAbsent?: boolean | undefined} = {}): Promise<boolean> {
    const file = this.fileOf(key);
    await this.makeFolder(path.dirname(file));
    if (!ifAbsent) {
      await writeFileAtomic(file, bytes);
      return true;
    }
    // Whole under a name of its own first: a link to it is made in one step, and only where there is nothing yet.
    const whole = path.join(path.dirname(file), `.new-${randomBytes(8).toString('hex')}`);
    await writeFileAtomic(whole, bytes);
    try {
      await link(whole, file);
      return true;
    } catch (cause) {
      if (errorCode(cause) === 'EEXIST') return false;
      throw new DinfError('FILE_UNWRITABLE', `cannot write ${file}: ${errorMessage(cause)}`, {cause});
    } finally {
      await rm(whole, {force: true}).catch(() => undefined);
    }
  }

  async list(prefix: string): Promise<string[]> {
    // Only the folder that the prefix names is looked through.
    const parent = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    if (parent !== '') checkKey(parent.slice(0, -1));
    const found: string[] = [];
    const walk = async (at: string): Promise<void> => {
      const entries = await readdir(path.join(this.name, at), {withFileTypes: true}).catch((cause: unknown) => {
        if (errorCode(cause) === 'ENOENT') return []; // removed meanwhile, or never made
        throw new DinfError('FILE_UNREADABLE', `cannot list ${this.name}: ${errorMessage(cause)}`, {cause});
      });
      for (const entry of entries) {
        const key = `${at}${entry.name}`;
        if (isTemporary(entry.name)) continue;
        if (entry.isDirectory()) await walk(`${key}/`);
        else if (key.startsWith(prefix)) found.push(key);
      }
    };
    await walk(parent);
    return found.sort();
  }

  async delete(key: string): Promise<void> {
    const file = this.fileOf(key);
    try {
      await rm(file, {force: true});
    } catch (cause) {
      throw new DinfError('FILE_UNWRITABLE', `cannot remove ${file}: ${errorMessage(cause)}`, {cause});
    }
  }

  private fileOf(key: string): string {
    return path.join(this.name, ...checkKey(key).split('/'));
  }

  private async makeFolder(folder: string): Promise<void> {
    try {
      await mkdir(folder, {recursive: true});
    } catch (cause) {
      throw new DinfError('FILE_UNWRITABLE', `cannot make the folder ${folder}: ${errorMessage(cause)}`, {cause});
    }
  }
}
