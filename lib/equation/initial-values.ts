/** Equations whose conditions along a coordinate are on its lower face alone: initial values, from which windows of time lead on. */
import {DinfError} from '../base/errors';
import {defaultThreads} from '../devices/cpu';
import {chooseDevice, deviceOptions} from '../devices';
import {toText} from '../expression';
import {Arena} from '../expression/arena';
import {totalDerivative} from '../expression/differentiate';
import {evaluateExpression} from '../expression/interpret';
import type {Expression} from '../expression/node';
import {derivative} from '../expression/node';
import {bindLeaves, leavesOf} from '../expression/substitute';
import {concatenated, windowKnots} from '../march/concatenate';
import type {Marching, MarchHooks, MarchResult, WindowControl} from '../march/march';
import {march, rootMeanSquare} from '../march/march';
import {joined} from '../march/parameters';
import {roughness} from '../march/roughness';
import {WINDOW_CELLS, WindowAxis} from '../march/window-axis';
import {windowProblem} from '../march/window-problem';
import {gaussNewton, leastSquares} from '../optimizers';
import {gridEdges} from '../pose/field';
import type {Kernel} from '../pose/kernel';
import {bspline} from '../pose/kernel';
import {problem} from '../pose/problem';
import type {EquationSpec} from '../pose/problem-spec';
import {gauss} from '../pose/sampling';
import {term} from '../pose/term';
import {solutionOf} from '../solve/load';
import {Session} from '../solve/session';
import type {Solution} from '../solve/solution';
import type {SolveOptions} from '../solve/solve';
import {solve} from '../solve/solve';
import type {Solved} from './accuracy';
import type {BoxAxis} from './conditions';
import {faceName} from './conditions';
import type {Imposed, InitialData} from './constraints';
import {imposeConditions, initialData} from './constraints';
import type {AxisMesh, Mesh} from './mesh';
import {breaksOf} from './mesh';
import type {Statement} from './posing';
import {knotGrid, poseOn} from './posing';
import {rowSize} from './row-weights';
import {timeAxis} from './advancing';
import {shortened} from './settings';

/** Degree of the splines of a window, and Gauss points a cell and axis. */
const DEGREE = 7;
const POINTS = 5;
/** Along time where a second derivative is handed over: with fewer points than that windows amplify what they are handed (estimates of |G| up to 1.9). */
const POINTS_OF_SECOND_ORDER = 8;
/** Windows of a march that looks at nothing, and what is nothing beside what comes of it. */
const PILOT = 16;
const NOTHING = 1e-9;
/** The first window is this part of all of the time. */
const FIRST = 1 / 16;

/** An initial value problem. */
export class InitialValues {
  private constructor(
    private readonly statement: Statement,
    /** Number of the coordinate that is time. */
    readonly axis: number,
    private readonly orders: readonly number[],
    private readonly data: readonly InitialData[],
    /** Conditions on all other faces. */
    readonly imposed: Imposed,
    private readonly linear: boolean,
  ) {}

  /** Sizes of what begins with nothing, as far as they are known. */
  private scales: readonly number[] | undefined;

  /** The same, as if nothing had been solved. */
  afresh(): InitialValues {
    const {statement, axis, orders, data, imposed, linear} = this;
    return new InitialValues(statement, axis, orders, data, imposed, linear);
  }

  /** The initial value problem that a statement is; undefined where it is none, or not all that windows begin with is given. */
  static of(statement: Statement, rows: readonly EquationSpec[], linear: boolean): InitialValues | undefined {
    const {conditions, box, unknowns, uniforms, constraints, shared} = statement;
    const axis = timeAxis(rows, conditions, box);
    const splines = shared.kernel === undefined || shared.kernel.type === 'bspline';
    if (axis === undefined || !splines || gridEdges({edge: statement.edges}, box.length)[axis] !== 'extend') return undefined;
    const {name: time} = box[axis];
    const orders = unknowns.map((unknown) => Math.max(...rows.map(({residual}) => timeOrder(residual, unknown, time))));
    const scope = {coordinates: box.map(({name}) => name), unknowns, uniforms: Object.keys(uniforms)};
    const onTime = conditions.map((condition) => condition.faces.some((face) => face.axis === axis));
    if (conditions.some(({faces}, i) => onTime[i] && faces.length > 1)) return undefined;
    const data = initialData(
      conditions.filter((_, i) => onTime[i]),
      box,
      scope,
    );
    const needed = orders.flatMap((order, i) => Array.from({length: order}, (_, k) => `${unknowns[i]} ${k}`));
    const given = data?.map(({unknown, order}) => `${unknown} ${order}`) ?? [];
    if (data === undefined || Math.max(...orders) > 2 || needed.sort().join() !== given.sort().join()) return undefined;
    const others = conditions.filter((_, i) => !onTime[i]);
    const imposed = imposeConditions(others, box, scope, constraints, uniforms);
    return new InitialValues(statement, axis, orders, data, imposed, linear);
  }

