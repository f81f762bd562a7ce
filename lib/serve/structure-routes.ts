/** `/v1/structures`: a problem is sent once, and solved for any number of data, as JSON or as arrays. */
import {setImmediate as turn} from 'node:timers/promises';
import type {FastifyReply, FastifyRequest} from 'fastify';
import {DinfError} from '../base/errors';
import {decodeNpy, npyBytes, npyHeader} from '../files/npy';
import type {Variation} from '../many/variation';
import type {VariationSolution} from '../many/variation-solution';
import {sampleCount} from '../pose/problem-spec';
import {formatOf, READING_BYTES} from './solve-route';
import * as schemas from './schemas';
import type {Service} from './service';
import {callerOf, goneSignal, route} from './service';
import type {PosedStructure, StructureBody} from './structure-task';
import type {Registered, Structures} from './structures';
import type {SizeLimits} from './tasks';

const NPY = 'application/x-npy';
const JSON_TYPE = 'application/json';

/** Solutions that are written as JSON before others have their turn. */
const AT_ONCE = 16;

interface Params {
  readonly id: string;
}

export function addStructureRoutes(service: Service, structures: Structures): void {
  const {settings, app} = service;
  app.addContentTypeParser(NPY, {parseAs: 'buffer', bodyLimit: settings.maxBody}, (_, body, done) => {
    done(null, body);
  });
  route(
    service,
    {
      method: 'POST',
      url: '/v1/structures',
      summary: 'Registers a problem whose data and uniforms come later.',
      body: {[JSON_TYPE]: schemas.STRUCTURE_BODY},
      answer: {[JSON_TYPE]: schemas.STRUCTURE},
      status: 201,
      errors: [400, 413, 415, 422, 429, 503],
    },
    async (request, reply) => {
      const added = await register(service, structures, request, reply);
      return reply.code(201).send(described(added, settings.structureSeconds));
    },
  );
  route(
    service,
    {
      method: 'DELETE',
      url: '/v1/structures/:id',
      summary: 'Forgets a structure.',
      answer: {[JSON_TYPE]: schemas.STATE},
      errors: [404, 503],
    },
    (request) => {
      structures.delete((request.params as Params).id, callerOf(request));
      return Promise.resolve({status: 'deleted'});
    },
  );
  route(
    service,
    {
      method: 'POST',
      url: '/v1/structures/:id/solve',
      summary:
        'Solves variations of a structure. As an array: one row of values a variation, of the channel that the query names, which may be left out where there is one.',
      body: {[JSON_TYPE]: schemas.VARIATIONS_BODY, [NPY]: undefined},
      answer: {[JSON_TYPE]: schemas.VARIATIONS, [NPY]: undefined},
      query: {term: {type: 'string', maxLength: 200}, channel: {type: 'string', maxLength: 200}},
      errors: [400, 404, 408, 413, 415, 422, 429, 503],
    },
    (request, reply) => solve(service, structures, request, reply),
  );
}

