/** What a run asks of the answer, and on what mesh it begins. */
import {availableBytes} from '../compile/memory';
import type {RunOptions} from '../cases/definition';
import {linspace} from '../pose/sampling';
import type {AccuracyGoal} from './accuracy';
import type {BoxAxis} from './conditions';
import {dataCells} from './data-cells';
import type {EquationOptions} from './equation-options';
import type {InitialValues} from './initial-values';
import type {AxisMesh} from './mesh';
import {graded, withEnds} from './mesh';
import type {Statement} from './posing';

/** Relative error of the answer, and seconds after which no finer grid is begun. */
export const TOLERANCE = 1e-4;
const MOST_SECONDS = 60;
/** Most bytes of a factorisation: on fine meshes CGLS does not come to an end, and a service is not to lose its memory. */
export const MOST_FACTOR_BYTES = 2 ** 32;
/** What a window may be wrong by, in the tolerance: splines approximate better in the mean than where windows are judged. */
const WINDOW_SLACK = 30;
/** A march on too few cells across is not worth going on with. */
const ROUGHEST = 1e-3;
/** Data that ask for cells of this part of those that are given are not seen on them, nor where an estimate halves them. */
const UNSEEN = 1 / 16;
/** Below that all is rounding. */
const FLOOR = 1e-11;

/** What a run asks of the answer. Whoever says how fine a grid is, or how long it is iterated on, has chosen it. */
export function goalOf(
  statement: Statement,
  {
    cells,
    initialValues,
    linear,
    windows,
    grading,
  }: {
    cells: readonly number[];
    initialValues: InitialValues | undefined;
    linear: boolean;
    windows: EquationOptions['windows'];
    grading: boolean;
  },
): AccuracyGoal {
  const {shared, box} = statement;
  const {tolerance = TOLERANCE, maxSeconds = MOST_SECONDS, resolution} = shared;
  const fixed = isFixed(shared);
  // Splines of a march are of higher degree than others, and cells are added where they lack.
  const across = (n: number): number => (initialValues !== undefined && !fixed && box.length === 3 ? n / 2 : n);
  const roughest = fixed ? undefined : Math.max(FLOOR, Math.min(ROUGHEST, tolerance));
  const chosen = fixed || !grading;
  const unseen: string[] = [];
  const mesh = cells.map((n, k): AxisMesh => {
    const first = across(n);
    const length = box[k].upper - box[k].lower;
    const wanted = dataCells(statement, k, evenly(box[k], first));
    const smallest = Math.min(...wanted.slice(1).map((end, i) => end - wanted[i]));
    if (chosen && smallest < (UNSEEN * length) / first) unseen.push(box[k].name);
    const turns = chosen ? [] : statement.switches[k];
    const data = chosen ? [] : withEnds(wanted, turns);
    if (k !== initialValues?.axis || (windows === undefined && linear && fixed)) return cellsFor(first, data, turns);
    const count = windows ?? (resolution === undefined ? 'auto' : Math.ceil(n / 2));
    if (typeof count === 'number') return {kind: 'windows', ends: evenly(box[k], count).slice(1), tolerance: undefined};
    const size = (1.5 * length) / (2 * first);
    const stops = data.filter((end, i) => i > 0 && (end - data[i - 1] < size || turns.includes(end)));
    const error = Math.max(FLOOR, Math.min(1e-2, WINDOW_SLACK * tolerance));
    return {kind: 'windows', ends: undefined, tolerance: error, roughest, stops};
  });
  return {
    tolerance,
    maxSeconds,
    maxMemory: factorBytesOf(shared),
    mesh,
    box,
    fixed,
    grading: grading && shared.levels === undefined,
    unseen,
  };
}

/** Bytes that a factorisation may take. */
export const factorBytesOf = ({maxMemory = Math.min(MOST_FACTOR_BYTES, availableBytes() / 2)}: RunOptions): number => maxMemory;

/** Cells of one size where nothing asks for others. */
function cellsFor(first: number, data: readonly number[], turns: readonly number[]): AxisMesh {
  if (turns.length > 0) return {kind: 'graded', breaks: graded(data), kept: turns};
  return data.length <= first + 1 ? {kind: 'cells', cells: first} : {kind: 'graded', breaks: graded(data)};
}

/** Ends of parts of one length, both bounds among them. */
const evenly = ({lower, upper}: BoxAxis, count: number): number[] => Array.from(linspace(lower, upper, count + 1));

/** Whether somebody has chosen the grid, or how long it is iterated on. */
export const isFixed = ({resolution, levels, iterations}: RunOptions): boolean =>
  [resolution, levels, iterations].some((one) => one !== undefined);
