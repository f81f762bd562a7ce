/** From a problem as its user wrote it to what the native solver runs. Equations live in TypeScript: this is where they end. */
import {DinfError} from './errors';
import {Arena} from './expression/arena';
import type {EquationSource} from './expression/equation';
import type {Expression} from './expression/node';
import {constant, input, operation} from './expression/node';
import type {Program} from './expression/program';
import {lower} from './expression/program';
import {bindLeaves} from './expression/substitute';
import {termPrograms} from './expression/term-programs';
import type {ActivationName, Edge} from './field';
import {gridEdges} from './field';
import type {Kernel} from './kernel';
import {kernelRings} from './kernel';
import type {NativeEvaluation, NativeField, NativeProblem, NativeProgram, NativeSamples, NativeStage, NativeTerm} from './native';
import {INPUT_KINDS} from './native';
import type {Optimizer} from './optimizers';
import {SCALINGS} from './optimizers';
import {readEquation} from './lift';
import type {FieldSpec, ProblemSpec, TermSpec} from './problem-spec';
import {gridCells, isLinear} from './problem-spec';
import type {Samples} from './sampling';
import {gaussRule} from './sampling';

export interface CompileOptions {
  dtype: 'float32' | 'float64';
  threads: number;
  seed: number;
  /** Number of the CUDA device, default -1: the CPU. */
  cudaDevice?: number;
  /** Bytes that a solve may hold on a CUDA device, default 0: what the device has. */
  memoryLimit?: number;
}

/** The native form of a problem; `linear` when one least-squares step solves it, `curved` when an energy is not affine in the unknowns. */
export function compileProblem(spec: ProblemSpec, options: CompileOptions): NativeProblem & {linear: boolean; curved: boolean} {
  const count = Object.keys(spec.uniforms).length;
  const terms = spec.terms.map((term, i) => compileTerm(spec, term, i, count + i));
  return {
    cudaDevice: -1,
    memoryLimit: 0,
    ...options,
    lower: Float64Array.from(spec.domain, (axis) => axis.lower),
    upper: Float64Array.from(spec.domain, (axis) => axis.upper),
    uniforms: uniformValues(spec),
    scalars: Float64Array.from(Object.values(spec.scalars)),
    fields: spec.fields.map((field) => compileField(field, spec.domain)),
    samples: spec.terms.map((term) => compileSamples(spec, term.samples)),
    terms,
    linear: terms.every((term) => term.linear) && spec.fields.every(isLinear),
    curved: terms.some((term) => !term.hasRows && !term.linear),
  };
}

/** @param before the values of all uniforms before the first stage, default those of the problem; see {@link uniformValues}. */
export function compileStages(spec: ProblemSpec, optimizers: readonly Optimizer[], before?: Float64Array): NativeStage[] {
  const linear = spec.fields.every(isLinear);
  let values = before ?? uniformValues(spec);
  return optimizers.map(({uniforms: set, weights, ...stage}) => {
    values = uniformValues(spec, values, set, weights);
    const uniforms = set === undefined && weights === undefined ? new Float64Array() : values;
    switch (stage.type) {
      case 'adam':
        return {...stage, kind: 0, tolerance: 0, uniforms};
      case 'gauss-newton':
        return {...stage, kind: 1, damping: stage.damping ?? (linear ? 0 : 1), uniforms};
      case 'lbfgs':
        return {...stage, kind: 2, scaling: SCALINGS.indexOf(stage.scaling ?? (linear ? 'columns' : 'none')), uniforms};
    }
  });
}

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

/** Expressions on a solution, the lift applied, at samples. */
export function compileEvaluation(
  spec: ProblemSpec,
  expressions: readonly EquationSource[],
  samples: Samples,
  data: Readonly<Record<string, Float64Array>> = {},
): NativeEvaluation {
  const arena = new Arena();
  const binder = new LeafBinder(spec, Object.keys(data));
  const nodes = expressions.map((source) => binder.bind(source, arena));
  const jetSets = binder.jetSets();
  const program = lower(
    nodes.map((node, slot) => ({kind: 'store', slot, node})),
    arena,
  );
  return {
    samples: compileSamples(spec, samples),
    jetSets,
    channels: Object.values(data),
    program: nativeProgram(program, jetSets, -1),
  };
}

