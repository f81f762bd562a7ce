import {DinfError} from '../errors';
import {adjoints} from './adjoint';
import {Arena} from './arena';
import {tangent} from './differentiate';
import type {Expression, InputNode, LeafNode} from './node';
import {input, postorder} from './node';
import type {Program, ProgramOutput} from './program';
import {lower} from './program';
import {chain} from './rules';

/**
 * What a term does with a residual R, as ρ(R): `square` R², `abs` |R|, `huber` R²/2 up to |R| = δ and δ(|R| − δ/2) beyond,
 * `identity` R, an energy density.
 */
export type Loss =
  | {readonly kind: 'square' | 'identity'}
  | {
      readonly kind: 'abs';
      /**
       * |R| below which reweighting treats a row as if |R| were this, so that a residual that vanishes gets a large weight and
       * not an infinite one; 1e-6 by default. Does not enter value or gradient.
       */
      readonly floor?: number | Expression;
    }
  | {
      readonly kind: 'huber';
      /** Where the parabola ends: a positive number, or an expression over uniforms. */
      readonly delta: number | Expression;
    };

/** |R| below which the weight of an absolute value stops growing. */
export const DEFAULT_FLOOR = 1e-6;

/** Inputs that every term has: the weight of a sample (quadrature, multiplicity) and the weight of the term. */
export const WEIGHT = 'weight';
export const LAMBDA = 'lambda';

/** Key prefixes by which leaves are told apart. `jet:` and `scalar:` inputs are active. */
export const PREFIX = {
  jet: 'jet:',
  scalar: 'scalar:',
  uniform: 'uniform:',
  tangent: 'tangent:',
  coefficient: 'coefficient:',
  row: 'row:',
} as const;

/** A place where a residual's derivative with respect to a jet is not structurally zero. */
export interface SquaresEntry {
  /** Index of the residual. */
  readonly residual: number;
  /** Index into {@link TermPrograms.jets}. */
  readonly jet: number;
  /** Store slot of `squares` that holds it. */
  readonly slot: number;
}

/** Programs for the rows r_e = s_e·R_e of a least-squares term and their derivatives. */
export interface RowPrograms {
  /** Store e: r_e at the point of linearisation. Store E + k: coefficient plane k, which `tangent` and `adjoint` read. */
  readonly linearise: Program;
  /** Number of coefficient planes. */
  readonly coefficients: number;
  /** Reads `coefficient:k` and `tangent:<leaf key>`. Store e: s_e·Σ ∂R_e/∂leaf·δleaf. */
  readonly tangent: Program;
  /** Reads `coefficient:k` and `row:e`. Store k: what jet k receives. Sum i: what scalar i receives. */
  readonly adjoint: Program;
  /** Stores s_e·∂R_e/∂jet_k where it is not structurally zero; see `pattern`. Sum i: Σ_e (s_e·∂R_e/∂scalar_i)². */
  readonly squares: Program;
  readonly pattern: readonly SquaresEntry[];
}

/** The curvature of an energy along each jet and scalar alone, clipped at 0: what its unknowns are scaled by. */
export interface DiagonalProgram {
  /** Stores √(½λ·w·max(0, Σ_e ∂²R_e/∂jet_k²)) where it is not structurally zero; see `pattern`. Sum i: the same of scalar i, squared. */
  readonly squares: Program;
  /** As for rows, with a residual of its own for each jet. */
  readonly pattern: readonly SquaresEntry[];
}

/** All programs of one term. E is the number of residuals, s_e the row scale. */
export interface TermPrograms {
  /** Keys of the jets that the loss depends on, in the order of adjoint stores. */
  readonly jets: readonly string[];
  /** Keys of the trainable scalars that the loss depends on, in the order of adjoint sums. */
  readonly scalars: readonly string[];
  /** Store e: R_e. Sum 0: λ·w·Σ ρ(R_e). */
  readonly value: Program;
  /** Store k: ∂loss/∂jet_k. Sum 0: the loss; sum 1 + i: ∂loss/∂scalar_i. */
  readonly gradient: Program;
  /**
   * Derivative of `gradient` along δ, read as `tangent:<leaf key>`: store k: the change of ∂loss/∂jet_k, sum i: that of
   * ∂loss/∂scalar_i. Where ρ has a kink, the kink's curvature is not seen.
   */
  readonly curvature: Program;
  /** Absent for `identity`, which has no rows. */
  readonly rows?: RowPrograms;
  /** Of `identity` alone, absent where R is affine. */
  readonly diagonal?: DiagonalProgram;
  /** Whether every R_e is affine in jets and scalars: then the coefficients of `square` do not depend on them. */
  readonly linear: boolean;
}

