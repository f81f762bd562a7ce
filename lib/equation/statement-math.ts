/** What a user says of equations as mathematics, for pages and reports. */
import {resolveSides} from '../expression/equation';
import {equationLatex} from '../expression/latex';
import {equationMath} from '../report/mathml';
import {readDomain} from './domain-and-names';
import {faceName} from './conditions';
import type {EquationOptions} from './equation-options';
import {readStatement} from './statement';

/** An equation or a condition, set. */
export interface SetStatement {
  /** Where a condition holds, such as `x = 0, x = 1`; undefined for equations, which hold everywhere. */
  readonly label: string | undefined;
  /** As it was written, without the faces. */
  readonly text: string;
  /** A `math` element; undefined where it would be too long to read. */
  readonly mathml: string | undefined;
  readonly latex: string;
}

/**
 * Equations and conditions in their order, as they were written and as mathematics. Nothing is solved.
 *
 * @throws DinfError INVALID_ARGUMENT, SYNTAX, UNKNOWN_SYMBOL, EXPRESSION_TOO_LARGE
 */
export function statementMath(options: EquationOptions): SetStatement[] {
  const {statement, scope} = readStatement(options, {preset: 'fast', own: {}});
  const box = readDomain(options.domain);
  const set = (text: string, label?: string): SetStatement => ({
    ...{label, text},
    mathml: equationMath(resolveSides(text, scope)),
    latex: equationLatex(text, scope),
  });
  return [
    ...statement.equations.map((text) => set(text)),
    ...statement.conditions.map(({faces, equation}) =>
      set(equation, faces.map((face) => faceName(face, box).replace('=', ' = ')).join(', ')),
    ),
  ];
}
