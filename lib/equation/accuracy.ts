/**
 * Solving to a tolerance: a solution on a mesh is compared with solutions on meshes of more cells along each axis, which says how wrong it
 * is and which axes to refine. A residual says neither.
 */
import {bytesText} from '../base/bytes';
import {DinfError} from '../base/errors';
import {norm} from '../base/norms';
import type {EquationSpec} from '../pose/problem-spec';
import type {ErrorEstimate} from '../solve/error-estimate';
import {checkFieldListener} from '../solve/plan';
import {Solution} from '../solve/solution';
import type {SolveOptions} from '../solve/solve';
import type {BoxAxis} from './conditions';
import type {Clash} from './constraints';
import type {Difference} from './difference';
import type {AxisError, Level} from './ladder';
import {Ladder} from './ladder';
import type {AxisMesh, Mesh} from './mesh';
import {cellCount, halved, meshKey, meshSize, meshText, refinedWhere, reopened, scaled} from './mesh';
import {howOf, LevelListener, ListenerError, throughout} from './progress';
import {isNonlinear, refusalOf} from './refusal';
import {residualNote} from './residuals';

/** A solution on a mesh. */
export interface Solved {
  readonly solution: Solution;
  /** With what the solve has decided of it. */
  readonly mesh: Mesh;
  /** Of the field, without the conditions. */
  readonly equations: readonly EquationSpec[];
  /** Where conditions disagree. */
  readonly clashes: readonly Clash[];
  /** Beyond that time nothing could be solved. */
  readonly stuckAt?: number | undefined;
  /** There cells were lacking: of each axis, how much in each cell. */
  readonly lacking?: readonly (readonly number[])[] | undefined;
  /** There the time that was given was over. */
  readonly late?: boolean | undefined;
}

/** Solves on a mesh; a march goes no further when `performance.now()` says `deadline`. */
export type SolveOn = (
  mesh: Mesh,
  settings: SolveOptions,
  /** `from`: a solution on a coarser mesh. */
  context: {readonly deadline: number; readonly from: Solution | undefined},
) => Promise<Solved>;

/** What a solve is to reach, and at what cost. */
export interface AccuracyGoal {
  /** Relative error of the answer. */
  readonly tolerance: number;
  /** After that many seconds no finer grid is begun, and a march goes no further. */
  readonly maxSeconds: number;
  /** Bytes that a factorisation may take. */
  readonly maxMemory: number;
  /** The first one. */
  readonly mesh: Mesh;
  readonly box: readonly BoxAxis[];
  /** Whether that mesh is the only one whose solution may be returned. */
  readonly fixed: boolean;
  /** Whether axes may be refined in places. */
  readonly grading: boolean;
  /** Coordinates along which the data hold what no cell of that mesh sees, where they were not to decide it. */
  readonly unseen: readonly string[];
}

/** A residual of this part of the tolerance, beside the largest term, leaves nothing to gain. */
const ROUNDED = 0.01;

/** The errors of a mesh. */
interface Compared {
  readonly mesh: Mesh;
  readonly errors: readonly AxisError[];
}

/** The least order at which errors have fallen that lets foresee how they go on. */
const FAST = 4;
/** An axis is refined where its share of the error is more than this part of the largest. */
const SHARE = 0.2;

/** An error at which a solution is seen, if not yet well: where it needs cells is known then. */
const SEEN = 0.1;

/** Cells at which it is given up that an equation that is met nowhere will be met on more. */
const MOST_UNSEEN = 2 ** 16;

/** An error at which a solution is no longer one of too few cells. */
const RESOLVED = 1e-2;

/**
 * Solves on the first mesh and estimates its error; where it is above the tolerance and meshes may be refined, goes on.
 *
 * @param solveOn the problem on a mesh.
 * @param settings of each solve; float64 where they name no precision.
 * @returns the solution, with its estimate. Stopped, it is the best that there is by then.
 */
export async function solveToTolerance(solveOn: SolveOn, goal: AccuracyGoal, settings: SolveOptions): Promise<Solution> {
  const {onProgress, onField, ...rest} = settings;
  const told = onProgress && {...rest, onProgress: throughout(onProgress)};
  const ladder = new Ladder(solveOn, goal, told ?? rest);
  const listener = onField === undefined ? undefined : new LevelListener(checkFieldListener(onField, 'solve: onField'), goal);
  try {
    return await new Climb(ladder, goal, listener).run();
  } catch (error) {
    throw error instanceof ListenerError ? error.error : error;
  } finally {
    ladder.dispose();
  }
}

