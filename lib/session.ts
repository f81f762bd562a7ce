import type {CompileOptions} from './compile';
import {compileEvaluation, compileProblem, compileStages} from './compile';
import {DinfError} from './errors';
import type {EquationSource} from './expression/equation';
import {checkMemory, estimateBytes} from './memory';
import type {NativeProgress, NativeResult, NativeSolver, OptimizerState} from './native';
import {addon, rethrow} from './native';
import {checkFinite} from './options';
import type {Optimizer} from './optimizers';
import type {ProblemSpec} from './problem-spec';
import type {Samples} from './sampling';

/**
 * A native solver for one problem: the only thing that talks to it. Calls queue behind one another, since a solver does one thing at
 * a time; different sessions run side by side.
 */
export class Session {
  /** One least-squares step solves the problem. */
  readonly linear: boolean;
  /** Some energy is not affine in the unknowns: least squares sees its gradient alone. */
  readonly curved: boolean;
  private native: NativeSolver | undefined;
  private uniforms: Float64Array;
  private queue: Promise<unknown>;
  /** Data that is no longer the problem's own, by the number of its term. */
  private readonly data = new Map<number, Readonly<Record<string, Float64Array>>>();

  /** @throws what compiling the problem throws; OUT_OF_MEMORY before anything is allocated; NO_NATIVE_BUILD. */
  constructor(
    readonly spec: ProblemSpec,
    readonly options: CompileOptions,
  ) {
    const compiled = compileProblem(spec, options);
    checkMemory(estimateBytes(compiled), 'this problem', 'use a smaller resolution, fewer levels or fewer samples');
    this.linear = compiled.linear;
    this.curved = compiled.curved;
    this.uniforms = compiled.uniforms;
    try {
      this.native = new (addon().Solver)(compiled);
    } catch (error) {
      rethrow(error);
    }
    this.queue = this.native.prepare().catch(rethrow);
    this.queue.catch(() => undefined); // whoever calls first sees it
  }

  /** @param begun iterations of the first stage that earlier runs have done. */
  run(stages: readonly Optimizer[], onProgress?: (progress: NativeProgress) => void, begun = 0): Promise<NativeResult> {
    return this.call((native) => {
      const compiled = compileStages(this.spec, stages, this.uniforms);
      for (const {uniforms} of compiled) if (uniforms.length > 0) this.uniforms = uniforms;
      return native.run(
        compiled.map((stage, i) => (i === 0 && begun > 0 ? {...stage, begun} : stage)),
        onProgress,
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
  async setData(term: string, data: Readonly<Record<string, ArrayLike<number>>>): Promise<void> {
    const index = this.spec.terms.findIndex(({name}) => name === term);
    if (index < 0) {
      const known = this.spec.terms.map(({name}) => name).join(', ');
      throw new DinfError('UNKNOWN_SYMBOL', `no term is named '${term}'; they are ${known}`);
    }
    const channels = {...(this.data.get(index) ?? this.spec.terms[index].data)};
    for (const [name, values] of Object.entries(data)) {
      if (!Object.hasOwn(channels, name)) {
        const known = Object.keys(channels).join(', ') || 'none';
        throw new DinfError('UNKNOWN_SYMBOL', `${term} has no data named '${name}'; it has ${known}`);
      }
      if (values.length !== channels[name].length) {
        const message = `${term}: data ${name} has ${values.length} values for ${channels[name].length} samples`;
        throw new DinfError('INVALID_ARGUMENT', message);
      }
      checkFinite(values, `${term}: data ${name}`);
      channels[name] = Float64Array.from(values);
    }
    await this.call((native) => native.setChannels(index, Object.values(channels)));
    this.data.set(index, channels);
  }
  /** Asks a running solve to stop after its current iteration. */
  cancel(): void {
    this.native?.cancel();
  }
  /** One Float64Array an expression, in the order of the samples. */
  async evaluate(
    expressions: readonly EquationSource[],
    samples: Samples,
    data: Record<string, Float64Array> = {},
  ): Promise<Float64Array[]> {
    const evaluation = compileEvaluation(this.spec, expressions, samples, data);
    const values = await this.call((native) => native.evaluate(evaluation));
    const count = values.length / expressions.length;
    return expressions.map((_, i) => values.slice(i * count, (i + 1) * count));
  }
  parameters(): Promise<Float64Array> {
    return this.call((native) => native.parameters());
  }
  /** @param folded whether these are parameters of a folded decoder: planes instead of features and decoder. */
  setParameters(values: Float64Array, folded = false): Promise<void> {
    return this.call((native) => native.setParameters(values, folded));
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

  /** Stops what runs and lets go of the native solver, whose memory is freed when its last call has ended. */
  dispose(): void {
    this.native?.cancel();
    this.native = undefined;
  }

  private call<T>(work: (native: NativeSolver) => Promise<T>): Promise<T> {
    const result = this.queue.then(() => {
      if (this.native === undefined) throw new DinfError('DISPOSED', 'this solution was disposed: its field is gone');
      return work(this.native).catch(rethrow);
    });
    // A failed preparation fails every call; a failed call fails itself alone.
    this.queue = this.queue.then(() => result.then(noop, noop));
    this.queue.catch(noop);
    return result;
  }
}

function noop(): void {
  // the caller holds the promise that matters
}
