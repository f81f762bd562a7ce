/** What the command line and the reports know of a problem: one shape for all of them. */
import type {Decoder, Edge} from '../field';
import type {BytePicture} from '../imaging/codec';
import type {Kernel} from '../kernel';
import type {TriangleMesh} from '../mesh/mesh';
import type {Optimizer} from '../optimizers';
import type {Problem} from '../problem';
import type {Volume} from '../report/vti';
import type {Solution} from '../solution';
import type {SolveOptions} from '../solve';

/** Optimizers by the names that the command line uses. */
export const OPTIMIZER_NAMES = ['adam', 'lsq', 'gauss-newton', 'lbfgs'] as const;
export type OptimizerName = (typeof OPTIMIZER_NAMES)[number];

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
  levels?: number;
  features?: number;
  decoder?: Decoder;
  /** A schedule: stages in order. */
  optimizers?: readonly OptimizerName[];
  /** One number for all stages, or one a stage. */
  iterations?: readonly number[];
  tolerance?: number;
  /** Of Adam. */
  learningRate?: number;
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
  /** How it is solved where `solve(problem, {optimizer})` is not all: several problems, each with data from the one before. Default: that. */
  solve?(options: SolveOptions): PromiseLike<Solution>;
  assess(solution: Solution): Promise<Assessment>;
}

/** How good a solution is, and what there is to look at. */
export interface Assessment {
  readonly metrics: Readonly<Record<string, number>>;
  /** Written as `<name>.png`. */
  readonly pictures: readonly {readonly name: string; readonly title: string; readonly picture: BytePicture}[];
  /** Written as `<name>.npy`. */
  readonly arrays: readonly {readonly name: string; readonly values: Float64Array; readonly shape: readonly number[]}[];
  /** Written as `<name>.vti`, for ParaView. */
  readonly volumes?: readonly {readonly name: string; readonly volume: Volume}[];
  /** Written as `<name>.ply` and `<name>.obj`. */
  readonly meshes?: readonly {readonly name: string; readonly mesh: TriangleMesh}[];
}

export interface ProblemDefinition {
  readonly name: string;
  readonly summary: string;
  /** Options of this problem alone: flag with its argument, and what it does. */
  readonly options: readonly {readonly flag: string; readonly description: string; readonly choices?: readonly string[]}[];
  prepare(options: RunOptions): Promise<Prepared>;
}
