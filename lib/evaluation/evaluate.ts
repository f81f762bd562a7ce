/** A saved field at any number of points, a batch at a time. */
import {DinfError} from '../base/errors';
import {equationText} from '../expression/equation';
import type {Solution} from '../solve/solution';
import type {Batch, PointSource} from './source';
import {firstOutside, outsideError} from './source';

/** The settings of an evaluation. */
export interface EvaluationRun {
  readonly solution: Solution;
  readonly source: PointSource;
  readonly expressions: readonly string[];
  /** A point outside the domain is refused before anything is evaluated, or has NaN for values. */
  readonly outside: 'error' | 'nan';
  readonly signal?: AbortSignal | undefined;
  /** Called with the part of the points, from 0 to 1, that has been checked or evaluated. */
  readonly onProgress?: ((what: 'checked' | 'evaluated', part: number) => void) | undefined;
}

/** Points, and the values of each expression there. */
export interface EvaluatedBatch extends Batch {
  /** One array an expression. */
  readonly values: readonly Float64Array[];
}

/** Figures of the values, complete when all have been seen. */
export interface EvaluationSummary {
  /** Number of points. */
  points: number;
  /** Number of points outside the domain. */
  outside: number;
  /** Figures of each expression, in their order; the extremes are NaN where no value is finite. */
  readonly expressions: {readonly expression: string; minimum: number; maximum: number; notFinite: number}[];
}

/**
 * Goes through all points once, so that nothing is evaluated or written when one of them is wrong.
 *
 * @returns how many there are.
 * @throws OUT_OF_DOMAIN naming row and coordinate; ABORTED; what reading the source throws.
 */
export async function checkPoints({solution, source, outside, signal, onProgress}: EvaluationRun): Promise<number> {
  const {domain} = solution.problem.spec;
  let count = 0;
  for await (const batch of source.batches((part) => onProgress?.('checked', part))) {
    checkAborted(signal);
    const wrong = outside === 'error' ? firstOutside(batch, domain) : -1;
    if (wrong >= 0) throw outsideError(source, batch, wrong, domain);
    count += batch.count;
  }
  return count;
}

/**
 * Evaluates batch after batch; `summary` grows with them.
 *
 * @throws what evaluating an expression throws; ABORTED; what reading the source throws.
 */
export async function* evaluateBatches(run: EvaluationRun, summary: EvaluationSummary): AsyncGenerator<EvaluatedBatch> {
  const {solution, source, expressions, signal, onProgress} = run;
  const {domain} = solution.problem.spec;
  const d = domain.length;
  for await (const batch of source.batches((part) => onProgress?.('evaluated', part))) {
    checkAborted(signal);
    const left = run.outside === 'nan' ? outsiders(batch, domain) : [];
    let where = batch.samples ?? batch.points;
    if (left.length > 0) {
      // Any point of the domain stands in for those outside, whose values are then taken away.
      const inside = batch.points.slice();
      for (const i of left) domain.forEach(({lower}, k) => (inside[i * d + k] = lower));
      where = inside;
    }
    const results = await solution.evaluate(where, {expressions});
    const values = expressions.map((expression) => results[equationText(expression)]);
    for (const column of values) for (const i of left) column[i] = NaN;
    summary.points += batch.count;
    summary.outside += left.length;
    values.forEach((column, e) => {
      observe(column, left.length, summary.expressions[e]);
    });
    yield {...batch, values};
  }
}

/** A summary of nothing yet. */
export function emptySummary(expressions: readonly string[]): EvaluationSummary {
  return {
    points: 0,
    outside: 0,
    expressions: expressions.map((expression) => ({expression, minimum: NaN, maximum: NaN, notFinite: 0})),
  };
}

function outsiders({points, count}: Batch, domain: Solution['problem']['spec']['domain']): number[] {
  const d = domain.length;
  const found: number[] = [];
  for (let i = 0; i < count; i++) {
    if (domain.some(({lower, upper}, k) => points[i * d + k] < lower || points[i * d + k] > upper)) found.push(i);
  }
  return found;
}

/** @param left values that are NaN because their points are outside: they do not count. */
function observe(column: Float64Array, left: number, into: EvaluationSummary['expressions'][number]): void {
  let [low, high, bad] = [Infinity, -Infinity, -left];
  for (const value of column) {
    if (!Number.isFinite(value)) bad += 1;
    else {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  into.notFinite += bad;
  if (low > high) return;
  into.minimum = into.minimum < low ? into.minimum : low;
  into.maximum = into.maximum > high ? into.maximum : high;
}

function checkAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new DinfError('ABORTED', 'the evaluation was interrupted', {cause: signal.reason});
}
