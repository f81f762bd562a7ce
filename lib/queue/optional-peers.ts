/** Packages that only the queue needs. */
import type * as Aws4Fetch from 'aws4fetch';
import type * as BullMq from 'bullmq';
import type * as IoRedis from 'ioredis';
import {loadOptional} from '../base/optional-package';

/** @throws DinfError UNAVAILABLE saying what to install (rejects) */
export const loadBullMq = (): Promise<typeof BullMq> =>
  loadOptional('bullmq', 'the queue', 'bullmq ioredis', () => import('bullmq'));

/** @throws DinfError UNAVAILABLE saying what to install (rejects) */
export const loadIoRedis = (): Promise<typeof IoRedis> =>
  loadOptional('ioredis', 'the queue', 'bullmq ioredis', () => import('ioredis'));

/** @throws DinfError UNAVAILABLE saying what to install (rejects) */
export const loadAws4Fetch = (): Promise<typeof Aws4Fetch> =>
  loadOptional('aws4fetch', 'a store in S3', 'aws4fetch', () => import('aws4fetch'));
