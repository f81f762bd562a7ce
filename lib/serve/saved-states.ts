/** States of solves that the end of the service has cut: files of a folder, from which the same requests go on. */
import {readdir, rm, stat} from 'node:fs/promises';
import * as path from 'node:path';
import {digestOf} from '../base/digest';
import {DinfError} from '../base/errors';
import {checkWritable} from '../files/atomic-write';
import {makeFolder} from '../files/make-folder';
import type {Problem} from '../pose/problem';
import {checkSame} from '../solve/checkpoint/apply';
import type {Checkpoint} from '../solve/checkpoint/checkpoint';
import {readCheckpoint} from '../solve/checkpoint/checkpoint';
import type {Solution} from '../solve/solution';
import type {SolveTask} from './tasks';

/** Hours after which a state that nobody came back for is deleted, when a service begins. */
const KEPT_HOURS = 24;
/** Names of the files, and of nothing else that may lie there. */
const NAME = /^dinf-state-[0-9a-f]{64}\.safetensors$/;

/**
 * Makes the folder where it is missing, and deletes what is old there.
 *
 * @throws DinfError FILE_UNWRITABLE (rejects)
 */
export async function prepareFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
  } catch (cause) {
    throw new DinfError('FILE_UNWRITABLE', `cannot make the folder ${folder} of checkpoints: ${(cause as Error).message}`, {
      cause,
    });
  }
  await checkWritable(path.join(folder, 'dinf-state'));
  const oldest = Date.now() - KEPT_HOURS * 3_600_000;
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name);
    if (NAME.test(name) && (await stat(file)).mtimeMs < oldest) await rm(file, {force: true});
  }
}

/** The state of one request: of what is solved, and not of what is asked to be seen of it. */
export class SavedState {
  private readonly file: string;

  constructor(folder: string, {problem, system, dtype, seed}: SolveTask) {
    this.file = path.join(folder, `dinf-state-${digestOf({problem, system, dtype, seed})}.safetensors`);
  }

  /** What an earlier run has left; undefined where that is nothing, or cannot be used, such as one of another version. */
  async read(posed: Problem, seed: number | undefined): Promise<Checkpoint | undefined> {
    try {
      const checkpoint = await readCheckpoint(this.file);
      checkSame(checkpoint, posed, seed, 'the saved state');
      return checkpoint;
    } catch (error) {
      if (error instanceof DinfError) return undefined;
      throw error;
    }
  }

  /** @returns what is to be said of it. */
  async write(solution: Solution): Promise<string> {
    try {
      await solution.save(this.file, {origin: 'dinf-grid serve'});
      return `its state was saved after ${solution.iterations} iterations: the same request goes on from there`;
    } catch (error) {
      if (!(error instanceof DinfError)) throw error;
      return error.code === 'NON_FINITE' ? 'its state is no number, and was not saved' : 'its state could not be saved';
    }
  }

  async delete(): Promise<void> {
    await rm(this.file, {force: true});
  }
}
