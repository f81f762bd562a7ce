/** Solutions by their meshes; each is found once. */
import {DinfError} from '../base/errors';
import {lattice} from '../pose/sampling';
import type {Solution} from '../solve/solution';
import type {SolveOptions} from '../solve/solve';
import type {AccuracyGoal, Solved, SolveOn} from './accuracy';
import type {BoxAxis} from './conditions';
import type {Difference, Values} from './difference';
import {difference, placesOf, variation} from './difference';
import type {Mesh} from './mesh';
import {breaksOf, finerAlong, meshKey, meshSize} from './mesh';
import type {ResidualSize} from './residuals';
import {residualSizes} from './residuals';

/** How the time of a solve grows with its unknowns. */
const GROWTH = 1.5;
/** Of the memory of a factor, with the cells of a mesh of one, two, three axes (George 1973, and his like in three dimensions). */
const BYTES_GROWTH = [1, 1.15, 4 / 3];

/** A solve that began in time has this much of what was left; milliseconds beyond which a timer cannot be set. */
const LATER = 2;
/** and that much of what the coarser one took. */
const EXPECTED = 8;
/** Seconds of a solve that are worth such patience. */
const SOON = 2;
const LONGEST = 2 ** 31 - 1;

/** One mesh's solution. */
export interface Level extends Solved {
  readonly seconds: number;
}

/** How a level differs from one with more cells along an axis. */
export interface AxisError extends Difference {
  /** Of each cell of that axis, what there is to gain. */
  readonly gain: readonly number[];
}

/** A level beside those with more cells along one axis each. */
export interface Comparison {
  /** One for each axis. */
  readonly errors: readonly AxisError[];
  /** Of the level, and of each of the others, at the same places. */
  readonly residuals: readonly ResidualSize[];
  readonly finerResiduals: readonly (readonly ResidualSize[])[];
}

/** A signal that is aborted with another one, or after some time. */
class TimeLimit {
  /** Whether the time was over first. */
  over = false;
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout | undefined;
  private readonly forward = (): void => {
    this.controller.abort(this.user?.reason);
  };

  constructor(
    milliseconds: number,
    private readonly user: AbortSignal | undefined,
  ) {
    if (user?.aborted === true) this.forward();
    user?.addEventListener('abort', this.forward, {once: true});
    if (milliseconds > LONGEST) return;
    this.timer = setTimeout(
      () => {
        this.over = true;
        this.controller.abort();
      },
      Math.max(0, milliseconds),
    );
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  clear(): void {
    clearTimeout(this.timer);
    this.user?.removeEventListener('abort', this.forward);
  }
}

/** All that has been solved. */
export class Ladder {
  solves = 0;
  /** Whether a march has ended for want of time. */
  late = false;
  private readonly box: readonly BoxAxis[];
  private readonly deadline: number;
  private readonly fixed: boolean;
  private readonly levels = new Map<string, Level>();
  private readonly began = performance.now();
  /** Whether any level has been compared with finer ones. */
  private estimated = false;
  private kept: Solution | undefined;

