/** What the problems of the command line have in common: options against a preset's defaults, and errors against a known answer. */
import {DinfError} from '../errors';
import type {Decoder, Field, Grid, GridOptions} from '../field';
import {edgeText, linearDecoder, pinn, rbfGrid, siren} from '../field';
import {kernelText} from '../kernel';
import type {Adam, GaussNewton, Lbfgs, Optimizer} from '../optimizers';
import {adam, gaussNewton, lbfgs, leastSquares} from '../optimizers';
import type {FieldSpec} from '../problem-spec';
import type {Volume} from '../report/vti';
import type {Samples} from '../sampling';
import type {Assessment, FieldName, OptimizerName, PreparedStage, RunOptions} from './definition';

/** Those options of a run that decide its field. */
export type FieldOptions = Partial<
  Pick<
    RunOptions,
    'preset' | 'field' | 'width' | 'hiddenLayers' | 'kernel' | 'edge' | 'resolution' | 'levels' | 'features' | 'decoder'
  >
>;

/** A problem's networks: sizes, and Adam's constant rate and iterations. */
export interface NetworkPreset {
  readonly width: number;
  readonly hiddenLayers: number;
  /** Of a Siren. */
  readonly learningRate: number;
  /** Of a PINN, default 1e-3: it has no ω that multiplies every step. */
  readonly pinnLearningRate?: number;
  /** With `--preset paper`; default: as many as the preset's Adam. `fast` takes a tenth. */
  readonly iterations?: number;
  /** Coordinates along which the field is periodic; default none. */
  readonly periodic?: readonly string[];
}

/**
 * The field that a run asked for, to be spread into `problem({...})`: the grid with its decoder, or a network in its place. The grid then
 * still says how densely samples lie.
 *
 * @throws INVALID_ARGUMENT for an option of grids with a network, or of networks with a grid.
 */
export function fieldFrom(
  options: FieldOptions,
  grid: Grid,
  network: NetworkPreset,
  decoder: Decoder = linearDecoder(),
): {field: Field; decoder?: Decoder} {
  checkFieldOptions(options);
  const {width = network.width, hiddenLayers = network.hiddenLayers} = options;
  const {periodic} = network;
  switch (options.field ?? 'grid') {
    case 'siren':
      return {field: siren({width, hiddenLayers, periodic})};
    case 'pinn':
      // The authors' PINN has no activation after its first layer.
      return {field: pinn({width, hiddenLayers, periodic, firstActivation: options.preset !== 'paper'})};
    case 'grid':
      return {field: grid, decoder: options.decoder ?? decoder};
  }
}

/** Options that only one kind of field has, by their flags. */
const GRID_FLAGS = {
  kernel: '--kernel',
  edge: '--edge',
  resolution: '--resolution',
  levels: '--levels',
  features: '--features',
  decoder: '--decoder',
} as const;
const NETWORK_FLAGS = {width: '--width', hiddenLayers: '--hidden-layers'} as const;

/** @throws INVALID_ARGUMENT naming the flag. */
export function checkFieldOptions(options: FieldOptions): void {
  const {field = 'grid'} = options;
  const refuse = (flags: Partial<Record<keyof FieldOptions, string>>, why: string): void => {
    for (const [key, flag] of Object.entries(flags)) {
      if (options[key as keyof FieldOptions] !== undefined) throw new DinfError('INVALID_ARGUMENT', `${flag} ${why}`);
    }
  };
  const others = (flags: Readonly<Record<string, string>>): string => Object.values(flags).join(', ');
  if (isNetwork(field))
    refuse(GRID_FLAGS, `is of grids, and --field ${field} has none: leave it out; a network has ${others(NETWORK_FLAGS)}`);
  else
    refuse(NETWORK_FLAGS, `is of networks: add --field siren or --field pinn, or leave it out; a grid has ${others(GRID_FLAGS)}`);
}

const isNetwork = (field: FieldName | undefined): boolean => field !== undefined && field !== 'grid';

/**
 * A field for a run's settings.
 *
 * @param resolution of a grid, as the problem writes it.
 */
export function fieldSettings({grid, decoder, network}: FieldSpec, resolution: string | number): Record<string, string | number> {
  if (network !== undefined) {
    const {activation, width, hiddenLayers, firstActivation, omega} = network;
    return {
      field: activation === 'sine' ? 'siren' : 'pinn',
      width,
      hiddenLayers,
      activation: firstActivation ? activation : `${activation}, none after the first layer`,
      ...(activation === 'sine' && {omega}),
    };
  }
  return {
    field: 'grid',
    kernel: kernelText(grid.kernel),
    edge: edgeText(grid),
    resolution,
    levels: grid.levels,
    features: grid.features,
    decoder: decoder.type,
  };
}

/** The grid that a run asked for; what it left open comes from the problem's preset. */
export function gridFrom(options: FieldOptions, preset: GridOptions): Grid {
  const {kernel, edge, resolution, levels, features} = options;
  return rbfGrid({
    ...preset,
    kernel: kernel ?? preset.kernel,
    edge: edge ?? preset.edge,
    resolution: resolution ?? preset.resolution,
    levels: levels ?? preset.levels,
    features: features ?? preset.features,
  });
}

