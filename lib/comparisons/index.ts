import {DinfError} from '../base/errors';
import type {OptionChecks} from '../base/options';
import {checkFlag, checkInteger, checkList, checkNumber, checkOptions, checkText} from '../base/options';
import {shown} from '../base/shown';
import {closest} from '../base/spelling';
import type {ComparisonPlan, ComparisonRun, SystemResult} from './compare';
import {runComparison} from './compare';
import {SYSTEMS} from './systems';

/** The choices that a user has in a comparison. */
export interface ComparisonOptions {
  /** Names of systems. Default: every one of {@link comparedSystems}. */
  readonly only?: readonly string[] | undefined;
  /** Whether systems have the paper's sizes, which take a GPU, or hours. Default false: sizes that take minutes on a CPU. */
  readonly full?: boolean | undefined;
  /** Seconds of the solver that each run has of what Adam trains. Default 4, or 600 at full size. */
  readonly seconds?: number | undefined;
  /** How many seeds, from 0 on. Default 3. */
  readonly seeds?: number | undefined;
}

/** Seconds a run where nobody names a number, at the reduced size and at the full one. */
export const SECONDS = {reduced: 4, full: 600} as const;
export const SEEDS = 3;

const OPTIONS: OptionChecks<ComparisonOptions> = {
  only: (value, name) => checkList(value, name, checkText, 1),
  full: checkFlag,
  seconds: (value, name) => checkNumber(value, name, 1e-3),
  seeds: (value, name) => checkInteger(value, name, 1, 100),
};

/** The systems that {@link compareFields} knows: name, and one line about each. */
export function comparedSystems(): {name: string; summary: string}[] {
  return SYSTEMS.map(({name, summary}) => ({name, summary}));
}

/**
 * The grid by its preset `fast` beside a Siren, a PINN, the grid with linear interpolation and the preset `paper`, on every system of the paper,
 * as errors over time; with PyTorch's Siren and paper's grid where Python and torch are found. `dinf-grid bench siren` does the same.
 *
 * @returns a result a system; fewer, the last with fewer contenders, where the signal of `run` stopped it.
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION, NO_SUCH_DEVICE, and what solving throws (rejects)
 */
export async function compareFields(options: ComparisonOptions = {}, run: ComparisonRun = {}): Promise<SystemResult[]> {
  return runComparison(planOf(options), run);
}

/**
 * The plan that options make.
 *
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function planOf(options: ComparisonOptions): ComparisonPlan {
  const {
    only,
    full = false,
    seconds = SECONDS[full ? 'full' : 'reduced'],
    seeds = SEEDS,
  } = checkOptions<ComparisonOptions>(options, 'compareFields', OPTIONS);
  const systems = only === undefined ? SYSTEMS : [...new Set(only)].map(systemCalled);
  return {systems, full, seconds, seeds};
}

function systemCalled(name: string): (typeof SYSTEMS)[number] {
  const found = SYSTEMS.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = SYSTEMS.map((one) => one.name);
  const near = closest(name, names);
  const hint = near === undefined ? ': they' : `, did you mean '${near}'? They`;
  throw new DinfError('INVALID_ARGUMENT', `no system is called ${shown(name)}${hint} are ${names.join(', ')}`);
}
