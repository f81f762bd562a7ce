import {DinfError} from '../base/errors';
import type {Check} from '../base/options';
import {
  checkChoice,
  checkFlag,
  checkInteger,
  checkList,
  checkName,
  checkNumber,
  checkNumbers,
  checkOneOrList,
  checkOptions,
  checkRecord,
  isList,
  wrong,
} from '../base/options';
import {shown} from '../base/shown';
import type {Kernel} from './kernel';
import {checkKernel, gaussian} from './kernel';

/**
 * What happens at the border of the grid. `extend` stores ρ − 1 ghost nodes a side outside the domain, unknowns like all others;
 * `clamp` repeats the border node (the paper); `periodic` closes the axis to a ring: N nodes, node N is node 0, and value and
 * derivatives are the same at both ends.
 */
export type Edge = (typeof EDGES)[number];
export const EDGES = ['extend', 'clamp', 'periodic'] as const;

/** A multi-level feature grid: level s has resolution / 2^s cells an axis. */
export interface GridOptions {
  /** Cells of the finest level: one number for all axes, or one an axis in the order of the domain. Of an axis with knots they say it. */
  resolution?: number | readonly number[] | undefined;
  /** Number of levels, default 1, at most 16; the resolution must halve that often. */
  levels?: number | undefined;
  /** Features a node, default 1. */
  features?: number | undefined;
  /** Default `gaussian()`. */
  kernel?: Kernel | undefined;
  /** One for all axes, or one an axis in the order of the domain; default `extend`. */
  edge?: Edge | readonly Edge[] | undefined;
  /** Features start uniform in [−initialScale, initialScale], default 1e-4. */
  initialScale?: number | undefined;
  /**
   * Where cells end along each axis, in the domain's units from bound to bound; null for an axis of equal cells. An inner knot that is given
   * m times leaves as many derivatives fewer continuous: a spline of degree p has p − m there. One level of B-splines alone has knots, and at
   * a bound with edge `extend` they are open: the first feature is the value there.
   */
  knots?: Knots | undefined;
}

/** The knots of each axis, null where cells are equal. */
export type Knots = readonly (readonly number[] | null)[];

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
  /** Where cells are not equal; absent where all are. */
  readonly knots?: Knots;
}

/**
 * A grid of radial basis functions (paper, section 3): features of all levels, interpolated by the kernel and concatenated.
 *
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function rbfGrid(options: GridOptions): Grid {
  const {
    resolution: given,
    levels = 1,
    features = 1,
    kernel = gaussian(),
    edge = 'extend',
    initialScale = 1e-4,
    knots,
  } = checkOptions<Partial<GridOptions>>(options, 'rbfGrid', {
    resolution: (value, name) => checkOneOrList(value, name, checkCells),
    levels: (value, name) => checkInteger(value, name, 1, 16),
    features: (value, name) => checkInteger(value, name, 1, 64),
    kernel: checkKernel,
    edge: checkEdges,
    initialScale: (value, name) => checkNumber(value, name, 0),
    knots: (value, name) => checkList(value, name, (axis, place) => (axis === null ? null : checkKnots(axis, place)), 1),
  });
  if (knots !== undefined) requireSplines(kernel, levels, edge, knots);
  const resolution = knots === undefined ? given : cellsOf(knots, given);
  if (resolution === undefined)
    throw new DinfError('INVALID_ARGUMENT', 'rbfGrid: say how many cells the grid has, such as resolution: 32');
  for (const cells of typeof resolution === 'number' ? [resolution] : resolution) {
    if (cells % 2 ** (levels - 1) !== 0) {
      const fits = Math.ceil(cells / 2 ** (levels - 1)) * 2 ** (levels - 1);
      throw new DinfError(
        'INVALID_ARGUMENT',
        `rbfGrid: resolution ${cells} does not halve ${levels - 1} times, as ${levels} levels need; use ${fits}, or fewer levels`,
      );
    }
  }
  return {type: 'grid', resolution, levels, features, kernel, edge, initialScale, ...(knots && {knots})};
}

/** Two at least, rising; which may be repeated how often is known with the kernel. */
const checkKnots: Check<readonly number[]> = (value, name) => {
  const knots = Array.from(checkNumbers(value, name));
  const last = knots.length - 1;
  const at = knots.findIndex((knot, i) => i > 0 && (knot < knots[i - 1] || (knot === knots[i - 1] && (i === 1 || i === last))));
  if (last >= 1 && at < 0) return knots;
  const why =
    at > 0 ? `must rise, and ${knots[at - 1]} is followed by ${knots[at]}` : `has ${knots.length} values: give both bounds`;
  throw new DinfError('INVALID_ARGUMENT', `${name} ${why}`);
};

