/** The nearest of many points: a k-d tree (Bentley 1975) laid out in one array of indices. */

/** Points a leaf holds at most: fewer make the tree deeper, more make leaves slow. */
const LEAF = 12;

export class NearestPoints {
  private readonly order: Uint32Array;
  private best = 0;
  private bestSquare = 0;

  /** @param positions shape (n, 3), n ≥ 1; kept, not copied. */
  constructor(private readonly positions: ArrayLike<number>) {
    this.order = Uint32Array.from({length: positions.length / 3}, (_, i) => i);
    this.build(0, this.order.length, 0);
  }

  /** The index of the point nearest to (x, y, z), and its distance. */
  find(x: number, y: number, z: number): {index: number; distance: number} {
    this.bestSquare = Infinity;
    this.search(0, this.order.length, 0, [x, y, z]);
    return {index: this.best, distance: Math.sqrt(this.bestSquare)};
  }

  /** Halves a range of points at its median along one axis after the other. */
  private build(from: number, to: number, axis: number): void {
    if (to - from <= LEAF) return;
    const middle = (from + to) >> 1;
    this.select(from, to - 1, middle, axis);
    const next = (axis + 1) % 3;
    this.build(from, middle, next);
    this.build(middle + 1, to, next);
  }

  /** Brings the point of rank `rank` to its place, lesser ones before it and greater ones behind (Hoare's selection). */
  private select(first: number, last: number, rank: number, axis: number): void {
    const {order, positions} = this;
    const key = (at: number): number => positions[3 * order[at] + axis];
    let [low, high] = [first, last];
    while (low < high) {
      const pivot = key((low + high) >> 1);
      let [i, j] = [low, high];
      while (i <= j) {
        while (key(i) < pivot) i += 1;
        while (key(j) > pivot) j -= 1;
        if (i > j) break;
        [order[i], order[j]] = [order[j], order[i]];
        i += 1;
        j -= 1;
      }
      if (rank <= j) high = j;
      else if (rank >= i) low = i;
      else return;
    }
  }

  private search(from: number, to: number, axis: number, target: readonly [number, number, number]): void {
    if (to - from <= LEAF) {
      for (let at = from; at < to; at++) this.consider(this.order[at], target);
      return;
    }
    const middle = (from + to) >> 1;
    const point = this.order[middle];
    const offset = target[axis] - this.positions[3 * point + axis];
    const next = (axis + 1) % 3;
    if (offset < 0) this.search(from, middle, next, target);
    else this.search(middle + 1, to, next, target);
    if (offset * offset >= this.bestSquare) return;
    this.consider(point, target);
    if (offset < 0) this.search(middle + 1, to, next, target);
    else this.search(from, middle, next, target);
  }

  private consider(point: number, [x, y, z]: readonly [number, number, number]): void {
    const at = 3 * point;
    const square = (this.positions[at] - x) ** 2 + (this.positions[at + 1] - y) ** 2 + (this.positions[at + 2] - z) ** 2;
    if (square >= this.bestSquare) return;
    this.bestSquare = square;
    this.best = point;
  }
}
