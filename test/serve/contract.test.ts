/** The service keeps to what its own document says: every route, every answer of these tests, every error. */
import Ajv2020 from 'ajv/dist/2020';
import {DEAR, eventsOf, HEAT, npyOf, serving, STRUCTURE} from './support';
import type {Answered} from './support';

const TOKEN = 'a-token-of-a-test';
const AUTH = {authorization: `Bearer ${TOKEN}`};
const service = serving({tokens: ['another-one', TOKEN], maxJson: 200_000, maxUnknowns: 20_000, maxPoseSeconds: 0.8});

interface Operation {
  readonly requestBody?: {readonly content: Readonly<Record<string, {schema?: object}>>};
  readonly responses: Readonly<Record<string, {content: Readonly<Record<string, {schema?: object}>>}>>;
}
let document: {openapi: string; paths: Record<string, Record<string, Operation>>; components: {schemas: {Error: object}}};
const ajv = new Ajv2020({strict: false, allErrors: true});
/** Routes with the statuses that were seen of them. */
const seen = new Map<string, Set<number>>();
const seenEvents = new Set<string>();

beforeAll(async () => {
  document = (await service.get('/openapi.json')).json as unknown as typeof document;
});

/** Holds an answer to the document. */
function hold(method: string, path: string, {status, headers, json, text}: Answered): void {
  const operation = document.paths[path][method] as Operation | undefined;
  if (operation === undefined) throw new Error(`the document has no ${method} ${path}`);
  seen.set(`${method} ${path}`, (seen.get(`${method} ${path}`) ?? new Set()).add(status));
  const said = operation.responses[status] as Operation['responses'][string] | undefined;
  if (said === undefined)
    throw new Error(`${method} ${path} answered ${status}, which is not in the document: ${text.slice(0, 300)}`);
  const type = headers.get('content-type')!.split(';')[0];
  expect(Object.keys(said.content)).toContain(type);
  const {schema} = said.content[type];
  if (schema === undefined) return;
  if (type === 'text/event-stream') {
    holdEvents(schema as {'x-events': Record<string, object>}, text);
    return;
  }
  const whole = '$ref' in schema ? document.components.schemas.Error : schema;
  const valid = ajv.validate(whole, json);
  if (!valid) throw new Error(`${method} ${path} ${status}: ${ajv.errorsText()}: ${text.slice(0, 300)}`);
}

/** Every event of a stream, to the schema of its name. */
function holdEvents({'x-events': schemas}: {readonly 'x-events': Readonly<Record<string, object>>}, text: string): void {
  for (const {event, data} of eventsOf(text)) {
    expect(Object.keys(schemas)).toContain(event);
    seenEvents.add(event);
    if (!ajv.validate(schemas[event], data))
      throw new Error(`event ${event}: ${ajv.errorsText()}: ${JSON.stringify(data).slice(0, 300)}`);
  }
}

const post = async (path: string, body: unknown, headers: Record<string, string> = AUTH): Promise<Answered> => {
  const answered = await service.post(path, body, headers);
  hold('post', path, answered);
  return answered;
};
const get = async (path: string, headers: Record<string, string> = AUTH): Promise<Answered> => {
  const answered = await service.get(path, headers);
  hold('get', path, answered);
  return answered;
};