/** Spans of each axis: between knots, or as many as the resolution says. */
function cellsOf(knots: Knots, given: number | readonly number[] | undefined): number[] {
  return knots.map((axis, k) => {
    const cells = axis === null ? (typeof given === 'object' ? given[k] : given) : axis.length - 1;
    if (cells !== undefined) return cells;
    throw new DinfError('INVALID_ARGUMENT', `rbfGrid: axis ${k + 1} has neither knots nor a resolution: give one of them`);
  });
}

function requireSplines(kernel: Kernel, levels: number, edge: Edge | readonly Edge[], knots: Knots): void {
  const refuse = (why: string): DinfError => new DinfError('INVALID_ARGUMENT', `rbfGrid: ${why}`);
  if (kernel.type !== 'bspline')
    throw refuse(`knots are those of B-splines, and the kernel is ${kernel.type}: use kernel: bspline()`);
  if (levels !== 1) throw refuse(`a grid with knots has one level, and ${levels} are asked for`);
  const edges = gridEdges({edge}, knots.length);
  const [{degree}] = [kernel];
  knots.forEach((axis, k) => {
    if (axis === null) return;
    if (edges[k] === 'clamp') throw refuse(`axis ${k + 1} has knots and the edge clamp: use extend or periodic`);
    if (edges[k] === 'periodic' && axis.length - 1 < degree + 1)
      throw refuse(`periodic axis ${k + 1} has ${axis.length - 1} spans, and splines of degree ${degree} need ${degree + 1}`);
    axis.forEach((knot, i) => {
      if (knot === axis[i + degree])
        throw refuse(`knot ${knot} is repeated more than ${degree} times, the degree of the splines`);
    });
  });
}

const checkCells: Check<number> = (value, name) => checkInteger(value, name, 1, 1 << 20);

/** One edge for all axes, or a list of one an axis. */
export const checkEdges: Check<Edge | Edge[]> = (value, name) => {
  if (typeof value === 'string') return checkChoice(value, name, EDGES);
  if (!isList(value) || value.length < 1 || value.length > 3)
    throw wrong(name, `one of ${EDGES.join(', ')}, or a list of one an axis`, value);
  return checkList(value, name, (edge, place) => checkChoice(edge, place, EDGES));
};

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
  const edges = text.split(',', 4).map((part) => checkChoice(part.trim(), 'edge', EDGES));
  return edges.length === 1 ? edges[0] : edges;
}

/** Activations of multi-layer perceptrons: GELU is g·Φ(g) with the exact normal distribution; `sine` is sin(ω g). */
export type ActivationName = 'tanh' | 'gelu' | 'sine';

/**
 * A multi-layer perceptron on the coordinates themselves, each mapped to [−1, 1]. `hiddenLayers` counts the layers of width × width after
 * the first, which reads the coordinates, as Siren's authors count.
 */
export interface Network {
  readonly type: 'network';
  readonly activation: ActivationName;
  readonly width: number;
  readonly hiddenLayers: number;
  /** Of the first sine and of the others; 1 for other activations. */
  readonly firstOmega: number;
  readonly omega: number;
  /** Whether the first layer has an activation. */
  readonly firstActivation: boolean;
  /** Coordinates along which the field is periodic: they enter as sin and cos of one turn over the domain. */
  readonly periodic: readonly string[];
}

/** What represents unknowns: features on a grid, or a network. */
export type Field = Grid | Network;

export interface SirenOptions {
  /** Units a layer, default 256, at most 4096. */
  width?: number | undefined;
  /** Layers of width × width after the first, default 5, at most 15. */
  hiddenLayers?: number | undefined;
  /** ω of sin(ω (W x + b)), default 30. */
  omega?: number | undefined;
  /** ω of the first layer, default `omega`. */
  firstOmega?: number | undefined;
  /** Coordinates along which the field is periodic, by name; default none. */
  periodic?: readonly string[] | undefined;
}

/**
 * Siren (Sitzmann et al. 2020): sin(ω (W x + b)) in every layer but the last, which is linear. Its authors' initialisation: weights
 * uniform within 1/inputs in the first layer and √(6/inputs)/ω in all others, biases within 1/√inputs.
 *
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function siren(options: SirenOptions = {}): Network {
  const checked = checkOptions<SirenOptions>(options, 'siren', {...LAYERS, omega: checkOmega, firstOmega: checkOmega});
  const {omega = 30, firstOmega = omega} = checked;
  return {type: 'network', activation: 'sine', ...layersOf(checked), firstOmega, omega, firstActivation: true};
}

const checkOmega: Check<number> = (value, name) => checkNumber(value, name, 1e-6, 1e6);

export interface PinnOptions {
  /** Units a layer, default 256, at most 4096. */
  width?: number | undefined;
  /** Layers of width × width after the first, default 5, at most 15. */
  hiddenLayers?: number | undefined;
  /** Default `gelu`. */
  activation?: 'gelu' | 'tanh' | undefined;
  /** Default true. False: the first layer is linear, as in the code of the paper's authors. */
  firstActivation?: boolean | undefined;
  /** Coordinates along which the field is periodic, by name; default none. */
  periodic?: readonly string[] | undefined;
}

