/** Variations of one structure that wait together, solved as one batch by a solver that is kept between batches. */
import {DinfError} from '../base/errors';
import type {ManySolver} from '../many/many-solver';
import type {Variation} from '../many/variation';
import type {VariationSolution} from '../many/variation-solution';
import type {Problem} from '../pose/problem';
import type {Scheduler} from './scheduler';
import {after} from './scheduler';
import type {SolverCache} from './solver-cache';
import type {Structure} from './structure';
import {asVariationOf} from './structure';

/** Variations of one problem that somebody asked for together. */
export interface Asked {
  readonly problem: Problem;
  readonly variations: readonly Variation[];
  readonly caller: string;
  readonly priority: number;
  /** Seconds from the begin of the first batch that solves some of them. */
  readonly maxSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

interface Group extends Asked {
  /** Of those that no batch has taken yet. */
  next: number;
  readonly solutions: VariationSolution[];
  left: number;
  timer: NodeJS.Timeout | undefined;
  /** Whether nobody waits for it any more. */
  settled: boolean;
  readonly settle: (error?: Error) => void;
  /** The batches that hold some of it look whether anybody waits for them. */
  readonly watchers: Set<() => void>;
}

/** A variation of a group, by its number. */
interface Member {
  readonly group: Group;
  readonly index: number;
}

interface Line {
  readonly structure: Structure;
  groups: Group[];
  /** Whether a batch of it is submitted: the next one collects until that has begun, and is submitted when that is done. */
  busy: boolean;
  timer: NodeJS.Timeout | undefined;
  /** That a variation takes, as far as is known. */
  seconds: number;
}

/** Seconds that a batch should take: whoever comes next waits for it. */
const BATCH_SECONDS = 0.25;
const [FEWEST, MOST] = [32, 4096];
/** Variations of a caller in a batch before another caller's have their turn. */
const IN_TURN = 16;

/** Groups variations by their structures. */
export class Batches {
  /** Sizes of the batches so far. */
  readonly sizes = {batches: 0, variations: 0, largest: 0};
  private readonly lines = new Map<string, Line>();

  constructor(
    private readonly scheduler: Scheduler,
    private readonly cache: SolverCache<ManySolver>,
    private readonly waitMs: number,
    private readonly onBatch: (size: number) => void = () => undefined,
  ) {}

  /**
   * Solves variations, together with those of their structure that wait when their turn comes. They take one place in the queue.
   *
   * @returns their solutions, in their order.
   * @throws DinfError (rejects) QUEUE_FULL, OUT_OF_MEMORY, ABORTED, TIME_LIMIT, and what the solve throws
   */
  add(structure: Structure, asked: Asked): Promise<VariationSolution[]> {
    return new Promise((resolve, reject) => {
      const release = this.scheduler.hold(asked.caller, asked.signal); // what it throws rejects
      const leave = (): void => {
        group.settle(new DinfError('ABORTED', 'the signal was aborted', {cause: asked.signal?.reason}));
      };
      const group: Group = {
        ...asked,
        ...{next: 0, solutions: [], left: asked.variations.length, timer: undefined, settled: false, watchers: new Set()},
        settle: (error) => {
          if (group.settled) return;
          group.settled = true;
          clearTimeout(group.timer);
          release();
          asked.signal?.removeEventListener('abort', leave);
          if (error === undefined) resolve(group.solutions);
          else reject(error);
          for (const watch of group.watchers) watch();
        },
      };
      if (group.left === 0) {
        group.settle();
        return;
      }
      asked.signal?.addEventListener('abort', leave);
      this.join(structure, group);
    });
  }

  private join(structure: Structure, group: Group): void {
    const {key} = structure;
    let line = this.lines.get(key);
    if (line === undefined)
      this.lines.set(key, (line = {structure, groups: [], busy: false, timer: undefined, seconds: BATCH_SECONDS / 256}));
    line.groups.push(group);
    if (line.busy) return;
    const here = line;
    line.timer ??= setTimeout(() => {
      this.submit(here);
    }, this.waitMs);
  }

