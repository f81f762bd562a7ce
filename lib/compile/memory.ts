/**
 * How much memory a solve takes, from its sizes alone and before anything is allocated: what native/core and native/cpu hold, buffer by
 * buffer. A buffer that is added there is added here; test/solve/memory.test.ts compares the sum with what processes really took.
 */
import * as os from 'node:os';
import {DinfError} from '../base/errors';
import type {NativeField, NativeGrid, NativeSamples} from '../native';
import {addressSpace} from '../native';
import type {Optimizer} from '../optimizers';
import {kindOf} from '../optimizers';
import {ComputedData} from '../pose/term-data';
import type {CompiledProblem} from './compile';
import type {CompiledTerm} from './terms';
import {EDGES, FIELD_KINDS, INPUT_KINDS, KERNEL_KINDS, SAMPLE_KINDS} from '../schema';

/** Samples of one lane group, to whose multiples rows and sample sets are padded (native/math/config.h). */
const LANES = 16;
/** Most bands of a sample set, and the least samples of one where they are scattered (native/core/samples.cpp). */
const BANDS = 16;
const SCATTERED_BAND = 256;
/** Bytes of the planes of one tile on the CPU (native/addon/solver_object.cpp). */
const TILE_BYTES = 64 * 2 ** 20;
/** Bytes that a first solve adds to a process whatever its size: the library's code, compiled JavaScript, stacks. */
const FIXED_BYTES = 8 * 2 ** 20;

const roundUp = (n: number): number => Math.ceil(n / LANES) * LANES;
const product = (factors: readonly number[]): number => factors.reduce((a, b) => a * b, 1);
const sum = (terms: readonly number[]): number => terms.reduce((a, b) => a + b, 0);
const indices = (count: number): number[] => Array.from({length: count}, (_, i) => i);

/** Sizes of one level of a grid: its unknown nodes, the packed plane that encoders read, and one row of that along axis 0. */
interface LevelSizes {
  readonly nodes: number;
  readonly plane: number;
  readonly row: number;
  readonly cells0: number;
}

/** As native/core/grid.h lays levels out. */
function levelSizes({cells, kernel, edge}: NativeGrid, level: number): LevelSizes {
  const at = cells.map((count) => count >> level);
  const nodes = at.map((count, k) => {
    if (edge[k] === EDGES.periodic) return count;
    return count + 1 + (edge[k] === EDGES.extend ? 2 * (kernel.rings - 1) : 0);
  });
  const packed = at.map((count, k) => (edge[k] === EDGES.periodic ? count : count - 1) + 2 * kernel.rings);
  const row = packed.length === 1 ? 1 : product(packed.slice(1, -1)) * roundUp(packed[packed.length - 1] + LANES);
  return {nodes: product(nodes), plane: row * packed[0] + 2 * LANES, row, cells0: at[0]};
}

/** Sizes of a field on a backend, in values. */
interface FieldSizes {
  readonly field: NativeField;
  readonly parameters: number;
  /** Planes that encoders read: of the one grid that nested levels sum into, or of all levels. */
  readonly encoded: number;
  /** Planes of all levels, beside those. */
  readonly levelPlanes: number;
  readonly refined: boolean;
  readonly channels: number;
  /** Weights of a network or an MLP decoder. */
  readonly weights: number;
  /** Units of all its layers, inputs and outputs included. */
  readonly units: number;
  readonly widest: number;
  readonly inputs: number;
}

/** @param folds whether a stage folds linear decoders into their grids. */
function fieldSizes(field: NativeField, problem: CompiledProblem, number: number, folds: boolean): FieldSizes {
  const network = field.kind === FIELD_KINDS.network;
  const mlp = network || field.hidden.length > 0;
  const inputs = network ? problem.lower.length + sum(field.periodic) : field.levels * field.features;
  const widths = [inputs, ...field.hidden, field.outputs];
  const weights = mlp ? sum(widths.slice(1).map((width, i) => width * (widths[i] + 1))) : 0;
  const layers = {weights, inputs, units: sum(widths), widest: Math.max(...widths)};
  if (network) return {field, ...layers, parameters: weights, encoded: 0, levelPlanes: 0, refined: false, channels: 0};
  const levels = indices(field.levels).map((level) => levelSizes(field, level));
  const channels = mlp ? field.features : field.outputs;
  const nodes = sum(levels.map((level) => level.nodes));
  // A decoder is multiplied into its grid by the first stage that folds; before it there are features.
  const factored = nodes * field.features + (mlp ? weights : field.outputs * (inputs + 1));
  const planes = sum(levels.map((level) => level.plane)) * channels;
  const refined = !mlp && refines(field, problem, number);
  return {
    field,
    ...(mlp ? layers : {weights: 0, inputs: 0, units: 0, widest: 0}),
    parameters: mlp || !folds ? factored : Math.max(nodes * field.outputs, factored),
    encoded: refined ? levels[0].plane * channels : planes,
    levelPlanes: refined ? planes : 0,
    refined,
    channels,
  };
}

