/** What a solve is told, and what it tells while it runs. */
import type {Device} from '../devices';
import type {Optimizer} from '../optimizers';
import type {Checkpoint} from './checkpoint/checkpoint';
import type {FieldListener} from './field-so-far';
import type {Solution} from './solution';

/** How far a solve has come. */
export interface Progress {
  /** Iterations done, of all stages. */
  readonly iteration: number;
  /** Most iterations of all stages. */
  readonly iterations: number;
  /** Of the latest iteration that was looked at. */
  readonly loss: number;
  /** Since the solve began. */
  readonly seconds: number;
  /** Estimated time left, from the iterations so far. */
  readonly secondsLeft: number;
}

/** What {@link solve} takes beside the problem. */
export interface SolveOptions {
  /**
   * Stages in order. Default: with linear decoders and a loss that allows it, least squares (to a relative gradient of 1e-5, at most 2000
   * iterations) or, for nonlinear equations, Gauss–Newton; for energies that are not affine L-BFGS, on fixed samples; else Adam.
   */
  optimizer?: Optimizer | readonly Optimizer[] | undefined;
  /**
   * Goes on from a saved field (its file), a checkpoint or another solution of the same problem. Without `optimizer`, the saved schedule goes
   * on where it stood. With one whose stages are of the same kinds up to there, too, and iterations count from the stage's first beginning:
   * `adam({iterations: 2000})` after 1000 runs 1000 more, with the same bits as 2000 at once. Any other schedule begins at its first stage,
   * from the saved field. Least squares and Gauss–Newton go on from the field, but build their directions anew;
   * so does Adam where its moments are not finite.
   */
  resume?: string | Checkpoint | Solution | undefined;
  /**
   * Solves again with new data, as often as {@link Repeat} says: Picard's iteration, coefficients that lag behind, reweighted residuals. Not with
   * `resume` or `checkpoint`, which would have to know what `update` did.
   */
  repeat?: Repeat | undefined;
  /** An earlier solve whose field this problem's data came from: its iterations, seconds and losses are counted in. */
  after?: Solution | undefined;
  /**
   * Writes the solve's state to a file every so often while Adam runs; the other optimizers cannot be interrupted and go on.
   * `everySeconds` is 0.1 at least; `origin` says what made the file, for people. A file that cannot be written is refused before any work;
   * what goes wrong later is among the solution's notes, and the solve goes on.
   */
  checkpoint?: {readonly file: string; readonly everySeconds: number; readonly origin?: string | undefined} | undefined;
  /** Default `auto`. */
  device?: Device | undefined;
  /** Default `float32`, or that of `resume`. */
  dtype?: 'float32' | 'float64' | undefined;
  /** CPU threads, default one a core. The result does not depend on it. */
  threads?: number | undefined;
  /** Bytes that the solve may hold on a CUDA device, default 0: as many as there are. */
  memoryLimit?: number | undefined;
  /**
   * Whether wide layers of networks may be multiplied on a CUDA device's tensor cores with 11 significant bits, as other frameworks call
   * tf32: faster, and less exact. Default false: with as many as `float32` has.
   */
  tf32?: boolean | undefined;
  /** Of everything random, default 0 or that of `resume`. The same seed gives the same bits on the same device and instruction set. */
  seed?: number | undefined;
  /** Aborting resolves the solve with what it has, and `stopReason` 'aborted'; a signal aborted before the start rejects with ABORTED. */
  signal?: AbortSignal | undefined;
  /** At most about 25 times a second. What it throws stops the solve, and rejects it. */
  onProgress?: ((progress: Progress) => void) | undefined;
  /**
   * Hears of the field while the solve runs. Where a problem is solved on one mesh after another: on each, with its error estimate as soon as there is
   * one. Elsewhere every `fieldSeconds` while Adam runs, which changes no bit of its result, and between stages; the other optimizers cannot be
   * interrupted and go on. Sequences of problems, problems that are solved part by part, and repeated solves tell of none. What it throws stops the
   * solve, and rejects it.
   */
  onField?: FieldListener | undefined;
  /** Seconds between two fields while Adam runs, 0.1 at least. Default 1. */
  fieldSeconds?: number | undefined;
}

/** New data between solves of one problem; nothing is compiled again. */
export interface Repeat {
  /** Most repetitions, after the first solve. */
  readonly rounds: number;
  /** Of the repetitions, default that of the first solve. `leastSquares({fromHere: true})` begins where the last round ended. */
  readonly optimizer?: Optimizer | readonly Optimizer[] | undefined;
  /**
   * New per-sample data, by the names of term and channel, one value a sample; what is not named stays.
   *
   * @param field the solution so far. It belongs to the solve: evaluate it, but do not keep or dispose it.
   * @param round 1 for the first repetition.
   * @returns undefined to end; the solve's `stopReason` then is 'tolerance'.
   */
  update(
    field: Solution,
    round: number,
  ): Promise<Readonly<Record<string, Readonly<Record<string, ArrayLike<number>>>>> | undefined>;
}
