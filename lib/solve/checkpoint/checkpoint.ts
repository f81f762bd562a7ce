/** A solve as a file: what the field is, what it solves, and all that is needed to go on with the solve to the bit. */
import {Readable} from 'node:stream';
import {DinfError} from '../../base/errors';
import type {OptimizerState, ParameterBlock} from '../../native';
import {checkChoice, checkInteger, checkList, checkPath, checkRecord} from '../../base/options';
import type {Problem} from '../../pose/problem';
import {writeFileAtomic} from '../../files/atomic-write';
import {checkRoom} from '../../files/memory-left';
import {readFileChecked} from '../../files/read-file';
import type {Position, Standing} from '../schedule';
import {VERSION} from '../../base/version';
import {leastParameters} from './parameter-count';
import type {Plain} from './plain';
import {differences, flattenSpec, restoreProblem, restoreSchedule} from './plain';
import type {Tensor} from '../../files/safetensors';
import {isAllocationFailure} from '../../files/system-error';
import {checkStart, decodeSafetensors, safetensorsParts, unreadable} from '../../files/safetensors';

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

/** A checkpoint as it is written: float32 parameters need not be double in between. */
export type WritableCheckpoint = Omit<Checkpoint, 'parameters'> & {readonly parameters: Float32Array | Float64Array};

const FORMAT = 'dinf-grid checkpoint';
/** Of the layout of names and texts in the file; a change that older readers would misread raises it. */
const FORMAT_VERSION = '1';
const STATE_VECTORS = ['first', 'second', 'best', 'current'] as const;
/** What a solve that diverges leaves behind beside its field. */
const MAY_BE_ANYTHING: ReadonlySet<string> = new Set(['losses.loss', ...STATE_VECTORS.map((name) => `optimizer.${name}`)]);

/**
 * Writes a checkpoint as safetensors: complete, or not at all. Losses and Adam's moments may be anything, as a solve has left them.
 *
 * @throws FILE_UNWRITABLE; NON_FINITE for a field with a parameter that is not finite, which could not be evaluated; OUT_OF_MEMORY
 */
export async function writeCheckpoint(file: string, checkpoint: WritableCheckpoint): Promise<void> {
  checkParameters(file, checkpoint);
  let parts: Uint8Array[];
  try {
    parts = encodeCheckpoint(file, checkpoint);
  } catch (cause) {
    if (!isAllocationFailure(cause)) throw cause;
    throw new DinfError('OUT_OF_MEMORY', `Cannot write ${file}: its contents do not fit into memory. Use fewer unknowns.`, {
      cause,
    });
  }
  await writeFileAtomic(file, Readable.from(parts) as AsyncIterable<Uint8Array>);
}

function checkParameters(file: string, {blocks, parameters, standing}: WritableCheckpoint): void {
  const wrong = parameters.findIndex((value: number) => !Number.isFinite(value));
  if (wrong < 0) return;
  let count = 0;
  for (const value of parameters) if (!Number.isFinite(value)) count += 1;
  let end = 0;
  const block = blocks.find(({shape}) => wrong < (end += shape.reduce((product, extent) => product * extent, 1)));
  const how = standing.stopReason === 'diverged' ? `The solve diverged: ${standing.message}.` : 'The solve broke down.';
  throw new DinfError(
    'NON_FINITE',
    `Cannot save a field to ${file}: ${count} of its ${parameters.length} parameters are not finite, the first in '${block?.name}'. ${how} Lower the learning rate or check the equation.`,
  );
}

/**
 * Reads a checkpoint, and believes nothing in it that has not been checked. No part of it is executed.
 *
 * @throws FILE_NOT_FOUND; FILE_UNREADABLE when it is none, is damaged, cut off, or of a version that is not known; OUT_OF_MEMORY.
 */
export async function readCheckpoint(file: string): Promise<Checkpoint> {
  checkPath(file, 'readCheckpoint: file');
  const bytes = await readFileChecked(file, 'a saved field (.safetensors)', (start, size) => {
    checkStart(start, size, file);
    checkRoom(file, 3 * size); // the file, its arrays, and parameters in double
  });
  return decodeCheckpoint(bytes, file);
}

