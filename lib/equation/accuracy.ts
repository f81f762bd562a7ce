/**
 * Solving to a tolerance: a solution on a grid is compared with solutions on grids of twice the cells along each axis, which says how wrong it
 * is and which axes to refine. A residual says neither.
 */
import {DinfError} from '../base/errors';
import type {Expression} from '../expression/node';
import type {Optimizer} from '../optimizers';
import {uniformValues} from '../compile/uniforms';
import type {Problem} from '../pose/problem';
import type {EquationSpec} from '../pose/problem-spec';
import {lattice, linspace} from '../pose/sampling';
import type {Checkpoint} from '../solve/checkpoint/checkpoint';
import type {ErrorEstimate} from '../solve/error-estimate';
import type {Solution} from '../solve/solution';
import type {SolveOptions} from '../solve/solve';
import {solve} from '../solve/solve';
import type {March} from './march';

/** A problem on a grid, and how it is solved. */
export interface PosedProblem {
  readonly problem: Problem;
  readonly optimizers: readonly Optimizer[];
  /** Of the field, without the conditions. */
  readonly equations: readonly EquationSpec[];
  /** What is solved before, for the field to begin at. Default: it begins at zero. */
  readonly march?: March | undefined;
}

/** What a solve is to reach, and at what cost. */
export interface AccuracyGoal {
  /** Relative error of the answer. */
  readonly tolerance: number;
  /** After that many seconds no finer grid is begun. */
  readonly maxSeconds: number;
  /** Cells an axis of the first grid. */
  readonly cells: readonly number[];
  /** Whether that grid is the only one whose solution may be returned. */
  readonly fixed: boolean;
}

/** Points an axis at which solutions are compared, by number of coordinates: primes, so that few of them are nodes of any grid. */
const POINTS = [1009, 101, 31] as const;

/** An axis is refined where its share of the error is more than this part of the largest. */
const SHARE = 0.2;

/** A residual of that part of the equation's largest term is no rounding and no lack of cells: the equation is not solved. */
const UNSOLVED = 0.3;

/** An error at which a solution is no longer one of too few cells. */
const RESOLVED = 1e-2;

/** How the time of a solve grows with its unknowns. */
const GROWTH = 1.5;

/** One grid's solution. */
interface Level {
  readonly cells: readonly number[];
  readonly solution: Solution;
  readonly values: Readonly<Record<string, Float64Array>>;
  readonly seconds: number;
  readonly equations: readonly EquationSpec[];
}

/** How two solutions differ. */
interface Difference {
  readonly relativeL2: number;
  readonly max: number;
}

/**
 * Solves on the first grid and estimates its error; where it is above the tolerance and grids may be refined, goes on.
 *
 * @param pose the problem on a grid of these cells an axis.
 * @param settings of each solve; float64 where they name no precision.
 * @returns the solution, with its estimate. Stopped, it is the best that there is by then.
 */
export async function solveToTolerance(
  pose: (cells: readonly number[]) => Promise<PosedProblem>,
  goal: AccuracyGoal,
  settings: SolveOptions,
): Promise<Solution> {
  const ladder = new Ladder(pose, settings);
  try {
    return await new Climb(ladder, goal).run();
  } finally {
    ladder.dispose();
  }
}

/** Goes from grid to grid until one will do, or no better one is to be had. */
class Climb {
  private best: {readonly level: Level; readonly error: Difference} | undefined;
  private axes: readonly Difference[] = [];
  /** Estimates in a row that have grown. */
  private worse = 0;

  constructor(
    private readonly ladder: Ladder,
    private readonly goal: AccuracyGoal,
  ) {}

  async run(): Promise<Solution> {
    let here = await this.ladder.at(this.goal.cells);
    try {
      for (;;) {
        const refusal = refusalOf(here);
        if (refusal !== undefined && this.best === undefined) return this.refuse(here, refusal);
        const found = await this.estimate(here);
        if (this.ladder.stopped) return this.stop(here);
        if (found) return await this.conclude(here, 'the grid is fixed');
        const next = this.refined(here);
        if (typeof next === 'string') return await this.conclude(here, next);
        here = await this.ladder.at(next);
      }
    } catch (error) {
      if (!(error instanceof DinfError)) throw error;
      // Stopped before the first iteration of a finer grid.
      if (error.code === 'ABORTED' && this.ladder.stopped) return this.stop(here);
      if (error.code !== 'OUT_OF_MEMORY') throw error;
      return this.conclude(here, `a finer grid does not fit: ${error.message.replace(/\.$/, '')}`);
    }
  }

  /** @returns whether the solution is the one to return. */
  private async estimate(here: Level): Promise<boolean> {
    const {ladder, goal, best} = this;
    this.axes = ladder.stopped ? [] : await ladder.errorsAlongAxes(here);
    if (ladder.stopped) return false;
    const error = {relativeL2: sum(this.axes, 'relativeL2'), max: sum(this.axes, 'max')};
    // Before waves and layers are resolved errors may grow; after it, rounding makes them.
    const grows = best !== undefined && best.error.relativeL2 < RESOLVED && error.relativeL2 > 2 * best.error.relativeL2;
    this.worse = grows ? this.worse + 1 : 0;
    if (best === undefined || error.relativeL2 <= best.error.relativeL2) this.best = {level: here, error};
    return goal.fixed || ladder.resumes || error.relativeL2 <= goal.tolerance;
  }

