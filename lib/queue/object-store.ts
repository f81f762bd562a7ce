/** Where results and checkpoints lie: bytes by their keys, seen by all workers. */
import {DinfError} from '../base/errors';
import {checkName} from '../base/options';
import {FolderStore} from './folder-store';
import {S3Store} from './s3-store';
import type {ObjectStore} from './store-interface';

/**
 * A store by its place.
 *
 * @param place a folder, which is made where it is missing, or `s3://bucket/prefix`; how S3 is reached stands in the environment, as for
 *   other clients: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`, `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`.
 * @throws DinfError INVALID_ARGUMENT for a place that is none, or keys that are missing; FILE_UNWRITABLE for a folder that cannot be
 *   made; UNAVAILABLE where `aws4fetch` is not installed (rejects)
 */
export async function openStore(place: string): Promise<ObjectStore> {
  const text = checkName(place, 'openStore: place');
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(text)?.[1];
  if (scheme === undefined) return FolderStore.open(text);
  if (scheme.toLowerCase() === 's3') return S3Store.open(text);
  throw new DinfError('INVALID_ARGUMENT', `openStore: ${text} is neither a folder nor s3://bucket/prefix`);
}
