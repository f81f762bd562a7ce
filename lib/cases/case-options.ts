/** Options that all problems share, as the API takes them and as texts of a command line or a problem file. */
import {DinfError} from '../base/errors';
import type {Check, OptionChecks} from '../base/options';
import {checkChoice, checkInteger, checkNumber, checkOneOrList, checkOptions} from '../base/options';
import {shown} from '../base/shown';
import type {Decoder, Edge} from '../pose/field';
import {checkDecoder, checkEdges, linearDecoder, mlpDecoder} from '../pose/field';
import type {Kernel} from '../pose/kernel';
import {checkKernel} from '../pose/kernel';
import type {InnerName} from '../optimizers';
import {checkInner} from '../optimizers';
import type {FieldName, OptimizerName, RunOptions} from './definition';
import {FIELD_NAMES, OPTIMIZER_NAMES} from './definition';

/** Options of every problem that knows how it is solved. What is left open is decided by the preset and the problem. */
export interface CaseOptions {
  /** `fast`: the best settings that are known. `paper`: those of the paper's authors. Default `fast`. */
  preset?: 'fast' | 'paper' | undefined;
  /** The field that represents the unknowns: a feature grid, or one of two networks. Default `grid`. */
  field?: FieldName | undefined;
  /** Units of each layer of a network. Default: the problem's. */
  width?: number | undefined;
  /** Layers of a network after its first. Default: the problem's. */
  hiddenLayers?: number | undefined;
  /** Kernel of a grid. Default: the preset's. */
  kernel?: Kernel | undefined;
  /** Border of a grid: one for all axes, or one an axis in the order of the domain. Default: the preset's. */
  edge?: Edge | readonly Edge[] | undefined;
  /** Decoder from the features of a grid to the unknowns. Default: the preset's. */
  decoder?: Decoder | undefined;
  /** Cells of the finest level of a grid along its longest axis; of your own equations also one number an axis. Default: the problem's. */
  resolution?: number | readonly number[] | undefined;
  /** Levels of a grid. Default: the problem's. */
  levels?: number | undefined;
  /** Features a node and level of a grid. Default: the preset's. */
  features?: number | undefined;
  /** One optimizer, or a schedule of several by name, in order. Default: what suits the problem. */
  optimizer?: OptimizerName | readonly OptimizerName[] | undefined;
  /** Most iterations: one number for all stages, or one a stage. Default: the problem's. */
  iterations?: number | readonly number[] | undefined;
  /**
   * Of your own equations by least squares: the relative error of the answer that is asked for, default 1e-4. Elsewhere the relative decrease
   * at which a stage stops: of the gradient for least squares, of the loss for L-BFGS; default: the problem's.
   */
  tolerance?: number | undefined;
  /** Seconds after which no finer grid is begun, where a problem refines its own: your own equations. Default 60. */
  maxSeconds?: number | undefined;
  /** Bytes that a factorisation may take, where a problem refines its own: your own equations. Default 4 GiB, or half of the machine's memory where that is less. */
  maxMemory?: number | undefined;
  /** Initial rate of Adam. Default: the problem's. */
  learningRate?: number | undefined;
  /** What solves the linear problems of least squares and Gauss–Newton: `auto`, `direct` or `cgls`. Default `auto`. */
  inner?: InnerName | undefined;
}

const checkCells: Check<number> = (value, name) => checkInteger(value, name, 1, 1 << 20);

/** Checks of all options of {@link CaseOptions}. */
const CASE_OPTIONS: OptionChecks<CaseOptions> = {
  preset: (value, name) => checkChoice(value, name, ['fast', 'paper'] as const),
  field: (value, name) => checkChoice(value, name, FIELD_NAMES),
  width: (value, name) => checkInteger(value, name, 1, 4096),
  hiddenLayers: (value, name) => checkInteger(value, name, 0, 15),
  kernel: checkKernel,
  edge: checkEdges,
  decoder: checkDecoder,
  resolution: (value, name) => checkOneOrList(value, name, checkCells, 1),
  levels: (value, name) => checkInteger(value, name, 1, 16),
  features: (value, name) => checkInteger(value, name, 1, 64),
  optimizer: (value, name) => checkOneOrList(value, name, (one, place) => checkChoice(one, place, OPTIMIZER_NAMES), 1),
  iterations: (value, name) => checkOneOrList(value, name, (one, place) => checkInteger(one, place, 0, 2 ** 31), 1),
  tolerance: (value, name) => checkNumber(value, name, 0),
  maxSeconds: (value, name) => checkNumber(value, name, 0),
  maxMemory: (value, name) => checkInteger(value, name, 1),
  learningRate: (value, name) => checkNumber(value, name, 0),
  inner: checkInner,
};

