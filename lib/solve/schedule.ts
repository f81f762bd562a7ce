/** Runs the stages of a solve one after another, from the beginning or from where an earlier solve stood. */
import {compileStages} from '../compile/stages';
import type {InnerChoice, NativeProgress, NativeResult, OptimizerState} from '../native';
import type {Optimizer} from '../optimizers';
import {kindOf, plannedIterations} from '../optimizers';
import type {Session} from './session';

/** The loss along a solve; long histories are thinned evenly. */
export interface LossCurve {
  /** Iterations of all stages, from 0. */
  readonly iteration: Float64Array;
  /** The loss at each of them. */
  readonly loss: Float64Array;
}

/** Where a schedule stands. */
export interface Position {
  /** The stage that ran last. */
  readonly stage: number;
  /** Iterations of that stage. */
  readonly iterations: number;
  /** It ended by itself: it was neither stopped nor did it diverge. */
  readonly complete: boolean;
  /** Where the parts stand of a problem whose unknowns were solved for one after another; `iterations` is their mean then. */
  readonly parts?: readonly PartPosition[];
}

/** Where a part of a problem stands. */
export interface PartPosition {
  readonly iterations: number;
  /** It ended by itself, as {@link Position.complete}. */
  readonly complete: boolean;
  readonly loss: number;
}

/** How a solve went, from its first beginning on. */
export interface Outcome {
  /** The stages, in order. */
  readonly schedule: readonly Optimizer[];
  /** Where it stands in them. */
  readonly position: Position;
  /** Why it ended. */
  readonly stopReason: NativeResult['stopReason'];
  /** Where a diverged solve broke; empty otherwise. */
  readonly message: string;
  /** Of all stages. */
  readonly iterations: number;
  /** Of the solve alone. */
  readonly seconds: number;
  /** The last one; of the field that was kept where that is not the last. */
  readonly loss: number;
  /** Unknowns of the last stage. */
  readonly unknowns: number;
  /** Along the solve. */
  readonly losses: LossCurve;
  /** What solved the linear problems of the last stage that had any. */
  readonly inner?: InnerChoice;
}

/** What an interrupted solve needs to go on. */
export interface Standing extends Omit<Outcome, 'inner'> {
  /** Adam's own state; null for an optimizer that has none, or after divergence. */
  readonly optimizer: OptimizerState | null;
}

export interface ScheduleHooks {
  onProgress(progress: NativeProgress): void;
  /** Whether the solve was told to stop. */
  stopped(): boolean;
  /** Iterations planned after this schedule, for who waits. */
  later?: number;
  /** Is called between two stages. */
  between?(outcome: Outcome): Promise<void>;
  /** Adam is interrupted every so often, which changes no bit of its result. */
  pause?: {readonly seconds: number; at(outcome: Outcome): Promise<void>};
}

/** As many points as a plot can use; native histories keep as many. */
const MOST_LOSSES = 20_000;

/**
 * Runs a schedule. With `from`, the stage that stood there goes on where the schedules' stages are of the same kinds up to it: Adam to the
 * bit, least squares and the others from the parameters. Iterations of a stage count from its own beginning. With any other schedule the
 * first stage begins anew, from the parameters as they are.
 *
 * @param session has the parameters and the optimizer's state of `from`.
 */
export async function runSchedule(
  session: Session,
  schedule: readonly Optimizer[],
  from: Standing | undefined,
  hooks: ScheduleHooks,
): Promise<Outcome> {
  compileStages(session.spec, schedule); // what is wrong with a later stage is said before the first one runs
  const begin = startOf(schedule, from);
  return runStages(session, schedule, begin, await beginning(session, schedule, from, begin.continues), hooks);
}

/** Runs a schedule from its first stage, from the parameters as they are; `before` is counted into the outcome. */
export function runAfter(
  session: Session,
  schedule: readonly Optimizer[],
  before: Outcome,
  hooks: ScheduleHooks,
): Promise<Outcome> {
  const outcome = {...before, schedule, position: {stage: 0, iterations: 0, complete: schedule.length === 0}};
  return runStages(session, schedule, {stage: 0, iterations: 0}, outcome, hooks);
}

async function runStages(
  session: Session,
  schedule: readonly Optimizer[],
  begin: {stage: number; iterations: number},
  before: Outcome,
  hooks: ScheduleHooks,
): Promise<Outcome> {
  let outcome = before;
  // The earlier solve was stopped, but has done all that is asked for now.
  if (begin.stage >= schedule.length && outcome.stopReason === 'aborted') outcome = {...outcome, stopReason: 'iterations'};
  const planned = outcome.iterations + plannedIterations(schedule.slice(begin.stage)) - begin.iterations + (hooks.later ?? 0);
  for (let k = begin.stage; k < schedule.length; k++) {
    outcome = await runStage(session, schedule[k], k, k === begin.stage ? begin.iterations : 0, outcome, planned, hooks);
    if (outcome.stopReason === 'aborted' || outcome.stopReason === 'diverged') break;
    if (k + 1 < schedule.length) await hooks.between?.(outcome);
  }
  return outcome;
}

