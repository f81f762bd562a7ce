/** From a job to the problem that it solves. */
import {DinfError} from '../base/errors';
import {checkChoice} from '../base/options';
import type {Case} from '../cases/case';
import {goesOn} from '../cases/solve-prepared';
import {equation} from '../equation/equation';
import {isSharedKey, problemFromKeys, sharedFromKeys} from '../equation/problem-file';
import {advection, advection2d, cloth, fit, heat, helmholtz, plate, poisson, sdf, zalesak} from '../problems/gallery';
import type {SolveOptions} from '../solve/solve';
import type {Job} from './job';

const SYSTEMS = {
  advection,
  'advection-2d': advection2d,
  cloth,
  fit,
  heat,
  helmholtz,
  plate,
  poisson,
  sdf,
  zalesak,
} as const;

/** Options of systems that name a file: of which machine, a job cannot say. */
const FILES: ReadonlySet<string> = new Set(['image', 'points']);

/** A job that can be solved. */
export interface PosedJob {
  readonly posed: Case;
  /** Precision and seed. */
  readonly solve: Pick<SolveOptions, 'dtype' | 'seed'>;
  /** Whether an interrupted solve can go on from its saved field to the same end. */
  readonly resumes: boolean;
}

/**
 * Poses the problem of a job that has been checked.
 *
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION, and what posing throws (rejects)
 */
export async function poseJob(job: Job): Promise<PosedJob> {
  const {posed, solve, fixed} = job.problem === undefined ? await poseSystem(job) : await poseProblem(job, job.problem);
  const given = {dtype: job.dtype ?? solve.dtype, seed: job.seed ?? solve.seed};
  return {posed, solve: given, resumes: goesOn(posed.prepared, fixed)};
}

interface Posed extends Pick<PosedJob, 'posed' | 'solve'> {
  /** Whether the cells were given. */
  readonly fixed: boolean;
}

async function poseProblem(job: Job, keys: Readonly<Record<string, unknown>>): Promise<Posed> {
  const {problem, solve} = problemFromKeys(keys, "the job's problem");
  const {maxMemory = job.maxMemory, maxSeconds = job.maxSeconds} = problem;
  const posed = await equation({
    ...problem,
    maxMemory: least(maxMemory, job.maxMemory),
    maxSeconds: least(maxSeconds, job.maxSeconds),
  });
  return {posed, solve, fixed: problem.resolution !== undefined};
}

async function poseSystem({system, options = {}}: Job): Promise<Posed> {
  const name = checkChoice(system, 'job: system', Object.keys(SYSTEMS) as (keyof typeof SYSTEMS)[]);
  const file = Object.keys(options).find((key) => FILES.has(key));
  if (file !== undefined)
    throw new DinfError(
      'INVALID_ARGUMENT',
      `job: the option '${file}' of ${name} names a file, which jobs cannot: workers have files of their own`,
    );
  const [shared, own]: [string, unknown][][] = [[], []];
  for (const entry of Object.entries(options)) (isSharedKey(entry[0]) ? shared : own).push(entry);
  const {options: common, solve} = sharedFromKeys(Object.fromEntries(shared), `the job's options of ${name}`);
  // Each system checks its own options and refuses what it does not know.
  const build = SYSTEMS[name] as (given: object) => Promise<Case>;
  return {posed: await build({...common, ...Object.fromEntries(own)}), solve, fixed: true};
}

const least = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