const isJet = (leaf: LeafNode): leaf is InputNode => leaf.kind === 'input' && leaf.active && leaf.key.startsWith(PREFIX.jet);
const isScalar = (leaf: LeafNode): leaf is InputNode =>
  leaf.kind === 'input' && leaf.active && leaf.key.startsWith(PREFIX.scalar);
const isActive = (leaf: LeafNode): boolean => leaf.kind === 'input' && leaf.active;

const store = (slot: number, node: Expression): ProgramOutput => ({kind: 'store', slot, node});
const sum = (slot: number, node: Expression): ProgramOutput => ({kind: 'sum', slot, node});

/** Compiles one term; everything happens in one arena. */
class TermCompiler {
  private readonly residuals: readonly Expression[];
  private readonly jets: InputNode[] = [];
  private readonly scalars: InputNode[] = [];
  /** ∂R_e/∂leaf for each residual. */
  private readonly partials: Map<LeafNode, Expression>[];
  private readonly weight: Expression;
  private readonly floor: Expression;

  constructor(
    residuals: readonly Expression[],
    private readonly loss: Loss,
    private readonly arena: Arena,
  ) {
    this.residuals = residuals.map((residual) => arena.simplify(residual));
    this.partials = this.residuals.map((node) => adjoints([{node, seed: arena.one}], isActive, arena));
    const known = new Set<LeafNode>(this.partials.flatMap((partial) => [...partial.keys()]));
    for (const leaf of postorder(this.residuals)) {
      if (leaf.kind === 'operation' || !known.has(leaf)) continue;
      if (isJet(leaf)) this.jets.push(leaf);
      else if (isScalar(leaf)) this.scalars.push(leaf);
      else throw new DinfError('INTERNAL', `an active operand must be a jet or a scalar`);
    }
    this.weight = this.make('mul', arena.leaf(input(LAMBDA)), arena.leaf(input(WEIGHT)));
    // The scale at which a residual no longer counts as larger: δ for huber, next to nothing for abs.
    const floor = loss.kind === 'huber' ? loss.delta : loss.kind === 'abs' ? (loss.floor ?? DEFAULT_FLOOR) : 1;
    if (typeof floor === 'number' && !(floor > 0 && floor < Infinity)) {
      throw new DinfError(
        'INVALID_ARGUMENT',
        `the ${loss.kind === 'huber' ? 'delta' : 'floor'} of a loss must be positive, and is ${floor}`,
      );
    }
    this.floor = typeof floor === 'number' ? arena.constant(floor) : arena.simplify(floor);
  }

  compile(): TermPrograms {
    const {arena, jets, scalars} = this;
    // A sample of weight zero counts for nothing, even where its residual is not finite.
    const weighted = (value: Expression): Expression => chain(arena, this.weight, value);
    const total = weighted(this.total(this.residuals.map((residual) => this.rho(residual))));
    const bars = adjoints(
      this.residuals.map((node) => ({node, seed: weighted(this.slope(node))})),
      isActive,
      arena,
    );
    const bar = (leaf: LeafNode): Expression => bars.get(leaf) ?? arena.zero;
    const change = (leaf: LeafNode): Expression =>
      tangent(bar(leaf), (other) => (isActive(other) ? this.delta(other as InputNode) : undefined), arena);
    return {
      jets: jets.map(({key}) => key),
      scalars: scalars.map(({key}) => key),
      value: lower([...this.residuals.map((residual, e) => store(e, residual)), sum(0, total)], arena),
      gradient: lower(
        [sum(0, total), ...jets.map((jet, k) => store(k, bar(jet))), ...scalars.map((scalar, i) => sum(1 + i, bar(scalar)))],
        arena,
      ),
      curvature: lower(
        [...jets.map((jet, k) => store(k, change(jet))), ...scalars.map((scalar, i) => sum(i, change(scalar)))],
        arena,
      ),
      rows: this.loss.kind === 'identity' ? undefined : this.rows(),
      diagonal: this.loss.kind === 'identity' ? this.diagonal() : undefined,
      linear: this.partials.every((partial) =>
        [...partial.values()].every((value) => !dependsOn(value, (leaf) => isActive(leaf))),
      ),
    };
  }

