/**
 * Initial value problems window by window: each window of time is a least-squares problem of its own, which takes over from the one before
 * coefficient by coefficient. One problem over all of the time has stationary points where nothing grows, and a factor that nobody can hold.
 */
import {DinfError} from '../base/errors';
import {rootMeanSquare} from '../base/norms';
import type {InnerChoice, NativeResult} from '../native';
import type {GaussNewton} from '../optimizers';
import {gaussNewton} from '../optimizers';
import type {InnerName} from '../optimizers';
import type {Session} from '../solve/session';
import type {NodeShape} from './parameters';
import {joined, slicesOf} from './parameters';
import type {Roughness} from './roughness';
import type {TimeSlices} from './window-axis';
import {WindowAxis} from './window-axis';
import type {WindowUniforms} from './window-problem';

/** What is marched. */
export interface Marching {
  /** Of a window problem, folded, one level. */
  readonly session: Session;
  readonly uniforms: WindowUniforms;
  /** Number of the coordinate that is time. */
  readonly axis: number;
  /** All of the time. */
  readonly begin: number;
  readonly end: number;
  /** Nodes of a window's grid. */
  readonly shape: NodeShape;
  readonly degree: number;
  /** Of each unknown: the order of its derivatives in time, 0 to 2. As many coefficients are handed over. */
  readonly orders: readonly number[];
  /** Of each unknown: as many derivatives at the beginning, from the value on, as coefficients of the other axes' splines. */
  readonly initial: readonly (readonly Float64Array[])[];
  /** Of each unknown: a size that errors are relative to where it is smaller, as where conditions prescribe all there is. */
  readonly floors: readonly number[];
  /** Factors of the equations in a window. */
  scales(begin: number, length: number): readonly number[];
  /** How much a solution at one time lacks cells across, by its coefficients: see roughness.ts. */
  roughness(slice: Float64Array): Roughness;
  readonly linear: boolean;
  readonly inner?: InnerName | undefined;
  /** Bytes that a factorisation may take. */
  readonly factorBytes: number;
}

/** How a march chooses its windows. */
export interface WindowControl {
  /** Ends of the windows, where they are known. */
  readonly ends?: readonly number[] | undefined;
  /** Else: the error of a window, relative to the largest solution so far. */
  readonly tolerance: number;
  /** A Gauss–Newton step that changes a window by no more than this part is its last one. */
  readonly smallStep: number;
  /** Length of the first window. */
  readonly first: number;
  /** The march ends where a solution is rougher than that. Default: it goes on. */
  readonly roughest?: number | undefined;
  /** Times that no window steps over, rising. Default: none. */
  readonly stops?: readonly number[] | undefined;
  /** Least sizes of the unknowns that errors are relative to: of what begins with nothing there is no size yet. Default: none. */
  readonly scales?: readonly number[] | undefined;
}

/** What watches a march. */
export interface MarchHooks {
  stopped(): boolean;
  /** Whether the time that was given is over. */
  late(): boolean;
  /** `done`: part of the time. */
  onProgress(done: number, iterations: number, loss: number): void;
}

/** Where a march has come to. */
export interface MarchResult {
  /** Of the windows: as many as were solved. */
  readonly ends: readonly number[];
  /** Of each unknown: windows, each the coefficients along its time. */
  readonly windows: readonly (readonly TimeSlices[])[];
  /** Length of the window that was tried last at the beginning, where any was. */
  readonly first: number | undefined;
  readonly iterations: number;
  /** The largest root mean square of each unknown's coefficients. */
  readonly sizes: readonly number[];
  /** Mean over the time. */
  readonly loss: number;
  readonly unknowns: number;
  readonly inner?: InnerChoice | undefined;
  /** Where it is too rough. */
  readonly rough?: Roughness | undefined;
  /** `stuck`: no window is short enough to be solved at the last time; `rough`: the solution there lacks cells across; `free`: the
   * equations do not decide all of it. */
  readonly stop: 'end' | 'aborted' | 'late' | 'stuck' | 'rough' | 'free';
}

const STEPS = 12;
const TOLERANCE = 1e-7;
/** Of the smallest window that is tried, in all of the time. */
const SHORTEST = 1e-9;
/** A longer window that is less than so many times as long is not worth the change. */
const SAME = 1.3;
/** A longer window is at most so many times as long, a shorter one at least. */
const LONGER = 3;
const SHORTER = 0.3;
/** What a window costs beside its iterations, in iterations: linearising, losses, what is handed over. */
const BESIDE = 4;
/** Windows that differ in length by less have factors that serve one another. */
const ALIKE = 0.05;
/** A window is refused where its error is above this much of what is asked for. */
const REFUSED = 1.5;

/** Marches to the end, or as far as it goes. */
export async function march(marching: Marching, control: WindowControl, hooks: MarchHooks): Promise<MarchResult> {
  return new March(marching, control, hooks).run();
}