  /** Cells of the next grid, or why there is none. */
  private refined(here: Level): number[] | string {
    const {ladder, axes, goal} = this;
    if (this.worse === 2) return 'finer grids are no nearer to one another';
    const largest = Math.max(...axes.map(({relativeL2}) => relativeL2));
    const cells = here.cells.map((n, k) => (axes[k].relativeL2 > SHARE * largest ? 2 * n : n));
    const late = ladder.elapsed + ladder.foreseen(cells) > goal.maxSeconds;
    return late ? `the next grid would take longer than the ${goal.maxSeconds} s that are given` : cells;
  }

  private refuse(here: Level, why: string): Solution {
    return this.ladder.keep(here).concluded(none(this.goal, why), [why], here.solution.stopReason);
  }
  private stop(here: Level): Solution {
    return this.ladder.keep(this.best?.level ?? here).concluded(none(this.goal, 'the solve was stopped'), [], 'aborted');
  }

  /** The best solution with its estimate; `why` no better one was looked for, which is said where this one is not good enough. */
  private async conclude(here: Level, why: string): Promise<Solution> {
    const {ladder, goal, best} = this;
    const {tolerance} = goal;
    const level = best?.level ?? here;
    const notes = [refusalOf(level), await residualNote(level)].filter((note) => note !== undefined);
    const estimate = best?.error.relativeL2 ?? Infinity;
    if (!(estimate <= tolerance)) {
      const found =
        best === undefined ? 'there is no error estimate' : `the relative error is estimated at ${estimate.toPrecision(2)}`;
      notes.push(`not resolved to ${tolerance}: ${found} on ${level.cells.join(' × ')} cells, and ${why}`);
    }
    const kept = ladder.keep(level);
    if (best === undefined) return kept.concluded(none(goal, why), notes);
    const axes = kept.problem.spec.domain.map(({name}) => name).join(', ');
    const how = `difference to solutions with twice the cells along ${axes}; ${ladder.solves} solves`;
    return kept.concluded({...best.error, tolerance, met: notes.length === 0, how}, notes);
  }
}

const none = ({tolerance}: AccuracyGoal, how: string): ErrorEstimate => ({
  relativeL2: null,
  max: null,
  tolerance,
  met: false,
  how,
});

const sum = (axes: readonly Difference[], key: keyof Difference): number => axes.reduce((total, axis) => total + axis[key], 0);

/** What speaks against a solution whatever finer grids say. */
function refusalOf({solution}: Level): string | undefined {
  if (solution.solver?.undetermined === true)
    return 'the equations and conditions leave the solution free: a condition is missing, or says what others say already';
  if (solution.stopReason === 'diverged') return `the solve diverged: ${solution.message}`;
  if (solution.stopReason === 'iterations')
    return `the solve had not converged after ${solution.iterations} iterations: give more with --iterations`;
  return undefined;
}

/** A nonlinear solve may end where no small step helps and the equation is not solved. */
async function residualNote({solution, equations}: Level): Promise<string | undefined> {
  if (solution.outcome.schedule.every((stage) => stage.type !== 'gauss-newton' || stage.steps === 1)) return undefined;
  const places = placesOf(solution.problem);
  let worst = 0;
  for (const {residual} of equations) {
    const addends = addendsOf(residual);
    if (addends.length < 2) continue;
    const values = Object.values(await solution.evaluate(places, {expressions: [residual, ...addends]}));
    const [left, ...terms] = values.map(rootMeanSquare);
    const largest = Math.max(...terms);
    if (left > 1e-9 && largest > 0) worst = Math.max(worst, left / largest);
  }
  if (worst <= UNSOLVED) return undefined;
  return `the residual is ${Math.round(100 * worst)} % of the equation's largest term: this is where Gauss–Newton stood still, no solution. Give a shorter range of time, or a start that is nearer`;
}

/** What a residual is the sum of, signs left out. */
function addendsOf(residual: Expression): Expression[] {
  if (residual.kind !== 'operation') return [residual];
  const {operator, operands} = residual;
  return operator === 'add' || operator === 'sub' || operator === 'neg' ? operands.flatMap(addendsOf) : [residual];
}

function rootMeanSquare(values: Float64Array): number {
  return Math.sqrt(values.reduce((total, value) => total + value * value, 0) / values.length);
}

function placesOf({spec: {domain}}: Problem): ReturnType<typeof lattice> {
  return lattice(domain.map(({lower, upper}) => linspace(lower, upper, POINTS[domain.length - 1])));
}

/** Solutions by their grids; each is found once. */
class Ladder {
  solves = 0;
  private readonly levels = new Map<string, Level>();
  private readonly began = performance.now();
  private kept: Solution | undefined;

