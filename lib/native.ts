/** The whole surface of the native addon, and how it is loaded. */
import * as path from 'node:path';
import {loadBinary, packageFolder} from './base/binary';
import type {DinfErrorCode} from './base/errors';
import {DinfError} from './base/errors';
import {errorMessage, isAllocationFailure} from './files/system-error';
import type {NativeEvaluation, NativeProblem, NativeStage, NativeVariations} from './native-problem';
import type {StopReason} from './schema';
import {ERROR_CODES} from './schema';

export type * from './native-problem';

export interface NativeProgress {
  iteration: number;
  iterations: number;
  loss: number;
}

export interface NativeResult {
  stopReason: StopReason;
  message: string;
  iterations: number;
  seconds: number;
  loss: number;
  unknowns: number;
  losses: Float64Array;
  lossIterations: Float64Array;
  /** Of the last Gauss–Newton stage; undefined where there was none. */
  inner?: InnerChoice;
}

/** What they leave, one value each, but for parameters and values. */
export interface NativeVariationResults {
  stopReasons: StopReason[];
  messages: string[];
  /** Whether least squares found some of the unknowns free. */
  undetermined: boolean[];
  losses: Float64Array;
  iterations: Float64Array;
  /** Of all of them. */
  parameters: Float64Array;
  /** Of the evaluation, each (expressions, points); empty without one. */
  values: Float64Array;
}

/** Which inner solver found the steps of Gauss–Newton or least squares. */
export interface InnerChoice {
  readonly inner: 'direct' | 'cgls';
  /** Why it was that one. */
  readonly reason: string;
  /** How often the normal matrix was factorised. */
  readonly factorisations: number;
  /** Of the last factorisation, the matrix scaled to a diagonal of 1: small where the problem hardly decides an unknown. */
  readonly smallestPivot?: number;
  /** Floating-point operations of the last factorisation, counted beforehand. */
  readonly factorFlops?: number;
  /** Iterations with a factor that cost what a factorisation costs, counted beforehand. */
  readonly factorWorth?: number;
  /** Of the last factorisation, with the assembly of its matrix. */
  readonly factorSeconds?: number;
  /** What a factorisation holds, from its arena to its vectors. */
  readonly factorBytes?: number;
  /** Whether the equations leave some of the unknowns free. */
  readonly undetermined: boolean;
}

/** A named range of the parameter vector, row-major. */
export interface ParameterBlock {
  /** Such as `field 1 level 1`. */
  name: string;
  /** Extents, the last one contiguous. */
  shape: number[];
}

/** What Adam carries from one iteration to the next beside the parameters. */
export interface OptimizerState {
  /** Iterations done. */
  iteration: number;
  /** Null until the first window of losses is full. */
  bestMean: number | null;
  /** Of the losses in the window that is being filled. */
  windowSum: number;
  /** How many losses that is. */
  windowCount: number;
  /** Mean gradients, one a parameter. */
  first: Float64Array;
  /** Mean squared gradients, one a parameter. */
  second: Float64Array;
  /** The parameters of the best window so far. */
  best: Float64Array;
  /** The iterate, where the parameters went back to `best`. */
  current: Float64Array | null;
}

/** One call at a time; every call that computes runs on a thread of its own. */
export interface NativeSolver {
  prepare(): Promise<void>;
  /** Frees all memory; every later call rejects with DISPOSED. */
  free(): Promise<void>;
  run(stages: NativeStage[], onProgress?: (progress: NativeProgress) => void): Promise<NativeResult>;
  runMany(stages: NativeStage[], variations: NativeVariations): Promise<NativeVariationResults>;
  cancel(): void;
  state(): {parameters: number; rows: number; folded: boolean; blocks: ParameterBlock[]};
  parameters(): Promise<Float64Array>;
  setParameters(values: Float64Array, folded: boolean): Promise<void>;
  /** `count` of the parameters from `begin` on. */
  parameterRange(begin: number, count: number): Promise<Float64Array>;
  /** Those from `begin` on; the others stay. */
  setParameterRange(begin: number, values: Float64Array): Promise<void>;
  /** Null unless the last stage was Adam and did not diverge. */
  optimizerState(): Promise<OptimizerState | null>;
  setOptimizerState(state: OptimizerState): Promise<void>;
  setUniforms(values: Float64Array): Promise<void>;
  /** Per-sample data of a term: all of its channels, in the order of the samples. */
  setChannels(term: number, channels: Float64Array[]): Promise<void>;
  draw(iteration: number): Promise<void>;
  sampleWeights(term: number): Promise<Float64Array>;
  evaluate(evaluation: NativeEvaluation): Promise<Float64Array>;
  loss(): Promise<number>;
  gradient(): Promise<Float64Array>;
  linearise(): Promise<Float64Array>;
  tangent(direction: Float64Array): Promise<Float64Array>;
  adjoint(rows: Float64Array): Promise<Float64Array>;
  columnSquares(): Promise<Float64Array>;
}

