/**
 * Many solves in one process: a bounded queue before shared threads and memory, fairness between callers, batches of equal structures.
 *
 * @packageDocumentation
 * @module dinf-grid/pool
 */
export {SolverPool} from '../pool/pool';
export type {JobOptions, PoolManyOptions, PoolSolveOptions, SolverPoolOptions} from '../pool/pool-options';
export type {PoolStats, Seconds} from '../pool/pool-stats';
export type {CacheCounts} from '../pool/solver-cache';
export {QueueFull} from '../pool/queue-full';
