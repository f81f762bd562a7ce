/** What the routes of a service share. */
import {setMaxListeners} from 'node:events';
import type {ServerResponse} from 'node:http';
import type {FastifyInstance, FastifyReply, FastifyRequest} from 'fastify';
import type {SolverPool} from '../pool/pool';
import type {Scheduler} from '../pool/scheduler';
import type {Callers} from './callers';
import type {Failure} from './failures';
import {failureOf} from './failures';
import type {Metrics} from './metrics';
import type {RouteDocument} from './openapi';
import type {ServeSettings} from './serve-options';
import type {Workers} from './workers';

/** One service. */
export interface Service {
  readonly app: FastifyInstance;
  readonly settings: ServeSettings;
  readonly pool: SolverPool;
  /** Of tasks that read problems and solve none: they do not wait behind solves. */
  readonly readers: Scheduler;
  readonly workers: Workers;
  readonly callers: Callers;
  readonly metrics: Metrics;
  /** What the routes say of themselves. */
  readonly documents: RouteDocument[];
  /** Requests whose answers are not out yet. */
  readonly open: Set<ServerResponse>;
  draining: boolean;
}

/** The name of who asks; found before anything of the body is read. */
const CALLER = Symbol('caller');

export function setCaller(request: FastifyRequest, caller: string): void {
  (request as FastifyRequest & {[CALLER]?: string})[CALLER] = caller;
}
export function callerOf(request: FastifyRequest): string {
  return (request as FastifyRequest & {[CALLER]?: string})[CALLER] ?? '';
}

/** Declares a route: what it takes is checked by the schemas that the document shows. */
export function route(
  {app, documents}: Service,
  document: RouteDocument,
  handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>,
): void {
  documents.push(document);
  const {method, url, body, query} = document;
  const json = body?.['application/json'];
  const several = body !== undefined && Object.keys(body).length > 1;
  app.route({
    ...{method, url, handler},
    schema: {
      ...(json !== undefined && (several ? {body: {content: {'application/json': {schema: json}}}} : {body: json})),
      ...(query !== undefined && {querystring: {type: 'object', additionalProperties: false, properties: query}}),
    },
  });
}

/** A signal that is aborted when the client goes away before it has its answer. */
export function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  setMaxListeners(0, gone.signal); // one for each variation of a request
  const leave = (): void => {
    if (!response.writableFinished) gone.abort(new Error('the client has gone'));
  };
  if (response.destroyed) leave();
  else response.once('close', leave);
  return gone.signal;
}

/** What an error is answered with, counted and, where it is ours, logged. */
export function counted({metrics}: Service, request: FastifyRequest, error: unknown): Failure {
  const failure = failureOf(error);
  if (failure.status === 429 || failure.status === 413 || failure.status === 408 || failure.status === 503)
    metrics.refused(failure.code);
  if (failure.ours) request.log.error({err: error}, 'a request failed');
  return failure;
}

export function sendFailure(reply: FastifyReply, {status, code, message, retrySeconds}: Failure): FastifyReply {
  if (retrySeconds !== undefined) void reply.header('retry-after', String(retrySeconds));
  return reply.code(status).type('application/json').send({error: {code, message}});
}

export const errorBody = ({code, message}: Failure): {code: string; message: string} => ({code, message});