/** Goes from mesh to mesh until one will do, or no better one is to be had. */
class Climb {
  private best: {readonly level: Level; readonly error: Difference; readonly unmet: string | undefined} | undefined;
  /** Meshes that were compared with finer ones, the last one and that before. */
  private now: Compared | undefined;
  private before: Compared | undefined;
  /** Why the level that was looked at last is no solution, whatever others say. */
  private unmet: string | undefined;
  /** Estimates in a row that have grown. */
  private worse = 0;
  /** The level that was compared last, and its error. */
  private found: {readonly level: Level; readonly error: Difference} | undefined;

  constructor(
    private readonly ladder: Ladder,
    private readonly goal: AccuracyGoal,
    private readonly listener: LevelListener | undefined,
  ) {}

  async run(): Promise<Solution> {
    let here = await this.ladder.at(this.goal.mesh);
    try {
      for (;;) {
        if (!this.ladder.stopped) await this.listener?.tell(here.solution, this.ladder.elapsed);
        const next = await this.look(here);
        if (next instanceof Solution) return next;
        if (this.found?.level === here) await this.listener?.tell(here.solution, this.ladder.elapsed, this.found.error);
        here = await this.ladder.at(next, here);
      }
    } catch (error) {
      if (!(error instanceof DinfError)) throw error;
      // Stopped before the first iteration of a finer grid.
      if (error.code === 'ABORTED' && this.ladder.late) return this.conclude(here, this.over);
      if (error.code === 'ABORTED' && this.ladder.stopped) return this.stop(here);
      if (error.code !== 'OUT_OF_MEMORY') throw error;
      return this.conclude(here, `a finer grid does not fit: ${error.message.replace(/\.$/, '')}`);
    }
  }

  /** What follows from a level: the solution to return, or the next mesh. */
  private async look(here: Level): Promise<Solution | Mesh> {
    const {ladder} = this;
    if (ladder.stopped) return this.stop(here);
    const refusal = await this.refusal(here);
    if (refusal !== undefined && this.best === undefined && !this.mayPass(here)) return this.refuse(here, refusal);
    const found = here.stuckAt === undefined ? await this.estimate(here) : 'stuck';
    if (found === 'stopped') return this.stop(here);
    if (found === 'enough') return this.conclude(here, 'the grid is fixed');
    if (ladder.late) return this.conclude(here, this.over);
    const next = found === 'stuck' ? this.beyond(here) : this.refined(here);
    if (typeof next === 'string') return this.conclude(here, next);
    if (meshKey(next) === meshKey(here.mesh)) return this.conclude(here, 'finer grids say no more');
    const excess = this.excess(next);
    return excess === undefined ? next : this.conclude(here, excess);
  }

  /** What a next mesh takes more than is given. */
  private excess(next: Mesh): string | undefined {
    const {ladder, goal, best} = this;
    const {maxSeconds, maxMemory} = goal;
    if (best === undefined && meshSize(next.filter(({kind}) => kind !== 'windows')) > MOST_UNSEEN)
      return 'no grid so far meets the equation';
    const bytes = ladder.foreseenBytes(next);
    if (bytes > maxMemory)
      return `the next grid would take ${bytesText(bytes)}, more than the ${bytesText(maxMemory)} that are given`;
    // Where there is no answer yet, what is left of the time is best spent on looking for one.
    const late = ladder.elapsed + (best === undefined ? 0 : ladder.foreseen(next)) > maxSeconds;
    return late ? `the next grid would take longer than the ${maxSeconds} s that are given` : undefined;
  }

  private get over(): string {
    return `the ${this.goal.maxSeconds} s that are given are over`;
  }

