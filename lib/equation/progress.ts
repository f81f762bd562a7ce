/** What a solve of many tells of itself. */
import type {Progress} from '../solve/solve';

/** The progress of one solve after another as that of one: iterations and seconds go on. What is left is known of the one that runs. */
export function throughout(onProgress: (progress: Progress) => void): (progress: Progress) => void {
  const began = performance.now();
  let [before, latest] = [0, 0];
  return (progress) => {
    if (progress.iteration < latest) before += latest;
    latest = progress.iteration;
    onProgress({
      ...progress,
      iteration: before + progress.iteration,
      iterations: before + progress.iterations,
      seconds: (performance.now() - began) / 1000,
    });
  };
}
