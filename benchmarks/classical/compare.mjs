// Our points beside a ladder of classical ones: at equal error, and at equal time.

/**
 * @typedef {{method: string, setting: string, unknowns: number, error: number, seconds: {median: number}}} Rung
 * @typedef {{setting: string, error: number | null, seconds: {median: number}}} Point
 */

const fastest = (rungs) =>
  rungs.reduce((best, rung) => (best && best.seconds.median <= rung.seconds.median ? best : rung), undefined);
const nearest = (rungs) => rungs.reduce((best, rung) => (best && best.error <= rung.error ? best : rung), undefined);
const shown = (rung) =>
  rung && {method: rung.method, setting: rung.setting, error: rung.error, seconds: rung.seconds.median, unknowns: rung.unknowns};

/**
 * @param {Point} point
 * @param {Rung[]} ladder
 * @param {number} known the error of the reference itself: nobody is asked to come nearer to it
 * @returns what the best of the ladder takes for our error (none where no rung is as accurate; `best` is then its most accurate one), the
 * least error it has in our time, our seconds over its seconds, and who is faster: nobody knows where the ladder ends above our error
 * before our time is over, since a finer rung was not tried
 */
export function beside(point, ladder, known = 0) {
  const {error, setting} = point;
  const usable = ladder.filter((rung) => Number.isFinite(rung.error));
  if (error === null || usable.length === 0) return undefined;
  const target = Math.max(error, known);
  const sameError = fastest(usable.filter((rung) => Math.max(rung.error, known) <= target));
  const sameTime = nearest(usable.filter((rung) => rung.seconds.median <= point.seconds.median));
  const best = sameError ?? nearest(usable);
  const theirs = best.seconds.median < point.seconds.median;
  return {
    setting,
    error,
    ourSeconds: point.seconds.median,
    sameError: shown(sameError),
    best: sameError ? undefined : shown(best),
    sameTime: shown(sameTime),
    ratio: sameError && point.seconds.median / sameError.seconds.median,
    winner: theirs ? (sameError ? 'classical' : 'open') : 'ours',
  };
}
