/** Equations whose conditions along a coordinate are on its lower face alone: initial values, from which windows of time lead on. */
import {toText} from '../expression';
import type {Expression} from '../expression/node';
import {leavesOf} from '../expression/substitute';
import {WINDOW_CELLS} from '../march/window-axis';
import {gridEdges} from '../pose/field';
import type {Kernel} from '../pose/kernel';
import {bspline} from '../pose/kernel';
import type {EquationSpec} from '../pose/problem-spec';
import type {Solution} from '../solve/solution';
import {timeAxis} from './advancing';
import {faceName} from './conditions';
import type {Imposed, InitialData} from './constraints';
import {imposeConditions, initialData} from './constraints';
import type {Statement} from './posing';
import {shortened} from './settings';

/** Least degree of the splines of a window, and Gauss points a cell and axis. */
const DEGREE = 7;
export const POINTS = 5;

/** An initial value problem. */
export class InitialValues {
  private constructor(
    readonly statement: Statement,
    /** Number of the coordinate that is time. */
    readonly axis: number,
    /** Of each unknown: the order of its derivatives in time. */
    readonly orders: readonly number[],
    /** As many data for each of them. */
    readonly data: readonly InitialData[],
    /** Conditions on all other faces. */
    readonly imposed: Imposed,
    readonly linear: boolean,
  ) {}

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

  /** Whether a solution is one of windows: its time has knots of all windows, or the two cells of the only one. */
  isMarched({problem: {spec}}: Solution): boolean {
    const knots = spec.fields[0].grid?.knots?.[this.axis] ?? [];
    return knots.length === WINDOW_CELLS + 1 || knots.some((knot, i) => i > 0 && knot === knots[i - 1]);
  }

  /** What a report shows of a solution of windows. */
  settings({problem: {spec}}: Solution): Record<string, string | number> {
    const {axis, imposed, data, statement} = this;
    const knots = spec.fields[0].grid?.knots?.[axis] ?? [];
    const {degree} = this.kernel;
    const windows = 1 + knots.filter((knot, i) => knot === knots[i + degree - 1]).length;
    const begins = data.map(
      ({unknown, order, face}) => `${order === 0 ? unknown : `slope of ${unknown}`} on ${faceName(face, statement.box)}`,
    );
    return {
      windows,
      hardConditions: [...begins, ...imposed.hard].join(', '),
      softConditions:
        imposed.soft.map(({face, equation}) => `${equation} on ${faceName(face, statement.box)}`).join(', ') || 'none',
      lift:
        Object.entries(imposed.lift)
          .map(([name, lift]) => `${name} = ${shortened(toText(lift, {lets: true}))}`)
          .join(' ; ') || 'none',
      samples: `${POINTS} Gauss points a cell and axis`,
    };
  }

  /** Of the splines of a window. */
  get kernel(): Extract<Kernel, {degree: number}> {
    const {shared, box, degree} = this.statement;
    if (shared.kernel?.type === 'bspline') return shared.kernel;
    // In three dimensions a high degree costs more than the cells that it saves.
    return bspline(box.length === 3 ? degree : Math.max(degree, DEGREE)) as Extract<Kernel, {degree: number}>;
  }
}

/** The highest order along time of the derivatives of an unknown. */
function timeOrder(residual: Expression, unknown: string, time: string): number {
  return leavesOf(residual).reduce(
    (most, leaf) => (leaf.kind === 'derivative' && leaf.unknown === unknown ? Math.max(most, leaf.orders[time] ?? 0) : most),
    0,
  );
}