/** The bytes of the file that {@link writeCheckpoint} writes, part by part. */
function encodeCheckpoint(file: string, checkpoint: WritableCheckpoint): Uint8Array[] {
  const {problem, device, dtype, seed, folded, blocks, parameters, standing, version, origin} = checkpoint;
  const tensors = new Map<string, Tensor>();
  const real = (values: Tensor['values']): Tensor['values'] =>
    dtype === 'float64' || values instanceof Float32Array ? values : Float32Array.from(values);
  const keep = (name: string, values: Float64Array): void => {
    const wrong = MAY_BE_ANYTHING.has(name) ? -1 : values.findIndex((value) => !Number.isFinite(value));
    // Arrays of a problem cannot be frozen: somebody wrote into them after they were checked.
    if (wrong >= 0) {
      throw new DinfError(
        'NON_FINITE',
        `Cannot save a field to ${file}: '${name}' holds ${values[wrong]} at ${wrong} now. Leave the arrays of a problem as they are.`,
      );
    }
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
  const plainParts = position.parts?.map((part) => ({...part, loss: plainNumber(part.loss)}));
  const state = {
    ...{
      device,
      dtype,
      seed,
      folded,
      schedule,
      position: {...position, parts: plainParts},
      stopReason,
      message,
      iterations,
      seconds,
      unknowns,
    },
    loss: plainNumber(loss),
    optimizer: optimizer && {
      iteration: optimizer.iteration,
      bestMean: optimizer.bestMean === null ? null : plainNumber(optimizer.bestMean),
      windowSum: plainNumber(optimizer.windowSum),
      windowCount: optimizer.windowCount,
    },
  };
  return safetensorsParts({
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

/** A number as JSON has it, or the name of one that JSON has not: NaN, Infinity, -Infinity. */
const plainNumber = (value: number): number | string => (Number.isFinite(value) ? value : String(value));

/** What {@link plainNumber} made. */
function numberOf(plain: unknown, name: string): number {
  if (typeof plain === 'number' || plain === 'NaN' || plain === 'Infinity' || plain === '-Infinity') return Number(plain);
  throw bad(`${name} is no number`);
}

/** A checkpoint from the bytes of its file; see {@link readCheckpoint}. `file` is for messages. */
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
    const what = cause instanceof DinfError ? cause.message.replace(/\.$/, '') : 'a part of them is missing or of another kind';
    throw unreadable(file, `its contents make no sense${by}: ${what}`, cause);
  }
}

/** Throws anything where the values do not fit together: the caller says which file it is. */
function assemble(tensors: ReadonlyMap<string, Tensor>, metadata: Readonly<Record<string, string>>): Checkpoint {
  for (const [name, {values}] of tensors) {
    if (MAY_BE_ANYTHING.has(name)) continue;
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
  const state = JSON.parse(metadata.state) as Omit<Standing, 'optimizer' | 'losses' | 'message' | 'seconds' | 'loss'> &
    Record<'message' | 'seconds' | 'loss', unknown> &
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
  const least = leastParameters(problem.spec);
  if (parameters.length < least) throw bad(`its fields have ${least} parameters at least, and it holds ${parameters.length}`);
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
        ...partsOf(position),
      },
      stopReason: checkChoice(state.stopReason, 'stopReason', ['iterations', 'tolerance', 'aborted', 'diverged'] as const),
      message: String(state.message),
      iterations: checkInteger(state.iterations, 'iterations', 0),
      seconds: numberOf(state.seconds, 'the time'),
      loss: state.loss === null ? NaN : numberOf(state.loss, 'the loss'), // null: written before numbers had names
      unknowns: checkInteger(state.unknowns, 'unknowns', 0),
      losses,
      optimizer: optimizerOf(state.optimizer, tensors, parameters.length, isReal),
    },
    version: metadata.version,
    origin: Object.hasOwn(metadata, 'origin') ? metadata.origin : '',
  };
}

/** Where the parts of a solve stand, if it had any. */
function partsOf({parts}: Pick<Position, 'parts'>): Pick<Position, 'parts'> {
  if (parts === undefined) return {};
  return {
    parts: checkList(parts, 'the parts of the solve', (part, place) => {
      const {iterations, complete, loss} = checkRecord(part, place);
      return {
        iterations: checkInteger(iterations, `${place}: iterations`, 0),
        complete: checkBoolean(complete),
        loss: numberOf(loss, `${place}: loss`),
      };
    }),
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
    bestMean: bestMean === null ? null : numberOf(bestMean, "the optimizer's best mean"),
    windowSum: numberOf(windowSum, "the optimizer's sum of losses"),
    windowCount: checkInteger(windowCount, 'window of the optimizer', 0, 1 << 20),
    first: vector('first'),
    second: vector('second'),
    best: vector('best'),
    current: tensors.has('optimizer.current') ? vector('current') : null,
  };
}

function checkBoolean(value: unknown): boolean {
  if (typeof value !== 'boolean') throw bad('the state is damaged');
  return value;
}

const bad = (message: string): DinfError => new DinfError('FILE_UNREADABLE', message);
