/** What the problems of the command line have in common: options against a preset's defaults, and errors against a known answer. */
import {DinfError} from '../errors';
import type {Grid, GridOptions} from '../field';
import {rbfGrid} from '../field';
import type {Adam, GaussNewton, Optimizer} from '../optimizers';
import {adam, gaussNewton, leastSquares} from '../optimizers';
import type {Volume} from '../report/vti';
import type {Samples} from '../sampling';
import type {Assessment, OptimizerName, Prepared, RunOptions} from './definition';

/** The grid that a run asked for; what it left open comes from the problem's preset. */
export function gridFrom(options: RunOptions, preset: GridOptions): Grid {
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
}

/**
 * The schedule of a run. `--iterations` counts Adam's steps and least squares' iterations; for Gauss–Newton, inner iterations a step.
 *
 * @throws INVALID_ARGUMENT when iterations and optimizers differ in number.
 */
export function stagesFrom(options: RunOptions, preset: StageDefaults): Prepared['optimizers'] {
  const names = options.optimizers ?? preset.schedule;
  const {iterations = [], tolerance, learningRate} = options;
  checkIterations(iterations, names.length);
  return names.map((name, i) => {
    const given = withoutUndefined({iterations: iterations[i] ?? iterations[0], tolerance});
    const stage: Optimizer =
      name === 'adam'
        ? adam({...preset.adam, ...withoutUndefined({iterations: given.iterations, learningRate})})
        : name === 'lsq'
          ? leastSquares({...preset.lsq, ...given})
          : gaussNewton({...preset['gauss-newton'], ...given});
    return {name, stage};
  });
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