  /** @returns whether the solution is the one to return. */
  private async estimate(here: Level): Promise<'enough' | 'more' | 'stopped'> {
    const {ladder, goal, best} = this;
    const {errors, residuals, finerResiduals} = await ladder.compare(here);
    if (ladder.stopped) return 'stopped';
    if (ladder.late) return 'more';
    this.before = this.now;
    this.now = {mesh: here.mesh, errors};
    const error = {relativeL2: sum(errors, 'relativeL2'), max: sum(errors, 'max')};
    const unmet = residualNote(residuals, finerResiduals, {nonlinear: isNonlinear(here), tolerance: goal.tolerance});
    const chosen = goal.fixed || ladder.resumes;
    this.unmet = unmet;
    // Two solutions that see nothing of a layer agree; on another mesh they may not.
    if (unmet !== undefined && !chosen) return 'more';
    this.found = {level: here, error};
    // Before waves and layers are resolved errors may grow; after it, rounding makes them.
    const grows = best !== undefined && best.error.relativeL2 < RESOLVED && error.relativeL2 > 2 * best.error.relativeL2;
    this.worse = grows ? this.worse + 1 : 0;
    if (best === undefined || error.relativeL2 <= best.error.relativeL2) this.best = {level: here, error, unmet};
    return chosen || error.relativeL2 <= goal.tolerance ? 'enough' : 'more';
  }

  /** The next mesh, or why there is none. */
  private refined(here: Level): Mesh | string {
    const {goal} = this;
    const {tolerance} = goal;
    const {errors: axes} = this.now!;
    if (this.worse === 2) return 'finer grids are no nearer to one another';
    const across = Math.max(0, ...axes.filter((_, k) => here.mesh[k].kind !== 'windows').map(({relativeL2}) => relativeL2));
    const marches = here.mesh.some(({kind}) => kind === 'windows');
    return here.mesh.map((axis, k) => {
      const {relativeL2, gain} = axes[k];
      if (axis.kind === 'windows') return this.sharper(axis, relativeL2, across, goal.box[k]);
      if (!(relativeL2 > SHARE * across)) return axis;
      // What oscillates between cells in the course of time does so everywhere.
      const grades = goal.grading && (relativeL2 < SEEN || !marches);
      const everywhere = (): AxisMesh =>
        marches ? scaled(axis, growth(relativeL2 / tolerance)) : this.more(axis, k, relativeL2);
      return grades ? refinedWhere(axis, gain, {resolved: relativeL2 < SEEN, marches}, goal.box[k], everywhere) : everywhere();
    });
  }

  /** Twice as many cells, or fewer where errors have fallen fast enough with the last ones to tell how many will do. */
  private more(axis: Exclude<AxisMesh, {kind: 'windows'}>, k: number, error: number): AxisMesh {
    const {goal, before, now} = this;
    // Along one axis the finer solution is there already.
    if (axis.kind !== 'cells' || before === undefined || goal.box.length === 1) return halved(axis, goal.box[k]);
    const order = Math.log(before.errors[k].relativeL2 / error) / Math.log(axis.cells / cellCount(before.mesh[k]));
    const factor = (2 * sum(now!.errors, 'relativeL2')) / goal.tolerance;
    return order >= FAST ? scaled(axis, Math.min(2, Math.max(1.25, factor ** (1 / order)))) : halved(axis, goal.box[k]);
  }

  /** Windows of less error, as much less as is asked for. On too few cells across errors grow in time that finer windows do not take away. */
  private sharper(axis: Extract<AxisMesh, {kind: 'windows'}>, error: number, across: number, bounds: BoxAxis): AxisMesh {
    const {tolerance} = this.goal;
    if (error <= Math.max(0.6 * tolerance, across)) return reopened(axis);
    if (axis.tolerance === undefined) return halved(axis, bounds);
    const factor = Math.min(0.3, Math.max(1e-3, (0.3 * Math.max(tolerance, 0.1 * across)) / error));
    return {...axis, ends: undefined, tolerance: axis.tolerance * factor};
  }

  /** Whether a march that stands still may come further on a finer mesh of the other axes. */
  private mayPass({stuckAt, mesh, solution}: Level): boolean {
    return stuckAt !== undefined && mesh.length > 1 && !this.goal.fixed && solution.solver?.undetermined !== true;
  }
  /** What lies behind is too rough for the cells across: windows are chosen anew on more. */
  private beyond(here: Level): Mesh | string {
    if (!this.mayPass(here)) return refusalOf(here)!;
    const {goal} = this;
    return here.mesh.map((axis, k) => {
      if (axis.kind === 'windows') return reopened(axis);
      if (here.lacking === undefined || !goal.grading) return halved(axis, goal.box[k]);
      const {[k]: lacking} = here.lacking;
      const [limit, worst] = [limitOf(here.mesh), norm(lacking)];
      if (worst <= 0.1 * limit) return axis;
      return refinedWhere(axis, lacking, {resolved: true, marches: true}, goal.box[k], () => scaled(axis, growth(worst / limit)));
    });
  }

