import type {Device} from '../device';
import {chooseDevice, defaultThreads, deviceOptions} from '../device';
import {checkInteger, rejectUnknown} from '../options';
import {Session} from '../session';
import {Solution} from '../solution';
import {applyCheckpoint} from './apply';
import type {Checkpoint} from './checkpoint';
import {readCheckpoint} from './checkpoint';
import {unreadable} from './safetensors';

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
  options: {device?: Device; threads?: number} = {},
): Promise<Solution> {
  rejectUnknown(options, ['device', 'threads'], 'loadSolution');
  const device = chooseDevice(options.device ?? 'auto');
  const threads = checkInteger(options.threads ?? defaultThreads(), 'loadSolution: threads', 1, 1024);
  const checkpoint = typeof from === 'string' ? await readCheckpoint(from) : from;
  const {problem, dtype, seed, standing} = checkpoint;
  const session = new Session(problem.spec, {dtype, threads, seed, ...deviceOptions(device)});
  try {
    await applyCheckpoint(session, checkpoint);
    return new Solution(problem, session, standing, device.name);
  } catch (error) {
    session.dispose();
    if (typeof from === 'string') throw unreadable(from, (error as Error).message, error);
    throw error;
  }
}
