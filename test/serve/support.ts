import {npyBytes, npyHeader} from '../../lib/files/npy';
import type {DinfServer} from '../../lib/api/serve';
import {createServer} from '../../lib/api/serve';
import type {ServeOptions} from '../../lib/api/serve';

export const HEAT = {
  equation: 'u_t = 0.1*u_xx',
  domain: {t: [0, 1], x: [0, 1]},
  where: ['t=0: u=sin(pi*x)', 'x=0|x=1: u=0'],
};
/** Adam goes on for hours, and has something to keep from the first iteration on. */
export const ENDLESS = {...HEAT, optimizer: 'adam', iterations: 1e8};

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Record<string, unknown> & {error?: {code: string; message: string}};
}

/** A service that listens, with what tests ask of it; it ends after the tests of the file or `describe`. */
export function serving(options: ServeOptions = {}): {
  url: string;
  server: DinfServer;
  post(path: string, body: unknown, headers?: Record<string, string>, signal?: AbortSignal): Promise<Answered>;
  get(path: string, headers?: Record<string, string>): Promise<Answered>;
  metric(name: string): Promise<number>;
} {
  const answered = async (response: Response): Promise<Answered> => {
    const text = await response.text();
    const json = (response.headers.get('content-type') ?? '').includes('json') ? (JSON.parse(text) as Answered['json']) : {};
    return {status: response.status, headers: response.headers, text, json};
  };
  const service = {
    url: '',
    server: undefined as unknown as DinfServer,
    post: async (path: string, body: unknown, headers: Record<string, string> = {}, signal?: AbortSignal) =>
      answered(
        await fetch(service.url + path, {
          method: 'POST',
          headers: {'content-type': 'application/json', ...headers},
          body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
          signal,
        }),
      ),
    get: async (path: string, headers: Record<string, string> = {}) => answered(await fetch(service.url + path, {headers})),
    metric: async (name: string) => {
      const {text} = await service.get('/metrics');
      return Number(new RegExp(`^dinf_grid_${name}(?:\\{\\})? (\\S+)$`, 'm').exec(text)?.[1]);
    },
  };
  beforeAll(async () => {
    service.server = await createServer({threads: 2, logLevel: 'silent', drainSeconds: 0, ...options});
    service.url = await service.server.listen();
  });
  afterAll(() => service.server.close());
  return service;
}

export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Until something is so; a test that waits in vain says for what. */
export async function until(what: string, is: () => Promise<boolean> | boolean, seconds = 20): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await is())) {
    if (Date.now() > end) throw new Error(`waited ${seconds} s in vain until ${what}`);
    await wait(20);
  }
}

/** The events of a stream, as they are told apart by name. */
export function eventsOf(text: string): {event: string; data: Record<string, unknown>}[] {
  return text
    .split('\n\n')
    .filter((block) => block !== '')
    .map((block) => {
      const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
      return {event, data: JSON.parse(data) as Record<string, unknown>};
    });
}

/** Text that takes seconds to read and compile. */
export const DEAR = `u_t = 0.1*u_xx + ${Array.from({length: 5500}, (_, i) => `sin(${i}*x)*u`).join(' + ')}`;

/** u'' = f on Gauss points, f being data. */
export const STRUCTURE = {
  domain: {x: [0, 1]},
  unknowns: ['u'],
  resolution: 16,
  lift: {u: 'x*(1 - x)*u'},
  terms: [{name: 'inside', samples: {gauss: 3}, equations: 'u_xx = f', data: ['f']}],
  grid: [9],
};

/** An array as `.npy`. */
export function npyOf(rows: readonly (readonly number[])[]): Buffer {
  const data = Float64Array.from(rows.flat());
  return Buffer.concat([npyHeader([rows.length, rows[0]?.length ?? 0], 'float64'), npyBytes(data)]);
}
