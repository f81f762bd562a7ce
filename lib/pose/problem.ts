import {DinfError} from '../base/errors';
import {shortened} from '../base/shown';
import type {EquationSource} from '../expression/equation';
import {checkEquation} from '../expression/equation';
import type {Expression} from '../expression/node';
import type {Scope} from '../expression/scope';
import {symbols, SymbolTable} from '../expression/scope';
import {checkDomain} from './domain';
import type {Decoder, Field} from './field';
import {checkDecoder, checkField, linearDecoder} from './field';
import type {Check} from '../base/options';
import {
  checkChoice,
  checkFunction,
  checkInteger,
  checkList,
  checkNumber,
  checkObject,
  checkOptions,
  checkRecord,
  isList,
  checkText,
  wrong,
} from '../base/options';
import {readEquation, readLift} from './lift';
import type {ExpressionSpec, FieldSpec, ProblemSpec, TermSpec} from './problem-spec';
import {gridBreaks, gridCells, sampleCount, scopeOf} from './problem-spec';
import type {Samples} from './sampling';
import type {Term} from './term';
import {checkTerm} from './term';
import type {DataSource, TermData} from './term-data';
import {ComputedData} from './term-data';

/** Coordinates one after another, up to the highest order of a derivative. */
type Letters<C extends string> = C | `${C}${C}` | `${C}${C}${C}` | `${C}${C}${C}${C}`;

/** Names of a problem's symbols: unknowns U with their derivatives by coordinates C, and the numbers N. */
export type SymbolName<U extends string, C extends string, N extends string> = U | C | N | 'pi' | `${U}_${Letters<C>}`;

/** Every coordinate, unknown, derivative, uniform and scalar of the problem by name. */
export type ProblemSymbols<Name extends string = string> = Readonly<Record<Name, Expression>>;

/**
 * The options of {@link problem}. The type parameters are the names of unknowns, coordinates, uniforms and scalars; where they are known to
 * the compiler, so are those of the symbols that `lift` and `terms` are called with.
 */
export interface ProblemOptions<
  U extends string = string,
  C extends string = string,
  N extends string = string,
  S extends string = string,
> {
  /** Bounds of each coordinate, 1 to 3 of them. */
  domain: Readonly<Record<C, readonly [number, number]>>;
  /** Names of the unknowns; with one `field` they are its outputs. */
  unknowns?: readonly U[] | undefined;
  /** The field of all unknowns. */
  field?: Field | undefined;
  /** The decoder of a grid. Default `linearDecoder()`; a network has none. */
  decoder?: Decoder | undefined;
  /** Instead of `unknowns`, `field` and `decoder`: several fields with resolutions of their own. */
  fields?: readonly {unknowns: readonly U[]; field: Field; decoder?: Decoder | undefined}[] | undefined;
  /** Numbers by name that equations use; a later stage may set them anew without compiling again. */
  uniforms?: Readonly<Record<N, number>> | undefined;
  /** Trainable numbers by name, and where they start: unknowns of an inverse problem. */
  scalars?: Readonly<Record<S, number>> | undefined;
  /** Hard constraints, u := lift(u), by unknown: what meets its conditions whatever the field, such as `sin(pi*x) + t*u`. */
  lift?:
    | Readonly<Record<string, EquationSource>>
    | ((symbols: ProblemSymbols<SymbolName<U, C, N | S>>) => Readonly<Record<string, EquationSource>>)
    | undefined;
  /** The terms of the loss, one at least; see {@link term}. */
  terms: readonly Term[] | ((symbols: ProblemSymbols<SymbolName<U, C, N | S>>) => readonly Term[]);
}

/**
 * A problem: unknowns on a domain, the fields that represent them, and the terms of the loss.
 *
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION, and what reading the equations throws: SYNTAX, UNKNOWN_SYMBOL, ORDER_TOO_HIGH.
 */
export class Problem<U extends string = string> {
  /** All that it is, as plain values. */
  readonly spec: ProblemSpec;

  constructor(spec: ProblemSpec) {
    const {domain, fields, terms} = checkObject(spec, 'the spec of a problem') as Partial<ProblemSpec>;
    if (![domain, fields, terms].every(isList)) throw wrong('the spec of a problem', 'what problem() makes', spec);
    this.spec = spec;
  }

  /** Names of the unknowns of all fields, in their order. */
  get unknowns(): readonly U[] {
    return this.spec.fields.flatMap((field) => field.unknowns as readonly U[]);
  }

  /** Names that expressions on this problem's solution may use. */
  get scope(): Scope {
    return scopeOf(this.spec);
  }
}

/** See {@link Problem}. */
export function problem<
  const U extends string,
  const C extends string,
  const N extends string = never,
  const S extends string = never,
