/** What a user says, read and checked: the statement that is posed on one mesh after another. */
import {DinfError} from '../base/errors';
import type {RunOptions} from '../cases/definition';
import {isNetwork} from '../cases/field-options';
import {Arena} from '../expression/arena';
import {resolveSides} from '../expression/equation';
import type {Expression} from '../expression/node';
import {totalOrder} from '../expression/node';
import type {Scope} from '../expression/scope';
import {SymbolTable} from '../expression/scope';
import {leavesOf} from '../expression/substitute';
import type {Edge} from '../pose/field';
import {gridEdges, linearDecoder} from '../pose/field';
import type {Truth} from './assessment';
import {readTruth} from './assessment';
import type {BoxAxis, Condition} from './conditions';
import {faceName, readCondition} from './conditions';
import {imposeConditions} from './constraints';
import {findUnknowns, readDomain, readExact} from './domain-and-names';
import type {EquationOptions} from './equation-options';
import {isFixed, TOLERANCE} from './goal';
import {refuseJumps} from './jumps';
import type {Statement} from './posing';
import {orderAlong} from './row-weights';
import {switchPlaces} from './switches';

/**
 * A compromise, in float32 on u = sin(x + y): for 100, 1000, 10 000 the relative L2 error is 4e-5, 3e-7, 5e-7 with soft values on all
 * faces, and 2e-6, 2e-5, 1e-2 with slopes, which least squares then meets before the equation.
 */
const BOUNDARY_WEIGHT = 1000;

/** By number of coordinates: cells an axis, Gauss points a cell, least-squares iterations. */
export const DEFAULTS = [
  {cells: 64, points: 4, iterations: 400},
  {cells: 32, points: 3, iterations: 500},
  {cells: 16, points: 3, iterations: 300},
] as const;

/** A statement, and what else its texts say. */
export interface ReadStatement {
  readonly statement: Statement;
  /** The known answer. */
  readonly truth: Truth | undefined;
  /** The names that its texts may use. */
  readonly scope: Scope;
}

/**
 * Reads what a user says.
 *
 * @throws DinfError INVALID_ARGUMENT, SYNTAX, UNKNOWN_SYMBOL
 */
export function readStatement(given: Partial<EquationOptions>, shared: RunOptions): ReadStatement {
  const {
    equations,
    domain,
    where = [],
    uniforms = {},
    constraints: mode = 'hard',
    boundaryWeight: weight = BOUNDARY_WEIGHT,
  } = given;
  if (equations === undefined) throw new DinfError('INVALID_ARGUMENT', 'give at least one equation: equations, or --equation');
  if (domain === undefined) throw new DinfError('INVALID_ARGUMENT', 'an equation needs a domain, such as "x=0..1"');
  const box = readDomain(domain);
  const conditions = where.map((text) => readCondition(text, box));
  const coordinates = box.map(({name}) => name);
  const unknowns =
    given.unknowns ??
    findUnknowns(
      equations,
      conditions.map((condition) => condition.equation),
      [...coordinates, ...Object.keys(uniforms)],
    );
  const scope: Scope = {coordinates, unknowns, uniforms: Object.keys(uniforms)};
  requireEnough(equations, unknowns);
  const arena = new Arena();
  const read = (text: string): readonly Expression[] =>
    resolveSides(text, new SymbolTable(scope), arena).map((side) => arena.simplify(side));
  const inside = equations.flatMap(read);
  const sides = [...inside, ...conditions.flatMap((one) => read(one.equation))];
  refuseJumps(arena, box, uniforms);
  const truth = given.exact === undefined ? undefined : readTruth(readExact(given.exact, unknowns), scope, uniforms);
  const edges = edgesOf(given.periodic ?? [], box, shared);
  refuseOnPeriodic(conditions, box, edges);
  const imposed = imposeConditions(conditions, box, scope, mode, uniforms);

  const judged = isJudged(shared);
  const degree = judged && !isFixed(shared) ? degreeFor(shared.tolerance ?? TOLERANCE, orderOf(sides)) : 5;
  const statement: Statement = {
    ...{equations, conditions, box, unknowns, uniforms, imposed, edges, shared, judged, weight},
    sides,
    // What conditions hold is smoothed by most equations, or travels.
    switches: switchPlaces(inside, box, uniforms),
    orders: box.map(({name}) => Math.max(0, ...sides.map((side) => orderAlong(side, name)))),
    gauges: judged ? gaugesOf(sides, unknowns) : [],
    constraints: mode,
    periodic: given.periodic,
    givenWeight: given.boundaryWeight,
    degree,
    points: DEFAULTS[box.length - 1].points + (degree - 5) / 2,
  };
  return {statement, truth, scope};
}

