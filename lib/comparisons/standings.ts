/** Who stands where: at equal time, and at equal error. */
import type {ContenderResult, SystemResult} from './compare';
import type {Checkpoint, Run} from './trace';

/** Multiples of the grid's own time at which all are compared. */
export const FACTORS = [1, 10, 100] as const;

/** A Siren whose error is not below that part of its first one has hardly begun. */
const MOVED = 0.8;

/** A quantity of all seeds: its median, least and largest. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly largest: number;
}

/** Where a contender stands on a system. */
export interface Standing {
  readonly name: ContenderResult['name'];
  readonly label: string;
  /** Why it was not run. Undefined: it was. */
  readonly reason: string | undefined;
  /** At the end of its runs; null where it has no error at all. */
  readonly error: Spread | null;
  /** The end of its runs, in seconds of the solver. */
  readonly seconds: Spread | null;
  /** The median error at 1, 10 and 100 times the grid's time: of the last checkpoint before. Null: nothing yet, or beyond its time. */
  readonly atGridTime: readonly (number | null)[];
  /** Seconds after which its error is at or below the Siren's last one, the median of all seeds; null: never in its time. */
  readonly reaches: number | null;
}

/** Where all stand on a system. */
export interface SystemStanding {
  readonly system: string;
  /** The median time at which the grid is done; null where it has no result. */
  readonly gridSeconds: number | null;
  /** The median of the Siren's last errors; null where it has none. */
  readonly sirenError: number | null;
  /** Whether that is less than four fifths of its first error: else it has not left its start, and coming there first means nothing. */
  readonly sirenMoved: boolean;
  readonly standings: readonly Standing[];
  /** The labels of the first: at the grid's time, to the Siren's error where it has left its start, and at the end of all time. */
  readonly winners: {readonly equalTime: string | null; readonly equalError: string | null; readonly end: string | null};
}

/** Where all contenders stand on a system. */
export function standingsOf({system, contenders}: SystemResult): SystemStanding {
  const runsOf = (name: ContenderResult['name']): readonly Run[] => contenders.find((one) => one.name === name)?.runs ?? [];
  const gridSeconds = spreadOf(lasts(runsOf('grid')).map(({seconds}) => seconds))?.median ?? null;
  const sirenError = spreadOf(lasts(runsOf('siren')).map(({error}) => error))?.median ?? null;
  const firsts = runsOf('siren').flatMap(({checkpoints}) => checkpoints.slice(0, 1).map(({error}) => error));
  const sirenMoved = sirenError !== null && sirenError < MOVED * spreadOf(firsts)!.median;
  const standings = contenders.map(({name, label, reason, runs}): Standing => ({
    ...{name, label, reason},
    error: spreadOf(lasts(runs).map(({error}) => error)),
    seconds: spreadOf(lasts(runs).map(({seconds}) => seconds)),
    atGridTime: FACTORS.map((factor) => (gridSeconds === null ? null : medianAt(runs, factor * gridSeconds))),
    reaches: sirenError === null ? null : medianReach(runs, sirenError),
  }));
  const first = (value: (standing: Standing) => number | null): string | null => {
    const ranked = standings
      .flatMap((standing) => {
        const found = value(standing);
        return found === null ? [] : [{label: standing.label, found}];
      })
      .sort((a, b) => a.found - b.found);
    return ranked.length === 0 ? null : ranked[0].label;
  };
  const winners = {
    equalTime: first(({atGridTime}) => atGridTime[0]),
    equalError: sirenMoved ? first(({reaches}) => reaches) : null,
    end: first(({error}) => error?.median ?? null),
  };
  return {system, gridSeconds, sirenError, sirenMoved, standings, winners};
}

/** A contender's curve: the medians of all seeds, checkpoint by checkpoint, and of their ends. */
export function medianCurve(runs: readonly Run[]): {x: number[]; y: number[]} {
  const shown = runs.map(({checkpoints}) => checkpoints.filter(({seconds, error}) => seconds > 0 && error > 0));
  const counts = shown.map(({length}) => length);
  const points = runs.length === 0 ? 0 : Math.min(...counts);
  const at = (i: number): Checkpoint[] => shown.map((list) => (i === points - 1 ? list[list.length - 1] : list[i]));
  const medians = (pick: (checkpoint: Checkpoint) => number): number[] =>
    Array.from({length: points}, (_, i) => median(at(i).map(pick)));
  return {x: medians(({seconds}) => seconds), y: medians(({error}) => error)};
}

const lasts = (runs: readonly Run[]): Checkpoint[] => runs.flatMap(({checkpoints}) => checkpoints.slice(-1));

/** A run's end is said to the hundredth, and two runs' ends are not the same. */
const SLACK = 1.1;

/** Null where half of the seeds have nothing yet, or were stopped by their time before. */
function medianAt(runs: readonly Run[], seconds: number): number | null {
  const errors = runs.map(({checkpoints, stopReason}) => {
    const before = checkpoints.filter((checkpoint) => checkpoint.seconds <= seconds * (1 + 1e-9)).at(-1);
    const end = checkpoints.at(-1);
    const beyond = stopReason === 'seconds' && end !== undefined && seconds > SLACK * end.seconds;
    // Nothing yet is worse than any error.
    return beyond ? undefined : (before?.error ?? Infinity);
  });
  const known = errors.filter((error) => error !== undefined);
  if (2 * known.length <= runs.length) return null;
  const found = median(known);
  return Number.isFinite(found) ? found : null;
}

function medianReach(runs: readonly Run[], error: number): number | null {
  if (runs.length === 0) return null;
  const times = runs.map(({checkpoints}) => checkpoints.find((checkpoint) => checkpoint.error <= error)?.seconds ?? Infinity);
  const found = median(times);
  return Number.isFinite(found) ? found : null;
}

function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  return {median: median(values), least: Math.min(...values), largest: Math.max(...values)};
}

/** The middle one, or the larger of the two in the middle: a time that is never reached has no mean with another. */
function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
