import {DinfError} from '../base/errors';
import type {Steps} from '../base/steps';
import {finished} from '../base/steps';
import {adjointSteps} from './adjoint';
import {Dependence} from './dependence';
import {Arena} from '../expression/arena';
import {tangentSteps} from '../expression/differentiate';
import type {Expression, InputNode, LeafNode} from '../expression/node';
import {postorderSteps, VISITS_A_STEP} from '../expression/node';
import type {Loss} from './loss';
import {LossForm} from './loss';
import type {ActiveNode, JetNode, ScalarNode} from './program-inputs';
import {inputNode, isActive, isJetNode, isScalarNode, isUniformNode} from './program-inputs';
import type {Program, ProgramOutput} from './program';
import {lowerSteps} from './program';
import {chain} from '../expression/rules';

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
  /** The jets that the loss depends on, in the order of adjoint stores. */
  readonly jets: readonly JetNode[];
  /** The trainable scalars that the loss depends on, in the order of adjoint sums. */
  readonly scalars: readonly ScalarNode[];
  /** Store e: R_e. Sum 0: λ·w·Σ ρ(R_e). */
  readonly value: Program;
  /** Store k: ∂loss/∂jet_k. Sum 0: the loss; sum 1 + i: ∂loss/∂scalar_i. */
  readonly gradient: Program;
  /** Absent for `identity`, which has no rows. */
  readonly rows?: RowPrograms;
  /** Of `identity` alone, absent where R is affine. */
  readonly diagonal?: DiagonalProgram;
  /** Whether every R_e is affine in jets and scalars: then the coefficients of `square` do not depend on them. */
  readonly linear: boolean;
}

const store = (slot: number, node: Expression): ProgramOutput => ({kind: 'store', slot, node});
const sum = (slot: number, node: Expression): ProgramOutput => ({kind: 'sum', slot, node});

/** Compiles one term; everything happens in one arena. */
class TermCompiler {
  private readonly residuals: readonly Expression[];
  private readonly jets: JetNode[] = [];
  private readonly scalars: ScalarNode[] = [];
  /** ∂R_e/∂leaf for each residual. */
  private partials: readonly Map<LeafNode, Expression>[] = [];
  private weight!: Expression;
  private form!: LossForm;
  /** What varies from sample to sample. */
  private readonly varying = new Dependence((leaf) => leaf.kind !== 'constant' && !isUniformNode(leaf));
  /** What the loss is differentiated by. */
  private readonly active = new Dependence(isActive);

  constructor(
    residuals: readonly Expression[],
    private readonly loss: Loss,
    private readonly arena: Arena,
  ) {
    this.residuals = residuals.map((residual) => arena.simplify(residual));
  }

  private *differentiate(): Steps<void> {
    const {arena, loss} = this;
    const partials: Map<LeafNode, Expression>[] = [];
    const known = new Set<LeafNode>();
    for (const node of this.residuals) {
      const partial = yield* adjointSteps([{node, seed: arena.one}], isActive, arena);
      partials.push(partial);
      for (const leaf of partial.keys()) known.add(leaf);
    }
    this.partials = partials;
    for (const leaf of yield* postorderSteps(this.residuals)) {
      if (leaf.kind === 'operation' || !known.has(leaf)) continue;
      if (isJetNode(leaf)) this.jets.push(leaf);
      else if (isScalarNode(leaf)) this.scalars.push(leaf);
      else throw new DinfError('INTERNAL', `an active operand must be a jet or a scalar`);
    }
    this.weight = this.make('mul', arena.leaf(inputNode({kind: 'lambda'})), arena.leaf(inputNode({kind: 'weight'})));
    this.form = new LossForm(loss, this.weight, arena);
  }

