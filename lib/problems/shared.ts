/** What the problems of the command line have in common: options against a preset's defaults, and errors against a known answer. */
import {DinfError} from '../errors';
import type {Grid, GridOptions} from '../field';
import {rbfGrid} from '../field';
import type {Adam, GaussNewton, Lbfgs, Optimizer} from '../optimizers';
import {adam, gaussNewton, lbfgs, leastSquares} from '../optimizers';
import type {OptimizerName, Prepared, RunOptions} from './definition';

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
  lbfgs?: Partial<Omit<Lbfgs, 'type'>>;
}

/**
 * The schedule of a run. `--iterations` counts the steps of Adam and L-BFGS, and least squares' iterations; for Gauss–Newton, inner iterations a step.
 *
 * @throws INVALID_ARGUMENT when iterations and optimizers differ in number.
 */
export function stagesFrom(options: RunOptions, preset: StageDefaults): Prepared['optimizers'] {
  const names = options.optimizers ?? preset.schedule;
  const {iterations = [], tolerance, learningRate} = options;
  if (iterations.length > 1 && iterations.length !== names.length) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `--iterations gives ${iterations.length} numbers for ${names.length} optimizers: give one, or one each`,
    );
  }
  return names.map((name, i) => {
    const given = withoutUndefined({iterations: iterations[i] ?? iterations[0], tolerance});
    const stage: Optimizer =
      name === 'adam'
        ? adam({...preset.adam, ...withoutUndefined({iterations: given.iterations, learningRate})})
        : name === 'lsq'
          ? leastSquares({...preset.lsq, ...given})
          : name === 'lbfgs'
            ? lbfgs({...preset.lbfgs, ...given})
            : gaussNewton({...preset['gauss-newton'], ...given});
    return {name, stage};
  });
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

/** A spread must not replace a default by `undefined`. */
function withoutUndefined<T extends object>(values: T): {[K in keyof T]?: Exclude<T[K], undefined>} {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
