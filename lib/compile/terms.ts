/** The terms of a problem as programs: compiled once a problem, whoever asks first. */
import {DinfError} from '../base/errors';
import type {Steps} from '../base/steps';
import {finished, limited, unhurried} from '../base/steps';
import {Arena} from '../expression/arena';
import type {Expression} from '../expression/node';
import {VISITS_A_STEP} from '../expression/node';
import type {NativeProgram, NativeTerm} from '../native';
import {liftedSteps} from '../pose/lift';
import type {ProblemSpec, TermSpec} from '../pose/problem-spec';
import {isLinear} from '../pose/problem-spec';
import type {TermData} from '../pose/term-data';
import {jetReference} from './jets';
import {LeafBinder} from './leaf-binder';
import {nativeProgram} from './native-program';
import type {Program} from './program';
import type {DiagonalProgram, RowPrograms} from './term-programs';
import {termProgramSteps} from './term-programs';

/** A term in its native form, but for data that nobody holds. */
export type CompiledTerm = Omit<NativeTerm, 'channels'> & {readonly channels: readonly TermData[]};

/** The terms of a problem in their native form, and what their programs say of the problem. */
export interface CompiledTerms {
  readonly terms: readonly CompiledTerm[];
  /** Whether one least-squares step solves the problem. */
  readonly linear: boolean;
  /** Whether some energy is not affine in the unknowns: least squares sees its slope alone. */
  readonly curved: boolean;
}

/** Visits of nodes that compiling a problem may take, some tens of seconds; the largest problem of this package, a cloth, takes a thousandth. */
const MOST_VISITS = 50_000_000;

/** Specs are immutable, and so is what they compile to: it lives as long as its problem. */
const compiled = new WeakMap<ProblemSpec, CompiledTerms>();

/**
 * Compiles the terms of a problem, once.
 *
 * @throws DinfError INVALID_ARGUMENT, EXPRESSION_TOO_LARGE
 */
export function compileTerms(spec: ProblemSpec): CompiledTerms {
  return compiled.get(spec) ?? finished(compileSteps(spec));
}

/**
 * Compiles the terms of a problem, once, with the event loop free in between; whoever calls {@link compileTerms} later has them at once.
 *
 * @param signal ends it. Default: none.
 * @throws DinfError INVALID_ARGUMENT, EXPRESSION_TOO_LARGE, ABORTED (rejects)
 */
export async function prepareTerms(spec: ProblemSpec, signal?: AbortSignal): Promise<CompiledTerms> {
  return compiled.get(spec) ?? unhurried(compileSteps(spec), 'compiling the problem', signal);
}

/** Takes over what another spec was compiled to, which differs from this one in values of uniforms and data alone. */
export function shareTerms(spec: ProblemSpec, from: ProblemSpec): void {
  adoptTerms(spec, compileTerms(from));
}

/** Takes over what the same problem was compiled to elsewhere, such as in another thread; values of data are those of `spec`. */
export function adoptTerms(spec: ProblemSpec, known: CompiledTerms): void {
  compiled.set(spec, {
    ...known,
    terms: known.terms.map((term, t) => ({...term, channels: Object.values(spec.terms[t].data)})),
  });
}

const compileSteps = (spec: ProblemSpec): Steps<CompiledTerms> =>
  limited(
    termSteps(spec),
    MOST_VISITS / VISITS_A_STEP,
    () =>
      new DinfError(
        'EXPRESSION_TOO_LARGE',
        `compiling this problem takes more than ${MOST_VISITS / 1e6} million visits of its expressions' nodes, the limit: use shorter equations, or fewer`,
      ),
  );

function* termSteps(spec: ProblemSpec): Steps<CompiledTerms> {
  const uniforms = Object.keys(spec.uniforms).length;
  const terms: CompiledTerm[] = [];
  for (const [i, term] of spec.terms.entries()) {
    terms.push(yield* compileTerm(spec, term, i, uniforms + i));
    yield;
  }
  const result = {
    terms,
    linear: terms.every((term) => term.linear) && spec.fields.every(isLinear),
    curved: terms.some((term) => !term.hasRows && !term.linear),
  };
  compiled.set(spec, result);
  return result;
}

function* compileTerm(spec: ProblemSpec, term: TermSpec, index: number, lambda: number): Steps<CompiledTerm> {
  const arena = new Arena();
  const binder = new LeafBinder(spec, Object.keys(term.data));
  const residuals: Expression[] = [];
  for (const {residual} of term.equations) {
    residuals.push(yield* binder.bind(yield* liftedSteps(spec, residual, arena), arena));
    yield;
  }
  const loss = term.loss === 'huber' ? ({kind: 'huber', delta: term.delta} as const) : {kind: term.loss};
  const programs = yield* termProgramSteps(residuals, loss, arena);
  const jetSets = binder.jetSets();
  if (programs.jets.length === 0 && programs.scalars.length === 0) {
    const texts = term.equations.map(({text}) => text).join(' ; ');
    throw new DinfError('INVALID_ARGUMENT', `${term.name}: no unknown occurs in ${texts}, so there is nothing to solve for`);
  }
  const native = (program: Program): NativeProgram => nativeProgram(program, jetSets, lambda);
  const {rows} = programs;
  return {
    name: term.name,
    samples: index,
    residuals: residuals.length,
    hasRows: rows !== undefined,
    linear: programs.linear && (rows === undefined || term.loss === 'square'),
    channels: Object.values(term.data),
    jetSets,
    jets: programs.jets.flatMap(({operand}) => jetReference(operand, jetSets)),
    scalars: programs.scalars.map(({operand}) => operand.index),
    value: native(programs.value),
    gradient: native(programs.gradient),
    ...rowsOf(rows, native),
    ...squaresOf(rows ?? programs.diagonal, native),
  };
}

/** What a least-squares term has beyond an energy. */
function rowsOf(
  rows: RowPrograms | undefined,
  native: (program: Program) => NativeProgram,
): Pick<NativeTerm, 'coefficients' | 'linearise' | 'tangent' | 'adjoint'> {
  if (rows === undefined) return {coefficients: 0, linearise: null, tangent: null, adjoint: null};
  const {coefficients, linearise, tangent, adjoint} = rows;
  return {coefficients, linearise: native(linearise), tangent: native(tangent), adjoint: native(adjoint)};
}

/** What columns are scaled by: the entries of the Jacobian, or the curvature of an energy that is not affine. */
function squaresOf(
  scaling: RowPrograms | DiagonalProgram | undefined,
  native: (program: Program) => NativeProgram,
): Pick<NativeTerm, 'pattern' | 'squares'> {
  if (scaling === undefined) return {pattern: [], squares: null};
  return {
    pattern: scaling.pattern.flatMap(({residual, jet, slot}) => [residual, jet, slot]),
    squares: native(scaling.squares),
  };
}
