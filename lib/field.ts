import {DinfError} from './errors';
import type {Kernel} from './kernel';
import {gaussian} from './kernel';
import {checkChoice, checkInteger, checkNumber, rejectUnknown} from './options';

/**
 * What happens at the border of the grid. `extend` stores ρ − 1 ghost nodes a side outside the domain, unknowns like all others;
 * `clamp` repeats the border node (the paper).
 */
export type Edge = 'extend' | 'clamp';

/** A multi-level feature grid: level s has resolution / 2^s cells an axis. */
export interface GridOptions {
  /** Cells of the finest level: one number for all axes, or one an axis in the order of the domain. */
  resolution: number | readonly number[];
  /** Number of levels, default 1, at most 16; the resolution must halve that often. */
  levels?: number;
  /** Features a node, default 1. */
  features?: number;
  /** Default `gaussian()`. */
  kernel?: Kernel;
  /** Default `extend`. */
  edge?: Edge;
  /** Features start uniform in [−initialScale, initialScale], default 1e-4. */
  initialScale?: number;
}

/** A grid with every option decided. */
export interface Grid {
  /** Tells fields apart. */
  readonly type: 'grid';
  /** Cells of the finest level: one number for all axes, or one an axis. */
  readonly resolution: number | readonly number[];
  /** Number of levels. */
  readonly levels: number;
  /** Features a node. */
  readonly features: number;
  /** Interpolates the features. */
  readonly kernel: Kernel;
  /** At the border. */
  readonly edge: Edge;
  /** Features start uniform in [−initialScale, initialScale]. */
  readonly initialScale: number;
}

/**
 * A grid of radial basis functions (paper, section 3): features of all levels, interpolated by the kernel and concatenated.
 *
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function rbfGrid(options: GridOptions): Grid {
  rejectUnknown(options, ['resolution', 'levels', 'features', 'kernel', 'edge', 'initialScale'], 'rbfGrid');
  const {resolution, levels = 1, features = 1, kernel = gaussian(), edge = 'extend', initialScale = 1e-4} = options;
  checkInteger(levels, 'rbfGrid: levels', 1, 16);
  for (const cells of typeof resolution === 'number' ? [resolution] : resolution) {
    checkInteger(cells, 'rbfGrid: resolution', 1, 1 << 20);
    if (cells % 2 ** (levels - 1) !== 0) {
      const fits = Math.ceil(cells / 2 ** (levels - 1)) * 2 ** (levels - 1);
      throw new DinfError(
        'INVALID_ARGUMENT',
        `rbfGrid: resolution ${cells} does not halve ${levels - 1} times, as ${levels} levels need; use ${fits}, or fewer levels`,
      );
    }
  }
  return {
    type: 'grid',
    resolution,
    levels,
    features: checkInteger(features, 'rbfGrid: features', 1, 64),
    kernel,
    edge: checkChoice(edge, 'rbfGrid: edge', ['extend', 'clamp'] as const),
    initialScale: checkNumber(initialScale, 'rbfGrid: initialScale', 0),
  };
}

/** From features to the unknowns. */
export type Decoder =
  {readonly type: 'linear'} | {readonly type: 'mlp'; readonly hidden: readonly number[]; readonly activation: 'tanh'};

/** u = C f + b, Xavier uniform with zero bias. It folds into the grid, and leaves u linear in the grid: least squares applies. */
export function linearDecoder(): Decoder {
  return {type: 'linear'};
}

/**
 * A multi-layer perceptron, Xavier uniform with zero bias.
 *
 * @param options.hidden widths of the hidden layers, default [64] (paper, Helmholtz).
 * @param options.activation `tanh`.
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function mlpDecoder(options: {hidden?: readonly number[]; activation?: 'tanh'} = {}): Decoder {
  rejectUnknown(options, ['hidden', 'activation'], 'mlpDecoder');
  const hidden = [...(options.hidden ?? [64])];
  if (hidden.length === 0 || hidden.length > 16) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `mlpDecoder: hidden must list 1 to 16 widths, and lists ${hidden.length}; without any, use linearDecoder()`,
    );
  }
  for (const width of hidden) checkInteger(width, 'mlpDecoder: hidden width', 1, 4096);
  return {
    type: 'mlp',
    hidden,
    activation: checkChoice(options.activation ?? 'tanh', 'mlpDecoder: activation', ['tanh'] as const),
  };
}
