/** `--resume`: where a solve of the command line goes on, and with which stages. */
import {checkSame} from '../solve/checkpoint/apply';
import type {Checkpoint} from '../solve/checkpoint/checkpoint';
import {readCheckpoint} from '../solve/checkpoint/checkpoint';
import type {Optimizer, RunSettings} from '../optimizers';
import type {OptimizerName, Prepared, RunOptions} from '../cases/definition';
import {checkIterations} from '../cases/stages';

/** A saved solve, and the stages that it goes on with. */
export interface Resumption {
  readonly checkpoint: Checkpoint;
  readonly optimizers: Prepared['optimizers'];
}

/**
 * Reads a saved field and sees that it solves this very problem. Without --optimizer its own schedule goes on, with whatever iterations,
 * tolerance, learning rate and inner solver are given now in place of its own; with one, that schedule and the preset's settings.
 *
 * @throws what reading a checkpoint throws; INVALID_ARGUMENT for a field of another problem or seed, saying what differs.
 */
export async function readResumption(
  file: string,
  prepared: Prepared,
  options: RunOptions,
  seed: number | undefined,
): Promise<Resumption> {
  const checkpoint = await readCheckpoint(file);
  checkSame(checkpoint, prepared.problem, seed, file);
  if (options.optimizers !== undefined) return {checkpoint, optimizers: prepared.optimizers};
  const {schedule} = checkpoint.standing;
  const {iterations = [], tolerance, learningRate, inner} = options;
  checkIterations(iterations, schedule.length);
  return {
    checkpoint,
    optimizers: schedule.map((stage, i) => ({
      name: nameOf(stage),
      stage: overridden(stage, {iterations: iterations[i] ?? iterations[0], tolerance, learningRate, inner}),
    })),
  };
}

/** A stage with the settings that were given and that it has. */
function overridden(stage: Optimizer, given: RunSettings): Optimizer {
  const known = Object.entries(given).filter(
    ([key, value]) => value !== undefined && (key in stage || (key === 'inner' && stage.type === 'gauss-newton')),
  );
  return {...stage, ...Object.fromEntries(known)};
}

function nameOf(stage: Optimizer): OptimizerName {
  return stage.type === 'gauss-newton' && stage.steps === 1 ? 'lsq' : stage.type;
}
