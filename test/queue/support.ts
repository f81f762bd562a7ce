/** A real Redis on a port of its own, and real worker processes. */
import type {ChildProcess} from 'node:child_process';
import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {createServer} from 'node:net';
import * as path from 'node:path';

const MAIN = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js');

/** Whether Debian's redis-server is there; tests that need it say so where it is not. */
const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

if (!hasRedis) process.stderr.write('redis-server is not installed: tests of the queue that need it are skipped\n');

/** `describe` where Redis is there. */
export const describeWithRedis = hasRedis ? describe : describe.skip;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as {port: number};
  server.close();
  await once(server, 'close');
  return port;
}

/** A Redis that keeps what it was told in a folder, each command before it answers. */
export class RedisServer {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    readonly port: number,
  ) {}

  static async start(folder: string): Promise<RedisServer> {
    const server = new RedisServer(folder, await freePort());
    await server.up();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async up(): Promise<void> {
    const options = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder];
    const child = spawn('redis-server', [...options, '--appendonly', 'yes', '--appendfsync', 'always', '--save', '']);
    this.child = child;
    await new Promise<void>((resolve, reject) => {
      let said = '';
      child.stdout.on('data', (data: Buffer) => {
        said += data.toString();
        if (said.includes('Ready to accept connections')) resolve();
      });
      child.once('exit', () => {
        reject(new Error(`redis-server ended: ${said}`));
      });
    });
  }

  /** As a power cut would. */
  async down(): Promise<void> {
    const {child} = this;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

/** One line of a worker's `--json`. */
export interface Told {
  event: string;
  id?: string;
  resumedFrom?: number;
  iterations?: number;
  message?: string;
  found?: boolean;
}

/** A worker in a process of its own, and what it tells. */
export class WorkerProcess {
  readonly told: Told[] = [];
  stderr = '';
  private rest = '';

  constructor(readonly child: ChildProcess) {
    child.stdout!.on('data', (data: Buffer) => {
      const lines = `${this.rest}${data.toString()}`.split('\n');
      this.rest = lines.pop()!;
      for (const line of lines) this.told.push(JSON.parse(line) as Told);
    });
    child.stderr!.on('data', (data: Buffer) => (this.stderr += data.toString()));
  }

  static spawn(redis: string, store: string, options: readonly string[] = [], env: NodeJS.ProcessEnv = {}): WorkerProcess {
    const fixed = ['worker', '--json', '--redis', redis, '--store', store];
    return new WorkerProcess(spawn(process.execPath, [MAIN, ...fixed, ...options], {env: {...process.env, ...env}}));
  }

  /** Waits for something that it tells. */
  async tells(event: string, id?: string): Promise<Told> {
    const find = (): Told | undefined => this.told.find((one) => one.event === event && (id === undefined || one.id === id));
    await until(() => find() !== undefined || this.ended, `the worker to tell '${event}'`);
    const found = find();
    if (found === undefined) throw new Error(`the worker ended before it told '${event}': ${this.stderr}`);
    return found;
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** @returns its exit code. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (!this.ended) {
      const exit = once(this.child, 'exit');
      this.child.kill(signal);
      await exit;
    }
    return this.child.exitCode;
  }
}

/** Looks every 20 ms until something holds. */
export async function until(holds: () => boolean | Promise<boolean>, what: string, seconds = 40): Promise<void> {
  const deadline = performance.now() + 1000 * seconds;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${seconds} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Small problems that differ by a number. */
export const heatJob = (alpha: number): {problem: Record<string, unknown>} => ({
  problem: {
    equation: 'u_t = alpha*u_xx',
    domain: 't=0..1,x=0..1',
    where: ['t=0: u=sin(pi*x)', 'x=0|x=1: u=0'],
    uniform: {alpha},
    resolution: 8,
    tolerance: 0.1,
  },
});

/** Adam for some seconds. */
export const adamJob = (iterations: number): {system: string; options: Record<string, unknown>; seed: number} => ({
  system: 'heat',
  options: {optimizer: 'adam', iterations, resolution: 32},
  seed: 5,
});
