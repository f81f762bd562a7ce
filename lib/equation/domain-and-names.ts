/** Reading what a user wrote beside the equations: the domain, known answers, and which names are unknowns. */
import type {BoxAxis} from './conditions';
import {readNumber, splitRange} from './ranges';
import {DinfError} from '../base/errors';
import {shortened} from '../base/shown';
import {checkDomain, tooManyAxes} from '../pose/domain';
import {FUNCTION_NAMES} from '../expression/functions';
import type {Token} from '../expression/tokenize';
import {Source} from '../expression/tokenize';

/** Functions that differentiate their argument: a name inside them is likely an unknown. */
const DIFFERENTIAL: ReadonlySet<string> = new Set(['d', 'laplacian', 'biharmonic', 'grad', 'div', 'jacobian']);

/** Bounds of the coordinates: a text such as `t=0..1,x=-pi..pi`, or pairs by name. */
export type DomainText = string | Readonly<Record<string, readonly [number | string, number | string]>>;

/**
 * The axes of a domain, in the order written.
 *
 * @throws SYNTAX, INVALID_ARGUMENT
 */
export function readDomain(domain: DomainText): BoxAxis[] {
  const texts = typeof domain === 'string' ? domain.split(',') : [];
  if (texts.length > 3) throw tooManyAxes(texts.length);
  const parts =
    typeof domain === 'string'
      ? texts.map((part) => readDomainRange(part, domain))
      : Object.entries(domain).map(([name, bounds]) => ({name, bounds}));
  const axes = parts.map(({name, bounds}) => {
    const [lower, upper] = bounds.map((bound) => (typeof bound === 'number' ? bound : readNumber(bound, `the bound of ${name}`)));
    return {name, lower, upper};
  });
  return [...checkDomain(axes)];
}

function readDomainRange(part: string, domain: string): {name: string; bounds: readonly string[]} {
  const range = splitRange(part);
  if (range?.ends.length !== 2 || range.points !== undefined) {
    throw new DinfError(
      'SYNTAX',
      `in the domain "${shortened(domain)}", "${shortened(part.trim())}" is no range: write COORDINATE=LOWER..UPPER, such as x=0..1, with commas between`,
    );
  }
  return {name: range.name, bounds: range.ends};
}

/**
 * The unknowns of equations: names with a derivative (`u_xx`), and names that a condition gives a value (`u = 0`). While those are
 * fewer than the equations: names inside d, laplacian and the like; then names that stand alone, if they are exactly as many as are missing.
 * What remains is left to the parser, which points at it.
 *
 * @param equations texts of the equations.
 * @param conditions texts of equations on faces.
 * @param known coordinates and uniforms.
 * @throws SYNTAX; INVALID_ARGUMENT when there is none
 */
export function findUnknowns(equations: readonly string[], conditions: readonly string[], known: readonly string[]): string[] {
  const coordinates = new Set(known);
  const certain = new Set<string>();
  const likely = new Set<string>();
  const alone = new Set<string>();
  equations.forEach((text) => {
    collect(text, coordinates, {certain, likely, alone});
  });
  conditions.forEach((text) => {
    collect(text, coordinates, {certain, likely: new Set(), alone: new Set()});
    const [name, equals] = new Source([text]).tokens();
    if (name.type !== 'name' || equals.text !== '=') return;
    const base = baseOf(name.text, coordinates);
    if (isFree(base, coordinates)) certain.add(base);
  });
  const found = new Set(certain);
  if (found.size < equations.length) for (const name of likely) found.add(name);
  const rest = [...alone].filter((name) => !found.has(name));
  if (found.size + rest.length === equations.length) for (const name of rest) found.add(name);
  if (found.size === 0) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `no unknown was found in ${shortened(equations.join(' ; '))}: name it with --unknowns, such as --unknowns u`,
    );
  }
  // In the order in which a reader meets them.
  const met = new Set<string>();
  for (const text of [...equations, ...conditions]) {
    for (const token of new Source([text]).tokens()) met.add(baseOf(token.text, coordinates));
  }
  return [...met].filter((name) => found.has(name));
}

function collect(
  text: string,
  coordinates: ReadonlySet<string>,
  into: {certain: Set<string>; likely: Set<string>; alone: Set<string>},
): void {
  const tokens = new Source([text]).tokens();
  const defined = new Set(tokens.filter((_, i) => tokens[i - 1]?.text === 'let').map((token) => token.text));
  const open: boolean[] = []; // of each bracket, whether it is of a function that differentiates
  let differential = 0;
  tokens.forEach((token: Token, i) => {
    if (token.text === '(') differential += Number(open[open.push(DIFFERENTIAL.has(tokens[i - 1]?.text)) - 1]);
    if (token.text === ')') differential -= Number(open.pop() ?? false);
    if (token.type !== 'name' || !isFree(token.text, coordinates) || defined.has(token.text)) return;
    const base = baseOf(token.text, coordinates);
    if (base !== token.text && isFree(base, coordinates)) into.certain.add(base);
    else if (differential > 0) into.likely.add(token.text);
    else if (tokens[i + 1]?.text !== '(') into.alone.add(token.text);
  });
}

const isFree = (name: string, known: ReadonlySet<string>): boolean =>
  !known.has(name) && !FUNCTION_NAMES.has(name) && name !== 'pi' && name !== 'let';

/** `u` of `u_xt` where all letters behind the last underscore are coordinates; else the name itself. */
function baseOf(name: string, coordinates: ReadonlySet<string>): string {
  const cut = name.lastIndexOf('_');
  const letters = [...name.slice(cut + 1)];
  return cut > 0 && letters.length > 0 && letters.every((letter) => coordinates.has(letter)) ? name.slice(0, cut) : name;
}

/**
 * Known answers by unknown: one expression where there is one unknown, or `u = ...; v = ...`.
 *
 * @throws INVALID_ARGUMENT when an unknown has none, or a name is no unknown
 */
export function readExact(exact: string | Readonly<Record<string, string>>, unknowns: readonly string[]): Record<string, string> {
  const named = typeof exact === 'object' ? {...exact} : textByName(exact, unknowns);
  for (const name of Object.keys(named)) {
    if (!unknowns.includes(name)) {
      throw new DinfError(
        'INVALID_ARGUMENT',
        `the exact answer names ${name}, which is no unknown; they are ${unknowns.join(', ')}`,
      );
    }
  }
  const missing = unknowns.filter((name) => !Object.hasOwn(named, name));
  if (missing.length > 0) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `the exact answer says nothing about ${missing.join(', ')}: write ${unknowns.map((name) => `${name}=...`).join('; ')}`,
    );
  }
  return Object.fromEntries(unknowns.map((name) => [name, named[name]]));
}

function textByName(exact: string, unknowns: readonly string[]): Record<string, string> {
  const parts = exact.split(';').filter((part) => part.trim() !== '');
  const pairs = parts.map((part) => /^\s*([\p{L}][\p{L}0-9_]*)\s*=(?!=)(.*)$/su.exec(part));
  if (pairs.length > 0 && pairs.every((pair) => pair !== null)) {
    const seen = new Set<string>();
    const twice = pairs.find(([, name]) => seen.size === seen.add(name).size);
    if (twice !== undefined) throw new DinfError('INVALID_ARGUMENT', `the exact answer gives ${twice[1]} twice`);
    return Object.fromEntries(pairs.map(([, name, text]) => [name, text]));
  }
  if (unknowns.length > 1) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `there are ${unknowns.length} unknowns: write the exact answer as ${unknowns.map((name) => `${name}=...`).join('; ')}`,
    );
  }
  return {[unknowns[0]]: exact};
}
