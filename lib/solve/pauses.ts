/** What is done while a solve is interrupted, each at its own pace. */
import type {Outcome, ScheduleHooks} from './schedule';

/** Something to be done every so often. */
export interface Task {
  readonly seconds: number;
  readonly run: (outcome: Outcome) => Promise<void>;
}

/** A timer may ring that much of its time early, and what is due then is done. */
const EARLY = 0.05;

/** Interruptions of a solve for several things: as often as the most frequent asks for. Undefined where there is nothing to do. */
export function pausesFor(tasks: readonly Task[]): ScheduleHooks['pause'] {
  if (tasks.length === 0) return undefined;
  const latest = tasks.map(() => performance.now());
  return {
    seconds: Math.min(...tasks.map(({seconds}) => seconds)),
    at: async (outcome) => {
      for (const [i, {seconds, run}] of tasks.entries()) {
        if (performance.now() - latest[i] < 1000 * seconds * (1 - EARLY)) continue;
        await run(outcome);
        latest[i] = performance.now();
      }
    },
  };
}
