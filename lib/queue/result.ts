/** What becomes of a job: one result in the store, written once. */
import {randomBytes} from 'node:crypto';
import {readFile} from 'node:fs/promises';
import {DinfError} from '../base/errors';
import {VERSION} from '../base/version';
import {npyBytes, npyHeader} from '../files/npy';
import {lattice, linspace} from '../pose/sampling';
import type {ErrorEstimate} from '../solve/error-estimate';
import type {Solution, StopReason} from '../solve/solution';
import type {Job} from './job';
import type {ObjectStore} from './store-interface';

/** Points an axis of a lattice of 1, 2, 3 axes where a job names expressions and no grid. */
const POINTS = [257, 65, 33];

/** How a job went, and where its field and values lie in the store. */
export interface JobResult {
  /** Of the job. */
  readonly id: string;
  /** The job's own key, where it has one. */
  readonly key?: string | undefined;
  /** One line: what was solved, on what. */
  readonly headline: string;
  readonly stopReason: StopReason;
  readonly errorEstimate: ErrorEstimate;
  /** At the end; null where it is not finite. */
  readonly loss: number | null;
  readonly iterations: number;
  /** Of the solve, with what it took on the workers that it was resumed from, where they had saved it. */
  readonly seconds: number;
  /** Unknowns of the last stage. */
  readonly unknowns: number;
  readonly device: string;
  readonly dtype: 'float32' | 'float64';
  readonly seed: number;
  /** What is to be known before the result is believed. */
  readonly notes: readonly string[];
  /** Iterations that were done already when the last attempt began: 0 where it began anew. */
  readonly resumedFrom: number;
  /** The key of the field in the store: a file for `loadSolution`. Absent where the solve diverged and left none. */
  readonly field?: string | undefined;
  /** Values at the points of the job's grid, where it has one. */
  readonly values?: JobValues | undefined;
  /** Of dinf-grid. */
  readonly version: string;
  /** Of the attempt that was first to write. */
  readonly attempt: string;
}

/** An array of shape (expressions, points of each axis), float64. */
export interface JobValues {
  /** Its key in the store: an .npy file. */
  readonly array: string;
  readonly expressions: readonly string[];
  readonly axes: readonly {readonly name: string; readonly lower: number; readonly upper: number; readonly count: number}[];
}

const folderOf = (id: string): string => `results/${id}/`;
const resultKey = (id: string): string => `${folderOf(id)}result.json`;

/** The key of a job's checkpoint. */
export const checkpointKey = (id: string): string => `checkpoints/${id}.safetensors`;

/**
 * The result of a job, if there is one.
 *
 * @throws DinfError FILE_UNREADABLE where it is damaged; UNAVAILABLE (rejects)
 */
export async function readResult(store: ObjectStore, id: string): Promise<JobResult | undefined> {
  const bytes = await store.get(resultKey(id));
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as JobResult;
  } catch (cause) {
    throw new DinfError('FILE_UNREADABLE', `${store.name}: ${resultKey(id)} is no result: ${(cause as Error).message}`, {cause});
  }
}

/** What a result says beside its solution. */
export interface Finished {
  readonly id: string;
  readonly job: Job;
  readonly headline: string;
  readonly notes: readonly string[];
  readonly resumedFrom: number;
  /** Where the field is saved on its way to the store. */
  readonly file: string;
}

/**
 * Writes the result of a job, unless another worker was first: then what that one wrote is the result, and nothing of this one stays.
 *
 * @throws DinfError FILE_UNWRITABLE, UNAVAILABLE; what evaluating throws (rejects)
 */