>(options: ProblemOptions<U, C, N, S>): Problem<U>;
export function problem(options: ProblemOptions): Problem {
  const given = checkOptions<Partial<ProblemOptions>>(options, 'problem', {
    domain: (value, name) => checkRecord(value, name, checkBounds),
    unknowns: checkUnknowns,
    field: checkField,
    decoder: checkDecoder,
    fields: (value, name) => checkList(value, name, checkFieldOptions, 1),
    uniforms: (value, name) => checkRecord(value, name, checkNumber),
    scalars: (value, name) => checkRecord(value, name, checkNumber),
    lift: (value, name) =>
      (typeof value === 'function' ? checkFunction<() => object>(value, name) : checkLifts(value, name)) as never,
    terms: (value, name) =>
      typeof value === 'function' ? checkFunction<() => Term[]>(value, name) : checkList(value, name, checkTerm),
  });
  const domain = readDomain(given.domain);
  const fields = readFields(given, domain);
  const partial = {domain, fields, uniforms: given.uniforms ?? {}, scalars: given.scalars ?? {}};
  const table = new SymbolTable(scopeOf(partial));
  const names = symbols(table);
  const lifts = typeof given.lift === 'function' ? checkLifts(given.lift(names), 'problem: lift') : (given.lift ?? {});
  const unknowns = fields.flatMap((field) => field.unknowns);
  const lift: Record<string, ExpressionSpec> = {};
  for (const [name, source] of Object.entries(lifts)) {
    if (!unknowns.includes(name)) {
      throw new DinfError(
        'UNKNOWN_SYMBOL',
        `problem: lift names '${shortened(name)}', which is no unknown; they are ${unknowns.join(', ')}`,
      );
    }
    lift[name] = readLift(source, table);
  }
  const list = typeof given.terms === 'function' ? checkList(given.terms(names), 'problem: terms', checkTerm) : given.terms;
  if (list === undefined || list.length === 0) throw new DinfError('INVALID_ARGUMENT', 'problem: give at least one term');
  const terms = list.map((one, i) => readTerm(one, i, {...partial, lift}));
  return new Problem({...partial, lift, terms});
}

const checkBounds: Check<readonly [number, number]> = (value, name) => {
  if (!isList(value) || value.length !== 2) throw wrong(name, 'a pair [lower, upper]', value);
  const [lower, upper] = checkList(value, name, (bound, place) => checkNumber(bound, place));
  return [lower, upper];
};

const checkUnknowns: Check<string[]> = (value, name) => checkList(value, name, checkText, 1);

const checkFieldOptions: Check<NonNullable<ProblemOptions['fields']>[number]> = (value, name) => {
  const {unknowns, field, decoder} = checkOptions<Partial<NonNullable<ProblemOptions['fields']>[number]>>(value, name, {
    unknowns: checkUnknowns,
    field: checkField,
    decoder: checkDecoder,
  });
  if (unknowns === undefined || field === undefined)
    throw new DinfError('INVALID_ARGUMENT', `${name} has no ${unknowns === undefined ? 'unknowns' : 'field'}: give both`);
  return {unknowns, field, decoder};
};

const checkLifts: Check<Readonly<Record<string, EquationSource>>> = (value, name) => checkRecord(value, name, checkEquation);

function readDomain(domain: ProblemOptions['domain'] = {}): ProblemSpec['domain'] {
  return checkDomain(
    Object.entries(domain).map(([name, [lower, upper]]) => ({name, lower, upper})),
    'problem: ',
  );
}

function readFields(options: Partial<ProblemOptions>, domain: ProblemSpec['domain']): FieldSpec[] {
  const {fields, field, unknowns, decoder} = options;
  if (fields === undefined) {
    if (field === undefined || unknowns === undefined)
      throw new DinfError('INVALID_ARGUMENT', "problem: give 'unknowns' and 'field', or 'fields'");
    return [readField({unknowns, field, decoder}, domain)];
  }
  if (field !== undefined || unknowns !== undefined || decoder !== undefined)
    throw new DinfError('INVALID_ARGUMENT', "problem: 'fields' stands in place of 'unknowns', 'field' and 'decoder'");
  return fields.map((one) => readField(one, domain));
}

function readField(
  {unknowns, field, decoder}: NonNullable<ProblemOptions['fields']>[number],
  domain: ProblemSpec['domain'],
): FieldSpec {
  const names = shortened(unknowns.join(', '));
  if (field.type === 'network') {
    if (decoder !== undefined) {
      throw new DinfError(
        'INVALID_ARGUMENT',
        `problem: the field of ${names} is a network, whose last layer gives the unknowns: leave 'decoder' out`,
      );
    }
    const coordinates = domain.map(({name}) => name);
    for (const name of field.periodic) checkChoice(name, `problem: a periodic coordinate of the field of ${names}`, coordinates);
    return {unknowns, network: field};
  }
  const dimensions = domain.length;
  if (typeof field.resolution !== 'number' && field.resolution.length !== dimensions) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `problem: the grid of ${names} has ${field.resolution.length} resolutions on a domain of ${dimensions} coordinates`,
    );
  }
  if (typeof field.edge !== 'string' && field.edge.length !== dimensions) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `problem: the grid of ${names} has ${field.edge.length} edges (${field.edge.join(', ')}) on a domain of ${dimensions} coordinates: give one for all, or one a coordinate`,
    );
  }
  field.knots?.forEach((axis, k) => {
    const {name, lower, upper} = domain[k];
    if (axis === null || (axis[0] === lower && axis[axis.length - 1] === upper)) return;
    throw new DinfError(
      'INVALID_ARGUMENT',
      `problem: the knots of the grid of ${names} along ${name} run from ${axis[0]} to ${axis[axis.length - 1]}, and the domain from ${lower} to ${upper}`,
    );
  });
  return {unknowns, grid: field, decoder: decoder ?? linearDecoder()};
}

