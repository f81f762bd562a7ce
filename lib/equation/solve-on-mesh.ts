/** One statement solved on one mesh, by what suits it: windows of time where it has initial values, or all at once. */
import {compileTerms} from '../compile/terms';
import {uniformValues} from '../compile/uniforms';
import type {Optimizer} from '../optimizers';
import type {Problem} from '../pose/problem';
import type {Checkpoint} from '../solve/checkpoint/checkpoint';
import type {Solution} from '../solve/solution';
import type {SolveOptions} from '../solve/solve';
import {solve} from '../solve/solve';
import type {Solved} from './accuracy';
import type {Advance} from './advancing';
import {advanceOf, timeAxis} from './advancing';
import type {Mesh} from './mesh';
import {cellCount} from './mesh';
import {continuationOf} from './continuation';
import {transferred} from './transfer';
import type {PosedEquation, Statement} from './posing';
import {poseOnMesh} from './posing';
import type {WindowSolver} from './window-solver';

/** What does not depend on the mesh. */
export interface MeshSolver {
  readonly statement: Statement;
  /** The problem on the mesh that a run begins with, which is posed already. */
  readonly first: {readonly mesh: Mesh; readonly posed: PosedEquation};
  readonly optimizers: readonly Optimizer[];
  /** Where it has initial values. */
  readonly windows: WindowSolver | undefined;
}

/** Solves on a mesh; `from`, a solution on another one, is where a nonlinear problem begins. */
export async function solveOnMesh(
  solver: MeshSolver,
  mesh: Mesh,
  settings: SolveOptions,
  {deadline, from}: {readonly deadline: number; readonly from: Solution | undefined},
): Promise<Solved> {
  const {statement, first, windows} = solver;
  const posing = {equations: first.posed.equations, clashes: statement.imposed.clashes};
  if (windows !== undefined && mesh[windows.values.axis].kind === 'windows')
    return {...(await windows.solve(mesh, settings, deadline)), ...posing};
  const posedAlready = mesh === first.mesh && mesh.every(({kind}) => kind === 'cells');
  const {posed} = posedAlready ? first.posed : await poseOnMesh(statement, mesh);
  const stages = settings.optimizer === undefined ? solver.optimizers : [settings.optimizer].flat();
  const how = {...settings, optimizer: stages};
  const nonlinear = !compileTerms(posed.spec).linear;
  if (!nonlinear || settings.resume !== undefined) return {solution: await solve(posed, how), mesh, ...posing};
  if (from === undefined) return {solution: await solveFromNothing(solver, posed, mesh, how), mesh, ...posing};
  const start = await transferred(from, posed, settings);
  return {solution: await solve(posed, {...how, resume: start}), mesh, ...posing};
}

/** A nonlinear problem that begins somewhere in time is led there first; of others the nonlinear terms come in by degrees. */
async function solveFromNothing(solver: MeshSolver, posed: Problem, mesh: Mesh, settings: SolveOptions): Promise<Solution> {
  const {box, conditions} = solver.statement;
  const {equations} = solver.first.posed;
  const time = timeAxis(equations, conditions, box);
  const advance =
    time === undefined
      ? continuationOf(posed, equations.length)
      : advanceOf(posed, equations.length, time, cellCount(mesh[time]), box);
  if (advance === undefined) return solve(posed, settings);
  const start = await advanced(advance, posed, settings);
  const solution = await solve(posed, {...settings, ...(start && {resume: start})});
  if (start === undefined || !['iterations', 'diverged'].includes(solution.stopReason)) return solution;
  // It was led astray: from zero it may be nearer.
  const fresh = await solve(posed, settings);
  const [better, worse] = fresh.loss < solution.loss ? [fresh, solution] : [solution, fresh];
  worse.dispose();
  return better;
}

/** Where the advance of a problem leads to, as something that the problem itself can go on from. */
async function advanced(
  {problem: moving, stages}: Advance,
  problem: Problem,
  settings: SolveOptions,
): Promise<Checkpoint | undefined> {
  using solution = await solve(moving, {...settings, optimizer: [...stages]});
  if (solution.stopReason === 'diverged') return undefined;
  const there = await solution.checkpoint();
  return {...there, problem, uniforms: uniformValues(problem.spec)};
}
