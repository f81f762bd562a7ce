/** What a job is: a problem in plain values, and how it is named. */
import {createHash} from 'node:crypto';
import {DinfError} from '../base/errors';
import type {Check, OptionChecks} from '../base/options';
import {
  checkChoice,
  checkInteger,
  checkList,
  checkName,
  checkNumber,
  checkOneOrList,
  checkOptions,
  checkRecord,
} from '../base/options';

/** Longest job as JSON; data of that size belong into the store. */
const MOST_BYTES = 1 << 20;
/** Most values that a job evaluates: 1 GiB of float64. */
const MOST_VALUES = 2 ** 27;

/** A problem to be solved somewhere: plain values that JSON holds. Give `problem` or `system`. */
export interface Job {
  /** The keys of a problem file, but for `out`: `{equation, domain, where, ...}`. */
  readonly problem?: Readonly<Record<string, unknown>> | undefined;
  /** A built-in problem by its name on the command line, such as `heat`. */
  readonly system?: string | undefined;
  /** Options of that system, as a problem file writes them; none may name a file. Default: none. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  /** Of everything random. Default: that of `problem`, or 0. */
  readonly seed?: number | undefined;
  /** Precision. Default: that of `problem`, or of the solve. */
  readonly dtype?: 'float32' | 'float64' | undefined;
  /** Seconds after which an attempt ends with what it has; its wait in the queue does not count. Default: no end. */
  readonly maxSeconds?: number | undefined;
  /** Bytes that a factorisation may take, where the problem refines its own grid. Default: that of `problem`. */
  readonly maxMemory?: number | undefined;
  /** Points of a lattice over the domain at which the result is evaluated: one number, or one an axis. Default: 257, 65, 33 an axis of 1, 2, 3 where there are expressions. */
  readonly grid?: number | readonly number[] | undefined;
  /** What is evaluated there. Default: the unknowns where there is a grid, else nothing. */
  readonly expressions?: readonly string[] | undefined;
  /** Tells jobs apart that are the same otherwise. Default: none, and the same job is solved once. */
  readonly key?: string | undefined;
}

const checkPlain: Check<Readonly<Record<string, unknown>>> = (value, name) => checkRecord(value, name);

const CHECKS: OptionChecks<Job> = {
  problem: checkPlain,
  system: checkName,
  options: checkPlain,
  seed: (value, name) => checkInteger(value, name, 0),
  dtype: (value, name) => checkChoice(value, name, ['float32', 'float64'] as const),
  maxSeconds: (value, name) => checkNumber(value, name, 0.001),
  maxMemory: (value, name) => checkInteger(value, name, 1),
  grid: (value, name) => checkOneOrList(value, name, (one, place) => checkInteger(one, place, 1, 1 << 20), 1),
  expressions: (value, name) => checkList(value, name, checkName, 1),
  key: checkName,
};

/**
 * A job in a form that does not depend on how it was written: what it means as a problem is looked at when it is posed.
 *
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function checkJob(value: unknown): Job {
  const job = checkOptions<Job>(value, 'job', CHECKS);
  if ((job.problem === undefined) === (job.system === undefined))
    throw new DinfError(
      'INVALID_ARGUMENT',
      "a job has either 'problem', the keys of a problem file, or 'system', the name of a built-in one",
    );
  if (job.options !== undefined && job.system === undefined)
    throw new DinfError('INVALID_ARGUMENT', "job: 'options' are those of a 'system'; a problem has them among its own keys");
  const points = [job.grid ?? []].flat().reduce((product, n) => product * n, 1);
  if (points * (job.expressions?.length ?? 1) > MOST_VALUES)
    throw new DinfError('INVALID_ARGUMENT', `job: grid and expressions make more than ${MOST_VALUES} values: give fewer points`);
  const text = canonical(job, 'job');
  if (Buffer.byteLength(text) > MOST_BYTES)
    throw new DinfError(
      'INVALID_ARGUMENT',
      `a job has at most ${MOST_BYTES} bytes as JSON, and this one ${Buffer.byteLength(text)}`,
    );
  return JSON.parse(text) as Job;
}

/** The name of a job, the same for the same content: results lie under it. */
export function jobId(job: Job): string {
  return `j${digest(canonical(job, 'job'))}`;
}

/** 160 bits of a text's SHA-256, as hexadecimal digits. */
export const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 40);

/**
 * A value as JSON whose keys are sorted, so that equal values have equal texts.
 *
 * @throws DinfError INVALID_ARGUMENT for what JSON does not hold
 */
export function canonical(value: unknown, name: string, depth = 0): string {
  if (depth > 64) throw new DinfError('INVALID_ARGUMENT', `${name} is nested too deeply`);
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((one, i) => canonical(one, `${name}[${i}]`, depth + 1)).join(',')}]`;
  if (typeof value === 'object') {
    const entries = Object.entries(value as Record<string, unknown>).filter(([, one]) => one !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one, `${name}.${key}`, depth + 1)}`).join(',')}}`;
  }
  throw new DinfError(
    'INVALID_ARGUMENT',
    `${name} must be a value that JSON holds: a finite number, a text, a list or an object`,
  );
}
