/** A user's own equations, without code: from texts to a problem that is ready to be solved, judged and shown. */
import {compileTerms} from '../compile/terms';
import {DinfError} from '../base/errors';
import {checkOptions} from '../base/options';
import type {Problem} from '../pose/problem';
import {gridCells, isLinear, sampleCount} from '../pose/problem-spec';
import {Case} from '../cases/case';
import type {CaseOptions} from '../cases/case-options';
import {checkCaseOptions, resolutionOf, runOptionsOf} from '../cases/case-options';
import type {Prepared, RunOptions} from '../cases/definition';
import {fieldSettings} from '../cases/field-options';
import type {StageDefaults} from '../cases/stages';
import {stagesFrom} from '../cases/stages';
import type {SolveOptions} from '../solve/solve';
import {solveToTolerance} from './accuracy';
import {assessEquation, latticeOf} from './assessment';
import {conditionMisfits} from './condition-misfits';
import type {EquationOptions} from './equation-options';
import {EQUATION_OPTIONS} from './equation-options';
import {goalOf} from './goal';
import {InitialValues} from './initial-values';
import {firstGrid, NETWORK, poseOn} from './posing';
import {settingsOf} from './settings';
import type {MeshSolver} from './solve-on-mesh';
import {solveOnMesh} from './solve-on-mesh';
import {DEFAULTS, readStatement} from './statement';
import {WindowSolver} from './window-solver';

/** Why errors are not estimated where no least squares on grids solves. */
const UNJUDGED =
  'none was made: Adam, L-BFGS, networks, MLP decoders and the paper preset come to no end that finer grids could be compared with';

/** Options of {@link equation}: the equations, and those of every problem. */
export interface EquationProblemOptions extends EquationOptions, CaseOptions {}

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
  const {resolution, ...others} = shared;
  return new Case(await prepareEquation(own, {...runOptionsOf(others), ...resolutionOf(resolution)}));
}

/**
 * A problem from texts.
 *
 * @param shared the options that all problems have; what they leave open is decided by the number of coordinates.
 * @throws DinfError INVALID_ARGUMENT, SYNTAX, UNKNOWN_SYMBOL, ORDER_TOO_HIGH, UNKNOWN_OPTION, EXPRESSION_TOO_LARGE (rejects)
 */
export async function prepareEquation(options: EquationOptions, shared: RunOptions): Promise<Prepared> {
  const given = checkOptions<Partial<EquationOptions>>(options, 'equation', EQUATION_OPTIONS);
  const {statement, truth, scope} = readStatement(given, shared);
  const {equations, box, conditions, imposed, judged, unknowns, uniforms, givenWeight, weight} = statement;
  const basis = DEFAULTS[box.length - 1];
  const first = await poseOn(statement, firstGrid(statement, basis.cells));
  const {posed, cells, interior, equations: rows} = first;
  const {linear} = compileTerms(posed.spec);
  const initialValues = judged && given.windows !== 'off' ? InitialValues.of(statement, rows, linear) : undefined;
  const goal = goalOf(statement, {cells, initialValues, linear, windows: given.windows, grading: given.grading !== 'off'});
  const optimizers = stagesOf(posed, shared, basis.iterations);
  const meshOn = (maxMemory: number): Omit<MeshSolver, 'windows'> => ({
    statement,
    first: {mesh: goal.mesh, posed: first},
    optimizers: optimizers.map(({stage}) => (stage.type === 'gauss-newton' ? {...stage, factorBytes: maxMemory} : stage)),
  });
  return {
    problem: posed,
    optimizers,
    samplesPerIteration: posed.spec.terms.reduce((sum, one) => sum + sampleCount(one.samples, posed.spec), 0),
    headline: [
      `${equations.join(' ; ')} on ${box.map(({name, lower, upper}) => `${name} = ${lower} to ${upper}`).join(', ')}`,
      ...imposed.notes,
      ...statement.gauges.map((name) => `${name} is free up to a constant, and taken to be 0 in the middle`),
    ].join('. '),
    ...(!judged && {unestimated: UNJUDGED}),
    ...(judged && {
      solve: (settings: SolveOptions, mostBytes = Infinity) => {
        const maxMemory = Math.min(goal.maxMemory, mostBytes);
        const solver: MeshSolver = {
          ...meshOn(maxMemory),
          windows: initialValues && new WindowSolver(initialValues, maxMemory),
        };
        return solveToTolerance((mesh, how, context) => solveOnMesh(solver, mesh, how, context), {...goal, maxMemory}, settings);
      },
      // Windows of time begin anew.
      resumes: goal.mesh.every(({kind}) => kind !== 'windows'),
    }),
    settings: settingsOf({
      equations,
      where: conditions.map(({text}) => text),
      uniforms,
      unknowns,
      exact: options.exact,
      box,
      imposed,
      weight: judged ? givenWeight : weight,
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
