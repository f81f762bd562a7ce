import type {NativeProgress} from '../native';
import type {Progress, SolveOptions} from './solve-options';

/** Tells how far a solve has come. What a listener throws stops the solve, and is thrown at its end. */
export class Announcer {
  private readonly began = performance.now();
  private thrown: {readonly error: unknown} | undefined;

  /**
   * @param done iterations of earlier solves, which say nothing of the time left.
   * @param cancel stops the solve.
   */
  constructor(
    private readonly report: (progress: Progress) => void,
    private readonly onProgress: SolveOptions['onProgress'],
    private readonly done: number,
    private readonly cancel: () => void,
  ) {}

  announce(progress: NativeProgress): void {
    const {seconds} = this;
    const {iteration, iterations} = progress;
    const now = iteration - this.done;
    const full = {...progress, seconds, secondsLeft: now > 0 ? (seconds * (iterations - iteration)) / now : Infinity};
    this.report(full);
    // A throw here would vanish in the native callback: stop the solve and let its promise tell.
    try {
      this.onProgress?.(full);
    } catch (error) {
      this.thrown ??= {error};
      this.cancel();
    }
  }

  /** Since the solve began. */
  get seconds(): number {
    return (performance.now() - this.began) / 1000;
  }

  /** Whether a listener has thrown. */
  get failed(): boolean {
    return this.thrown !== undefined;
  }

  /** Throws what a listener has thrown. */
  rethrow(): void {
    if (this.thrown !== undefined) throw this.thrown.error;
  }
}
