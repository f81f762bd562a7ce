/** Solves variations of one problem: compiled and bound once, and factorised once where their matrix is the same. */
import {DinfError} from '../base/errors';
import {checkOptions} from '../base/options';
import {availableBytes, estimateBytes} from '../compile/memory';
import {compileEvaluation} from '../compile/evaluation';
import {compileProblem} from '../compile/compile';
import type {JacobianInputs} from '../compile/jacobian-inputs';
import {jacobianInputs} from '../compile/jacobian-inputs';
import {prepareTerms, shareTerms} from '../compile/terms';
import {deviceOptions} from '../devices';
import {defaultThreads} from '../devices/cpu';
import {equationText} from '../expression/equation';
import type {NativeVariations} from '../native';
import {kindOf} from '../optimizers';
import {Problem} from '../pose/problem';
import type {Samples} from '../pose/sampling';
import {separateParts} from '../solve/part-solves';
import type {SolvePlan} from '../solve/plan';
import {planSolve, stagesOf} from '../solve/plan';
import {Session} from '../solve/session';
import {solve} from '../solve/solve';
import {ManySolve} from './many-solve';
import type {ChannelValues, Variation} from './variation';
import {ownValues, variedProblem} from './variation';
import type {SolveManyOptions} from './solve-many-options';
import {SOLVE_MANY_CHECKS} from './solve-many-options';
import type {Numbered} from './variation-source';
import {VariationSource} from './variation-source';
import type {ManySetting} from './variation-solution';
import {VariationSolution} from './variation-solution';

/** Variations that one call of a native solver takes, at most: several groups of lanes of one factor. */
const MOST_AT_ONCE = 64;

/** Seconds that such a call should take, so that results stream and an abort is heard. */
const BATCH_SECONDS = 0.03;

/** By which part of its seconds a variation must gain of larger calls for them to grow further. */
const GAIN = 0.7;

/** Bytes of the data and fields of one call. */
const MOST_BYTES = 2 ** 27;

/** One native solver, and what is known of it. */
interface Lane {
  readonly session: Session;
  /** Variations that a call takes. */
  size: number;
  /** Seconds that one took in the last call. */
  each: number;
}

/** What is decided once. */
interface Prepared<U extends string> extends ManySetting<U> {
  readonly inputs: JacobianInputs;
  readonly evaluation: NativeVariations['evaluation'];
  /** Whether a native solver can go back to its beginning; else each variation has a solve of its own. */
  readonly repeats: boolean;
  /** Whether one stage of least squares solves it, whose factor may serve others. */
  readonly linear: boolean;
}

/**
 * Solvers of one problem's variations, kept between calls. What {@link solveMany} makes and disposes for one call.
 *
 * A variation whose uniforms and data are not read by the derivatives of the equations, such as a source or a boundary value, has the
 * matrix of the others: they share one factor and are solved together, equal to their own {@link solve} to rounding. All others are solved
 * as they would be alone, to the bit, one a thread.
 */
export class ManySolver<U extends string = string> implements Disposable {
  private readonly lanes: Lane[] = [];
  private readonly idle: Lane[] = [];
  private prepared: Promise<Prepared<U>> | undefined;
  /** Channels that some variation has changed: later ones that do not are given the problem's own. */
  private readonly varied = new Map<string, {term: number; channel: number}>();
  private variesUniforms = false;
  private variesSeeds = false;
  private disposed = false;
  private estimate: number | undefined;
  private readonly options: SolveManyOptions;

  /** @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION */
  constructor(
    readonly problem: Problem<U>,
    options: SolveManyOptions = {},
  ) {
    if (!(problem instanceof Problem))
      throw new DinfError('INVALID_ARGUMENT', 'solveMany: the first argument must come from problem()');
    this.options = checkOptions<SolveManyOptions>(options, 'solveMany', SOLVE_MANY_CHECKS);
  }

  /** Estimated bytes that all of its native solvers hold once they are made, or one of them where nothing is known yet. */
  get bytes(): number {
    return Math.max(1, this.lanes.length) * this.laneBytes();
  }

  /**
   * @throws (rejects) what {@link solve} throws, and INVALID_ARGUMENT, UNKNOWN_SYMBOL, NON_FINITE for a variation that does not fit, with its
   *   number; ABORTED where nothing was begun. A variation that diverges has its own `stopReason` and disturbs no other.
   */
  solve(
    variations: Iterable<Variation> | AsyncIterable<Variation>,
    options: Pick<SolveManyOptions, 'signal'> = {},
  ): ManySolve<U> {
    const signal = options.signal ?? this.options.signal;
    return new ManySolve<U>(() => this.run(variations, signal));
  }

