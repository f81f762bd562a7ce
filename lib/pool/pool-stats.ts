/** What is known of the jobs of a pool: counts, and how long they waited and ran. */

import type {CacheCounts} from './solver-cache';

/** Jobs whose times are kept for the percentiles. */
const KEPT = 512;
/** Weight of the latest job in the mean that estimates are made of. */
const LATEST = 0.1;

/** Seconds of the latest jobs; null where there are none yet. */
export interface Seconds {
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p99: number | null;
}

/** What a pool does, and has done. */
export interface PoolStats {
  /** Jobs that run. */
  readonly running: number;
  /** Jobs that wait, and variations that wait for their batch. */
  readonly waiting: number;
  /** Jobs that have ended with a solution. */
  readonly done: number;
  /** Jobs that began and rejected. */
  readonly failed: number;
  /** Jobs that were not taken. */
  readonly refused: number;
  /** Bytes that running jobs have reserved, and most of them. */
  readonly bytes: number;
  readonly memory: number;
  readonly threads: number;
  /** Seconds that the latest jobs waited, and ran. */
  readonly waitSeconds: Seconds;
  readonly runSeconds: Seconds;
  /** Compiled structures that are kept. */
  readonly cache: CacheCounts;
  /** Batches of variations so far, the variations in them, and the most in one. */
  readonly batches: {readonly batches: number; readonly variations: number; readonly largest: number};
  /** Seconds after which there is likely to be room for another job. */
  readonly retrySeconds: number;
}

/** The last times of one kind. */
export class Times {
  private readonly last = new Float64Array(KEPT);
  private count = 0;
  private smoothed: number | undefined;

  add(seconds: number): void {
    this.last[this.count % KEPT] = seconds;
    this.count += 1;
    this.smoothed = this.smoothed === undefined ? seconds : this.smoothed + LATEST * (seconds - this.smoothed);
  }

  /** The mean, of which the latest jobs are the larger part; undefined before the first. */
  get recent(): number | undefined {
    return this.smoothed;
  }

  summary(): Seconds {
    const known = this.last.slice(0, Math.min(this.count, KEPT)).sort();
    if (known.length === 0) return {mean: null, p50: null, p99: null};
    const at = (part: number): number => known[Math.min(known.length - 1, Math.floor(part * known.length))];
    return {mean: known.reduce((a, b) => a + b, 0) / known.length, p50: at(0.5), p99: at(0.99)};
  }
}
