/** A planned solve from its session to its solution. */
import {DinfError} from '../base/errors';
import {checkRecord} from '../base/options';
import {prepareTerms} from '../compile/terms';
import {deviceOptions} from '../devices';
import type {Optimizer} from '../optimizers';
import {plannedIterations} from '../optimizers';
import {cellsOf} from '../pose/problem-spec';
import {Announcer} from './announcer';
import {applyCheckpoint, writableCheckpointOf} from './checkpoint/apply';
import {writeCheckpoint} from './checkpoint/checkpoint';
import {UNASKED} from './error-estimate';
import {FIELD_SECONDS} from './field-so-far';
import {runParts, separateParts} from './part-solves';
import type {Task} from './pauses';
import {pausesFor} from './pauses';
import type {SolvePlan} from './plan';
import {stagesOf} from './plan';
import type {Outcome, ScheduleHooks} from './schedule';
import {runAfter, runSchedule} from './schedule';
import {Session} from './session';
import {Solution} from './solution';
import type {Progress, Repeat, SolveOptions} from './solve-options';

/** Writes checkpoints while a solve runs; one that fails does not end it, since that would lose the field that it was to keep. */
class CheckpointLog {
  private written = 0;
  private failed = 0;
  private reason = '';

  /** @throws what is no error of ours */
  async attempt(write: () => Promise<void>): Promise<void> {
    try {
      await write();
      this.written += 1;
    } catch (error) {
      if (!(error instanceof DinfError)) throw error;
      this.failed += 1;
      this.reason = error.message.replace(/\.$/, '');
    }
  }

  /** What is to be told of it at the end. */
  get notes(): string[] {
    if (this.failed === 0) return [];
    return [`${this.failed} of ${this.failed + this.written} checkpoints could not be written: ${this.reason}`];
  }
}

/**
 * Runs a planned solve.
 *
 * @param report receives progress.
 * @param left is aborted where nobody waits for more.
 * @throws DinfError ABORTED before the first iteration, OUT_OF_MEMORY, and what a listener throws
 */
export async function runSolve<U extends string>(
  plan: SolvePlan<U>,
  report: (progress: Progress) => void,
  left: AbortSignal,
): Promise<Solution<U>> {
  await prepareTerms(plan.problem.spec, plan.options.signal);
  const stages = stagesOf(plan);
  const parts = separateParts(plan, stages);
  return parts === undefined ? runWhole(plan, stages, report, left) : runParts(plan, parts, stages, report, left);
}

/** Solves for all unknowns together. */
async function runWhole<U extends string>(
  plan: SolvePlan<U>,
  stages: readonly Optimizer[],
  report: (progress: Progress) => void,
  left: AbortSignal,
): Promise<Solution<U>> {
  const {problem, device, dtype, threads, seed, memoryLimit, tf32, resume, options} = plan;
  const {signal, after} = options;
  const planned = [...stages, ...roundsOf(options, stages)];
  const session = new Session(problem.spec, {dtype, threads, seed, memoryLimit, tf32, ...deviceOptions(device)}, planned);
  const cancel = (): void => {
    session.cancel();
  };
  const done = resume?.standing.iterations ?? after?.iterations ?? 0;
  const announcer = new Announcer(report, options.onProgress, done, cancel);
  signal?.addEventListener('abort', cancel, {once: true});
  left.addEventListener('abort', cancel, {once: true});
  try {
    await session.state(); // the preparation cannot be cancelled; an abort during it is seen below
    if (signal?.aborted === true)
      throw new DinfError('ABORTED', 'solve: aborted before the first iteration', {cause: signal.reason});
    if (resume !== undefined) await applyCheckpoint(session, resume);
    const log = new CheckpointLog();
    const hooks = hooksOf(plan, session, stages, announcer, left, log);
    const first = await (after === undefined
      ? runSchedule(session, stages, resume?.standing, hooks)
      : runAfter(session, stages, after.outcome, hooks));
    const view = (outcome: Outcome): Solution => new Solution(problem, session, outcome, device.name);
    const result = await repeated(session, roundsOf(options, stages), first, hooks, options.repeat, view);
    // Native reports are throttled: the last one says that the end was reached, early or not.
    if (result.stopReason === 'iterations' || result.stopReason === 'tolerance') {
      announcer.announce({iteration: result.iterations, iterations: result.iterations, loss: result.loss});
    }
    announcer.rethrow();
    return new Solution(problem, session, result, device.name, log.notes);
  } catch (error) {
    session.dispose();
    throw error;
  } finally {
    signal?.removeEventListener('abort', cancel);
    left.removeEventListener('abort', cancel);
  }
}