/** Whether nested levels are encoded as one grid (native/core/bound_field.cpp). */
function refines({levels, kernel}: NativeGrid, {dtype, terms}: CompiledProblem, number: number): boolean {
  const order = Math.max(0, ...terms.flatMap(({jetSets}) => jetSets[number].map(sum)));
  return levels > 1 && kernel.kind === KERNEL_KINDS.bspline && (dtype === 'float64' || order <= 1);
}

/** Samples of a set as its user counts them. */
function sampleCount(samples: NativeSamples, dimensions: number): number {
  switch (samples.kind) {
    case SAMPLE_KINDS.tensor:
      return product(samples.axes!.map((axis) => axis.length));
    case SAMPLE_KINDS.points:
      return samples.points!.length / dimensions;
    default:
      return product(samples.boxes!);
  }
}

/** Sizes of a term on a backend, in values. */
interface TermSizes {
  readonly term: CompiledTerm;
  readonly samples: NativeSamples;
  readonly count: number;
  readonly padded: number;
  readonly bands: number;
  readonly tile: number;
}

function termSizes(term: CompiledTerm, problem: CompiledProblem, fields: readonly FieldSizes[]): TermSizes {
  const samples = problem.samples[term.samples];
  const dimensions = problem.lower.length;
  const count = sampleCount(samples, dimensions);
  const tensor = samples.kind === SAMPLE_KINDS.tensor;
  const slabs = tensor ? Math.ceil(samples.axes![0].length / LANES) : 0;
  const slab = tensor ? LANES * product(samples.axes!.slice(1).map((axis) => axis.length)) : LANES;
  const bands = Math.max(1, Math.min(BANDS, tensor ? slabs : count / SCATTERED_BAND));
  const padded = tensor ? slabs * slab : count + bands * LANES;
  const planes = 1 + sum(fields.map((field, f) => planesPerSample(field, term.jetSets[f])));
  const limit = Math.max(LANES, TILE_BYTES / (planes * realBytes(problem)));
  // At least a slab a band, which encoders walk whole.
  const tile = padded <= limit ? padded : Math.min(padded, Math.max(limit, slab * Math.floor(bands)));
  return {term, samples, count, padded, bands, tile};
}

const realBytes = ({dtype}: {readonly dtype: string}): number => (dtype === 'float32' ? 4 : 8);

/** What an MLP keeps of a sample for its adjoint (native/cpu/isa/mlp_gradient.h). */
function keptPerSample({field, weights, inputs, units}: FieldSizes, jets: readonly (readonly number[])[]): number {
  const first = Math.max(0, ...jets.map(sum)) === 1 && field.outputs + 1 < jets.length;
  return weights > 0 && first ? (units - inputs - field.outputs) * (1 + field.outputs) : 0;
}

function planesPerSample(sizes: FieldSizes, jets: readonly (readonly number[])[]): number {
  const outputs = 3 * jets.length * sizes.field.outputs;
  if (sizes.weights === 0) return outputs;
  const features = jets.length * sizes.inputs * (sizes.field.kind === FIELD_KINDS.network ? 1 : 3);
  return outputs + features + keptPerSample(sizes, jets);
}

/** Bytes of what lies over a term's samples, rows aside. */
function sampleBytes({term, samples, count, padded}: TermSizes, problem: CompiledProblem, linearises: boolean): number {
  const real = realBytes(problem);
  const dimensions = problem.lower.length;
  const tensor = samples.kind === SAMPLE_KINDS.tensor;
  const programs = [term.value, term.gradient, ...(linearises ? [term.linearise, term.squares] : [])];
  const located = programs.some((program) => program?.inputs.some((kind, i) => i % 4 === 0 && kind === INPUT_KINDS.coordinate));
  // Order, place and weight of each, which those of a lattice that is not drawn from do not need; its unit coordinates; weights and
  // coordinates as the backend reads them.
  const tabulated = !tensor || samples.draws > 0 || samples.weights !== null;
  let bytes = padded * ((tabulated ? 16 + 8 : 0) + (tensor ? 0 : 8 * dimensions) + real * (1 + (located ? dimensions : 0)));
  // Points as the user, the problem, its compiled form and the solver hold them, and once more while they are sorted; data as the user and
  // the problem hold it, or as it passes by where it is computed, which stays until garbage is collected; and as the backend reads it.
  if (samples.kind === SAMPLE_KINDS.points) bytes += count * 8 * dimensions * 5;
  const copies = term.channels.map((channel) => (channel instanceof ComputedData ? 1 : 2));
  bytes += sum(copies) * count * 8 + term.channels.length * padded * real;
  if (samples.draws > 0) bytes += problem.threads * count * 4; // how often each was drawn, a thread
  if (linearises) bytes += padded * term.coefficients * real;
  return bytes;
}

/** Bytes of the bands' own sums for a field, while an adjoint of one term runs. */
function bandBytes({bands, term}: TermSizes, sizes: FieldSizes, number: number, problem: CompiledProblem): number {
  const {field} = sizes;
  if (field.kind === FIELD_KINDS.network || term.jetSets[number].length === 0) return 0;
  const taps = 2 * field.kernel.rings;
  const rows = indices(sizes.refined ? 1 : field.levels).map((level) => {
    const {row, cells0} = levelSizes(field, level);
    return (cells0 + bands * (taps + 1)) * row;
  });
  return sum(rows) * sizes.channels * realBytes(problem);
}

