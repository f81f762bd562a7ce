/** Options of queues and workers. */
import type {Check, OptionChecks} from '../base/options';
import {checkFunction, checkInteger, checkNumber, checkOptions, checkText, wrong} from '../base/options';
import type {Device} from '../devices';
import {checkQueueName} from './redis';
import type {ObjectStore} from './store-interface';

/** Where the queue and its results are. */
export interface QueueOptions {
  /** `redis://host:6379`, or `rediss://` for TLS. */
  readonly redis: string;
  /** The queue's name. Default `dinf-grid`. */
  readonly queue?: string | undefined;
  /** A folder that all see, `s3://bucket/prefix`, or a store of your own. */
  readonly store: string | ObjectStore;
}

/** What a worker tells while it works. */
export type WorkerEvent =
  | {readonly event: 'started'; readonly id: string; readonly attempt: number; readonly resumedFrom: number}
  | {readonly event: 'done'; readonly id: string; readonly stopReason: string; readonly seconds: number; readonly found: boolean}
  | {readonly event: 'failed'; readonly id: string; readonly message: string; readonly again: boolean}
  | {readonly event: 'handed-back'; readonly id: string; readonly iterations: number}
  | {readonly event: 'cancelled'; readonly id: string}
  | {readonly event: 'gathered'; readonly id: string; readonly rows: number}
  | {readonly event: 'stalled'; readonly id: string}
  | {readonly event: 'device-lost'; readonly message: string}
  | {readonly event: 'trouble'; readonly message: string};

/** How a worker works. */
export interface WorkerOptions extends QueueOptions {
  /** Jobs at once. Default 1. */
  readonly concurrency?: number | undefined;
  /** CPU threads of a job. Default: the cores, shared among the jobs at once. */
  readonly threads?: number | undefined;
  /** Default `auto`. */
  readonly device?: Device | undefined;
  /** After that many seconds without a sign of life of its worker a job is another's. Default 30. */
  readonly lockSeconds?: number | undefined;
  /** Between checkpoints of solves that have them. Default 10. */
  readonly checkpointSeconds?: number | undefined;
  /** Most jobs that all workers of the queue begin in that time; the same for each of them. Default: no limit. */
  readonly rate?: {readonly jobs: number; readonly seconds: number} | undefined;
  /** Workers that may die over one job, which might be its fault, before it fails. Default 10. */
  readonly mostDeaths?: number | undefined;
  /** Hears what happens. */
  readonly onEvent?: ((event: WorkerEvent) => void) | undefined;
}

const checkStore: Check<string | ObjectStore> = (value, name) => {
  if (typeof value === 'string') return checkText(value, name);
  const parts = ['get', 'put', 'list', 'delete'];
  const is =
    typeof value === 'object' &&
    value !== null &&
    parts.every((part) => typeof (value as Record<string, unknown>)[part] === 'function');
  if (!is) throw wrong(name, 'a folder, s3://bucket/prefix, or an object with get, put, list and delete', value);
  return value as ObjectStore;
};

const QUEUE: OptionChecks<QueueOptions> = {redis: checkText, queue: checkQueueName, store: checkStore};

const WORKER: OptionChecks<WorkerOptions> = {
  ...QUEUE,
  concurrency: (value, name) => checkInteger(value, name, 1, 1024),
  threads: (value, name) => checkInteger(value, name, 1, 1024),
  device: checkText as Check<Device>,
  lockSeconds: (value, name) => checkNumber(value, name, 0.5, 86_400),
  checkpointSeconds: (value, name) => checkNumber(value, name, 0.1, 86_400),
  rate: (value, name) => {
    const {jobs, seconds} = checkOptions<Partial<NonNullable<WorkerOptions['rate']>>>(value, name, {
      jobs: (one, place) => checkInteger(one, place, 1),
      seconds: (one, place) => checkNumber(one, place, 0.001),
    });
    if (jobs === undefined || seconds === undefined) throw wrong(name, '{jobs, seconds}', value);
    return {jobs, seconds};
  },
  mostDeaths: (value, name) => checkInteger(value, name, 0, 10_000),
  onEvent: (value, name) => checkFunction<NonNullable<WorkerOptions['onEvent']>>(value, name),
};

/** @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION */
export const checkQueueOptions = (value: unknown): QueueOptions =>
  required(checkOptions<QueueOptions>(value, 'createQueue', QUEUE), 'createQueue');

/** @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION */
export const checkWorkerOptions = (value: unknown): WorkerOptions =>
  required(checkOptions<WorkerOptions>(value, 'startWorker', WORKER), 'startWorker');

function required<T extends Partial<QueueOptions>>(options: T, what: string): T {
  for (const name of ['redis', 'store'] as const)
    if (options[name] === undefined) throw wrong(`${what}: ${name}`, 'given', undefined);
  return options;
}

/** The queue that is meant where none is named. */
export const DEFAULT_QUEUE = 'dinf-grid';