/** Each optimizer's settings in a preset, and the schedule where the run names none. */
export interface StageDefaults {
  schedule: readonly OptimizerName[];
  adam?: Partial<Omit<Adam, 'type'>>;
  lsq?: {iterations?: number; tolerance?: number};
  'gauss-newton'?: Partial<Omit<GaussNewton, 'type'>>;
  lbfgs?: Partial<Omit<Lbfgs, 'type'>>;
  /** With a network, whose schedule is Adam alone. */
  network?: NetworkPreset;
}

/**
 * The schedule of a run. `--iterations` counts the steps of Adam and L-BFGS, and least squares' iterations; for Gauss–Newton, inner
 * iterations a step. What a network cannot do, least squares, Adam does in its place, and a note says so.
 *
 * @throws INVALID_ARGUMENT when iterations and optimizers differ in number.
 */
export function stagesFrom(options: RunOptions, preset: StageDefaults): PreparedStage[] {
  const network = isNetwork(options.field);
  const names = options.optimizers ?? (network ? ['adam'] : preset.schedule);
  const adamDefaults = network ? networkAdam(options, preset) : preset.adam;
  const {iterations = [], tolerance, learningRate} = options;
  checkIterations(iterations, names.length);
  return names.map((asked, i) => {
    const name = network && asked === 'lsq' ? 'adam' : asked;
    const given = withoutUndefined({iterations: iterations[i] ?? iterations[0], tolerance});
    const stage: Optimizer =
      name === 'adam'
        ? adam({...adamDefaults, ...withoutUndefined({iterations: given.iterations, learningRate})})
        : name === 'lsq'
          ? leastSquares({...preset.lsq, ...given})
          : name === 'lbfgs'
            ? lbfgs({...preset.lbfgs, ...given})
            : gaussNewton({...preset['gauss-newton'], ...given});
    if (name === asked) return {name, stage};
    const note = `least squares needs a field that is linear in its parameters, and a network is not: adam ran in place of ${asked}`;
    return {name, stage, note};
  });
}

function networkAdam({preset, field}: RunOptions, {adam: grid, network}: StageDefaults): Partial<Omit<Adam, 'type'>> {
  const most = network?.iterations ?? grid?.iterations ?? 10_000;
  const rate = field === 'pinn' ? (network?.pinnLearningRate ?? 1e-3) : (network?.learningRate ?? 1e-4);
  return {iterations: preset === 'paper' ? most : Math.ceil(most / 10), learningRate: rate, decaySteps: 0};
}

/** @throws INVALID_ARGUMENT unless `--iterations` gives one number, or one a stage. */
export function checkIterations(iterations: readonly number[], stages: number): void {
  if (iterations.length > 1 && iterations.length !== stages) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `--iterations gives ${iterations.length} numbers for ${stages} optimizers: give one, or one each`,
    );
  }
}

/** Errors against a known answer, over all values: relative L2 and L1, largest and mean absolute difference. */
export function errorMetrics(prediction: ArrayLike<number>, truth: ArrayLike<number>): Record<string, number> {
  let squares = 0;
  let truthSquares = 0;
  let absolute = 0;
  let truthAbsolute = 0;
  let largest = 0;
  for (let i = 0; i < truth.length; i++) {
    const difference = Math.abs(prediction[i] - truth[i]);
    squares += difference ** 2;
    truthSquares += truth[i] ** 2;
    absolute += difference;
    truthAbsolute += Math.abs(truth[i]);
    largest = Math.max(largest, difference);
  }
  return {
    relativeL2: Math.sqrt(squares / truthSquares),
    relativeL1: absolute / truthAbsolute,
    maxError: largest,
    meanAbsoluteError: absolute / truth.length,
  };
}

/** A uniform axis of a lattice. */
export type UniformAxis = Volume['axes'][number];

/** The axes of evenly spaced places, by name. */
export function uniformAxes(places: Readonly<Record<string, ArrayLike<number>>>): UniformAxis[] {
  return Object.entries(places).map(([name, at]) => ({name, lower: at[0], upper: at[at.length - 1], count: at.length}));
}

/** The axes of an image's pixels, rows first. */
export function pixelAxes(pixels: Samples): UniformAxis[] {
  if (pixels.kind !== 'tensor') throw new DinfError('INTERNAL', 'the pixels of an image are a lattice');
  const [y, x] = pixels.axes;
  return uniformAxes({y, x});
}

/**
 * What a problem leaves of values on a lattice: each array as `.npy`, and all of them as `solution.vti`.
 *
 * @param arrays row-major, one value a point, or several side by side.
 */
export function latticeOutputs(
  axes: readonly UniformAxis[],
  arrays: Readonly<Record<string, Float64Array>>,
): Required<Pick<Assessment, 'arrays' | 'volumes'>> {
  const shape = axes.map(({count}) => count);
  const points = shape.reduce((product, n) => product * n, 1);
  return {
    arrays: Object.entries(arrays).map(([name, values]) => ({
      name,
      values,
      shape: values.length === points ? shape : [...shape, values.length / points],
    })),
    volumes: [{name: 'solution', volume: {axes, arrays}}],
  };
}

/** A spread must not replace a default by `undefined`. */
function withoutUndefined<T extends object>(values: T): {[K in keyof T]?: Exclude<T[K], undefined>} {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
