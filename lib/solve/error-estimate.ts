/** How far a solution is from the answer, as far as that can be known without the answer. */
export interface ErrorEstimate {
  /** ‖u − answer‖ / ‖u‖ over the domain, of the unknown that is worst; null where nothing can be said. */
  readonly relativeL2: number | null;
  /** The largest |u − answer| of any unknown, in its own units; null where nothing can be said. */
  readonly max: number | null;
  /** The relative error that was asked for. */
  readonly tolerance: number;
  /** Whether the estimate is there, is at most the tolerance, and nothing else speaks against the solution. */
  readonly met: boolean;
  /** How it was made, or why there is none. */
  readonly how: string;
}

/** An estimate in one line. */
export function estimateText({relativeL2, tolerance, met}: ErrorEstimate): string {
  const size = relativeL2 === null ? 'no error estimate' : `error estimate ${relativeL2.toPrecision(2)} (relative L2)`;
  return `${met ? 'resolved' : 'NOT RESOLVED'}: ${size}, ${tolerance} was asked for`;
}
