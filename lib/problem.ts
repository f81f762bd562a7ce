import {DinfError} from './errors';
import {Arena} from './expression/arena';
import type {EquationSource} from './expression/equation';
import {equationText, resolve} from './expression/equation';
import type {Expression} from './expression/node';
import type {Scope} from './expression/scope';
import {symbols, SymbolTable} from './expression/scope';
import type {Decoder, Grid} from './field';
import {linearDecoder} from './field';
import {checkChoice, checkFinite, checkInteger, checkNumber, rejectUnknown} from './options';
import {readEquation} from './lift';
import type {FieldSpec, Loss, ProblemSpec, TermSpec} from './problem-spec';
import {gridCells, sampleCount, scopeOf} from './problem-spec';
import type {Samples} from './sampling';

/** Every coordinate, unknown, derivative, uniform and scalar of the problem by name. */
export type ProblemSymbols = Readonly<Record<string, Expression>>;

/** What {@link problem} takes. */
export interface ProblemOptions {
  /** Bounds of each coordinate, 1 to 3 of them. */
  domain: Readonly<Record<string, readonly [number, number]>>;
  /** Names of the unknowns; with one `field` they are its outputs. */
  unknowns?: readonly string[];
  /** The field of all unknowns. */
  field?: Grid;
  /** Default `linearDecoder()`. */
  decoder?: Decoder;
  /** Instead of `unknowns`, `field` and `decoder`: several fields with resolutions of their own. */
  fields?: readonly {unknowns: readonly string[]; field: Grid; decoder?: Decoder}[];
  /** Numbers by name that equations use; a later stage may set them anew without compiling again. */
  uniforms?: Readonly<Record<string, number>>;
  /** Trainable numbers by name, and where they start: unknowns of an inverse problem. */
  scalars?: Readonly<Record<string, number>>;
  /** Hard constraints, u := lift(u), by unknown: what meets its conditions whatever the field, such as `sin(pi*x) + t*u`. */
  lift?: Readonly<Record<string, EquationSource>> | ((symbols: ProblemSymbols) => Readonly<Record<string, EquationSource>>);
  /** The terms of the loss, one at least; see {@link term}. */
  terms: readonly Term[] | ((symbols: ProblemSymbols) => readonly Term[]);
}

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
  name?: string;
  /** Default `square`. */
  loss?: Loss;
  /** Huber's threshold, default 1. */
  delta?: number;
  /** λ ≥ 0, default 1. */
  weight?: number;
  /** Per-sample channels, one value a sample, in the order of the samples. */
  data?: Readonly<Record<string, ArrayLike<number>>>;
}

/** Says that the term's rows lie in the interior of the domain. Reads well, and changes nothing. */
export function interior(samples: Samples): Samples {
  return samples;
}

/**
 * One term of the loss: equations that should hold at the samples. `=` means left minus right.
 *
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function term(samples: Samples, equations: EquationSource | readonly EquationSource[], options: TermOptions = {}): Term {
  rejectUnknown(options, ['name', 'loss', 'delta', 'weight', 'data'], 'term');
  const list = Array.isArray(equations) ? (equations as readonly EquationSource[]) : [equations as EquationSource];
  if (list.length === 0) throw new DinfError('INVALID_ARGUMENT', 'term: give at least one equation');
  return {kind: 'term', samples, equations: list, options};
}

/**
 * A problem: unknowns on a domain, the fields that represent them, and the terms of the loss.
 *
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION, and what reading the equations throws: SYNTAX, UNKNOWN_SYMBOL, ORDER_TOO_HIGH.
 */
export class Problem {
  /** All that it is, as plain values. */
  readonly spec: ProblemSpec;

  constructor(spec: ProblemSpec) {
    this.spec = spec;
  }

  /** Names that expressions on this problem's solution may use. */
  get scope(): Scope {
    return scopeOf(this.spec);
  }
}

/** See {@link Problem}. */
export function problem(options: ProblemOptions): Problem {
  rejectUnknown(options, ['domain', 'unknowns', 'field', 'decoder', 'fields', 'uniforms', 'scalars', 'lift', 'terms'], 'problem');
  const domain = readDomain(options.domain);
  const fields = readFields(options, domain.length);
  const partial = {domain, fields, uniforms: {...options.uniforms}, scalars: {...options.scalars}};
  for (const [name, value] of Object.entries({...partial.uniforms, ...partial.scalars})) checkNumber(value, `problem: ${name}`);
  const names = symbols(new SymbolTable(scopeOf(partial)));
  const lifts = typeof options.lift === 'function' ? options.lift(names) : (options.lift ?? {});
  const unknowns = fields.flatMap((field) => field.unknowns);
  const lift: Record<string, string> = {};
  for (const [name, source] of Object.entries(lifts)) {
    if (!unknowns.includes(name)) {
      throw new DinfError(
        'UNKNOWN_SYMBOL',
        `problem: lift names '${name}', which is no unknown; they are ${unknowns.join(', ')}`,
      );
    }
    lift[name] = equationText(source);
    resolve(source, scopeOf(partial));
  }
  const given = typeof options.terms === 'function' ? options.terms(names) : options.terms;
  if (given.length === 0) throw new DinfError('INVALID_ARGUMENT', 'problem: give at least one term');
  const terms = given.map((one, i) => readTerm(one, i, {...partial, lift}));
  return new Problem({...partial, lift, terms});
}

