/** Sweeps on this machine and through a queue: the same rows. */
import {execFileSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type {SweepTable} from '../../lib/api/queue';
import {createQueue, jobId, openStore, parseVary, sweepLocally, tableCsv} from '../../lib/api/queue';
import {loadBullMq} from '../../lib/queue/optional-peers';
import {checkJob} from '../../lib/queue/job';
import {readResult} from '../../lib/queue/result';
import {planSweep} from '../../lib/queue/sweep';
import {cli} from '../cli/support';
import {temporaryFolder} from '../support/temporary-folder';
import {describeWithRedis, heatJob, RedisServer, WorkerProcess} from './support';

const folder = temporaryFolder('folder');
const FILE = path.join(folder, 'heat.json');
fs.writeFileSync(FILE, JSON.stringify({...heatJob(0.1).problem, out: 'elsewhere'}));
const VARY = ['--vary', 'alpha=0.1:0.3:3', '--vary', 'seed=1,2'];
/** What does not hang on where it was solved. */
const essence = ({names, rows}: SweepTable): unknown => ({
  names,
  rows: rows.map(({seconds: _seconds, field: _field, ...row}) => row),
});

describe('the values of a parameter', () => {
  it('are a list or a range with both ends', () => {
    expect(parseVary('a=0.1:1:10').values).toEqual(
      [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1].map((x) => expect.closeTo(x, 14)),
    );
    expect(parseVary('a=0.1:1:10').values[9]).toBe(1);
    expect(parseVary('kernel=hat, gauss:3')).toEqual({name: 'kernel', values: ['hat', 'gauss:3']});
    for (const text of ['a', 'a=', 'a=1:2:1', 'a=1:2:x', 'a=1,,2', '=1'])
      expect(() => parseVary(text)).toThrow(expect.objectContaining({code: 'INVALID_ARGUMENT'}));
  });

  it('make all combinations, the last name fastest, and are refused where the problem has no such name', () => {
    const job = heatJob(1);
    const {rows, id} = planSweep({job, vary: {alpha: [1, 2], seed: [3, 4]}});
    expect(rows.map(({parameters}) => parameters)).toEqual([[1, 3], [1, 4], [2, 3], [2, 4]]); // prettier-ignore
    expect(rows[2].id).toBe(jobId(checkJob({...heatJob(2), seed: 3})));
    expect(planSweep({job, vary: {alpha: [1, 2], seed: [3, 4]}}).id).toBe(id);
    expect(() => planSweep({job, vary: {alhpa: [1]}})).toThrow(/no parameter 'alhpa', did you mean 'alpha'/);
    expect(() => planSweep({job, vary: {seed: Array.from({length: 10_001}, (_, i) => i)}})).toThrow(/10000 is the most/);
  });
});

describe('a sweep on this machine', () => {
  it('fills a table, and does not solve again what is in the store', async () => {
    const run = async (): Promise<SweepTable> => {
      const {code, stdout} = await cli(folder, ['sweep', FILE, ...VARY, '--store', 'local', '--json', '--quiet']);
      expect(code).toBe(0);
      return JSON.parse(stdout) as SweepTable;
    };
    const table = await run();
    expect(table.names).toEqual(['alpha', 'seed']);
    expect(table.rows).toHaveLength(6);
    for (const row of table.rows) {
      expect(row).toMatchObject({state: 'done', met: true, stopReason: 'tolerance', error: null});
      expect(row.errorEstimate).toBeLessThan(0.1);
      expect(fs.existsSync(path.join(folder, 'local', row.field!))).toBe(true);
    }
    expect(await run()).toEqual(table); // the seconds of each, too
    const csv = fs.readFileSync(path.join(folder, 'local', 'sweeps', `${table.id}.csv`), 'utf8');
    expect(csv).toBe(tableCsv(table));
    expect(csv.split('\n')[0]).toBe('alpha,seed,state,errorEstimate,met,loss,iterations,seconds,stopReason,id,field,error');
    expect(fs.existsSync(path.join(folder, 'elsewhere'))).toBe(false);
  });

  it('tells of each that fails, and ends with 1', async () => {
    const args = ['sweep', FILE, '--vary', 'resolution=8,9000000', '--store', 'failing', '--quiet', '--out', 'table.csv'];
    const {code} = await cli(folder, args);
    expect(code).toBe(1);
    const lines = fs.readFileSync(path.join(folder, 'table.csv'), 'utf8').split('\n');
    expect(lines[1]).toMatch(/^8,done,/);
    expect(lines[2]).toMatch(/^9000000,failed,.*INVALID_ARGUMENT/);
  });
});

describe('jobs side by side', () => {
  const job = {...heatJob(0.1), grid: [5, 5]};
  const sweep = {job, vary: {alpha: [0.1, 0.2, 0.1, 0.3]}};
  const valuesOf = async (place: string, {rows}: SweepTable): Promise<Buffer[]> => {
    const store = await openStore(place);
    return Promise.all(rows.map(async ({id}) => Buffer.from((await store.get((await readResult(store, id))!.values!.array))!)));
  };

  it('find what they find one after another, to the bit', async () => {
    const [one, two] = ['one', 'two'].map((name) => path.join(folder, name));
    const alone = await sweepLocally(sweep, {store: one, atOnce: 1});
    const told: string[] = [];
    const onRow = (done: number, count: number): void => void told.push(`${done} of ${count}`);
    const beside = await sweepLocally(sweep, {store: two, atOnce: 2, threads: 2, onRow});
    expect(essence(beside)).toEqual(essence(alone));
    expect(await valuesOf(two, beside)).toEqual(await valuesOf(one, alone));
    expect(told).toEqual(['1 of 3', '2 of 3', '3 of 3']); // equal values are one job
    // A store of one's own is no thread's.
    const own = await openStore(path.join(folder, 'own'));
    expect(essence(await sweepLocally(sweep, {store: own, atOnce: 2}))).toEqual(essence(alone));
  });

  it('end when they are told to, and are gone on with', async () => {
    const stop = new AbortController();
    const options = {store: path.join(folder, 'stopped'), atOnce: 2, threads: 2};
    const many = {job: heatJob(0.1), vary: {alpha: Array.from({length: 12}, (_, i) => 0.1 + 0.01 * i)}};
    const first = await sweepLocally(many, {...options, signal: stop.signal, onRow: (done) => done === 2 && stop.abort()});
    const states = first.rows.map(({state}) => state);
    expect(states.filter((state) => state === 'done').length).toBeGreaterThanOrEqual(2);
    expect(states).toContain('missing');
    expect(states).not.toContain('failed');
    const rest = await sweepLocally(many, options);
    expect(rest.rows.every(({state}) => state === 'done')).toBe(true);
    const kept = first.rows.flatMap(({state}, i) => (state === 'done' ? [i] : []));
    for (const i of kept) expect(rest.rows[i]).toEqual(first.rows[i]);
  });

  it('fail each for itself, and are refused where they are none', async () => {
    const mixed = {job: heatJob(0.1), vary: {resolution: [8, 9_000_000, 9]}};
    const {rows} = await sweepLocally(mixed, {store: path.join(folder, 'beside'), atOnce: 2, threads: 2});
    expect(rows.map(({state}) => state)).toEqual(['done', 'failed', 'done']);
    expect(rows[1].error).toMatch(/^INVALID_ARGUMENT: /);
    await expect(sweepLocally(mixed, {store: path.join(folder, 'none'), atOnce: 0})).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('atOnce') as string,
    });
  });
});

