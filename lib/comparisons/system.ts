/** A system that fields are compared on: how each is posed, and how far a solution is from the truth. */
import type {Prepared} from '../cases/definition';
import type {BytePicture} from '../files/image';
import type {Image} from '../imaging/image';
import type {Optimizer} from '../optimizers';
import type {Decoder, Field} from '../pose/field';
import type {Problem} from '../pose/problem';
import type {Solution} from '../solve/solution';
import type {SolveOptions} from '../solve/solve';
import type {ContenderName, Rates} from './contenders';

/** A system of the paper, of the built-in problems. */
export interface System {
  readonly name: string;
  readonly summary: string;
  /** The error that it is judged by, as an axis is named. */
  readonly metric: string;
  /** What that error is, in a sentence. */
  readonly hint: string;
  /** What is to be known before its rows are believed. Default: nothing. */
  readonly notes?: readonly string[];
  /** @param full whether it has the paper's size; else a size that takes seconds. */
  pose(full: boolean): Promise<PosedSystem>;
}

/** A system of one size. */
export interface PosedSystem {
  /** The size, in words. */
  readonly size: string;
  /** A contender ready to run, or why it cannot do this system. */
  entry(name: ContenderName): Promise<Entry | string>;
  /** The error of a solution. */
  error(solution: Solution): Promise<number>;
  /** A solution to look at, some 256 pixels a side. */
  picture(solution: Solution): Promise<BytePicture>;
  /** The truth, likewise. Undefined: nobody knows it. */
  readonly truth: BytePicture | undefined;
  /** The task as PyTorch's peers have it. Default: none is written. */
  readonly peer?: PeerTask;
}

/** A contender on a system. */
export interface Entry {
  readonly problem: Problem;
  /** Its one stage; `iterations` are those of its preset. */
  readonly stage: Optimizer;
  readonly samplesPerIteration: number;
  readonly settings: Readonly<Record<string, string | number>>;
  /** Where it is a sequence of solves: as many of them as are asked for, at most `most`. Default: one solve of the stage. */
  readonly sequence?: {readonly most: number; solve(count: number, options: SolveOptions): PromiseLike<Solution>};
}

/** An image whose derivatives PyTorch's peers are given. */
export interface PeerTask {
  readonly image: Image;
  /** Sizes and rate of the peers' fields: what ours have. */
  readonly siren: {readonly width: number; readonly hiddenLayers: number; readonly learningRate: number};
  readonly grid: {readonly resolution: number; readonly levels: number; readonly features: number; readonly learningRate: number};
  /** The error of a prediction, in the units of the peers' targets, shape (height, width). */
  error(prediction: Float64Array): number;
  picture(prediction: Float64Array): BytePicture;
}

/** A prepared problem as an entry. */
export function entryOf({problem, optimizers, samplesPerIteration, settings}: Prepared, changes: Partial<Entry> = {}): Entry {
  return {problem, stage: optimizers[0].stage, samplesPerIteration, settings, ...changes};
}

/** The field of a problem that has one, to pose another with it. */
export function representedOf({spec}: Problem): {field: Field; decoder?: Decoder} {
  const [field] = spec.fields;
  return field.network === undefined ? {field: field.grid, decoder: field.decoder} : {field: field.network};
}

/** A system's rates at a size: none at the full one, where each problem has its own. */
export const ratesAt = (full: boolean, rates: Rates): Rates | undefined => (full ? undefined : rates);