  /**
   * A coefficient s_e·∂R_e/∂leaf that varies from sample to sample becomes a plane. Where the derivative is made of constants and
   * uniforms, s_e is the plane and the derivative stays in the programs: one plane serves all leaves, and a new uniform needs no new
   * linearisation.
   */
  private rows(): RowPrograms {
    const {arena, jets, scalars, residuals, partials} = this;
    const scales = residuals.map((residual) => this.scale(residual));
    const planes = new Map<Expression, Expression>();
    const plane = (value: Expression): Expression => {
      let key = planes.get(value);
      if (key === undefined) planes.set(value, (key = arena.leaf(input(`${PREFIX.coefficient}${planes.size}`))));
      return key;
    };
    /** Per residual and leaf: the factor that is applied to δ or to the row, and the plane it is multiplied with. */
    const factors = partials.map((partial, e) => {
      const entries = new Map<LeafNode, {readonly plane: Expression; readonly factor: Expression}>();
      for (const [leaf, value] of partial) {
        const varies = dependsOn(value, (other) => other.kind !== 'constant' && !isUniform(other));
        const entry = varies
          ? {plane: plane(this.make('mul', scales[e], value)), factor: arena.one}
          : {plane: plane(scales[e]), factor: value};
        entries.set(leaf, entry);
      }
      return entries;
    });

    const rowTangents = factors.map((entries) => {
      const byPlane = new Map<Expression, Expression[]>();
      for (const [leaf, {plane: own, factor}] of entries) {
        const terms = byPlane.get(own) ?? [];
        byPlane.set(own, terms);
        terms.push(this.make('mul', factor, this.delta(leaf as InputNode)));
      }
      return this.total([...byPlane].map(([own, terms]) => this.make('mul', own, this.total(terms))));
    });
    const received = (leaf: LeafNode): Expression =>
      this.total(
        factors.flatMap((entries, e) => {
          const entry = entries.get(leaf);
          if (entry === undefined) return [];
          const row = this.make('mul', entry.plane, arena.leaf(input(`${PREFIX.row}${e}`)));
          return [this.make('mul', entry.factor, row)];
        }),
      );

    const pattern: SquaresEntry[] = [];
    const squares: ProgramOutput[] = [];
    partials.forEach((partial, residual) =>
      jets.forEach((leaf, jet) => {
        const value = partial.get(leaf);
        if (value === undefined) return;
        squares.push(store(pattern.length, this.make('mul', scales[residual], value)));
        pattern.push({residual, jet, slot: pattern.length});
      }),
    );

    return {
      linearise: lower(
        [
          ...residuals.map((residual, e) => store(e, this.make('mul', scales[e], residual))),
          ...[...planes.keys()].map((value, k) => store(residuals.length + k, value)),
        ],
        arena,
      ),
      coefficients: planes.size,
      tangent: lower(
        rowTangents.map((value, e) => store(e, value)),
        arena,
      ),
      adjoint: lower(
        [...jets.map((jet, k) => store(k, received(jet))), ...scalars.map((scalar, i) => sum(i, received(scalar)))],
        arena,
      ),
      squares: lower([...squares, ...scalars.map((scalar, i) => sum(i, this.squaredColumn(scalar, scales)))], arena),
      pattern,
    };
  }

