/** An ablation: one thing varied, everything else held, each variant solved and judged by the problem's own metrics. */
import {DinfError} from '../base/errors';
import type {BytePicture} from '../files/image';
import type {OptimizerName, Prepared} from '../cases/definition';
import type {Progress, SolveOptions} from '../solve/solve';
import {solve} from '../solve/solve';
import {resultPicture} from './pictures';

/** The choices that a user has in an ablation. */
export interface AblationOptions {
  /** A PNG or JPEG; default: the built-in scene. */
  readonly image?: string | undefined;
  /** Pixels a side of the built-in scene; default: the ablation's own. */
  readonly size?: number | undefined;
  /** `fast`: least squares. `paper`: Adam as the authors do. */
  readonly preset: 'paper' | 'fast';
  readonly optimizers?: readonly OptimizerName[] | undefined;
  readonly iterations?: readonly number[] | undefined;
}

/** One variant. */
export interface Trial {
  /** The variant's settings, by column. */
  readonly labels: Readonly<Record<string, string>>;
  /** Figures of the paper for the same variant, by column. */
  readonly paper?: Readonly<Record<string, string>> | undefined;
  prepare(): Promise<Prepared>;
}

/** An ablation: its name, what its table shows, and its trials. */
export interface Ablation {
  readonly name: string;
  readonly summary: string;
  /** Pixels a side of the built-in scene where no image is given; 0: it is of no image. */
  readonly size: number;
  /** Metrics that the table shows, of those that the trials have. */
  readonly metrics: readonly string[];
  /** Sentences that a reader needs to read the table. */
  readonly notes: readonly string[];
  /** @throws what reading an image throws; INVALID_ARGUMENT */
  trials(options: AblationOptions): Promise<readonly Trial[]>;
}

/** A trial that has run. */
export interface Row {
  readonly labels: Readonly<Record<string, string>>;
  readonly paper: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
  /** The solve alone. */
  readonly seconds: number;
  readonly optimizer: string;
  readonly iterations: number;
  readonly unknowns: number;
  readonly loss: number;
  readonly stopReason: string;
  /** Notes of the solve, such as on terms that its kernel cannot see. */
  readonly notes: readonly string[];
  /** The result to look at. */
  readonly picture: BytePicture;
}

/** Where and how the trials of an ablation run. */
export interface AblationRun extends Pick<SolveOptions, 'device' | 'dtype' | 'threads' | 'seed'> {
  readonly signal?: AbortSignal | undefined;
  /** Before a trial begins: its number from 0, and seconds left for all, Infinity until the first is done. */
  readonly onTrial?: ((trial: Trial, index: number, count: number, secondsLeft: number) => void) | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly onRow?: ((row: Row) => void) | undefined;
}

/**
 * Runs trials one after the other. A signal stops the one under way, which is dropped: a half-solved variant proves nothing; those before
 * it are returned. One that diverges is a row like the others, and its `stopReason` says so.
 */
export async function runAblation(trials: readonly Trial[], run: AblationRun): Promise<Row[]> {
  const rows: Row[] = [];
  const began = performance.now();
  for (const [index, trial] of trials.entries()) {
    if (run.signal?.aborted === true) break;
    const seconds = (performance.now() - began) / 1000;
    run.onTrial?.(trial, index, trials.length, index > 0 ? (seconds / index) * (trials.length - index) : Infinity);
    const row = await runTrial(trial, run).catch(dropAborted);
    if (row === undefined) break;
    rows.push(row);
    run.onRow?.(row);
  }
  return rows;
}

/** A solve that is stopped before its first iteration throws: it has nothing to keep. */
function dropAborted(error: unknown): undefined {
  if (error instanceof DinfError && error.code === 'ABORTED') return undefined;
  throw error;
}

async function runTrial(trial: Trial, {device, dtype, threads, seed, signal, onProgress}: AblationRun): Promise<Row | undefined> {
  const prepared = await trial.prepare();
  using solution = await solve(prepared.problem, {
    optimizer: prepared.optimizers.map(({stage}) => stage),
    device,
    dtype,
    threads,
    seed,
    signal,
    onProgress,
  });
  if (solution.stopReason === 'aborted') return undefined;
  const assessment = await prepared.assess(solution);
  return {
    labels: trial.labels,
    paper: trial.paper ?? {},
    metrics: assessment.metrics,
    seconds: solution.seconds,
    optimizer: prepared.optimizers.map(({name}) => name).join(','),
    iterations: solution.iterations,
    unknowns: solution.unknowns,
    loss: solution.loss,
    stopReason: solution.stopReason,
    notes: solution.notes,
    picture: resultPicture(assessment),
  };
}
