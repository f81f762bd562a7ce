/** Who is next: jobs wait by priority, and within one priority callers take turns by the seconds that they have had. */

/** A job that waits. */
export interface Waiting {
  /** Who asked for it. */
  readonly caller: string;
  /** Higher ones come first. */
  readonly priority: number;
}

/** Callers whose account is kept while they have nothing waiting: it matters only beside others who wait. */
const MOST_IDLE = 10_000;

/**
 * Fair queueing by virtual time. Each caller has an account of seconds; the one with the least goes first. The clock is what each of those who
 * wait would have had if all had had the same; whoever comes, or comes back, begins there: a pause is no credit, and newcomers without end
 * keep nobody waiting for ever.
 */
export class FairQueue<Job extends Waiting> {
  private readonly jobs = new Map<string, Job[]>();
  private readonly accounts = new Map<string, number>();
  private count = 0;
  /** Seconds that each of those who wait should have had. */
  private clock = 0;

  /** Jobs that wait. */
  get size(): number {
    return this.count;
  }

  /** Jobs of one caller that wait. */
  sizeOf(caller: string): number {
    return this.jobs.get(caller)?.length ?? 0;
  }

  /** Callers who have something waiting. */
  get callers(): number {
    return this.jobs.size;
  }

  add(job: Job): void {
    const {caller, priority} = job;
    let list = this.jobs.get(caller);
    if (list === undefined) {
      this.accounts.set(caller, Math.max(this.accountOf(caller), this.clock));
      this.jobs.set(caller, (list = []));
    }
    // Behind the last one that is at least as urgent: those who came first stay first.
    let at = list.length;
    while (at > 0 && list[at - 1].priority < priority) at -= 1;
    list.splice(at, 0, job);
    this.count += 1;
  }

  /** Takes a job out, wherever it stands; false where it is not there. */
  remove(job: Job): boolean {
    const list = this.jobs.get(job.caller);
    const at = list?.indexOf(job) ?? -1;
    if (list === undefined || at < 0) return false;
    list.splice(at, 1);
    if (list.length === 0) this.jobs.delete(job.caller);
    this.count -= 1;
    return true;
  }

  /** Jobs in the order in which they would come, one of each caller: whoever cannot start now may let the next go ahead. */
  heads(): Job[] {
    const firsts = Array.from(this.jobs.values(), ([first]) => first);
    return firsts.sort((a, b) => b.priority - a.priority || this.accountOf(a.caller) - this.accountOf(b.caller));
  }

  /** All that wait; the queue is empty then. */
  clear(): Job[] {
    const all = Array.from(this.jobs.values()).flat();
    this.jobs.clear();
    this.count = 0;
    return all;
  }

  /** Adds to an account what a job is thought to take, until it is known. */
  foresee(caller: string, seconds: number): void {
    const before = this.accountOf(caller);
    this.accounts.delete(caller); // those charged last stand last
    this.accounts.set(caller, before + seconds);
    if (this.accounts.size > MOST_IDLE) this.forget();
  }

  /** Charges what a job took in place of what was foreseen. */
  charge(caller: string, seconds: number, foreseen = 0): void {
    this.foresee(caller, seconds - foreseen);
    this.clock += seconds / Math.max(1, this.jobs.size);
  }

  private accountOf(caller: string): number {
    return this.accounts.get(caller) ?? 0;
  }

  /** Forgets the half that has been idle for longest. */
  private forget(): void {
    for (const caller of this.accounts.keys()) {
      if (this.accounts.size <= MOST_IDLE / 2) return;
      if (!this.jobs.has(caller)) this.accounts.delete(caller);
    }
  }
}
