/** What a solution holds is given back by dispose(), in processes of their own, whose memory nobody else moves. */
import {execFile} from 'node:child_process';
import * as path from 'node:path';
import {promisify} from 'node:util';

const ROOT = path.join(__dirname, '../..');

const PROBLEM = `
  const {problem, rbfGrid, bspline, term, gauss, points, solve, leastSquares, adam} = require(${JSON.stringify(ROOT)} + '/dist');
  const fs = require('node:fs');
  const posed = (resolution) => problem({
    domain: {x: [0, 1], y: [0, 1]},
    unknowns: ['u'],
    field: rbfGrid({resolution, levels: 2, kernel: bspline(3)}),
    terms: [term(gauss(2), 'u_xx + u_yy = 1'), term(points([0, 0]), 'u = 0')],
  });
  const solved = (resolution, threads = 1) =>
    solve(posed(resolution), {threads, device: 'cpu', optimizer: leastSquares({iterations: 2})});
  const mebibytes = () => process.memoryUsage().rss / 2 ** 20;
  const threadCount = () => fs.readdirSync('/proc/self/task').length;
  const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const until = async (reached) => { for (let i = 0; i < 500 && !reached(); i++) await sleep(20); };
`;

/** Runs statements that may await, in a process of their own, and returns what they return. */
async function inProcess<T>(body: string): Promise<T> {
  const script = `${PROBLEM}(async () => { ${body} })().then((value) => console.log(JSON.stringify(value)))`;
  const {stdout} = await promisify(execFile)(process.execPath, ['-e', script], {timeout: 120000});
  return JSON.parse(stdout) as T;
}

const onLinux = process.platform === 'linux' ? it : it.skip;

describe('dispose', () => {
  onLinux('gives back native memory without a collection', async () => {
    const {before, held, after} = await inProcess<{before: number; held: number; after: number}>(`
      (await solved(64)).dispose();
      await sleep(200);
      const before = mebibytes();
      const solutions = [];
      for (let i = 0; i < 4; i++) solutions.push(await solved(384));
      const held = mebibytes();
      for (const solution of solutions) solution.dispose();
      await until(() => mebibytes() < before + (held - before) / 5);
      return {before, held, after: mebibytes()};
    `);
    expect(held - before).toBeGreaterThan(100);
    expect(after - before).toBeLessThan((held - before) / 5);
  });

  onLinux('keeps memory and threads flat over many solves', async () => {
    const {first, last, threads} = await inProcess<{first: number; last: number; threads: number[]}>(`
      const one = async () => {
        const solution = await solved(192, 3);
        await solution.evaluate([0.5, 0.5]);
        solution.dispose();
      };
      for (let i = 0; i < 15; i++) await one();
      const [first, began] = [mebibytes(), threadCount()];
      for (let i = 0; i < 60; i++) await one();
      return {first, last: mebibytes(), threads: [began, threadCount()]};
    `);
    // One of these solutions holds about 25 MiB.
    expect(last - first).toBeLessThan(40);
    expect(threads[1]).toBeLessThanOrEqual(threads[0] + 2);
  });

  onLinux('solutions at rest hold no threads', async () => {
    const [began, held] = await inProcess<number[]>(`
      (await solved(32, 4)).dispose();
      const began = threadCount();
      const solutions = [];
      for (let i = 0; i < 12; i++) solutions.push(await solved(32, 4));
      await sleep(100);
      return [began, threadCount()];
    `);
    expect(held).toBeLessThanOrEqual(began + 3);
  });

  onLinux('of a solve under way frees it at the end of that; so do failure and abort', async () => {
    const {before, after, errors} = await inProcess<{before: number; after: number; errors: string[]}>(`
      (await solved(64)).dispose();
      await sleep(200);
      const before = mebibytes();
      const errors = [];
      for (let i = 0; i < 6; i++) {
        const solution = await solved(256);
        const pending = solution.evaluate(new Float64Array(200000).fill(0.5)).catch((error) => errors.push(error.code));
        solution.dispose();
        await pending;
        const running = solve(posed(256), {threads: 1, device: 'cpu', optimizer: adam({iterations: 1e6}), onProgress() { throw new Error('no'); }});
        await running.catch((error) => errors.push(error.message));
        await solve(posed(256), {device: 'cpu', signal: AbortSignal.timeout(1)}).then((one) => one.dispose(), () => undefined);
      }
      await until(() => mebibytes() < before + 40);
      return {before, after: mebibytes(), errors};
    `);
    expect(errors.filter((error) => error === 'no')).toHaveLength(6);
    expect(after - before).toBeLessThan(40);
  });
});