function readTerm(given: Term, index: number, partial: Omit<ProblemSpec, 'terms'>): TermSpec {
  const {loss = 'square', delta = 1, weight = 1, data = {}} = given.options;
  const name = given.options.name ?? `term ${index + 1}`;
  const names = new SymbolTable(scopeOf(partial, data));
  const samples = readSamples(given.samples, partial, name);
  const count = sampleCount(samples, partial);
  // Arrays were copied by `term`, and are its own.
  const channels = Object.fromEntries(
    Object.entries(data as Readonly<Record<string, TermData | DataSource>>).map(([channel, values]) => [
      channel,
      typeof values === 'function' ? new ComputedData(`${name}: data ${channel}`, count, values) : values,
    ]),
  );
  for (const [channel, values] of Object.entries(channels)) {
    if (values.length !== count) {
      throw new DinfError('INVALID_ARGUMENT', `${name}: data ${channel} has ${values.length} values for ${count} samples`);
    }
  }
  return {
    name,
    samples,
    equations: given.equations.map((equation) => readEquation(partial, equation, names)),
    ...{loss, delta, weight},
    data: channels,
  };
}

function readSamples(samples: Samples, spec: Omit<ProblemSpec, 'terms' | 'lift'>, name: string): Samples {
  const {domain} = spec;
  const d = domain.length;
  const inside = (value: number, k: number): void => {
    if (!(value >= domain[k].lower && value <= domain[k].upper)) {
      throw new DinfError(
        'OUT_OF_DOMAIN',
        `${name}: a sample has ${domain[k].name} = ${value}, outside the domain [${domain[k].lower}, ${domain[k].upper}]`,
      );
    }
  };
  if (samples.kind === 'tensor') {
    if (samples.axes.length !== d) {
      throw new DinfError(
        'INVALID_ARGUMENT',
        `${name}: a lattice of ${samples.axes.length} axes on a domain of ${d} coordinates`,
      );
    }
    samples.axes.forEach((axis, k) => {
      for (const value of axis) inside(value, k);
    });
    return samples;
  }
  if (samples.kind === 'points') {
    if (samples.points.length % d !== 0) {
      throw new DinfError(
        'INVALID_ARGUMENT',
        `${name}: ${samples.points.length} coordinates are not whole points of ${d} coordinates`,
      );
    }
    samples.points.forEach((value, i) => {
      inside(value, i % d);
    });
    return samples;
  }
  if (samples.kind === 'gauss') {
    const decided = gaussSamples(samples, spec, name);
    samples.breaks?.forEach((ends, k) => {
      for (const end of ends) inside(end, k);
    });
    return decided;
  }
  requireCounts(samples.boxes, d, name);
  return typeof samples.boxes === 'number' ? {...samples, boxes: Array<number>(d).fill(samples.boxes)} : samples;
}

function requireCounts(counts: number | readonly number[] | undefined, dimensions: number, name: string): void {
  if (typeof counts !== 'object' || counts.length === dimensions) return;
  throw new DinfError('INVALID_ARGUMENT', `${name}: ${counts.length} counts on a domain of ${dimensions} coordinates`);
}

/** Gauss points with their cells decided. */
function gaussSamples(
  samples: Extract<Samples, {kind: 'gauss'}>,
  spec: Pick<ProblemSpec, 'fields' | 'domain'>,
  name: string,
): Samples {
  const d = spec.domain.length;
  requireCounts(samples.points, d, name);
  requireCounts(samples.cells, d, name);
  if (samples.cells === undefined) {
    const breaks = defaultBreaks(spec);
    if (breaks !== undefined) return {...samples, breaks, cells: breaks.map((ends) => ends.length - 1)};
  }
  const {cells: given = defaultCells(spec, name)} = samples;
  const cells = typeof given === 'number' ? Array<number>(d).fill(given) : given;
  for (const n of cells) checkInteger(n, `${name}: cells`, 1, 1 << 20);
  return {...samples, cells};
}

/** Where the cells of the first grid end, if they are not equal. */
function defaultBreaks({fields, domain}: Pick<ProblemSpec, 'fields' | 'domain'>): number[][] | undefined {
  const grid = fields.find((field) => field.grid !== undefined)?.grid;
  return grid && gridBreaks(grid, domain);
}

/** Those of the finest level of the first grid. A network has no cells. */
function defaultCells({fields, domain}: Pick<ProblemSpec, 'fields' | 'domain'>, name: string): number[] {
  const grid = fields.find((field) => field.grid !== undefined)?.grid;
  if (grid === undefined) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `${name}: Gauss points lie in cells, and a network has none: say how many an axis, like gauss(3, {cells: 32})`,
    );
  }
  return gridCells(grid, domain.length);
}
