/** What the queue asks of a store of objects. */
import {DinfError} from '../base/errors';

/**
 * Bytes by key. A key is a path of names with `/` between them, of letters, digits, `.`, `_` and `-`. An object is seen whole or not at all,
 * whatever becomes of who writes it. Yours may be anything that holds to this.
 */
export interface ObjectStore {
  /** For messages, such as a folder's path. */
  readonly name: string;
  /** The bytes of an object; undefined where there is none. */
  get(key: string): Promise<Uint8Array | undefined>;
  /**
   * Writes an object in place of one that is there.
   *
   * @param options.ifAbsent writes only where there is none: of several at once exactly one succeeds. Default false.
   * @returns whether it was written: false where `ifAbsent` found one.
   */
  put(key: string, bytes: Uint8Array, options?: {readonly ifAbsent?: boolean | undefined}): Promise<boolean>;
  /** Keys that begin with a prefix, sorted. */
  list(prefix: string): Promise<string[]>;
  /** Removes an object; it is no error where there is none. */
  delete(key: string): Promise<void>;
}

const KEY = /^(?!\.)[\w.-]+(\/(?!\.)[\w.-]+)*$/;

/** @throws DinfError INVALID_ARGUMENT for a key that would lead elsewhere. */
export function checkKey(key: string): string {
  if (KEY.test(key) && key.length <= 512) return key;
  throw new DinfError(
    'INVALID_ARGUMENT',
    `${JSON.stringify(key).slice(0, 200)} is no key of a store: names of letters, digits, '.', '_' and '-', none beginning with '.', and '/' between them`,
  );
}
