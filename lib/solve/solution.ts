import {DinfError} from '../base/errors';
import type {EquationSource} from '../expression/equation';
import {checkEquation, equationText} from '../expression/equation';
import {problemNotes} from '../compile/notes';
import type {OptionChecks} from '../base/options';
import {checkList, checkOptions, checkPath, checkText, reading} from '../base/options';
import type {Problem} from '../pose/problem';
import type {Samples} from '../pose/sampling';
import {checkSamples, points as pointSamples} from '../pose/sampling';
import {webAssemblyNotes} from '../devices/web-assembly';
import type {InnerChoice} from '../native';
import type {LossCurve, Outcome} from './schedule';
import type {Session} from './session';
import {checkpointOf, writableCheckpointOf} from './checkpoint/apply';
import type {Checkpoint} from './checkpoint/checkpoint';
import {writeCheckpoint} from './checkpoint/checkpoint';
import type {ErrorEstimate} from './error-estimate';
import {UNASKED} from './error-estimate';

export type {LossCurve} from './schedule';

/** Why a solve ended. */
export type StopReason = Outcome['stopReason'];

/** What may be found out about a solution after its own solve. */
interface Conclusion {
  readonly stopReason: StopReason;
  readonly seconds: number;
  readonly notes: readonly string[];
  readonly estimate: ErrorEstimate;
}

/** The text of an expression where the compiler knows it: the key of its values. */
export type ExpressionText<E extends EquationSource> = E extends string ? E : string;

/** A solved problem: its field, and how the solve went. Dispose it to free native memory at once. U are the names of its unknowns. */
export class Solution<U extends string = string> implements Disposable {
  /** Where a diverged solve broke; empty otherwise. */
  readonly message: string;
  /** Of all stages. */
  readonly iterations: number;
  /** At the end. */
  readonly loss: number;
  /** Unknowns of the last stage. */
  readonly unknowns: number;
  /** The loss along the solve. */
  readonly losses: LossCurve;
  /** What solved the linear problems of least squares and Gauss–Newton, and why; undefined where there were none, or it was not this process. */
  readonly solver: InnerChoice | undefined;
  /** Where it was solved, such as `cpu`. */
  readonly device: string;
  /** The precision of its parameters and of evaluation. */
  readonly dtype: 'float32' | 'float64';
  /** Of everything random. */
  readonly seed: number;
  private conclusion: Conclusion;

  /** @internal */
  constructor(
    /** What was solved. */
    readonly problem: Problem<U>,
    private readonly session: Session,
    /** @internal */
    readonly outcome: Outcome,
    device: string,
    /** What went wrong on the way without ending the solve. */
    mishaps: readonly string[] = [],
  ) {
    this.message = outcome.message;
    this.iterations = outcome.iterations;
    this.loss = outcome.loss;
    this.unknowns = outcome.unknowns;
    this.losses = outcome.losses;
    this.solver = outcome.inner;
    this.device = device;
    this.dtype = session.options.dtype;
    this.seed = session.options.seed;
    this.conclusion = {
      stopReason: outcome.stopReason,
      seconds: outcome.seconds,
      notes: [...problemNotes(problem.spec), ...webAssemblyNotes(), ...mishaps],
      estimate: UNASKED,
    };
  }

  /** Why the solve ended. */
  get stopReason(): StopReason {
    return this.conclusion.stopReason;
  }
  /** Of the solve alone; where its error was estimated, of all that led to it. */
  get seconds(): number {
    return this.conclusion.seconds;
  }
  /** What is to be known before this result is believed, such as a term whose derivatives the kernel cannot represent. */
  get notes(): readonly string[] {
    return this.conclusion.notes;
  }
  /** How far it is from the answer: estimated by `solve()` of equation problems, and the command line; elsewhere it says why there is none. */
  get errorEstimate(): ErrorEstimate {
    return this.conclusion.estimate;
  }

  /**
   * What was found out about it after its own solve.
   *
   * @internal
   */
  concluded({notes, ...found}: Partial<Conclusion>): this {
    this.conclusion = {...this.conclusion, ...found, notes: [...this.notes, ...(notes ?? [])]};
    return this;
  }

