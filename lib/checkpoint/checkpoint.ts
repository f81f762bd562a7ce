/** A solve as a file: what the field is, what it solves, and all that is needed to go on with the solve to the bit. */
import {DinfError} from '../errors';
import type {OptimizerState, ParameterBlock} from '../native';
import {checkChoice, checkInteger} from '../options';
import type {Problem} from '../problem';
import {writeFileAtomic} from '../report/atomic-write';
import {readFileChecked} from '../report/read-file';
import type {Standing} from '../schedule';
import {VERSION} from '../version';
import type {Plain} from './plain';
import {differences, flattenSpec, restoreProblem, restoreSchedule} from './plain';
import type {Tensor} from './safetensors';
import {checkStart, decodeSafetensors, encodeSafetensors, unreadable} from './safetensors';

/** A solve at a moment of rest: the field, and how it goes on. Plain values; nothing native is held. */
export interface Checkpoint {
  /** What is solved. */
  readonly problem: Problem;
  /** Where it was solved. */
  readonly device: string;
  /** The precision of the solve and of its parameters in the file. */
  readonly dtype: 'float32' | 'float64';
  /** Of everything random. */
  readonly seed: number;
  /** Whether the linear decoders are multiplied into their grids. */
  readonly folded: boolean;
  /** What the parameters are, in their order. */
  readonly blocks: readonly ParameterBlock[];
  /** Values that the dtype holds exactly. */
  readonly parameters: Float64Array;
  /** Of all uniforms, then of the terms' weights, as the stages so far have left them. */
  readonly uniforms: Float64Array;
  /** How far the solve has come, and what its optimizer carries along. */
  readonly standing: Standing;
  /** Of the package that made it. */
  readonly version: string;
  /** What made it, such as a command line; may be empty. */
  readonly origin: string;
}

const FORMAT = 'dinf-grid checkpoint';
/** Of the layout of names and texts in the file; a change that older readers would misread raises it. */
const FORMAT_VERSION = '1';
const STATE_VECTORS = ['first', 'second', 'best', 'current'] as const;

/**
 * Writes a checkpoint as safetensors: complete, or not at all.
 *
 * @throws FILE_UNWRITABLE
 */
export async function writeCheckpoint(file: string, checkpoint: Checkpoint): Promise<void> {
  await writeFileAtomic(file, encodeCheckpoint(checkpoint));
}

/**
 * Reads a checkpoint, and believes nothing in it that has not been checked. No part of it is executed.
 *
 * @throws FILE_NOT_FOUND; FILE_UNREADABLE when it is none, is damaged, cut off, or of a version that is not known; OUT_OF_MEMORY.
 */
export async function readCheckpoint(file: string): Promise<Checkpoint> {
  const bytes = await readFileChecked(file, 'a saved field (.safetensors)', (start, size) => {
    checkStart(start, size, file);
  });
  return decodeCheckpoint(bytes, file);
}

/** The bytes of the file that {@link writeCheckpoint} writes. */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const {problem, device, dtype, seed, folded, blocks, parameters, standing, version, origin} = checkpoint;
  const tensors = new Map<string, Tensor>();
  const real = (values: Float64Array): Tensor['values'] => (dtype === 'float32' ? Float32Array.from(values) : values);
  const keep = (name: string, values: Float64Array): void => {
    tensors.set(name, {shape: [values.length], values});
  };
  const spec = flattenSpec(problem.spec, keep);
  keep('uniforms', checkpoint.uniforms);
  keep('losses.iteration', standing.losses.iteration);
  keep('losses.loss', standing.losses.loss);
  let at = 0;
  for (const {name, shape} of blocks) {
    const count = shape.reduce((product, extent) => product * extent, 1);
    tensors.set(`parameters.${name}`, {shape, values: real(parameters.subarray(at, at + count))});
    at += count;
  }
  const {optimizer} = standing;
  for (const name of STATE_VECTORS) {
    const values = optimizer?.[name];
    if (values) tensors.set(`optimizer.${name}`, {shape: [values.length], values: real(values)});
  }
  const {schedule, position, stopReason, message, iterations, seconds, loss, unknowns} = standing;
  const state = {
    ...{device, dtype, seed, folded, schedule, position, stopReason, message, iterations, seconds, unknowns},
    loss: Number.isFinite(loss) ? loss : null,
    optimizer: optimizer && {
      iteration: optimizer.iteration,
      bestMean: optimizer.bestMean,
      windowSum: optimizer.windowSum,
      windowCount: optimizer.windowCount,
    },
  };
  return encodeSafetensors({
    tensors,
    metadata: {
      format: FORMAT,
      formatVersion: FORMAT_VERSION,
      version,
      origin,
      state: JSON.stringify(state),
      problem: JSON.stringify(spec),
    },
  });
}

/** What {@link encodeCheckpoint} made; `file` is for messages. */
export function decodeCheckpoint(bytes: Uint8Array, file: string): Checkpoint {
  const {tensors, metadata} = decodeSafetensors(bytes, file);
  if (metadata.format !== FORMAT) throw unreadable(file, 'it is a safetensors file, but not a saved field of dinf-grid');
  if (metadata.formatVersion !== FORMAT_VERSION) {
    throw unreadable(
      file,
      `its format ${metadata.formatVersion} is not that of this version (${FORMAT_VERSION}); it was written by dinf-grid ${metadata.version}`,
    );
  }
  try {
    return assemble(tensors, metadata);
  } catch (cause) {
    if (cause instanceof DinfError && cause.code === 'OUT_OF_MEMORY') throw cause;
    const by = metadata.version === VERSION ? '' : ` (written by dinf-grid ${metadata.version}, and this is ${VERSION})`;
    throw unreadable(file, `its contents make no sense${by}: ${(cause as Error).message.replace(/\.$/, '')}`, cause);
  }
}