/** A window that was tried. */
interface Attempt {
  readonly slices: readonly Float64Array[][];
  readonly error: number;
  readonly loss: number;
  readonly iterations: number;
  readonly failed: boolean;
  readonly aborted: boolean;
}

class March {
  private readonly time: WindowAxis;
  private readonly ends: number[] = [];
  private readonly windows: TimeSlices[][];
  /** The largest root mean square of each unknown's coefficients so far. */
  private readonly sizes: number[];
  private iterations = 0;
  private loss = 0;
  private unknowns = 0;
  private inner: InnerChoice | undefined;
  private rough: Roughness | undefined;
  private solver: InnerName;
  /** Of the window that was tried last, and of that at the beginning. */
  private length = 0;
  private first: number | undefined;
  /** Iterations that cost what a factorisation costs. */
  private worth = 0;

  constructor(
    private readonly marching: Marching,
    private readonly control: WindowControl,
    private readonly hooks: MarchHooks,
  ) {
    this.time = new WindowAxis(marching.degree);
    this.solver = marching.inner ?? 'direct';
    this.windows = marching.orders.map(() => []);
    this.sizes = marching.initial.map(([value], i) =>
      Math.max(
        marching.floors[i],
        control.scales?.[i] ?? 0,
        (value as Float64Array | undefined) === undefined ? 0 : rootMeanSquare(value),
      ),
    );
  }

  async run(): Promise<MarchResult> {
    const {ends} = this.control;
    const stop = await (ends === undefined ? this.adaptive() : this.given(ends));
    const {ends: solved, windows, sizes, first, iterations, unknowns, inner, rough} = this;
    const loss = this.loss / (this.marching.end - this.marching.begin);
    return {ends: solved, windows, sizes, first, iterations, loss, unknowns, inner, rough, stop};
  }

  private async given(ends: readonly number[]): Promise<MarchResult['stop']> {
    let at = this.marching.begin;
    for (const end of ends) {
      if (this.hooks.late()) return 'late';
      const attempt = await this.attempt(at, end - at);
      if (attempt.aborted) return 'aborted';
      if (attempt.failed) return 'stuck';
      this.accept(attempt, at, end);
      if (this.inner?.undetermined === true) return 'free';
      at = end;
    }
    return 'end';
  }

  private async adaptive(): Promise<MarchResult['stop']> {
    const {begin, end} = this.marching;
    const {tolerance, first} = this.control;
    const power = 1 / (this.time.degree + 1);
    if (this.isRough(this.marching.initial.map(([value]) => value))) return 'rough';
    let at = begin;
    let length = first;
    while (at < end) {
      if (this.hooks.late()) return 'late';
      const stop = this.nextStop(at);
      const left = stop - at;
      // Windows of one length as far as can be seen: they share a factor, and no crumb is left for the last.
      const here = left / Math.max(1, Math.ceil(left / length - 0.01));
      const attempt = await this.attempt(at, here);
      if (attempt.aborted) return 'aborted';
      const factor = 0.8 * (tolerance / Math.max(attempt.error, 1e-300)) ** power;
      const next = here === left ? stop : at + here;
      if (attempt.failed || attempt.error > REFUSED * tolerance) {
        length = here * (attempt.failed ? 0.5 : Math.min(0.9, Math.max(0.15, factor)));
        if (length < SHORTEST * (end - begin)) return 'stuck';
      } else {
        const why = this.taken(attempt, at, next);
        if (why !== undefined) return why;
        at = next;
        length = here * (this.keeps(attempt, factor, (stop - at) / here) ? 1 : Math.min(LONGER, Math.max(SHORTER, factor)));
      }
    }
    return 'end';
  }

  /**
   * Whether the next window is as long as this one, and has the same factor or nearly so: a longer one must save what a factor costs, and a
   * shorter one can wait until it is needed where a factor is dear.
   *
   * @param factor as many times as long it could be.
   * @param left as many windows of this length are left.
   */
  private keeps({error, iterations}: Attempt, factor: number, left: number): boolean {
    const window = iterations + BESIDE;
    if (factor <= 1) return this.worth > window && error <= this.control.tolerance;
    return factor < SAME || left * (1 - 1 / Math.min(LONGER, factor)) * window < this.worth;
  }

  /** The time that the next window may not step over. */
  private nextStop(at: number): number {
    const {begin, end} = this.marching;
    const {stops = []} = this.control;
    return stops.find((time) => time < end && time - at > SHORTEST * (end - begin)) ?? end;
  }

  /** Takes a window that will do. @returns why there is to be no other after it */
  private taken(attempt: Attempt, at: number, end: number): 'free' | 'rough' | undefined {
    this.accept(attempt, at, end);
    if (this.inner?.undetermined === true) return 'free';
    return this.isRough(attempt.slices.map((list) => list[list.length - 1])) ? 'rough' : undefined;
  }

