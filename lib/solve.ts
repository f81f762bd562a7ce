import type {Device} from './device';
import {chooseDevice, defaultThreads, deviceOptions} from './device';
import {DinfError} from './errors';
import type {NativeProgress} from './native';
import type {Optimizer} from './optimizers';
import {adam, gaussNewton, lbfgs, leastSquares} from './optimizers';
import {checkChoice, checkInteger, checkNumber, rejectUnknown} from './options';
import {Problem} from './problem';
import {isLinear} from './problem-spec';
import {applyCheckpoint, checkpointOf, checkSame} from './checkpoint/apply';
import type {Checkpoint} from './checkpoint/checkpoint';
import {readCheckpoint, writeCheckpoint} from './checkpoint/checkpoint';
import type {Outcome, ScheduleHooks} from './schedule';
import {runAfter, runSchedule, scheduled} from './schedule';
import {Session} from './session';
import {Solution} from './solution';

/** How far a solve has come. */
export interface Progress {
  /** Iterations done, of all stages. */
  readonly iteration: number;
  /** Most iterations of all stages. */
  readonly iterations: number;
  /** Of the latest iteration that was looked at. */
  readonly loss: number;
  /** Since the solve began. */
  readonly seconds: number;
  /** Estimated time left, from the iterations so far. */
  readonly secondsLeft: number;
}

/** What {@link solve} takes beside the problem. */
export interface SolveOptions {
  /**
   * Stages in order. Default: with linear decoders and a loss that allows it, least squares (to a relative gradient of 1e-5, at most 2000
   * iterations) or, for nonlinear equations, Gauss–Newton; for energies that are not affine L-BFGS, on fixed samples; else Adam.
   */
  optimizer?: Optimizer | readonly Optimizer[];
  /**
   * Goes on from a saved field (its file), a checkpoint or another solution of the same problem. Without `optimizer`, the saved schedule goes
   * on where it stood. With one whose stages are of the same kinds up to there, too, and iterations count from the stage's first beginning:
   * `adam({iterations: 2000})` after 1000 runs 1000 more, with the same bits as 2000 at once. Any other schedule begins at its first stage,
   * from the saved field. Least squares and Gauss–Newton go on from the field, but build their directions anew.
   */
  resume?: string | Checkpoint | Solution;
  /**
   * Solves again with new data, as often as {@link Repeat} says: Picard's iteration, coefficients that lag behind, reweighted residuals. Not with
   * `resume` or `checkpoint`, which would have to know what `update` did.
   */
  repeat?: Repeat;
  /** An earlier solve whose field this problem's data came from: its iterations, seconds and losses are counted in. */
  after?: Solution;
  /**
   * Writes the solve's state to a file every so often while Adam runs; the other optimizers cannot be interrupted and go on.
   * `everySeconds` is 0.1 at least; `origin` says what made the file, for people.
   */
  checkpoint?: {readonly file: string; readonly everySeconds: number; readonly origin?: string};
  /** Default `auto`. */
  device?: Device;
  /** Default `float32`, or that of `resume`. */
  dtype?: 'float32' | 'float64';
  /** CPU threads, default one a core. The result does not depend on it. */
  threads?: number;
  /** Bytes that the solve may hold on a CUDA device, default 0: as many as there are. */
  memoryLimit?: number;
  /** Of everything random, default 0 or that of `resume`. The same seed gives the same bits on the same device and instruction set. */
  seed?: number;
  /** Aborting resolves the solve with what it has, and `stopReason` 'aborted'; a signal aborted before the start rejects with ABORTED. */
  signal?: AbortSignal;
  /** At most about 25 times a second. What it throws stops the solve, and rejects it. */
  onProgress?: (progress: Progress) => void;
}

/** New data between solves of one problem; nothing is compiled again. */
export interface Repeat {
  /** Most repetitions, after the first solve. */
  readonly rounds: number;
  /** Of the repetitions, default that of the first solve. `leastSquares({fromHere: true})` begins where the last round ended. */
  readonly optimizer?: Optimizer | readonly Optimizer[];
  /**
   * New per-sample data, by the names of term and channel, one value a sample; what is not named stays.
   *
   * @param field the solution so far. It belongs to the solve: evaluate it, but do not keep or dispose it.
   * @param round 1 for the first repetition.
   * @returns undefined to end; the solve's `stopReason` then is 'tolerance'.
   */
  update(
    field: Solution,
    round: number,
  ): Promise<Readonly<Record<string, Readonly<Record<string, ArrayLike<number>>>>> | undefined>;
}

