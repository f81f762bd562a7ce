/** A solve in a worker thread or a process that goes away takes nothing with it. */
import {spawn} from 'node:child_process';
import * as path from 'node:path';
import {serialize} from 'node:v8';
import {Worker} from 'node:worker_threads';
import {adamStage, compiled, evaluation, newtonStage} from './mutations';

const root = path.join(__dirname, '..', '..');

/** Loads the addon without lib/: plain JavaScript for threads and processes of their own. */
const LOAD = `const addon = require(${JSON.stringify(path.join(root, 'build', 'Release', 'dinf_grid.node'))});`;

const FOREVER = [adamStage(2 ** 31)];

/** Runs `code` in a worker with `given` at hand; `body` sees its messages. Resolves with its exit code. */
async function inWorker(code: string, onMessage: (worker: Worker, message: unknown) => void): Promise<number> {
  const given = {problem: compiled(), forever: FOREVER, newton: [newtonStage(2 ** 31)], evaluation: evaluation()};
  const worker = new Worker(
    `const {parentPort, workerData: given} = require('node:worker_threads'); ${LOAD}
     (async () => { ${code} })().catch((error) => { throw error; });`,
    {eval: true, workerData: given},
  );
  worker.on('message', (message) => onMessage(worker, message));
  return await new Promise<number>((resolve, reject) => {
    worker.on('error', reject);
    worker.on('exit', resolve);
  });
}

const SOLVE = `const solver = new addon.Solver(given.problem); await solver.prepare();`;

describe('a worker thread', () => {
  it.each([
    ['training', `${SOLVE} const running = solver.run(given.forever, () => 0); parentPort.postMessage('go'); await running;`],
    ['least squares', `${SOLVE} const running = solver.run(given.newton); parentPort.postMessage('go'); await running;`],
    ['preparing', `parentPort.postMessage('go'); await new addon.Solver(given.problem).prepare();`],
    ['many solves', `for (let i = 0; i < 6; i++) { ${SOLVE} solver.run(given.forever, () => 0); } parentPort.postMessage('go');`],
    ['many evaluations', `${SOLVE} parentPort.postMessage('go'); for (;;) await solver.evaluate(given.evaluation);`],
  ])('is terminated while %s', async (_, code) => {
    for (const delay of [0, 1, 30]) {
      const since = performance.now();
      const exit = await inWorker(code, (worker) => setTimeout(() => void worker.terminate(), delay));
      expect([0, 1]).toContain(exit); // 0: it had come to its end before
      expect(performance.now() - since).toBeLessThan(4000);
    }
  });

  it('leaves by itself while a solve runs', async () => {
    expect(await inWorker(`${SOLVE} solver.run(given.forever); process.exit(7);`, () => undefined)).toBe(7);
    expect(await inWorker(`${SOLVE} await solver.run([]); solver.loss();`, () => undefined)).toBe(0);
  });

  it('solves beside others and gives the same bits', async () => {
    const results: string[] = [];
    const code = `${SOLVE} await solver.run([{...given.forever[0], iterations: 20}]);
      parentPort.postMessage(Buffer.from((await solver.parameters()).buffer).toString('hex'));`;
    const exits = await Promise.all([0, 1, 2].map(() => inWorker(code, (_, message) => results.push(String(message)))));
    expect(exits).toEqual([0, 0, 0]);
    expect(new Set(results).size).toBe(1);
    expect(results[0].length).toBeGreaterThan(100);
  });
});

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  output: string;
  milliseconds: number;
}

/** Runs `code` in a process of its own. `milliseconds` counts from when it says that the solve runs. */
function inProcess(code: string): Promise<Ended> {
  const script = `const given = require('node:v8').deserialize(require('node:fs').readFileSync(0)); ${LOAD} (async () => { ${code} })();`;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['-e', script], {stdio: ['pipe', 'pipe', 'pipe']});
    let output = '';
    let since = performance.now();
    const deadline = setTimeout(() => child.kill('SIGKILL'), 20_000);
    child.stdout.on('data', (chunk: Buffer) => {
      since = performance.now();
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', (exit, signal) => {
      clearTimeout(deadline);
      resolve({code: exit, signal, output, milliseconds: performance.now() - since});
    });
    child.stdin.end(serialize({problem: compiled(), forever: FOREVER, newton: [newtonStage(2 ** 31)], short: [adamStage(400)]}));
  });
}

const RUNNING = `${SOLVE} const running = solver.run(given.forever, () => 0); process.stdout.write('running');`;

describe('a process', () => {
  it.each([
    ['process.exit at once', `${RUNNING} process.exit(3);`, 3],
    ['process.exit later', `${RUNNING} setTimeout(() => process.exit(4), 60);`, 4],
    ['process.exit during least squares', `${SOLVE} solver.run(given.newton); setTimeout(() => process.exit(5), 30);`, 5],
    ['process.exit while preparing', `new addon.Solver(given.problem).prepare(); process.exit(6);`, 6],
    ['an exception', `${RUNNING} setTimeout(() => { throw new Error('on purpose'); }, 30);`, 1],
    // Node warns of an exception in a callback from another thread, and goes on.
    [
      'finishing, its progress callback throwing',
      `${SOLVE} await solver.run(given.short, () => { throw new Error('on purpose'); });`,
      0,
    ],
    ['an unhandled rejection', `${RUNNING} Promise.reject(new Error('on purpose'));`, 1],
    ['cancelling', `${RUNNING} setTimeout(() => solver.cancel(), 30); await running;`, 0],
    ['having nothing else to do', `${SOLVE} solver.run(given.short);`, 0],
  ])('ends by %s', async (_, code, exit) => {
    const ended = await inProcess(code);
    expect(ended).toMatchObject({code: exit, signal: null});
    expect(ended.milliseconds).toBeLessThan(3000);
  });
});
