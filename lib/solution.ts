import {DinfError} from './errors';
import type {EquationSource} from './expression/equation';
import {equationText} from './expression/equation';
import {problemNotes} from './notes';
import {checkFinite, rejectUnknown} from './options';
import type {Problem} from './problem';
import type {Samples} from './sampling';
import {points as pointSamples} from './sampling';
import type {LossCurve, Outcome} from './schedule';
import type {Session} from './session';
import {checkpointOf} from './checkpoint/apply';
import type {Checkpoint} from './checkpoint/checkpoint';
import {writeCheckpoint} from './checkpoint/checkpoint';

export type {LossCurve} from './schedule';

/** Why a solve ended. */
export type StopReason = Outcome['stopReason'];

/** A solved problem: its field, and how the solve went. Dispose it to free native memory at once. */
export class Solution implements Disposable {
  /** Why the solve ended. */
  readonly stopReason: StopReason;
  /** Where a diverged solve broke; empty otherwise. */
  readonly message: string;
  /** Of all stages. */
  readonly iterations: number;
  /** Of the solve alone. */
  readonly seconds: number;
  /** At the end. */
  readonly loss: number;
  /** Unknowns of the last stage. */
  readonly unknowns: number;
  /** The loss along the solve. */
  readonly losses: LossCurve;
  /** Where it was solved, such as `cpu`. */
  readonly device: string;
  /** The precision of its parameters and of evaluation. */
  readonly dtype: 'float32' | 'float64';
  /** Of everything random. */
  readonly seed: number;
  /** What is to be known before this result is believed, such as a term whose derivatives the kernel cannot represent. */
  readonly notes: readonly string[];

  /** @internal */
  constructor(
    /** What was solved. */
    readonly problem: Problem,
    private readonly session: Session,
    /** @internal */
    readonly outcome: Outcome,
    device: string,
  ) {
    this.stopReason = outcome.stopReason;
    this.message = outcome.message;
    this.iterations = outcome.iterations;
    this.seconds = outcome.seconds;
    this.loss = outcome.loss;
    this.unknowns = outcome.unknowns;
    this.losses = outcome.losses;
    this.device = device;
    this.dtype = session.options.dtype;
    this.seed = session.options.seed;
    this.notes = problemNotes(problem.spec);
  }

  /**
   * Any expressions on the solution: the unknowns, their derivatives, a residual.
   *
   * @param where points, shape (n, dimensions) row-major in the domain's units, or a sample set such as `lattice([...])`.
   * @param options.expressions default: all unknowns.
   * @returns for each expression, by its text, one value a point.
   * @throws OUT_OF_DOMAIN, NON_FINITE, INVALID_ARGUMENT, and what reading an expression throws; DISPOSED.
   */
  async evaluate(
    where: ArrayLike<number> | Samples,
    options: {expressions?: readonly EquationSource[]} = {},
  ): Promise<Record<string, Float64Array>> {
    rejectUnknown(options, ['expressions'], 'evaluate');
    const {domain, fields} = this.problem.spec;
    const samples = 'kind' in where ? where : pointSamples(where);
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
      checkFinite(axis, 'evaluate: coordinates');
      axis.forEach((value, i) => {
        const {name, lower, upper} = domain[samples.kind === 'tensor' ? a : i % stride];
        if (value < lower || value > upper) {
          throw new DinfError('OUT_OF_DOMAIN', `evaluate: ${name} = ${value} is outside the domain [${lower}, ${upper}]`);
        }
      });
    });
    const expressions = options.expressions ?? fields.flatMap((field) => field.unknowns);
    const values = await this.session.evaluate(expressions, samples);
    return Object.fromEntries(expressions.map((expression, i) => [equationText(expression), values[i]]));
  }

  /** The field's parameters, in the layout of docs: level by level, channel by channel, nodes row-major, then the decoder. */
  parameters(): Promise<Float64Array> {
    return this.session.parameters();
  }

  /** The solve at rest: the field and all that is needed to go on, as plain values. */
  checkpoint(options: {origin?: string} = {}): Promise<Checkpoint> {
    rejectUnknown(options, ['origin'], 'checkpoint');
    return checkpointOf(this.problem, this.session, this.outcome, this.device, options.origin);
  }

  /**
   * Writes the field as a safetensors file that {@link loadSolution} reads and `solve(problem, {resume: file})` goes on from: parameters
   * in named blocks and in the solve's own precision, optimizer state, the problem with its data, seed and version. Complete or not at all.
   *
   * @param options.origin what made it, for people; shown when a later solve does not fit.
   * @throws FILE_UNWRITABLE, DISPOSED
   */
  async save(file: string, options: {origin?: string} = {}): Promise<void> {
    await writeCheckpoint(file, await this.checkpoint(options));
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