/** Bytes of what lies between a term and a field's grid: weights tabulated an axis. */
function bindingBytes({samples, padded, term}: TermSizes, {field}: FieldSizes, number: number, problem: CompiledProblem): number {
  const jets = term.jetSets[number];
  if (field.kind === FIELD_KINDS.network || jets.length === 0 || samples.kind !== SAMPLE_KINDS.tensor) return 0;
  const {levels, kernel} = field;
  const taps = 2 * kernel.rings;
  const radial = kernel.kind === KERNEL_KINDS['inverse-quadratic'] || kernel.kind === KERNEL_KINDS['inverse-multiquadric'];
  if (radial) return padded * 8 * problem.lower.length; // its samples one by one
  const tables = samples.axes!.map((axis, k) => {
    const orders = 1 + Math.max(...jets.map((index) => index[k]));
    return axis.length * levels * (4 + orders * taps * realBytes(problem));
  });
  return sum(tables);
}

/** Bytes of the planes of one tile, for as long as a solve lives. */
function tileBytes(terms: readonly TermSizes[], fields: readonly FieldSizes[], real: number, linearises: boolean): number {
  const most = (of: (term: TermSizes) => number): number => Math.max(...terms.map(of));
  let values = sum(fields.map((field, f) => most(({term, tile}) => planesPerSample(field, term.jetSets[f]) * tile)));
  // The squares of each derivative that a row has, and one product of two.
  if (linearises) values += most(({term, tile}) => (Math.max(1, term.squares?.stores ?? 0) + 1) * tile);
  return values * real;
}

/**
 * Bytes that a solve adds to the process at its peak, on the CPU; on a GPU most of them are the device's.
 *
 * @param stages of the solve, default those that take least.
 */
export function estimateBytes(problem: CompiledProblem, stages: readonly Optimizer[] = []): number {
  const real = realBytes(problem);
  const held = stages.map((stage) => kindOf(stage).vectors(stage as never));
  const linearises = held.some(({rows}) => rows > 0);
  const folds = held.some((stage) => stage.folds);
  const fields = problem.fields.map((field, number) => fieldSizes(field, problem, number, folds));
  const terms = problem.terms.map((term) => termSizes(term, problem, fields));

  const parameters = sum(fields.map((field) => field.parameters)) + problem.scalars.length;
  const rows = sum(terms.map(({term, padded}) => (term.hasRows ? term.residuals * padded : 0)));
  // The solution, where the stage began, and what the stage holds; before it, the initial ones on their way in, twice in double.
  const vectors = 2 + Math.max(0, ...held.map((stage) => stage.parameters));
  const rowVectors = Math.max(0, ...held.map((stage) => stage.rows));
  const vectorBytes = parameters * Math.max(vectors * real, 2 * real + 16) + rows * rowVectors * real;

  let bytes = FIXED_BYTES + vectorBytes + tileBytes(terms, fields, real, linearises);
  for (const {encoded, levelPlanes, weights, units, widest} of fields) {
    bytes += (encoded * (linearises ? 3 : 2) + levelPlanes) * real;
    // Weight gradients in double a band; weights packed and a group's activations a thread.
    bytes += weights * BANDS * 8 + (weights > 0 ? problem.threads * (4 * weights + 600 * (units + 2 * widest)) * real : 0);
  }
  for (const term of terms) {
    bytes += sampleBytes(term, problem, linearises);
    fields.forEach((field, number) => {
      // Squares are gathered level by level, which nested levels need bindings of their own for.
      bytes += bindingBytes(term, field, number, problem) * (linearises && field.refined ? 2 : 1);
    });
  }
  // One term after another hands them on.
  bytes += Math.max(
    ...terms.map((term) =>
      sum(fields.map((field, number) => bandBytes(term, linearises ? {...field, refined: false} : field, number, problem))),
    ),
  );
  return bytes;
}

/** Memory this process may use: the machine's, or the container's limit where there is one; of WebAssembly no more than it can address. */
export function availableBytes(): number {
  const {constrainedMemory} = process as {constrainedMemory?: () => number | undefined}; // Node 20 has it from its middle on
  const limit = constrainedMemory?.() ?? 0;
  return Math.min(addressSpace(), limit > 0 && limit < os.totalmem() ? limit : os.totalmem());
}

/** @throws OUT_OF_MEMORY naming the estimate, the machine's memory and the fix. */
export function checkMemory(bytes: number, what: string, fix: string): void {
  const available = availableBytes();
  if (bytes <= 0.8 * available) return;
  const size = (n: number): string => (n < 2 ** 30 ? `${(n / 2 ** 20).toFixed(1)} MiB` : `${(n / 2 ** 30).toFixed(1)} GiB`);
  throw new DinfError('OUT_OF_MEMORY', `${what} needs about ${size(bytes)}, and this machine has ${size(available)}: ${fix}`);
}