export interface NativeBuildInfo {
  instructionSet: string;
  hardwareThreads: number;
  compiler: string;
}

/** See cuda/devices.h. Bytes; versions as 1000 major + 10 minor, 0 for none; `free` is -1 where it is unknown. */
export interface NativeCudaStatus {
  built: boolean;
  toolkitVersion: number;
  runtimeVersion: number;
  driverVersion: number;
  architectures: string;
  reason: string;
  devices: {
    name: string;
    computeMajor: number;
    computeMinor: number;
    memory: number;
    free: number;
    multiprocessors: number;
  }[];
}

/** What the addon exports. */
export interface Addon {
  Solver: new (problem: NativeProblem) => NativeSolver;
  buildInfo(): NativeBuildInfo;
  /** Starts the driver, on this thread. */
  cudaStatus(): NativeCudaStatus;
  /** The same on a thread of its own. */
  lookForCuda(): Promise<NativeCudaStatus>;
  /** Whether a device has failed in this process. */
  cudaLost(index: number): boolean;
}

/** The addon as WebAssembly. */
export interface WebAssemblyUse {
  /** Why no native build is used; undefined where nobody asked for one. */
  readonly reason: string | undefined;
}

let loaded: Addon | undefined;
let inPlace: WebAssemblyUse | undefined;
let source: () => Addon = nativeBuild;

/**
 * The addon, where `loadBinary` finds it, else the package's WebAssembly module.
 *
 * @throws NO_NATIVE_BUILD with how to build.
 */
export function addon(): Addon {
  return (loaded ??= source());
}

/** Takes the addon from elsewhere, such as a module that a browser has fetched. */
export function takeAddonFrom(from: () => Addon): void {
  source = from;
  loaded = undefined;
  inPlace = undefined;
}

/** Set where the addon is WebAssembly, once it is loaded. */
export function webAssemblyUse(): WebAssemblyUse | undefined {
  if (loaded === undefined) return undefined;
  return inPlace ?? (isWebAssembly(loaded) ? {reason: undefined} : undefined);
}

/** Bytes that the addon can address: those of a module's memory at most, whatever the machine has. */
export const addressSpace = (): number => (webAssemblyUse() === undefined ? Infinity : 2 ** 32);

const isWebAssembly = (one: Addon): boolean => one.buildInfo().instructionSet.startsWith('wasm');

function nativeBuild(): Addon {
  const native = loadBinary();
  if ('exports' in native) return native.exports as Addon;
  const said = native.failures.join('; ');
  const platform = `${process.platform}-${process.arch}`;
  const named = process.env.DINF_GRID_ADDON;
  if (named === undefined || named === '') {
    const fallback = loadBinary([path.join(packageFolder(), 'dist', 'wasm', 'addon.cjs')]);
    if ('exports' in fallback) {
      inPlace = {reason: `no native binary loads on ${platform} (${said})`};
      return fallback.exports as Addon;
    }
  }
  throw new DinfError(
    'NO_NATIVE_BUILD',
    `no native binary of dinf-grid loads on ${platform}: 'npx dinf-grid build' compiles one here, with CMake 3.22 or newer and a C++20 ` +
      `compiler (${said})`,
  );
}

/**
 * Errors of the addon as our own: those that carry one of our codes are plain errors of another realm, and without one it is memory that was
 * refused, or a mistake of ours.
 */
export function rethrow(error: unknown): never {
  if (error instanceof DinfError) throw error;
  const {code, message} = (error ?? {}) as {code?: unknown; message?: unknown};
  const ours = (ERROR_CODES as readonly unknown[]).includes(code) ? (code as DinfErrorCode) : undefined;
  // What the binding itself could not allocate, before any code of ours ran.
  if (ours === undefined && (message === 'std::bad_alloc' || isAllocationFailure(error)))
    throw new DinfError('OUT_OF_MEMORY', 'the system gives this process no more memory', {cause: error});
  throw new DinfError(ours ?? 'INTERNAL', errorMessage(error), {cause: error});
}
