/** The plain values that say what a problem is: what `problem()` makes and the compiler reads. */
import type {EquationSides} from '../expression/equation';
import type {Expression} from '../expression/node';
import type {Scope} from '../expression/scope';
import type {Decoder, Grid, Network} from './field';
import type {Samples} from './sampling';
import {linspace} from './sampling';
import type {TermData} from './term-data';

/** ρ of a term's loss Σ λ w ρ(R): R², |R|, Huber's, or R itself, which then is an energy density. */
export type Loss = 'square' | 'abs' | 'huber' | 'identity';

/** An expression as it was written, and as it was read. */
export interface ExpressionSpec {
  /** Plain text that reads as the same expression; what a saved field holds. */
  readonly text: string;
  readonly expression: Expression;
}

/** An equation as it was written, and as it was read: its text is parsed once, when the problem is posed. */
export interface EquationSpec {
  /** Plain text that reads as the same equation; what a saved field holds. */
  readonly text: string;
  /** Left and right, or the one expression that should be 0. */
  readonly sides: EquationSides;
  /** Left minus right, in the unknowns as the user names them. */
  readonly residual: Expression;
}

/** One term of the loss: part of the plain value that describes a problem. */
export interface TermSpec {
  /** Named in messages. */
  readonly name: string;
  /** Where the rows lie. */
  readonly samples: Samples;
  /** Residuals; several equations of one term share its samples. */
  readonly equations: readonly EquationSpec[];
  /** ρ. */
  readonly loss: Loss;
  /** Where Huber's loss turns linear. */
  readonly delta: number;
  /** λ. A new value never recompiles. */
  readonly weight: number;
  /** Per-sample channels in the order of the samples, by the name the equations use. */
  readonly data: Readonly<Record<string, TermData>>;
}

/** A field and the unknowns that are its outputs: a grid with a decoder, or a network. */
export type FieldSpec = GridField | NetworkField;

export interface GridField {
  /** Names of its outputs. */
  readonly unknowns: readonly string[];
  /** Features, and the kernel that interpolates them. */
  readonly grid: Grid;
  /** From features to unknowns. */
  readonly decoder: Decoder;
  readonly network?: undefined;
}

export interface NetworkField {
  readonly unknowns: readonly string[];
  readonly network: Network;
  readonly grid?: undefined;
  readonly decoder?: undefined;
}

/** Whether the unknowns are linear in the field's parameters, once its decoder is folded into its grid: least squares applies. */
export function isLinear(field: FieldSpec): boolean {
  return field.decoder?.type === 'linear';
}

/** Everything that says what a problem is, as plain values. */
export interface ProblemSpec {
  /** Coordinates with their bounds, in the order that arrays use: the last one varies fastest. */
  readonly domain: readonly {readonly name: string; readonly lower: number; readonly upper: number}[];
  /** Of all unknowns. */
  readonly fields: readonly FieldSpec[];
  /** Fixed numbers by name. */
  readonly uniforms: Readonly<Record<string, number>>;
  /** Trainable numbers and where they start. */
  readonly scalars: Readonly<Record<string, number>>;
  /** u := lift(u): hard constraints. */
  readonly lift: Readonly<Record<string, ExpressionSpec>>;
  /** Of the loss. */
  readonly terms: readonly TermSpec[];
}

/** The names of a problem; with a term's data, those its equations may use. */
export function scopeOf(
  spec: Pick<ProblemSpec, 'domain' | 'fields' | 'uniforms' | 'scalars'>,
  data: Readonly<Record<string, unknown>> = {},
): Scope {
  return {
    coordinates: spec.domain.map((axis) => axis.name),
    unknowns: spec.fields.flatMap((field) => field.unknowns),
    uniforms: Object.keys(spec.uniforms),
    scalars: Object.keys(spec.scalars),
    data: Object.keys(data),
  };
}

/** Cells of the finest level along each axis. */
export function gridCells(grid: Grid, dimensions: number): number[] {
  return typeof grid.resolution === 'number' ? Array<number>(dimensions).fill(grid.resolution) : [...grid.resolution];
}

/** Cells of the finest level of the first grid along each coordinate; empty where the first field is a network. */
export function cellsOf({fields, domain}: Pick<ProblemSpec, 'fields' | 'domain'>): number[] {
  const [{grid}] = fields;
  return grid === undefined ? [] : gridCells(grid, domain.length);
}

/** Ends of cells along each axis of a grid with knots; undefined where all cells are equal. */
export function gridBreaks(grid: Grid, domain: ProblemSpec['domain']): number[][] | undefined {
  if (grid.knots === undefined) return undefined;
  const cells = gridCells(grid, domain.length);
  return domain.map(({lower, upper}, k) => {
    const knots = grid.knots?.[k] ?? linspace(lower, upper, cells[k] + 1);
    return Array.from(new Set(knots));
  });
}

/** Samples of a set, after {@link problem} decided its options. */
export function sampleCount(samples: Samples, spec: Pick<ProblemSpec, 'domain'>): number {
  const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);
  if (samples.kind === 'tensor') return product(samples.axes.map((axis) => axis.length));
  if (samples.kind === 'points') return samples.points.length / spec.domain.length;
  if (samples.kind === 'stratified') return product(samples.boxes as readonly number[]);
  const {points} = samples;
  return product((samples.cells as readonly number[]).map((n, k) => n * (typeof points === 'number' ? points : points[k])));
}