function compileTerm(spec: ProblemSpec, term: TermSpec, index: number, lambda: number): NativeTerm {
  const arena = new Arena();
  const binder = new LeafBinder(spec, Object.keys(term.data));
  const residuals = term.equations.map((equation) => binder.bind(equation, arena));
  const programs = termPrograms(residuals, term.loss === 'huber' ? {kind: 'huber', delta: term.delta} : {kind: term.loss}, arena);
  const jetSets = binder.jetSets();
  if (programs.jets.length === 0 && programs.scalars.length === 0) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `${term.name}: no unknown occurs in ${term.equations.join(' ; ')}, so there is nothing to solve for`,
    );
  }
  const native = (program: Program): NativeProgram => nativeProgram(program, jetSets, lambda);
  const {rows, diagonal} = programs;
  const squares = (rows ?? diagonal)?.squares;
  return {
    name: term.name,
    samples: index,
    residuals: residuals.length,
    coefficients: rows?.coefficients ?? 0,
    hasRows: rows !== undefined,
    linear: programs.linear && (rows === undefined || term.loss === 'square'),
    channels: Object.values(term.data),
    jetSets,
    jets: programs.jets.flatMap((key) => jetReference(key, jetSets)),
    scalars: programs.scalars.map((key) => Number(key.split(':')[1])),
    pattern: (rows ?? diagonal)?.pattern.flatMap(({residual, jet, slot}) => [residual, jet, slot]) ?? [],
    value: native(programs.value),
    gradient: native(programs.gradient),
    linearise: rows === undefined ? null : native(rows.linearise),
    tangent: rows === undefined ? null : native(rows.tangent),
    adjoint: rows === undefined ? null : native(rows.adjoint),
    squares: squares === undefined ? null : native(squares),
  };
}

/** Turns a user's leaves into program inputs, and remembers which jets were asked for. */
class LeafBinder {
  private readonly jets = new Map<string, {field: number; alpha: number[]}>();

  constructor(
    private readonly spec: ProblemSpec,
    private readonly channels: readonly string[],
  ) {}

  bind(source: EquationSource, arena: Arena): Expression {
    const {spec} = this;
    const lifted = readEquation(spec, source, Object.fromEntries(this.channels.map((name) => [name, true])), arena);
    return bindLeaves(
      lifted,
      (leaf) => {
        switch (leaf.kind) {
          case 'coordinate':
            return input(`coordinate:${spec.domain.findIndex((axis) => axis.name === leaf.name)}`);
          case 'derivative':
            return this.jet(leaf.unknown, leaf.orders);
          case 'data':
            return input(`channel:${this.channels.indexOf(leaf.name)}`);
          case 'uniform':
            return input(`uniform:${Object.keys(spec.uniforms).indexOf(leaf.name)}`);
          case 'scalar':
            return input(`scalar:${Object.keys(spec.scalars).indexOf(leaf.name)}`, true);
        }
      },
      arena,
    );
  }

  /** Jets are Taylor coefficients in the unit box: ∂^α u = α! · jet / Π (upper − lower)^α, computed here in float64. */
  private jet(unknown: string, orders: Readonly<Record<string, number>>): Expression {
    const field = this.spec.fields.findIndex((candidate) => candidate.unknowns.includes(unknown));
    const output = this.spec.fields[field].unknowns.indexOf(unknown);
    const alpha = this.spec.domain.map((axis) => orders[axis.name] ?? 0);
    let scale = 1;
    this.spec.domain.forEach((axis, k) => {
      for (let i = 1; i <= alpha[k]; i++) scale *= i / (axis.upper - axis.lower);
    });
    const key = `jet:${field}:${output}:${alpha.join(',')}`;
    this.jets.set(`${field}:${alpha.join(',')}`, {field, alpha});
    const leaf = input(key, true);
    return scale === 1 ? leaf : operation('mul', constant(scale), leaf);
  }

  /** Planes of each field: those asked for (linear decoder), or all up to the highest order (an MLP needs them). */
  jetSets(): number[][][] {
    const dimensions = this.spec.domain.length;
    return this.spec.fields.map((field, f) => {
      const asked = [...this.jets.values()].filter((jet) => jet.field === f).map((jet) => jet.alpha);
      if (asked.length === 0) return [];
      const order = Math.max(...asked.map((alpha) => alpha.reduce((a, b) => a + b, 0)));
      const closed = closedJetSet(dimensions, order);
      if (!isLinear(field)) return closed;
      return closed.filter((alpha) => asked.some((other) => other.every((n, k) => n === alpha[k])));
    });
  }
}

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

/** (field, output, plane) of an input key `jet:field:output:alpha`. */
function jetReference(key: string, jetSets: readonly number[][][]): number[] {
  const [, field, output, alpha] = key.split(':');
  const plane = jetSets[Number(field)].findIndex((index) => index.join(',') === alpha);
  return [Number(field), Number(output), plane];
}

function nativeProgram(program: Program, jetSets: readonly number[][][], lambda: number): NativeProgram {
  const inputs = program.inputs.flatMap((key) => {
    const [kind, ...rest] = key.split(':');
    const tangent = kind === 'tangent';
    const of = tangent ? rest[0] : kind;
    const number = Number(tangent ? rest[1] : rest[0]);
    switch (of) {
      case 'jet':
        return [tangent ? INPUT_KINDS.tangent : INPUT_KINDS.jet, ...jetReference(tangent ? rest.join(':') : key, jetSets)];
      case 'scalar':
        return [tangent ? INPUT_KINDS.scalarTangent : INPUT_KINDS.scalar, number, 0, 0];
      case 'lambda':
        return [INPUT_KINDS.uniform, lambda, 0, 0];
      case 'weight':
        return [INPUT_KINDS.weight, 0, 0, 0];
      case 'coordinate':
      case 'channel':
      case 'uniform':
      case 'coefficient':
      case 'row':
        return [INPUT_KINDS[of], number, 0, 0];
      default:
        throw new DinfError('INTERNAL', `a program reads ${key}, which the solver does not provide`);
    }
  });
  const {code, constants, registers, stores, sums} = program;
  return {code, constants, inputs, registers, stores, sums};
}

