/** What a solve shows of its field while it runs. */
import type {ErrorEstimate} from './error-estimate';
import type {Solution} from './solution';

/** The field of a solve that is not at its end. */
export interface FieldSoFar {
  /** It belongs to the solve, and is there until the promise of the listener settles: evaluate it, but do not keep or dispose it. */
  readonly field: Solution;
  /** Of that field. `relativeL2` is null where it has not been compared with a finer one yet, or is not going to be; `how` says which. */
  readonly errorEstimate: ErrorEstimate;
  /** Cells along each coordinate of its first grid; empty for a network. */
  readonly cells: readonly number[];
  /** Since the solve began. */
  readonly seconds: number;
}

/** Hears of it. The solve goes on when what it returns settles. */
export type FieldListener = (found: FieldSoFar) => void | PromiseLike<void>;

/** Seconds between two fields of a solve that is interrupted for them. */
export const FIELD_SECONDS = 1;
