/** A user's equations on a mesh: the problem that is solved there. */
import type {Expression} from '../expression/node';
import {derivative} from '../expression/node';
import {DinfError} from '../base/errors';
import {prepareTerms} from '../compile/terms';
import type {RunOptions} from '../cases/definition';
import type {NetworkPreset} from '../cases/field-options';
import {fieldFrom} from '../cases/field-options';
import {gridFrom, halvingLevels} from '../cases/grids';
import type {Edge, Grid} from '../pose/field';
import {rbfGrid} from '../pose/field';
import type {Kernel} from '../pose/kernel';
import {bspline, gaussian} from '../pose/kernel';
import {Problem, problem} from '../pose/problem';
import type {EquationSpec} from '../pose/problem-spec';
import {gridCells} from '../pose/problem-spec';
import type {Samples} from '../pose/sampling';
import {gauss, gaussPlaces, gaussRule, lattice, stratified} from '../pose/sampling';
import type {Term} from '../pose/term';
import {term} from '../pose/term';
import type {BoxAxis, Condition, Face} from './conditions';
import {faceName} from './conditions';
import type {ConstraintMode, Imposed} from './constraints';
import type {Mesh} from './mesh';
import {breaksOf, knotsOf, pointsOf} from './mesh';
import {weighed} from './row-weights';

/** What is posed, whatever the mesh. */
export interface Statement {
  readonly equations: readonly string[];
  readonly conditions: readonly Condition[];
  readonly box: readonly BoxAxis[];
  readonly unknowns: readonly string[];
  readonly uniforms: Readonly<Record<string, number>>;
  readonly constraints: ConstraintMode;
  readonly imposed: Imposed;
  /** Unknowns of a system that are free up to a constant: pressures, potentials. */
  readonly gauges: readonly string[];
  /** Coordinates of networks that close to a ring. */
  readonly periodic: readonly string[] | undefined;
  /** Of each axis of a grid. */
  readonly edges: Edge | readonly Edge[];
  readonly shared: RunOptions;
  /** Whether rows are weighed by their sizes: where solutions on finer meshes say how wrong one is. */
  readonly judged: boolean;
  /** Weight of the conditions that a user has given; */
  readonly givenWeight: number | undefined;
  /** and what stands in for it where rows are not weighed. */
  readonly weight: number;
  /** Gauss points a cell and axis. */
  readonly points: number;
  /** Degree of the splines where a run names no kernel. */
  readonly degree: number;
  /** The sides of all equations and conditions, read once. */
  readonly sides: readonly Expression[];
  /** Places along each axis at which coefficients or sources of the equations switch. */
  readonly switches: readonly (readonly number[])[];
  /** Of the equations along each axis. */
  readonly orders: readonly number[];
}

/** A problem on one grid. */
export interface PosedEquation {
  readonly posed: Problem;
  readonly cells: readonly number[];
  readonly interior: Samples;
  /** Of the field, without the conditions. */
  readonly equations: readonly EquationSpec[];
}

/** What differs from a statement's own. */
export interface Placement {
  readonly box?: readonly BoxAxis[];
  readonly imposed?: Imposed;
  readonly points?: readonly number[];
  /** Ends of cells along each axis, of a grid whose cells are not equal. */
  readonly breaks?: readonly (readonly number[])[] | undefined;
  /** The coordinate that is time, at each of which what is free up to a constant is so. */
  readonly time?: number | undefined;
}

export const NETWORK: NetworkPreset = {width: 128, hiddenLayers: 3, learningRate: 1e-4};

/** Coarsest level that default levels reach: below, B-splines of degree 5 no longer fit into the box. */
const COARSEST = 4;

/** The problem on a grid. */
export async function poseOn(statement: Statement, grid: Grid, placement: Placement = {}): Promise<PosedEquation> {
  const {equations, unknowns, uniforms, shared, judged, points: basis, weight, givenWeight, periodic} = statement;
  const {box = statement.box, imposed = statement.imposed, breaks} = placement;
  const points = placement.points ?? box.map(() => basis);
  const {preset} = shared;
  const loss = preset === 'paper' ? ('abs' as const) : ('square' as const);
  const volume = box.reduce((product, {lower, upper}) => product * (upper - lower), 1);
  const spans = gridCells(grid, box.length);
  const cells = breaks?.map((ends) => ends.length - 1) ?? spans;
  const interior = interiorOf(statement, cells, placement);
  // Gauss weights add up to the volume, the others to one; either way the term is a mean. Equations that are to weigh alike have a term each.
  const share = preset === 'paper' ? 1 : 1 / volume;
  const groups = judged ? equations.map((text) => [text]) : [equations];
  const terms: Term[] = [
    ...groups.map((texts, i) =>
      term(interior, texts, {name: groups.length > 1 ? `equation ${i + 1}` : 'equation', loss, weight: share}),
    ),
    ...imposed.soft.map(({face, equation: text}) =>
      term(faceSamples(face, box, cells, points, breaks), text, {name: `on ${faceName(face, box)}`, loss, weight}),
    ),
  ];
  const still = middle(box, cells, points, placement);
  terms.push(
    ...statement.gauges.map((name) => term(still, derivative(name), {name: `${name} in the middle`, loss, weight: share})),
  );
  const asGiven = problem({
    domain: Object.fromEntries(box.map(({name, lower, upper}) => [name, [lower, upper] as const])),
    unknowns,
    ...fieldFrom(shared, grid, {...NETWORK, periodic}),
    uniforms,
    lift: imposed.lift,
    terms,
  });
  const rows = asGiven.spec.terms.slice(0, groups.length).flatMap((one) => one.equations);
  const faces = imposed.soft.map(({face}) => face);
  const {clashes} = imposed;
  const weights = {count: groups.length, share, faces, box, uniforms, cells, clashes, given: givenWeight};
  const posed = judged ? new Problem(weighed(asGiven.spec, weights)) : asGiven;
  await prepareTerms(posed.spec);
  return {posed, cells, interior, equations: rows};
}