  constructor(
    private readonly pose: (cells: readonly number[]) => Promise<PosedProblem>,
    private readonly settings: SolveOptions,
  ) {}

  /** Seconds since the first solve began. */
  get elapsed(): number {
    return (performance.now() - this.began) / 1000;
  }
  /** Whether the first solve goes on from a field, whose grid then is the one. */
  get resumes(): boolean {
    return this.settings.resume !== undefined;
  }
  get stopped(): boolean {
    return (
      this.settings.signal?.aborted === true || [...this.levels.values()].some(({solution}) => solution.stopReason === 'aborted')
    );
  }

  /** The solution on a grid. */
  async at(cells: readonly number[]): Promise<Level> {
    const known = this.levels.get(String(cells));
    if (known !== undefined) return known;
    const began = performance.now();
    const {problem, optimizers, equations, march} = await this.pose(cells);
    const {optimizer = optimizers, resume, checkpoint, ...settings} = defined(this.settings);
    // What a solve goes on from, and what is saved on the way, is the first grid's.
    const first = this.solves === 0 ? {resume, checkpoint} : {};
    const dtype = resume === undefined ? ('float64' as const) : undefined;
    const how: SolveOptions = {...(dtype && {dtype}), ...settings};
    const start = first.resume === undefined && march !== undefined ? await marched(march, problem, how) : undefined;
    const stages = [optimizer].flat();
    let solution = await solve(problem, {...how, ...first, ...(start && {resume: start}), optimizer: stages});
    if (start !== undefined && ['iterations', 'diverged'].includes(solution.stopReason)) {
      // The march led astray: from zero it may be nearer.
      const fresh = await solve(problem, {...how, optimizer: stages});
      const [better, worse] = fresh.loss < solution.loss ? [fresh, solution] : [solution, fresh];
      worse.dispose();
      solution = better;
    }
    this.solves += 1;
    const unknowns = problem.spec.fields.flatMap((field) => field.unknowns);
    const values = await solution.evaluate(placesOf(problem), {expressions: unknowns});
    const level = {cells, solution, values, equations, seconds: (performance.now() - began) / 1000};
    this.levels.set(String(cells), level);
    return level;
  }

  /** How much a solution changes where an axis has twice the cells. */
  async errorsAlongAxes(level: Level): Promise<Difference[]> {
    const errors: Difference[] = [];
    for (const axis of level.cells.keys()) {
      const finer = await this.at(doubled(level.cells, axis));
      if (this.stopped) return errors;
      errors.push(difference(level, finer));
    }
    return errors;
  }

  /** Seconds that a grid and those that it is compared with will take where they are not known yet, by what the largest one took. */
  foreseen(cells: readonly number[]): number {
    const size = (grid: readonly number[]): number => grid.reduce((product, n) => product * n, 1);
    const wanted = [cells, ...cells.map((_, axis) => doubled(cells, axis))].filter((grid) => !this.levels.has(String(grid)));
    const [largest] = [...this.levels.values()].sort((a, b) => size(b.cells) - size(a.cells));
    return wanted.reduce((total, grid) => total + largest.seconds * (size(grid) / size(largest.cells)) ** GROWTH, 0);
  }

  /** Hands a solution over: all others are disposed of. */
  keep({solution}: Level): Solution {
    this.kept = solution;
    return solution;
  }

  dispose(): void {
    for (const {solution} of this.levels.values()) if (solution !== this.kept) solution.dispose();
  }
}

/** Where the march of a problem leads to, as something that the problem itself can go on from. */
async function marched(
  {problem: moving, stages}: March,
  problem: Problem,
  settings: SolveOptions,
): Promise<Checkpoint | undefined> {
  using solution = await solve(moving, {...settings, optimizer: [...stages]});
  if (solution.stopReason === 'diverged') return undefined;
  const there = await solution.checkpoint();
  return {...there, problem, uniforms: uniformValues(problem.spec)};
}

/** Of the worst unknown. Its size is that of the finer solution, or of its rounding where it is nothing else beside the others. */
function difference(coarse: Level, fine: Level): Difference {
  const sizes = Object.values(fine.values).map(rootMeanSquare);
  const floor = 1e-10 * Math.max(...sizes);
  // Nobody is nearer to an answer than the numbers that it is given in.
  let relativeL2 = coarse.solution.dtype === 'float64' ? 2 ** -52 : 2 ** -23;
  let max = 0;
  Object.entries(fine.values).forEach(([name, values], i) => {
    const gap = values.map((value, k) => Math.abs(value - coarse.values[name][k]));
    const size = Math.max(sizes[i], floor);
    if (size > 0) relativeL2 = Math.max(relativeL2, rootMeanSquare(gap) / size);
    max = gap.reduce((most, value) => Math.max(most, value), max);
  });
  return {relativeL2: Number.isFinite(relativeL2) ? relativeL2 : Infinity, max};
}

const doubled = (cells: readonly number[], axis: number): number[] => cells.map((n, k) => (k === axis ? 2 * n : n));

/** Without what is undefined, which would hide a default. */
function defined(settings: SolveOptions): SolveOptions {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
