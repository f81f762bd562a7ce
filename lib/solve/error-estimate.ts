/** How far a solution is from the answer, as far as that can be known without the answer. */
export interface ErrorEstimate {
  /** ‖u − answer‖ / ‖u‖ over the domain, of the unknown that is worst; null where nothing can be said. */
  readonly relativeL2: number | null;
  /** The largest |u − answer| of any unknown, in its own units; null where nothing can be said. */
  readonly max: number | null;
  /** The relative error that was asked for; null where none was. */
  readonly tolerance: number | null;
  /** Whether the estimate is there, is at most the tolerance, and nothing else speaks against the solution; null where nothing was asked for. */
  readonly met: boolean | null;
  /** How it was made, or why there is none. */
  readonly how: string;
}

/** Of a solve that nobody asked an error of. */
export const unasked = (how: string): ErrorEstimate => ({relativeL2: null, max: null, tolerance: null, met: null, how});

/** What is not solved to a tolerance of the answer. */
export const UNASKED = unasked(
  'none was made: this problem is not solved to a tolerance; its metrics compare it with what is known of the answer, if anything is',
);

/** An estimate in one line. */
export function estimateText({relativeL2, tolerance, met, how}: ErrorEstimate): string {
  if (tolerance === null) return `no error estimate: ${how}`;
  const size = relativeL2 === null ? 'no error estimate' : `error estimate ${relativeL2.toPrecision(2)} (relative L2)`;
  return `${met === true ? 'resolved' : 'NOT RESOLVED'}: ${size}, ${tolerance} was asked for`;
}
