/** What a problem is solved on: how each axis is cut into cells, and how it is refined. */
import {linspace} from '../pose/sampling';
import type {BoxAxis} from './conditions';

/** An end of a cell that is nearer to a place than this part of the cell is moved there. */
const NEAR = 0.35;

/** One axis of a mesh. */
export type AxisMesh =
  | {
      /** As many cells of one size. */
      readonly kind: 'cells';
      readonly cells: number;
    }
  | {
      /** Cells of different sizes, by their ends. */
      readonly kind: 'graded';
      readonly breaks: readonly number[];
      /** Ends at which data change their form: they stay, and splines are no smoother there than solutions. */
      readonly kept?: readonly number[] | undefined;
    }
  | {
      /** Windows of time by their ends; undefined: the march chooses them. */
      readonly kind: 'windows';
      readonly ends: readonly number[] | undefined;
      /** Error of a window that is chosen, relative to the solution; undefined where a user, or a comparison, has chosen them. */
      readonly tolerance: number | undefined;
      /** The march ends where a solution lacks cells across by more than that, relative to its size. Default: it goes on. */
      readonly roughest?: number | undefined;
      /** Times that no chosen window steps over: its data vary between them. */
      readonly stops?: readonly number[] | undefined;
    };

/** All axes. */
export type Mesh = readonly AxisMesh[];

/** No cell is smaller than half of this part of its axis. */
const SMALLEST = 2 ** -40;
/** Neighbouring cells of a graded axis differ in size by at most this factor. */
const GRADING = 2.1;
/** Cells that hold this part of what there is to gain are halved, and where the solution is resolved all that have */
const SHARE = 0.7;
/** this part of what the best one has, which half a cell leaves of its own; all others are left alone, */
const LEFT = 2 ** -6;
/** unless those are this part of all cells. */
const MOST = {standing: 0.5, marching: 0.25};

/** Tells meshes apart. */
export function meshKey(mesh: Mesh): string {
  return mesh.map(axisKey).join(';');
}
function axisKey(axis: AxisMesh): string {
  if (axis.kind === 'cells') return String(axis.cells);
  return axis.kind === 'graded' ? axis.breaks.join(' ') : `windows ${axis.tolerance ?? axis.ends?.join(' ')}`;
}

/** Cells of all axes together; as many windows as `like` has where they are not known. */
export function meshSize(mesh: Mesh, like: Mesh = mesh): number {
  const count = (axis: AxisMesh, k: number): number =>
    axis.kind === 'windows' && axis.ends === undefined
      ? (axis.tolerance === undefined ? 2 : 1) * cellCount(like[k])
      : cellCount(axis);
  return mesh.reduce((product, axis, k) => product * count(axis, k), 1);
}

/** Cells, or windows where they are known. */
export function cellCount(axis: AxisMesh): number {
  if (axis.kind === 'cells') return axis.cells;
  return axis.kind === 'graded' ? axis.breaks.length - 1 : (axis.ends?.length ?? 16);
}

/** A mesh in words: `64 × 32`, `48 graded`, `20 windows × 64`. */
export function meshText(mesh: Mesh): string {
  const words = {cells: '', graded: ' graded', windows: ' windows'};
  return mesh.map((axis) => `${cellCount(axis)}${words[axis.kind]}`).join(' × ');
}

/** Ends of cells, the bounds included; undefined for windows that are not known. */
export function breaksOf(axis: AxisMesh, {lower, upper}: BoxAxis): readonly number[] | undefined {
  if (axis.kind === 'graded') return axis.breaks;
  if (axis.kind === 'windows') return axis.ends && [lower, ...axis.ends];
  return Array.from(linspace(lower, upper, axis.cells + 1));
}

/**
 * The knots of splines on an axis: the ends of its cells, repeated where data change their form, so that as many derivatives are continuous
 * there as those of solutions.
 *
 * @param order of the equations along the axis.
 */
export function knotsOf(axis: AxisMesh, bounds: BoxAxis, degree: number, order: number): number[] {
  const ends = breaksOf(axis, bounds)!;
  const {kept = []} = axis.kind === 'graded' ? axis : {};
  const times = repeats(degree, order);
  return ends.flatMap((end) => (kept.includes(end) ? new Array<number>(times).fill(end) : [end]));
}

/** How often a knot is there where as many derivatives are continuous as an equation's order is, less one. */
const repeats = (degree: number, order: number): number => Math.max(1, degree + 1 - Math.max(1, order));

/** Points in a cell of an axis: as many as a cell between two repeated knots has unknowns of its own. */
export function pointsOf(axis: AxisMesh, points: number, degree: number, order: number): number {
  return axis.kind === 'graded' && axis.kept !== undefined ? Math.max(points, repeats(degree, order)) : points;
}

/** Every cell, or window, in two. */
export function halved(axis: AxisMesh, bounds: BoxAxis): AxisMesh {
  if (axis.kind === 'cells') return {kind: 'cells', cells: 2 * axis.cells};
  if (axis.kind === 'graded') return {...axis, breaks: bisected(axis.breaks, () => true)};
  return {...axis, ends: axis.ends && bisected([bounds.lower, ...axis.ends], () => true).slice(1), tolerance: undefined};
}

