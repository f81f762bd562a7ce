/** The shape in which every problem presents itself to the command line and the reports. */
import type {Decoder, Edge} from '../pose/field';
import type {Kernel} from '../pose/kernel';
import type {InnerName, Optimizer, OptimizerName} from '../optimizers';
import type {Problem} from '../pose/problem';
import type {AssessedOutputs} from '../report/write-outputs';
import type {Solution} from '../solve/solution';
import type {SolveOptions} from '../solve/solve';

/** Optimizers by the names that the command line uses. */
export type {OptimizerName} from '../optimizers';
export {OPTIMIZER_NAMES} from '../optimizers';

/** Fields by the names that the command line uses. */
export const FIELD_NAMES = ['grid', 'siren', 'pinn'] as const;
export type FieldName = (typeof FIELD_NAMES)[number];

/** Options that every problem shares; undefined: the preset decides. */
export interface RunOptions {
  preset: 'paper' | 'fast';
  /** Default `grid`. */
  field?: FieldName;
  /** Units a layer of a network. */
  width?: number;
  /** Layers of a network after its first. */
  hiddenLayers?: number;
  kernel?: Kernel;
  /** One for all axes, or one an axis in the order of the problem's domain. */
  edge?: Edge | readonly Edge[];
  resolution?: number;
  /** Cells of each axis of your own equations, where a run gives them; the largest is the resolution. */
  sides?: readonly number[];
  levels?: number;
  features?: number;
  decoder?: Decoder;
  /** A schedule: stages in order. */
  optimizers?: readonly OptimizerName[];
  /** One number for all stages, or one a stage. */
  iterations?: readonly number[];
  tolerance?: number;
  /** After that many seconds no finer grid is begun, where a problem refines its own. */
  maxSeconds?: number;
  /** Bytes that a factorisation may take there. */
  maxMemory?: number;
  /** Adam's initial rate. */
  learningRate?: number;
  /** Of least squares and Gauss–Newton. */
  inner?: InnerName;
  /** Options of one problem alone, such as `image`. */
  own: Readonly<Record<string, string | undefined>>;
}

/** A stage, and what there is to say of it: why it is not the one that was asked for. */
export interface PreparedStage {
  readonly name: OptimizerName;
  readonly stage: Optimizer;
  readonly note?: string;
}

/** A problem ready to be solved. */
export interface Prepared {
  readonly problem: Problem;
  readonly optimizers: readonly PreparedStage[];
  readonly samplesPerIteration: number;
  /** One line: what is solved, on what. */
  readonly headline: string;
  readonly settings: Readonly<Record<string, string | number>>;
  /** What was done to the data before the solve, and what else is to be known of the choices. Default: nothing. */
  readonly notes?: readonly string[];
  /**
   * Solves it where `solve(problem, {optimizer})`, the default, is not all: several problems, each with data from the one before. What
   * factorises takes `mostBytes` for that at most; default: what the problem itself was given.
   */
  solve?(options: SolveOptions, mostBytes?: number): PromiseLike<Solution>;
  /** Why the error of its solutions is not estimated, where there is more to say than that metrics compare them with what is known. */
  readonly unestimated?: string;
  /** Whether that solve takes a field to go on from all the same. Default false. */
  readonly resumes?: boolean;
  assess(solution: Solution): Promise<Assessment>;
}

/** Metrics of a solution, and files to look at. */
export interface Assessment extends AssessedOutputs {
  /** What is to be known of this result, such as parts that were left out of it. Default: nothing. */
  readonly notes?: readonly string[];
  /** How each condition was imposed, and how well it is met, where there are any. */
  readonly conditions?: readonly {readonly text: string; readonly kind: string; readonly misfit: number}[];
  /** What the solve itself has decided, in place of settings of those names. Default: nothing. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

export interface ProblemDefinition {
  readonly name: string;
  readonly summary: string;
  /** Options of this problem alone: flag with its argument, and what it does. */
  readonly options: readonly {readonly flag: string; readonly description: string; readonly choices?: readonly string[]}[];
  prepare(options: RunOptions): Promise<Prepared>;
}
