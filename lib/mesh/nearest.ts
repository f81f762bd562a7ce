/** The nearest of many points: a k-d tree (Bentley 1975) laid out in one array of indices. */

/** Points a leaf holds at most: fewer make the tree deeper, more make leaves slow. */
const LEAF = 12;

export class NearestPoints {
  private readonly order: Uint32Array;
  /** The axis along which the range around a middle is halved, at the index of the middle. */
  private readonly axes: Uint8Array;
  /** The points found so far, the nearest first, with their squared distances; beyond the last of them no point is of interest. */
  private found = new Uint32Array(1);
  private squares = new Float64Array(1);
  private reach = Infinity;

  /** @param positions shape (n, 3), n ≥ 1; kept, not copied. */
  constructor(private readonly positions: ArrayLike<number>) {
    this.order = Uint32Array.from({length: positions.length / 3}, (_, i) => i);
    this.axes = new Uint8Array(this.order.length);
    this.build(0, this.order.length);
  }

  /** The index of the point nearest to (x, y, z), and its distance. */
  find(x: number, y: number, z: number): {index: number; distance: number} {
    const {indices, squares} = this.findSome(x, y, z, 1);
    return {index: indices[0], distance: Math.sqrt(squares[0])};
  }

  /**
   * The indices of the `count` points nearest to (x, y, z), the nearest first, and their squared distances. The next search writes over both.
   *
   * @param count at most as many as there are points
   */
  findSome(x: number, y: number, z: number, count: number): {readonly indices: Uint32Array; readonly squares: Float64Array} {
    if (this.found.length !== count) {
      this.found = new Uint32Array(count);
      this.squares = new Float64Array(count);
    }
    this.squares.fill(Infinity);
    this.reach = Infinity;
    this.search(0, this.order.length, [x, y, z], [0, 0, 0], 0);
    return {indices: this.found, squares: this.squares};
  }

  /** Halves a range of points at its median, across its longest side. */
  private build(from: number, to: number): void {
    if (to - from <= LEAF) return;
    const low = [Infinity, Infinity, Infinity];
    const high = [-Infinity, -Infinity, -Infinity];
    for (let at = from; at < to; at++) {
      for (let k = 0; k < 3; k++) {
        const value = this.positions[3 * this.order[at] + k];
        if (value < low[k]) low[k] = value;
        if (value > high[k]) high[k] = value;
      }
    }
    const sides = [high[0] - low[0], high[1] - low[1], high[2] - low[2]];
    const axis = sides[0] >= sides[1] && sides[0] >= sides[2] ? 0 : sides[1] >= sides[2] ? 1 : 2;
    const middle = (from + to) >> 1;
    this.axes[middle] = axis;
    this.select(from, to - 1, middle, axis);
    this.build(from, middle);
    this.build(middle + 1, to);
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

  /** @param outside how far the target lies from the range's box along each axis, `square` the sum of squares (Arya & Mount 1993). */
  private search(
    from: number,
    to: number,
    target: readonly [number, number, number],
    outside: [number, number, number],
    square: number,
  ): void {
    if (to - from <= LEAF) {
      for (let at = from; at < to; at++) this.consider(this.order[at], target);
      return;
    }
    const middle = (from + to) >> 1;
    const axis = this.axes[middle];
    const point = this.order[middle];
    const offset = target[axis] - this.positions[3 * point + axis];
    if (offset < 0) this.search(from, middle, target, outside, square);
    else this.search(middle + 1, to, target, outside, square);
    const before = outside[axis];
    const beyond = square - before * before + offset * offset;
    if (beyond >= this.reach) return;
    this.consider(point, target);
    outside[axis] = offset;
    if (offset < 0) this.search(middle + 1, to, target, outside, beyond);
    else this.search(from, middle, target, outside, beyond);
    outside[axis] = before;
  }

  private consider(point: number, [x, y, z]: readonly [number, number, number]): void {
    const at = 3 * point;
    const square = (this.positions[at] - x) ** 2 + (this.positions[at + 1] - y) ** 2 + (this.positions[at + 2] - z) ** 2;
    if (square >= this.reach) return;
    const {found, squares} = this;
    let place = found.length - 1;
    for (; place > 0 && squares[place - 1] > square; place--) {
      squares[place] = squares[place - 1];
      found[place] = found[place - 1];
    }
    squares[place] = square;
    found[place] = point;
    this.reach = squares[found.length - 1];
  }
}
