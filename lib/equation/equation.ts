/** A user's own equations, without code: from texts to a problem that is ready to be solved, judged and shown. */
import type {BoxAxis, Condition} from './conditions';
import {faceName, readCondition} from './conditions';
import {imposeConditions} from './constraints';
import {compileTerms} from '../compile/terms';
import {DinfError} from '../base/errors';
import {Arena} from '../expression/arena';
import {resolveSides} from '../expression/equation';
import {totalOrder} from '../expression/node';
import type {Scope} from '../expression/scope';
import {SymbolTable} from '../expression/scope';
import {leavesOf} from '../expression/substitute';
import type {Edge} from '../pose/field';
import {gridEdges, linearDecoder} from '../pose/field';
import {checkOptions} from '../base/options';
import type {Problem} from '../pose/problem';
import {gridCells, isLinear, sampleCount} from '../pose/problem-spec';
import {Case} from '../cases/case';
import type {CaseOptions} from '../cases/case-options';
import {checkCaseOptions, runOptionsOf} from '../cases/case-options';
import type {Prepared, RunOptions} from '../cases/definition';
import type {SolveOptions} from '../solve/solve';
import type {AccuracyGoal} from './accuracy';
import {solveToTolerance} from './accuracy';
import {assessEquation, latticeOf, readTruth} from './assessment';
import type {EquationOptions} from './equation-options';
import {EQUATION_OPTIONS} from './equation-options';
import {conditionMisfits} from './condition-misfits';
import {findUnknowns, readDomain, readExact} from './domain-and-names';
import {InitialValues} from './initial-values';
import type {AxisMesh} from './mesh';
import type {Statement} from './posing';
import {firstGrid, NETWORK, poseOn} from './posing';
import type {MeshSolver} from './solve-on-mesh';
import {solveOnMesh} from './solve-on-mesh';
import {settingsOf} from './settings';
import {fieldSettings, isNetwork} from '../cases/field-options';
import type {StageDefaults} from '../cases/stages';
import {stagesFrom} from '../cases/stages';

/** Options of {@link equation}: the equations, and those of every problem. */
export interface EquationProblemOptions extends EquationOptions, CaseOptions {}

/**
 * A compromise, in float32 on u = sin(x + y): for 100, 1000, 10 000 the relative L2 error is 4e-5, 3e-7, 5e-7 with soft values on all
 * faces, and 2e-6, 2e-5, 1e-2 with slopes, which least squares then meets before the equation.
 */
const BOUNDARY_WEIGHT = 1000;

/** Relative error of the answer, and seconds after which no finer grid is begun. */
const TOLERANCE = 1e-4;
const MOST_SECONDS = 60;
/** What a window may be wrong by, in the tolerance: splines approximate better in the mean than where windows are judged. */
const WINDOW_SLACK = 30;
/** Most memory of a factorisation: on fine meshes CGLS does not come to an end. */
const FACTOR_BYTES = 2 ** 32;
/** A march on too few cells across is not worth going on with. */
const ROUGHEST = 1e-3;

/** By number of coordinates: cells an axis, Gauss points a cell, least-squares iterations. */
const DEFAULTS = [
  {cells: 64, points: 4, iterations: 400},
  {cells: 32, points: 3, iterations: 500},
  {cells: 16, points: 3, iterations: 300},
] as const;

/**
 * A problem from equations and conditions as texts. Values on faces are met exactly by an automatic lift where they can be, the others by
 * least squares.
 *
 * @example
 * ```ts
 * const heat = await equation({
 *   equations: ['u_t = 0.1*u_xx'],
 *   domain: 't=0..1,x=0..1',
 *   where: ['t=0: u=sin(pi*x)', 'x=0|x=1: u=0'],
 *   exact: 'exp(-0.1*pi^2*t)*sin(pi*x)',
 * });
 * using solution = await heat.solve();
 * const {metrics} = await heat.assess(solution);
 * ```
 *
 * @throws DinfError INVALID_ARGUMENT, SYNTAX, UNKNOWN_SYMBOL, ORDER_TOO_HIGH, UNKNOWN_OPTION, EXPRESSION_TOO_LARGE (rejects)
 */
export async function equation(options: EquationProblemOptions): Promise<Case> {
  const {own, shared} = checkCaseOptions<EquationOptions>(options, 'equation', EQUATION_OPTIONS);
  return new Case(await prepareEquation(own, runOptionsOf(shared)));
}

/**
 * A problem from texts.
 *
 * @param shared the options that all problems have; what they leave open is decided by the number of coordinates.
 * @throws DinfError INVALID_ARGUMENT, SYNTAX, UNKNOWN_SYMBOL, ORDER_TOO_HIGH, UNKNOWN_OPTION, EXPRESSION_TOO_LARGE (rejects)
 */
