/** The field of a solve that runs, small enough to be sent on the way. */
import {DinfError} from '../base/errors';
import type {FieldSoFar} from '../solve/solve';
import {axesOf, unknownsOf, valuesOf} from './values';

/** Most points of an axis, by the number of coordinates: what a picture shows. */
const MOST_POINTS = [129, 65, 17] as const;
/** Most values of a preview. */
const MOST_VALUES = 2 ** 16;
/** Digits of a value: pictures show fewer. */
const DIGITS = 6;

/** What a preview shows of what was asked for. */
export interface Asked {
  readonly grid?: readonly number[] | undefined;
  readonly expressions?: readonly string[] | undefined;
}

/**
 * A field as the data of an event: JSON.
 *
 * @returns undefined where it cannot be evaluated now: the solution may be.
 * @throws DinfError what is wrong with the expressions, before the solve has run in vain
 */
export async function previewOf(
  {field, errorEstimate, cells, seconds}: FieldSoFar,
  {grid, expressions}: Asked,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const {spec} = field.problem;
  const dimensions = spec.domain.length;
  const most = MOST_POINTS[dimensions - 1];
  const axes = axesOf(
    spec,
    spec.domain.map((_, k) => Math.min(most, grid?.[k] ?? most)),
  );
  const points = axes.reduce((product, axis) => product * axis.length, 1);
  const count = Math.max(1, Math.floor(MOST_VALUES / points));
  const shown =
    (expressions ?? unknownsOf(spec)).length > count ? (expressions ?? unknownsOf(spec)).slice(0, count) : expressions;
  try {
    const values = await valuesOf(field, axes, shown);
    const {relativeL2, max, how} = errorEstimate;
    const data = {
      axes: Object.fromEntries(spec.domain.map(({name}, k) => [name, Array.from(axes[k])])),
      values: Object.fromEntries(Object.entries(values).map(([name, list]) => [name, Array.from(list, rounded)])),
      ...{cells, seconds, iteration: field.iterations, errorEstimate: {relativeL2, max, how}},
    };
    return new TextEncoder().encode(JSON.stringify(data));
  } catch (error) {
    if (error instanceof DinfError && (error.code === 'OUT_OF_MEMORY' || error.code === 'NON_FINITE')) return undefined;
    throw error;
  }
}

/** JSON has null for what is no number. */
const rounded = (value: number): number => Number(value.toPrecision(DIGITS));
