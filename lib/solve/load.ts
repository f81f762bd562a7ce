import type {Device} from '../devices';
import {defaultThreads} from '../devices/cpu';
import {deviceOptions, findDevice} from '../devices';
import type {Check} from '../base/options';
import {checkInteger, checkOptions, checkText} from '../base/options';
import {prepareTerms} from '../compile/terms';
import type {Problem} from '../pose/problem';
import type {Outcome} from './schedule';
import {Session} from './session';
import {Solution} from './solution';
import type {SolveOptions} from './solve-options';
import {applyCheckpoint, usable} from './checkpoint/apply';
import type {Checkpoint} from './checkpoint/checkpoint';
import {readCheckpoint} from './checkpoint/checkpoint';
import {checkCheckpoint} from './checkpoint/check';
import {unreadable} from '../files/safetensors';

/**
 * A saved solution, as good as the one that was saved: on the same device and instruction set it evaluates to the same bits, and it can be
 * saved again or given to `solve(problem, {resume})`. Its `problem` is the one that was saved.
 *
 * @param from the file of {@link Solution.save}, or a checkpoint.
 * @param options.threads CPU threads, default one a core.
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE (damaged, cut off, of another program or version), OUT_OF_MEMORY, NO_SUCH_DEVICE.
 */
export async function loadSolution(
  from: string | Checkpoint,
  options: {device?: Device | undefined; threads?: number | undefined} = {},
): Promise<Solution> {
  const {device: word = 'auto', threads = defaultThreads()} = checkOptions<NonNullable<Parameters<typeof loadSolution>[1]>>(
    options,
    'loadSolution',
    {device: checkText as Check<Device>, threads: (value, name) => checkInteger(value, name, 1, 1024)},
  );
  const device = await findDevice(word);
  const checkpoint = usable(
    typeof from === 'string' ? await readCheckpoint(from) : checkCheckpoint(from, 'loadSolution: the first argument'),
  );
  const {problem, dtype, seed, standing} = checkpoint;
  await prepareTerms(problem.spec);
  const session = new Session(
    problem.spec,
    {dtype, threads, seed, folded: checkpoint.folded, ...deviceOptions(device)},
    'evaluate',
  );
  try {
    await applyCheckpoint(session, checkpoint);
    return new Solution(problem, session, standing, device.name);
  } catch (error) {
    session.dispose();
    if (typeof from === 'string') throw unreadable(from, (error as Error).message, error);
    throw error;
  }
}

/**
 * A solution whose parameters were found elsewhere, such as window by window.
 *
 * @param parameters of folded fields.
 */
export async function solutionOf<U extends string>(
  problem: Problem<U>,
  parameters: Float64Array,
  outcome: Outcome,
  {device: word = 'auto', threads = defaultThreads(), dtype = 'float64', seed = 0}: SolveOptions,
): Promise<Solution<U>> {
  const device = await findDevice(word);
  await prepareTerms(problem.spec);
  const session = new Session(problem.spec, {dtype, threads, seed, folded: true, ...deviceOptions(device)}, 'evaluate');
  try {
    await session.setParameters(parameters, true);
    return new Solution(problem, session, outcome, device.name);
  } catch (error) {
    session.dispose();
    throw error;
  }
}
