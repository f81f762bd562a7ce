import {DinfError} from './errors';
import type {Kernel} from './kernel';
import {gaussian} from './kernel';
import {checkChoice, checkInteger, checkNumber, rejectUnknown} from './options';

/**
 * What happens at the border of the grid. `extend` stores ρ − 1 ghost nodes a side outside the domain, unknowns like all others;
 * `clamp` repeats the border node (the paper); `periodic` closes the axis to a ring: N nodes, node N is node 0, and value and
 * derivatives are the same at both ends.
 */
export type Edge = (typeof EDGES)[number];
export const EDGES = ['extend', 'clamp', 'periodic'] as const;

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
  /** One for all axes, or one an axis in the order of the domain; default `extend`. */
  edge?: Edge | readonly Edge[];
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
  /** At the border: one for all axes, or one an axis. */
  readonly edge: Edge | readonly Edge[];
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
    edge: typeof edge === 'string' ? checkChoice(edge, 'rbfGrid: edge', EDGES) : checkEdges(edge),
    initialScale: checkNumber(initialScale, 'rbfGrid: initialScale', 0),
  };
}

function checkEdges(edges: readonly Edge[]): readonly Edge[] {
  if (!Array.isArray(edges) || edges.length < 1 || edges.length > 3) {
    throw new DinfError('INVALID_ARGUMENT', `rbfGrid: edge must be one of ${EDGES.join(', ')}, or a list of one an axis`);
  }
  return edges.map((edge: Edge, k) => checkChoice(edge, `rbfGrid: edge of axis ${k + 1}`, EDGES));
}

/** The edge of each axis. */
export function gridEdges(grid: Pick<Grid, 'edge'>, dimensions: number): Edge[] {
  return typeof grid.edge === 'string' ? Array<Edge>(dimensions).fill(grid.edge) : [...grid.edge];
}

/** A grid's edges in words: `extend`, or `extend, periodic` in the order of the domain. */
export function edgeText(grid: Pick<Grid, 'edge'>): string {
  return typeof grid.edge === 'string' ? grid.edge : grid.edge.join(', ');
}

/** `clamp`, or `extend,periodic`: one edge for all axes or one an axis, as the command line writes them. */
export function parseEdge(text: string): Edge | Edge[] {
  const edges = text.split(',').map((part) => checkChoice(part.trim(), 'edge', EDGES));
  return edges.length === 1 ? edges[0] : edges;
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
