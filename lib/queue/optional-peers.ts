/** Packages that only the queue needs, and that nobody else has to install: loaded when they are used. */
import type * as Aws4Fetch from 'aws4fetch';
import type * as BullMq from 'bullmq';
import type * as IoRedis from 'ioredis';
import {DinfError} from '../base/errors';

/** Where a package is missing that must be installed beside ours. */
async function load<T>(name: string, what: string, packages: string, importer: () => Promise<T>): Promise<T> {
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

/** @throws DinfError UNAVAILABLE saying what to install (rejects) */
export const loadBullMq = (): Promise<typeof BullMq> => load('bullmq', 'the queue', 'bullmq ioredis', () => import('bullmq'));

/** @throws DinfError UNAVAILABLE saying what to install (rejects) */
export const loadIoRedis = (): Promise<typeof IoRedis> => load('ioredis', 'the queue', 'bullmq ioredis', () => import('ioredis'));

/** @throws DinfError UNAVAILABLE saying what to install (rejects) */
export const loadAws4Fetch = (): Promise<typeof Aws4Fetch> =>
  load('aws4fetch', 'a store in S3', 'aws4fetch', () => import('aws4fetch'));
