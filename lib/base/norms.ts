/** Sizes of lists of numbers. */

/** The root of the sum of squares. */
export function norm(values: readonly number[] | Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}

/** The root of the mean of squares. */
export function rootMeanSquare(values: readonly number[] | Float64Array): number {
  return norm(values) / Math.sqrt(values.length);
}
