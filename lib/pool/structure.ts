/** Structures: what problems have in common that differ in uniforms, data and seeds alone, and the solver that serves them all. */
import {digestOf} from '../base/digest';
import {DinfError} from '../base/errors';
import {compileProblem} from '../compile/compile';
import {estimateBytes} from '../compile/memory';
import type {SolveManyOptions} from '../many/solve-many-options';
import {ManySolver} from '../many/many-solver';
import type {Variation} from '../many/variation';
import {leastSquares} from '../optimizers';
import {Problem} from '../pose/problem';
import type {ProblemSpec} from '../pose/problem-spec';
import {valuesOf} from '../pose/term-data';

/** A structure and how it is solved: equal keys stand for what one solver does. */
export interface Structure {
  readonly key: string;
  /** Bytes that a batch holds, by the estimate of its lanes. */
  readonly bytes: number;
  make(): ManySolver;
}

/** What of {@link SolveManyOptions} a pool leaves to its callers. */
export type StructureOptions = Omit<SolveManyOptions, 'threads' | 'signal'>;

/** Structures of problems that were asked for before: who varies one problem a thousand times has it looked at once. */
const KNOWN = new WeakMap<ProblemSpec, {readonly key: string; readonly structures: Map<string, Structure>}>();

/**
 * @param memory bytes that its lanes may hold: as many of them are made, of `threads` at most.
 * @throws DinfError INVALID_ARGUMENT for what no problem is; what compiling it throws
 */
export function structureOf(problem: Problem, options: StructureOptions, threads: number, memory: number): Structure {
  if (!(problem instanceof Problem)) throw new DinfError('INVALID_ARGUMENT', 'the first argument must come from problem()');
  const {spec} = problem;
  let known = KNOWN.get(spec);
  if (known === undefined) KNOWN.set(spec, (known = {key: digestOf(sharedPart(spec)), structures: new Map()}));
  const how = `${threads} ${memory} ${digestOf(options)}`;
  let structure = known.structures.get(how);
  if (structure === undefined) {
    const {dtype = 'float32', optimizer = leastSquares()} = options;
    const lane = estimateBytes(compileProblem(spec, {dtype, threads: 1, seed: 0}), [optimizer].flat());
    const lanes = Math.max(1, Math.min(threads, Math.floor(memory / lane)));
    structure = {
      key: `${known.key} ${how}`,
      bytes: lanes * lane,
      make: () => new ManySolver(problem, {...options, threads: lanes}),
    };
    if (known.structures.size > MOST_WAYS) known.structures.clear();
    known.structures.set(how, structure);
  }
  return structure;
}

/** Ways of solving one problem that are remembered. */
const MOST_WAYS = 64;

/**
 * A variation of one problem as that of another one of the same structure: what it does not name is what its own problem says.
 *
 * @param base the problem that the solver was made for
 */
export function asVariationOf(base: Problem, problem: Problem, {uniforms, data, seed}: Variation): Variation {
  if (base.spec === problem.spec) return {uniforms, data, seed};
  const {spec} = problem;
  const all = spec.terms.map(({name, data: own}) => {
    const values = Object.entries(own).map(([channel, one]) => [channel, valuesOf(one)] as const);
    return [name, {...Object.fromEntries(values), ...data?.[name]}] as const;
  });
  return {uniforms: {...spec.uniforms, ...uniforms}, data: Object.fromEntries(all), seed};
}

/** All that solvers of variations do not change: not the values of uniforms and of data. */
function sharedPart({domain, fields, uniforms, scalars, lift, terms}: ProblemSpec): unknown {
  return {
    ...{domain, fields, scalars},
    uniforms: Object.keys(uniforms),
    lift: Object.entries(lift).map(([name, {text}]) => [name, text]),
    terms: terms.map(({name, samples, equations, loss, delta, weight, data}) => ({
      ...{name, samples, loss, delta, weight},
      equations: equations.map(({text}) => text),
      data: Object.entries(data).map(([channel, {length}]) => [channel, length]),
    })),
  };
}
