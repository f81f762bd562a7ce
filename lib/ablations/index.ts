import {DinfError} from '../base/errors';
import type {OptionChecks} from '../base/options';
import {checkChoice, checkInteger, checkList, checkOptions, checkPath, checkText} from '../base/options';
import {shown} from '../base/shown';
import {closest} from '../base/spelling';
import {OPTIMIZER_NAMES} from '../cases/definition';
import type {Ablation, AblationOptions, AblationRun, Row} from './ablation';
import {runAblation} from './ablation';
import {decoders} from './decoders';
import {epsilonRings} from './epsilon-rings';
import {kernels} from './kernels';
import {levels, levelsEikonal} from './levels';

/** Every ablation that `dinf-grid ablate` knows. */
export const ABLATIONS: readonly Ablation[] = [epsilonRings, levels, levelsEikonal, kernels, decoders];

const OPTIONS: OptionChecks<Partial<AblationOptions>> = {
  image: checkPath,
  size: (value, name) => checkInteger(value, name, 1, 1 << 14),
  preset: (value, name) => checkChoice(value, name, ['paper', 'fast'] as const),
  optimizers: (value, name) => checkList(value, name, (one, place) => checkChoice(one, place, OPTIMIZER_NAMES), 1),
  iterations: (value, name) => checkList(value, name, (one, place) => checkInteger(one, place, 0, 2 ** 31), 1),
};

/**
 * Runs an ablation: one thing varied, all else held, every variant solved and judged.
 *
 * @param name the name of one of {@link ABLATIONS}.
 * @returns a row a variant; fewer where the signal of `run` stopped it.
 * @throws DinfError INVALID_ARGUMENT, and what reading an image or solving throws (rejects)
 */
export async function ablate(name: string, options: Partial<AblationOptions> = {}, run: AblationRun = {}): Promise<Row[]> {
  checkText(name, 'ablate: name');
  const given = checkOptions<Partial<AblationOptions>>(options, 'ablate', OPTIONS);
  const ablation = ABLATIONS.find((one) => one.name === name);
  if (ablation === undefined) {
    const names = ABLATIONS.map((one) => one.name);
    const near = closest(name, names);
    const hint = near === undefined ? '' : `, did you mean '${near}'?`;
    throw new DinfError('INVALID_ARGUMENT', `no ablation is called ${shown(name)}${hint} They are ${names.join(', ')}`);
  }
  return runAblation(await ablation.trials({...given, preset: given.preset ?? 'fast'}), run);
}
