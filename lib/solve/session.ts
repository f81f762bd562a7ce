import type {CompileOptions} from '../compile/compile';
import {atRest, compileProblem, withData} from '../compile/compile';
import {compileEvaluation} from '../compile/evaluation';
import {compileSamples} from '../compile/samples';
import {compileStages} from '../compile/stages';
import {DinfError} from '../base/errors';
import type {EquationSource} from '../expression/equation';
import {availableBytes, checkMemory, estimateBytes} from '../compile/memory';
import type {
  NativeProgress,
  NativeResult,
  NativeSolver,
  NativeVariationResults,
  NativeVariations,
  OptimizerState,
} from '../native';
import {addon, rethrow} from '../native';
import {checkNumbers, checkRecord} from '../base/options';
import type {Optimizer} from '../optimizers';
import type {ProblemSpec} from '../pose/problem-spec';
import type {Samples} from '../pose/sampling';
import type {TermData} from '../pose/term-data';
import {valuesOf} from '../pose/term-data';
import {countOf, samplePieces} from './sample-pieces';

/** Parameters that are passed on at once where there are more, so that no copy of them all is made on the way. */
const MOST_PARAMETERS = 2 ** 20;

/** Samples that are evaluated at once: some tens of megabytes natively, and so many that starting a call costs nothing. */
const MOST_SAMPLES = 2 ** 18;

/**
 * A native solver for one problem: the only thing that talks to it. Calls queue behind one another, since a solver does one thing at
 * a time; different sessions run side by side.
 */
export class Session {
  private native: NativeSolver | undefined;
  private uniforms: Float64Array;
  /** Bytes that a factorisation may take beyond the estimate: it is not to drive a service out of its memory. */
  private readonly room: number;
  private queue: Promise<unknown>;
  /** Data that is no longer the problem's own, by the number of its term. */
  private readonly data = new Map<number, Readonly<Record<string, TermData>>>();

  /**
   * @param planned stages that will run, and what they need is part of the estimate; `evaluate`: none will, and the terms' samples and data
   *   take no memory. What evaluation gives is the same to the bit.
   * @throws what compiling the problem throws; OUT_OF_MEMORY before anything is allocated; NO_NATIVE_BUILD.
   */
  constructor(
    readonly spec: ProblemSpec,
    readonly options: CompileOptions,
    planned: readonly Optimizer[] | 'evaluate' = [],
  ) {
    const whole = compileProblem(spec, options);
    const compiled = planned === 'evaluate' ? atRest(whole) : whole;
    const bytes = estimateBytes(compiled, planned === 'evaluate' ? [] : planned);
    checkMemory(bytes, 'this problem', 'use a smaller resolution, fewer levels or fewer samples');
    this.room = Math.max(1, Math.floor(0.5 * availableBytes() - bytes));
    this.uniforms = compiled.uniforms;
    try {
      this.native = new (addon().Solver)({...withData(compiled), bytes});
      this.queue = this.native.prepare().catch(rethrow);
    } catch (error) {
      rethrow(error);
    }
    this.queue.catch(() => undefined); // whoever calls first sees it
  }

