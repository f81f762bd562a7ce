/** A user's own equations, without code: from texts to a problem that is ready to be solved, judged and shown. */
import type {BoxAxis, Condition, Face} from './conditions';
import {faceName, readCondition} from './conditions';
import {imposeConditions} from './constraints';
import {compileTerms, prepareTerms} from '../compile/terms';
import {DinfError} from '../base/errors';
import type {Scope} from '../expression/scope';
import type {Edge, Grid} from '../pose/field';
import {gridEdges, linearDecoder} from '../pose/field';
import {bspline, gaussian} from '../pose/kernel';
import {checkOptions} from '../base/options';
import type {Term} from '../pose/term';
import {Problem, problem} from '../pose/problem';
import {term} from '../pose/term';
import type {EquationSpec} from '../pose/problem-spec';
import {gridCells, isLinear, sampleCount} from '../pose/problem-spec';
import type {Samples} from '../pose/sampling';
import {gauss, gaussRule, lattice, stratified} from '../pose/sampling';
import {Case} from '../cases/case';
import type {CaseOptions} from '../cases/case-options';
import {checkCaseOptions, runOptionsOf} from '../cases/case-options';
import type {Prepared, RunOptions} from '../cases/definition';
import type {SolveOptions} from '../solve/solve';
import type {AccuracyGoal, PosedProblem} from './accuracy';
import {solveToTolerance} from './accuracy';
import {assessEquation, latticeOf, readTruth} from './assessment';
import type {EquationOptions} from './equation-options';
import {EQUATION_OPTIONS} from './equation-options';
import {findUnknowns, readDomain, readExact} from './domain-and-names';
import type {March} from './march';
import {marchOf, timeAxis} from './march';
import {weighed} from './row-weights';
import {settingsOf} from './settings';
import type {NetworkPreset} from '../cases/field-options';
import {fieldFrom, fieldSettings, isNetwork} from '../cases/field-options';
import {gridFrom, halvingLevels} from '../cases/grids';
import type {StageDefaults} from '../cases/stages';
import {stagesFrom} from '../cases/stages';

/** Options of {@link equation}: the equations, and those of every problem. */
export interface EquationProblemOptions extends EquationOptions, CaseOptions {}

/**
 * A compromise, in float32 on u = sin(x + y): for 100, 1000, 10 000 the relative L2 error is 4e-5, 3e-7, 5e-7 with soft values on all
 * faces, and 2e-6, 2e-5, 1e-2 with slopes, which least squares then meets before the equation.
 */
const BOUNDARY_WEIGHT = 1000;

/** A problem on one grid. */
interface PosedEquation {
  readonly posed: Problem;
  readonly cells: number[];
  readonly interior: Samples;
  readonly equations: readonly EquationSpec[];
  readonly march: March | undefined;
}

/** Relative error of the answer, and seconds after which no finer grid is begun. */
const TOLERANCE = 1e-4;
const MOST_SECONDS = 60;

/** By number of coordinates: cells an axis, Gauss points a cell, least-squares iterations. */
const DEFAULTS = [
  {cells: 64, points: 4, iterations: 400},
  {cells: 32, points: 3, iterations: 500},
  {cells: 16, points: 3, iterations: 300},
] as const;

const NETWORK: NetworkPreset = {width: 128, hiddenLayers: 3, learningRate: 1e-4};

