/**
 * Many machines: jobs through BullMQ on Redis, workers on any number of hosts, results in a folder or in S3. Needs the packages `bullmq` and
 * `ioredis` beside this one, and `aws4fetch` for S3.
 *
 * @packageDocumentation
 * @module dinf-grid/queue
 */
export type {Job} from '../queue/job';
export {jobId} from '../queue/job';
export {openStore} from '../queue/object-store';
export type {QueueOptions, WorkerEvent, WorkerOptions} from '../queue/options';
export type {JobQueue, JobStatus, SubmitOptions} from '../queue/queue';
export {createQueue} from '../queue/queue';
export type {JobResult, JobValues} from '../queue/result';
export type {ObjectStore} from '../queue/store-interface';
export type {Sweep, SweepRow, SweepTable, SweepValue} from '../queue/sweep';
export {parseVary, tableCsv} from '../queue/sweep';
export type {LocalSweepOptions} from '../queue/sweep-locally';
export {sweepLocally} from '../queue/sweep-locally';
export type {QueueWorker} from '../queue/worker';
export {startWorker} from '../queue/worker';