function readDomain(domain: ProblemOptions['domain']): ProblemSpec['domain'] {
  const axes = Object.entries(domain ?? {}).map(([name, bounds]) => {
    const [lower, upper] = bounds;
    checkNumber(lower, `problem: lower bound of ${name}`);
    checkNumber(upper, `problem: upper bound of ${name}`);
    if (!(lower < upper)) {
      throw new DinfError(
        'INVALID_ARGUMENT',
        `problem: the domain is empty, ${name} runs from ${lower} to ${upper}; give [lower, upper] with lower < upper`,
      );
    }
    return {name, lower, upper};
  });
  if (axes.length < 1 || axes.length > 3) {
    throw new DinfError('INVALID_ARGUMENT', `problem: a domain has 1, 2 or 3 coordinates, and this one has ${axes.length}`);
  }
  return axes;
}

function readFields(options: ProblemOptions, dimensions: number): FieldSpec[] {
  let list = options.fields;
  if (list === undefined) {
    if (options.field === undefined || options.unknowns === undefined) {
      throw new DinfError('INVALID_ARGUMENT', "problem: give 'unknowns' and 'field', or 'fields'");
    }
    list = [{unknowns: options.unknowns, field: options.field, decoder: options.decoder}];
  } else if (options.field !== undefined || options.unknowns !== undefined || options.decoder !== undefined) {
    throw new DinfError('INVALID_ARGUMENT', "problem: 'fields' stands in place of 'unknowns', 'field' and 'decoder'");
  }
  return list.map(({unknowns, field, decoder}) => {
    if (unknowns.length === 0) throw new DinfError('INVALID_ARGUMENT', 'problem: a field needs at least one unknown');
    if (typeof field.resolution !== 'number' && field.resolution.length !== dimensions) {
      throw new DinfError(
        'INVALID_ARGUMENT',
        `problem: the grid of ${unknowns.join(', ')} has ${field.resolution.length} resolutions on a domain of ${dimensions} coordinates`,
      );
    }
    if (typeof field.edge !== 'string' && field.edge.length !== dimensions) {
      throw new DinfError(
        'INVALID_ARGUMENT',
        `problem: the grid of ${unknowns.join(', ')} has ${field.edge.length} edges (${field.edge.join(', ')}) on a domain of ${dimensions} coordinates: give one for all, or one a coordinate`,
      );
    }
    return {unknowns: [...unknowns], grid: field, decoder: decoder ?? linearDecoder()};
  });
}

function readTerm(given: Term, index: number, partial: Omit<ProblemSpec, 'terms'>): TermSpec {
  const {loss = 'square', delta = 1, weight = 1, data = {}} = given.options;
  const name = given.options.name ?? `term ${index + 1}`;
  const channels: Record<string, Float64Array> = {};
  for (const [channel, values] of Object.entries(data)) {
    checkFinite(values, `${name}: data ${channel}`);
    channels[channel] = Float64Array.from(values);
  }
  const samples = readSamples(given.samples, partial, name);
  const count = sampleCount(samples, partial);
  for (const [channel, values] of Object.entries(channels)) {
    if (values.length !== count) {
      throw new DinfError('INVALID_ARGUMENT', `${name}: data ${channel} has ${values.length} values for ${count} samples`);
    }
  }
  return {
    name,
    samples,
    equations: given.equations.map((equation) => {
      readEquation(partial, equation, channels, new Arena()); // now, so that a mistake is reported where it was made
      return equationText(equation);
    }),
    loss: checkChoice(loss, `${name}: loss`, ['square', 'abs', 'huber', 'identity'] as const),
    delta: checkNumber(delta, `${name}: delta`, 1e-300),
    weight: checkNumber(weight, `${name}: weight`, 0),
    data: channels,
  };
}

function readSamples(samples: Samples, spec: Omit<ProblemSpec, 'terms' | 'lift'>, name: string): Samples {
  const {domain} = spec;
  const d = domain.length;
  const inside = (value: number, k: number): void => {
    if (value < domain[k].lower || value > domain[k].upper) {
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
  const perAxis = samples.kind === 'stratified' ? samples.boxes : samples.cells;
  if (typeof perAxis === 'object' && perAxis.length !== d) {
    throw new DinfError('INVALID_ARGUMENT', `${name}: ${perAxis.length} counts on a domain of ${d} coordinates`);
  }
  if (samples.kind === 'stratified') {
    return {...samples, boxes: typeof perAxis === 'number' ? Array<number>(d).fill(perAxis) : samples.boxes};
  }
  const cells = typeof perAxis === 'number' ? Array<number>(d).fill(perAxis) : (perAxis ?? gridCells(spec.fields[0].grid, d));
  for (const n of cells) checkInteger(n, `${name}: cells`, 1, 1 << 20);
  return {...samples, cells};
}