  /** @param begun iterations of the first stage that earlier runs have done. */
  run(stages: readonly Optimizer[], onProgress?: (progress: NativeProgress) => void, begun = 0): Promise<NativeResult> {
    return this.call((native) => {
      const compiled = compileStages(this.spec, stages, this.uniforms, this.room);
      for (const {uniforms} of compiled) if (uniforms.length > 0) this.uniforms = uniforms;
      return native.run(
        compiled.map((stage, i) => (i === 0 && begun > 0 ? {...stage, begun} : stage)),
        onProgress,
      );
    });
  }
  /** Solves variations, each as a new session would; a factor that serves them all is kept for the next call. The session's own field is lost. */
  runMany(stages: readonly Optimizer[], variations: NativeVariations): Promise<NativeVariationResults> {
    return this.call((native) => {
      const compiled = compileStages(this.spec, stages, this.uniforms, this.room);
      return native.runMany(
        compiled.map((stage, i) => (stages[i].type === 'gauss-newton' ? {...stage, keepFactor: true, freshFactor: true} : stage)),
        variations,
      );
    });
  }
  /** Of all uniforms and term weights, as the stages that ran have set them: {@link uniformValues} says in which order. */
  get uniformValues(): Float64Array {
    return this.uniforms;
  }
  async setUniforms(values: Float64Array): Promise<void> {
    await this.call((native) => native.setUniforms(values));
    this.uniforms = values.slice();
  }
  /** Replaces channels of a term, by name, without compiling; those not named stay. Values in the order of the samples. */
  async setData(term: string, data: unknown): Promise<void> {
    const index = this.spec.terms.findIndex(({name}) => name === term);
    if (index < 0) {
      const known = this.spec.terms.map(({name}) => name).join(', ');
      throw new DinfError('UNKNOWN_SYMBOL', `no term is named '${term}'; they are ${known}`);
    }
    const channels = {...(this.data.get(index) ?? this.spec.terms[index].data)};
    for (const [name, values] of Object.entries(checkRecord(data, `the data of ${term}`, checkNumbers))) {
      if (!Object.hasOwn(channels, name)) {
        const known = Object.keys(channels).join(', ') || 'none';
        throw new DinfError('UNKNOWN_SYMBOL', `${term} has no data named '${name}'; it has ${known}`);
      }
      if (values.length !== channels[name].length) {
        const message = `${term}: data ${name} has ${values.length} values for ${channels[name].length} samples`;
        throw new DinfError('INVALID_ARGUMENT', message);
      }
      channels[name] = values;
    }
    await this.call((native) => native.setChannels(index, Object.values(channels).map(valuesOf)));
    this.data.set(index, channels);
  }
  /** Asks a running solve to stop after its current iteration. */
  cancel(): void {
    this.native?.cancel();
  }
  /**
   * One Float64Array an expression, in the order of the samples.
   *
   * @throws what reading an expression throws; OUT_OF_MEMORY before anything is evaluated; DISPOSED.
   */
  async evaluate(
    expressions: readonly EquationSource[],
    samples: Samples,
    data: Record<string, Float64Array> = {},
  ): Promise<Float64Array[]> {
    const dimensions = this.spec.domain.length;
    const count = countOf(samples, dimensions);
    const what = `${expressions.length} value(s) at each of ${count} points`;
    checkMemory(8 * count * expressions.length, what, 'evaluate fewer points at a time');
    // Data are for all samples at once.
    const pieces = samplePieces(samples, dimensions, Object.keys(data).length > 0 ? count : MOST_SAMPLES);
    const evaluation = compileEvaluation(this.spec, expressions, pieces[0].samples, data);
    return this.call(async (native) => {
      if (pieces.length === 1) return split(await native.evaluate(evaluation), expressions.length);
      const all = expressions.map(() => new Float64Array(count));
      for (const piece of pieces) {
        if (this.native === undefined) throw disposed();
        const values = await native.evaluate({...evaluation, samples: compileSamples(this.spec, piece.samples)});
        split(values, all.length).forEach((part, i) => {
          piece.place(part, all[i]);
        });
      }
      return all;
    });
  }
  parameters(): Promise<Float64Array> {
    return this.collected((count) => new Float64Array(count));
  }
  /** The parameters in the solver's own precision. */
  ownParameters(): Promise<Float32Array | Float64Array> {
    return this.options.dtype === 'float64' ? this.parameters() : this.collected((count) => new Float32Array(count));
  }
  private collected<Values extends Float32Array | Float64Array>(make: (count: number) => Values): Promise<Values> {
    return this.call(async (native) => {
      const {parameters: count} = native.state();
      const all = make(count);
      for (let at = 0; at < count; at += MOST_PARAMETERS) {
        if (this.native === undefined) throw disposed();
        all.set(await native.parameterRange(at, Math.min(MOST_PARAMETERS, count - at)), at);
      }
      return all;
    });
  }
  /** @param folded whether these are parameters of a folded decoder: planes instead of features and decoder. */
  setParameters(values: Float32Array | Float64Array, folded = false): Promise<void> {
    return this.call(async (native) => {
      const state = native.state();
      if (values.length <= MOST_PARAMETERS || folded !== state.folded || values.length !== state.parameters)
        return native.setParameters(Float64Array.from(values), folded);
      for (let at = 0; at < values.length; at += MOST_PARAMETERS) {
        if (this.native === undefined) throw disposed();
        await native.setParameterRange(at, Float64Array.from(values.subarray(at, at + MOST_PARAMETERS)));
      }
    });
  }
  parameterRange(begin: number, count: number): Promise<Float64Array> {
    return this.call((native) => native.parameterRange(begin, count));
  }
  setParameterRange(begin: number, values: Float64Array): Promise<void> {
    return this.call((native) => native.setParameterRange(begin, values));
  }
  state(): Promise<ReturnType<NativeSolver['state']>> {
    return this.call((native) => Promise.resolve(native.state()));
  }
  optimizerState(): Promise<OptimizerState | null> {
    return this.call((native) => native.optimizerState());
  }
  setOptimizerState(state: OptimizerState): Promise<void> {
    return this.call((native) => native.setOptimizerState(state));
  }
  draw(iteration: number): Promise<void> {
    return this.call((native) => native.draw(iteration));
  }
  sampleWeights(term: number): Promise<Float64Array> {
    return this.call((native) => native.sampleWeights(term));
  }
  loss(): Promise<number> {
    return this.call((native) => native.loss());
  }
  gradient(): Promise<Float64Array> {
    return this.call((native) => native.gradient());
  }
  linearise(): Promise<Float64Array> {
    return this.call((native) => native.linearise());
  }
  tangent(direction: Float64Array): Promise<Float64Array> {
    return this.call((native) => native.tangent(direction));
  }
  adjoint(rows: Float64Array): Promise<Float64Array> {
    return this.call((native) => native.adjoint(rows));
  }
  columnSquares(): Promise<Float64Array> {
    return this.call((native) => native.columnSquares());
  }

