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

/** One variation, and who asked for it. */
export interface Asked {
  readonly problem: Problem;
  readonly variation: Variation;
  readonly caller: string;
  readonly priority: number;
  /** Seconds from the begin of its batch. */
  readonly maxSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

interface Member extends Asked {
  settle(error: Error | undefined, solution?: VariationSolution): void;
  /** Whether nobody waits for it any more. */
  settled: boolean;
}

interface Line {
  readonly structure: Structure;
  members: Member[];
  /** Whether a batch of it is submitted: the next one collects until that has begun, and is submitted when that is done. */
  busy: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** Most variations of a batch: so that a caller's signal, and the fairness between callers, are looked at now and then. */
const MOST_TOGETHER = 4096;

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
   * Solves one variation, together with those of its structure that wait when its turn comes.
   *
   * @throws DinfError (rejects) QUEUE_FULL, OUT_OF_MEMORY, ABORTED, TIME_LIMIT, and what the solve throws
   */
  add(structure: Structure, asked: Asked): Promise<VariationSolution> {
    return new Promise((resolve, reject) => {
      const release = this.scheduler.hold(asked.caller, asked.signal); // what it throws rejects
      const leave = (): void => {
        member.settle(new DinfError('ABORTED', 'the signal was aborted', {cause: asked.signal?.reason}));
      };
      const member: Member = {
        ...asked,
        settled: false,
        settle: (error, solution) => {
          if (member.settled) return;
          member.settled = true;
          release();
          asked.signal?.removeEventListener('abort', leave);
          if (solution === undefined) reject(error!);
          else resolve(solution);
        },
      };
      asked.signal?.addEventListener('abort', leave);
      this.join(structure, member);
    });
  }

  private join(structure: Structure, member: Member): void {
    const {key} = structure;
    let line = this.lines.get(key);
    if (line === undefined) this.lines.set(key, (line = {structure, members: [], busy: false, timer: undefined}));
    line.members.push(member);
    if (line.busy) return;
    const here = line;
    line.timer ??= setTimeout(() => {
      this.submit(here);
    }, this.waitMs);
  }

  private submit(line: Line): void {
    const {structure} = line;
    line.timer = undefined;
    line.members = line.members.filter(({settled}) => !settled);
    if (line.members.length === 0) {
      this.lines.delete(structure.key);
      return;
    }
    line.busy = true;
    const first = line.members[0];
    const stop = new AbortController();
    let batch: Member[] = [];
    const request = {
      caller: first.caller,
      priority: Math.max(...line.members.map(({priority}) => priority)),
      bytes: structure.bytes,
      maxSeconds: Infinity,
      signal: stop.signal,
      admitted: true,
      callers: Array.from(new Set(line.members.map(({caller}) => caller))),
    };
    this.scheduler
      .submit(request, async ({signal}) => {
        batch = line.members.splice(0, MOST_TOGETHER).filter(({settled}) => !settled);
        await this.run(structure, batch, signal);
      })
      .catch((error: unknown) => {
        // A batch that was refused before it began takes all that wait for it along.
        for (const member of batch.length > 0 ? batch : line.members.splice(0)) member.settle(error as Error);
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
    const stop = new AbortController();
    const abort = (): void => {
      stop.abort(signal.reason);
    };
    signal.addEventListener('abort', abort);
    // Nobody waits any more: what is left of it need not be computed.
    const left = (): void => {
      if (batch.every(({settled}) => settled)) stop.abort();
    };
    const timers = batch.map((member) =>
      after(member.maxSeconds, () => {
        member.settle(new DinfError('TIME_LIMIT', `the ${member.maxSeconds} s that this variation may take are over`));
        left();
      }),
    );
    for (const {signal: own} of batch) own?.addEventListener('abort', left);
    try {
      await this.cache.using(
        structure.key,
        () => structure.make(),
        async (solver) => {
          const variations = batch.map(({problem, variation}) => asVariationOf(solver.problem, problem, variation));
          for await (const solution of solver.solve(variations, {signal: stop.signal}))
            batch[solution.index].settle(undefined, solution);
        },
      );
      for (const member of batch) member.settle(new DinfError('ABORTED', 'the batch ended before this variation'));
    } finally {
      signal.removeEventListener('abort', abort);
      for (const {signal: own} of batch) own?.removeEventListener('abort', left);
      for (const timer of timers) clearTimeout(timer);
    }
  }
}
