/** An initial value problem solved through windows of time on a mesh. */
import {DinfError} from '../base/errors';
import {rootMeanSquare} from '../base/norms';
import {defaultThreads} from '../devices/cpu';
import {deviceOptions, findDevice} from '../devices';
import {concatenated, windowKnots} from '../march/concatenate';
import type {Marching, MarchHooks, MarchResult, WindowControl} from '../march/march';
import {march} from '../march/march';
import {joined} from '../march/parameters';
import {roughness} from '../march/roughness';
import {WINDOW_CELLS, WindowAxis} from '../march/window-axis';
import {windowProblem} from '../march/window-problem';
import type {Expression} from '../expression/node';
import {gaussNewton, leastSquares} from '../optimizers';
import {gridEdges} from '../pose/field';
import {linspace} from '../pose/sampling';
import {solutionOf} from '../solve/load';
import {Session} from '../solve/session';
import type {Solution} from '../solve/solution';
import type {SolveOptions} from '../solve/solve';
import type {Solved} from './accuracy';
import {initialState} from './initial-state';
import type {InitialValues} from './initial-values';
import {POINTS} from './initial-values';
import {factorBytesOf} from './goal';
import type {AxisMesh, Mesh} from './mesh';
import {breaksOf, knotsOf, pointsOf} from './mesh';
import {knotGrid, poseOn} from './posing';
import {rowSize, sizeWithout} from './row-weights';

/** Along time where a second derivative is handed over: with fewer points than that windows amplify what they are handed (estimates of |G| up to 1.9). */
const POINTS_OF_SECOND_ORDER = 8;
/** Windows of a march that looks at nothing, and what is nothing beside what comes of it. */
const PILOT = 16;
const NOTHING = 1e-9;
/** A solution is a lift and what comes on top, and need not be known better than the lift is large: this part of it, lest the two cancel. */
const LIFTED = 1e-3;
/** A step that is this part of the error asked for of a window is the last one there; that of one half as long is so many times less. */
const SMALL_STEP = 1e-3;
const HALF = 2 ** -8;
/** No step is that small but by rounding, and to know a size none has to be. */
const SMALLEST_STEP = 1e-14;
const PILOT_STEP = 0.1;
/** The first window is this part of all of the time. */
const FIRST = 1 / 16;

/** Solves an initial value problem on one mesh after another. */
export class WindowSolver {
  /** Sizes of what begins with nothing, as far as they are known. */
  private scales: readonly number[] | undefined;
  /** On the last mesh whose windows were chosen: the length of the first one, and the error that was asked for. */
  private first: number | undefined;
  private asked: number | undefined;

  /** @param mostBytes of a factorisation, where a caller gives less than the problem asks for. */
  constructor(
    readonly values: InitialValues,
    private readonly mostBytes = Infinity,
  ) {}

  /** Solves on a mesh; windows that it leaves open are chosen, and say so in the mesh that comes back. */
  async solve(mesh: Mesh, settings: SolveOptions, deadline: number): Promise<Omit<Solved, 'equations' | 'clashes'>> {
    const began = performance.now();
    const {statement, axis, kernel} = this.values;
    const {box} = statement;
    const timeMesh = mesh[axis];
    if (timeMesh.kind !== 'windows') throw new DinfError('INVALID_ARGUMENT', 'the mesh has no windows');
    const result = await this.march(mesh, timeMesh, settings, {began, deadline});
    const {lower, upper} = box[axis];
    if (result.ends.length === 0) {
      // Nothing is known but where it begins.
      const solution = await this.whole(mesh, [upper], [this.constant(mesh)], result, settings, began);
      return {solution, mesh, stuckAt: lower, lacking: this.lacking(result), late: result.stop === 'late'};
    }
    const reached = result.ends[result.ends.length - 1];
    const complete = result.stop === 'end';
    // What lies beyond the last window that was solved stays as it was at its end.
    const rest =
      reached === upper
        ? []
        : [result.windows.map((list) => new WindowAxis(kernel.degree).continued(list[list.length - 1], 1, 0))];
    const windows = result.windows[0].map((_, w) => result.windows.map((list) => list[w]));
    const ends = [...result.ends, ...(reached === upper ? [] : [upper])];
    const solution = await this.whole(mesh, ends, [...windows, ...rest], result, settings, began);
    const solved = mesh.map((one, k): AxisMesh => (k === axis ? {...timeMesh, ends} : one));
    if (complete) return {solution, mesh: solved};
    return {solution, mesh: solved, stuckAt: reached, lacking: this.lacking(result), late: result.stop === 'late'};
  }

