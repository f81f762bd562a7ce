/** A list of numbers. */
type Numbers = readonly number[] | Float32Array | Float64Array;

/** Parts of equal width of the range of some values. */
const BUCKETS = 2 ** 16;

/**
 * Percentiles by linear interpolation between order statistics, to the bit as numpy's `percentile` computes them for float64.
 * @param values any order; not changed; at least one, all finite
 * @param percents each in [0, 100]
 * @returns one value for each of `percents`
 */
export function percentiles(values: Numbers, percents: readonly number[]): number[] {
  const last = values.length - 1;
  const places = percents.map((percent) => {
    const position = (percent / 100) * last;
    const below = Math.floor(position);
    return {t: position - below, ranks: [below, Math.min(below + 1, last)]};
  });
  const found = orderStatistics(values, [...new Set(places.flatMap(({ranks}) => ranks))]);
  return places.map(({t, ranks}) => {
    const [lower, upper] = ranks.map((rank) => found.get(rank)!);
    // From whichever end is nearer, so that t = 1 would give `upper` exactly.
    return t < 0.5 ? lower + (upper - lower) * t : upper - (upper - lower) * (1 - t);
  });
}

/** The values that would stand at some places of the sorted list. Of many only those near them are copied and sorted. */
function orderStatistics(values: Numbers, ranks: readonly number[]): ReadonlyMap<number, number> {
  const {least, most} = extremes(values);
  const scale = BUCKETS / (most - least);
  if (values.length <= BUCKETS || !Number.isFinite(scale)) {
    const sorted = new Float64Array(values).sort();
    return new Map(ranks.map((rank) => [rank, sorted[rank]]));
  }
  // Rises with the value, so that buckets are in its order.
  const bucketOf = (value: number): number => Math.min(BUCKETS - 1, Math.floor((value - least) * scale));
  const ends = new Float64Array(BUCKETS);
  for (const value of values) ends[bucketOf(value)] += 1;
  for (let b = 1; b < BUCKETS; b++) ends[b] += ends[b - 1];
  const sorted = new Map<number, Float64Array>();
  return new Map(
    ranks.map((rank) => {
      const bucket = ends.findIndex((end) => rank < end);
      const begin = bucket === 0 ? 0 : ends[bucket - 1];
      if (!sorted.has(bucket)) {
        const members = new Float64Array(ends[bucket] - begin);
        let at = 0;
        for (const value of values) if (bucketOf(value) === bucket) members[at++] = value;
        sorted.set(bucket, members.sort());
      }
      return [rank, sorted.get(bucket)![rank - begin]];
    }),
  );
}

/** The least and the largest of some values. */
export function extremes(values: Numbers): {least: number; most: number} {
  let least = Infinity;
  let most = -Infinity;
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return {least, most};
}
