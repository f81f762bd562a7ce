import {FairQueue} from '../../lib/pool/fair-queue';

interface Job {
  readonly caller: string;
  readonly priority: number;
  readonly name: string;
}

const job = (caller: string, name: string, priority = 0): Job => ({caller, name, priority});

/** Takes out one after another, each of which costs its caller some seconds. */
function order(queue: FairQueue<Job>, seconds: (one: Job) => number = () => 1, most = Infinity): string[] {
  const names: string[] = [];
  while (queue.size > 0 && names.length < most) {
    const [next] = queue.heads();
    queue.remove(next);
    queue.charge(next.caller, seconds(next));
    names.push(next.name);
  }
  return names;
}

describe('FairQueue', () => {
  it('lets callers take turns, whoever came first with how many', () => {
    const queue = new FairQueue<Job>();
    for (let i = 0; i < 100; i++) queue.add(job('a', `a${i}`));
    for (let i = 0; i < 3; i++) queue.add(job('b', `b${i}`));
    expect(order(queue, undefined, 7)).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2', 'a3']);
  });

  it('counts seconds, not jobs', () => {
    const queue = new FairQueue<Job>();
    for (let i = 0; i < 10; i++) {
      queue.add(job('long', `L${i}`));
      queue.add(job('short', `s${i}`));
    }
    const first = order(queue, ({caller}) => (caller === 'long' ? 3 : 1), 8);
    expect(first.filter((name) => name.startsWith('s'))).toHaveLength(6);
  });

  it('puts higher priorities first, and keeps the order of equal ones', () => {
    const queue = new FairQueue<Job>();
    queue.add(job('a', 'low'));
    queue.add(job('a', 'high 1', 5));
    queue.add(job('b', 'middle', 2));
    queue.add(job('a', 'high 2', 5));
    expect(order(queue)).toEqual(['high 1', 'high 2', 'middle', 'low']);
  });

  it('gives no credit for a pause, and takes none from who was busy alone', () => {
    const queue = new FairQueue<Job>();
    for (let i = 0; i < 1000; i++) {
      queue.add(job('busy', 'before'));
      order(queue);
    }
    for (let i = 0; i < 5; i++) queue.add(job('busy', `busy${i}`));
    for (let i = 0; i < 5; i++) queue.add(job('new', `new${i}`));
    // A thousand seconds ago are over: they share from now on.
    expect(order(queue, undefined, 4).filter((name) => name.startsWith('busy')).length).toBeGreaterThanOrEqual(1);
  });

  it('keeps nobody waiting for newcomers without end', () => {
    const queue = new FairQueue<Job>();
    queue.charge('a', 5); // has had some
    queue.add(job('a', 'mine'));
    let others = 0;
    for (let last = ''; last !== 'mine'; others++) {
      queue.add(job(`new ${others}`, 'other'));
      queue.add(job(`newer ${others}`, 'other'));
      [last] = order(queue, undefined, 1);
      expect(others).toBeLessThan(100);
    }
    expect(others).toBeGreaterThan(0);
  });

  it('takes jobs out of the middle', () => {
    const queue = new FairQueue<Job>();
    const jobs = ['x', 'y', 'z'].map((name) => job('a', name));
    for (const one of jobs) queue.add(one);
    expect(queue.remove(jobs[1])).toBe(true);
    expect(queue.remove(jobs[1])).toBe(false);
    expect([queue.size, queue.sizeOf('a'), queue.callers]).toEqual([2, 2, 1]);
    expect(order(queue)).toEqual(['x', 'z']);
    expect(queue.sizeOf('a')).toBe(0);
  });

  it('forgets callers who are gone', () => {
    const queue = new FairQueue<Job>();
    for (let i = 0; i < 30_000; i++) queue.charge(`caller ${i}`, 1);
    expect((queue as unknown as {accounts: Map<string, number>}).accounts.size).toBeLessThanOrEqual(10_000);
  });
});