/**
 * The options of a problem: those that all have, and its own.
 *
 * @param what takes them, for messages.
 * @param own checks of the problem's own options.
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function checkCaseOptions<Own extends object>(
  options: unknown,
  what: string,
  own: OptionChecks<Own>,
): {readonly shared: CaseOptions; readonly own: Own} {
  const checks: Readonly<Record<string, Check<unknown>>> = {...CASE_OPTIONS, ...own};
  const checked = checkOptions<Record<string, unknown>>(options, what, checks);
  const [mine, others]: [string, unknown][][] = [[], []];
  for (const entry of Object.entries(checked)) (Object.hasOwn(own, entry[0]) ? mine : others).push(entry);
  return {shared: Object.fromEntries(others), own: Object.fromEntries(mine) as Own};
}

/**
 * The options of a run, as definitions of problems take them; the options have been checked.
 *
 * @throws DinfError INVALID_ARGUMENT for a resolution of each axis
 */
export function runOptionsOf(options: CaseOptions, own: RunOptions['own'] = {}): RunOptions {
  const {preset = 'fast', optimizer, iterations, tolerance, maxSeconds, maxMemory, learningRate, inner} = options;
  const {field, width, hiddenLayers, kernel, edge, decoder, resolution, levels, features} = options;
  if (typeof resolution === 'object') throw oneResolution(resolution);
  return {
    preset,
    ...{field, width, hiddenLayers, kernel, edge, decoder, resolution, levels, features},
    optimizers: optimizer === undefined ? undefined : [optimizer].flat(),
    iterations: iterations === undefined ? undefined : [iterations].flat(),
    ...{tolerance, maxSeconds, maxMemory, learningRate, inner, own},
  };
}

/**
 * The optimizers that a text names, such as `adam,lsq`.
 *
 * @throws DinfError INVALID_ARGUMENT
 */
export function parseOptimizers(text: string): OptimizerName[] {
  return text.split(',').map((part) => {
    const name = OPTIMIZER_NAMES.find((known) => known === part.trim());
    if (name === undefined) throw new DinfError('INVALID_ARGUMENT', `${shown(part)} is not one of ${OPTIMIZER_NAMES.join(', ')}`);
    return name;
  });
}

/**
 * The iterations that a text gives, such as `100` or `100,20`: one number for all stages, or one a stage.
 *
 * @throws DinfError INVALID_ARGUMENT
 */
export function parseIterations(text: string): number[] {
  return text.split(',').map((part) => checkInteger(part.trim() === '' ? part : Number(part), '--iterations', 0));
}

/** Decoders by the names that texts use. */
export const DECODER_NAMES = ['linear', 'mlp'] as const;

/** The decoder of a name; an MLP has its default layers. */
export function decoderOf(name: (typeof DECODER_NAMES)[number]): Decoder {
  return name === 'linear' ? linearDecoder() : mlpDecoder();
}

/**
 * The cells that a text gives, such as `64` or `8,64,8`: one number for the longest axis, or one an axis.
 *
 * @throws DinfError INVALID_ARGUMENT
 */
export function parseResolution(text: string): number | number[] {
  const cells = text.split(',').map((part) => checkCells(part.trim() === '' ? NaN : Number(part), 'resolution'));
  return cells.length === 1 ? cells[0] : cells;
}

/** What is said to a problem that has one number of cells, and got a list. */
export function oneResolution(given: readonly number[]): DinfError {
  return new DinfError(
    'INVALID_ARGUMENT',
    `resolution is ${given.join(',')}, one number an axis, which your own equations alone take: give the cells along the longest axis`,
  );
}

/** Cells along the longest axis, and of each where there is a list. */
export const resolutionOf = (given: number | readonly number[] | undefined): Pick<RunOptions, 'resolution' | 'sides'> =>
  typeof given === 'object' ? {resolution: Math.max(...given), sides: given} : {resolution: given};
