/** The schedule that a run asks for: what it says of its optimizers, laid over the problem's preset. */
import {DinfError} from '../base/errors';
import type {Adam, OptimizerName, OptimizerOptions} from '../optimizers';
import {namedOptimizer} from '../optimizers';
import type {PreparedStage, RunOptions} from './definition';
import type {NetworkPreset} from './field-options';
import {isNetwork} from './field-options';

/** Each optimizer's settings in a preset, and the schedule where the run names none. */
export interface StageDefaults extends OptimizerOptions {
  schedule: readonly OptimizerName[];
  /** With a network, whose schedule is Adam alone. */
  network?: NetworkPreset;
}

/**
 * The schedule of a run. `--iterations` counts the steps of Adam and L-BFGS, and least squares' iterations; for Gauss–Newton, inner
 * iterations a step. What a network cannot do, least squares, Adam does in its place, and a note says so.
 *
 * @throws DinfError INVALID_ARGUMENT when iterations and optimizers differ in number
 */
export function stagesFrom(options: RunOptions, preset: StageDefaults): PreparedStage[] {
  const network = isNetwork(options.field);
  const names = options.optimizers ?? (network ? ['adam'] : preset.schedule);
  const defaults = network ? {...preset, adam: networkAdam(options, preset)} : preset;
  const {iterations = [], tolerance, learningRate, inner} = options;
  checkIterations(iterations, names.length);
  return names.map((asked, i) => {
    const name = network && asked === 'lsq' ? 'adam' : asked;
    const stage = namedOptimizer(name, defaults, {iterations: iterations[i] ?? iterations[0], tolerance, learningRate, inner});
    if (name === asked) return {name, stage};
    const note = `least squares needs a field that is linear in its parameters, and a network is not: adam ran in place of ${asked}`;
    return {name, stage, note};
  });
}

function networkAdam({preset, field}: RunOptions, {adam: grid, network}: StageDefaults): Partial<Omit<Adam, 'type'>> {
  const most = network?.iterations ?? grid?.iterations ?? 10_000;
  const rate = field === 'pinn' ? (network?.pinnLearningRate ?? 1e-3) : (network?.learningRate ?? 1e-4);
  return {iterations: preset === 'paper' ? most : Math.ceil(most / 10), learningRate: rate, decaySteps: 0};
}

/** @throws DinfError INVALID_ARGUMENT unless `--iterations` gives one number, or one a stage */
export function checkIterations(iterations: readonly number[], stages: number): void {
  if (iterations.length > 1 && iterations.length !== stages) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `--iterations gives ${iterations.length} numbers for ${stages} optimizers: give one, or one each`,
    );
  }
}
