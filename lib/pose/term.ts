/** Terms of a loss as they are written: equations that are not read yet. */
import {DinfError} from '../base/errors';
import type {Check} from '../base/options';
import {
  checkChoice,
  checkFunction,
  checkList,
  checkName,
  checkNumber,
  checkNumbers,
  checkOptions,
  checkRecord,
  isList,
  reading,
  wrong,
} from '../base/options';
import type {EquationSource} from '../expression/equation';
import {checkEquation} from '../expression/equation';
import type {Loss} from './problem-spec';
import type {Samples} from './sampling';
import {checkSamples} from './sampling';
import {ComputedData} from './term-data';

/** A term as {@link term} makes it: equations not yet read. */
export interface Term {
  /** Tells it apart from what else could be in a list. */
  readonly kind: 'term';
  /** Where the equations should hold. */
  readonly samples: Samples;
  /** As they were given; `=` means left minus right. */
  readonly equations: readonly EquationSource[];
  /** As they were given. */
  readonly options: TermOptions;
}

/** What {@link term} takes beside samples and equations. */
export interface TermOptions {
  /** Named in messages about this term; default `term N`. */
  name?: string | undefined;
  /** Default `square`. */
  loss?: Loss | undefined;
  /** Huber's threshold, default 1. */
  delta?: number | undefined;
  /** λ ≥ 0, default 1. */
  weight?: number | undefined;
  /**
   * Per-sample channels, one value a sample, in the order of the samples. A function is called whenever they are wanted, so that nobody holds
   * them: the same values each time. A saved field holds no more than a digest of more than a million of those.
   */
  data?: Readonly<Record<string, ArrayLike<number> | (() => ArrayLike<number>)>> | undefined;
}

/**
 * One term of the loss: equations that should hold at the samples. `=` means left minus right.
 *
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function term(samples: Samples, equations: EquationSource | readonly EquationSource[], options: TermOptions = {}): Term {
  const checked = checkOptions<TermOptions>(options, 'term', {
    name: checkName,
    loss: (value, name) => checkChoice(value, name, ['square', 'abs', 'huber', 'identity'] as const),
    delta: (value, name) => checkNumber(value, name, 1e-300),
    weight: (value, name) => checkNumber(value, name, 0),
    data: (value, name) => checkRecord(value, name, checkData),
  });
  const given: unknown = equations;
  const list = isList(given) ? checkList(given, 'term: equations', checkEquation) : [checkEquation(given, 'term: an equation')];
  if (list.length === 0) throw new DinfError('INVALID_ARGUMENT', 'term: give at least one equation');
  const made: Term = Object.freeze({
    kind: 'term',
    samples: checkSamples(samples, 'term: samples'),
    equations: list,
    options: checked,
  });
  MADE.add(made);
  return made;
}

const checkData: Check<ArrayLike<number> | (() => ArrayLike<number>)> = (value, name) => {
  // Data of a saved field, which alone holds such.
  if (reading(name, () => value instanceof ComputedData)) return value as never;
  return typeof value === 'function' ? checkFunction<() => ArrayLike<number>>(value, name) : checkNumbers(value, name);
};

/** Terms of the function above, which need no second check, nor a second copy of their data. */
const MADE = new WeakSet<Term>();

/** A term that came from outside. */
export const checkTerm: Check<Term> = (value, name) => {
  if (MADE.has(value as Term)) return value as Term;
  if (typeof value === 'function' || typeof value === 'string' || isList(value))
    throw wrong(name, "a term, such as term(gauss(3), 'u_xx = 1')", value);
  const {kind, samples, equations, options} = checkRecord(value, name);
  if (kind !== 'term') throw wrong(name, "a term, such as term(gauss(3), 'u_xx = 1')", value);
  return term(samples as Samples, equations as EquationSource[], options as TermOptions);
};