/** Throws anything where the values do not fit together: the caller says which file it is. */
function assemble(tensors: ReadonlyMap<string, Tensor>, metadata: Readonly<Record<string, string>>): Checkpoint {
  for (const [name, {values}] of tensors) {
    if (!values.every((value: number) => Number.isFinite(value))) throw bad(`'${name}' holds a value that is not finite`);
  }
  const doubles = (name: string): Float64Array => {
    const values = tensors.get(name)?.values;
    if (!(values instanceof Float64Array)) throw bad(`the values '${name}' are missing`);
    return values;
  };
  const plain = JSON.parse(metadata.problem) as Plain;
  const problem = restoreProblem(plain, doubles);
  // What the constructors do not know they drop: a problem that has lost a part must not be taken for what was saved.
  const again = flattenSpec(problem.spec, () => undefined);
  const lost = differences(again, plain, ['what was read', 'the file']);
  if (lost.length > 0) throw bad(`a part of the problem is not understood: ${lost[0]}`);

  // Each value is checked before it is used; the type only says what is expected.
  const state = JSON.parse(metadata.state) as Omit<Standing, 'optimizer' | 'losses'> &
    Record<'device' | 'dtype' | 'seed' | 'folded' | 'optimizer', unknown>;
  const dtype = checkChoice(state.dtype, 'dtype', ['float32', 'float64'] as const);
  const isReal = (values: Tensor['values']): boolean => (dtype === 'float32') === values instanceof Float32Array;
  const blocks: ParameterBlock[] = [];
  const parts: Tensor['values'][] = [];
  for (const [name, {shape, values}] of tensors) {
    if (!name.startsWith('parameters.')) continue;
    if (!isReal(values)) throw bad(`'${name}' is not ${dtype}`);
    blocks.push({name: name.slice('parameters.'.length), shape: [...shape]});
    parts.push(values);
  }
  const parameters = new Float64Array(parts.reduce((n, values) => n + values.length, 0));
  parts.reduce((at, values) => {
    parameters.set(values, at);
    return at + values.length;
  }, 0);
  if (typeof state.folded !== 'boolean' || typeof state.device !== 'string') throw bad('the state is damaged');
  const uniforms = doubles('uniforms');
  const {spec} = problem;
  if (uniforms.length !== Object.keys(spec.uniforms).length + spec.terms.length) throw bad('uniforms and terms do not fit');
  const losses = {iteration: doubles('losses.iteration'), loss: doubles('losses.loss')};
  if (losses.iteration.length !== losses.loss.length) throw bad('losses and their iterations differ in number');
  const schedule = restoreSchedule(state.schedule as unknown as Plain);
  const {position} = state;
  return {
    problem,
    device: state.device,
    dtype,
    seed: checkInteger(state.seed, 'seed', 0),
    folded: state.folded,
    blocks,
    parameters,
    uniforms,
    standing: {
      schedule,
      position: {
        stage: checkInteger(position.stage, 'stage', 0, Math.max(0, schedule.length - 1)),
        iterations: checkInteger(position.iterations, 'iterations of the stage', 0),
        complete: checkBoolean(position.complete),
      },
      stopReason: checkChoice(state.stopReason, 'stopReason', ['iterations', 'tolerance', 'aborted', 'diverged'] as const),
      message: String(state.message),
      iterations: checkInteger(state.iterations, 'iterations', 0),
      seconds: Number(state.seconds),
      loss: state.loss === null ? NaN : Number(state.loss),
      unknowns: checkInteger(state.unknowns, 'unknowns', 0),
      losses,
      optimizer: optimizerOf(state.optimizer, tensors, parameters.length, isReal),
    },
    version: metadata.version,
    origin: metadata.origin ?? '',
  };
}

function optimizerOf(
  plain: unknown,
  tensors: ReadonlyMap<string, Tensor>,
  count: number,
  isReal: (values: Tensor['values']) => boolean,
): OptimizerState | null {
  if (plain === null) return null;
  const {iteration, bestMean, windowSum, windowCount} = plain as Record<keyof OptimizerState, unknown>;
  const vector = (name: (typeof STATE_VECTORS)[number]): Float64Array => {
    const values = tensors.get(`optimizer.${name}`)?.values;
    if (values?.length !== count || !isReal(values)) throw bad(`the optimizer's '${name}' has not one value a parameter`);
    return Float64Array.from(values);
  };
  return {
    iteration: checkInteger(iteration, 'iteration of the optimizer', 1),
    bestMean: bestMean === null ? null : checkFiniteNumber(bestMean),
    windowSum: checkFiniteNumber(windowSum),
    windowCount: checkInteger(windowCount, 'window of the optimizer', 0, 1 << 20),
    first: vector('first'),
    second: vector('second'),
    best: vector('best'),
    current: tensors.has('optimizer.current') ? vector('current') : null,
  };
}

function checkFiniteNumber(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw bad('the state of the optimizer is damaged');
  return value;
}

function checkBoolean(value: unknown): boolean {
  if (typeof value !== 'boolean') throw bad('the state is damaged');
  return value;
}

const bad = (message: string): DinfError => new DinfError('FILE_UNREADABLE', message);
