/** Parameter sweeps: one problem with many values of some of its numbers, and a table of what came of each. */
import {DinfError} from '../base/errors';
import {closest} from '../base/spelling';
import {isProblemKey, isSharedKey} from '../equation/problem-file';
import type {Job} from './job';
import {canonical, checkJob, digest, jobId} from './job';
import type {JobResult} from './result';
import {readResult} from './result';
import type {ObjectStore} from './store-interface';

/** Most combinations of one sweep: its table is gathered by one worker. */
const MOST_ROWS = 10_000;

/** A value that a sweep gives to a parameter. */
export type SweepValue = number | string;

/** What a sweep varies. */
export interface Sweep {
  /** What all have in common. */
  readonly job: Job;
  /**
   * By name the values of a parameter: a number that the problem has among its `uniform`, or another of its keys, such as `seed` or
   * `resolution`; of a system one of its options. All combinations are solved, the last name varying fastest.
   */
  readonly vary: Readonly<Record<string, readonly SweepValue[]>>;
}

/** A sweep with its jobs. */
export interface SweepPlan {
  /** The same for the same sweep. */
  readonly id: string;
  readonly names: readonly string[];
  readonly rows: readonly {readonly id: string; readonly job: Job; readonly parameters: readonly SweepValue[]}[];
}

/** One combination, and what came of it. */
export interface SweepRow {
  readonly parameters: Readonly<Record<string, SweepValue>>;
  /** Of its job, under which the store has its result. */
  readonly id: string;
  readonly state: 'done' | 'failed' | 'missing';
  /** Relative error of the answer, where it was estimated. */
  readonly errorEstimate: number | null;
  /** Whether that is within the tolerance; null where there is none. */
  readonly met: boolean | null;
  readonly loss: number | null;
  readonly iterations: number | null;
  readonly seconds: number | null;
  readonly stopReason: string | null;
  /** The key of the field in the store. */
  readonly field: string | null;
  /** Why it failed. */
  readonly error: string | null;
}

/** What came of all. */
export interface SweepTable {
  readonly id: string;
  readonly names: readonly string[];
  readonly rows: readonly SweepRow[];
}

/**
 * The jobs of a sweep.
 *
 * @throws DinfError INVALID_ARGUMENT for values that are none, or too many of them; UNKNOWN_SYMBOL for a parameter that the problem does
 *   not have
 */
export function planSweep({job: given, vary}: Sweep): SweepPlan {
  const job = checkJob(given);
  const names = Object.keys(vary);
  for (const name of names) checkParameter(name, vary[name], job);
  const count = names.reduce((product, name) => product * vary[name].length, 1);
  if (count > MOST_ROWS)
    throw new DinfError(
      'INVALID_ARGUMENT',
      `the sweep has ${count} combinations, and ${MOST_ROWS} is the most: give fewer values`,
    );
  const combinations = names.reduce<SweepValue[][]>(
    (all, name) => all.flatMap((before) => vary[name].map((value) => [...before, value])),
    [[]],
  );
  const rows = combinations.map((parameters) => {
    const varied = checkJob(names.reduce((one, name, k) => withParameter(one, name, parameters[k]), job));
    return {id: jobId(varied), job: varied, parameters};
  });
  return {id: `s${digest(canonical({names, rows: rows.map(({id}) => id)}, 'sweep'))}`, names, rows};
}

function checkParameter(name: string, values: readonly SweepValue[], {problem, system, options}: Job): void {
  if (
    !Array.isArray(values) ||
    values.length === 0 ||
    !values.every((value) => typeof value === 'string' || Number.isFinite(value))
  )
    throw new DinfError('INVALID_ARGUMENT', `vary: ${name} needs a list of finite numbers or texts`);
  const uniforms = Object.keys(uniformsOf(problem));
  if (name === 'seed' || uniforms.includes(name)) return;
  if (system === undefined ? isProblemKey(name) && !FIXED.has(name) : isSharedKey(name) || Object.hasOwn(options ?? {}, name))
    return;
  const known = [...uniforms, ...(system === undefined ? [] : Object.keys(options ?? {}))];
  const near = closest(name, known);
  const listed = known.length === 0 ? 'none' : known.join(', ');
  const hint = near === undefined ? '' : `, did you mean '${near}'?`;
  throw new DinfError(
    'UNKNOWN_SYMBOL',
    `vary: the problem has no parameter '${name}'${hint} Its own are: ${listed}; beside them seed, resolution and the other keys of a problem file`,
  );
}

/** Keys that are the problem itself, or no value. */
const FIXED: ReadonlySet<string> = new Set(['out', 'uniform', 'equation', 'where', 'unknowns', 'exact']);

