/** Solves of large problems that fall into parts: one part after another, in the memory that the largest takes. */
import {DinfError} from '../base/errors';
import type {CompileOptions} from '../compile/compile';
import {compileProblem} from '../compile/compile';
import {checkMemory, estimateBytes} from '../compile/memory';
import {compileTerms} from '../compile/terms';
import {uniformValues} from '../compile/uniforms';
import {deviceOptions} from '../devices';
import type {NativeProgress, NativeResult, ParameterBlock} from '../native';
import type {GaussNewton, Optimizer} from '../optimizers';
import type {Problem} from '../pose/problem';
import {Announcer} from './announcer';
import type {SolvePlan} from './plan';
import type {ProblemPart} from './problem-parts';
import {foldedUnknowns, partsOf} from './problem-parts';
import type {LossCurve, Outcome, PartPosition} from './schedule';
import {startOf} from './schedule';
import {Session} from './session';
import {Solution} from './solution';
import type {Progress} from './solve-options';

/** Unknowns from which on memory counts for more than one recurrence for all parts: 32 MiB in float32, of which a solve holds ten. */
const LARGE = 2 ** 23;

/**
 * The parts of a planned solve that are solved one after another: those of a large linear problem that least squares solves in one stage.
 *
 * @param least unknowns of a problem that is large.
 * @returns undefined where all unknowns are solved for together.
 */
export function separateParts<U extends string>(
  {problem: {spec}, resume, options}: SolvePlan<U>,
  stages: readonly Optimizer[],
  least = LARGE,
): readonly ProblemPart[] | undefined {
  const [stage] = stages;
  if (stages.length !== 1 || stage.type !== 'gauss-newton' || stage.steps !== 1) return undefined;
  if (options.repeat !== undefined || options.after !== undefined) return undefined;
  // Where a solve begins that does not begin at zero: parameters of separate unknowns.
  if (resume === undefined ? stage.fromHere === true : !resume.folded) return undefined;
  if (foldedUnknowns(spec) < least || !compileTerms(spec).linear) return undefined;
  const parts = partsOf(spec);
  return parts.length > 1 ? parts : undefined;
}

/** Bytes that {@link runParts} adds to the process at its peak: those of the part that takes most, and of the field that is put together. */
export function partsBytes(
  {problem: {spec}, ...options}: CompileOptions & {problem: Problem},
  parts: readonly ProblemPart[],
  stages: readonly Optimizer[],
): number {
  const most = Math.max(...parts.map((part) => estimateBytes(compileProblem(part.spec, options), stages)));
  return most + foldedUnknowns(spec) * (options.dtype === 'float32' ? 4 : 8);
}

/** Parameters of a part that are copied at once. */
const PIECE = 2 ** 20;

/**
 * Runs a planned solve part by part. Progress, iterations and loss are those of one solve: iterations are the mean over the parts, and the
 * loss is the sum of theirs; while it runs, of those that have begun. A solve that is stopped keeps the parts that are done, what it has of the
 * one that ran, and the others as they were.
 *
 * @param report receives progress.
 * @param left is aborted where nobody waits for more.
 * @throws what `runSolve` throws
 */
export async function runParts<U extends string>(
  plan: SolvePlan<U>,
  parts: readonly ProblemPart[],
  stages: readonly Optimizer[],
  report: (progress: Progress) => void,
  left: AbortSignal,
): Promise<Solution<U>> {
  const {problem, device, resume, options} = plan;
  const {signal} = options;
  const run = new PartSolves(plan, parts, stages, () => signal?.aborted === true || left.aborted || announcer.failed);
  const cancel = (): void => {
    run.cancel();
  };
  const announcer = new Announcer(report, options.onProgress, resume?.standing.iterations ?? 0, cancel);
  signal?.addEventListener('abort', cancel, {once: true});
  left.addEventListener('abort', cancel, {once: true});
  try {
    const {session, outcome} = await run.solve(announcer);
    try {
      if (outcome.stopReason === 'iterations' || outcome.stopReason === 'tolerance')
        announcer.announce({iteration: outcome.iterations, iterations: outcome.iterations, loss: outcome.loss});
      announcer.rethrow();
      return new Solution(problem, session, outcome, device.name);
    } catch (error) {
      session.dispose();
      throw error;
    }
  } finally {
    signal?.removeEventListener('abort', cancel);
    left.removeEventListener('abort', cancel);
  }
}

/** How one part went, or where it stands without having run. */
interface PartOutcome extends PartPosition {
  readonly stopReason: NativeResult['stopReason'];
  readonly message: string;
  readonly seconds: number;
  /** Iterations that earlier runs have done. */
  readonly begun: number;
  /** Along this run, by its own iterations. */
  readonly losses: LossCurve;
  readonly inner?: NativeResult['inner'];
}

/** What a part gets and gives when nothing runs. */
const AT_REST = {
  stopReason: 'iterations',
  message: '',
  seconds: 0,
  losses: {iteration: new Float64Array(), loss: new Float64Array()},
} as const;

