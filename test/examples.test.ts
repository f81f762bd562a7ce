/** The examples run as they stand, from the built package, and reach what they print. */
import type {ChildProcess} from 'node:child_process';
import {execFile, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readdirSync} from 'node:fs';
import * as path from 'node:path';
import {promisify} from 'node:util';

const DIRECTORY = path.join(__dirname, '..', 'examples');

/** What each example prints of its error, and the most it may be (PSNR: the least). */
const REACHED: Readonly<Record<string, {pattern: RegExp; most?: number; least?: number}>> = {
  'advection-2d': {pattern: /error at the end (\S+)/, most: 1e-4},
  advection: {pattern: /error at the end (\S+)/, most: 5e-4},
  burgers: {pattern: /error at the end (\S+)/, most: 1e-5},
  cloth: {pattern: /energy ([-\d.]+)/, most: -0.66, least: -0.7},
  fit: {pattern: /derivative by (\S+)/, most: 1e-3},
  heat: {pattern: /error (\S+)/, most: 1e-5},
  helmholtz: {pattern: /along a ray ([^,]+)/, most: 1e-3},
  'image-from-gradient': {pattern: /PSNR (\S+)/, least: 90},
  'inverse-heat': {pattern: /off by (\S+) %/, most: 1},
  plate: {pattern: /centre (\S+)/, least: 0.004062, most: 0.0040628},
  sdf: {pattern: /error (\S+)/, most: 5e-3},
  zalesak: {pattern: /square (\S+)/, most: 1.5e-2},
};

const names = readdirSync(DIRECTORY).filter((name) => !name.endsWith('.md'));

test.each(names.filter((name) => existsSync(path.join(DIRECTORY, name, 'index.mjs'))))('%s', async (name) => {
  const {stdout} = await promisify(execFile)(process.execPath, [path.join(DIRECTORY, name, 'index.mjs')]);
  const {pattern, most = Infinity, least = -Infinity} = REACHED[name];
  const value = Number(pattern.exec(stdout)?.[1]);
  expect(value).toBeLessThanOrEqual(most);
  expect(value).toBeGreaterThanOrEqual(least);
});

test.each(names)('%s says what it shows', (name) => {
  expect(existsSync(path.join(DIRECTORY, name, 'README.md'))).toBe(true);
});

describe('the endpoint that streams progress', () => {
  let server: ChildProcess;
  let url: string;

  beforeAll(async () => {
    server = spawn(process.execPath, [path.join(DIRECTORY, 'progress-endpoint', 'server.mjs')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(server.stdout!, 'data')) as [Buffer];
    url = `${/http:\S+/.exec(line.toString())![0]}/solve`;
  });
  afterAll(async () => {
    const ended = once(server, 'exit');
    server.kill();
    expect(await ended).toEqual([0, null]); // it closes by itself, whatever ran
  });

  const post = (body: unknown, signal?: AbortSignal): Promise<Response> =>
    fetch(url, {method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), signal: signal ?? null});
  const heat = {
    equations: ['u_t = a*u_xx'],
    uniforms: {a: 0.1},
    domain: {t: [0, 1], x: [0, 'pi']},
    where: ['t=0: u = sin(x)', 'x=0|x=pi: u = 0'],
  };
  // More digits than there are: it goes on for all of its seconds.
  const endless = {
    equations: ['u_t + u*u_x = 0.001*u_xx'],
    domain: 't=0..1,x=-1..1',
    where: ['t=0: u = -sin(pi*x)', 'x=-1|x=1: u = 0'],
    tolerance: 1e-14,
  };

  /** Events as they were sent. */
  function eventsOf(text: string): {event: string; data: Record<string, unknown>}[] {
    return text
      .trim()
      .split('\n\n')
      .map((one) => {
        const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(one)!;
        return {event, data: JSON.parse(data) as Record<string, unknown>};
      });
  }

  it('streams progress, and then the solution', async () => {
    const response = await post(heat);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const events = eventsOf(await response.text());
    const last = events.pop()!;
    expect(events.length).toBeGreaterThan(0);
    for (const {event, data} of events) {
      expect(event).toBe('progress');
      expect(Object.keys(data)).toEqual(['iteration', 'loss', 'seconds']);
    }
    expect(last).toMatchObject({event: 'solution', data: {errorEstimate: {met: true}, notes: []}});
    const {u} = last.data.values as {u: number[]};
    expect(u).toHaveLength(121);
    expect(u[120 - 5]).toBeCloseTo(Math.exp(-0.1), 3); // t = 1, x = pi/2
  });

  it.each([
    ['no JSON', '{', /no JSON object/],
    ['no equations', {domain: 'x=0..1'}, /equation/],
    ['an equation that cannot be read', {...heat, equations: ['u_t = ']}, /SYNTAX/],
    ['a name that is not there', {...heat, uniforms: {}}, /UNKNOWN_SYMBOL/],
    ['a wrong type', {...heat, tolerance: 'small'}, /INVALID_ARGUMENT/],
    ["an option that is the server's", {...heat, maxSeconds: 1e6}, /no 'maxSeconds'/],
  ])('refuses %s', async (_, body, said) => {
    const response = await post(body);
    expect({status: response.status, said: await response.text()}).toEqual({status: 400, said: expect.stringMatching(said)});
  });

  it('refuses a body that is too large, and other paths', async () => {
    expect((await post(' '.repeat(20_000))).status).toBe(413);
    expect((await fetch(new URL('/', url))).status).toBe(404);
  });

  it('refuses what is too many at once, and cancels the solves of clients that leave', async () => {
    const leave = new AbortController();
    const held = await Promise.all([post(endless, leave.signal), post(endless, leave.signal)]);
    expect(held.map(({status}) => status)).toEqual([200, 200]);
    const refused = await post(heat);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    leave.abort();
    const left = performance.now();
    let response = await post(heat);
    while (response.status === 429 && performance.now() - left < 10_000) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      response = await post(heat);
    }
    expect(response.status).toBe(200); // long before the seconds of the others were over
    expect(eventsOf(await response.text()).at(-1)).toMatchObject({event: 'solution'});
  });
});