/** A running solve: a promise of its solution, and an async iterator of its progress. */
export class Solve implements PromiseLike<Solution>, AsyncIterable<Progress> {
  private readonly listeners = new Set<(progress: Progress | undefined) => void>();
  private readonly result: Promise<Solution>;
  private ended = false;

  /** @internal */
  constructor(start: (report: (progress: Progress) => void) => Promise<Solution>) {
    this.result = start((progress) => {
      for (const listener of this.listeners) listener(progress);
    }).finally(() => {
      this.ended = true;
      for (const listener of this.listeners) listener(undefined);
    });
    this.result.catch(() => undefined); // an iterator alone may be awaited; the promise still rejects for who holds it
  }

  then<A = Solution, B = never>(
    fulfilled?: ((value: Solution) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.result.then(fulfilled, rejected);
  }
  /** As a promise has it. */
  catch<B = never>(rejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<Solution | B> {
    return this.result.catch(rejected);
  }
  /** As a promise has it. */
  finally(settled?: (() => void) | null): Promise<Solution> {
    return this.result.finally(settled);
  }

  /** The latest progress each time the consumer asks; what it was too slow for is skipped. Throws what the solve throws. */
  async *[Symbol.asyncIterator](): AsyncIterator<Progress> {
    let latest: Progress | undefined;
    let wake: (() => void) | undefined;
    const listener = (progress: Progress | undefined): void => {
      if (progress !== undefined) latest = progress;
      wake?.();
    };
    this.listeners.add(listener);
    try {
      for (;;) {
        if (latest !== undefined) {
          const progress = latest;
          latest = undefined;
          yield progress;
        } else if (this.ended) {
          await this.result;
          return;
        } else {
          await new Promise<void>((resolve) => (wake = resolve));
        }
      }
    } finally {
      this.listeners.delete(listener);
    }
  }
}

/**
 * Solves a problem on native threads; the event loop stays free.
 *
 * @throws (rejects) INVALID_ARGUMENT (also for a `resume` of another problem, saying what differs), UNKNOWN_OPTION, NO_SUCH_DEVICE, OUT_OF_MEMORY, NO_NATIVE_BUILD before any work; ABORTED for a
 *   signal that is aborted already. A diverged solve resolves with its last good field, `stopReason` 'diverged' and `message`.
 */
export function solve(problem: Problem, options: SolveOptions = {}): Solve {
  return new Solve((report) => start(problem, options, report));
}

async function start(problem: Problem, options: SolveOptions, report: (progress: Progress) => void): Promise<Solution> {
  rejectUnknown(
    options,
    [
      'optimizer',
      'resume',
      'repeat',
      'after',
      'checkpoint',
      'device',
      'dtype',
      'threads',
      'memoryLimit',
      'seed',
      'signal',
      'onProgress',
    ],
    'solve',
  );
  if (!(problem instanceof Problem))
    throw new DinfError('INVALID_ARGUMENT', 'solve: the first argument must come from problem()');
  const {signal, onProgress} = options;
  const chosen = chooseDevice(options.device ?? 'auto');
  const device = chosen.name;
  const {checkpoint} = options;
  if (checkpoint !== undefined) {
    rejectUnknown(checkpoint, ['file', 'everySeconds', 'origin'], 'solve: checkpoint');
    checkNumber(checkpoint.everySeconds, 'solve: checkpoint.everySeconds', 0.1, 1e6);
  }
  const {repeat} = options;
  if (repeat !== undefined) {
    rejectUnknown(repeat, ['rounds', 'optimizer', 'update'], 'solve: repeat');
    checkInteger(repeat.rounds, 'solve: repeat.rounds', 0, 1e6);
    if (options.resume !== undefined || checkpoint !== undefined) {
      const other = checkpoint === undefined ? 'resume' : 'checkpoint';
      throw new DinfError('INVALID_ARGUMENT', `solve: 'repeat' and '${other}' exclude each other; leave out one`);
    }
  }
  const resume = await resumed(options.resume, problem, options.seed);
  const dtype = checkChoice(options.dtype ?? resume?.dtype ?? 'float32', 'solve: dtype', ['float32', 'float64'] as const);
  const threads = checkInteger(options.threads ?? defaultThreads(), 'solve: threads', 1, 1024);
  const memoryLimit = checkInteger(options.memoryLimit ?? 0, 'solve: memoryLimit', 0);
  const seed = checkInteger(options.seed ?? resume?.seed ?? 0, 'solve: seed', 0);
  if (signal?.aborted)
    throw new DinfError('ABORTED', 'solve: the signal was aborted before the solve began', {cause: signal.reason});

  const session = new Session(problem.spec, {dtype, threads, seed, memoryLimit, ...deviceOptions(chosen)});
  const stages =
    options.optimizer === undefined
      ? (resume?.standing.schedule ?? [defaultOptimizer(problem, session)])
      : [options.optimizer].flat();
  const began = performance.now();
  const done = resume?.standing.iterations ?? options.after?.iterations ?? 0;
  let thrown: {error: unknown} | undefined;
  const publish = (progress: NativeProgress): void => {
    const seconds = (performance.now() - began) / 1000;
    const {iteration, iterations} = progress;
    const now = iteration - done;
    const full = {...progress, seconds, secondsLeft: now > 0 ? (seconds * (iterations - iteration)) / now : Infinity};
    report(full);
    // A throw here would vanish in the native callback: stop the solve and let its promise tell.
    try {
      onProgress?.(full);
    } catch (error) {
      thrown ??= {error};
      session.cancel();
    }
  };
  const cancel = (): void => {
    session.cancel();
  };
  signal?.addEventListener('abort', cancel, {once: true});
  try {
    await session.state(); // the preparation cannot be cancelled; an abort during it is seen below
    if (signal?.aborted) throw new DinfError('ABORTED', 'solve: aborted before the first iteration', {cause: signal.reason});
    if (resume !== undefined) await applyCheckpoint(session, resume);
    const rounds = [repeat?.optimizer ?? stages].flat();
    const hooks: ScheduleHooks = {
      onProgress: publish,
      stopped: () => signal?.aborted === true || thrown !== undefined,
      later: (repeat?.rounds ?? 0) * scheduled(rounds),
      pause: checkpoint && {
        seconds: checkpoint.everySeconds,
        at: async (outcome) =>
          writeCheckpoint(checkpoint.file, await checkpointOf(problem, session, outcome, device, checkpoint.origin)),
      },
    };
    const {after} = options;
    let result = await (after === undefined
      ? runSchedule(session, stages, resume?.standing, hooks)
      : runAfter(session, stages, after.outcome, hooks));
    if (repeat !== undefined) {
      result = await repeated(session, rounds, result, hooks, repeat, (outcome) => {
        return new Solution(problem, session, outcome, device);
      });
    }
    // Native reports are throttled: the last one says that the end was reached, early or not.
    if (result.stopReason === 'iterations' || result.stopReason === 'tolerance') {
      publish({iteration: result.iterations, iterations: result.iterations, loss: result.loss});
    }
    if (thrown !== undefined) throw (thrown as {error: unknown}).error;
    return new Solution(problem, session, result, device);
  } catch (error) {
    session.dispose();
    throw error;
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

async function resumed(
  resume: SolveOptions['resume'],
  problem: Problem,
  seed: number | undefined,
): Promise<Checkpoint | undefined> {
  if (resume === undefined) return undefined;
  const from =
    resume instanceof Solution ? await resume.checkpoint() : typeof resume === 'string' ? await readCheckpoint(resume) : resume;
  checkSame(from, problem, seed, typeof resume === 'string' ? resume : 'the checkpoint');
  return from;
}

/** The rounds after the first solve. */
async function repeated(
  session: Session,
  stages: readonly Optimizer[],
  first: Outcome,
  hooks: ScheduleHooks,
  repeat: Repeat,
  view: (outcome: Outcome) => Solution,
): Promise<Outcome> {
  let outcome = first;
  const ended = (): boolean => outcome.stopReason === 'aborted' || outcome.stopReason === 'diverged';
  for (let round = 1; round <= repeat.rounds && !ended(); round++) {
    const began = performance.now();
    const data = await repeat.update(view(outcome), round);
    if (data === undefined) return {...outcome, stopReason: 'tolerance'};
    for (const [term, channels] of Object.entries(data)) await session.setData(term, channels);
    outcome = {...outcome, seconds: outcome.seconds + (performance.now() - began) / 1000};
    const later = (repeat.rounds - round) * scheduled(stages);
    outcome = await runAfter(session, stages, outcome, {...hooks, later});
  }
  return outcome;
}

function defaultOptimizer(problem: Problem, {linear, curved}: Session): Optimizer {
  const {fields, terms} = problem.spec;
  if (!fields.every(isLinear)) return adam();
  const drawn = ({samples}: (typeof terms)[number]): boolean =>
    samples.kind === 'stratified' || ('draws' in samples && samples.draws > 0);
  // Least squares needs squares, and takes what is no square for its slope. The minimum of an energy on one draw may lie between its samples.
  if (curved || terms.every((term) => term.loss === 'identity')) return terms.some(drawn) ? adam() : lbfgs();
  // As many iterations as it takes: where rounding decides, least squares stops by itself.
  return linear ? leastSquares({iterations: 2000, tolerance: 1e-5}) : gaussNewton();
}
