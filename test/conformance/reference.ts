/**
 * What an encoder must compute, the slow and obvious way in float64: every neighbour of a point, with its weight as a function of all
 * coordinates at once. Radial functions are expanded as multivariate Taylor series and divided by the series of their sum; B-splines are
 * products of textbook piecewise polynomials. Nothing here is shared with the library but the layout of its parameters.
 */
import type {Edge} from '../../lib/pose/field';
import type {Kernel} from '../../lib/pose/kernel';
import {SeriesAlgebra} from './series';
import {productPoints} from './support';

export interface ReferenceGrid {
  readonly lower: readonly number[];
  readonly upper: readonly number[];
  readonly cells: readonly number[];
  readonly levels: number;
  readonly kernel: Kernel;
  readonly edge: Edge | readonly Edge[];
  readonly channels: number;
}

/** By channel and by multi-index (the order of `indices`). */
export interface ReferenceJet {
  /** ∂^α u in the domain's units. */
  readonly value: readonly Float64Array[];
  /** Σ |∂^α w_i| |F_i| over the neighbours: what an error in ∂^α u is measured against. */
  readonly magnitude: readonly Float64Array[];
}

export const ringsOf = (kernel: Kernel): number =>
  'rings' in kernel ? kernel.rings : kernel.type === 'hat' ? 1 : (kernel.degree + 1) / 2;

const edgeOf = (grid: Pick<ReferenceGrid, 'edge'>, axis: number): Edge =>
  typeof grid.edge === 'string' ? grid.edge : grid.edge[axis];

/** Nodes of a level along each axis, ghost nodes included; around a periodic one node N is node 0. */
export function nodeCounts(grid: ReferenceGrid, level: number): number[] {
  return grid.cells.map((cells, k) => {
    const extra = {extend: 2 * ringsOf(grid.kernel) - 1, clamp: 1, periodic: 0};
    return cells / 2 ** level + extra[edgeOf(grid, k)];
  });
}

const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);
const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));
const choose = (n: number, k: number): number => factorial(n) / (factorial(k) * factorial(n - k));

/** Length of the parameters of a folded field. */
export function parameterCount(grid: ReferenceGrid): number {
  let count = 0;
  for (let level = 0; level < grid.levels; level++) count += grid.channels * product(nodeCounts(grid, level));
  return count;
}

/**
 * The k-th derivative of the cardinal B-spline of odd degree at `x` from its centre, on the polynomial piece of the given cell (cells
 * count from the centre's right-hand neighbour, 0). Schoenberg's sum of truncated powers from the nearer end, so that it hardly cancels.
 */
function bsplineDerivative(degree: number, k: number, x: number, cell: number): number {
  if (k > degree) return 0;
  const half = (degree + 1) / 2;
  if (cell >= 0) return (k % 2 === 0 ? 1 : -1) * bsplineDerivative(degree, k, -x, -1 - cell);
  let sum = 0;
  for (let i = 0; i <= cell + half; i++) sum += (i % 2 === 0 ? 1 : -1) * choose(degree + 1, i) * (x + half - i) ** (degree - k);
  return sum / factorial(degree - k);
}

interface Neighbour {
  /** Where its weight is centred, in cells of the level. */
  readonly position: readonly number[];
  /** Of its value among the nodes of one channel and level. */
  readonly node: number;
}

export class Reference {
  readonly indices: readonly number[][];
  private readonly algebra: SeriesAlgebra;

  constructor(
    private readonly grid: ReferenceGrid,
    order: number,
    /** Level by level, channel by channel, nodes row-major. */
    private readonly parameters: Float64Array,
  ) {
    this.algebra = new SeriesAlgebra(grid.cells.length, order);
    this.indices = this.algebra.indices;
  }

  /** @param point in the domain's units. */
  at(point: readonly number[]): ReferenceJet {
    const {lower, upper, cells, levels, channels} = this.grid;
    const unit = point.map((x, k) => (x - lower[k]) / (upper[k] - lower[k]));
    // Cells are half open; the upper bound belongs to the last, or to the first one around the ring.
    const finest = unit.map((x, k) =>
      Math.min(Math.floor(x * cells[k]), cells[k] - (edgeOf(this.grid, k) === 'periodic' ? 0 : 1)),
    );
    const empty = (): Float64Array[] => Array.from({length: channels}, () => new Float64Array(this.indices.length));
    const jet = {value: empty(), magnitude: empty()};
    let offset = 0;
    for (let level = 0; level < levels; level++) {
      const counts = cells.map((n) => n / 2 ** level);
      const t = unit.map((x, k) => x * counts[k]);
      const cell = finest.map((c) => c >> level);
      const neighbours = this.neighbours(level, cell);
      const weights = 'epsilon' in this.grid.kernel ? this.radial(t, neighbours) : this.bspline(t, cell, neighbours);
      const scale = this.indices.map((alpha) => product(alpha.map((a, k) => (counts[k] / (upper[k] - lower[k])) ** a)));
      const nodes = product(nodeCounts(this.grid, level));
      for (let channel = 0; channel < channels; channel++) {
        const value = jet.value[channel];
        const magnitude = jet.magnitude[channel];
        neighbours.forEach(({node}, i) => {
          const feature = this.parameters[offset + channel * nodes + node];
          for (let a = 0; a < scale.length; a++) {
            const part = scale[a] * weights[i][a] * feature;
            value[a] += part;
            magnitude[a] += Math.abs(part);
          }
        });
      }
      offset += channels * nodes;
    }
    return jet;
  }