/** Its texts are read and compiled where those of other problems are: whatever they say, requests are answered meanwhile. */
function register(
  {readers, workers}: Service,
  structures: Structures,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Registered> {
  const body = request.body as StructureBody;
  const caller = callerOf(request);
  const job = {caller, priority: 0, bytes: READING_BYTES, maxSeconds: Infinity, signal: goneSignal(reply.raw)};
  const pose = (limits: SizeLimits): Promise<PosedStructure> =>
    readers.submit(job, (grant) => workers.run({kind: 'structure', body, limits}, grant));
  return structures.add(pose, body, caller);
}

function described({id, posed, grid, expressions}: Registered, expiresSeconds: number): object {
  const {terms, uniforms} = posed.spec;
  return {
    ...{id, grid, expressions, expiresSeconds},
    terms: terms.map(({name, samples, data}) => ({name, samples: sampleCount(samples, posed.spec), channels: Object.keys(data)})),
    uniforms: Object.keys(uniforms),
  };
}

async function solve(service: Service, structures: Structures, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const {settings} = service;
  const caller = callerOf(request);
  const registered = structures.get((request.params as Params).id, caller);
  const {grid, expressions} = registered;
  const variations = Buffer.isBuffer(request.body)
    ? rowsOf(request.body, registered, request.query as {term?: string; channel?: string})
    : (request.body as {variations: Variation[]}).variations;
  if (variations.length > settings.maxVariations) {
    throw new DinfError(
      'OUT_OF_MEMORY',
      `${variations.length} variations are more than the ${settings.maxVariations} that this service takes`,
    );
  }
  const each = grid.reduce((product, n) => product * n, expressions.length);
  if (each * variations.length > settings.maxValues) {
    throw new DinfError(
      'OUT_OF_MEMORY',
      `${each * variations.length} values of the answer are more than the ${settings.maxValues} that this service takes: send fewer variations at a time`,
    );
  }
  const signal = goneSignal(reply.raw);
  const solutions = await solved(service, registered, variations, caller, signal);
  const accept = request.headers.accept ?? (Buffer.isBuffer(request.body) ? NPY : undefined);
  const npy = formatOf(accept) === 'npy' || (accept === '*/*' && Buffer.isBuffer(request.body));
  if (npy) return reply.type(NPY).send(arrayOf(solutions, registered));
  return reply.type(JSON_TYPE).send(await jsonOf(solutions));
}

function solved(
  {pool, settings}: Service,
  {posed, options}: Registered,
  variations: readonly Variation[],
  caller: string,
  signal: AbortSignal,
): Promise<readonly VariationSolution[]> {
  return pool.varyTogether(posed, variations, {...options, caller, signal, maxSeconds: settings.maxSeconds});
}

/** Rows of an array as variations: each is the values of one channel. */
function rowsOf(body: Buffer, {posed}: Registered, {term, channel}: {term?: string; channel?: string}): Variation[] {
  const {data, shape} = decodeNpy(body, 'the body');
  const channels = posed.spec.terms.flatMap((one) =>
    Object.entries(one.data).map(([name, {length}]) => ({term: one.name, channel: name, length})),
  );
  const fitting = channels.filter(
    (one) => (term === undefined || one.term === term) && (channel === undefined || one.channel === channel),
  );
  const list = channels.map((one) => `?term=${one.term}&channel=${one.channel}`).join(' or ') || 'none';
  if (fitting.length !== 1) throw new DinfError('INVALID_ARGUMENT', `say which channel the array holds: ${list}`);
  const [chosen] = fitting;
  if (shape.length !== 2 || shape[1] !== chosen.length || shape[0] < 1) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `the array has the shape (${shape.join(', ')}): it must be (variations, ${chosen.length}), the samples of ${chosen.term}`,
    );
  }
  return Array.from({length: shape[0]}, (_, i) => ({
    data: {[chosen.term]: {[chosen.channel]: data.subarray(i * shape[1], (i + 1) * shape[1])}},
  }));
}

/** (variations, points) of one expression, (variations, expressions, points) of several. */
function arrayOf(solutions: readonly VariationSolution[], {grid, expressions}: Registered): Buffer {
  const points = grid.reduce((product, n) => product * n, 1);
  const all = new Float64Array(solutions.length * expressions.length * points);
  solutions.forEach(({values}, i) => {
    expressions.forEach((name, e) => {
      const at = (i * expressions.length + e) * points;
      // What was not found is no number.
      if (values?.[name]?.length === points) all.set(values[name], at);
      else all.fill(NaN, at, at + points);
    });
  });
  const shape = expressions.length === 1 ? [solutions.length, points] : [solutions.length, expressions.length, points];
  return Buffer.concat([npyHeader(shape, 'float64'), npyBytes(all)]);
}

/** Written piece by piece: numbers as text take longer than the solves. */
async function jsonOf(solutions: readonly VariationSolution[]): Promise<string> {
  const parts: string[] = [];
  for (const [i, {stopReason, loss, iterations, values}] of solutions.entries()) {
    if (i % AT_ONCE === AT_ONCE - 1) await turn();
    const lists = Object.fromEntries(Object.entries(values ?? {}).map(([name, list]) => [name, Array.from(list)]));
    parts.push(JSON.stringify({stopReason, loss, iterations, values: lists}));
  }
  return `{"solutions":[${parts.join(',')}]}`;
}
