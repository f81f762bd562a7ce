/** An orderly end: of the service in a program, and of the command by SIGTERM. */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {writeFileSync} from 'node:fs';
import * as path from 'node:path';
import type {DinfServer} from '../../lib/api/serve';
import {createServer} from '../../lib/api/serve';
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

  it.each([
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