/** The parts of one solve, and what has been found for them so far. */
class PartSolves {
  private readonly stage: GaussNewton;
  private readonly start: ReturnType<typeof startOf>;
  private readonly options: CompileOptions;
  /** Where each part begins, as far as an earlier solve has told. */
  private readonly known: readonly (PartPosition | undefined)[];
  /** Iterations of stages before this one. */
  private readonly earlier: number;
  private parameters: Float32Array | Float64Array | undefined;
  private uniforms: Float64Array;
  private running: Session | undefined;
  private readonly outcomes: PartOutcome[] = [];

  /** @param stopped whether the solve was told to stop. */
  constructor(
    private readonly plan: SolvePlan<string>,
    private readonly parts: readonly ProblemPart[],
    private readonly schedule: readonly Optimizer[],
    private readonly stopped: () => boolean,
  ) {
    const {resume, dtype, threads, seed, memoryLimit, tf32, device} = plan;
    this.stage = schedule[0] as GaussNewton;
    this.start = startOf(schedule, resume?.standing);
    const position = this.start.continues ? resume?.standing.position : undefined;
    const unchanged = JSON.stringify(resume?.standing.schedule[0]) === JSON.stringify(this.stage);
    this.known = parts.map((_, p) => {
      const part = position?.parts?.[p];
      return part && {...part, complete: part.complete && (unchanged || part.iterations >= this.stage.iterations)};
    });
    this.earlier = (resume?.standing.iterations ?? 0) - (position?.iterations ?? 0);
    this.options = {dtype, threads, seed, memoryLimit, tf32, folded: true, ...deviceOptions(device)};
    this.uniforms = resume?.uniforms ?? uniformValues(plan.problem.spec);
  }

  cancel(): void {
    this.running?.cancel();
  }

  /** @returns the whole field, to be evaluated, and how its solve went. */
  async solve(announcer: Announcer): Promise<{session: Session; outcome: Outcome}> {
    const {resume} = this.plan;
    // The earlier solve has done all that is asked for now.
    if (resume !== undefined && this.start.stage > 0) {
      const {stopReason: reason} = resume.standing;
      const stopReason = reason === 'aborted' ? 'iterations' : reason;
      return {session: await this.whole(resume.parameters), outcome: {...resume.standing, schedule: this.schedule, stopReason}};
    }
    const bytes = partsBytes({...this.options, problem: this.plan.problem}, this.parts, this.schedule);
    checkMemory(bytes, 'this problem', 'use a smaller resolution, fewer levels or fewer samples');
    for (const [p, part] of this.parts.entries()) {
      const before = this.outcomes.reduce((sum, {loss}) => sum + loss, 0);
      const onProgress = ({iteration, loss}: NativeProgress): void => {
        announcer.announce({
          iteration: this.earlier + this.mean(p, iteration),
          iterations: this.earlier + this.stage.iterations,
          loss: before + loss,
        });
      };
      this.outcomes.push(await this.runPart(part, p, onProgress));
    }
    const session = await this.whole(this.parameters!);
    this.parameters = undefined;
    return {session, outcome: this.outcome((await session.state()).parameters)};
  }

  private begunOf(p: number): number {
    return this.known[p]?.iterations ?? this.start.iterations;
  }

  /** Mean of the parts' iterations when part `p` has run `iterations` more than it began with. */
  private mean(p: number, iterations: number): number {
    const done = this.parts.map((_, q) => (q < p ? this.outcomes[q].iterations : this.begunOf(q)));
    return Math.floor((done.reduce((a, b) => a + b, 0) + iterations) / this.parts.length);
  }

  /** A part from where it begins; one that has all it is to have, or that is not to run any more, is looked at for its loss alone. */
  private async runPart(part: ProblemPart, p: number, onProgress: (progress: NativeProgress) => void): Promise<PartOutcome> {
    const {resume, options} = this.plan;
    const begun = this.begunOf(p);
    const session = new Session(part.spec, this.options, [this.stage]);
    this.running = session;
    try {
      const {blocks} = await session.state();
      if (options.signal?.aborted === true && resume === undefined && p === 0)
        throw new DinfError('ABORTED', 'solve: aborted before the first iteration', {cause: options.signal.reason});
      if (resume !== undefined) {
        await session.setUniforms(resume.uniforms);
        for (const {from, to, count} of this.piecesOf(part, blocks))
          await session.setParameterRange(from, resume.parameters.slice(to, to + count));
      }
      const ends = this.outcomes.some(({stopReason}) => stopReason === 'diverged') || this.stopped();
      const complete = this.known[p]?.complete ?? begun >= this.stage.iterations;
      const idle = ends || complete;
      const outcome = idle
        ? {...AT_REST, begun, iterations: begun, complete, loss: await session.loss()}
        : await this.solvePart(session, part, begun, onProgress);
      if (!idle) this.uniforms = session.uniformValues;
      await this.collect(session, part, blocks);
      return outcome;
    } finally {
      this.running = undefined;
      session.dispose();
      await session.freed();
    }
  }

