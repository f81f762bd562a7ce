/** Packages that only the service needs. */
import type * as Fastify from 'fastify';
import type * as Prometheus from 'prom-client';
import {loadOptional} from '../base/optional-package';

const PACKAGES = 'fastify prom-client';

/** @throws DinfError UNAVAILABLE saying what to install (rejects) */
export const loadFastify = (): Promise<typeof Fastify> =>
  loadOptional('fastify', 'the service', PACKAGES, () => import('fastify'));

/** @throws DinfError UNAVAILABLE saying what to install (rejects) */
export const loadPrometheus = (): Promise<typeof Prometheus> =>
  loadOptional('prom-client', 'the service', PACKAGES, () => import('prom-client'));