  /**
   * The nodes c − ρ + 1 … c + ρ along each axis. `clamp` has no nodes outside the domain: a radial function takes the border node in
   * their place, as often as that happens; a B-spline keeps its weights and takes the border node's value. Around a `periodic` axis nodes
   * keep their places and take the value of the node N before or after.
   */
  private neighbours(level: number, cell: readonly number[]): Neighbour[] {
    const {kernel, cells} = this.grid;
    const rings = ringsOf(kernel);
    const counts = nodeCounts(this.grid, level);
    const axes = cell.map((c) => Array.from({length: 2 * rings}, (_, j) => c - rings + 1 + j));
    return productPoints(axes).map((index) => {
      const inside = index.map((i, k) => Math.min(Math.max(i, 0), cells[k] / 2 ** level));
      const stored = index.map((i, k) => {
        const edge = edgeOf(this.grid, k);
        if (edge === 'periodic') return ((i % counts[k]) + counts[k]) % counts[k];
        return edge === 'clamp' ? inside[k] : i + rings - 1;
      });
      const position = index.map((i, k) => (edgeOf(this.grid, k) === 'clamp' && 'epsilon' in kernel ? inside[k] : i));
      return {position, node: stored.reduce((at, i, k) => at * counts[k] + i, 0)};
    });
  }

  /** Derivatives in cells of the level of φ(‖t − t_i‖) / Σ_j φ(‖t − t_j‖). */
  private radial(t: readonly number[], neighbours: readonly Neighbour[]): Float64Array[] {
    const {kernel} = this.grid;
    if (!('epsilon' in kernel)) throw new Error('not a radial function');
    const {algebra} = this;
    const epsilon2 = kernel.epsilon ** 2;
    const place = (alpha: readonly number[]): number => algebra.indices.findIndex((index) => index.join() === alpha.join());
    const axis = (k: number, n: number): number => place(t.map((_, i) => (i === k ? n : 0)));
    const first = t.map((_, k) => axis(k, 1));
    const second = t.map((_, k) => axis(k, 2));
    const one = new Float64Array(algebra.size);
    one[0] = 1;
    const series = neighbours.map(({position}) => {
      // (ε r)² as a series about t.
      const g = new Float64Array(algebra.size);
      t.forEach((value, k) => {
        const distance = value - position[k];
        g[0] += epsilon2 * distance ** 2;
        if (first[k] >= 0) g[first[k]] = 2 * epsilon2 * distance;
        if (second[k] >= 0) g[second[k]] = epsilon2;
      });
      if (kernel.type === 'gaussian') return algebra.exp(g.map((value) => -value));
      g[0] += 1;
      return algebra.divide(one, kernel.type === 'inverse-quadratic' ? g : algebra.sqrt(g));
    });
    const total = new Float64Array(algebra.size);
    for (const term of series) for (let a = 0; a < total.length; a++) total[a] += term[a];
    const factorials = algebra.indices.map((alpha) => product(alpha.map(factorial)));
    return series.map((term) => {
      const weight = algebra.divide(term, total);
      for (let a = 0; a < weight.length; a++) weight[a] *= factorials[a];
      return weight;
    });
  }

  private bspline(t: readonly number[], cell: readonly number[], neighbours: readonly Neighbour[]): Float64Array[] {
    const degree = 2 * ringsOf(this.grid.kernel) - 1;
    // A thousand neighbours share ten positions an axis: each polynomial is evaluated once.
    const known = new Map<string, number>();
    const factor = (k: number, a: number, position: number): number => {
      const key = `${k} ${a} ${position}`;
      let value = known.get(key);
      if (value === undefined) known.set(key, (value = bsplineDerivative(degree, a, t[k] - position, cell[k] - position)));
      return value;
    };
    const highest = Math.max(...this.indices.map((alpha) => Math.max(...alpha)));
    return neighbours.map(({position}) => {
      const factors = position.map((p, k) => Array.from({length: highest + 1}, (_, a) => factor(k, a, p)));
      return Float64Array.from(this.indices, (alpha) => alpha.reduce((all, a, k) => all * factors[k][a], 1));
    });
  }
}
