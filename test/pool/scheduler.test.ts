import {DinfError} from '../../lib/base/errors';
import type {Grant, Request} from '../../lib/pool/scheduler';
import {Scheduler} from '../../lib/pool/scheduler';
import {QueueFull} from '../../lib/pool/queue-full';

const LIMITS = {threads: 2, memory: 1000, queue: 4, queuePerCaller: 4};

/** A job that ends when it is told to. */
class Held {
  grant: Grant | undefined;
  end!: () => void;
  fail!: (error: Error) => void;
  readonly result: Promise<string>;

  constructor(scheduler: Scheduler, request: Partial<Request> = {}) {
    const ended = new Promise<string>((resolve, reject) => {
      this.end = () => {
        resolve('done');
      };
      this.fail = reject;
    });
    const whole = {caller: 'a', priority: 0, bytes: 100, maxSeconds: Infinity, ...request};
    this.result = scheduler.submit(whole, (grant) => {
      this.grant = grant;
      return ended;
    });
    this.result.catch(() => undefined);
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Scheduler', () => {
  it('gives a lone job all threads, and others one each', async () => {
    const scheduler = new Scheduler({...LIMITS, threads: 4, queue: 10});
    const jobs = Array.from({length: 6}, () => new Held(scheduler));
    expect(jobs.map(({grant}) => grant?.threads)).toEqual([4, 1, 1, 1, undefined, undefined]);
    jobs[0].end();
    await settled();
    // Three are in use, and one more waits behind it.
    expect(jobs[4].grant?.threads).toBe(1);
    for (const job of jobs) job.end();
    await Promise.all(jobs.map(({result}) => result));
    expect(scheduler.counts).toEqual({running: 0, waiting: 0, done: 6, failed: 0, refused: 0});
  });

  it('reserves memory: what does not fit beside others waits, what never fits is refused', async () => {
    const scheduler = new Scheduler(LIMITS);
    const big = new Held(scheduler, {bytes: 900});
    const second = new Held(scheduler, {bytes: 200});
    expect([big.grant !== undefined, second.grant]).toEqual([true, undefined]);
    expect(scheduler.bytes).toBe(900);
    await expect(new Held(scheduler, {bytes: 1001}).result).rejects.toMatchObject({code: 'OUT_OF_MEMORY'});
    big.end();
    await settled();
    expect(second.grant).toBeDefined();
    second.end();
    await second.result;
    expect(scheduler.bytes).toBe(0);
  });

  it('lets small jobs pass a large one, but not for ever', async () => {
    const scheduler = new Scheduler({...LIMITS, queue: 100, queuePerCaller: 100});
    const first = new Held(scheduler, {bytes: 600});
    const large = new Held(scheduler, {bytes: 500, priority: 1});
    const small = Array.from({length: 20}, (_, i) => new Held(scheduler, {bytes: 50, caller: `small ${i}`}));
    for (const job of small) {
      if (job.grant === undefined) break;
      job.end();
      await settled();
    }
    const passed = small.filter(({grant}) => grant !== undefined).length;
    expect(passed).toBeGreaterThan(4);
    expect(passed).toBeLessThan(12);
    first.end();
    await settled();
    expect(large.grant).toBeDefined();
    for (const job of [large, ...small]) job.end();
    await Promise.all(small.map(({result}) => result));
  });

  it('refuses what is too much, with an estimate from measured times', async () => {
    const scheduler = new Scheduler({...LIMITS, threads: 1, queuePerCaller: 2});
    for (let i = 0; i < 20; i++) scheduler.runs.add(10);
    const jobs = [0, 1, 2].map(() => new Held(scheduler));
    const refused: unknown = await new Held(scheduler).result.catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(QueueFull);
    expect((refused as QueueFull).message).toMatch(/^2 jobs of this caller wait already: try again in 30 s$/);
    expect((refused as QueueFull).retrySeconds).toBe(30);
    const others = [0, 1].map(() => new Held(scheduler, {caller: 'b'}));
    await expect(new Held(scheduler, {caller: 'c'}).result).rejects.toThrow('4 jobs wait already');
    expect(() => scheduler.hold('d')).toThrow('4 jobs wait already');
    for (const job of [...jobs, ...others]) job.end();
    await Promise.all([...jobs, ...others].map(({result}) => result));
    expect(scheduler.counts).toMatchObject({done: 5, refused: 3});
  });

  it('counts what is held as waiting', () => {
    const scheduler = new Scheduler(LIMITS);
    const releases = [0, 1, 2, 3, 4, 5].map(() => scheduler.hold('a'));
    expect(() => scheduler.hold('b')).toThrow(QueueFull);
    releases[0]();
    releases[0](); // once
    expect(scheduler.counts.waiting).toBe(5);
    for (const release of releases) release();
    expect(scheduler.counts.waiting).toBe(0);
  });

  it('lets a signal take a job out of the queue at once, and end one that runs', async () => {
    const scheduler = new Scheduler({...LIMITS, threads: 1});
    const stop = new AbortController();
    const running = new Held(scheduler, {signal: stop.signal});
    const waiting = new Held(scheduler, {signal: stop.signal});
    const next = new Held(scheduler);
    stop.abort(new Error('enough'));
    await expect(waiting.result).rejects.toMatchObject({code: 'ABORTED', cause: stop.signal.reason as Error});
    expect(running.grant?.signal.aborted).toBe(true);
    expect(running.grant?.late()).toBe(false);
    running.end();
    await settled();
    expect(next.grant).toBeDefined();
    next.end();
    await expect(
      scheduler.submit({caller: 'a', priority: 0, bytes: 0, maxSeconds: 1, signal: stop.signal}, () => Promise.resolve(1)),
    ).rejects.toMatchObject({code: 'ABORTED'});
  });

  it('ends jobs after their time, and tells those that had nothing apart', async () => {
    const scheduler = new Scheduler(LIMITS);
    const keeps = scheduler.submit({caller: 'a', priority: 0, bytes: 0, maxSeconds: 0.02}, async ({signal, late}) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return late();
    });
    const empty = scheduler.submit({caller: 'a', priority: 0, bytes: 0, maxSeconds: 0.02}, async ({signal}) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw new DinfError('ABORTED', 'before the first iteration');
    });
    await expect(keeps).resolves.toBe(true);
    await expect(empty).rejects.toMatchObject({code: 'TIME_LIMIT', message: expect.stringContaining('0.02 s') as string});
  });

  it('closes at once, or drains', async () => {
    const now = new Scheduler({...LIMITS, threads: 1});
    const [running, waiting] = [new Held(now), new Held(now)];
    running.grant?.signal.addEventListener('abort', running.end);
    await now.close(false);
    await expect(waiting.result).rejects.toMatchObject({code: 'DISPOSED'});
    await expect(running.result).resolves.toBe('done');
    await expect(new Held(now).result).rejects.toMatchObject({code: 'DISPOSED'});

    const drained = new Scheduler({...LIMITS, threads: 1});
    const [first, second] = [new Held(drained), new Held(drained)];
    const closed = drained.close(true);
    await expect(new Held(drained).result).rejects.toMatchObject({code: 'DISPOSED'});
    expect(first.grant?.signal.aborted).toBe(false);
    first.end();
    await settled();
    second.end();
    await closed;
    await expect(second.result).resolves.toBe('done');
  });

  it('keeps to fairness while jobs fail', async () => {
    const scheduler = new Scheduler({...LIMITS, threads: 1, queue: 100, queuePerCaller: 100});
    const order: string[] = [];
    const all = ['a', 'a', 'a', 'a', 'b', 'b'].map((caller) =>
      scheduler
        .submit({caller, priority: 0, bytes: 0, maxSeconds: 1}, () => {
          order.push(caller);
          return caller === 'a' ? Promise.reject(new Error('no')) : Promise.resolve();
        })
        .catch(() => undefined),
    );
    await Promise.all(all);
    expect(order.slice(0, 4).filter((caller) => caller === 'b').length).toBe(2);
    expect(scheduler.counts).toMatchObject({done: 2, failed: 4});
  });
});