  private submit(line: Line): void {
    const {structure} = line;
    line.timer = undefined;
    line.groups = waitingOf(line);
    if (line.groups.length === 0) {
      this.lines.delete(structure.key);
      return;
    }
    line.busy = true;
    let batch: readonly Member[] | undefined;
    const request = {
      caller: line.groups[0].caller,
      priority: Math.max(...line.groups.map(({priority}) => priority)),
      bytes: structure.bytes,
      maxSeconds: Infinity,
      admitted: true,
      callers: Array.from(new Set(line.groups.map(({caller}) => caller))),
    };
    this.scheduler
      .submit(request, async ({signal}) => {
        batch = take(line, Math.max(FEWEST, Math.min(MOST, Math.ceil(BATCH_SECONDS / line.seconds))));
        const began = performance.now();
        await this.run(structure, batch, signal);
        if (batch.length > 0) line.seconds = Math.max(1e-6, (performance.now() - began) / 1000 / batch.length);
      })
      .catch((error: unknown) => {
        // A batch that was refused before it began takes all that wait for it along.
        const failed = batch?.map(({group}) => group) ?? line.groups;
        for (const group of failed) group.settle(error as Error);
      })
      .finally(() => {
        line.busy = false;
        this.submit(line);
      });
  }

  private async run(structure: Structure, batch: readonly Member[], signal: AbortSignal): Promise<void> {
    if (batch.length === 0) return;
    this.sizes.batches += 1;
    this.sizes.variations += batch.length;
    this.sizes.largest = Math.max(this.sizes.largest, batch.length);
    this.onBatch(batch.length);
    const groups = new Set(batch.map(({group}) => group));
    const stop = new AbortController();
    const abort = (): void => {
      stop.abort(signal.reason);
    };
    // Nobody waits any more: what is left of it need not be computed.
    const watch = (): void => {
      for (const {settled} of groups) if (!settled) return;
      stop.abort();
    };
    signal.addEventListener('abort', abort);
    for (const group of groups) {
      group.watchers.add(watch);
      group.timer ??= after(group.maxSeconds, () => {
        group.settle(new DinfError('TIME_LIMIT', `the ${group.maxSeconds} s that these variations may take are over`));
      });
    }
    try {
      await this.cache.using(
        structure.key,
        () => structure.make(),
        async (solver) => {
          const variations = batch.map(({group, index}) => asVariationOf(solver.problem, group.problem, group.variations[index]));
          for await (const solution of solver.solve(variations, {signal: stop.signal})) deliver(batch[solution.index], solution);
        },
      );
      if (stop.signal.aborted)
        for (const group of groups) group.settle(new DinfError('ABORTED', 'the batch was ended before this variation'));
    } finally {
      signal.removeEventListener('abort', abort);
      for (const group of groups) group.watchers.delete(watch);
    }
  }
}

function deliver({group, index}: Member, solution: VariationSolution): void {
  group.solutions[index] = solution;
  group.left -= 1;
  if (group.left === 0) group.settle();
}

/** Those of which some wait. */
const waitingOf = ({groups}: Line): Group[] =>
  groups.filter(({settled, next, variations}) => !settled && next < variations.length);

/** Takes the next variations out of a line: callers take turns. */
function take(line: Line, size: number): Member[] {
  const callers = new Map<string, Group[]>();
  for (const group of waitingOf(line)) {
    const list = callers.get(group.caller);
    if (list === undefined) callers.set(group.caller, [group]);
    else list.push(group);
  }
  const batch: Member[] = [];
  while (batch.length < size && callers.size > 0) {
    for (const [caller, groups] of callers) {
      for (let i = 0; i < IN_TURN && batch.length < size && groups.length > 0; i++) {
        const [group] = groups;
        batch.push({group, index: group.next++});
        if (group.next === group.variations.length) groups.shift();
      }
      if (groups.length === 0) callers.delete(caller);
    }
  }
  return batch;
}
