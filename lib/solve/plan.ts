/** What is decided before a solve begins: its options checked, and what they leave open. */
import {DinfError} from '../base/errors';
import type {Check} from '../base/options';
import {
  checkChoice,
  checkFlag,
  checkFunction,
  checkInteger,
  checkNumber,
  checkOneOrList,
  checkOptions,
  checkParts,
  checkPath,
  checkRecord,
  checkSignal,
  checkText,
  reading,
  wrong,
} from '../base/options';
import {shown} from '../base/shown';
import {compileTerms} from '../compile/terms';
import type {ChosenDevice} from '../devices';
import {findDevice} from '../devices';
import {defaultThreads} from '../devices/cpu';
import {checkWritable} from '../files/atomic-write';
import type {Optimizer} from '../optimizers';
import {adam, checkOptimizer, gaussNewton, lbfgs, leastSquares} from '../optimizers';
import {Problem} from '../pose/problem';
import {isLinear} from '../pose/problem-spec';
import {DTYPES} from '../schema';
import {checkSame, usable} from './checkpoint/apply';
import type {Checkpoint} from './checkpoint/checkpoint';
import {readCheckpoint} from './checkpoint/checkpoint';
import {checkCheckpoint} from './checkpoint/check';
import type {FieldListener} from './field-so-far';
import {Solution} from './solution';
import type {Repeat, SolveOptions} from './solve-options';

/** A solve whose options are known to be right. */
export interface SolvePlan<U extends string> {
  readonly problem: Problem<U>;
  readonly device: ChosenDevice;
  readonly dtype: 'float32' | 'float64';
  readonly threads: number;
  readonly memoryLimit: number;
  readonly tf32: boolean;
  readonly seed: number;
  /** Where it goes on, and not at the beginning. */
  readonly resume: Checkpoint | undefined;
  /** All other options, as they were given. */
  readonly options: SolveOptions;
}

/**
 * Checks all options, and reads what the solve goes on from.
 *
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION, NO_SUCH_DEVICE, FILE_UNWRITABLE, ABORTED, and what reading a checkpoint throws
 */
export async function planSolve<U extends string>(problem: Problem<U>, options: SolveOptions): Promise<SolvePlan<U>> {
  const checked = checkOptions<SolveOptions>(options, 'solve', {
    optimizer: checkStages,
    resume: checkResume,
    repeat: checkRepeat,
    after: checkSolution,
    checkpoint: checkSaving,
    device: checkText as Check<SolveOptions['device']>,
    dtype: (value, name) => checkChoice(value, name, DTYPES),
    threads: (value, name) => checkInteger(value, name, 1, 1024),
    memoryLimit: (value, name) => checkInteger(value, name, 0),
    tf32: checkFlag,
    seed: (value, name) => checkInteger(value, name, 0),
    signal: checkSignal,
    onProgress: (value, name) => checkFunction<NonNullable<SolveOptions['onProgress']>>(value, name),
    onField: checkFieldListener,
    fieldSeconds: (value, name) => checkNumber(value, name, 0.1, 1e6),
  });
  checkPosed(problem);
  const device = await findDevice(checked.device ?? 'auto');
  refuseContradictions(checked);
  // A solve is not to find out that its file cannot be written when it has a field to lose.
  if (checked.checkpoint !== undefined) await checkWritable(checked.checkpoint.file);
  const resume = await resumed(checked.resume, problem, checked.seed);
  const {threads = defaultThreads(), memoryLimit = 0, tf32 = false, signal} = checked;
  const {dtype = resume?.dtype ?? 'float32', seed = resume?.seed ?? 0} = checked;
  const plan = {problem, device, resume, options: checked, dtype, threads, memoryLimit, tf32, seed};
  if (signal?.aborted === true)
    throw new DinfError('ABORTED', 'solve: the signal was aborted before the solve began', {cause: signal.reason});
  return plan;
}

/** The stages of a solve: those asked for, those of what it goes on from, or the best for the problem. */
export function stagesOf<U extends string>({problem, resume, options}: SolvePlan<U>): readonly Optimizer[] {
  if (options.optimizer !== undefined) return [options.optimizer].flat();
  return resume?.standing.schedule ?? [defaultOptimizer(problem)];
}

/** @throws INVALID_ARGUMENT for what did not come from `problem` of this copy of the package */
function checkPosed(value: unknown): void {
  if (reading('solve: the problem', () => value instanceof Problem)) return;
  const other =
    typeof value === 'object' && value !== null && reading('solve: the problem', () => 'spec' in value && 'scope' in value);
  throw new DinfError(
    'INVALID_ARGUMENT',
    `solve: the first argument must come from problem(), and is ${shown(value)}${other ? ' of another copy of dinf-grid: load the package once' : ''}`,
  );
}

const checkStages: Check<Optimizer | Optimizer[]> = (value, name) => checkOneOrList(value, name, checkOptimizer);

/** @throws DinfError INVALID_ARGUMENT */
export const checkFieldListener: Check<FieldListener> = (value, name) => checkFunction<FieldListener>(value, name);

const checkSolution: Check<Solution> = (value, name) => {
  if (reading(name, () => value instanceof Solution)) return value as Solution;
  throw wrong(name, 'a solution, from solve() or loadSolution()', value);
};

const checkResume: Check<string | Checkpoint | Solution> = (value, name) => {
  if (typeof value === 'string') return checkPath(value, name);
  return reading(name, () => value instanceof Solution) ? (value as Solution) : checkCheckpoint(value, name);
};

const checkRepeat: Check<Repeat> = (value, name) => {
  const {optimizer, ...rest} = checkRecord(value, name);
  return {
    ...checkParts<Pick<Repeat, 'rounds' | 'update'>>(rest, name, {
      rounds: (count, place) => checkInteger(count, place, 0, 1e6),
      update: (one, place) => checkFunction<Repeat['update']>(one, place),
    }),
    optimizer: optimizer === undefined ? undefined : checkStages(optimizer, `${name}: optimizer`),
  };
};

const checkSaving: Check<NonNullable<SolveOptions['checkpoint']>> = (value, name) => {
  const {origin, ...rest} = checkRecord(value, name);
  return {
    ...checkParts<{file: string; everySeconds: number}>(rest, name, {
      file: checkPath,
      everySeconds: (seconds, place) => checkNumber(seconds, place, 0.1, 1e6),
    }),
    origin: origin === undefined ? undefined : checkText(origin, `${name}: origin`),
  };
};

function refuseContradictions({repeat, resume, checkpoint}: SolveOptions): void {
  if (repeat === undefined || (resume === undefined && checkpoint === undefined)) return;
  const other = checkpoint === undefined ? 'resume' : 'checkpoint';
  throw new DinfError('INVALID_ARGUMENT', `solve: 'repeat' and '${other}' exclude each other; leave out one`);
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
  return usable(from);
}

function defaultOptimizer(problem: Problem): Optimizer {
  const {linear, curved} = compileTerms(problem.spec);
  const {fields, terms} = problem.spec;
  if (!fields.every(isLinear)) return adam();
  const drawn = ({samples}: (typeof terms)[number]): boolean =>
    samples.kind === 'stratified' || ('draws' in samples && samples.draws > 0);
  // Least squares needs squares, and takes what is no square for its slope. The minimum of an energy on one draw may lie between its samples.
  if (curved || terms.every((term) => term.loss === 'identity')) return terms.some(drawn) ? adam() : lbfgs();
  // As many iterations as it takes: where rounding decides, least squares stops by itself.
  return linear ? leastSquares({iterations: 2000, tolerance: 1e-5}) : gaussNewton();
}