  /** Stops what runs and frees all native memory. Later calls reject with DISPOSED. */
  dispose(): void {
    this.disposed = true;
    for (const {session} of this.lanes.splice(0)) session.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }

  private async *run(
    variations: Iterable<Variation> | AsyncIterable<Variation>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<VariationSolution<U>, void, undefined> {
    const prepared = await (this.prepared ??= this.prepare());
    if (signal?.aborted === true)
      throw new DinfError('ABORTED', 'solveMany: aborted before the first variation', {cause: signal.reason});
    const source = new VariationSource(variations, this.problem);
    const running = new Map<number, Promise<{key: number; solutions: VariationSolution<U>[]}>>();
    const own = new Set<Lane>(); // other calls of this solver go on
    const cancel = (): void => {
      for (const {session} of own) session.cancel();
    };
    signal?.addEventListener('abort', cancel, {once: true});
    const most = prepared.session.threads; // batches side by side
    const launch = async (key: number): Promise<void> => {
      const begun = await this.begin(prepared, source, own, signal);
      if (begun !== undefined)
        running.set(
          key,
          begun.solved.then((solutions) => ({key, solutions})),
        );
    };
    try {
      for (let key = 0; key < most; key++) await launch(key);
      while (running.size > 0) {
        const {key, solutions} = await Promise.race(running.values());
        running.delete(key);
        await launch(key); // before anybody looks at what is done
        yield* solutions;
      }
    } finally {
      signal?.removeEventListener('abort', cancel);
      if (running.size > 0) {
        cancel();
        await Promise.allSettled(running.values());
      }
      await source.end();
    }
  }

  /** Takes variations from the source and has a lane solve them; undefined where there are none left. */
  private async begin(
    prepared: Prepared<U>,
    source: VariationSource,
    own: Set<Lane>,
    signal: AbortSignal | undefined,
  ): Promise<{solved: Promise<VariationSolution<U>[]>} | undefined> {
    if (this.disposed) throw new DinfError('DISPOSED', 'this solver was disposed');
    const lane = prepared.repeats ? (this.idle.pop() ?? this.newLane(prepared)) : undefined;
    const size = lane === undefined ? 1 : lane.size;
    const batch = await source.take(size).catch((error: unknown) => {
      if (lane !== undefined) this.idle.push(lane);
      throw error;
    });
    if (batch.length === 0 || signal?.aborted === true) {
      if (lane !== undefined) this.idle.push(lane);
      return undefined;
    }
    if (lane !== undefined) own.add(lane);
    const solved =
      lane === undefined ? this.solveAlone(prepared, batch[0], signal) : this.solveTogether(prepared, lane, batch, own);
    solved.catch(() => undefined); // whoever waits for it sees it
    return {solved};
  }

  private newLane({session, stages}: Prepared<U>): Lane {
    const lane = {session: new Session(this.problem.spec, {...session, threads: 1}, stages), size: 1, each: Infinity};
    this.lanes.push(lane);
    return lane;
  }

  private async solveTogether(
    prepared: Prepared<U>,
    lane: Lane,
    batch: readonly Numbered[],
    own: Set<Lane>,
  ): Promise<VariationSolution<U>[]> {
    const began = performance.now();
    try {
      const results = await lane.session.runMany(prepared.stages, this.packed(prepared, batch));
      const {folded} = await lane.session.state();
      const seconds = (performance.now() - began) / 1000;
      const each = seconds / batch.length;
      // Those that share a factor take hardly longer together than one, whatever that is.
      if (seconds < BATCH_SECONDS || each < GAIN * lane.each) lane.size = Math.min(this.mostAtOnce, 4 * lane.size);
      else if (each > lane.each / GAIN) lane.size = 1;
      lane.each = each;
      return batch.map(({variation, index}, at) => new VariationSolution(prepared, variation, index, results, at, folded));
    } finally {
      own.delete(lane);
      this.idle.push(lane);
    }
  }

  /** Variations as the native solver takes them. */
  private packed({inputs, evaluation, linear, session}: Prepared<U>, batch: readonly Numbered[]): NativeVariations {
    const {spec} = this.problem;
    for (const {variation} of batch) {
      if (variation.uniforms !== undefined) this.variesUniforms = true;
      if (variation.seed !== undefined) this.variesSeeds = true;
      for (const {term, channel} of variation.channels) this.varied.set(`${term}/${channel}`, {term, channel});
    }
    const base = uniformsOf(spec);
    const uniforms = this.variesUniforms
      ? concatenated(batch.map(({variation}) => variation.uniforms ?? base))
      : new Float64Array();
    const channels = [...this.varied.values()].map(({term, channel}) => {
      const given = (list: readonly ChannelValues[]): Float64Array | undefined =>
        list.find((one) => one.term === term && one.channel === channel)?.values;
      return {term, channel, values: batch.map(({variation}) => given(variation.channels) ?? ownValues(spec, term, channel))};
    });
    const sameUniforms = batch.every(
      ({variation}) => variation.uniforms?.every((value, i) => value === base[i] || !inputs.uniforms.has(i)) ?? true,
    );
    const sameData = [...this.varied.values()].every(({term, channel}) => !inputs.channels[term].has(channel));
    const seeds = this.variesSeeds
      ? Float64Array.from(batch, ({variation}) => variation.seed ?? session.seed)
      : new Float64Array();
    return {count: batch.length, uniforms, seeds, channels, sameJacobian: linear && sameUniforms && sameData, evaluation};
  }

  /** A solve of its own, for what a native solver cannot go back from. */
  private async solveAlone(
    prepared: Prepared<U>,
    {variation, index}: Numbered,
    signal: AbortSignal | undefined,
  ): Promise<VariationSolution<U>[]> {
    const posed = variedProblem(this.problem, variation);
    shareTerms(posed.spec, this.problem.spec);
    const {dtype, device} = this.options;
    const seed = variation.seed ?? prepared.session.seed;
    const solution = await solve(posed, {optimizer: prepared.stages, dtype, device, seed, threads: 1, signal});
    try {
      const {at, expressions = []} = this.options.evaluate ?? {};
      const values =
        at === undefined ? {} : await solution.evaluate(at, {expressions: expressions.length > 0 ? expressions : undefined});
      const {folded, parameters} = await solution.checkpoint();
      const results = {
        stopReasons: [solution.stopReason],
        messages: [solution.message],
        undetermined: [solution.solver?.undetermined === true],
        losses: Float64Array.of(solution.loss),
        iterations: Float64Array.of(solution.iterations),
        parameters: Float64Array.from(parameters),
        values: concatenated(prepared.expressions.map((name) => values[name])),
      };
      return [new VariationSolution(prepared, variation, index, results, 0, folded)];
    } finally {
      solution.dispose();
    }
  }

  private async prepare(): Promise<Prepared<U>> {
    const {problem, options} = this;
    const {optimizer, device, dtype, threads = defaultThreads(), seed, evaluate, signal} = options;
    const plan: SolvePlan<U> = await planSolve(problem, {optimizer, device, dtype, threads, seed, signal});
    const {linear, terms} = await prepareTerms(problem.spec, signal);
    const stages = stagesOf(plan);
    const session = {dtype: plan.dtype, threads, seed: plan.seed, memoryLimit: 0, tf32: false, ...deviceOptions(plan.device)};
    const folds = stages.map((stage) => kindOf(stage).vectors(stage as never).folds);
    const steady = stages.every(({uniforms, weights}) => uniforms === undefined && weights === undefined);
    const expressions = evaluate === undefined ? [] : (evaluate.expressions ?? problem.unknowns);
    return {
      ...{problem, stages, session, device: plan.device.name},
      expressions: expressions.map(equationText),
      evaluation: evaluate === undefined ? null : compileEvaluation(problem.spec, expressions, evaluate.at as Samples, {}),
      inputs: jacobianInputs(terms),
      repeats: steady && folds.every((one) => one === folds[0]) && separateParts(plan, stages) === undefined,
      linear: linear && stages.length === 1 && stages[0].type === 'gauss-newton' && stages[0].held === undefined,
    };
  }

  /** As many as keep the memory of a call in bounds. */
  private get mostAtOnce(): number {
    const values = this.problem.spec.terms.reduce(
      (sum, {data}) => sum + Object.values(data).reduce((all, {length}) => all + length, 0),
      0,
    );
    const bytes = 8 * values + this.laneBytes() / 10;
    return Math.max(1, Math.min(MOST_AT_ONCE, Math.floor(MOST_BYTES / bytes)));
  }

  private laneBytes(): number {
    return (this.estimate ??= this.estimated());
  }

  private estimated(): number {
    const {optimizer = [], dtype = 'float32'} = this.options;
    const compiled = compileProblem(this.problem.spec, {dtype, threads: 1, seed: 0});
    return Math.min(estimateBytes(compiled, [optimizer].flat()), availableBytes());
  }
}

const uniformsOf = ({uniforms, terms}: Problem['spec']): Float64Array =>
  Float64Array.from([...Object.values(uniforms), ...terms.map(({weight}) => weight)]);

function concatenated(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
