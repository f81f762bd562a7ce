/** Jobs through a real Redis, solved by real workers. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import {loadSolution} from '../../lib';
import type {JobQueue} from '../../lib/api/queue';
import {createQueue, openStore, startWorker} from '../../lib/api/queue';
import {checkJob, jobId} from '../../lib/queue/job';
import {runJob} from '../../lib/queue/run-job';
import {readNpy} from '../../lib/api/files';
import {heat} from '../../lib/api/problems';
import {S3Store} from '../../lib/queue/s3-store';
import {temporaryFolder} from '../support/temporary-folder';
import {adamJob, describeWithRedis, heatJob, RedisServer, until, WorkerProcess} from './support';
import {S3Server} from './s3-server';

describeWithRedis('a queue', () => {
  const folder = temporaryFolder('folder');
  const store = path.join(folder, 'store');
  let redis: RedisServer;
  let queue: JobQueue;
  let name = '';
  const workers: WorkerProcess[] = [];

  beforeAll(async () => {
    redis = await RedisServer.start(folder);
  });
  beforeEach(async () => {
    name = `q${Math.random().toString(36).slice(2)}`;
    queue = await createQueue({redis: redis.url, store, queue: name});
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.end('SIGKILL')));
    await queue.close();
  });
  afterAll(async () => {
    await redis.down();
  });

  const worker = (...options: string[]): WorkerProcess => {
    const one = WorkerProcess.spawn(redis.url, store, ['--queue', name, ...options]);
    workers.push(one);
    return one;
  };

  it('solves a job once, and gives its result, its values and its field', async () => {
    const job = {...heatJob(0.3), grid: [3, 5], expressions: ['u', 'u_x']};
    const {id, state} = await queue.submit(job);
    expect(state).toBe('waiting');
    expect(await queue.status(id)).toMatchObject({state: 'waiting', begun: 0});
    const one = worker();
    const result = await queue.wait(id);
    expect(result).toMatchObject({id, stopReason: 'tolerance', resumedFrom: 0});
    expect(result.errorEstimate.met).toBe(true);
    const values = await readNpy(path.join(store, result.values!.array));
    expect(values.shape).toEqual([2, 3, 5]);
    expect(values.data[7]).toBeCloseTo(Math.exp(-0.3 * Math.PI ** 2 * 0.5) * Math.sin(Math.PI / 2), 2); // t = 1/2, x = 1/2
    using solution = await loadSolution(path.join(store, result.field!));
    expect((await solution.evaluate([0.5, 0.5])).u[0]).toBeCloseTo(values.data[7], 10);
    // Whatever the order of its keys, it is the same job, and there is nothing left to do.
    const again = {expressions: ['u', 'u_x'], grid: [3, 5], problem: Object.fromEntries(Object.entries(job.problem).reverse())};
    expect(await queue.submit(again)).toEqual({id, state: 'done'});
    const other = await queue.submit({...job, key: 'mine'});
    expect(other.id).not.toBe(id);
    expect((await queue.wait(other.id)).key).toBe('mine');
    expect(one.told.filter(({event}) => event === 'started').map((told) => told.id)).toEqual([id, other.id]);
  });

  it('refuses what cannot be solved at once, and fails what turns out to be wrong without another attempt', async () => {
    await expect(queue.submit({problem: {equation: 'u_x = 1', domain: 'x=0..1', kernle: 'hat'}})).rejects.toMatchObject({
      code: 'UNKNOWN_OPTION',
      message: expect.stringContaining("did you mean 'kernel'") as string,
    });
    await expect(queue.submit({system: 'fit', options: {image: '/etc/passwd'}})).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await expect(queue.submit({problem: {equation: 'u_x = 1', domain: 'x=0..1', out: 'a'}})).rejects.toThrow("'out'");
    const {id} = await queue.submit({...heatJob(0.2), expressions: ['u*nothing']});
    const one = worker();
    await expect(queue.wait(id)).rejects.toMatchObject({code: 'UNKNOWN_SYMBOL'});
    expect(one.told.filter(({event}) => event === 'started')).toHaveLength(1);
    expect(
      fs
        .readdirSync(path.join(store, 'results'))
        .some((entry) => entry === id && fs.readdirSync(path.join(store, 'results', id)).length > 0),
    ).toBe(false);
  });

  it('keeps its lock through a solve that takes all cores and longer than the lock', async () => {
    const {id} = await queue.submit(adamJob(40_000));
    const one = worker('--lock', '0.5');
    await one.tells('started', id);
    // Another one that looks for jobs whose workers have died, and would take this one.
    const two = worker('--lock', '0.5');
    const began = performance.now();
    const result = await queue.wait(id);
    expect(performance.now() - began).toBeGreaterThan(1500);
    expect(result.iterations).toBe(40_000);
    expect(await queue.status(id)).toMatchObject({state: 'done', begun: 1});
    const all = [...one.told, ...two.told];
    expect(all.filter(({event}) => event === 'started')).toHaveLength(1);
    expect(all.filter(({event}) => event === 'stalled' || event === 'trouble')).toEqual([]);
  });

  it('goes on from the last checkpoint of a worker that was killed, to the same bits', async () => {
    const {id} = await queue.submit(adamJob(60_000));
    const options = ['--lock', '1', '--checkpoint-every', '0.2'];
    const first = worker(...options);
    const checkpoint = path.join(store, 'checkpoints', `${id}.safetensors`);
    await until(() => fs.existsSync(checkpoint), 'a checkpoint');
    await first.end('SIGKILL');
    expect(first.told.some(({event}) => event === 'done')).toBe(false);
    const second = worker(...options);
    const {resumedFrom} = await second.tells('started', id);
    expect(resumedFrom).toBeGreaterThan(0);
    const result = await queue.wait(id);
    expect(result).toMatchObject({iterations: 60_000, resumedFrom, stopReason: 'iterations'});
    expect(fs.existsSync(checkpoint)).toBe(false);
    using resumed = await loadSolution(path.join(store, result.field!));
    using whole = await (await heat({optimizer: 'adam', iterations: 60_000, resolution: 32})).solve({seed: 5});
    expect(Buffer.from((await resumed.parameters()).buffer)).toEqual(Buffer.from((await whole.parameters()).buffer));
  });

  it("goes on from the field of one's own equation on its grid, where a worker dies over comparisons with finer ones", async () => {
    const problem = {
      equation: 'u_xx + u_yy + u_zz - u^3 = sin(9*x*y) + z',
      domain: 'x=0..1,y=0..1,z=0..1',
      where: 'x=0|x=1|y=0|y=1|z=0|z=1: u=0',
      ...{resolution: 10, tolerance: 0.1},
    };
    const {id} = await queue.submit({problem});
    const options = ['--lock', '1', '--checkpoint-every', '0.1'];
    const first = worker(...options);
    await until(() => fs.existsSync(path.join(store, 'checkpoints', `${id}.safetensors`)), 'a checkpoint');
    await first.end('SIGKILL');
    const second = worker(...options);
    expect((await second.tells('started', id)).resumedFrom).toBeGreaterThan(0);
    const result = await queue.wait(id);
    expect(result.errorEstimate).toMatchObject({met: true});
  });

  it('hands back what runs when it is told to end, and ends well', async () => {
    const {id} = await queue.submit(adamJob(60_001));
    const first = worker();
    await first.tells('started', id);
    await until(async () => ((await queue.status(id)).progress?.iteration ?? 0) > 0, 'progress');
    expect(await first.end('SIGTERM')).toBe(0);
    const {iterations} = await first.tells('handed-back', id);
    expect(iterations).toBeGreaterThan(0);
    expect((await queue.status(id)).state).toBe('waiting');
    const second = worker();
    const {resumedFrom} = await second.tells('started', id); // at once: no lock has to run out
    expect(resumedFrom).toBe(iterations);
    expect((await queue.wait(id)).iterations).toBe(60_001);
  });

  it('stops a job that is taken back, and removes one that waits', async () => {
    const running = await queue.submit(adamJob(10_000_000));
    const waiting = await queue.submit(heatJob(0.7));
    const one = worker();
    await one.tells('started', running.id);
    expect(await queue.cancel(waiting.id)).toBe(true);
    expect((await queue.status(waiting.id)).state).toBe('unknown');
    expect(await queue.cancel(running.id)).toBe(true);
    await expect(queue.wait(running.id)).rejects.toMatchObject({code: 'ABORTED'});
    expect(one.told.map(({event}) => event)).toContain('cancelled');
    expect(await queue.cancel(running.id)).toBe(false);
    // Handed in again it is begun again, and not stopped by what was asked before.
    const shorter = await queue.submit(heatJob(0.7));
    expect((await queue.wait(shorter.id)).stopReason).toBe('tolerance');
  });

  it('ends at the time of the job with what it has', async () => {
    const {id} = await queue.submit({...adamJob(10_000_000), maxSeconds: 1});
    worker();
    const result = await queue.wait(id);
    expect(result.stopReason).toBe('aborted');
    expect(result.iterations).toBeGreaterThan(0);
    expect(result.notes.join()).toContain('stopped after the 1 s that the job was given');
  });

  it('takes jobs by their priority, and no more of them than its rate allows', async () => {
    const low = await queue.submit(heatJob(0.41), {priority: 5});
    const high = await queue.submit(heatJob(0.42), {priority: 1});
    const third = await queue.submit(heatJob(0.43), {priority: 3});
    const began = performance.now();
    const one = worker('--rate', '1/0.7');
    await Promise.all([low, high, third].map(({id}) => queue.wait(id)));
    expect(performance.now() - began).toBeGreaterThan(1400);
    expect(one.told.filter(({event}) => event === 'started').map(({id}) => id)).toEqual([high.id, third.id, low.id]);
  });

  it('tries again where the store is full, and leaves nothing half-written', async () => {
    const real = await openStore(store);
    let refused = 0;
    const full: typeof real = {
      name: 'a full disk',
      get: (key) => real.get(key),
      list: (prefix) => real.list(prefix),
      delete: (key) => real.delete(key),
      put: (key, bytes, options) => {
        // The first attempt fails at its result, after its field; the second at its field.
        refused += 1;
        const attempt = [2, 3].includes(refused);
        return attempt
          ? Promise.reject(Object.assign(new Error('ENOSPC: no space left on device'), {code: 'ENOSPC'}))
          : real.put(key, bytes, options);
      },
    };
    const {id} = await queue.submit(heatJob(0.9), {backoffSeconds: 0.05});
    const events: string[] = [];
    await using one = await startWorker({redis: redis.url, store: full, queue: name, onEvent: ({event}) => events.push(event)});
    const result = await queue.wait(id);
    expect(one.jobs).toEqual([]);
    expect(events).toEqual(['started', 'failed', 'started', 'failed', 'started', 'done']);
    expect(fs.readdirSync(path.join(store, 'results', id)).sort()).toEqual([path.basename(result.field!), 'result.json'].sort());
  });

  it('ends with one result where two workers solve the same job', async () => {
    const job = heatJob(0.55);
    const plain = checkJob(job);
    const shared = await openStore(store);
    const ends = await Promise.all([1, 2, 3].map(() => runJob(jobId(plain), plain, {store: shared, threads: 1})));
    const attempts = new Set(ends.map((end) => (end.kind === 'done' ? end.result.attempt : 'none')));
    expect(attempts.size).toBe(1);
    const files = fs.readdirSync(path.join(store, 'results', jobId(plain)));
    expect(files).toHaveLength(2);
  });

  it('keeps checkpoints and results in S3, by whichever worker', async () => {
    const s3 = await S3Server.start('bucket');
    await using far = await createQueue({
      redis: redis.url,
      queue: name,
      store: await S3Store.open('s3://bucket/jobs', s3.environment),
    });
    try {
      const spawned = (): WorkerProcess => {
        const options = ['--queue', name, '--checkpoint-every', '0.2', '--lock', '1'];
        workers.push(WorkerProcess.spawn(redis.url, 's3://bucket/jobs', options, s3.environment));
        return workers[workers.length - 1];
      };
      const {id} = await far.submit(adamJob(40_003));
      const first = spawned();
      await until(() => s3.objects.has(`jobs/checkpoints/${id}.safetensors`), 'a checkpoint');
      await first.end('SIGKILL');
      spawned();
      const result = await far.wait(id);
      expect(result.iterations).toBe(40_003);
      expect(result.resumedFrom).toBeGreaterThan(0);
      expect([...s3.objects.keys()].sort()).toEqual([`jobs/${result.field}`, `jobs/results/${id}/result.json`].sort());
    } finally {
      s3.close();
    }
  });

  it('lives through a restart of Redis', async () => {
    const {id} = await queue.submit(adamJob(60_002));
    const one = worker('--lock', '2');
    await one.tells('started', id);
    await redis.down();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await redis.up();
    const later = await queue.submit(heatJob(0.66));
    expect((await queue.wait(id)).iterations).toBe(60_002);
    expect((await queue.wait(later.id)).stopReason).toBe('tolerance');
    expect(one.ended).toBe(false);
  });
});