/** Coarsest level that default levels reach: below, B-splines of degree 5 no longer fit into the box. */
const COARSEST = 4;

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
  const {preset} = shared;
  const basis = DEFAULTS[box.length - 1];
  const edges = edgesOf(options.periodic ?? [], box, shared);
  refuseOnPeriodic(conditions, box, edges);
  const imposed = imposeConditions(conditions, box, scope, mode, uniforms);

  const volume = box.reduce((product, {lower, upper}) => product * (upper - lower), 1);
  const loss = preset === 'paper' ? ('abs' as const) : ('square' as const);
  const judged = isJudged(shared);
  const pose = async (grid: Grid): Promise<PosedEquation> => {
    const cells = gridCells(grid, box.length);
    const interior = preset === 'paper' ? stratified(cells.map((n) => basis.points * n)) : gauss(basis.points, {cells});
    // Gauss weights add up to the volume, the others to one; either way the term is a mean. Equations that are to weigh alike have a term each.
    const share = preset === 'paper' ? 1 : 1 / volume;
    const groups = judged ? equations.map((text) => [text]) : [equations];
    const terms: Term[] = [
      ...groups.map((texts, i) =>
        term(interior, texts, {name: groups.length > 1 ? `equation ${i + 1}` : 'equation', loss, weight: share}),
      ),
      ...imposed.soft.map(({face, equation: text}) =>
        term(faceSamples(face, box, cells, basis.points), text, {name: `on ${faceName(face, box)}`, loss, weight}),
      ),
    ];
    const asGiven = problem({
      domain: Object.fromEntries(box.map(({name, lower, upper}) => [name, [lower, upper] as const])),
      unknowns,
      ...fieldFrom(shared, grid, {...NETWORK, periodic: options.periodic}),
      uniforms,
      lift: imposed.lift,
      terms,
    });
    const rows = asGiven.spec.terms.slice(0, groups.length).flatMap((one) => one.equations);
    const faces = imposed.soft.map(({face}) => face);
    const posed = judged
      ? new Problem(
          weighed(asGiven.spec, {count: groups.length, share, faces, box, uniforms, cells, given: given.boundaryWeight}),
        )
      : asGiven;
    await prepareTerms(posed.spec);
    const time = judged && !compileTerms(posed.spec).linear ? timeAxis(rows, conditions, box) : undefined;
    const march = time === undefined ? undefined : marchOf(posed, groups.length, time, cells[time], box);
    return {posed, cells, interior, equations: rows, march};
  };
  const first = await pose(gridFor({...shared, edge: edges}, basis.cells));
  const {posed, cells, interior, equations: rows} = first;
  const optimizers = stagesOf(posed, shared, basis.iterations);
  const onGrid = async (finer: readonly number[]): Promise<PosedProblem> => {
    const {posed: there, march} = String(finer) === String(cells) ? first : await pose(gridOf({...shared, edge: edges}, finer));
    return {problem: there, march, equations: rows, optimizers: optimizers.map(({stage}) => stage)};
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
      solve: (settings: SolveOptions) => solveToTolerance(onGrid, goalOf(shared, cells), settings),
      resumes: true,
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
      const solved = gridCells(
        solution.problem.spec.fields[0].grid ?? gridFor({...shared, edge: edges}, basis.cells),
        box.length,
      );
      const axes = latticeOf(box, solved, basis.points);
      const assessed = await assessEquation(solution, {unknowns, equations: rows, axes, truth});
      return {...assessed, settings: {...fieldSettings(solution.problem.spec.fields[0], solved.join(' × '))}};
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

function gridFor(shared: RunOptions, cells: number): Grid {
  const levels = (most?: number): number => halvingLevels(shared.resolution ?? cells, {coarsest: COARSEST, most});
  return gridFrom(
    shared,
    shared.preset === 'paper'
      ? {resolution: cells, levels: levels(3), features: 1, kernel: gaussian(), edge: 'clamp'}
      : {resolution: cells, levels: levels(), kernel: bspline(5), edge: 'extend'},
  );
}

/** The grid of a run on other cells, as many levels as all axes halve. */
function gridOf(shared: RunOptions, cells: readonly number[]): Grid {
  const levels = shared.levels ?? Math.min(...cells.map((n) => halvingLevels(n, {coarsest: COARSEST})));
  return gridFrom(
    {...shared, resolution: undefined, levels},
    {resolution: Math.max(...cells), sides: cells, kernel: bspline(5), edge: 'extend'},
  );
}

/** What a run asks of the answer. Whoever says how fine a grid is, or how long it is iterated on, has chosen it. */
function goalOf(
  {tolerance = TOLERANCE, maxSeconds = MOST_SECONDS, resolution, levels, iterations}: RunOptions,
  cells: number[],
): AccuracyGoal {
  return {tolerance, maxSeconds, cells, fixed: [resolution, levels, iterations].some((one) => one !== undefined)};
}

/** Whether solutions on finer grids say how wrong one is: least squares finds the one that a grid has. */
function isJudged({preset, field, decoder, optimizers}: RunOptions): boolean {
  const squares = optimizers === undefined || String(optimizers) === 'lsq' || String(optimizers) === 'gauss-newton';
  return preset === 'fast' && !isNetwork(field) && (decoder ?? linearDecoder()).type === 'linear' && squares;
}

/** Gauss points of every cell along a face; the coordinate across has one point. */
function faceSamples(face: Face, box: readonly BoxAxis[], cells: readonly number[], points: number): Samples {
  const rule = gaussRule(points).points;
  return lattice(
    box.map(({lower, upper}, k) => {
      if (k === face.axis) return [box[k][face.side]];
      const place = (i: number): number => (Math.floor(i / points) + rule[i % points]) / cells[k];
      return Float64Array.from({length: cells[k] * points}, (_, i) => lower + (upper - lower) * place(i));
    }),
  );
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