/** One stage, interrupted as often as the hooks ask for; `index` is its place in the schedule, `done` how much of it is done. */
async function runStage(
  session: Session,
  stage: Optimizer,
  index: number,
  done: number,
  before: Outcome,
  planned: number,
  hooks: ScheduleHooks,
): Promise<Outcome> {
  const kind = kindOf(stage);
  const pause = kind.pausable ? hooks.pause : undefined;
  let outcome = before;
  let begun = done;
  for (;;) {
    if (hooks.stopped()) return {...outcome, stopReason: 'aborted'};
    const timer = new PauseTimer(session, pause?.seconds);
    const {iterations: earlier} = outcome;
    const rest = kind.remaining(stage, begun);
    const onProgress: ScheduleHooks['onProgress'] = ({iteration, loss}) => {
      hooks.onProgress({iteration: earlier + iteration, iterations: planned, loss});
    };
    const result = await session.run([rest.stage], onProgress, rest.begun).finally(() => {
      timer.clear();
    });
    begun += result.iterations;
    const complete = result.stopReason === 'iterations' || result.stopReason === 'tolerance';
    outcome = extended(outcome, result, {stage: index, iterations: begun, complete});
    if (pause === undefined || !timer.rang || result.stopReason !== 'aborted' || hooks.stopped()) return outcome;
    await pause.at(outcome);
  }
}

/** Interrupts a session after a while. */
class PauseTimer {
  /** Whether it did. */
  rang = false;
  private readonly timer: NodeJS.Timeout | undefined;

  /** @param seconds default never. */
  constructor(session: Session, seconds: number | undefined) {
    if (seconds === undefined) return;
    this.timer = setTimeout(() => {
      this.rang = true;
      session.cancel();
    }, seconds * 1000);
  }

  clear(): void {
    clearTimeout(this.timer);
  }
}

/** The first stage to run, how much of it is done, and whether the schedule goes on where the earlier one stood. */
export function startOf(
  schedule: readonly Optimizer[],
  from: Standing | undefined,
): {stage: number; iterations: number; continues: boolean} {
  const fresh = {stage: 0, iterations: 0, continues: false};
  if (from === undefined || schedule.length <= from.position.stage) return fresh;
  const {stage, iterations, complete} = from.position;
  if (from.schedule.slice(0, stage + 1).some(({type}, i) => schedule[i].type !== type)) return fresh;
  const here = schedule[stage];
  const kind = kindOf(here);
  const limited = kind.counted(here);
  const unchanged = JSON.stringify(here) === JSON.stringify(from.schedule[stage]);
  if ((complete && unchanged) || (limited && iterations >= kind.planned(here)))
    return {stage: stage + 1, iterations: 0, continues: true};
  // An optimizer without its state, as after divergence, begins a stage of its own.
  const lost = !limited || (kind.stateful && from.optimizer === null);
  return {stage, iterations: lost ? 0 : iterations, continues: true};
}

async function beginning(
  session: Session,
  schedule: readonly Optimizer[],
  from: Standing | undefined,
  continues: boolean,
): Promise<Outcome> {
  if (from !== undefined) {
    const {position, stopReason, message, iterations, seconds, loss, unknowns, losses} = from;
    return {
      schedule,
      position: continues ? position : {stage: 0, iterations: 0, complete: false},
      ...{stopReason, message, iterations, seconds, loss, unknowns, losses},
    };
  }
  const {parameters} = await session.state();
  const losses = {iteration: new Float64Array(), loss: new Float64Array()};
  const position = {stage: 0, iterations: 0, complete: schedule.length === 0};
  return {
    schedule,
    position,
    stopReason: 'iterations',
    message: '',
    iterations: 0,
    seconds: 0,
    loss: 0,
    unknowns: parameters,
    losses,
  };
}

function extended(before: Outcome, result: NativeResult, position: Position): Outcome {
  const {stopReason, message, loss, unknowns, inner = before.inner} = result;
  const seconds = before.seconds + result.seconds;
  const losses = joined(before.losses, before.iterations, {iteration: result.lossIterations, loss: result.losses});
  const iterations = before.iterations + result.iterations;
  const outcome = {schedule: before.schedule, position, stopReason, message, iterations, seconds, loss, unknowns, losses};
  return {...outcome, ...(inner && {inner})};
}

function joined(before: LossCurve, offset: number, next: LossCurve): LossCurve {
  if (before.loss.length === 0 && offset === 0) return next;
  const iteration = Float64Array.from([...before.iteration, ...next.iteration.map((i) => i + offset)]);
  const loss = Float64Array.from([...before.loss, ...next.loss]);
  if (loss.length < MOST_LOSSES) return {iteration, loss};
  const stride = 2 ** Math.ceil(Math.log2(iteration.length / MOST_LOSSES) + 1e-9);
  const kept = [...iteration.keys()].filter((i) => iteration[i] % stride === 0);
  return {iteration: Float64Array.from(kept, (i) => iteration[i]), loss: Float64Array.from(kept, (i) => loss[i])};
}
