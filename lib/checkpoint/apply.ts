/** Between a native solver and a checkpoint: taking what it holds, and giving it back. */
import {DinfError} from '../errors';
import type {Problem} from '../problem';
import type {Outcome} from '../schedule';
import type {Session} from '../session';
import {VERSION} from '../version';
import type {Checkpoint} from './checkpoint';
import {differences} from './plain';

/** The state of a solver that is at rest. */
export async function checkpointOf(
  problem: Problem,
  session: Session,
  outcome: Outcome,
  device: string,
  origin = '',
): Promise<Checkpoint> {
  const {dtype, seed} = session.options;
  // Queued behind one another, with nothing between: one moment of the solver.
  const [{blocks, folded}, parameters, optimizer] = await Promise.all([
    session.state(),
    session.parameters(),
    session.optimizerState(),
  ]);
  const uniforms = session.uniformValues.slice();
  return {
    ...{problem, device, dtype, seed, folded, blocks, parameters, uniforms},
    standing: {...outcome, optimizer},
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
 * Refuses to go on with another problem, or with other random numbers.
 *
 * @param name of the checkpoint, for messages.
 * @throws INVALID_ARGUMENT saying what differs.
 */
export function checkSame(checkpoint: Checkpoint, problem: Problem, seed: number | undefined, name: string): void {
  const found = differences(checkpoint.problem.spec, problem.spec, [name, 'this problem']);
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
