/** `POST /v1/solve` and `/v1/describe`: a task for the threads, and its answer as JSON, as an array, or as events. */
import type {FastifyReply, FastifyRequest} from 'fastify';
import {problemTexts} from '../equation/problem-file';
import {EventStream} from './events';
import {refuseFiles} from './posing';
import * as schemas from './schemas';
import type {Service} from './service';
import {callerOf, counted, errorBody, goneSignal, route} from './service';
import type {Answer, SolveTask, Subject, Told} from './tasks';

/** Bytes that reading a problem takes, about. */
export const READING_BYTES = 2 ** 20;

interface SolveBody extends Subject, Pick<SolveTask, 'grid' | 'expressions' | 'dtype' | 'seed'> {
  readonly maxSeconds?: number;
}

type Format = 'json' | 'npy' | 'events';

/** What a client takes; JSON where it does not say. */
export function formatOf(accept: string | undefined): Format {
  if (accept?.includes('text/event-stream') === true) return 'events';
  return accept?.includes('application/x-npy') === true ? 'npy' : 'json';
}

export function addSolveRoutes(service: Service): void {
  route(
    service,
    {
      method: 'POST',
      url: '/v1/describe',
      summary: 'What a problem says of itself; nothing is solved.',
      body: {'application/json': schemas.DESCRIBE_BODY},
      answer: {'application/json': schemas.DESCRIPTION},
      errors: [400, 413, 415, 422, 429, 503],
    },
    (request, reply) => describe(service, request, reply),
  );
  route(
    service,
    {
      method: 'POST',
      url: '/v1/solve',
      summary: 'Solves a problem. A client that disconnects cancels it.',
      body: {'application/json': schemas.SOLVE_BODY},
      answer: {'application/json': schemas.SOLUTION, 'application/x-npy': undefined, 'text/event-stream': schemas.EVENT_STREAM},
      errors: [400, 408, 413, 415, 422, 429, 503],
    },
    (request, reply) => solve(service, request, reply),
  );
}

/** The readers of problem files say more of what is wrong than a schema does. */
export function checkSubject(body: unknown): void {
  const {problem} = (body ?? {}) as {problem?: unknown};
  if (typeof problem !== 'object' || problem === null || Array.isArray(problem)) return;
  refuseFiles(problem as Record<string, unknown>);
  problemTexts(problem, 'problem');
}

async function describe({readers, workers}: Service, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const {problem, system} = request.body as Subject;
  const signal = goneSignal(reply.raw);
  const job = {caller: callerOf(request), priority: 0, bytes: READING_BYTES, maxSeconds: Infinity, signal};
  const {body} = await readers.submit(job, (grant) => workers.run({kind: 'describe', problem, system}, grant));
  return reply.type('application/json').send(Buffer.from(body.buffer));
}

async function solve(service: Service, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const format = formatOf(request.headers.accept);
  if (format === 'events') return stream(service, request, reply);
  const {body, head} = await perform(service, request, reply, format, {});
  if (head !== undefined) void reply.header('dinf-solution', head);
  return reply.type(format === 'npy' ? 'application/x-npy' : 'application/json').send(Buffer.from(body.buffer));
}

async function stream(service: Service, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const events = new EventStream(reply.raw);
  const state = {begun: false};
  try {
    const {body} = await perform(service, request, reply, 'json', {
      onAccepted: (position) => {
        state.begun = true;
        reply.hijack();
        events.send('accepted', {id: request.id, position});
      },
      onStarted: () => {
        events.send('started', {});
      },
      onProgress: (progress) => {
        events.offer('progress', {...progress, fraction: fractionOf(progress)});
      },
      onField: (json) => {
        events.offerJson('field', json);
      },
    });
    events.write('solution', body);
  } catch (error) {
    if (!state.begun) throw error;
    events.send('error', errorBody(counted(service, request, error)));
  }
  events.end();
}

const fractionOf = ({iteration, iterations}: Told): number => (iterations > 0 ? Math.min(1, iteration / iterations) : 0);

interface Hooks {
  /** Its place in the queue is its own. */
  readonly onAccepted?: (position: number) => void;
  readonly onStarted?: () => void;
  readonly onProgress?: (progress: Told) => void;
  readonly onField?: (json: Uint8Array) => void;
}

async function perform(
  {pool, workers, settings, metrics}: Service,
  request: FastifyRequest,
  reply: FastifyReply,
  format: 'json' | 'npy',
  {onAccepted, onStarted, onProgress, onField}: Hooks,
): Promise<Answer> {
  const body = request.body as SolveBody;
  const maxSeconds = Math.min(body.maxSeconds ?? Infinity, settings.maxSeconds);
  const {maxMemory, maxUnknowns, maxSamples, maxValues} = settings;
  const task: Omit<SolveTask, 'threads'> = {
    ...{problem: body.problem, system: body.system, grid: body.grid, expressions: body.expressions},
    ...{dtype: body.dtype, seed: body.seed, maxSeconds, format, bytes: maxMemory, kind: 'solve'},
    previews: onField !== undefined,
    states: settings.checkpoints,
    limits: {unknowns: maxUnknowns, samples: maxSamples, values: maxValues},
  };
  const signal = goneSignal(reply.raw);
  const {scheduler} = pool;
  const caller = callerOf(request);
  // A full queue is said with a status, before the stream of events begins.
  scheduler.hold(caller, signal)();
  const job = {caller, priority: 0, bytes: maxMemory, maxSeconds, signal};
  const submitted = performance.now();
  const running = scheduler.submit(job, (grant) => {
    metrics.waited((performance.now() - submitted) / 1000);
    const note = (): string | undefined =>
      grant.late()
        ? `it was ended after the ${maxSeconds} s that it may take`
        : signal.aborted
          ? undefined
          : 'it was ended because the service is shutting down';
    // Nobody comes back for what its own time has ended, or has left.
    const keep = (): boolean => !grant.late() && !signal.aborted;
    const began = performance.now();
    return workers
      .run({...task, threads: grant.threads}, {signal: grant.signal, note, keep, onProgress, onField, onPosed: onStarted})
      .finally(() => {
        metrics.ran((performance.now() - began) / 1000);
      });
  });
  running.catch(() => undefined);
  onAccepted?.(scheduler.counts.waiting);
  return running;
}
