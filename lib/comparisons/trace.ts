/** One contender run with one seed: its error at growing times. */
import {DinfError} from '../base/errors';
import type {BytePicture} from '../files/image';
import type {Adam, GaussNewton, Lbfgs} from '../optimizers';
import type {Solution} from '../solve/solution';
import type {SolveOptions} from '../solve/solve';
import {solve} from '../solve/solve';
import type {Entry, PosedSystem} from './system';

/** A point of an error-over-time curve. */
export interface Checkpoint {
  /** Iterations of the solver so far. */
  readonly iterations: number;
  /** Seconds of the solver so far: without compiling, without assessing the field. */
  readonly seconds: number;
  readonly error: number;
}

/** A run of one contender with one seed. */
export interface Run {
  readonly seed: number;
  /** Rising in time; empty where not even the first iteration gave a field that has an error. */
  readonly checkpoints: readonly Checkpoint[];
  /** `iterations`: as many as its preset has. `tolerance`: it met its own. `seconds`: the time was over. Else `diverged`, `failed`. */
  readonly stopReason: string;
  readonly message: string;
  readonly unknowns: number;
}

/** A run, and its last field to look at. */
export interface Traced {
  readonly run: Run;
  readonly picture: BytePicture | undefined;
}

/** What all solves of a run are told. */
export interface TraceOptions extends Pick<SolveOptions, 'device' | 'dtype' | 'threads' | 'signal'> {
  readonly seed: number;
  /** Seconds after which a run that is trained ends. What is solved, by least squares or L-BFGS, takes what it takes. */
  readonly seconds: number;
  /** Most iterations of what is trained. */
  readonly mostIterations: number;
}

/** A checkpoint follows the one before it after this many times as many iterations. */
const GROWTH = 1.6;

/** A run ends when so little of its time is left. */
const LEFT = 0.05;

/** Whether `--seconds` ends it: a network or grid that Adam trains goes on for ever. */
export const isTrained = ({stage, sequence}: Entry): boolean => sequence === undefined && stage.type === 'adam';

/**
 * Runs a contender with one seed and takes its error at growing times.
 *
 * @throws DinfError ABORTED where the signal stopped it: half a run proves nothing
 */
export async function trace(entry: Entry, system: PosedSystem, options: TraceOptions): Promise<Traced> {
  return isTrained(entry) ? trained(entry, system, options) : solvedAnew(entry, system, options);
}

/** Adam goes on from where it stood, to the bit, so that a run is assessed on the way. */
async function trained(
  entry: Entry,
  system: PosedSystem,
  {seed, seconds, mostIterations, ...given}: TraceOptions,
): Promise<Traced> {
  const stage = entry.stage as Adam;
  const checkpoints: Checkpoint[] = [];
  let solution: Solution | undefined;
  let iterations = 1;
  for (;;) {
    const next: Solution = await solve(entry.problem, {
      ...given,
      ...(solution === undefined ? {seed} : {resume: solution}),
      optimizer: {...stage, iterations},
    });
    solution?.dispose();
    solution = next;
    if (next.stopReason === 'aborted') {
      next.dispose();
      throw aborted();
    }
    if (next.stopReason === 'diverged') return ended(system, next, seed, checkpoints, 'diverged');
    await take(system, next, next.seconds, checkpoints);
    const left = seconds - next.seconds;
    if (next.iterations >= mostIterations) return ended(system, next, seed, checkpoints, 'iterations');
    if (left <= LEFT * seconds) return ended(system, next, seed, checkpoints, 'seconds');
    const affordable = next.iterations + Math.max(1, Math.floor((left / next.seconds) * next.iterations));
    iterations = Math.min(mostIterations, affordable, Math.ceil(GROWTH * next.iterations));
  }
}

/** Least squares and L-BFGS do not go on to the bit: each checkpoint is a solve of its own, from the beginning. */
async function solvedAnew(
  entry: Entry,
  system: PosedSystem,
  {seed, seconds: _, mostIterations: __, ...given}: TraceOptions,
): Promise<Traced> {
  const options = {...given, seed};
  const {sequence} = entry;
  const stage = entry.stage as GaussNewton | Lbfgs;
  const whole = async (count: number): Promise<Solution> => {
    const solution = await (sequence === undefined
      ? solve(entry.problem, {...options, optimizer: {...stage, iterations: count}})
      : sequence.solve(count, options));
    if (solution.stopReason !== 'aborted') return solution;
    solution.dispose();
    throw aborted();
  };
  const most = sequence?.most ?? stage.iterations;
  const last = await whole(most);
  const checkpoints: Checkpoint[] = [];
  // A direct solver has nothing before its end.
  const steps =
    last.solver?.inner === 'direct' && sequence === undefined ? [] : countsBelow(sequence === undefined ? last.iterations : most);
  for (const count of steps) {
    using partial = await whole(count);
    await take(system, partial, partial.seconds, checkpoints);
  }
  if (last.stopReason !== 'diverged') await take(system, last, last.seconds, checkpoints);
  // A machine that others use may take longer for less: a curve runs forward in time all the same.
  checkpoints.sort((a, b) => a.iterations - b.iterations);
  for (let i = checkpoints.length - 2; i >= 0; i--) {
    const {seconds} = checkpoints[i + 1];
    if (checkpoints[i].seconds > seconds) checkpoints[i] = {...checkpoints[i], seconds};
  }
  return ended(system, last, seed, checkpoints, last.stopReason);
}

/** 1, 2, 4 and so on, below a count; for a sequence 0 as well. */
function countsBelow(count: number): number[] {
  const counts = [];
  for (let half = Math.floor(count / 2); half >= 1; half = Math.floor(half / 2)) counts.unshift(half);
  return counts;
}

async function take(system: PosedSystem, solution: Solution, seconds: number, checkpoints: Checkpoint[]): Promise<void> {
  const error = await system.error(solution);
  if (Number.isFinite(error)) checkpoints.push({iterations: solution.iterations, seconds, error});
}

async function ended(
  system: PosedSystem,
  solution: Solution,
  seed: number,
  checkpoints: readonly Checkpoint[],
  stopReason: string,
): Promise<Traced> {
  using last = solution;
  const picture = checkpoints.length > 0 ? await system.picture(last) : undefined;
  return {run: {seed, checkpoints, stopReason, message: last.message, unknowns: last.unknowns}, picture};
}

function aborted(): DinfError {
  return new DinfError('ABORTED', 'the comparison was aborted during a run');
}
