/** A user's own equations, without code: from texts to a problem that is ready to be solved, judged and shown. */
import type {BoxAxis, Condition, ConstraintMode, Face, Imposed} from '../constraints';
import {CONSTRAINT_MODES, faceName, imposeConditions, readCondition} from '../constraints';
import {compileProblem} from '../compile';
import {DinfError} from '../errors';
import {toText} from '../expression';
import type {Scope} from '../expression/scope';
import type {Edge, Grid} from '../field';
import {edgeText, gridEdges, linearDecoder} from '../field';
import {bspline, gaussian, kernelText} from '../kernel';
import {checkChoice, checkNumber, rejectUnknown} from '../options';
import type {Problem, Term} from '../problem';
import {problem, term} from '../problem';
import {gridCells, sampleCount} from '../problem-spec';
import type {Samples} from '../sampling';
import {gauss, gaussRule, lattice, stratified} from '../sampling';
import type {Prepared, RunOptions} from './definition';
import {assessEquation, latticeOf, readTruth} from './equation-assessment';
import type {DomainText} from './equation-names';
import {findUnknowns, readDomain, readExact} from './equation-names';
import type {StageDefaults} from './shared';
import {gridFrom, stagesFrom} from './shared';

/** What a user says of a problem of their own. */
export interface EquationOptions {
  /** One or several; as many as unknowns at least. */
  equations: readonly string[];
  /** `t=0..1,x=-pi..pi`, or bounds by coordinate; 1 to 3 coordinates. */
  domain: DomainText;
  /** `FACE[|FACE...]: EQUATION`, a FACE being COORDINATE=BOUND. */
  where?: readonly string[];
  /** Default: found in the equations; see {@link findUnknowns}. */
  unknowns?: readonly string[];
  /** Named numbers that the equations may use. */
  uniforms?: Readonly<Record<string, number>>;
  /** A known answer, for metrics and pictures alone: an expression, or one for each unknown. */
  exact?: string | Readonly<Record<string, string>>;
  /**
   * `hard` (default): values on faces are met exactly where they can be, the field multiplied by polynomials. `r-function`, `paper`: the
   * same with an R-function or the paper's 1 − exp(−d²/0.01). `soft`: everything by least squares.
   */
  constraints?: ConstraintMode;
  /** Weight of the mean square of a soft condition on its face, beside 1 for the mean square residual. Default 1000. */
  boundaryWeight?: number;
  /** Coordinates along which everything repeats: the solution and its derivatives are the same on both of their faces. */
  periodic?: readonly string[];
}

const OPTION_NAMES = [
  'equations',
  'domain',
  'where',
  'unknowns',
  'uniforms',
  'exact',
  'constraints',
  'boundaryWeight',
  'periodic',
] as const;

/**
 * A compromise, in float32 on u = sin(x + y): for 100, 1000, 10 000 the relative L2 error is 4e-5, 3e-7, 5e-7 with soft values on all
 * faces, and 2e-6, 2e-5, 1e-2 with slopes, which least squares then meets before the equation.
 */
const BOUNDARY_WEIGHT = 1000;

/** By number of coordinates: cells an axis, Gauss points a cell, least-squares iterations. */
const DEFAULTS = [
  {cells: 64, points: 4, iterations: 400},
  {cells: 32, points: 3, iterations: 500},
  {cells: 16, points: 3, iterations: 300},
] as const;

/** Coarsest level that default levels reach: below, B-splines of degree 5 no longer fit into the box. */
const COARSEST = 4;

/**
 * A problem from texts.
 *
 * @param shared the options that all problems have; what they leave open is decided by the number of coordinates.
 * @throws INVALID_ARGUMENT, SYNTAX, UNKNOWN_SYMBOL, ORDER_TOO_HIGH, UNKNOWN_OPTION, EXPRESSION_TOO_LARGE
 */