  private diagonal(): DiagonalProgram | undefined {
    const {arena, jets, scalars, partials} = this;
    const curvature = (leaf: InputNode): Expression => {
      const second = this.total(
        partials.map((partial) =>
          tangent(partial.get(leaf) ?? arena.zero, (other) => (other === leaf ? arena.one : undefined), arena),
        ),
      );
      if (second === arena.zero) return second;
      return chain(arena, this.weight, this.make('max', arena.zero, this.make('mul', arena.constant(0.5), second)));
    };
    const pattern: SquaresEntry[] = [];
    const squares: ProgramOutput[] = [];
    jets.forEach((leaf, jet) => {
      const value = curvature(leaf);
      if (value === arena.zero) return;
      squares.push(store(pattern.length, this.make('sqrt', value)));
      pattern.push({residual: jet, jet, slot: pattern.length});
    });
    const sums = scalars.map(curvature);
    if (squares.length === 0 && sums.every((value) => value === arena.zero)) return undefined;
    return {squares: lower([...squares, ...sums.map((value, i) => sum(i, value))], arena), pattern};
  }

  private squaredColumn(leaf: LeafNode, scales: readonly Expression[]): Expression {
    return this.total(
      this.partials.flatMap((partial, e) => {
        const value = partial.get(leaf);
        if (value === undefined) return [];
        const entry = this.make('mul', scales[e], value);
        return [this.make('mul', entry, entry)];
      }),
    );
  }

  private make(...args: Parameters<Arena['make']>): Expression {
    return this.arena.make(...args);
  }

  private total(terms: readonly Expression[]): Expression {
    return terms.reduce((a, b) => this.make('add', a, b), this.arena.zero);
  }

  private delta(leaf: InputNode): Expression {
    return this.arena.leaf(input(PREFIX.tangent + leaf.key));
  }

  private rho(residual: Expression): Expression {
    const {arena, loss, floor} = this;
    switch (loss.kind) {
      case 'identity':
        return residual;
      case 'square':
        return this.make('mul', residual, residual);
      case 'abs':
        return this.make('abs', residual);
      case 'huber': {
        const size = this.make('abs', residual);
        const half = arena.constant(0.5);
        return this.make(
          'where',
          this.make('le', size, floor),
          this.make('mul', half, this.make('mul', residual, residual)),
          this.make('mul', floor, this.make('sub', size, this.make('mul', half, floor))),
        );
      }
    }
  }

  /** ρ'(R). */
  private slope(residual: Expression): Expression {
    const {arena, loss, floor} = this;
    switch (loss.kind) {
      case 'identity':
        return arena.one;
      case 'square':
        return this.make('mul', arena.constant(2), residual);
      case 'abs':
        return this.make('sign', residual);
      case 'huber':
        return this.make('max', this.make('min', residual, floor), this.make('neg', floor));
    }
  }

  /**
   * s = √(λ·w·ρ'(R)/(2R)), so that |s·R|² with s held fixed has the gradient of the loss: λ·w under the root for square;
   * for abs 1/(2·max(|R|, floor)); for huber δ/(2·max(|R|, δ)), exactly ½ on the parabola.
   */
  private scale(residual: Expression): Expression {
    const {arena, loss, floor, weight} = this;
    if (loss.kind === 'square') return this.make('sqrt', weight);
    const size = this.make('max', this.make('abs', residual), floor);
    const half = arena.constant(0.5);
    const curvature = this.make('div', loss.kind === 'huber' ? this.make('mul', half, floor) : half, size);
    return this.make('sqrt', this.make('mul', weight, curvature));
  }
}

const isUniform = (leaf: LeafNode): boolean => leaf.kind === 'input' && leaf.key.startsWith(PREFIX.uniform);

function dependsOn(expression: Expression, matches: (leaf: LeafNode) => boolean): boolean {
  return postorder([expression]).some((node) => node.kind !== 'operation' && matches(node));
}

/**
 * The programs of one term, whose loss is Σ_q λ·w_q·Σ_e ρ(R_e).
 *
 * @param residuals R_e, with every leaf an input: jets (`jet:…`, active), trainable scalars (`scalar:…`, active), uniforms
 *   (`uniform:…`) and anything else that is fixed per sample.
 * @throws EXPRESSION_TOO_LARGE; INVALID_ARGUMENT for a loss without its positive δ; INTERNAL for leaves that are not inputs.
 */
export function termPrograms(residuals: readonly Expression[], loss: Loss, arena = new Arena()): TermPrograms {
  if (residuals.length === 0) throw new DinfError('INVALID_ARGUMENT', 'a term needs at least one residual');
  return new TermCompiler(residuals, loss, arena).compile();
}
