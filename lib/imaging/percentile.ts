/**
 * Percentiles by linear interpolation between order statistics, to the bit as numpy's `percentile` computes them for float64.
 * @param values any order; not changed; at least one, all finite
 * @param percents each in [0, 100]
 * @returns one value for each of `percents`
 */
export function percentiles(values: ArrayLike<number>, percents: readonly number[]): number[] {
  const sorted = Float64Array.from(values).sort();
  return percents.map((percent) => {
    const position = (percent / 100) * (sorted.length - 1);
    const below = Math.floor(position);
    const lower = sorted[below];
    const upper = sorted[Math.min(below + 1, sorted.length - 1)];
    const t = position - below;
    // From whichever end is nearer, so that t = 1 would give `upper` exactly.
    return t < 0.5 ? lower + (upper - lower) * t : upper - (upper - lower) * (1 - t);
  });
}
