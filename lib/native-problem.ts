/** What the addon is handed: problems, stages, evaluations and variations in their native form. */
import type {DriverName, FIELD_KINDS} from './schema';

/** A program with its inputs as (kind, a, b, c) quadruples, the kind one of INPUT_KINDS. */
export interface NativeProgram {
  code: Uint16Array;
  constants: Float64Array;
  inputs: number[];
  registers: number;
  stores: number;
  sums: number;
}

/** A grid (kind 0) or a network (kind 1). */
export type NativeField = NativeGrid | NativeNetwork;

interface NativeLayers {
  outputs: number;
  /** Widths of the hidden layers; empty: a linear decoder. */
  hidden: number[];
  /** One a hidden layer, in the order of native/math/activation.h, and ω of each. */
  activations: number[];
  omegas: Float64Array;
  /** How weights start: 0 Xavier, 1 Siren. */
  start: number;
}

export interface NativeGrid extends NativeLayers {
  kind: typeof FIELD_KINDS.grid;
  cells: number[];
  levels: number;
  features: number;
  kernel: {kind: number; epsilon: number; rings: number; degree: number};
  /** One an axis. */
  edge: number[];
  initialScale: number;
  /** In the unit box; null for an axis of equal cells. */
  knots?: (Float64Array | null)[];
}

export interface NativeNetwork extends NativeLayers {
  kind: typeof FIELD_KINDS.network;
  /** 1 for each axis along which the network is periodic. */
  periodic: number[];
}

export interface NativeSamples {
  kind: number;
  axes?: Float64Array[];
  axisWeights?: Float64Array[] | null;
  points?: Float64Array;
  boxes?: number[];
  weights: Float64Array | null;
  draws: number;
  redraw: boolean;
}

export interface NativeTerm {
  name: string;
  samples: number;
  residuals: number;
  coefficients: number;
  hasRows: boolean;
  linear: boolean;
  channels: Float64Array[];
  jetSets: number[][][];
  /** (field, output, plane) triples. */
  jets: number[];
  scalars: number[];
  /** (residual, jet, slot) triples. */
  pattern: number[];
  value: NativeProgram;
  gradient: NativeProgram;
  linearise: NativeProgram | null;
  tangent: NativeProgram | null;
  adjoint: NativeProgram | null;
  squares: NativeProgram | null;
}

/** Where a solve runs: the driver's `index`-th device, from 0. */
export interface NativeDevice {
  driver: DriverName;
  index: number;
}

export interface NativeProblem {
  dtype: 'float32' | 'float64';
  threads: number;
  device: NativeDevice;
  /** Bytes on a CUDA device; 0: no limit. */
  memoryLimit: number;
  /** Whether 11 significant bits do for products of matrices on a CUDA device. */
  tf32: boolean;
  /** Estimated bytes of native memory, which V8's collector is told; 0: nothing. */
  bytes: number;
  lower: Float64Array;
  upper: Float64Array;
  seed: number;
  uniforms: Float64Array;
  scalars: Float64Array;
  /** Whether linear decoders are multiplied into their grids from the start, all parameters 0. */
  folded: boolean;
  fields: NativeField[];
  samples: NativeSamples[];
  terms: NativeTerm[];
}

/** A stage: the common part, and the options that its optimizer reads; see native/core/solver.h. */
export interface NativeStage {
  /** Tells the optimizer. */
  kind: number;
  iterations: number;
  tolerance: number;
  /** Iterations that an earlier run of this stage has done; Adam's state must have been left or set. */
  begun?: number;
  /** Values of all uniforms from this stage on; empty: as they are. */
  uniforms: Float64Array;
  [option: string]: number | boolean | number[] | Float64Array | undefined;
}

export interface NativeEvaluation {
  samples: NativeSamples;
  jetSets: number[][][];
  channels: Float64Array[];
  program: NativeProgram;
}

/** Problems of one structure that differ in data, uniforms and seeds. */
export interface NativeVariations {
  count: number;
  /** All uniforms of each, one after another; empty: as they are. */
  uniforms: Float64Array;
  /** One each; empty: that of the problem. */
  seeds: Float64Array;
  /** Values of a channel, one array a variation. */
  channels: {term: number; channel: number; values: Float64Array[]}[];
  /** Whether nothing that varies is read by the derivatives of the rows. */
  sameJacobian: boolean;
  evaluation: NativeEvaluation | null;
}