  /** Whether a solution is one of windows: of all others the lifts hold what they begin with. */
  isMarched({problem: {spec}}: Solution): boolean {
    const own = Object.entries(this.imposed.lift);
    return own.length === Object.keys(spec.lift).length && own.every(([name, lift]) => spec.lift[name].text === toText(lift));
  }

  /** What a report shows of a solution of windows. */
  settings({problem: {spec}}: Solution): Record<string, string | number> {
    const {axis, imposed, data, statement} = this;
    const knots = spec.fields[0].grid?.knots?.[axis] ?? [];
    const {degree} = this.kernel;
    const windows = 1 + knots.filter((knot, i) => knot === knots[i + degree - 1]).length;
    const begins = data.map(({unknown, order, face}) => `${order === 0 ? unknown : `slope of ${unknown}`} on ${faceName(face, statement.box)}`);
    return {
      windows,
      hardConditions: [...begins, ...imposed.hard].join(', '),
      softConditions: imposed.soft.map(({face, equation}) => `${equation} on ${faceName(face, statement.box)}`).join(', ') || 'none',
      lift: Object.entries(imposed.lift).map(([name, lift]) => `${name} = ${shortened(toText(lift, {lets: true}))}`).join(' ; ') || 'none',
      samples: `${POINTS} Gauss points a cell and axis`,
    };
  }

  /** Solves on a mesh; windows that it leaves open are chosen, and say so in the mesh that comes back. */
  async solve(mesh: Mesh, settings: SolveOptions, deadline: number): Promise<Omit<Solved, 'equations'>> {
    const began = performance.now();
    const {statement, axis} = this;
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
    const rest = reached === upper ? [] : [result.windows.map((list) => new WindowAxis(this.kernel.degree).continued(list[list.length - 1], 1, 0))];
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
    return this.statement.box.map((_, k) => (k === this.axis ? [] : across.shift()!));
  }

  private get kernel(): Extract<Kernel, {degree: number}> {
    const {shared, box, degree} = this.statement;
    if (shared.kernel?.type === 'bspline') return shared.kernel;
    // In three dimensions a high degree costs more than the cells that it saves.
    return bspline(box.length === 3 ? degree : Math.max(degree, DEGREE)) as Extract<Kernel, {degree: number}>;
  }

