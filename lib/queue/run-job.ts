/** One job on this machine, from what the store knows of it to its result there. */
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import {DinfError} from '../base/errors';
import type {Device} from '../devices';
import {checkSame} from '../solve/checkpoint/apply';
import type {Checkpoint} from '../solve/checkpoint/checkpoint';
import {readCheckpoint} from '../solve/checkpoint/checkpoint';
import type {Solution} from '../solve/solution';
import type {Progress} from '../solve/solve';
import {CheckpointUpload} from './checkpoint-upload';
import type {Job} from './job';
import type {PosedJob} from './pose-job';
import {poseJob} from './pose-job';
import type {JobResult} from './result';
import {checkpointKey, countsOf, readResult, writeResult} from './result';
import type {ObjectStore} from './store-interface';

/** How a job is run. */
export interface RunOptions {
  readonly store: ObjectStore;
  /** Default: one a core. */
  readonly threads?: number | undefined;
  /** Default `auto`. */
  readonly device?: Device | undefined;
  /** Between checkpoints of solves that have them. Default 10. */
  readonly checkpointSeconds?: number | undefined;
  /** Ends it, with a checkpoint in the store where the solve can go on from one. */
  readonly handBack?: AbortSignal | undefined;
  /** Ends it, and what there is of it is dropped. */
  readonly cancel?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Where an attempt begins: 0 iterations, or those that a checkpoint holds. */
  readonly onStart?: ((resumedFrom: number) => void) | undefined;
  /** What went wrong without ending the job, such as a checkpoint that could not be stored. */
  readonly onMishap?: ((error: unknown) => void) | undefined;
}

/** How an attempt ended. */
export type Ending =
  | {readonly kind: 'done'; readonly result: JobResult; /** Whether it was there before. */ readonly found: boolean}
  | {readonly kind: 'handed-back'; /** Iterations in the checkpoint; 0: there is none. */ readonly iterations: number}
  | {readonly kind: 'cancelled'};

/**
 * Solves a job, unless its result is there: goes on from its checkpoint, saves others on the way, and writes its result once.
 *
 * @throws DinfError what posing and solving throw; FILE_UNWRITABLE, UNAVAILABLE of the store; TIME_LIMIT where the job's time was over
 *   before there was anything to keep (rejects)
 */
export async function runJob(id: string, job: Job, options: RunOptions): Promise<Ending> {
  const known = await readResult(options.store, id);
  if (known !== undefined) return {kind: 'done', result: known, found: true};
  const posed = await poseJob(job);
  countsOf(job.grid, posed.posed.spec.domain.length); // refused before the solve, not after it
  const folder = await mkdtemp(path.join(os.tmpdir(), 'dinf-job-'));
  const stop = new Stop(job.maxSeconds, [options.handBack, options.cancel]);
  try {
    const checkpoint = posed.resumes ? await savedCheckpoint(id, posed, folder, options) : undefined;
    return await attempt(id, job, posed, {folder, checkpoint, stop, options});
  } finally {
    stop.clear();
    await rm(folder, {recursive: true, force: true}).catch(() => undefined);
  }
}

async function attempt(id: string, job: Job, posed: PosedJob, work: Attempt): Promise<Ending> {
  const {folder, checkpoint, stop, options} = work;
  const {store, cancel, handBack, onStart} = options;
  const resumedFrom = checkpoint?.standing.iterations ?? 0;
  onStart?.(resumedFrom);
  try {
    using solution = await solved(id, posed, work);
    if (cancel?.aborted === true) return await dropped(id, store);
    const file = path.join(folder, 'field.safetensors');
    // Handed back where it was cut short; one that came to its end meanwhile is done.
    if (handBack?.aborted === true && solution.stopReason === 'aborted')
      return {kind: 'handed-back', iterations: await laidDown(id, posed, solution, file, options)};
    const finished = {id, job, headline: posed.posed.headline, notes: notesOf(posed, job, solution, stop), resumedFrom, file};
    return {kind: 'done', result: await writeResult(store, solution, finished), found: false};
  } catch (error) {
    if (!(error instanceof DinfError) || error.code !== 'ABORTED') throw error;
    return cutOff(id, job, options, resumedFrom, error);
  }
}

