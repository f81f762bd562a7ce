/** Between a native solver and a checkpoint: taking what it holds, and giving it back. */
import {DinfError} from '../../base/errors';
import type {Problem} from '../../pose/problem';
import type {Outcome} from '../schedule';
import type {Session} from '../session';
import {VERSION} from '../../base/version';
import type {Checkpoint, WritableCheckpoint} from './checkpoint';
import {differences, plainSpec} from './plain';

/** The state of a solver that is at rest. */
export async function checkpointOf(
  ...from: [problem: Problem, session: Session, outcome: Outcome, device: string, origin?: string]
): Promise<Checkpoint> {
  const state = await writableCheckpointOf(...from);
  return {...state, parameters: Float64Array.from(state.parameters)};
}

/** The same, with parameters in the solver's own precision: half the memory where that is float32. */
export async function writableCheckpointOf(
  problem: Problem,
  session: Session,
  outcome: Outcome,
  device: string,
  origin = '',
): Promise<WritableCheckpoint> {
  const {dtype, seed} = session.options;
  // Queued behind one another, with nothing between: one moment of the solver.
  const [{blocks, folded}, parameters, optimizer] = await Promise.all([
    session.state(),
    session.ownParameters(),
    session.optimizerState(),
  ]);
  const uniforms = session.uniformValues.slice();
  const {inner, ...standing} = outcome; // how it was solved is no part of where it stands
  void inner;
  return {
    ...{problem, device, dtype, seed, folded, blocks, parameters, uniforms},
    standing: {...standing, optimizer},
    version: VERSION,
    origin,
  };
}

/**
 * Puts a solver where a checkpoint stands.
 *
 * @throws INVALID_ARGUMENT when the checkpoint is not of the session's fields.
 */
export async function applyCheckpoint(session: Session, checkpoint: Checkpoint): Promise<void> {
  const {parameters, folded, uniforms, blocks, standing} = checkpoint;
  await session.setUniforms(uniforms);
  await session.setParameters(parameters, folded);
  const names = (list: Checkpoint['blocks']): string => list.map(({name, shape}) => `${name} ${shape.join(' × ')}`).join(', ');
  const own = (await session.state()).blocks;
  if (names(own) !== names(blocks)) {
    throw new DinfError('INVALID_ARGUMENT', `the saved parameters are ${names(blocks)}, and the field's are ${names(own)}`);
  }
  if (standing.optimizer !== null) await session.setOptimizerState(standing.optimizer);
}

/**
 * A checkpoint that a solver can go on from. Moments of Adam that are not finite are let go of, as they are after divergence: its stage then
 * begins anew from the field.
 */
export function usable(checkpoint: Checkpoint): Checkpoint {
  const {optimizer} = checkpoint.standing;
  if (optimizer === null) return checkpoint;
  const {first, second, best, current, bestMean, windowSum} = optimizer;
  const finite = [first, second, best, current ?? [], [bestMean ?? 0, windowSum]].every((values) =>
    (values as readonly number[]).every(Number.isFinite),
  );
  return finite ? checkpoint : {...checkpoint, standing: {...checkpoint.standing, optimizer: null}};
}

/**
 * Refuses to go on with another problem, or with other random numbers.
 *
 * @param name of the checkpoint, for messages.
 * @throws INVALID_ARGUMENT saying what differs.
 */
export function checkSame(checkpoint: Checkpoint, problem: Problem, seed: number | undefined, name: string): void {
  const found = differences(plainSpec(checkpoint.problem.spec), plainSpec(problem.spec), [name, 'this problem']);
  if (found.length > 0) {
    const origin = checkpoint.origin === '' ? '' : `, which was made by\n  ${checkpoint.origin}\n`;
    throw new DinfError(
      'INVALID_ARGUMENT',
      `cannot go on from ${name}${origin || ': '}it solves another problem: ${found.slice(0, 5).join('; ')}${found.length > 5 ? ` and ${found.length - 5} more` : ''}`,
    );
  }
  if (seed !== undefined && seed !== checkpoint.seed) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `cannot go on from ${name} with seed ${seed}: it has seed ${checkpoint.seed}, and its draws would be others`,
    );
  }
}