export async function prepareEquation(options: EquationOptions, shared: RunOptions): Promise<Prepared> {
  const given = checkOptions<Partial<EquationOptions>>(options, 'equation', EQUATION_OPTIONS);
  const {
    equations,
    domain,
    where = [],
    uniforms = {},
    constraints: mode = 'hard',
    boundaryWeight: weight = BOUNDARY_WEIGHT,
  } = given;
  if (equations === undefined) throw new DinfError('INVALID_ARGUMENT', 'give at least one equation with --equation');
  if (domain === undefined) throw new DinfError('INVALID_ARGUMENT', 'an equation needs a domain, such as "x=0..1"');
  const box = readDomain(domain);
  const conditions = where.map((text) => readCondition(text, box));
  const coordinates = box.map(({name}) => name);
  const unknowns =
    options.unknowns ??
    findUnknowns(
      equations,
      conditions.map((condition) => condition.equation),
      [...coordinates, ...Object.keys(uniforms)],
    );
  const scope: Scope = {coordinates, unknowns, uniforms: Object.keys(uniforms)};
  requireEnough(equations, unknowns);
  const truth = options.exact === undefined ? undefined : readTruth(readExact(options.exact, unknowns), scope, uniforms);
  const basis = DEFAULTS[box.length - 1];
  const edges = edgesOf(options.periodic ?? [], box, shared);
  refuseOnPeriodic(conditions, box, edges);
  const imposed = imposeConditions(conditions, box, scope, mode, uniforms);

  const judged = isJudged(shared);
  const degree = judged && !isFixed(shared) ? degreeFor(shared.tolerance ?? TOLERANCE, orderOf(equations, scope)) : 5;
  const statement: Statement = {
    ...{equations, conditions, box, unknowns, uniforms, imposed, edges, shared, judged, weight},
    constraints: mode,
    periodic: options.periodic,
    givenWeight: given.boundaryWeight,
    degree,
    points: basis.points + (degree - 5) / 2,
  };
  const first = await poseOn(statement, firstGrid(statement, basis.cells));
  const {posed, cells, interior, equations: rows} = first;
  const {linear} = compileTerms(posed.spec);
  const initialValues = judged && given.windows !== 'off' ? InitialValues.of(statement, rows, linear) : undefined;
  const goal = goalOf(statement, {cells, initialValues, windows: given.windows, linear});
  const optimizers = stagesOf(posed, shared, basis.iterations);
  const meshSolver: MeshSolver = {
    statement,
    first: {mesh: goal.mesh, posed: first},
    optimizers: optimizers.map(({stage}) => (stage.type === 'gauss-newton' ? {...stage, factorBytes: FACTOR_BYTES} : stage)),
    initialValues,
  };
  return {
    problem: posed,
    optimizers,
    samplesPerIteration: posed.spec.terms.reduce((sum, one) => sum + sampleCount(one.samples, posed.spec), 0),
    headline: [
      `${equations.join(' ; ')} on ${box.map(({name, lower, upper}) => `${name} = ${lower} to ${upper}`).join(', ')}`,
      ...imposed.notes,
    ].join('. '),
    ...(judged && {
      solve: (settings: SolveOptions) => {
        const solver: MeshSolver = {...meshSolver, initialValues: initialValues?.afresh()};
        return solveToTolerance((mesh, how, context) => solveOnMesh(solver, mesh, how, context), goal, settings);
      },
      // Windows of time begin anew.
      resumes: goal.mesh.every(({kind}) => kind !== 'windows'),
    }),
    settings: settingsOf({
      equations,
      where,
      uniforms,
      unknowns,
      exact: options.exact,
      box,
      imposed,
      weight: judged ? given.boundaryWeight : weight,
      field: posed.spec.fields[0],
      cells,
      interior,
    }),
    // The term's own expressions: nothing is parsed again.
    assess: async (solution) => {
      const {grid} = solution.problem.spec.fields[0];
      const solved = grid === undefined ? cells : gridCells(grid, box.length);
      const axes = latticeOf(box, solved, basis.points);
      const assessed = await assessEquation(solution, {unknowns, equations: rows, axes, truth});
      const marched = initialValues?.isMarched(solution) === true;
      const misfits = await conditionMisfits(solution, {
        ...{conditions, box, scope},
        imposed: marched ? initialValues.imposed : imposed,
        initialAxis: marched ? initialValues.axis : undefined,
      });
      const settings = {
        ...fieldSettings(solution.problem.spec.fields[0], solved.join(' × ')),
        ...(marched && initialValues.settings(solution)),
      };
      return {...assessed, settings, ...(misfits.length > 0 && {conditions: misfits})};
    },
  };
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

/** What a run asks of the answer. Whoever says how fine a grid is, or how long it is iterated on, has chosen it. */
function goalOf(
  {shared, box}: Statement,
  {
    cells,
    initialValues,
    windows,
    linear,
  }: {
    cells: readonly number[];
    initialValues: InitialValues | undefined;
    windows: EquationOptions['windows'];
    linear: boolean;
  },
): AccuracyGoal {
  const {tolerance = TOLERANCE, maxSeconds = MOST_SECONDS, resolution} = shared;
  const fixed = isFixed(shared);
  // Splines of a march are of higher degree than others, and cells are added where they lack.
  const across = (n: number): number => (initialValues !== undefined && !fixed && box.length === 3 ? n / 2 : n);
  const mesh = cells.map((n, k): AxisMesh => {
    if (k !== initialValues?.axis || (windows === undefined && linear && fixed)) return {kind: 'cells', cells: across(n)};
    const {lower, upper} = box[k];
    const count = typeof windows === 'number' ? windows : windows === undefined && resolution !== undefined ? Math.ceil(n / 2) : undefined;
    const ends =
      count === undefined
        ? undefined
        : Array.from({length: count}, (_, i) => (i + 1 === count ? upper : lower + ((upper - lower) * (i + 1)) / count));
    if (ends !== undefined) return {kind: 'windows', ends, tolerance: undefined};
    const roughest = fixed ? undefined : Math.min(ROUGHEST, tolerance);
    return {kind: 'windows', ends, tolerance: Math.min(1e-2, WINDOW_SLACK * tolerance), roughest};
  });
  return {tolerance, maxSeconds, mesh, box, fixed, grading: shared.levels === undefined};
}

/** Whether somebody has chosen the grid, or how long it is iterated on. */
const isFixed = ({resolution, levels, iterations}: RunOptions): boolean =>
  [resolution, levels, iterations].some((one) => one !== undefined);

/** The more digits are asked for, or derivatives are taken, the more a high degree saves of cells, and of the rounding that comes with them. */
const degreeFor = (tolerance: number, order: number): number => (tolerance < 1e-10 ? 9 : tolerance < 1e-6 || order > 2 ? 7 : 5);

/** The highest order of any derivative. */
function orderOf(equations: readonly string[], scope: Scope): number {
  const arena = new Arena();
  const table = new SymbolTable(scope);
  const leaves = equations.flatMap((text) => resolveSides(text, table, arena).flatMap(leavesOf));
  return leaves.reduce((most, leaf) => (leaf.kind === 'derivative' ? Math.max(most, totalOrder(leaf)) : most), 0);
}

/** Whether solutions on finer grids say how wrong one is: least squares finds the one that a grid has. */
function isJudged({preset, field, decoder, optimizers}: RunOptions): boolean {
  const squares = optimizers === undefined || String(optimizers) === 'lsq' || String(optimizers) === 'gauss-newton';
  return preset === 'fast' && !isNetwork(field) && (decoder ?? linearDecoder()).type === 'linear' && squares;
}

function stagesOf(posed: Problem, shared: RunOptions, iterations: number): Prepared['optimizers'] {
  const folded = posed.spec.fields.every(isLinear);
  const {linear} = compileTerms(posed.spec);
  const neural = posed.spec.fields.some(({network}) => network !== undefined); // Adam takes over, with a note
  if (shared.optimizers?.includes('lsq') && !linear && !neural) {
    const why = !folded
      ? 'an MLP decoder'
      : shared.preset === 'paper'
        ? 'the absolute loss of the paper preset'
        : 'this equation';
    throw new DinfError(
      'INVALID_ARGUMENT',
      `lsq solves linear problems in one step, and ${why} is not linear: use --optimizer gauss-newton, lbfgs or adam`,
    );
  }
  const best = !folded ? 'adam' : linear ? 'lsq' : 'gauss-newton';
  const defaults: StageDefaults = {
    schedule: [shared.preset === 'paper' ? 'adam' : best],
    adam: {iterations: 10_000, learningRate: 1e-3, decaySteps: 5000},
    lsq: {iterations: 4 * iterations, tolerance: 1e-12},
    'gauss-newton': {steps: 60, iterations: 2 * iterations, tolerance: 1e-9},
    network: NETWORK,
  };
  // What is asked for is the accuracy of the answer, not of a stage.
  const own = shared.optimizers?.some((name) => name === 'adam' || name === 'lbfgs') === true || shared.preset === 'paper';
  return stagesFrom(own ? shared : {...shared, tolerance: undefined}, defaults);
}
