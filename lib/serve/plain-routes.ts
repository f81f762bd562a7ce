/** Routes that solve nothing: health, metrics, the document, the systems. */
import {PROBLEMS} from '../problems';
import {EXAMPLES} from './examples';
import {openApiDocument} from './openapi';
import {systemOptions} from './posing';
import * as schemas from './schemas';
import type {Service} from './service';
import {route} from './service';

export function addPlainRoutes(service: Service): void {
  const {metrics, settings} = service;
  const json = 'application/json';
  route(service, {method: 'GET', url: '/healthz', summary: 'Whether the process lives.', answer: {[json]: schemas.STATE}}, () =>
    Promise.resolve({status: 'ok'}),
  );
  route(
    service,
    {
      method: 'GET',
      url: '/readyz',
      summary: 'Whether it takes work: 503 from the begin of a shutdown on.',
      answer: {[json]: schemas.STATE},
      errors: [503],
    },
    // The hook before all routes answers 503.
    () => Promise.resolve({status: 'ready'}),
  );
  route(
    service,
    {method: 'GET', url: '/metrics', summary: 'Metrics for Prometheus.', answer: {'text/plain': undefined}},
    async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()),
  );
  const systems = {
    systems: PROBLEMS.map((one) => ({name: one.name, summary: one.summary, options: systemOptions(one)})),
    examples: EXAMPLES,
  };
  route(
    service,
    {
      method: 'GET',
      url: '/v1/systems',
      summary: 'Problems that are built in, and examples of equations.',
      answer: {[json]: schemas.SYSTEMS},
      errors: [503],
    },
    () => Promise.resolve(systems),
  );
  let document: object | undefined;
  route(
    service,
    {method: 'GET', url: '/openapi.json', summary: 'This document.', answer: {[json]: {type: 'object'}}},
    // All routes are there by the first request.
    () => Promise.resolve((document ??= openApiDocument(service.documents, settings.tokens.length > 0))),
  );
}