/** Where the equations are to hold. */
function interiorOf({shared, points: basis}: Statement, cells: readonly number[], {points = [], breaks}: Placement): Samples {
  if (shared.preset === 'paper') return stratified(cells.map((n) => basis * n));
  const perCell = points.length > 0 ? points : basis;
  return breaks === undefined ? gauss(perCell, {cells}) : gauss(perCell, {breaks});
}

/** The middle of a box, at all times. */
function middle(
  box: readonly BoxAxis[],
  cells: readonly number[],
  points: readonly number[],
  {time, breaks}: Placement,
): Samples {
  return lattice(
    box.map((axis, k) => (k === time ? placesAlong(axis, cells[k], points[k], breaks?.[k]) : [(axis.lower + axis.upper) / 2])),
  );
}

/** Gauss points of every cell along a face; the coordinate across has one point. */
function faceSamples(
  face: Face,
  box: readonly BoxAxis[],
  cells: readonly number[],
  points: readonly number[],
  breaks: readonly (readonly number[])[] | undefined,
): Samples {
  return lattice(
    box.map((axis, k) => (k === face.axis ? [axis[face.side]] : placesAlong(axis, cells[k], points[k], breaks?.[k]))),
  );
}

/** Gauss points of every cell along an axis. */
function placesAlong({lower, upper}: BoxAxis, cells: number, points: number, ends: readonly number[] | undefined): Float64Array {
  if (ends !== undefined) return gaussPlaces(ends, points);
  const rule = gaussRule(points).points;
  const place = (i: number): number => lower + ((upper - lower) * (Math.floor(i / points) + rule[i % points])) / cells;
  return Float64Array.from({length: cells * points}, (_, i) => place(i));
}

/** The grid of a run before anything is known of its solution. */
export function firstGrid(statement: Statement, cells: number): Grid {
  const {shared, edges, degree, box} = statement;
  const {sides} = shared;
  if (sides !== undefined) {
    if (sides.length === box.length) return gridOf(statement, sides);
    throw new DinfError(
      'INVALID_ARGUMENT',
      `the resolution has ${sides.length} numbers, and the domain ${box.length} ${box.length === 1 ? 'coordinate' : 'coordinates'}: give one for all, or one an axis`,
    );
  }
  const options = {...shared, edge: edges};
  const levels = (most?: number): number => halvingLevels(shared.resolution ?? cells, {coarsest: COARSEST, most});
  return gridFrom(
    options,
    shared.preset === 'paper'
      ? {resolution: cells, levels: levels(3), features: 1, kernel: gaussian(), edge: 'clamp'}
      : {resolution: cells, levels: levels(), kernel: bspline(degree), edge: 'extend'},
  );
}

/** The grid of a run on other cells, as many levels as all axes halve. */
function gridOf({shared, edges, degree}: Statement, cells: readonly number[]): Grid {
  const levels = shared.levels ?? Math.min(...cells.map((n) => halvingLevels(n, {coarsest: COARSEST})));
  return gridFrom(
    {...shared, edge: edges, resolution: undefined, levels},
    {resolution: Math.max(...cells), sides: cells, kernel: bspline(degree), edge: 'extend'},
  );
}

/** A grid of one level on knots. */
export function knotGrid({edges}: Statement, knots: readonly (readonly number[])[], kernel: Kernel): Grid {
  return rbfGrid({kernel, knots, edge: edges});
}

/** The problem on a mesh without windows. */
export async function poseOnMesh(statement: Statement, mesh: Mesh): Promise<PosedEquation> {
  const {box, shared} = statement;
  if (mesh.every((axis) => axis.kind === 'cells'))
    return poseOn(
      statement,
      gridOf(
        statement,
        mesh.map((axis) => axis.cells),
      ),
    );
  const breaks = mesh.map((axis, k) => breaksOf(axis, box[k])!);
  const {degree, orders} = statement;
  // A kernel that was asked for has its own degree, and the knots that it can have.
  const knots = shared.kernel === undefined ? mesh.map((axis, k) => knotsOf(axis, box[k], degree, orders[k])) : breaks;
  const points = mesh.map((axis, k) => pointsOf(axis, statement.points, degree, orders[k]));
  return poseOn(statement, knotGrid(statement, knots, shared.kernel ?? bspline(degree)), {breaks, points});
}