  private async solvePart(
    session: Session,
    part: ProblemPart,
    begun: number,
    onProgress: (progress: NativeProgress) => void,
  ): Promise<PartOutcome> {
    const {stopReason, message, seconds, loss, iterations, losses, lossIterations, inner} = await session.run(
      [this.stage],
      onProgress,
      begun,
    );
    return {
      stopReason,
      message: message === '' ? '' : `${part.spec.fields[0].unknowns.join(', ')}: ${message}`,
      ...{seconds, loss, begun},
      complete: stopReason === 'iterations' || stopReason === 'tolerance',
      iterations: begun + iterations,
      losses: {iteration: lossIterations, loss: losses},
      ...(inner && {inner}),
    };
  }

  /** Takes a part's parameters over into those of the whole. */
  private async collect(session: Session, part: ProblemPart, blocks: readonly ParameterBlock[]): Promise<void> {
    const whole = (blocks.reduce((n, block) => n + sizeOf(block), 0) / part.outputs.length) * this.outputs;
    this.parameters ??= this.plan.dtype === 'float32' ? new Float32Array(whole) : new Float64Array(whole);
    for (const {from, to, count} of this.piecesOf(part, blocks))
      this.parameters.set(await session.parameterRange(from, count), to);
  }

  private get outputs(): number {
    return this.plan.problem.spec.fields[0].unknowns.length;
  }

  /** Where a part's parameters lie in its own vector and in that of the whole: level by level, unknown by unknown, in pieces. */
  private piecesOf(part: ProblemPart, blocks: readonly ParameterBlock[]): {from: number; to: number; count: number}[] {
    const pieces: {from: number; to: number; count: number}[] = [];
    let [from, level] = [0, 0];
    blocks.forEach((block, b) => {
      const size = sizeOf(block);
      const channel = b % part.outputs.length;
      const to = level + part.outputs[channel] * size;
      for (let at = 0; at < size; at += PIECE) pieces.push({from: from + at, to: to + at, count: Math.min(PIECE, size - at)});
      from += size;
      if (channel === part.outputs.length - 1) level += size * this.outputs;
    });
    return pieces;
  }

  /** The whole field, to be evaluated and saved. */
  private async whole(parameters: Float32Array | Float64Array): Promise<Session> {
    const session = new Session(this.plan.problem.spec, this.options, 'evaluate');
    try {
      await session.setUniforms(this.uniforms);
      await session.setParameters(parameters, true);
      return session;
    } catch (error) {
      session.dispose();
      throw error;
    }
  }

  private outcome(unknowns: number): Outcome {
    const from = this.plan.resume?.standing;
    const {outcomes} = this;
    const all = (reason: PartOutcome['stopReason']): boolean => outcomes.every(({stopReason}) => stopReason === reason);
    const any = (reason: PartOutcome['stopReason']): boolean => outcomes.some(({stopReason}) => stopReason === reason);
    const stopReason = any('diverged')
      ? 'diverged'
      : this.stopped() || any('aborted')
        ? 'aborted'
        : all('tolerance')
          ? 'tolerance'
          : 'iterations';
    const iterations = this.mean(outcomes.length, 0);
    const loss = outcomes.reduce((sum, part) => sum + part.loss, 0);
    const inner = outcomes.at(-1)?.inner; // parts of one problem are alike
    return {
      schedule: this.schedule,
      position: {
        stage: 0,
        iterations,
        complete: stopReason === 'iterations' || stopReason === 'tolerance',
        parts: outcomes.map((part) => ({iterations: part.iterations, complete: part.complete, loss: part.loss})),
      },
      stopReason,
      message: outcomes.find(({message}) => message !== '')?.message ?? '',
      iterations: this.earlier + iterations,
      seconds: outcomes.reduce((sum, {seconds}) => sum + seconds, from?.seconds ?? 0),
      loss,
      unknowns,
      losses: this.curve(from?.losses, loss),
      ...(inner && {inner}),
    };
  }

  /** The sum of the parts' losses along the solve: of those that have run at their end, of those that come later where they begin. */
  private curve(before: LossCurve | undefined, last: number): LossCurve {
    const losses = new Map<number, number>();
    this.outcomes.forEach((part, p) => {
      const others = this.outcomes.map(({loss: end, losses: {loss: along}}, q) =>
        q < p ? end : q > p ? (along.length > 0 ? along[0] : end) : 0,
      );
      const constant = others.reduce((a, b) => a + b, 0);
      part.losses.iteration.forEach((n, i) => {
        const at = this.earlier + this.mean(p, n);
        if (!losses.has(at)) losses.set(at, constant + part.losses.loss[i]);
      });
    });
    losses.set(this.earlier + this.mean(this.outcomes.length, 0), last);
    const first = Math.min(...losses.keys());
    const kept = Array.from(before?.iteration ?? [], (at, i) => [at, before!.loss[i]] as const).filter(([at]) => at < first);
    const all = [...kept, ...losses];
    return {iteration: Float64Array.from(all, ([at]) => at), loss: Float64Array.from(all, ([, loss]) => loss)};
  }
}

const sizeOf = ({shape}: ParameterBlock): number => shape.reduce((product, extent) => product * extent, 1);