  private async march(
    mesh: Mesh,
    timeMesh: Extract<AxisMesh, {kind: 'windows'}>,
    settings: SolveOptions,
    {began, deadline}: {readonly began: number; readonly deadline: number},
  ): Promise<MarchResult> {
    const {statement, axis, orders, kernel} = this;
    const {box, uniforms} = statement;
    const {lower, upper, name} = box[axis];
    const windowBox = box.map((one, k) => (k === axis ? {name, lower: 0, upper: 1} : one));
    const breaks = mesh.map((one, k) => (k === axis ? [...new WindowAxis(kernel.degree).knots] : breaksOf(one, box[k])!));
    const points = box.map((_, k) => (k === axis && Math.max(...orders) > 1 ? POINTS_OF_SECOND_ORDER : POINTS));
    const grid = knotGrid(statement, breaks, kernel);
    const {posed, equations} = await poseOn(statement, grid, {box: windowBox, imposed: this.imposed, points, breaks});
    const share = 1 / windowBox.reduce((product, one) => product * (one.upper - one.lower), 1);
    const count = equations.length;
    // The size of the rows changes with the window: it is in the factors.
    const spec = {...posed.spec, terms: posed.spec.terms.map((one, i) => (i < count ? {...one, weight: share} : one))};
    const windows = windowProblem(spec, axis, count);
    const nodes = this.nodes(mesh);
    const shape = {nodes, unknowns: orders.length};
    const {dtype = 'float64', threads = defaultThreads(), seed = 0, memoryLimit = 0, device = 'auto', signal} = settings;
    const initial = await this.initial(mesh, settings);
    const session = new Session(
      windows.spec,
      {dtype, threads, seed, memoryLimit, folded: true, ...deviceOptions(chooseDevice(device))},
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
    const across = breaks.map((one, k) => ({breaks: one, periodic: edges[k] === 'periodic'})).filter((_, k) => k !== axis);
    const control: WindowControl = {
      roughest: timeMesh.roughest,
            ends: timeMesh.ends, tolerance: timeMesh.tolerance ?? 1, first: (upper - lower) * FIRST};
    const marching = {
      ...{session, uniforms: windows.uniforms, axis, begin: lower, end: upper, shape, degree: kernel.degree},
      ...{orders, initial, scales, linear: this.linear, inner: statement.shared.inner},
      roughness: (slice: Float64Array) => roughness(slice, across, kernel.degree),
    };
    const hooks = {
      stopped: () => signal?.aborted === true,
      late: () => performance.now() > deadline,
      onProgress: (done: number, iterations: number, loss: number) => {
        const seconds = (performance.now() - began) / 1000;
        const expected = Math.max(iterations, Math.round(iterations / done));
        settings.onProgress?.({iteration: iterations, iterations: expected, loss, seconds, secondsLeft: seconds * (1 / done - 1)});
      },
    };
    try {
      this.scales ??= await pilotScales(marching, hooks);
      const result = await march(marching, {...control, scales: this.scales}, hooks);
      if (result.stop === 'end') this.scales = this.scales.map((scale, i) => (scale > 0 ? result.sizes[i] : 0));
      return result;
    } finally {
      signal?.removeEventListener('abort', cancel);
      session.dispose();
    }
  }

  /** Nodes of a window's grid. */
  private nodes(mesh: Mesh): number[] {
    const edges = gridEdges({edge: this.statement.edges}, mesh.length);
    return mesh.map((one, k) => {
      const cells = k === this.axis ? WINDOW_CELLS : breaksOf(one, this.statement.box[k])!.length - 1;
      return edges[k] === 'periodic' ? cells : cells + this.kernel.degree;
    });
  }

  private constant(mesh: Mesh): Float64Array[][] {
    const nodes = this.nodes(mesh);
    const others = nodes.reduce((product, n) => product * n, 1) / nodes[this.axis];
    return this.orders.map(() => Array.from({length: nodes[this.axis]}, () => new Float64Array(others)));
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
    const {statement, axis, orders, kernel, imposed} = this;
    const {box} = statement;
    const knots = mesh.map((one, k) =>
      k === axis ? windowKnots(box[k].lower, ends, kernel.degree) : [...breaksOf(one, box[k])!],
    );
    const breaks = knots.map((list) => Array.from(new Set(list)));
    const points = box.map(() => POINTS);
    const soft = [...this.data.map(({face, equation}) => ({face, equation})), ...imposed.soft];
    const grid = knotGrid(statement, knots, kernel);
    const {posed} = await poseOn(statement, grid, {imposed: {...imposed, soft}, points, breaks});
    const slices = orders.map((_, unknown) => concatenated(windows.map((window) => window[unknown])));
    const nodes = this.nodes(mesh).map((count, k) => (k === axis ? slices[0].length : count));
    const parameters = joined(slices, {nodes, unknowns: orders.length}, axis);
    const {iterations, loss, unknowns, inner, stop} = result;
    const stage = this.linear ? leastSquares({tolerance: 1e-12}) : gaussNewton({steps: 60, tolerance: 1e-9});
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

  /** The initial values of each unknown, and its slopes where it has any, as coefficients of the other axes' splines. */
  private async initial(mesh: Mesh, settings: SolveOptions): Promise<Float64Array[][]> {
    const {statement, axis, orders, data, imposed} = this;
    const {box, unknowns, uniforms} = statement;
    const {name: time, lower} = box[axis];
    const arena = new Arena();
    const atBegin = (expression: Expression): Expression =>
      bindLeaves(expression, (leaf) => (leaf.kind === 'coordinate' && leaf.name === time ? arena.constant(lower) : leaf), arena);
    const slopeName = slopeNames(unknowns, [...box.map(({name}) => name), ...Object.keys(uniforms)]);
    const wanted = data.map(({unknown, order, data: values}) => {
      const lift = (imposed.lift as Readonly<Record<string, Expression | undefined>>)[unknown] ?? arena.leaf(derivative(unknown));
      const moving = order === 0 ? lift : totalDerivative(lift, time, 1, arena);
      const left = bindLeaves(
        moving,
        (leaf) =>
          leaf.kind === 'derivative' && (leaf.orders[time] ?? 0) > 0 ? arena.leaf(derivative(slopeName(leaf.unknown))) : leaf,
        arena,
      );
      return {unknown, order, residual: arena.make('sub', atBegin(left), atBegin(values))};
    });
    const found = new Map<string, Float64Array>();
    const key = (unknown: string, order: number): string => (order === 0 ? unknown : slopeName(unknown));
    const rest = box.filter((_, k) => k !== axis);
    if (rest.length === 0) {
      // Without other axes the residual is value minus datum.
      for (const {unknown, order, residual} of wanted) {
        const zero = Object.fromEntries(wanted.map((one) => [key(one.unknown, one.order), 0]));
        found.set(key(unknown, order), Float64Array.of(-evaluateExpression(residual, {...uniforms, ...zero})));
      }
    } else {
      await this.project(mesh, rest, wanted, wanted.map(({unknown, order}) => key(unknown, order)), settings, found);
    }
    return unknowns.map((unknown, i) => Array.from({length: orders[i]}, (_, order) => found.get(key(unknown, order))!));
  }

  /** Least squares for what begins the march, on the axes that are not time. */
  private async project(
    mesh: Mesh,
    rest: readonly BoxAxis[],
    wanted: readonly {readonly residual: Expression}[],
    names: readonly string[],
    settings: SolveOptions,
    found: Map<string, Float64Array>,
  ): Promise<void> {
    const {statement, axis, kernel} = this;
    const breaks = mesh.flatMap((one, k) => (k === axis ? [] : [[...breaksOf(one, statement.box[k])!]]));
    const edges = gridEdges({edge: statement.edges}, mesh.length).filter((_, k) => k !== axis);
    const posed = problem({
      domain: Object.fromEntries(rest.map(({name, lower, upper}) => [name, [lower, upper] as const])),
      unknowns: names,
      field: knotGrid({...statement, edges}, breaks, kernel),
      uniforms: statement.uniforms,
      terms: [term(gauss(DEGREE + 1, {breaks}), wanted.map(({residual}) => residual))],
    });
    const {dtype = 'float64', threads, signal, device} = settings;
    const optimizer = leastSquares({iterations: 4000, tolerance: 1e-15});
    const solution = await solve(posed, {optimizer, dtype, threads, signal, device});
    try {
      const parameters = await solution.parameters();
      const nodes = parameters.length / names.length;
      names.forEach((name, i) => {
        found.set(name, parameters.slice(i * nodes, (i + 1) * nodes));
      });
    } finally {
      solution.dispose();
    }
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
  const ends = Array.from({length: PILOT}, (_, i) => (i + 1 === PILOT ? end : begin + ((end - begin) * (i + 1)) / PILOT));
  const pilot = await march(marching, {ends, tolerance: Infinity, first: end - begin}, {...hooks, onProgress: () => undefined});
  return pilot.stop === 'end' ? pilot.sizes.map((size, i) => (sizes[i] <= NOTHING * size ? size : 0)) : none;
}

/** The highest order along time of the derivatives of an unknown. */
function timeOrder(residual: Expression, unknown: string, time: string): number {
  return leavesOf(residual).reduce(
    (most, leaf) => (leaf.kind === 'derivative' && leaf.unknown === unknown ? Math.max(most, leaf.orders[time] ?? 0) : most),
    0,
  );
}

/** Names for the slopes of unknowns, none of which is taken. */
function slopeNames(unknowns: readonly string[], others: readonly string[]): (unknown: string) => string {
  const taken = new Set([...unknowns, ...others]);
  const names = new Map<string, string>();
  unknowns.forEach((unknown, i) => {
    let name = `slope${i + 1}`;
    while (taken.has(name)) name += '0';
    taken.add(name);
    names.set(unknown, name);
  });
  return (unknown) => names.get(unknown)!;
}
