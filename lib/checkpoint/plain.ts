/** Problems and schedules as JSON and tensors, and back through the constructors that check everything a user writes. */
import {DinfError} from '../errors';
import type {Decoder, Grid, GridOptions} from '../field';
import {linearDecoder, mlpDecoder, rbfGrid} from '../field';
import type {Kernel} from '../kernel';
import {bspline, gaussian, hat, inverseMultiquadric, inverseQuadratic} from '../kernel';
import type {Adam, GaussNewton, Optimizer} from '../optimizers';
import {adam, gaussNewton} from '../optimizers';
import type {Problem, TermOptions} from '../problem';
import {problem, term} from '../problem';
import type {ProblemSpec} from '../problem-spec';
import type {Samples} from '../sampling';
import {gauss, lattice, points, stratified} from '../sampling';

/** JSON, with `{$tensor: name}` in place of each array of numbers. */
export type Plain = null | boolean | number | string | readonly Plain[] | {readonly [key: string]: Plain};

/**
 * A problem's values with its arrays taken out.
 *
 * @param keep receives each array under the name that stands in its place, such as `problem.terms.0.data.f`.
 */
export function flattenSpec(spec: ProblemSpec, keep: (name: string, values: Float64Array) => void): Plain {
  const flatten = (value: unknown, path: string): Plain => {
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
  return flatten(spec, 'problem');
}

/** A problem from what {@link flattenSpec} gave. Throws whatever is wrong with it: its caller names the file. */
export function restoreProblem(plain: Plain, tensor: (name: string) => Float64Array): Problem {
  const revive = (value: Plain): unknown => {
    if (Array.isArray(value)) return (value as readonly Plain[]).map(revive);
    if (typeof value !== 'object' || value === null) return value;
    const named = (value as {$tensor?: Plain}).$tensor;
    if (typeof named === 'string') return tensor(named);
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, revive(part)]));
  };
  // The constructors below check every value at run time; the cast only gives it to them.
  const spec = revive(plain) as ProblemSpec;
  const restored = problem({
    domain: Object.fromEntries(spec.domain.map(({name, lower, upper}) => [name, [lower, upper] as const])),
    fields: spec.fields.map(({unknowns, grid, decoder}) => ({
      unknowns,
      field: restoreGrid(grid),
      decoder: restoreDecoder(decoder),
    })),
    uniforms: spec.uniforms,
    scalars: spec.scalars,
    lift: spec.lift,
    terms: spec.terms.map(({samples, equations, ...options}) => term(restoreSamples(samples), equations, options as TermOptions)),
  });
  return restored;
}

/** A schedule's stages from JSON, checked like those that a user makes. */
export function restoreSchedule(plain: Plain): Optimizer[] {
  return (plain as unknown as readonly Optimizer[]).map((stage) => {
    const {type, ...options} = stage;
    switch (type) {
      case 'adam':
        return adam(options as Omit<Adam, 'type'>);
      case 'gauss-newton':
        return gaussNewton(options as Omit<GaussNewton, 'type'>);
      default:
        throw unknownType('an optimizer', type);
    }
  });
}

function restoreGrid({type, kernel, ...options}: Grid): Grid {
  if (type !== 'grid') throw unknownType('a field', type);
  return rbfGrid({...(options as GridOptions), kernel: restoreKernel(kernel)});
}

function restoreKernel(kernel: Kernel): Kernel {
  switch (kernel.type) {
    case 'gaussian':
      return gaussian({epsilon: kernel.epsilon, rings: kernel.rings});
    case 'inverse-quadratic':
      return inverseQuadratic({epsilon: kernel.epsilon, rings: kernel.rings});
    case 'inverse-multiquadric':
      return inverseMultiquadric({epsilon: kernel.epsilon, rings: kernel.rings});
    case 'bspline':
      return bspline(kernel.degree);
    case 'hat':
      return hat();
    default:
      throw unknownType('a kernel', (kernel as {type: unknown}).type);
  }
}

function restoreDecoder(decoder: Decoder): Decoder {
  switch (decoder.type) {
    case 'linear':
      return linearDecoder();
    case 'mlp':
      return mlpDecoder({hidden: decoder.hidden, activation: decoder.activation});
    default:
      throw unknownType('a decoder', (decoder as {type: unknown}).type);
  }
}

function restoreSamples(samples: Samples): Samples {
  switch (samples.kind) {
    case 'stratified':
      return stratified(samples.boxes);
    case 'gauss':
      return gauss(samples.points, {cells: samples.cells});
    case 'tensor':
      return lattice(samples.axes, {draws: samples.draws});
    case 'points':
      return points(samples.points, {draws: samples.draws});
    default:
      throw unknownType('a sample set', (samples as {kind: unknown}).kind);
  }
}

function unknownType(what: string, type: unknown): DinfError {
  return new DinfError('INVALID_ARGUMENT', `it holds ${what} of type '${String(type)}', which this version does not know`);
}

/**
 * What differs between two problems, or their JSON, each as one line for a person; empty where they are the same to the last bit.
 *
 * @param names of the two sides, such as `the file`.
 */
export function differences(a: ProblemSpec | Plain, b: ProblemSpec | Plain, names: readonly [string, string]): string[] {
  const found: string[] = [];
  const show = (value: unknown): string => {
    if (value === undefined) return 'nothing';
    const text = value instanceof Float64Array ? `${value.length} values` : JSON.stringify(value);
    return text.length > 80 ? `${text.slice(0, 77)}...` : text;
  };
  const compare = (x: unknown, y: unknown, path: string): void => {
    if (x === y) return;
    if (x instanceof Float64Array && y instanceof Float64Array && x.length === y.length) {
      const count = x.reduce((n, value, i) => (Object.is(value, y[i]) ? n : n + 1), 0);
      if (count > 0) found.push(`${path}: ${count} of ${x.length} values differ`);
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

const isContainer = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !(value instanceof Float64Array);