describeWithRedis('a sweep through a queue', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    fs.mkdirSync(path.join(folder, 'redis'));
    redis = await RedisServer.start(path.join(folder, 'redis'));
  });
  afterAll(async () => {
    await redis.down();
  });

  it('gives the same rows', async () => {
    const store = path.join(folder, 'queued');
    const worker = WorkerProcess.spawn(redis.url, store);
    try {
      const {code, stdout, stderr} = await cli(folder, [
        'sweep',
        FILE,
        ...VARY,
        '--store',
        store,
        '--redis',
        redis.url,
        '--json',
      ]);
      expect({code, stderr: stderr.replace(/^\d of 6\n/gm, '')}).toEqual({code: 0, stderr: ''});
      const there = JSON.parse(stdout) as SweepTable;
      const here = await sweepLocally({job: heatJob(0.1), vary: {alpha: [0.1, 0.2, 0.3], seed: [1, 2]}, }, {store: path.join(folder, 'here')}); // prettier-ignore
      expect(essence(there)).toEqual(essence(here));
      expect(worker.told.filter(({event}) => event === 'gathered')).toHaveLength(1);
    } finally {
      expect(await worker.end('SIGTERM')).toBe(0);
    }
  });

  it('has a row for each job that failed', async () => {
    const store = path.join(folder, 'mixed');
    const worker = WorkerProcess.spawn(redis.url, store);
    await using queue = await createQueue({redis: redis.url, store});
    try {
      const {id, count} = await queue.sweep({job: heatJob(0.1), vary: {resolution: [8, 9_000_000]}});
      expect(count).toBe(2);
      const table = await queue.waitSweep(id);
      expect(table.rows.map(({state}) => state)).toEqual(['done', 'failed']);
      expect(table.rows[1].error).toContain('INVALID_ARGUMENT');
    } finally {
      await worker.end('SIGTERM');
    }
  });

  it('says that nobody answers where there is no Redis', async () => {
    const {code, stderr} = await cli(folder, ['worker', '--redis', 'http://127.0.0.1', '--store', 'x']);
    expect({code, stderr}).toEqual({
      code: 2,
      stderr: 'dinf-grid: redis must be a URL that begins with redis:// or rediss://, not http://\n',
    });
  });

  it('keeps its promises while workers and Redis are killed', () => {
    const chaos = path.join(__dirname, '..', '..', 'benchmarks', 'queue-chaos.mjs');
    const args = ['--jobs', '40', '--kills', '2', '--restarts', '1', '--kill-every', '1.5'];
    const told = JSON.parse(execFileSync(process.execPath, [chaos, ...args], {encoding: 'utf8'})) as Record<string, unknown>;
    expect(told).toMatchObject({jobs: 40, kills: 2, restarts: 1, lost: 0, twoResults: 0, anew: 0, good: true});
    expect(told.interrupted).toBeGreaterThan(0);
    expect(told.identical).toBe(told.compared);
  });
});

describe('without the optional packages', () => {
  it('says what to install', async () => {
    // In a folder where nothing is installed, the built package alone cannot find them.
    const copy = path.join(folder, 'alone', 'dist');
    fs.cpSync(path.join(__dirname, '..', '..', 'dist'), copy, {recursive: true, filter: (file) => !file.includes('wasm')});
    const script = `require(${JSON.stringify(path.join(copy, 'queue', 'optional-peers.js'))}).loadBullMq().catch((e) => console.log(e.code, e.message))`;
    const said = execFileSync(process.execPath, ['-e', script], {encoding: 'utf8', cwd: folder});
    expect(said).toContain('UNAVAILABLE the queue needs the package bullmq, which is not installed: npm install bullmq ioredis');
    expect(typeof (await loadBullMq()).Queue).toBe('function');
  });
});
