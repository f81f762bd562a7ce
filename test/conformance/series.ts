/**
 * Truncated power series in several variables: the coefficients of h^α for every multi-index α up to an order. Exact up to rounding,
 * so a derivative taken this way has neither the error of a difference quotient nor a formula to get wrong.
 */
import {multiIndices} from './support';

export class SeriesAlgebra {
  readonly indices: readonly number[][];
  /** For each γ the pairs (β, γ − β) with β ≠ 0, as positions in `indices`, one after the other. */
  private readonly splits: readonly Int32Array[];
  private readonly orders: readonly number[];

  constructor(dims: number, order: number) {
    this.indices = multiIndices(dims, order);
    const place = new Map(this.indices.map((alpha, i) => [alpha.join(), i]));
    this.orders = this.indices.map((alpha) => alpha.reduce((a, b) => a + b, 0));
    this.splits = this.indices.map((gamma) =>
      Int32Array.from(
        this.indices.flatMap((beta, b) => {
          const rest = place.get(gamma.map((n, k) => n - beta[k]).join());
          return rest === undefined || b === 0 ? [] : [b, rest];
        }),
      ),
    );
  }

  get size(): number {
    return this.indices.length;
  }

  /** exp(g), from Euler's operator E = Σ h_k ∂_k: E exp(g) = exp(g) · E g, and E multiplies the coefficient of h^γ by |γ|. */
  exp(g: Float64Array): Float64Array {
    const result = new Float64Array(this.size);
    result[0] = Math.exp(g[0]);
    for (let gamma = 1; gamma < this.size; gamma++) {
      let sum = 0;
      const split = this.splits[gamma];
      for (let i = 0; i < split.length; i += 2) sum += this.orders[split[i]] * g[split[i]] * result[split[i + 1]];
      result[gamma] = sum / this.orders[gamma];
    }
    return result;
  }

  /** a / b, by long division. */
  divide(a: Float64Array, b: Float64Array): Float64Array {
    const result = new Float64Array(this.size);
    for (let gamma = 0; gamma < this.size; gamma++) {
      let sum = a[gamma];
      const split = this.splits[gamma];
      for (let i = 0; i < split.length; i += 2) sum -= b[split[i]] * result[split[i + 1]];
      result[gamma] = sum / b[0];
    }
    return result;
  }

  /** √a, coefficient by coefficient from √a · √a = a. */
  sqrt(a: Float64Array): Float64Array {
    const result = new Float64Array(this.size);
    result[0] = Math.sqrt(a[0]);
    for (let gamma = 1; gamma < this.size; gamma++) {
      let sum = a[gamma];
      const split = this.splits[gamma];
      for (let i = 0; i < split.length; i += 2) if (split[i] !== gamma) sum -= result[split[i]] * result[split[i + 1]];
      result[gamma] = sum / (2 * result[0]);
    }
    return result;
  }
}
