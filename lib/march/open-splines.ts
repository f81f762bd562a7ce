/**
 * Splines on open knots along one axis: the first and the last coefficient are the values at the ends, so that a window of time takes over from
 * the one before coefficient by coefficient.
 */

/** How far the best spline of degree p on cells of length h is from a function, in h^(p + 1) of its derivative p + 1: Favard's constant. */
export function favard(degree: number): number {
  return (4 / Math.PI) * Math.PI ** -(degree + 1);
}

/** Knots with both ends degree + 1 times, and what lies between them as it is. */
export function openKnots(knots: readonly number[], degree: number): number[] {
  const [first, last] = [knots[0], knots[knots.length - 1]];
  const ends = (value: number): number[] => Array<number>(degree).fill(value);
  return [...ends(first), ...knots, ...ends(last)];
}

/** The coefficients of the derivatives of a spline, order by order, as matrices on its own coefficients: `[order][coefficient][own]`. */
function derivativeMatrices(open: readonly number[], degree: number, orders: number): number[][][] {
  const count = open.length - degree - 1;
  const identity = Array.from({length: count}, (_, i) => Array.from({length: count}, (__, j): number => (i === j ? 1 : 0)));
  const matrices = [identity];
  for (let k = 1; k <= orders; k++) {
    const p = degree - k + 1;
    const before = matrices[k - 1];
    matrices.push(
      before.slice(1).map((row, i) => {
        // Of the k-th derivative's knots, which are those of the spline without k at either end.
        const width = open[i + k + p] - open[i + k];
        return row.map((value, j) => (width > 0 ? (p * (value - before[i][j])) / width : 0));
      }),
    );
  }
  return matrices;
}

/** What coefficient i counts in the derivatives of orders 0 to `orders` at the upper end: `[order][i]`. */
export function derivativesAtEnd(knots: readonly number[], degree: number, orders: number): number[][] {
  const matrices = derivativeMatrices(openKnots(knots, degree), degree, orders);
  return matrices.map((matrix) => matrix[matrix.length - 1]);
}

/** What coefficient i counts in the jump of derivative `degree` across the inner knots, which are simple: one row a knot. */
export function jumps(knots: readonly number[], degree: number): number[][] {
  const matrices = derivativeMatrices(openKnots(knots, degree), degree, degree);
  const constants = matrices[degree];
  return constants.slice(1).map((row, i) => row.map((value, j) => value - constants[i][j]));
}

/** The coefficients of x^k, k = 0 … most: the elementary symmetric polynomials of their knots (the blossom), divided by their number. */
export function monomials(knots: readonly number[], degree: number, most: number): number[][] {
  const open = openKnots(knots, degree);
  const count = open.length - degree - 1;
  const table = Array.from({length: most + 1}, () => new Array<number>(count).fill(0));
  for (let i = 0; i < count; i++) {
    const symmetric = new Array<number>(most + 1).fill(0);
    symmetric[0] = 1;
    for (let j = 1; j <= degree; j++) for (let k = most; k >= 1; k--) symmetric[k] += symmetric[k - 1] * open[i + j];
    let subsets = 1;
    for (let k = 0; k <= most; k++) {
      table[k][i] = symmetric[k] / subsets;
      subsets = (subsets * (degree - k)) / (k + 1);
    }
  }
  return table;
}