describe('the OpenAPI document', () => {
  it('is one of OpenAPI 3.1 whose schemas compile', () => {
    expect(document.openapi).toBe('3.1.0');
    for (const operations of Object.values(document.paths))
      for (const {requestBody, responses} of Object.values(operations)) {
        for (const {schema} of Object.values(requestBody?.content ?? {})) if (schema !== undefined) ajv.compile(schema);
        for (const {content} of Object.values(responses))
          for (const {schema} of Object.values(content)) if (schema !== undefined && !('$ref' in schema)) ajv.compile(schema);
      }
  });

  it('describes what is answered without a token', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json']) expect((await get(path, {})).status).toBe(200);
    for (const headers of [{}, {authorization: 'Bearer wrong'}, {authorization: `Basic ${TOKEN}`}] as Record<string, string>[]) {
      const {status, json} = await get('/v1/systems', headers);
      expect([status, json.error!.code]).toEqual([401, 'UNAUTHORIZED']);
    }
    expect((await post('/v1/solve', {problem: HEAT}, {})).status).toBe(401);
  });

  it('describes systems and examples, all of which can be read and solved', async () => {
    const {json} = await get('/v1/systems');
    const {examples, systems} = json as unknown as {examples: {title: string; problem: object}[]; systems: {name: string}[]};
    expect(systems.map(({name}) => name)).toContain('helmholtz');
    for (const {problem, title} of examples) {
      const {json: solved} = await post('/v1/solve', {problem});
      expect({title, met: solved.met}).toEqual({title, met: true});
    }
  }, 120_000);

  it('describes solutions of each kind', async () => {
    expect((await post('/v1/describe', {problem: HEAT})).status).toBe(200);
    expect((await post('/v1/describe', {system: {name: 'plate'}})).status).toBe(200);
    expect((await post('/v1/solve', {problem: HEAT, grid: [4, 4]})).status).toBe(200);
    expect((await post('/v1/solve', {system: {name: 'heat'}, grid: [4, 4]})).status).toBe(200);
    expect((await post('/v1/solve', {problem: HEAT, grid: [4, 4]}, {...AUTH, accept: 'application/x-npy'})).status).toBe(200);
    expect((await post('/v1/solve', {problem: HEAT, grid: [4, 4]}, {...AUTH, accept: 'text/event-stream'})).status).toBe(200);
    const events = {...AUTH, accept: 'text/event-stream'};
    expect((await post('/v1/solve', {problem: HEAT, grid: [4, 4], expressions: ['u', 'q']}, events)).status).toBe(200);
    expect(Array.from(seenEvents).sort()).toEqual(['accepted', 'error', 'field', 'progress', 'solution', 'started']);
    // What no number is is null.
    const singular = {...HEAT, domain: {t: [0, 1], x: [0, 1]}};
    const {json} = await post('/v1/solve', {problem: singular, grid: [2, 2], expressions: ['1/x', 'log(-1 - x)']});
    expect(Object.values(json.values as Record<string, unknown[]>).flat()).toContain(null);
  });

  it.each<[number, string, unknown, Record<string, string>?]>([
    [400, 'no JSON', '{"problem": '],
    [400, 'one key too many', {problem: HEAT, more: 1}],
    [400, 'an equation that ends early', {problem: {...HEAT, equation: 'u_t = ('}}],
    [400, 'a grid of other coordinates', {problem: HEAT, grid: [1, 2, 3]}],
    [400, 'a grid without points', {problem: HEAT, grid: [0, 2]}],
    [400, 'an expression that ends early', {problem: HEAT, expressions: ['sin(']}],
    [400, 'a type that is none', {problem: HEAT, dtype: 'float16'}],
    [400, 'a system that is none', {system: {name: 'nothing'}}],
    [400, 'nothing to solve', {}],
    [400, 'two things to solve', {problem: HEAT, system: {name: 'heat'}}],
    [413, 'a long body', {problem: {...HEAT, equation: `u_t = ${'u + '.repeat(60_000)}u`}}],
    [413, 'many cells', {problem: {...HEAT, resolution: 1000}}],
    [413, 'many points', {problem: HEAT, grid: [100_000, 100_000]}],
    [415, 'another type', 'problem: heat', {'content-type': 'application/yaml'}],
    [422, 'a text that takes long to read', {problem: {...HEAT, equation: DEAR}}],
  ])('answers %i to %s', async (expected, _, body, headers = {}) => {
    const {status, json} = await post('/v1/solve', body, {...AUTH, ...headers});
    expect({status, json}).toMatchObject({status: expected, json: {error: {message: expect.any(String) as string}}});
  });

  it('describes structures and their solutions', async () => {
    const {json} = await post('/v1/structures', STRUCTURE);
    const id = json.id as string;
    const path = '/v1/structures/{id}/solve';
    const solve = async (body: unknown, headers: Record<string, string>): Promise<number> => {
      const answered = await service.post(`/v1/structures/${id}/solve`, body, {...AUTH, ...headers});
      hold('post', path, answered);
      return answered.status;
    };
    const row = Array<number>(48).fill(-2);
    const npy = {'content-type': 'application/x-npy'};
    expect(await solve({variations: [{data: {inside: {f: row}}}]}, {})).toBe(200);
    expect(await solve(npyOf([row]), npy)).toBe(200);
    expect(await solve(npyOf([row]), {...npy, accept: 'application/json'})).toBe(200);
    expect(await solve(npyOf([[1]]), npy)).toBe(400);
    for (const status of [200, 404]) {
      const response = await fetch(`${service.url}/v1/structures/${id}`, {method: 'DELETE', headers: AUTH});
      const text = await response.text();
      hold('delete', '/v1/structures/{id}', {
        status: response.status,
        headers: response.headers,
        text,
        json: JSON.parse(text) as Answered['json'],
      });
      expect(response.status).toBe(status);
    }
  });

  it('says what it has not', async () => {
    const {status, json} = await service.get('/v1/nothing', AUTH);
    expect(status).toBe(404);
    expect(ajv.validate(document.components.schemas.Error, json)).toBe(true);
  });

  it('was held to all of its routes', () => {
    const all = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    expect(Array.from(seen.keys()).sort()).toEqual(all.sort());
  });
});
