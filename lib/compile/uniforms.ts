import {DinfError} from '../base/errors';
import type {ProblemSpec} from '../pose/problem-spec';

/** The values of all uniforms: the user's, then each term's weight, since continuation changes those too without compiling again. */
export function uniformValues(
  spec: ProblemSpec,
  before?: Float64Array,
  uniforms: Readonly<Record<string, number>> = {},
  weights: Readonly<Record<string, number>> = {},
): Float64Array {
  const names = Object.keys(spec.uniforms);
  const values =
    before?.slice() ?? Float64Array.from([...Object.values(spec.uniforms), ...spec.terms.map((term) => term.weight)]);
  const set = (name: string, known: readonly string[], offset: number, value: number, what: string): void => {
    const at = known.indexOf(name);
    if (at < 0) {
      throw new DinfError(
        'UNKNOWN_SYMBOL',
        `a stage sets the ${what} of '${name}', which is none of this problem's; they are ${known.join(', ') || 'none'}`,
      );
    }
    values[offset + at] = value;
  };
  for (const [name, value] of Object.entries(uniforms)) set(name, names, 0, value, 'uniform');
  const terms = spec.terms.map((term) => term.name);
  for (const [name, value] of Object.entries(weights)) set(name, terms, names.length, value, 'weight');
  return values;
}
