// How far a saved field is from a reference at the reference's places.
import * as path from 'node:path';
import * as dinf from 'dinf-grid';

/**
 * Relative L2 errors by unknown; an unknown that is free up to a constant is compared without its mean.
 *
 * @param {{axes: Record<string, Float64Array>, values: Record<string, Float64Array>, free?: string[]}} reference values at all combinations of the axes' places, the last axis fastest; NaN where there is no answer
 * @param {string} folder what `--out` named
 * @returns {Promise<Record<string, number>>}
 */
export async function errorsAgainst({axes, values, free = []}, folder) {
  const solution = await dinf.loadSolution(path.join(folder, 'field.safetensors'));
  const names = Object.keys(values);
  const found = await solution.evaluate(dinf.lattice(Object.values(axes)), {expressions: names});
  solution.dispose();
  const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
  return Object.fromEntries(
    names.map((name) => {
      // A place without an answer (inside of a hole, say) is NaN.
      const places = [...values[name].keys()].filter((i) => !Number.isNaN(values[name][i]));
      const [ours, truth] = [found[name], values[name]].map((list) => places.map((i) => list[i]));
      const [a, b] = free.includes(name) ? [mean(ours), mean(truth)] : [0, 0];
      const error = truth.reduce((sum, value, i) => sum + (ours[i] - a - value + b) ** 2, 0);
      return [name, Math.sqrt(error / truth.reduce((sum, value) => sum + (value - b) ** 2, 0))];
    }),
  );
}