  /** Whether any of the unknowns lacks cells across. */
  private isRough(slices: readonly (Float64Array | undefined)[]): boolean {
    const {roughest} = this.control;
    if (roughest === undefined) return false;
    const floor = Math.max(1e-10 * Math.max(...this.sizes), Number.MIN_VALUE);
    let worst = roughest;
    slices.forEach((slice, i) => {
      if (slice === undefined) return;
      const size = Math.max(this.sizes[i], floor);
      const found = this.marching.roughness(slice);
      if (found.worst <= worst * size) return;
      worst = found.worst / size;
      this.rough = {worst, cells: found.cells.map((cells) => cells.map((one) => one / size))};
    });
    return worst > roughest;
  }

  private async attempt(at: number, length: number): Promise<Attempt> {
    const {marching, time, hooks} = this;
    const {session, shape, axis, uniforms, orders} = marching;
    await session.setParameters(joined(this.guess(length), shape, axis), true);
    const scales = marching.scales(at, length);
    const values = Object.fromEntries(uniforms.scales.map((name, i) => [name, scales[i]]));
    const stage: GaussNewton = gaussNewton({
      ...(marching.linear
        ? {steps: 1, fromHere: true, tolerance: 1e-14}
        : {steps: STEPS, tolerance: TOLERANCE, stepTolerance: this.control.smallStep}),
      iterations: 400,
      inner: this.solver,
      factorBytes: this.marching.factorBytes,
      held: {axis, nodes: orders, fresh: !(Math.abs(length / this.length - 1) < ALIKE)},
      uniforms: {...values, [uniforms.begin]: at, [uniforms.length]: length},
    });
    this.length = length;
    if (at === marching.begin) this.first = length;
    if (hooks.stopped()) return {slices: [], error: 0, loss: 0, iterations: 0, failed: false, aborted: true};
    const result = await this.solved(stage);
    this.iterations += result.iterations;
    this.unknowns = result.unknowns;
    this.worth = result.inner?.factorWorth ?? this.worth;
    // A factor that is kept from an earlier window is not asked again what it leaves free.
    this.inner = result.inner && {...result.inner, undetermined: result.inner.undetermined || this.inner?.undetermined === true};
    const slices = slicesOf(await session.parameters(), shape, axis);
    const sizes = slices.map((list, i) => Math.max(this.sizes[i], ...list.map(rootMeanSquare)));
    const floor = 1e-10 * Math.max(...sizes);
    let error = 0;
    slices.forEach((list, i) => {
      if (orders[i] === 0) return;
      error = Math.max(error, rootMeanSquare(time.error(list)) / Math.max(sizes[i], floor, Number.MIN_VALUE));
    });
    const settled = result.stopReason === 'tolerance' || Math.sqrt(result.loss) <= 1e-9 * Math.max(...sizes);
    return {
      ...{slices, error, loss: result.loss, iterations: result.iterations},
      failed: !(settled && Number.isFinite(error)),
      aborted: result.stopReason === 'aborted',
    };
  }

  /** By a factor where it fits: what CGLS leaves undone grows from window to window. */
  private async solved(stage: GaussNewton): Promise<NativeResult> {
    try {
      return await this.marching.session.run([stage]);
    } catch (error) {
      const short = error instanceof DinfError && ['OUT_OF_MEMORY', 'INVALID_ARGUMENT'].includes(error.code);
      if (!short || this.marching.inner !== undefined || this.solver === 'auto') throw error;
      this.solver = 'auto';
      return this.marching.session.run([{...stage, inner: 'auto'}]);
    }
  }

  /** Where the next window begins: with what is handed over, and the Taylor polynomial of the last one. */
  private guess(length: number): Float64Array[][] {
    const {marching, time, ends, windows} = this;
    const last = ends.length - 1;
    return windows.map((list, unknown) => {
      const order = marching.orders[unknown];
      if (last >= 0) {
        const before = ends[last] - (last > 0 ? ends[last - 1] : marching.begin);
        return time.continued(list[last], length / before);
      }
      const [value, slope] = marching.initial[unknown] as readonly (Float64Array | undefined)[];
      if (value === undefined || order === 0) return this.nothing();
      const slopes = slope?.map((one) => one * length);
      return time.polynomial(slopes === undefined ? [value] : [value, slopes]);
    });
  }
  private nothing(): Float64Array[] {
    const {nodes} = this.marching.shape;
    const others = nodes.reduce((product, count) => product * count, 1) / nodes[this.marching.axis];
    return Array.from({length: this.time.nodes}, () => new Float64Array(others));
  }

  private accept({slices, loss}: Attempt, at: number, end: number): void {
    const {begin, end: last} = this.marching;
    slices.forEach((list, i) => {
      this.windows[i].push(list);
      this.sizes[i] = Math.max(this.sizes[i], ...list.map(rootMeanSquare));
    });
    this.ends.push(end);
    this.loss += loss * (end - at);
    this.hooks.onProgress((end - begin) / (last - begin), this.iterations, loss);
  }
}