export async function writeResult(store: ObjectStore, solution: Solution, finished: Finished): Promise<JobResult> {
  const {id, job, headline, notes, resumedFrom, file} = finished;
  const attempt = randomBytes(8).toString('hex');
  const written: string[] = [];
  const discard = (): Promise<unknown> => Promise.allSettled(written.map((key) => store.delete(key)));
  let committing = false;
  const keep = async (name: string, bytes: Uint8Array): Promise<string> => {
    const key = `${folderOf(id)}${attempt}-${name}`;
    written.push(key);
    await store.put(key, bytes);
    return key;
  };
  try {
    const field = await saved(solution, file);
    const values = await valuesOf(job, solution);
    const result: JobResult = {
      id,
      ...(job.key !== undefined && {key: job.key}),
      headline,
      stopReason: solution.stopReason,
      errorEstimate: solution.errorEstimate,
      loss: Number.isFinite(solution.loss) ? solution.loss : null,
      iterations: solution.iterations,
      seconds: solution.seconds,
      unknowns: solution.unknowns,
      device: solution.device,
      dtype: solution.dtype,
      seed: solution.seed,
      notes: [...notes, ...solution.notes, ...(solution.message === '' ? [] : [solution.message])],
      resumedFrom,
      ...(field !== undefined && {field: await keep('field.safetensors', field)}),
      ...(values !== undefined && {values: {...values.about, array: await keep('values.npy', values.bytes)}}),
      version: VERSION,
      attempt,
    };
    // Whoever makes this object decides: what it names is there already.
    const bytes = Buffer.from(`${JSON.stringify(result, null, 1)}\n`);
    committing = true;
    if (await store.put(resultKey(id), bytes, {ifAbsent: true})) {
      await sweepAway(store, id, result);
      return result;
    }
  } catch (error) {
    // A store that did not answer may have written it all the same: then what it names must stay.
    if (!committing) await discard();
    throw error;
  }
  await discard();
  const first = await readResult(store, id);
  if (first !== undefined) return first;
  throw new DinfError('UNAVAILABLE', `${store.name}: the result of ${id} was there, and is gone`);
}

/** What workers that were killed between their field and their result have left, and the checkpoint. A failure leaves rubbish, no harm. */
async function sweepAway(store: ObjectStore, id: string, {field, values}: JobResult): Promise<void> {
  const named = new Set([resultKey(id), field, values?.array]);
  const found = await store.list(folderOf(id)).catch(() => []);
  const others = found.filter((key) => !named.has(key));
  await Promise.allSettled([...others, checkpointKey(id)].map((key) => store.delete(key)));
}

async function saved(solution: Solution, file: string): Promise<Uint8Array | undefined> {
  try {
    await solution.save(file, {origin: 'dinf-grid worker'});
  } catch (error) {
    // A solve that broke down has no field; that it did is its result.
    if (error instanceof DinfError && error.code === 'NON_FINITE') return undefined;
    throw error;
  }
  return readFile(file);
}

async function valuesOf(
  {grid, expressions}: Job,
  solution: Solution,
): Promise<{about: Omit<JobValues, 'array'>; bytes: Uint8Array} | undefined> {
  if (grid === undefined && expressions === undefined) return undefined;
  const {domain} = solution.problem.spec;
  const counts = countsOf(grid, domain.length);
  const axes = domain.map(({name, lower, upper}, k) => ({name, lower, upper, count: counts[k]}));
  const places = axes.map(({lower, upper, count}) => (count === 1 ? [lower] : linspace(lower, upper, count)));
  const found: Record<string, Float64Array> = await solution.evaluate(lattice(places), {expressions});
  const names = Object.keys(found);
  const points = counts.reduce((product, n) => product * n, 1);
  const all = new Float64Array(names.length * points);
  names.forEach((name, i) => {
    all.set(found[name], i * points);
  });
  const bytes = Buffer.concat([npyHeader([names.length, ...counts], 'float64'), npyBytes(all)]);
  return {about: {expressions: names, axes}, bytes};
}

/** @throws DinfError INVALID_ARGUMENT where the number of axes is another. */
export function countsOf(grid: Job['grid'], dimensions: number): number[] {
  if (typeof grid !== 'object')
    return new Array<number>(dimensions).fill(grid ?? POINTS[Math.min(dimensions, POINTS.length) - 1]);
  if (grid.length === dimensions) return [...grid];
  throw new DinfError('INVALID_ARGUMENT', `job: grid has ${grid.length} numbers, and the domain ${dimensions} coordinates`);
}
