/** The HTTP service: fastify, the routes, and an orderly end. */
import {randomUUID} from 'node:crypto';
import type {AddressInfo} from 'node:net';
import * as path from 'node:path';
import type * as Fastify from 'fastify';
import type {FastifyInstance} from 'fastify';
import {packageFolder} from '../base/binary';
import {DinfError} from '../base/errors';
import {SolverPool} from '../pool/pool';
import {Scheduler} from '../pool/scheduler';
import {Callers} from './callers';
import {Refusal} from './failures';
import {Metrics} from './metrics';
import {loadFastify, loadPrometheus} from './optional-peers';
import {addPage} from './page';
import {addPlainRoutes} from './plain-routes';
import {prepareFolder} from './saved-states';
import type {ServeOptions, ServeSettings} from './serve-options';
import {serveSettings} from './serve-options';
import type {Service} from './service';
import {counted, sendFailure, setCaller} from './service';
import {addSolveRoutes, checkSubject} from './solve-route';
import {addStructureRoutes} from './structure-routes';
import {Structures} from './structures';
import {Workers} from './workers';

/** A service that can listen. */
export interface DinfServer {
  /** Listens, and says where: `http://127.0.0.1:8080`. Default a free port of 127.0.0.1. */
  listen(options?: {host?: string | undefined; port?: number | undefined}): Promise<string>;
  /**
   * Ends in order: new work and `/readyz` are answered 503, solves have `drainSeconds`, then are ended and answered with what they have; then
   * nothing listens any more.
   */
  close(): Promise<void>;
}

/** Seconds that the last answers have to go out. */
const LAST_SECONDS = 5;
/** Tasks that only read, at once and waiting. */
const READERS = {threads: 1, memory: Infinity, queue: 64, queuePerCaller: 8};

/**
 * Makes a service that solves what clients send: see docs/serve.md.
 *
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION; FILE_UNWRITABLE for `checkpoints`; UNAVAILABLE where fastify and prom-client are not installed, which are optional (rejects)
 */
export async function createServer(options: ServeOptions = {}): Promise<DinfServer> {
  const settings = serveSettings(options, path.join(packageFolder(), 'page'));
  if (settings.checkpoints !== undefined) await prepareFolder(settings.checkpoints);
  const [{fastify}, prometheus] = await Promise.all([loadFastify(), loadPrometheus()]);
  const {threads, memory, queue, queuePerCaller} = settings;
  const pool = new SolverPool({threads, memory, queue, queuePerCaller});
  const structures = new Structures({
    unknowns: settings.maxUnknowns,
    samples: settings.maxSamples,
    values: settings.maxValues,
    structures: settings.maxStructures,
    seconds: settings.structureSeconds,
  });
  const service: Service = {
    ...{settings, pool, app: appOf(fastify, settings)},
    readers: new Scheduler(READERS),
    workers: new Workers(settings.maxPoseSeconds),
    callers: new Callers(settings.tokens),
    metrics: new Metrics(prometheus, () => ({...pool.stats(), structures: structures.size})),
    documents: [],
    open: new Set(),
    draining: false,
  };
  const {app} = service;
  pool.onBatch = (size) => {
    service.metrics.batched(size);
  };
  addHooks(service);
  addPlainRoutes(service);
  addSolveRoutes(service);
  addStructureRoutes(service, structures);
  addPage(service, settings.page);
  await app.ready();
  app.server.maxConnections = settings.maxConnections;
  return {
    listen: async ({host = '127.0.0.1', port = 0} = {}) => {
      await app.listen({host, port});
      const {address, port: chosen, family} = app.server.address() as AddressInfo;
      return `http://${family === 'IPv6' ? `[${address}]` : address}:${chosen}`;
    },
    close: () => close(service),
  };
}

function appOf(fastify: typeof Fastify.fastify, {logLevel, maxJson, trustProxy}: ServeSettings): FastifyInstance {
  return fastify({
    logger: logLevel === 'silent' ? false : {level: logLevel, serializers: {req: requestLine}},
    genReqId: () => randomUUID(),
    bodyLimit: maxJson,
    trustProxy,
    requestTimeout: 60_000, // of sending a request; an answer may take as long as a solve
    routerOptions: {maxParamLength: 100},
    return503OnClosing: false, // the hook says it with our own words
    forceCloseConnections: 'idle',
    ajv: {customOptions: {removeAdditional: false, coerceTypes: false, useDefaults: false, allErrors: false, strict: false}},
  });
}

/** What the log says of a request: neither its body, nor its headers, nor what stands after a question mark. */
const requestLine = ({method, url, ip}: {method: string; url: string; ip: string}): Record<string, string> => ({
  ...{method, url: url.split('?', 1)[0].slice(0, 200)},
  remoteAddress: ip,
});

function addHooks(service: Service): void {
  const {app, callers, metrics, open} = service;
  app.addHook('onRequest', async (request, reply) => {
    const {url = 'none'} = request.routeOptions;
    open.add(reply.raw);
    reply.raw.once('close', () => {
      open.delete(reply.raw);
      metrics.answered(url, reply.raw.writableFinished ? reply.raw.statusCode : 499);
    });
    void reply.header('x-request-id', request.id);
    const work = url.startsWith('/v1/');
    if (service.draining && (work || url === '/readyz')) {
      void reply.header('connection', 'close');
      void reply.header('retry-after', '5');
      throw new Refusal(503, 'SHUTTING_DOWN', 'the service is shutting down: ask another one, or later');
    }
    if (work) setCaller(request, callers.nameOf(request.headers.authorization, request.ip));
  });
  app.setErrorHandler((error, request, reply) => {
    const failure = counted(service, request, better(error, request.body));
    return sendFailure(reply, failure);
  });
  app.setNotFoundHandler((request, reply) =>
    sendFailure(reply, counted(service, request, new Refusal(404, 'NOT_FOUND', 'there is nothing here: see /openapi.json'))),
  );
}

/** What the readers of problems say of a body that its schema refuses: more than the schema does. */
function better(error: unknown, body: unknown): unknown {
  const {validation} = error as {validation?: readonly {keyword?: string}[]};
  if (validation === undefined) return error;
  try {
    checkSubject(body);
  } catch (said) {
    if (said instanceof DinfError) return said;
  }
  if (validation[0]?.keyword === 'oneOf') return new Refusal(400, 'INVALID_ARGUMENT', 'give either problem or system');
  return error;
}

async function close(service: Service): Promise<void> {
  const {app, pool, readers, workers, settings, metrics, open} = service;
  service.draining = true;
  await within(settings.drainSeconds, Promise.all([pool.close({drain: true}), readers.close(true)]));
  await Promise.all([pool.close(), readers.close(false)]);
  await within(LAST_SECONDS, allOut(open));
  await workers.close();
  metrics.stop();
  app.server.closeIdleConnections();
  const closed = app.close();
  await within(1, closed);
  app.server.closeAllConnections();
  await closed;
}

/** Waits for something, but no longer than that. */
async function within(seconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => (timer = setTimeout(resolve, seconds * 1000)));
  await Promise.race([work, over]);
  clearTimeout(timer);
}

/** Until all answers are out that are under way now. */
async function allOut(
  open: ReadonlySet<{readonly closed: boolean; once(event: 'close', listener: () => void): unknown}>,
): Promise<void> {
  const waiting = Array.from(open).filter(({closed}) => !closed);
  await Promise.all(waiting.map((response) => new Promise<void>((resolve) => response.once('close', resolve))));
}