/**
 * The multi-layer perceptron of physics-informed learning (Raissi et al. 2019), Xavier uniform with zero bias.
 *
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function pinn(options: PinnOptions = {}): Network {
  const checked = checkOptions<PinnOptions>(options, 'pinn', {
    ...LAYERS,
    activation: (value, name) => checkChoice(value, name, ['gelu', 'tanh'] as const),
    firstActivation: checkFlag,
  });
  const {activation = 'gelu', firstActivation = true} = checked;
  return {type: 'network', activation, ...layersOf(checked), firstOmega: 1, omega: 1, firstActivation};
}

const LAYERS = {
  width: (value: unknown, name: string): number => checkInteger(value, name, 1, 4096),
  hiddenLayers: (value: unknown, name: string): number => checkInteger(value, name, 0, 15),
  periodic: (value: unknown, name: string): string[] => checkList(value, name, checkName),
};

function layersOf({
  width = 256,
  hiddenLayers = 5,
  periodic = [],
}: Pick<SirenOptions, 'width' | 'hiddenLayers' | 'periodic'>): Pick<Network, 'width' | 'hiddenLayers' | 'periodic'> {
  return {width, hiddenLayers, periodic};
}

/**
 * A field that came from outside, made anew from its parts.
 *
 * @throws INVALID_ARGUMENT for what none of the functions above made, or could have made
 */
export function checkField(value: unknown, name: string): Field {
  const expected = 'a field, such as rbfGrid({resolution: 32}), siren() or pinn()';
  if (typeof value === 'function')
    throw new DinfError('INVALID_ARGUMENT', `${name} must be ${expected}, and is ${shown(value)}: call it`);
  const {type, ...rest} = checkRecord(value, name);
  if (type === 'grid') return rbfGrid(rest);
  if (type !== 'network') throw wrong(name, expected, value);
  const {activation, omega, firstOmega, firstActivation, ...layers} = rest;
  if (activation === 'sine') return siren({...layers, omega, firstOmega} as SirenOptions);
  return pinn({...layers, activation, firstActivation} as PinnOptions);
}

/** From features to the unknowns. */
export type Decoder =
  {readonly type: 'linear'} | {readonly type: 'mlp'; readonly hidden: readonly number[]; readonly activation: ActivationName};

/** u = C f + b, Xavier uniform with zero bias. It folds into the grid, and leaves u linear in the grid: least squares applies. */
export function linearDecoder(): Decoder {
  return {type: 'linear'};
}

/**
 * A multi-layer perceptron, Xavier uniform with zero bias.
 *
 * @param options.hidden widths of the hidden layers, default [64] (paper, Helmholtz).
 * @param options.activation `tanh` (default), `gelu` or `sine`, here of ω = 1: features start small, and learn their scale.
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function mlpDecoder(
  options: {hidden?: readonly number[] | undefined; activation?: ActivationName | undefined} = {},
): Decoder {
  const {hidden = [64], activation = 'tanh'} = checkOptions<NonNullable<Parameters<typeof mlpDecoder>[0]>>(
    options,
    'mlpDecoder',
    {
      hidden: (value, name) => checkList(value, name, (width, place) => checkInteger(width, place, 1, 4096)),
      activation: (value, name) => checkChoice(value, name, ['tanh', 'gelu', 'sine'] as const),
    },
  );
  if (hidden.length === 0 || hidden.length > 16) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `mlpDecoder: hidden must list 1 to 16 widths, and lists ${hidden.length}; without any, use linearDecoder()`,
    );
  }
  return {type: 'mlp', hidden: [...hidden], activation};
}

/**
 * A decoder that came from outside, made anew from its parts.
 *
 * @throws INVALID_ARGUMENT for what neither of the functions above made, or could have made
 */
export function checkDecoder(value: unknown, name: string): Decoder {
  const expected = 'a decoder, linearDecoder() or mlpDecoder()';
  if (typeof value === 'string' || typeof value === 'function') throw wrong(name, expected, value);
  const {type, ...rest} = checkRecord(value, name);
  if (type === 'mlp') return mlpDecoder(rest);
  if (type !== 'linear') throw wrong(name, expected, value);
  checkOptions(rest, name, {});
  return linearDecoder();
}
