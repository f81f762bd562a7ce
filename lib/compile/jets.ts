/** Which jets of the fields a term reads, and where they lie: the planes that an encoder writes. */
import type {FieldSpec} from '../pose/problem-spec';
import {isLinear} from '../pose/problem-spec';
import type {JetInput} from './program-inputs';

/** For each field its planes, as multi-indices in the order in which the encoder writes them. */
export type JetSets = number[][][];

/**
 * The planes of each field: those asked for where the field is linear, else all up to the highest order, which an MLP needs.
 *
 * @param asked the jets that programs read.
 */
export function jetSetsOf(fields: readonly FieldSpec[], dimensions: number, asked: Iterable<JetInput>): JetSets {
  const alphas = fields.map((): (readonly number[])[] => []);
  for (const {field, alpha} of asked) alphas[field].push(alpha);
  return fields.map((field, f) => {
    if (alphas[f].length === 0) return [];
    const order = alphas[f].reduce(
      (most, alpha) =>
        Math.max(
          most,
          alpha.reduce((a, b) => a + b, 0),
        ),
      0,
    );
    const closed = closedJetSet(dimensions, order);
    if (!isLinear(field)) return closed;
    return closed.filter((alpha) => alphas[f].some((other) => sameIndex(other, alpha)));
  });
}

/** Where a jet lies: its field, its output, and the number of its plane. */
export function jetReference({field, output, alpha}: JetInput, jetSets: JetSets): [number, number, number] {
  return [field, output, jetSets[field].findIndex((index) => sameIndex(index, alpha))];
}

const sameIndex = (a: readonly number[], b: readonly number[]): boolean => a.every((n, k) => n === b[k]);

/** Every multi-index up to an order, graded lexicographic, as native/math/jet.h orders them. */
function closedJetSet(dimensions: number, order: number): number[][] {
  const set: number[][] = [];
  for (let k = 0; k <= order; k++) {
    for (let i = k; i >= 0; i--) {
      for (let j = k - i; j >= 0; j--) {
        const alpha = [i, j, k - i - j];
        if (alpha.slice(dimensions).every((n) => n === 0)) set.push(alpha.slice(0, dimensions));
      }
    }
  }
  return set;
}
