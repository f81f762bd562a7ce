/** What a user says of equations, and its checks. */
import type {Check, OptionChecks} from '../base/options';
import {checkChoice, checkInteger, checkList, checkNumber, checkRecord, checkText, isList, wrong} from '../base/options';
import type {ConstraintMode} from './constraints';
import {CONSTRAINT_MODES} from './constraints';
import type {DomainText} from './domain-and-names';

/** A problem of a user's own, in texts. */
export interface EquationOptions {
  /** One equation or several, as many as there are unknowns at least. */
  equations: readonly string[];
  /** Bounds of 1 to 3 coordinates: `t=0..1,x=-pi..pi`, or a pair by name. Arrays have their axes in this order. */
  domain: DomainText;
  /** Conditions on faces of the domain, `FACE[|FACE...]: EQUATION`, a FACE being COORDINATE=BOUND. Default: none. */
  where?: readonly string[] | undefined;
  /** Names of the unknowns. Default: the names that are differentiated, or given a value by a condition. */
  unknowns?: readonly string[] | undefined;
  /** Numbers by name that the equations may use. Default: none. */
  uniforms?: Readonly<Record<string, number>> | undefined;
  /** A known answer, for metrics and pictures alone: an expression, or one for each unknown. Default: none. */
  exact?: string | Readonly<Record<string, string>> | undefined;
  /**
   * How conditions are met. `hard`: values on faces exactly where they can be, the field multiplied by polynomials. `r-function`, `paper`:
   * the same with an R-function or the paper's 1 − exp(−d²/0.01). `soft`: everything by least squares. Default `hard`.
   */
  constraints?: ConstraintMode | undefined;
  /**
   * Weight of the mean square of a soft condition on its face, beside 1 for the mean square residual, both divided by the size of their
   * coefficients in the unit box. Default: N^(2 (m − j) − 1) for a condition of order j on a face across which the equations have order m, on
   * N cells. With other optimizers than least squares, networks and the paper's preset: as they are, default 1000.
   */
  boundaryWeight?: number | undefined;
  /** Coordinates along which the solution and its derivatives are the same on both faces. Default: none. */
  periodic?: readonly string[] | undefined;
  /**
   * Windows of time, where a coordinate has conditions on its lower face alone that say all that a solution begins with: `auto` chooses their
   * lengths by the error of each, a number is that many of one length, `off` solves for all of the time at once. Default `auto`; where
   * `resolution`, `levels` or `iterations` are given, half as many as cells, and `off` for linear equations.
   */
  windows?: number | 'auto' | 'off' | undefined;
  /** Whether cells are made smaller where solutions on finer meshes differ, layers and fronts for one, or everywhere alike: `auto`, `off`. Default `auto`. */
  grading?: 'auto' | 'off' | undefined;
}

/** A text that reads as one, or that many. */
const checkTexts: Check<string[]> = (value, name) => checkList(value, name, checkText, 1);

/** Checks of all options of {@link EquationOptions}. */
export const EQUATION_OPTIONS: OptionChecks<EquationOptions> = {
  equations: checkTexts,
  domain: (value, name) =>
    typeof value === 'string' ? value : checkRecord(value, name, (bounds, place) => checkPair(bounds, place)),
  where: (value, name) => checkList(value, name, checkText),
  unknowns: checkTexts,
  uniforms: (value, name) => checkRecord(value, name, checkNumber),
  exact: (value, name) => (typeof value === 'string' ? value : checkRecord(value, name, checkText)),
  constraints: (value, name) => checkChoice(value, name, CONSTRAINT_MODES),
  boundaryWeight: (value, name) => checkNumber(value, name, 0),
  periodic: (value, name) => checkList(value, name, checkText),
  windows: (value, name) =>
    typeof value === 'string' ? checkChoice(value, name, ['auto', 'off'] as const) : checkInteger(value, name, 1, 1 << 16),
  grading: (value, name) => checkChoice(value, name, ['auto', 'off'] as const),
};

/** Bounds, each a number or a text that reads as one. */
const checkPair: Check<readonly [number | string, number | string]> = (value, name) => {
  if (!isList(value) || value.length !== 2) throw wrong(name, 'a pair [lower, upper]', value);
  const [lower, upper] = checkList(value, name, (bound, place) =>
    typeof bound === 'string' ? bound : checkNumber(bound, place),
  );
  return [lower, upper];
};
