/** What problems of one structure differ in. */
import {DinfError} from '../base/errors';
import {checkInteger, checkNumber, checkNumbers, checkOptions, checkRecord} from '../base/options';
import {uniformValues} from '../compile/uniforms';
import {Problem} from '../pose/problem';
import type {ProblemSpec} from '../pose/problem-spec';
import {valuesOf} from '../pose/term-data';

/** How one problem differs from the one that it is a variation of; what is not named is as it is there. */
export interface Variation {
  /** Values of uniforms, by name. */
  readonly uniforms?: Readonly<Record<string, number>> | undefined;
  /** Per-sample data by the names of term and channel, one value a sample in the order of the samples. Values of conditions are such data. */
  readonly data?: Readonly<Record<string, Readonly<Record<string, ArrayLike<number>>>>> | undefined;
  /** Of everything random. Default: that of the solve. */
  readonly seed?: number | undefined;
}

/** A channel of a term with the values that a variation gives it. */
export interface ChannelValues {
  readonly term: number;
  readonly channel: number;
  readonly values: Float64Array;
}

/** A variation that is known to fit its problem. */
export interface CheckedVariation {
  /** All uniforms and weights of terms; undefined: those of the problem. */
  readonly uniforms: Float64Array | undefined;
  readonly channels: readonly ChannelValues[];
  readonly seed: number | undefined;
}

/**
 * Checks a variation against the problem that it varies.
 *
 * @param name such as `variation 3`.
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION, UNKNOWN_SYMBOL, NON_FINITE
 */
export function checkVariation(value: unknown, spec: ProblemSpec, name: string): CheckedVariation {
  const {uniforms, data, seed} = checkOptions<Variation>(value, name, {
    uniforms: (values, place) => checkRecord(values, place, checkNumber),
    data: (terms, place) => checkRecord(terms, place, (channels, term) => checkRecord(channels, term)) as never,
    seed: (number, place) => checkInteger(number, place, 0),
  });
  const channels = Object.entries(data ?? {}).flatMap(([term, values]) => channelsOf(spec, term, values, name));
  try {
    return {uniforms: uniforms && uniformValues(spec, undefined, uniforms), channels, seed};
  } catch (cause) {
    throw new DinfError('UNKNOWN_SYMBOL', `${name}: ${(cause as Error).message}`, {cause});
  }
}

function channelsOf(spec: ProblemSpec, term: string, values: Readonly<Record<string, unknown>>, name: string): ChannelValues[] {
  const index = spec.terms.findIndex((one) => one.name === term);
  if (index < 0) {
    const known = spec.terms.map((one) => one.name).join(', ');
    throw new DinfError('UNKNOWN_SYMBOL', `${name}: no term is named '${term}'; they are ${known}`);
  }
  const {data} = spec.terms[index];
  const names = Object.keys(data);
  return Object.entries(values).map(([channel, given]) => {
    const at = names.indexOf(channel);
    if (at < 0)
      throw new DinfError(
        'UNKNOWN_SYMBOL',
        `${name}: ${term} has no data named '${channel}'; it has ${names.join(', ') || 'none'}`,
      );
    const numbers = checkNumbers(given, `${name}: data ${channel} of ${term}`);
    if (numbers.length !== data[channel].length)
      throw new DinfError(
        'INVALID_ARGUMENT',
        `${name}: data ${channel} of ${term} has ${numbers.length} values for ${data[channel].length} samples`,
      );
    return {term: index, channel: at, values: numbers};
  });
}

/** The problem of a variation, as it would have been posed. */
export function variedProblem<U extends string>({spec}: Problem<U>, {uniforms, channels}: CheckedVariation): Problem<U> {
  const names = Object.keys(spec.uniforms);
  const terms = spec.terms.map((term, t) => {
    const own = channels.filter((channel) => channel.term === t);
    if (own.length === 0) return term;
    const data = {...term.data};
    const known = Object.keys(data);
    for (const {channel, values} of own) data[known[channel]] = values;
    return {...term, data};
  });
  return new Problem<U>({
    ...spec,
    uniforms: uniforms === undefined ? spec.uniforms : Object.fromEntries(names.map((name, i) => [name, uniforms[i]])),
    terms,
  });
}

/** A channel's values in the problem itself. */
export function ownValues(spec: ProblemSpec, term: number, channel: number): Float64Array {
  return valuesOf(Object.values(spec.terms[term].data)[channel]);
}