/** Windows that a march has chosen are chosen anew on another mesh of the other axes. */
export function reopened(axis: AxisMesh): AxisMesh {
  return axis.kind === 'windows' && axis.tolerance !== undefined ? {...axis, ends: undefined} : axis;
}

/**
 * The mesh that a solution is compared with: one axis in half; half as many cells again across a march, where splines are of so high a degree
 * that rounding would be all that more of them add.
 */
export function finerAlong(mesh: Mesh, axis: number, box: readonly BoxAxis[]): Mesh {
  const marches = mesh.some(({kind}) => kind === 'windows');
  return mesh.map((one, k) => {
    if (k !== axis) return reopened(one);
    return marches && one.kind !== 'windows' ? scaled(one, 1.5) : halved(one, box[k]);
  });
}

/** As many times the cells, their sizes in the same proportions. */
export function scaled(axis: Exclude<AxisMesh, {kind: 'windows'}>, factor: number): AxisMesh {
  const before = cellCount(axis);
  const cells = Math.max(before + 1, 2 * Math.ceil((before * factor) / 2));
  if (axis.kind === 'cells') return {kind: 'cells', cells};
  const {breaks} = axis;
  const at = (i: number): number => {
    const place = (i * before) / cells;
    const cell = Math.min(before - 1, Math.floor(place));
    return breaks[cell] + (place - cell) * (breaks[cell + 1] - breaks[cell]);
  };
  const resized = Array.from({length: cells + 1}, (_, i) => (i === cells ? breaks[before] : at(i)));
  return {...axis, breaks: axis.kept === undefined ? resized : graded(withEnds(resized, axis.kept))};
}

/**
 * The cells in two that hold most of what there is to gain, and those beside them that would be too large; all of them where it is everywhere.
 *
 * @param gain of each cell.
 * @param how.resolved whether the gains are those of a solution that is seen, and not of one that oscillates between its cells.
 * @param how.marches whether what the axis holds moves with time, and may be elsewhere later.
 * @param otherwise what becomes of the axis where grading does not pay.
 */
export function refinedWhere(
  axis: AxisMesh,
  gain: readonly number[],
  {resolved, marches}: {readonly resolved: boolean; readonly marches: boolean},
  bounds: BoxAxis,
  otherwise: () => AxisMesh,
): AxisMesh {
  const breaks = breaksOf(axis, bounds)!;
  const order = Array.from(gain.keys()).sort((a, b) => gain[b] - gain[a] || a - b);
  const total = gain.reduce((sum, one) => sum + one, 0);
  const marked = new Set<number>();
  let held = 0;
  for (const cell of order) {
    if (held >= SHARE * total && !(resolved && gain[cell] > LEFT * gain[order[0]])) break;
    marked.add(cell);
    held += gain[cell];
  }
  if (!(total > 0) || marked.size > (marches ? MOST.marching : MOST.standing) * gain.length) return otherwise();
  const kept = axis.kind === 'graded' ? axis.kept : undefined;
  return {kind: 'graded', breaks: graded(bisected(breaks, (i) => marked.has(i))), kept};
}

/** The nearest end of a cell moved to each of these places, or one put there where none is near. */
export function withEnds(breaks: readonly number[], places: readonly number[]): readonly number[] {
  const ends = [...breaks];
  for (const place of places) {
    const after = ends.findIndex((end) => end >= place);
    const [low, high] = [ends[after - 1], ends[after]];
    const near = NEAR * (high - low);
    const movable = (i: number): boolean => i > 0 && i < ends.length - 1 && !places.includes(ends[i]);
    if (high === place) continue;
    if (place - low < near && movable(after - 1)) ends[after - 1] = place;
    else if (high - place < near && movable(after)) ends[after] = place;
    else ends.splice(after, 0, place);
  }
  return ends;
}

/** Cells in two until no two neighbours differ too much in size. */
export function graded(breaks: readonly number[]): readonly number[] {
  let result = breaks;
  for (;;) {
    const current = result;
    const size = (i: number): number => current[i + 1] - current[i];
    const large = new Set<number>();
    for (let i = 0; i + 1 < current.length; i++) {
      const beside = Math.min(i > 0 ? size(i - 1) : Infinity, i + 2 < current.length ? size(i + 1) : Infinity);
      if (size(i) > GRADING * beside) large.add(i);
    }
    result = bisected(current, (i) => large.has(i));
    if (result.length === current.length) return current;
  }
}

/** Cells that are chosen in two, but for those that hold no numbers to speak of: at a jump refinement has no other end. */
function bisected(breaks: readonly number[], chosen: (cell: number) => boolean): number[] {
  const smallest = SMALLEST * (breaks[breaks.length - 1] - breaks[0]);
  const halves = (cell: number): boolean => chosen(cell) && breaks[cell + 1] - breaks[cell] > smallest;
  return breaks.flatMap((end, i) => (i > 0 && halves(i - 1) ? [(breaks[i - 1] + end) / 2, end] : [end]));
}
