import type {Variation, VariationSolution} from './many-types';
/** What a batch needs of a solver of many variations: one of lib/many, or what a test puts in its place. */
export interface BatchSolver {
  /** Bytes that it holds. */
  readonly bytes: number;
  /** Solves all of them; results come as they finish, each with the place of its variation. */
  solve(variations: readonly Variation[], options: {signal: AbortSignal}): AsyncIterable<VariationSolution>;
  dispose(): void;
}