const uniformsOf = (problem: Job['problem']): Readonly<Record<string, unknown>> => {
  const uniform = problem?.uniform;
  return typeof uniform === 'object' && uniform !== null ? (uniform as Record<string, unknown>) : {};
};

function withParameter(job: Job, name: string, value: SweepValue): Job {
  const {problem, system, options} = job;
  const uniforms = uniformsOf(problem);
  if (problem !== undefined && Object.hasOwn(uniforms, name))
    return {...job, problem: {...problem, uniform: {...uniforms, [name]: value}}};
  if (name === 'seed') return {...job, seed: value as number};
  if (system !== undefined) return {...job, options: {...options, [name]: value}};
  return {...job, problem: {...problem, [name]: value}};
}

/** What the store has of each row, and why others have nothing. */
export async function gatherTable(
  store: ObjectStore,
  {id, names, rows}: {id: string; names: readonly string[]; rows: readonly {id: string; parameters: readonly SweepValue[]}[]},
  failures: ReadonlyMap<string, string>,
): Promise<SweepTable> {
  const found = new Array<SweepRow>(rows.length);
  let next = 0;
  // A store far away answers several at once.
  const reader = async (): Promise<void> => {
    for (let i = next++; i < rows.length; i = next++) {
      const {id: row, parameters} = rows[i];
      const named = Object.fromEntries(names.map((name, k) => [name, parameters[k]]));
      found[i] = rowOf(row, named, await readResult(store, row), failures.get(row));
    }
  };
  await Promise.all(Array.from({length: 8}, reader));
  const table = {id, names, rows: found};
  await store.put(tableKey(id, 'json'), Buffer.from(`${JSON.stringify(table, null, 1)}\n`));
  await store.put(tableKey(id, 'csv'), Buffer.from(tableCsv(table)));
  return table;
}

/** The key of a sweep's table. */
export const tableKey = (id: string, ending: 'json' | 'csv'): string => `sweeps/${id}.${ending}`;

function rowOf(
  id: string,
  parameters: SweepRow['parameters'],
  result: JobResult | undefined,
  failure: string | undefined,
): SweepRow {
  const {errorEstimate: estimate, loss = null, iterations = null, seconds = null, stopReason = null, field = null} = result ?? {};
  const state = result !== undefined ? 'done' : failure !== undefined ? 'failed' : 'missing';
  const [errorEstimate, met] = [estimate?.relativeL2 ?? null, estimate?.met ?? null];
  const error = result === undefined ? (failure ?? null) : null;
  return {parameters, id, state, errorEstimate, met, loss, iterations, seconds, stopReason, field, error};
}

/** A table as CSV: the parameters, then what came of them. */
export function tableCsv({names, rows}: SweepTable): string {
  const columns = [
    'state',
    'errorEstimate',
    'met',
    'loss',
    'iterations',
    'seconds',
    'stopReason',
    'id',
    'field',
    'error',
  ] as const;
  const lines = rows.map((row) => [...names.map((name) => row.parameters[name]), ...columns.map((column) => row[column])]);
  return [[...names, ...columns], ...lines].map((line) => `${line.map(cell).join(',')}\n`).join('');
}

function cell(value: string | number | boolean | null): string {
  if (value === null) return '';
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * The values that a text gives to a parameter: `1,2,3`, texts too, or `0.1:1:10`, ten numbers from 0.1 to 1, both ends among them.
 *
 * @throws DinfError INVALID_ARGUMENT
 */
export function parseVary(text: string): {name: string; values: SweepValue[]} {
  const parts = /^([^=]+)=(.+)$/.exec(text);
  if (parts === null) throw new DinfError('INVALID_ARGUMENT', `${text} is no NAME=VALUES, such as alpha=0.1:1:10 or beta=1,2,3`);
  const [name, list] = [parts[1].trim(), parts[2].trim()];
  const range = /^([^:,]+):([^:,]+):([^:,]+)$/.exec(list);
  if (range === null) return {name, values: list.split(',').map((part) => valueOf(part.trim(), text))};
  const [from, to, count] = range.slice(1).map(Number);
  if (!Number.isFinite(from) || !Number.isFinite(to) || !Number.isSafeInteger(count) || count < 2 || count > MOST_ROWS)
    throw new DinfError('INVALID_ARGUMENT', `${text}: a range is FROM:TO:COUNT, numbers, and COUNT at least 2 of them`);
  // From both ends, so that both are met exactly.
  const values = Array.from({length: count}, (_, i) => (from * (count - 1 - i) + to * i) / (count - 1));
  return {name, values};
}

function valueOf(part: string, text: string): SweepValue {
  if (part === '') throw new DinfError('INVALID_ARGUMENT', `${text} has an empty value`);
  const number = Number(part);
  return Number.isFinite(number) ? number : part;
}
