/** An orderly end: of the service in a program, and of the command by SIGTERM. */
import type {ChildProcess} from 'node:child_process';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readdirSync, statSync, utimesSync, writeFileSync} from 'node:fs';
import * as path from 'node:path';
import type {DinfServer} from '../../lib/api/serve';
import {createServer} from '../../lib/api/serve';
import {BestSoFar} from '../../lib/serve/best-so-far';
import type {FieldSoFar} from '../../lib/solve/solve';
import {temporaryFolder} from '../support/temporary-folder';
import {ENDLESS, eventsOf, HEAT, until, wait} from './support';

const folder = temporaryFolder();
const MAIN = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js');

const post = (url: string, problem: object, more: object = {}, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/v1/solve`, {
    method: 'POST',
    headers: {'content-type': 'application/json', ...headers},
    body: JSON.stringify({problem, grid: [2, 2], ...more}),
  });
/** The command in a process of its own, that listens. */
async function started(...args: string[]): Promise<{child: ChildProcess; url: string; said: {stdout: string; stderr: string}}> {
  const child = spawn(process.execPath, [MAIN, 'serve', '--port', '0', '--threads', '2', ...args]);
  const said = {stdout: '', stderr: ''};
  child.stdout.on('data', (data: Buffer) => (said.stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (said.stderr += data.toString()));
  await until('it listens', () => /listening on \S+/.test(said.stderr));
  return {child, said, url: /listening on (\S+)/.exec(said.stderr)![1]};
}
/** Ends it as whoever runs services does. */
async function ended(child: ChildProcess): Promise<number | null> {
  const exit = once(child, 'exit') as Promise<[number | null]>;
  child.kill('SIGTERM');
  return (await exit)[0];
}
/** A solve as events, of which SIGTERM is sent when one matches: the last of them, and how the process ended. */
async function cutAt(
  {child, url}: {child: ChildProcess; url: string},
  problem: object,
  moment: RegExp,
): Promise<{event: string; data: Found; code: number | null}> {
  const response = await post(url, problem, {}, {accept: 'text/event-stream'});
  const decoder = new TextDecoder();
  let text = '';
  let exit: Promise<number | null> | undefined;
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(part, {stream: true});
    if (exit === undefined && moment.test(text)) exit = ended(child);
  }
  const {event, data} = eventsOf(text).at(-1)!;
  return {event, data: data as unknown as Found, code: (await exit) ?? null};
}
interface Found {
  readonly stopReason: string;
  readonly met: boolean | null;
  readonly iterations: number;
  readonly notes: readonly string[];
  readonly values: Readonly<Record<string, readonly number[]>>;
  readonly errorEstimate: {readonly relativeL2: number | null; readonly how: string};
}

const running = async (url: string): Promise<boolean> =>
  /^dinf_grid_running [1-9]/m.test(await (await fetch(`${url}/metrics`)).text());

async function listening(options: Parameters<typeof createServer>[0]): Promise<{server: DinfServer; url: string}> {
  const server = await createServer({threads: 2, logLevel: 'silent', ...options});
  return {server, url: await server.listen()};
}

describe('close()', () => {
  it('lets solves end within their time, and takes no more', async () => {
    const {server, url} = await listening({drainSeconds: 20});
    const solving = post(url, ENDLESS, {maxSeconds: 2});
    await until('it runs', () => running(url));
    const closed = server.close();
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, ready.headers.get('retry-after')]).toEqual([503, '5']);
    const refused = await post(url, HEAT);
    expect([refused.status, ((await refused.json()) as {error: {code: string}}).error.code]).toEqual([503, 'SHUTTING_DOWN']);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const answer = (await (await solving).json()) as {stopReason: string; notes: string[]};
    expect(answer.notes.join()).toContain('after the 2 s');
    await closed;
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });

  it('then ends them with what they have, and tells those that wait', async () => {
    const {server, url} = await listening({drainSeconds: 0.2, threads: 1});
    const solving = post(url, ENDLESS, {}, {accept: 'text/event-stream'});
    await until('it runs', () => running(url));
    await wait(1000);
    const waiting = post(url, ENDLESS);
    await wait(100);
    await server.close();
    const events = eventsOf(await (await solving).text());
    expect(events.at(-1)).toMatchObject({event: 'solution', data: {stopReason: 'aborted'}});
    expect((events.at(-1)!.data.notes as string[]).join()).toContain('shutting down');
    expect((await waiting).status).toBe(503);
  });
});

describe('a folder of states', () => {
  it('loses those that nobody came back for, and nothing else', async () => {
    const states = path.join(folder, 'old-states');
    const name = (digit: string): string => path.join(states, `dinf-state-${digit.repeat(64)}.safetensors`);
    const {server} = await listening({checkpoints: states, drainSeconds: 0});
    await server.close();
    for (const file of [name('a'), name('b'), path.join(states, 'mine.safetensors')]) writeFileSync(file, 'no state');
    const old = new Date(Date.now() - 25 * 3_600_000);
    for (const file of [name('a'), path.join(states, 'mine.safetensors')]) utimesSync(file, old, old);
    await (await listening({checkpoints: states, drainSeconds: 0})).server.close();
    expect(readdirSync(states).sort()).toEqual([path.basename(name('b')), 'mine.safetensors']);
    expect(statSync(states).isDirectory()).toBe(true);
  });
});

describe('what a solve has when it does not end', () => {
  it('is the latest of its meshes whose error is known, some seconds after it was asked for', async () => {
    jest.useFakeTimers();
    try {
      const best = new BestSoFar();
      const found = (relativeL2: number | null): FieldSoFar => ({errorEstimate: {relativeL2}}) as FieldSoFar;
      const [fresh, known, finer] = [found(null), found(0.1), found(null)];
      const stop = new AbortController();
      const {promise} = best.afterAbort(stop.signal);
      const seen: FieldSoFar[] = [];
      void promise.then((one) => seen.push(one));
      for (const one of [fresh, known, finer]) best.see(one);
      await jest.advanceTimersByTimeAsync(60_000);
      expect(seen).toEqual([]);
      stop.abort();
      await jest.advanceTimersByTimeAsync(4000);
      expect(seen).toEqual([]);
      await jest.advanceTimersByTimeAsync(2000);
      expect(seen[0]).toBe(known);
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('dinf-grid serve', () => {
  it('says where it listens, asks for tokens, logs no bodies, and ends by SIGTERM', async () => {
    const tokens = path.join(folder, 'tokens');
    writeFileSync(tokens, '# of this test\nthe-one-token\n\n');
    const args = [
      'serve',
      '--port',
      '0',
      '--threads',
      '2',
      '--token-file',
      tokens,
      '--drain-seconds',
      '10',
      '--max-seconds',
      '5',
    ];
    const child = spawn(process.execPath, [MAIN, ...args]);
    const said = {stdout: '', stderr: ''};
    child.stdout.on('data', (data: Buffer) => (said.stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (said.stderr += data.toString()));
    try {
      await until('it listens', () => /listening on \S+/.test(said.stderr));
      const url = /listening on (\S+)/.exec(said.stderr)![1];
      expect((await post(url, HEAT)).status).toBe(401);
      const authorization = 'Bearer the-one-token';
      expect((await post(url, HEAT, {}, {authorization})).status).toBe(200);
      const solving = post(url, ENDLESS, {maxSeconds: 1}, {authorization});
      await until('it runs', () => running(url));
      child.kill('SIGTERM');
      const answer = (await (await solving).json()) as {stopReason: string};
      expect(answer.stopReason).toBe('aborted');
      const [code] = (await once(child, 'exit')) as [number];
      expect(code).toBe(0);
    } finally {
      child.kill('SIGKILL');
    }
    const lines = said.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as {reqId?: string; msg: string});
    expect(lines.some(({reqId}) => reqId !== undefined)).toBe(true);
    expect(said.stdout).not.toMatch(/u_xx|the-one-token/);
    expect(said.stderr).toContain('shutting down');
  });

  it('saves at SIGTERM the state of what it cuts, and goes on from there when the same request comes again', async () => {
    const states = path.join(folder, 'states');
    const args = ['--drain-seconds', '0.2', '--checkpoints', states];
    const first = await started(...args);
    let cut: Found;
    try {
      const {data, code} = await cutAt(first, ENDLESS, /event: progress/);
      expect(code).toBe(0);
      cut = data;
    } finally {
      first.child.kill('SIGKILL');
    }
    expect(cut.stopReason).toBe('aborted');
    expect(cut.iterations).toBeGreaterThan(0);
    expect(cut.notes.join()).toContain(`its state was saved after ${cut.iterations} iterations`);
    expect(cut.notes.join()).toContain('shutting down');
    expect(readdirSync(states)).toEqual([expect.stringMatching(/^dinf-state-[\da-f]{64}\.safetensors$/)]);

    const second = await started(...args);
    try {
      // Another grid is the same solve; another seed is another one.
      const other = (await (await post(second.url, ENDLESS, {seed: 5, maxSeconds: 3})).json()) as Found;
      expect(other.notes.join()).not.toContain('it went on');
      const whole = (await (await post(second.url, ENDLESS, {grid: [3, 3], maxSeconds: 4})).json()) as Found;
      expect(whole.notes.join()).toContain(`it went on after ${cut.iterations} iterations`);
      expect(whole.iterations).toBeGreaterThan(cut.iterations);
      // Its own time has ended it, and it was answered: nobody comes back.
      expect(readdirSync(states)).toEqual([]);
      expect(await ended(second.child)).toBe(0);
    } finally {
      second.child.kill('SIGKILL');
    }
  });

  it('answers at SIGTERM with the best mesh of a solve to a tolerance, and the estimate of its error', async () => {
    const {child, url} = await started('--drain-seconds', '0', '--log-level', 'silent');
    try {
      const problem = {
        equation: '-0.002*laplacian(u) + u_x + 0.3*u_y = 1',
        domain: 'x=0..1, y=0..1',
        where: 'x=0|x=1|y=0|y=1: u=0',
        tolerance: 1e-9,
      };
      const {event, data, code} = await cutAt({child, url}, problem, /"errorEstimate":\{"relativeL2":\d/);
      expect([event, data.stopReason, data.met, code]).toEqual(['solution', 'aborted', false, 0]);
      const {errorEstimate, values, notes} = data;
      expect(errorEstimate.relativeL2).toBeGreaterThan(0);
      expect(errorEstimate.how).toContain('more cells along x, y');
      expect(notes.join()).toContain('shutting down');
      expect(values.u).toHaveLength(4);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it.each([
    [['--checkpoints', '/proc/nothing/there'], 1, 'of checkpoints'],
    [['--token-file', 'nothing-there'], 1, 'cannot read the tokens'],
    [['--queue', '-1'], 2, '--queue'],
    [['--host', '203.0.113.7', '--port', '1'], 2, 'cannot listen'],
  ])('refuses %j', async (args, expected, message) => {
    const child = spawn(process.execPath, [MAIN, 'serve', ...args], {cwd: folder});
    let stderr = '';
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    const [code] = (await once(child, 'exit')) as [number];
    expect({code, stderr}).toEqual({code: expected, stderr: expect.stringContaining(message) as string});
  });
});
