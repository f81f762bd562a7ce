/** What a term does with its residuals, in expressions: the loss, its slope, and the scale of a row of least squares. */
import {DinfError} from '../base/errors';
import type {Arena} from '../expression/arena';
import type {Expression} from '../expression/node';

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
      readonly floor?: number;
    }
  | {
      readonly kind: 'huber';
      /** Where the parabola ends: a positive number, or an expression over uniforms. */
      readonly delta: number | Expression;
    };

/** |R| below which the weight of an absolute value stops growing. */
export const DEFAULT_FLOOR = 1e-6;

/** A term's loss in an arena. */
export class LossForm {
  /** The scale at which a residual no longer counts as larger: δ for huber, next to nothing for abs. */
  private readonly floor: Expression;

  /**
   * @param weight λ·w.
   * @throws INVALID_ARGUMENT for a δ that is not positive
   */
  constructor(
    private readonly loss: Loss,
    private readonly weight: Expression,
    private readonly arena: Arena,
  ) {
    const floor = loss.kind === 'huber' ? loss.delta : loss.kind === 'abs' ? (loss.floor ?? DEFAULT_FLOOR) : 1;
    if (typeof floor === 'number' && !(floor > 0 && floor < Infinity)) {
      throw new DinfError(
        'INVALID_ARGUMENT',
        `the ${loss.kind === 'huber' ? 'delta' : 'floor'} of a loss must be positive, and is ${floor}`,
      );
    }
    this.floor = typeof floor === 'number' ? arena.constant(floor) : arena.simplify(floor);
  }

  /** ρ(R). */
  rho(residual: Expression): Expression {
    const {arena, loss, floor} = this;
    switch (loss.kind) {
      case 'identity':
        return residual;
      case 'square':
        return arena.make('mul', residual, residual);
      case 'abs':
        return arena.make('abs', residual);
      case 'huber': {
        const size = arena.make('abs', residual);
        const half = arena.constant(0.5);
        return arena.make(
          'where',
          arena.make('le', size, floor),
          arena.make('mul', half, arena.make('mul', residual, residual)),
          arena.make('mul', floor, arena.make('sub', size, arena.make('mul', half, floor))),
        );
      }
    }
  }

  /** ρ'(R). */
  slope(residual: Expression): Expression {
    const {arena, loss, floor} = this;
    switch (loss.kind) {
      case 'identity':
        return arena.one;
      case 'square':
        return arena.make('mul', arena.constant(2), residual);
      case 'abs':
        return arena.make('sign', residual);
      case 'huber':
        return arena.make('max', arena.make('min', residual, floor), arena.make('neg', floor));
    }
  }

  /**
   * s = √(λ·w·ρ'(R)/(2R)), so that |s·R|² with s held fixed has the gradient of the loss: λ·w under the root for square;
   * for abs 1/(2·max(|R|, floor)); for huber δ/(2·max(|R|, δ)), exactly ½ on the parabola.
   */
  scale(residual: Expression): Expression {
    const {arena, loss, floor, weight} = this;
    if (loss.kind === 'square') return arena.make('sqrt', weight);
    const size = arena.make('max', arena.make('abs', residual), floor);
    const half = arena.constant(0.5);
    const curvature = arena.make('div', loss.kind === 'huber' ? arena.make('mul', half, floor) : half, size);
    return arena.make('sqrt', arena.make('mul', weight, curvature));
  }
}
