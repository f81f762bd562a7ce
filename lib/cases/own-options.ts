/** Options of one problem alone, as the command line hands them on: texts. */
import {DinfError} from '../base/errors';
import {checkInteger} from '../base/options';

/**
 * A number given to an option of one problem.
 *
 * @param above the number must be larger than this.
 * @throws DinfError INVALID_ARGUMENT naming the option
 */
export function numberOption(text: string | undefined, flag: string, missing: number, above: number): number {
  if (text === undefined) return missing;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= above) {
    throw new DinfError('INVALID_ARGUMENT', `${flag} is a number above ${above}, and not '${text}'`);
  }
  return value;
}

/**
 * A whole number given to an option of one problem; undefined where it is not given.
 *
 * @throws DinfError INVALID_ARGUMENT naming the option
 */
export function wholeOption(text: string | boolean | undefined, flag: string, least: number): number | undefined {
  return text === undefined ? undefined : checkInteger(text === '' ? NaN : Number(text), flag, least, 10_000_000);
}