/** What follows where a job was stopped before its first iteration, by whom it was. */
async function cutOff(id: string, {maxSeconds}: Job, options: RunOptions, resumedFrom: number, cause: unknown): Promise<Ending> {
  const {store, cancel, handBack} = options;
  if (cancel?.aborted === true) return dropped(id, store);
  if (handBack?.aborted === true) return {kind: 'handed-back', iterations: resumedFrom};
  const message = `the ${maxSeconds} s of the job were over before it had anything to keep`;
  throw new DinfError('TIME_LIMIT', message, {cause});
}

/** A signal that is aborted with others, or when a job's time is over. */
class Stop {
  /** Whether the time was over first. */
  late = false;
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout | undefined;
  private readonly signals: readonly AbortSignal[];
  private readonly forward = (): void => {
    this.controller.abort();
  };

  constructor(seconds: number | undefined, signals: readonly (AbortSignal | undefined)[]) {
    this.signals = signals.filter((signal) => signal !== undefined);
    for (const signal of this.signals) {
      if (signal.aborted) this.forward();
      signal.addEventListener('abort', this.forward);
    }
    // Beyond that a timer cannot be set; 24 days are no limit of a job.
    if (seconds === undefined || seconds > 2_000_000) return;
    this.timer = setTimeout(() => {
      this.late = !this.controller.signal.aborted;
      this.controller.abort();
    }, 1000 * seconds);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  clear(): void {
    clearTimeout(this.timer);
    for (const signal of this.signals) signal.removeEventListener('abort', this.forward);
  }
}

interface Attempt {
  readonly folder: string;
  readonly checkpoint: Checkpoint | undefined;
  readonly stop: Stop;
  readonly options: RunOptions;
}

async function solved(id: string, {posed, solve, resumes}: PosedJob, work: Attempt): Promise<Solution> {
  const {store, threads, device, checkpointSeconds = 10, onProgress, onMishap = () => undefined} = work.options;
  const file = path.join(work.folder, 'checkpoint.safetensors');
  // Stages of Adam write them as they go, a solve on a given grid before it is compared with finer ones.
  const writes = resumes && (posed.prepared.solve !== undefined || posed.optimizers.some(({type}) => type === 'adam'));
  const upload = writes
    ? new CheckpointUpload({store, key: checkpointKey(id), file, seconds: checkpointSeconds / 4, onFailure: onMishap})
    : undefined;
  try {
    return await posed.solve({
      ...{...solve, threads, device, onProgress, signal: work.stop.signal},
      // A schedule with a place in it: Case.solve would take the saved one, which is the same.
      ...(work.checkpoint !== undefined && {resume: work.checkpoint}),
      ...(writes && {checkpoint: {file, everySeconds: checkpointSeconds, origin: `dinf-grid worker, job ${id}`}}),
    });
  } finally {
    await upload?.stop();
  }
}

/** What a job can go on from. One that cannot be used, such as one of another version, costs the work in it, and no more. */
async function savedCheckpoint(
  id: string,
  {posed, solve}: PosedJob,
  folder: string,
  {store, onMishap}: RunOptions,
): Promise<Checkpoint | undefined> {
  const bytes = await store.get(checkpointKey(id));
  if (bytes === undefined) return undefined;
  const file = path.join(folder, 'resume.safetensors');
  try {
    await writeFile(file, bytes);
    const checkpoint = await readCheckpoint(file);
    checkSame(checkpoint, posed, solve.seed, `the checkpoint of job ${id}`);
    return checkpoint;
  } catch (error) {
    onMishap?.(error);
    return undefined;
  }
}

/** Saves where a solve stands. A failure leaves the checkpoint before. */
async function laidDown(
  id: string,
  {resumes}: PosedJob,
  solution: Solution,
  file: string,
  {store, onMishap}: RunOptions,
): Promise<number> {
  if (!resumes) return 0;
  try {
    await solution.save(file, {origin: `dinf-grid worker, job ${id}`});
    await store.put(checkpointKey(id), await readFile(file));
    return solution.iterations;
  } catch (error) {
    onMishap?.(error);
    return 0;
  }
}

async function dropped(id: string, store: ObjectStore): Promise<Ending> {
  await store.delete(checkpointKey(id));
  return {kind: 'cancelled'};
}

function notesOf({posed}: PosedJob, {maxSeconds}: Job, {stopReason}: Solution, {late}: Stop): string[] {
  const cut = late && stopReason === 'aborted';
  return [...posed.notes, ...(cut ? [`stopped after the ${maxSeconds} s that the job was given`] : [])];
}