  /**
   * Any expressions on the solution: the unknowns, their derivatives, a residual.
   *
   * @param where points, shape (n, dimensions) row-major in the domain's units, or a sample set such as `lattice([...])`.
   * @param options.expressions default: all unknowns.
   * @returns for each expression, by its text, one value a point.
   * @throws OUT_OF_DOMAIN, NON_FINITE, INVALID_ARGUMENT, and what reading an expression throws; DISPOSED.
   */
  async evaluate<const E extends EquationSource = U>(
    where: ArrayLike<number> | Samples,
    options: {expressions?: readonly E[] | undefined} = {},
  ): Promise<Record<ExpressionText<E>, Float64Array>> {
    const {expressions: asked} = checkOptions<{expressions?: readonly EquationSource[]}>(options, 'evaluate', {
      expressions: (value, name) => checkList(value, name, checkEquation, 1),
    });
    const {domain, fields} = this.problem.spec;
    const samples = placesOf(where);
    if (samples.kind !== 'tensor' && samples.kind !== 'points') {
      throw new DinfError('INVALID_ARGUMENT', `evaluate takes points or a lattice, not ${samples.kind} samples`);
    }
    const axes = samples.kind === 'tensor' ? samples.axes : [samples.points];
    const stride = samples.kind === 'tensor' ? 1 : domain.length;
    if (samples.kind === 'tensor' ? axes.length !== domain.length : samples.points.length % domain.length !== 0) {
      throw new DinfError(
        'INVALID_ARGUMENT',
        `evaluate: the domain has ${domain.length} coordinates (${domain.map((axis) => axis.name).join(', ')}); give that many a point`,
      );
    }
    axes.forEach((axis, a) => {
      axis.forEach((value, i) => {
        const {name, lower, upper} = domain[samples.kind === 'tensor' ? a : i % stride];
        if (!(value >= lower && value <= upper)) {
          throw new DinfError('OUT_OF_DOMAIN', `evaluate: ${name} = ${value} is outside the domain [${lower}, ${upper}]`);
        }
      });
    });
    const expressions: readonly EquationSource[] = asked ?? fields.flatMap((field) => field.unknowns);
    const values = await this.session.evaluate(expressions, samples);
    return Object.fromEntries(expressions.map((expression, i) => [equationText(expression), values[i]])) as Record<
      ExpressionText<E>,
      Float64Array
    >;
  }

  /** The field's parameters, in the layout of docs: level by level, channel by channel, nodes row-major, then the decoder. */
  parameters(): Promise<Float64Array> {
    return this.session.parameters();
  }

  /** The solve at rest: the field and all that is needed to go on, as plain values. */
  async checkpoint(options: {origin?: string | undefined} = {}): Promise<Checkpoint> {
    const {origin} = checkOptions(options, 'checkpoint', ORIGIN);
    return checkpointOf(this.problem, this.session, this.outcome, this.device, origin);
  }

  /**
   * Writes the field as a safetensors file that {@link loadSolution} reads and `solve(problem, {resume: file})` goes on from: parameters
   * in named blocks and in the solve's own precision, optimizer state, the problem with its data, seed and version. Of more than 2^20 values of data that a
   * function computes it holds a digest. Complete or not at all.
   *
   * @param options.origin what made it, for people; shown when a later solve does not fit.
   * @throws FILE_UNWRITABLE, NON_FINITE (a parameter is not finite, and the field could not be evaluated), OUT_OF_MEMORY, DISPOSED
   */
  async save(file: string, options: {origin?: string | undefined} = {}): Promise<void> {
    const {origin} = checkOptions(options, 'save', ORIGIN);
    const target = checkPath(file, 'save: file');
    await writeCheckpoint(target, await writableCheckpointOf(this.problem, this.session, this.outcome, this.device, origin));
  }

  /** Frees native memory now; every later call rejects with DISPOSED. */
  dispose(): void {
    this.session.dispose();
  }

  /** For `using`: see {@link dispose}. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

const ORIGIN: OptionChecks<{origin?: string | undefined}> = {origin: checkText};

/** Coordinates of points, or a sample set. */
function placesOf(where: unknown): Samples {
  const isSet = typeof where === 'object' && where !== null && reading('evaluate: points', () => 'kind' in where);
  return isSet ? checkSamples(where, 'evaluate: where') : pointSamples(where as ArrayLike<number>);
}
