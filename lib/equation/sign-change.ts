/** Halvings of an interval that leave nothing between its ends. */
const HALVINGS = 60;

/**
 * Where something changes its side between two places.
 *
 * @param side of a place, such as a sign; it is another one at `high` than at `low`.
 * @returns the last place found on the side of `low` and the first beyond it, neighbours to rounding.
 */
export function changeBetween(side: (place: number) => number, low: number, high: number): [number, number] {
  const before = side(low);
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (low + high) / 2;
    if (side(middle) === before) low = middle;
    else high = middle;
  }
  return [low, high];
}