  /** Stops what runs, and frees the native solver: at once, or where a call runs, when that has ended. */
  dispose(): void {
    const {native} = this;
    if (native === undefined) return;
    native.cancel();
    this.native = undefined;
    this.queue = this.queue
      .catch(noop)
      .then(() => native.free())
      .catch(noop);
  }
  /** Once a disposed session's memory is the system's again. */
  async freed(): Promise<void> {
    await this.queue;
  }

  private call<T>(work: (native: NativeSolver) => Promise<T>): Promise<T> {
    const result = this.queue.then(() => {
      if (this.native === undefined) throw disposed();
      return attempted(work, this.native);
    });
    // A failed preparation fails every call; a failed call fails itself alone.
    this.queue = this.queue.then(() => result.then(noop, noop));
    this.queue.catch(noop);
    return result;
  }
}

function disposed(): DinfError {
  return new DinfError('DISPOSED', 'this solution was disposed: its field is gone');
}

/** Rows of a matrix, each in memory of its own. */
function split(values: Float64Array, rows: number): Float64Array[] {
  const length = values.length / rows;
  return Array.from({length: rows}, (_, i) => values.slice(i * length, (i + 1) * length));
}

/** Native code throws at once for what it refuses, and rejects for what goes wrong later: ours both. */
async function attempted<T>(work: (native: NativeSolver) => Promise<T>, native: NativeSolver): Promise<T> {
  try {
    return await work(native);
  } catch (error) {
    rethrow(error);
  }
}

function noop(): void {
  // the caller holds the promise that matters
}