  /** What speaks against a solution whatever finer grids say. Steps of a nonlinear solve that rounding ends may have nothing left to gain. */
  private async refusal(level: Level): Promise<string | undefined> {
    const why = refusalOf(level);
    const {solution, stuckAt} = level;
    const ended = stuckAt === undefined && solution.stopReason === 'iterations' && isNonlinear(level);
    if (why === undefined || !ended || solution.solver?.undetermined === true) return why;
    const most = ROUNDED * this.goal.tolerance;
    const sizes = await this.ladder.residuals(level);
    return sizes.every(({rootMeanSquare, largest}) => rootMeanSquare <= most * largest) ? undefined : why;
  }

  private refuse(here: Level, why: string): Solution {
    return this.keep(here, {estimate: none(this.goal, why), notes: [why]});
  }
  /** Stopped, it is the best so far, with the error that is known of that. */
  private stop(here: Level): Solution {
    const {best, goal} = this;
    const {tolerance} = goal;
    const estimate =
      best === undefined
        ? none(goal, 'the solve was stopped before a first comparison with finer grids')
        : {...best.error, tolerance, met: false, how: `${howOf(goal.box)}; the solve was stopped then`};
    const notes = best?.unmet === undefined ? [] : [best.unmet];
    return this.keep(best?.level ?? here, {estimate, notes, stopReason: 'aborted'});
  }
  private keep(level: Level, found: Parameters<Solution['concluded']>[0]): Solution {
    const kept = this.ladder.keep(level);
    // Its own time was over, and nobody has stopped it.
    const cut = kept.stopReason === 'aborted' ? ({stopReason: 'iterations'} as const) : {};
    return kept.concluded({...cut, ...found, seconds: this.ladder.elapsed});
  }

  /** The best solution with its estimate; `why` no better one was looked for, which is said where this one is not good enough. */
  private async conclude(here: Level, why: string): Promise<Solution> {
    const {ladder, goal, best} = this;
    const {tolerance} = goal;
    const level = best?.level ?? here;
    const unmet = best === undefined ? this.unmet : best.unmet;
    const notes = [await this.refusal(level), unmet, unseenNote(goal)].filter((note) => note !== undefined);
    const estimate = best?.error.relativeL2 ?? Infinity;
    if (!(estimate <= tolerance)) {
      const found =
        best === undefined ? 'there is no error estimate' : `the relative error is estimated at ${estimate.toPrecision(2)}`;
      notes.push(`not resolved to ${tolerance}: ${found} on ${meshText(level.mesh)} cells, and ${why}`);
    }
    if (best === undefined) return this.keep(level, {estimate: none(goal, why), notes});
    const how = `${howOf(goal.box)}; ${ladder.solves} solves`;
    return this.keep(level, {estimate: {...best.error, tolerance, met: notes.length === 0, how}, notes});
  }
}

/** As many times the cells across a march as take an error that many times too large away, of splines of the degree that marches have. */
const growth = (excess: number): number => Math.min(2, Math.max(1.25, (2 * excess) ** (1 / 8)));

const limitOf = (mesh: Mesh): number =>
  mesh.reduce((limit, axis) => (axis.kind === 'windows' ? (axis.roughest ?? limit) : limit), Infinity);

/** Grids that see nothing of a source agree that there is none. */
const unseenNote = ({unseen}: AccuracyGoal): string | undefined =>
  unseen.length === 0
    ? undefined
    : `a source, a coefficient or a condition holds something along ${unseen.join(', ')} that is far smaller than a cell, and no point of the grid sees it: give a higher resolution, or leave the grid to the solve`;

const none = ({tolerance}: AccuracyGoal, how: string): ErrorEstimate => ({
  relativeL2: null,
  max: null,
  tolerance,
  met: false,
  how,
});

const sum = (axes: readonly Difference[], key: keyof Difference): number => axes.reduce((total, axis) => total + axis[key], 0);