const roundsOf = ({repeat}: SolveOptions, stages: readonly Optimizer[]): readonly Optimizer[] =>
  [repeat?.optimizer ?? stages].flat();

function hooksOf<U extends string>(
  plan: SolvePlan<U>,
  session: Session,
  stages: readonly Optimizer[],
  announcer: Announcer,
  left: AbortSignal,
  log: CheckpointLog,
): ScheduleHooks {
  const {
    options: {signal, repeat, fieldSeconds = FIELD_SECONDS},
    options,
  } = plan;
  const tell = fieldTeller(plan, session, announcer);
  const writing = checkpointTask(plan, session, log);
  return {
    onProgress: (progress) => {
      announcer.announce(progress);
    },
    stopped: () => signal?.aborted === true || left.aborted || announcer.failed,
    later: (repeat?.rounds ?? 0) * plannedIterations(roundsOf(options, stages)),
    between: tell,
    pause: pausesFor([...(writing ? [writing] : []), ...(tell ? [{seconds: fieldSeconds, run: tell}] : [])]),
  };
}

function checkpointTask<U extends string>(
  {problem, device, options: {checkpoint}}: SolvePlan<U>,
  session: Session,
  log: CheckpointLog,
): Task | undefined {
  if (checkpoint === undefined) return undefined;
  const {file, everySeconds, origin} = checkpoint;
  return {
    seconds: everySeconds,
    run: (outcome) =>
      log.attempt(async () => writeCheckpoint(file, await writableCheckpointOf(problem, session, outcome, device.name, origin))),
  };
}

/** Tells a listener of the field; undefined where there is none, or each round of a repeated solve shows it to `update`. */
function fieldTeller<U extends string>(
  {problem, device, options: {onField, repeat}}: SolvePlan<U>,
  session: Session,
  announcer: Announcer,
): Task['run'] | undefined {
  if (onField === undefined || repeat !== undefined) return undefined;
  return async (outcome) => {
    const field = new Solution(problem, session, outcome, device.name);
    await onField({field, errorEstimate: UNASKED, cells: cellsOf(problem.spec), seconds: announcer.seconds});
  };
}

/** The rounds after the first solve, where there are any. */
async function repeated(
  session: Session,
  stages: readonly Optimizer[],
  first: Outcome,
  hooks: ScheduleHooks,
  repeat: Repeat | undefined,
  view: (outcome: Outcome) => Solution,
): Promise<Outcome> {
  if (repeat === undefined) return first;
  let outcome = first;
  const ended = (): boolean => outcome.stopReason === 'aborted' || outcome.stopReason === 'diverged';
  for (let round = 1; round <= repeat.rounds && !ended(); round++) {
    const began = performance.now();
    const data = await repeat.update(view(outcome), round);
    if (data === undefined) return {...outcome, stopReason: 'tolerance'};
    for (const [term, channels] of Object.entries(checkRecord(data, 'solve: what repeat.update returned')))
      await session.setData(term, channels);
    outcome = {...outcome, seconds: outcome.seconds + (performance.now() - began) / 1000};
    const later = (repeat.rounds - round) * plannedIterations(stages);
    outcome = await runAfter(session, stages, outcome, {...hooks, later});
  }
  return outcome;
}