  /** What the cells of each axis lack, where the march ended for that. */
  private lacking({rough}: MarchResult): number[][] | undefined {
    if (rough === undefined) return undefined;
    const across = rough.cells.map((cells) => [...cells]);
    return this.values.statement.box.map((_, k) => (k === this.values.axis ? [] : across.shift()!));
  }

  private async march(
    mesh: Mesh,
    timeMesh: Extract<AxisMesh, {kind: 'windows'}>,
    settings: SolveOptions,
    {began, deadline}: {readonly began: number; readonly deadline: number},
  ): Promise<MarchResult> {
    const {statement, axis, orders, kernel, imposed, linear} = this.values;
    const {box, uniforms} = statement;
    const {lower, upper, name} = box[axis];
    const windowBox = box.map((one, k) => (k === axis ? {name, lower: 0, upper: 1} : one));
    const breaks = mesh.map((one, k) => (k === axis ? [...new WindowAxis(kernel.degree).knots] : breaksOf(one, box[k])!));
    const points = mesh.map((one, k) =>
      k === axis && Math.max(...orders) > 1 ? POINTS_OF_SECOND_ORDER : pointsOf(one, POINTS, kernel.degree, statement.orders[k]),
    );
    const knots = mesh.map((one, k) => (k === axis ? breaks[k] : knotsOf(one, box[k], kernel.degree, statement.orders[k])));
    const grid = knotGrid(statement, knots, kernel);
    const {posed, equations} = await poseOn(statement, grid, {box: windowBox, imposed, points, breaks, time: axis});
    const share = 1 / windowBox.reduce((product, one) => product * (one.upper - one.lower), 1);
    const count = equations.length;
    // The size of the rows changes with the window: it is in the factors.
    const spec = {...posed.spec, terms: posed.spec.terms.map((one, i) => (i < count ? {...one, weight: share} : one))};
    const windows = windowProblem(spec, axis, count);
    const nodes = this.nodes(mesh);
    const shape = {nodes, unknowns: orders.length};
    const {dtype = 'float64', threads = defaultThreads(), seed = 0, memoryLimit = 0, device = 'auto', signal} = settings;
    const initial = await initialState(this.values, mesh, settings);
    const session = new Session(
      windows.spec,
      {dtype, threads, seed, memoryLimit, folded: true, ...deviceOptions(await findDevice(device))},
      [gaussNewton()],
    );
    const cancel = (): void => {
      session.cancel();
    };
    signal?.addEventListener('abort', cancel, {once: true});
    const sizes = new Map<number, number[]>();
    const scales = (begin: number, length: number): number[] => {
      const known = sizes.get(length);
      if (known !== undefined) return known;
      const here = box.map((one, k) => (k === axis ? {name, lower: begin, upper: begin + length} : one));
      const found = equations.map(({residual}) => 1 / rowSize(residual, here, uniforms));
      sizes.set(length, found);
      return found;
    };
    const edges = gridEdges({edge: statement.edges}, mesh.length);
    const across = knots.map((one, k) => ({breaks: one, periodic: edges[k] === 'periodic'})).filter((_, k) => k !== axis);
    const control: WindowControl = {
      roughest: timeMesh.roughest,
      stops: timeMesh.stops,
      ends: timeMesh.ends,
      tolerance: timeMesh.tolerance ?? 1,
      smallStep: this.smallStep(timeMesh.tolerance),
      first: this.first ?? (upper - lower) * FIRST,
    };
    const lifts = imposed.lift as Readonly<Record<string, Expression | undefined>>;
    const floors = statement.unknowns.map((unknown) => {
      const lift = lifts[unknown];
      return lift === undefined ? 0 : LIFTED * sizeWithout(lift, box, uniforms);
    });
    const marching = {
      ...{session, uniforms: windows.uniforms, axis, begin: lower, end: upper, shape, degree: kernel.degree},
      ...{
        orders,
        initial,
        floors,
        scales,
        linear,
        inner: statement.shared.inner,
        factorBytes: Math.min(factorBytesOf(statement.shared), this.mostBytes),
      },
      roughness: (slice: Float64Array) => roughness(slice, across, kernel.degree),
    };
    const hooks = {
      stopped: () => signal?.aborted === true,
      late: () => performance.now() > deadline,
      onProgress: (done: number, iterations: number, loss: number) => {
        const seconds = (performance.now() - began) / 1000;
        const expected = Math.max(iterations, Math.round(iterations / done));
        settings.onProgress?.({
          iteration: iterations,
          iterations: expected,
          loss,
          seconds,
          secondsLeft: seconds * (1 / done - 1),
        });
      },
    };
    try {
      this.scales ??= await pilotScales(marching, hooks);
      const result = await march(marching, {...control, scales: this.scales}, hooks);
      if (timeMesh.ends === undefined) this.first = result.first ?? this.first;
      if (result.stop === 'end') this.scales = this.scales.map((scale, i) => (scale > 0 ? result.sizes[i] : 0));
      return result;
    } finally {
      signal?.removeEventListener('abort', cancel);
      session.dispose();
    }
  }