function requireEnough(equations: readonly string[], unknowns: readonly string[]): void {
  if (equations.length >= unknowns.length) return;
  throw new DinfError(
    'INVALID_ARGUMENT',
    `${equations.length} ${equations.length === 1 ? 'equation' : 'equations'} for ${unknowns.length} unknowns (${unknowns.join(', ')}): ` +
      'give an equation for each with --equation, or numbers for names that are none with --uniform NAME=NUMBER',
  );
}

/** The edges of the run or its preset, and periodic ones where those were asked for. */
function edgesOf(periodic: readonly string[], box: readonly BoxAxis[], shared: RunOptions): Edge | readonly Edge[] {
  const names = box.map(({name}) => name);
  for (const name of periodic) {
    if (!names.includes(name)) {
      throw new DinfError(
        'INVALID_ARGUMENT',
        `--periodic names ${name}, which is no coordinate; they are ${names.join(', ')}: write --periodic ${names.slice(-1).join()}`,
      );
    }
  }
  const edge = shared.edge ?? (shared.preset === 'paper' ? 'clamp' : 'extend');
  if (typeof edge !== 'string' && edge.length !== box.length) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `--edge gives ${edge.length} edges (${edge.join(',')}) on a domain of ${box.length} coordinates: give one for all, or one a coordinate`,
    );
  }
  if (periodic.length === 0) return edge;
  return gridEdges({edge}, box.length).map((one, k) => (periodic.includes(names[k]) ? 'periodic' : one));
}

function refuseOnPeriodic(conditions: readonly Condition[], box: readonly BoxAxis[], edge: Edge | readonly Edge[]): void {
  const edges = gridEdges({edge}, box.length);
  for (const {faces, text} of conditions) {
    const face = faces.find(({axis}) => edges[axis] === 'periodic');
    if (face === undefined) continue;
    const {name} = box[face.axis];
    throw new DinfError(
      'INVALID_ARGUMENT',
      `the condition "${text}" is on ${faceName(face, box)}, and ${name} is periodic: it has no faces. Drop the condition, which periodicity ` +
        `replaces, or drop ${name} from --periodic`,
    );
  }
}

/** The more digits are asked for, or derivatives are taken, the more a high degree saves of cells, and of the rounding that comes with them. */
const degreeFor = (tolerance: number, order: number): number => (tolerance < 1e-10 ? 9 : tolerance < 1e-6 || order > 2 ? 7 : 5);

/**
 * Unknowns of a system that its equations and conditions know by their derivatives alone, such as a pressure: free up to a constant. A single
 * unknown that is free has a condition missing.
 */
function gaugesOf(sides: readonly Expression[], unknowns: readonly string[]): string[] {
  if (unknowns.length < 2) return [];
  const leaves = sides.flatMap(leavesOf);
  const known = new Set(leaves.flatMap((leaf) => (leaf.kind === 'derivative' && totalOrder(leaf) === 0 ? [leaf.unknown] : [])));
  return unknowns.filter((name) => !known.has(name));
}

/** The highest order of any derivative. */
function orderOf(sides: readonly Expression[]): number {
  const leaves = sides.flatMap(leavesOf);
  return leaves.reduce((most, leaf) => (leaf.kind === 'derivative' ? Math.max(most, totalOrder(leaf)) : most), 0);
}

/** Whether solutions on finer grids say how wrong one is: least squares finds the one that a grid has. */
function isJudged({preset, field, decoder, optimizers}: RunOptions): boolean {
  const squares = optimizers === undefined || String(optimizers) === 'lsq' || String(optimizers) === 'gauss-newton';
  return preset === 'fast' && !isNetwork(field) && (decoder ?? linearDecoder()).type === 'linear' && squares;
}