/** In the order of native/math/kernel1d.h. */
const KERNEL_KINDS: Readonly<Record<Kernel['type'], number>> = {
  gaussian: 0,
  bspline: 1,
  hat: 1,
  'inverse-quadratic': 2,
  'inverse-multiquadric': 3,
};
const EDGE_KINDS: Readonly<Record<Edge, number>> = {clamp: 0, extend: 1, periodic: 2};
/** In the order of native/math/activation.h. */
const ACTIVATIONS: Readonly<Record<ActivationName | 'identity', number>> = {tanh: 0, sine: 1, gelu: 2, identity: 3};

function compileField(field: FieldSpec, domain: ProblemSpec['domain']): NativeField {
  if (field.network !== undefined) {
    const {activation, width, hiddenLayers, firstOmega, omega, firstActivation, periodic} = field.network;
    const layers = Array.from({length: hiddenLayers + 1}, (_, i) => i);
    return {
      kind: 1,
      outputs: field.unknowns.length,
      hidden: layers.map(() => width),
      activations: layers.map((i) => ACTIVATIONS[i > 0 || firstActivation ? activation : 'identity']),
      omegas: Float64Array.from(layers, (i) => (i === 0 ? firstOmega : omega)),
      start: activation === 'sine' ? 1 : 0,
      periodic: domain.map(({name}) => (periodic.includes(name) ? 1 : 0)),
    };
  }
  const {grid, decoder} = field;
  const rings = kernelRings(grid.kernel);
  const hidden = decoder.type === 'mlp' ? [...decoder.hidden] : [];
  return {
    kind: 0,
    cells: gridCells(grid, domain.length),
    levels: grid.levels,
    features: grid.features,
    outputs: field.unknowns.length,
    kernel: {
      kind: KERNEL_KINDS[grid.kernel.type],
      epsilon: 'epsilon' in grid.kernel ? grid.kernel.epsilon : 1,
      rings,
      degree: 2 * rings - 1,
    },
    edge: gridEdges(grid, domain.length).map((edge) => EDGE_KINDS[edge]),
    hidden,
    activations: hidden.map(() => ACTIVATIONS[decoder.type === 'mlp' ? decoder.activation : 'identity']),
    omegas: new Float64Array(hidden.length).fill(1),
    start: 0,
    initialScale: grid.initialScale,
  };
}

function compileSamples(spec: ProblemSpec, samples: Samples): NativeSamples {
  const unit = (value: number, k: number): number => {
    const {lower, upper} = spec.domain[k];
    return Math.min(1, Math.max(0, (value - lower) / (upper - lower)));
  };
  const common = {weights: null, draws: 0, redraw: true};
  switch (samples.kind) {
    case 'stratified':
      return {...common, kind: 2, boxes: [...(samples.boxes as readonly number[])]};
    case 'tensor':
      return {
        ...common,
        kind: 0,
        axes: samples.axes.map((axis, k) => axis.map((value) => unit(value, k))),
        axisWeights: null,
        draws: samples.draws,
      };
    case 'points':
      return {
        ...common,
        kind: 1,
        points: samples.points.map((value, i) => unit(value, i % spec.domain.length)),
        draws: samples.draws,
      };
    case 'gauss': {
      const rule = gaussRule(samples.points);
      const cells = samples.cells as readonly number[];
      const n = rule.points.length;
      const axes = cells.map((count, k) => {
        // In units of the axis: where cell i begins, and how long it is.
        const ends = samples.breaks?.[k].map((end) => unit(end, k));
        const begin = (i: number): number => ends?.[i] ?? i;
        const length = (i: number): number => (ends === undefined ? 1 : ends[i + 1] - ends[i]);
        const whole = ends === undefined ? count : 1;
        const each = (value: (cell: number, point: number) => number): Float64Array =>
          Float64Array.from({length: count * n}, (_, i) => value(Math.floor(i / n), i % n) / whole);
        const extent = spec.domain[k].upper - spec.domain[k].lower;
        return {
          points: each((i, j) => begin(i) + rule.points[j] * length(i)),
          weights: each((i, j) => rule.weights[j] * length(i)).map((weight) => weight * extent),
        };
      });
      return {...common, kind: 0, axes: axes.map(({points}) => points), axisWeights: axes.map(({weights}) => weights)};
    }
  }
}