  constructor(
    private readonly solveOn: SolveOn,
    {box, maxSeconds, fixed}: AccuracyGoal,
    private readonly settings: SolveOptions,
  ) {
    this.fixed = fixed;
    this.box = box;
    this.deadline = this.began + 1000 * maxSeconds;
  }

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
      this.settings.signal?.aborted === true ||
      (!this.late && [...this.levels.values()].some(({solution}) => solution.stopReason === 'aborted'))
    );
  }

  /** The solution on a mesh; `coarser`: one to begin at. */
  async at(mesh: Mesh, coarser?: Level): Promise<Level> {
    const known = this.levels.get(meshKey(mesh));
    if (known !== undefined) return known;
    const began = performance.now();
    const {resume, checkpoint, ...settings} = defined(this.settings);
    // What a solve goes on from, and what is saved on the way, is the first grid's.
    const first = this.solves === 0 ? {resume, checkpoint} : {};
    const dtype = resume === undefined ? ('float64' as const) : undefined;
    const context = {deadline: this.deadline, from: coarser?.solution};
    // A first estimate there is to be in any case, if it takes no longer than was to be expected.
    const before = coarser === undefined ? Infinity : Math.min(coarser.seconds, SOON);
    const expected = this.estimated ? 0 : 1000 * (1 + EXPECTED * before);
    const left = this.fixed ? Infinity : Math.max(expected, LATER * (this.deadline - performance.now()));
    const limit = new TimeLimit(left, settings.signal);
    const how = defined({dtype, ...settings, ...first, signal: limit.signal});
    const solved = await this.solveOn(mesh, how, context).finally(() => {
      limit.clear();
      this.late ||= limit.over;
    });
    this.late ||= solved.late === true;
    this.solves += 1;
    if (this.fixed && first.checkpoint !== undefined) await saved(solved, first.checkpoint);
    const level = {...solved, seconds: (performance.now() - began) / 1000};
    this.levels.set(meshKey(solved.mesh), level);
    return level;
  }

  /** The residuals of a level. */
  residuals(level: Level): Promise<ResidualSize[]> {
    return residualSizes(level, placesOf(level.mesh, this.box), this.box);
  }

  /** How much a solution changes where an axis has more cells. Stopped, it is not known of all axes. */
  async compare(level: Level): Promise<Comparison> {
    const {box} = this;
    const errors: AxisError[] = [];
    const finerResiduals: ResidualSize[][] = [];
    const places = placesOf(level.mesh, box);
    const valuesOf = ({solution}: Level): Promise<Values> => {
      const expressions = solution.problem.spec.fields.flatMap((field) => field.unknowns);
      return solution.evaluate(lattice(places.axes), {expressions});
    };
    const here = await valuesOf(level);
    const residuals = await residualSizes(level, places, box);
    const rounding = level.solution.dtype === 'float64' ? 2 ** -52 : 2 ** -23;
    for (const [axis, one] of level.mesh.entries()) {
      const finer = await this.at(finerAlong(level.mesh, axis, box), level);
      if (this.stopped || this.late) break;
      finerResiduals.push(await residualSizes(finer, places, box));
      const there = await valuesOf(finer);
      const {relativeL2, max} = difference(here, there, places, rounding);
      const gain = one.kind === 'windows' ? [] : variation(here, there, places, axis, breaksOf(one, box[axis])!);
      errors.push({relativeL2: finer.stuckAt === undefined ? relativeL2 : Infinity, max, gain});
    }
    this.estimated ||= errors.length === level.mesh.length;
    return {errors, residuals, finerResiduals};
  }

  /** Seconds that a mesh and those that it is compared with will take where they are not known yet, by what the largest one took. */
  foreseen(mesh: Mesh): number {
    const all = [mesh, ...mesh.map((_, axis) => finerAlong(mesh, axis, this.box))];
    const wanted = all.filter((one) => !this.levels.has(meshKey(one)));
    // Windows get fewer where cells across are enough: what was solved last says most.
    const across = (level: Level): number => meshSize(level.mesh.filter(({kind}) => kind !== 'windows'));
    const [largest] = [...this.levels.values()].reverse().sort((a, b) => across(b) - across(a));
    return wanted.reduce(
      (total, one) => total + largest.seconds * (meshSize(one, largest.mesh) / meshSize(largest.mesh)) ** GROWTH,
      0,
    );
  }

  /** Bytes that the largest factorisation of a mesh and those that it is compared with will take, by what the largest so far took. */
  foreseenBytes(mesh: Mesh): number {
    // A window of a march is a problem of its own.
    const across = (one: Mesh): Mesh => one.filter(({kind}) => kind !== 'windows');
    const exponent = BYTES_GROWTH[Math.max(1, across(mesh).length) - 1];
    const all = [mesh, ...mesh.map((_, axis) => finerAlong(mesh, axis, this.box))];
    const largest = Math.max(...all.map((one) => meshSize(across(one))));
    const known = [...this.levels.values()].map(({solution, mesh: solved}) => {
      return {bytes: solution.solver?.factorBytes ?? 0, cells: meshSize(across(solved))};
    });
    const {bytes, cells} = known.sort((a, b) => b.cells - a.cells)[0];
    return bytes * (largest / cells) ** exponent;
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

/** Without what is undefined, which would hide a default. */
function defined(settings: SolveOptions): SolveOptions {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

/** What a solve on a grid that was given can go on from, should its comparisons be cut short; a failure is no harm to it. */
async function saved({solution}: Solved, {file, origin}: NonNullable<SolveOptions['checkpoint']>): Promise<void> {
  if (solution.stopReason === 'aborted' || solution.stopReason === 'diverged') return;
  await solution.save(file, {origin}).catch((error: unknown) => {
    if (!(error instanceof DinfError)) throw error;
  });
}