  *compile(): Steps<TermPrograms> {
    yield* this.differentiate();
    const {arena, jets, scalars} = this;
    // A sample of weight zero counts for nothing, even where its residual is not finite.
    const weighted = (value: Expression): Expression => chain(arena, this.weight, value);
    const total = weighted(this.total(this.residuals.map((residual) => this.form.rho(residual))));
    const bars = yield* adjointSteps(
      this.residuals.map((node) => ({node, seed: weighted(this.form.slope(node))})),
      isActive,
      arena,
    );
    const bar = (leaf: LeafNode): Expression => bars.get(leaf) ?? arena.zero;
    return {
      jets,
      scalars,
      value: yield* lowerSteps([...this.residuals.map((residual, e) => store(e, residual)), sum(0, total)], arena),
      gradient: yield* lowerSteps(
        [sum(0, total), ...jets.map((jet, k) => store(k, bar(jet))), ...scalars.map((scalar, i) => sum(1 + i, bar(scalar)))],
        arena,
      ),
      rows: this.loss.kind === 'identity' ? undefined : yield* this.rows(),
      diagonal: this.loss.kind === 'identity' ? yield* this.diagonal() : undefined,
      linear: yield* this.isLinear(),
    };
  }

  /**
   * A coefficient s_e·∂R_e/∂leaf that varies from sample to sample becomes a plane. Where the derivative is made of constants and
   * uniforms, s_e is the plane and the derivative stays in the programs: one plane serves all leaves, and a new uniform needs no new
   * linearisation.
   */
  private *rows(): Steps<RowPrograms> {
    const {arena, jets, scalars, residuals, partials} = this;
    const scales = residuals.map((residual) => this.form.scale(residual));
    const planes = new Map<Expression, Expression>();
    const plane = (value: Expression): Expression => {
      let key = planes.get(value);
      if (key === undefined) planes.set(value, (key = arena.leaf(inputNode({kind: 'coefficient', index: planes.size}))));
      return key;
    };
    /** Per residual and leaf: the factor that is applied to δ or to the row, and the plane it is multiplied with. */
    const factors: Map<LeafNode, {readonly plane: Expression; readonly factor: Expression}>[] = [];
    for (const [e, partial] of partials.entries()) {
      const entries = new Map<LeafNode, {readonly plane: Expression; readonly factor: Expression}>();
      for (const [leaf, value] of partial) {
        const varies = yield* this.varying.of(value);
        const entry = varies
          ? {plane: plane(this.make('mul', scales[e], value)), factor: arena.one}
          : {plane: plane(scales[e]), factor: value};
        entries.set(leaf, entry);
        if (entries.size % VISITS_A_STEP === 0) yield;
      }
      factors.push(entries);
    }

    const rowTangents = factors.map((entries) => {
      const byPlane = new Map<Expression, Expression[]>();
      for (const [leaf, {plane: own, factor}] of entries) {
        const terms = byPlane.get(own) ?? [];
        byPlane.set(own, terms);
        terms.push(this.make('mul', factor, this.delta(leaf as ActiveNode)));
      }
      return this.total([...byPlane].map(([own, terms]) => this.make('mul', own, this.total(terms))));
    });
    const users = new Map<LeafNode, number[]>();
    factors.forEach((entries, e) => {
      for (const leaf of entries.keys()) {
        const list = users.get(leaf);
        if (list === undefined) users.set(leaf, [e]);
        else list.push(e);
      }
    });
    const received = (leaf: LeafNode): Expression =>
      this.total(
        (users.get(leaf) ?? []).map((e) => {
          const entry = factors[e].get(leaf)!;
          const row = this.make('mul', entry.plane, arena.leaf(inputNode({kind: 'row', index: e})));
          return this.make('mul', entry.factor, row);
        }),
      );

    const pattern: SquaresEntry[] = [];
    const squares: ProgramOutput[] = [];
    const places = new Map<LeafNode, number>(jets.map((leaf, jet) => [leaf, jet]));
    for (const [residual, partial] of partials.entries()) {
      const own = [...partial].flatMap(([leaf, value]) => (places.has(leaf) ? [{jet: places.get(leaf)!, value}] : []));
      for (const {jet, value} of own.sort((a, b) => a.jet - b.jet)) {
        squares.push(store(pattern.length, this.make('mul', scales[residual], value)));
        pattern.push({residual, jet, slot: pattern.length});
      }
      yield;
    }

    return {
      linearise: yield* lowerSteps(
        [
          ...residuals.map((residual, e) => store(e, this.make('mul', scales[e], residual))),
          ...[...planes.keys()].map((value, k) => store(residuals.length + k, value)),
        ],
        arena,
      ),
      coefficients: planes.size,
      tangent: yield* lowerSteps(
        rowTangents.map((value, e) => store(e, value)),
        arena,
      ),
      adjoint: yield* lowerSteps(
        [...jets.map((jet, k) => store(k, received(jet))), ...scalars.map((scalar, i) => sum(i, received(scalar)))],
        arena,
      ),
      squares: yield* lowerSteps([...squares, ...scalars.map((scalar, i) => sum(i, this.squaredColumn(scalar, scales)))], arena),
      pattern,
    };
  }

