/** Problems and schedules as JSON and tensors, and back through the constructors that check everything a user writes. */
import {DinfError} from '../../base/errors';
import {checkInteger, checkList} from '../../base/options';
import type {Optimizer} from '../../optimizers';
import {checkOptimizer} from '../../optimizers';
import type {Problem} from '../../pose/problem';
import {problem} from '../../pose/problem';
import type {TermOptions} from '../../pose/term';
import {term} from '../../pose/term';
import type {ProblemSpec, TermSpec} from '../../pose/problem-spec';
import type {TermData} from '../../pose/term-data';
import {ComputedData, digestOf} from '../../pose/term-data';

/** Computed values of a term's channel that are saved as they are; of more a digest is. */
const MOST_COMPUTED = 2 ** 20;

/** JSON, with `{$tensor: name}` in place of each array of numbers, and `{$digest, length}` in place of data that were computed. */
export type Plain = null | boolean | number | string | readonly Plain[] | {readonly [key: string]: Plain};

/** A problem's values with its expressions as text alone: what is saved, and what tells two problems apart. */
export function plainSpec(spec: ProblemSpec): PlainSpec {
  return {
    ...spec,
    lift: Object.fromEntries(Object.entries(spec.lift).map(([name, {text}]) => [name, text])),
    terms: spec.terms.map((one) => ({...one, equations: one.equations.map(({text}) => text)})),
  };
}

type PlainSpec = Omit<ProblemSpec, 'lift' | 'terms'> & {
  readonly lift: Readonly<Record<string, string>>;
  readonly terms: readonly (Omit<TermSpec, 'equations'> & {readonly equations: readonly string[]})[];
};

/**
 * A problem's values with its arrays taken out.
 *
 * @param keep receives each array under the name that stands in its place, such as `problem.terms.0.data.f`.
 */
export function flattenSpec(spec: ProblemSpec, keep: (name: string, values: Float64Array) => void): Plain {
  const flatten = (value: unknown, path: string): Plain => {
    if (value instanceof ComputedData) {
      if (value.isAbsent || value.length > MOST_COMPUTED) return {$digest: value.digest, length: value.length};
      keep(path, value.values());
      return {$tensor: path};
    }
    if (value instanceof Float64Array) {
      keep(path, value);
      return {$tensor: path};
    }
    if (Array.isArray(value)) return value.map((element, i) => flatten(element, `${path}.${i}`));
    if (typeof value === 'object' && value !== null) {
      const entries = Object.entries(value).filter(([, part]) => part !== undefined);
      return Object.fromEntries(entries.map(([key, part]) => [key, flatten(part, `${path}.${key}`)]));
    }
    if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
    throw new DinfError('INTERNAL', `${path} cannot be saved: it is a ${typeof value}`);
  };
  return flatten(plainSpec(spec), 'problem');
}

/** A problem from what {@link flattenSpec} gave. Throws whatever is wrong with it: its caller names the file. */
export function restoreProblem(plain: Plain, tensor: (name: string) => Float64Array): Problem {
  const revive = (value: Plain, place = 'the problem'): unknown => {
    if (Array.isArray(value)) return (value as readonly Plain[]).map((part) => revive(part, place));
    if (typeof value !== 'object' || value === null) return value;
    const named = (value as {$tensor?: Plain}).$tensor;
    if (typeof named === 'string') return tensor(named);
    if ('$digest' in value) return absentData(value, place);
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, revive(part, key)]));
  };
  // The constructors below check every value at run time; the cast only gives it to them.
  const spec = revive(plain) as PlainSpec;
  const restored = problem({
    domain: Object.fromEntries(spec.domain.map(({name, lower, upper}) => [name, [lower, upper] as const])),
    fields: spec.fields.map(({unknowns, grid, decoder, network}) => ({unknowns, field: network ?? grid, decoder})),
    uniforms: spec.uniforms,
    scalars: spec.scalars,
    lift: spec.lift,
    // Among the data may be what the file has a digest of, and which nobody else can give.
    terms: spec.terms.map(({samples, equations, ...options}) => term(samples, equations, options as TermOptions)),
  });
  return restored;
}

/** Data of which the file has the digest alone. */
function absentData({$digest: digest, length}: Readonly<Record<string, Plain>>, name: string): ComputedData {
  if (typeof digest !== 'string' || !/^[0-9a-f]{64}$/.test(digest))
    throw new DinfError('FILE_UNREADABLE', `the digest of ${name} is damaged`);
  return ComputedData.absent(`data ${name}`, checkInteger(length, `the number of values of ${name}`, 0), digest);
}

/** A schedule's stages from JSON, checked like those that a user makes. */
export function restoreSchedule(plain: Plain): Optimizer[] {
  return checkList(plain, 'the schedule', checkOptimizer);
}

/**
 * What differs between two problems, or their JSON, each as one line for a person; empty where they are the same to the last bit.
 *
 * @param names of the two sides, such as `the file`.
 */
export function differences(a: PlainSpec | Plain, b: PlainSpec | Plain, names: readonly [string, string]): string[] {
  const found: string[] = [];
  const show = (value: unknown): string => {
    if (value === undefined) return 'nothing';
    const text = isData(value) ? `${value.length} values` : JSON.stringify(value);
    return text.length > 80 ? `${text.slice(0, 77)}...` : text;
  };
  const compare = (x: unknown, y: unknown, path: string): void => {
    if (x === y) return;
    if (isData(x) && isData(y) && x.length === y.length) {
      const what = dataDifference(x, y);
      if (what !== undefined) found.push(`${path}: ${what}`);
    } else if (isContainer(x) && isContainer(y) && Array.isArray(x) === Array.isArray(y)) {
      const keys = new Set([...Object.keys(x), ...Object.keys(y)]);
      for (const key of keys) {
        compare((x as Record<string, unknown>)[key], (y as Record<string, unknown>)[key], path === '' ? key : `${path}.${key}`);
      }
    } else {
      found.push(`${path}: ${show(x)} in ${names[0]}, ${show(y)} in ${names[1]}`);
    }
  };
  compare(a, b, '');
  return found;
}

/** What differs between two of one length. */
function dataDifference(x: TermData, y: TermData): string | undefined {
  if (x instanceof ComputedData || y instanceof ComputedData)
    return digestOf(x) === digestOf(y) ? undefined : `its ${x.length} values differ`;
  const count = x.reduce((n, value, i) => (Object.is(value, y[i]) ? n : n + 1), 0);
  return count === 0 ? undefined : `${count} of ${x.length} values differ`;
}

const isData = (value: unknown): value is TermData => value instanceof Float64Array || value instanceof ComputedData;
const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null && !isData(value);