  /** As small a step as matters; of windows that were given, beside those that were halved for them. */
  private smallStep(tolerance: number | undefined): number {
    const asked = tolerance ?? HALF * (this.asked ?? 0);
    this.asked = tolerance ?? this.asked;
    return Math.max(SMALLEST_STEP, SMALL_STEP * asked);
  }

  /** Nodes of a window's grid. */
  private nodes(mesh: Mesh): number[] {
    const {statement, axis, kernel} = this.values;
    const edges = gridEdges({edge: statement.edges}, mesh.length);
    return mesh.map((one, k) => {
      const cells = k === axis ? WINDOW_CELLS : knotsOf(one, statement.box[k], kernel.degree, statement.orders[k]).length - 1;
      return edges[k] === 'periodic' ? cells : cells + kernel.degree;
    });
  }

  private constant(mesh: Mesh): Float64Array[][] {
    const nodes = this.nodes(mesh);
    const {axis, orders} = this.values;
    const others = nodes.reduce((product, n) => product * n, 1) / nodes[axis];
    return orders.map(() => Array.from({length: nodes[axis]}, () => new Float64Array(others)));
  }

  /** All windows as one field of the problem over all of the time. */
  private async whole(
    mesh: Mesh,
    ends: readonly number[],
    windows: readonly (readonly (readonly Float64Array[])[])[],
    result: MarchResult,
    settings: SolveOptions,
    began: number,
  ): Promise<Solution> {
    const {statement, axis, orders, kernel, imposed, data, linear} = this.values;
    const {box} = statement;
    const knots = mesh.map((one, k) =>
      k === axis ? windowKnots(box[k].lower, ends, kernel.degree) : knotsOf(one, box[k], kernel.degree, statement.orders[k]),
    );
    const breaks = knots.map((list) => Array.from(new Set(list)));
    const points = box.map(() => POINTS);
    const soft = [...data.map(({face, equation}) => ({face, equation})), ...imposed.soft];
    const grid = knotGrid(statement, knots, kernel);
    const {posed} = await poseOn(statement, grid, {imposed: {...imposed, soft}, points, breaks, time: axis});
    const slices = orders.map((_, unknown) => concatenated(windows.map((window) => window[unknown])));
    const nodes = this.nodes(mesh).map((count, k) => (k === axis ? slices[0].length : count));
    const parameters = joined(slices, {nodes, unknowns: orders.length}, axis);
    const {iterations, loss, unknowns, inner, stop} = result;
    const stage = linear ? leastSquares({tolerance: 1e-12}) : gaussNewton({steps: 60, tolerance: 1e-9});
    return solutionOf(
      posed,
      parameters,
      {
        schedule: [stage],
        position: {stage: 0, iterations, complete: stop === 'end'},
        stopReason: stop === 'end' ? 'tolerance' : stop === 'aborted' ? 'aborted' : 'iterations',
        message: '',
        ...{iterations, loss, unknowns},
        seconds: (performance.now() - began) / 1000,
        losses: {iteration: Float64Array.of(iterations), loss: Float64Array.of(loss)},
        ...(inner && {inner}),
      },
      settings,
    );
  }
}

/**
 * Sizes of the unknowns that begin with nothing, or nearly so, by a march that looks at nothing: what they begin with says nothing of how
 * large they will be.
 */
async function pilotScales(marching: Marching, hooks: MarchHooks): Promise<number[]> {
  const {begin, end, initial, orders} = marching;
  const none = orders.map(() => 0);
  const sizes = initial.map((list) => (list.length === 0 ? Infinity : rootMeanSquare(list[0])));
  if (sizes.every((size) => size > 0)) return none;
  const ends = Array.from(linspace(begin, end, PILOT + 1)).slice(1);
  const pilot = await march(
    marching,
    {ends, tolerance: Infinity, smallStep: PILOT_STEP, first: end - begin},
    {...hooks, onProgress: () => undefined},
  );
  return pilot.stop === 'end' ? pilot.sizes.map((size, i) => (sizes[i] <= NOTHING * size ? size : 0)) : none;
}
