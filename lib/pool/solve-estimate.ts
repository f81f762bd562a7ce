/** What a solve will hold, before it begins: the estimate of its arrays, and what its factorisations may take beside them. */
import {Case} from '../cases/case';
import {goesItsOwnWay} from '../cases/solve-prepared';
import {compileProblem} from '../compile/compile';
import {estimateBytes} from '../compile/memory';
import {prepareTerms} from '../compile/terms';
import {bytesText} from '../base/bytes';
import {DinfError} from '../base/errors';
import type {Optimizer} from '../optimizers';
import type {Problem} from '../pose/problem';
import {planSolve, stagesOf} from '../solve/plan';
import type {SolveOptions} from '../solve/solve-options';

/** Bytes of a job, and what bounds them. */
export interface SolveEstimate {
  /** What is reserved. */
  readonly bytes: number;
  /** Of that, for factorisations. */
  readonly factorBytes: number;
  /** The stages with that bound, where the job is a single solve; undefined where a case goes its own way. */
  readonly stages: readonly Optimizer[] | undefined;
}

/** Least bytes of a factorisation: below, an estimate that nearly fills what there is would leave it nothing. */
const LEAST_FACTOR = 2 ** 20;

/**
 * Checks the options of a solve, and estimates its memory.
 *
 * @param share bytes that a job has where nobody says more; `given` what this one may hold.
 * @throws DinfError what {@link planSolve} throws; OUT_OF_MEMORY where the estimate is above `given`
 */
export async function estimateSolve<U extends string>(
  problem: Problem<U>,
  options: SolveOptions,
  share: number,
  given: number | undefined,
): Promise<SolveEstimate> {
  const plan = await planSolve(problem, options);
  await prepareTerms(problem.spec, options.signal);
  const ownWay = problem instanceof Case && goesItsOwnWay(problem.prepared, options);
  const stages = casesOwn(problem, options) ?? stagesOf(plan);
  const {dtype, threads, seed} = plan;
  // What is judged is solved in float64 where nobody says otherwise.
  const compiled = compileProblem(problem.spec, {
    ...{threads, seed},
    dtype: ownWay && options.dtype === undefined ? 'float64' : dtype,
  });
  const estimate = estimateBytes(compiled, stages);
  if (given !== undefined && estimate > given) throw tooLarge(estimate, given);
  // Without stages of its own a solve goes on with those of what it resumes, where they stood.
  const open = ownWay || (options.optimizer === undefined && options.resume !== undefined);
  const factorises = ownWay || stages.some(({type}) => type === 'gauss-newton');
  if (!factorises) return {bytes: estimate, factorBytes: 0, stages: open ? undefined : stages};
  const factorBytes = Math.max(LEAST_FACTOR, Math.floor((given ?? share) - estimate));
  return {
    bytes: estimate + factorBytes,
    factorBytes,
    stages: open ? undefined : stages.map((stage) => bounded(stage, factorBytes)),
  };
}

/** What is said of a job that needs more than it may hold. */
export const tooLarge = (bytes: number, most: number): DinfError =>
  new DinfError(
    'OUT_OF_MEMORY',
    `this job needs about ${bytesText(bytes)}, and may hold ${bytesText(most)}: use a smaller resolution or fewer samples, or give it a larger maxMemory`,
  );

/** The stages that a case chooses where nobody else does. */
function casesOwn(problem: Problem, {optimizer, resume}: SolveOptions): readonly Optimizer[] | undefined {
  return problem instanceof Case && optimizer === undefined && resume === undefined ? problem.optimizers : undefined;
}

function bounded(stage: Optimizer, factorBytes: number): Optimizer {
  if (stage.type !== 'gauss-newton') return stage;
  return {...stage, factorBytes: Math.min(factorBytes, stage.factorBytes ?? Infinity)};
}