export function prepareEquation(options: EquationOptions, shared: RunOptions): Prepared {
  rejectUnknown(options, OPTION_NAMES, 'an equation');
  const {equations, where = [], uniforms = {}} = options;
  if (equations.length === 0) throw new DinfError('INVALID_ARGUMENT', 'give at least one equation with --equation');
  const mode = checkChoice(options.constraints ?? 'hard', '--constraints', CONSTRAINT_MODES);
  const weight = checkNumber(options.boundaryWeight ?? BOUNDARY_WEIGHT, '--boundary-weight', 0);
  for (const [name, value] of Object.entries(uniforms)) checkNumber(value, `the uniform ${name}`);
  const box = readDomain(options.domain);
  const conditions = where.map((text) => readCondition(text, box));
  const coordinates = box.map(({name}) => name);
  const unknowns =
    options.unknowns ??
    findUnknowns(
      equations,
      conditions.map(({equation}) => equation),
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

  const grid = gridFor({...shared, edge: edges}, basis.cells);
  const cells = gridCells(grid, box.length);
  const interior = preset === 'paper' ? stratified(cells.map((n) => basis.points * n)) : gauss(basis.points, {cells});
  const volume = box.reduce((product, {lower, upper}) => product * (upper - lower), 1);
  const loss = preset === 'paper' ? ('abs' as const) : ('square' as const);
  const terms: Term[] = [
    // Gauss weights add up to the volume, the others to one; either way the term is a mean.
    term(interior, equations, {name: 'equation', loss, weight: preset === 'paper' ? 1 : 1 / volume}),
    ...imposed.soft.map(({face, equation}) =>
      term(faceSamples(face, box, cells, basis.points), equation, {name: `on ${faceName(face, box)}`, loss, weight}),
    ),
  ];
  const posed = problem({
    domain: Object.fromEntries(box.map(({name, lower, upper}) => [name, [lower, upper] as const])),
    unknowns,
    field: grid,
    decoder: shared.decoder ?? linearDecoder(),
    uniforms,
    lift: imposed.lift,
    terms,
  });
  const optimizers = stagesOf(posed, shared, basis.iterations);
  const axes = latticeOf(box, cells, basis.points);
  return {
    problem: posed,
    optimizers,
    samplesPerIteration: posed.spec.terms.reduce((sum, one) => sum + sampleCount(one.samples, posed.spec), 0),
    headline: [
      `${equations.join(' ; ')} on ${box.map(({name, lower, upper}) => `${name} = ${lower} to ${upper}`).join(', ')}`,
      ...imposed.notes,
    ].join('. '),
    settings: settingsOf({
      equations,
      where,
      uniforms,
      unknowns,
      exact: options.exact,
      box,
      imposed,
      weight,
      grid,
      cells,
      interior,
    }),
    assess: (solution) => assessEquation(solution, {unknowns, equations, axes, truth}),
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

/** What the run or its preset says, and periodic where that was asked for. */
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
  const finest = shared.resolution ?? cells;
  let levels = 1;
  while (finest % 2 ** levels === 0 && finest / 2 ** levels >= COARSEST) levels++;
  return gridFrom(
    shared,
    shared.preset === 'paper'
      ? {resolution: finest, levels: Math.min(levels, 3), features: 1, kernel: gaussian(), edge: 'clamp'}
      : {resolution: finest, levels, kernel: bspline(5), edge: 'extend'},
  );
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
  const folded = posed.spec.fields.every(({decoder}) => decoder.type === 'linear');
  const {linear} = compileProblem(posed.spec, {dtype: 'float64', threads: 1, seed: 0});
  if (shared.optimizers?.includes('lsq') && !linear) {
    const why = !folded
      ? 'an MLP decoder'
      : shared.preset === 'paper'
        ? 'the absolute loss of the paper preset'
        : 'this equation';
    throw new DinfError(
      'INVALID_ARGUMENT',
      `lsq solves linear problems in one step, and ${why} is not linear: use --optimizer gauss-newton or adam`,
    );
  }
  const best = !folded ? 'adam' : linear ? 'lsq' : 'gauss-newton';
  const defaults: StageDefaults = {
    schedule: [shared.preset === 'paper' ? 'adam' : best],
    adam: {iterations: 10_000, learningRate: 1e-3, decaySteps: 5000},
    lsq: {iterations, tolerance: 1e-9},
    'gauss-newton': {steps: 12, iterations: Math.round(iterations / 2), tolerance: 1e-6},
  };
  return stagesFrom(shared, defaults);
}

function settingsOf(given: {
  equations: readonly string[];
  where: readonly string[];
  uniforms: Readonly<Record<string, number>>;
  unknowns: readonly string[];
  exact: EquationOptions['exact'];
  box: readonly BoxAxis[];
  imposed: Imposed;
  weight: number;
  grid: Grid;
  cells: readonly number[];
  interior: Samples;
}): Record<string, string | number> {
  const {imposed, grid, box, interior, exact} = given;
  const {kernel} = grid;
  const optional: Record<string, string | number | undefined> = {
    equations: given.equations.join(' ; '),
    domain: box.map(({name, lower, upper}) => `${name}=${lower}..${upper}`).join(', '),
    where: given.where.length > 0 ? given.where.join(' ; ') : undefined,
    unknowns: given.unknowns.join(', '),
    uniforms:
      Object.entries(given.uniforms)
        .map(([name, value]) => `${name}=${value}`)
        .join(', ') || undefined,
    exact:
      typeof exact === 'object'
        ? Object.entries(exact)
            .map(([name, text]) => `${name}=${text}`)
            .join('; ')
        : exact,
    hardConditions: imposed.hard.join(', ') || 'none',
    softConditions: imposed.soft.map(({face, equation}) => `${equation} on ${faceName(face, box)}`).join(', ') || 'none',
    notes: imposed.notes.join('; ') || undefined,
    lift:
      Object.entries(imposed.lift)
        .map(([name, lift]) => `${name} = ${shortened(toText(lift, {lets: true}))}`)
        .join(' ; ') || undefined,
    boundaryWeight: imposed.soft.length > 0 ? given.weight : undefined,
    kernel: kernelText(kernel),
    edge: edgeText(grid),
    resolution: given.cells.join(' × '),
    levels: grid.levels,
    features: grid.features,
    samples: interior.kind === 'gauss' ? `${interior.points} Gauss points a cell and axis` : 'stratified, drawn anew',
  };
  return Object.fromEntries(
    Object.entries(optional).filter((entry): entry is [string, string | number] => entry[1] !== undefined),
  );
}

const shortened = (text: string): string => (text.length > 300 ? `${text.slice(0, 300)}…` : text);