  private *diagonal(): Steps<DiagonalProgram | undefined> {
    const {arena, jets, scalars} = this;
    const pattern: SquaresEntry[] = [];
    const squares: ProgramOutput[] = [];
    for (const [jet, leaf] of jets.entries()) {
      const value = yield* this.curvature(leaf);
      if (value === arena.zero) continue;
      squares.push(store(pattern.length, this.make('sqrt', value)));
      pattern.push({residual: jet, jet, slot: pattern.length});
    }
    const sums: Expression[] = [];
    for (const leaf of scalars) sums.push(yield* this.curvature(leaf));
    if (squares.length === 0 && sums.every((value) => value === arena.zero)) return undefined;
    return {squares: yield* lowerSteps([...squares, ...sums.map((value, i) => sum(i, value))], arena), pattern};
  }

  private *curvature(leaf: InputNode): Steps<Expression> {
    const {arena} = this;
    const seconds: Expression[] = [];
    for (const partial of this.partials) {
      const along = (other: LeafNode): Expression | undefined => (other === leaf ? arena.one : undefined);
      seconds.push(yield* tangentSteps(partial.get(leaf) ?? arena.zero, along, arena));
    }
    const second = this.total(seconds);
    if (second === arena.zero) return second;
    return chain(arena, this.weight, this.make('max', arena.zero, this.make('mul', arena.constant(0.5), second)));
  }

  /** Whether no derivative depends on what the loss is differentiated by. */
  private *isLinear(): Steps<boolean> {
    for (const partial of this.partials) {
      for (const value of partial.values()) if (yield* this.active.of(value)) return false;
    }
    return true;
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

  private delta(leaf: ActiveNode): Expression {
    return this.arena.leaf(inputNode({kind: 'tangent', of: leaf}));
  }
}

/**
 * The programs of one term, whose loss is Σ_q λ·w_q·Σ_e ρ(R_e).
 *
 * @param residuals R_e, with every leaf an input of {@link inputNode}: jets and trainable scalars, which are active, uniforms, and anything else
 *   that is fixed for each sample.
 * @throws EXPRESSION_TOO_LARGE; INVALID_ARGUMENT for a loss without its positive δ; INTERNAL for leaves that are not inputs.
 */
export function termPrograms(residuals: readonly Expression[], loss: Loss, arena?: Arena): TermPrograms {
  return finished(termProgramSteps(residuals, loss, arena));
}

/** As {@link termPrograms}, with pauses. */
export function* termProgramSteps(residuals: readonly Expression[], loss: Loss, arena = new Arena()): Steps<TermPrograms> {
  if (residuals.length === 0) throw new DinfError('INVALID_ARGUMENT', 'a term needs at least one residual');
  return yield* new TermCompiler(residuals, loss, arena).compile();
}
