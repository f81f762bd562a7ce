/** What a report shows of a user's own equations beside its figures. */
import {fieldSettings} from '../cases/field-options';
import {toText} from '../expression';
import type {FieldSpec} from '../pose/problem-spec';
import type {Samples} from '../pose/sampling';
import type {BoxAxis} from './conditions';
import {faceName} from './conditions';
import type {Imposed} from './constraints';
import type {EquationOptions} from './equation-options';

/** What was decided, by name: what a report shows. */
export function settingsOf(given: {
  equations: readonly string[];
  where: readonly string[];
  uniforms: Readonly<Record<string, number>>;
  unknowns: readonly string[];
  exact: EquationOptions['exact'];
  box: readonly BoxAxis[];
  imposed: Imposed;
  weight: number | undefined;
  field: FieldSpec;
  cells: readonly number[];
  interior: Samples;
}): Record<string, string | number> {
  const {imposed, field, box, interior, exact} = given;
  const optional: Record<string, string | number | undefined> = {
    equations: given.equations.join(' ; '),
    domain: box.map(({name, lower, upper}) => `${name}=${lower}..${upper}`).join(', '),
    where: given.where.length > 0 ? given.where.join(' ; ') : undefined,
    unknowns: given.unknowns.join(', '),
    uniforms:
      Object.entries(given.uniforms)
        .map(([name, value]) => `${name}=${value}`)
        .join(', ') || undefined,
    exact:
      typeof exact === 'object'
        ? Object.entries(exact)
            .map(([name, text]) => `${name}=${text}`)
            .join('; ')
        : exact,
    hardConditions: imposed.hard.join(', ') || 'none',
    softConditions: imposed.soft.map(({face, equation: text}) => `${text} on ${faceName(face, box)}`).join(', ') || 'none',
    notes: imposed.notes.join('; ') || undefined,
    lift:
      Object.entries(imposed.lift)
        .map(([name, lift]) => `${name} = ${shortened(toText(lift, {lets: true}))}`)
        .join(' ; ') || undefined,
    boundaryWeight: imposed.soft.length > 0 ? given.weight : undefined,
    ...fieldSettings(field, given.cells.join(' × ')),
    samples:
      interior.kind === 'gauss'
        ? `${[interior.points].flat().join(' × ')} Gauss points a cell${typeof interior.points === 'number' ? ' and axis' : ''}`
        : 'stratified, drawn anew',
  };
  return Object.fromEntries(
    Object.entries(optional).filter((entry): entry is [string, string | number] => entry[1] !== undefined),
  );
}

/** A text as long as a report shows it. */
export const shortened = (text: string): string => (text.length > 300 ? `${text.slice(0, 300)}…` : text);
