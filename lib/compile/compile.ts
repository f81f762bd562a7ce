/** From a problem as its user posed it to what the native solver runs. Equations live in TypeScript: this is where they end. */
import type {NativeDevice, NativeProblem, NativeSamples} from '../native';
import type {ProblemSpec} from '../pose/problem-spec';
import {valuesOf} from '../pose/term-data';
import {SAMPLE_KINDS} from '../schema';
import {compileField} from './fields';
import {compileSamples} from './samples';
import type {CompiledTerm} from './terms';
import {compileTerms} from './terms';
import {uniformValues} from './uniforms';

/** How a problem is to be solved, beside what it is. */
export interface CompileOptions {
  dtype: 'float32' | 'float64';
  threads: number;
  seed: number;
  /** Where the solve runs. Default the CPU. */
  device?: NativeDevice;
  /** Bytes that a solve may hold on a CUDA device, default 0: what the device has. */
  memoryLimit?: number;
  /** Whether 11 significant bits do for products of matrices on a CUDA device. Default false. */
  tf32?: boolean;
  /** Whether linear decoders are multiplied into their grids from the start, all parameters 0. Default false. */
  folded?: boolean;
}

/** The native form of a problem, but for data that nobody holds. */
export type CompiledProblem = Omit<NativeProblem, 'terms'> & {readonly terms: readonly CompiledTerm[]};

/** The native form of a problem. What it holds of data is that of the problem; {@link withData} computes the rest. */
export function compileProblem(spec: ProblemSpec, options: CompileOptions): CompiledProblem {
  return {
    device: {driver: 'cpu', index: 0},
    memoryLimit: 0,
    tf32: false,
    bytes: 0,
    folded: false,
    ...options,
    lower: Float64Array.from(spec.domain, (axis) => axis.lower),
    upper: Float64Array.from(spec.domain, (axis) => axis.upper),
    uniforms: uniformValues(spec),
    scalars: Float64Array.from(Object.values(spec.scalars)),
    fields: spec.fields.map((field) => compileField(field, spec.domain)),
    samples: spec.terms.map((term) => compileSamples(spec, term.samples)),
    terms: [...compileTerms(spec).terms],
  };
}

/** All of what the native solver reads. */
export function withData(compiled: CompiledProblem): NativeProblem {
  return {...compiled, terms: compiled.terms.map((term) => ({...term, channels: term.channels.map(valuesOf)}))};
}

/**
 * A problem whose field is there to be evaluated and not to be solved for: one sample a term. How a field is encoded depends on the
 * derivatives that the terms read, and on nothing else of them.
 */
export function atRest(compiled: CompiledProblem): NativeProblem {
  const sample: NativeSamples = {
    kind: SAMPLE_KINDS.tensor,
    axes: Array.from(compiled.lower, () => Float64Array.of(0.5)),
    axisWeights: null,
    weights: null,
    draws: 0,
    redraw: false,
  };
  return {
    ...compiled,
    samples: compiled.samples.map(() => sample),
    terms: compiled.terms.map((term) => ({...term, channels: term.channels.map(() => new Float64Array(1))})),
  };
}
