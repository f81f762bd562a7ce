/**
 * B of a lift u := g + B·u: a function that vanishes on the constrained faces of a box, to the order of what is known there.
 *
 * `polynomial`: the product of the faces' distances. `r-function`: their R-conjunction a + b − √(a² + b²) (Rvachev 1982), which grows
 * like the distance near every face, beside an edge as well, at the price of second derivatives that are unbounded at corners.
 * `exponential`: the product of 1 − exp(−s²/0.01) (paper, section 3.4), flat in the interior, and without slope on the face itself.
 */
import type {Arena} from '../expression/arena';
import {evaluateExpression} from '../expression/interpret';
import type {Expression} from '../expression/node';

/** The three kinds of B; see above. */
export type DistanceKind = 'polynomial' | 'r-function' | 'exponential';

/** A face: the distance from it, 1 on the opposite face, and the length between the two in the domain's units. */
export interface FaceDistance {
  readonly distance: Expression;
  readonly length: number;
  /** 1: the value is given; 2: the slope as well. */
  readonly order: number;
}

/** σ of the paper, in squared units of the domain. */
const SIGMA = 0.01;

/**
 * The factor B as an expression in the coordinates.
 *
 * @param faces the constrained faces, one axis after another.
 * @param centre coordinates of the box's centre, where an R-function is scaled to 1.
 */
export function distanceProduct(
  faces: readonly FaceDistance[],
  kind: DistanceKind,
  centre: Readonly<Record<string, number>>,
  arena: Arena,
): Expression {
  const product = (factors: readonly Expression[]): Expression => factors.reduce((a, b) => arena.make('mul', a, b), arena.one);
  if (kind === 'exponential') {
    return product(
      faces.map(({distance, length}) => {
        const exponent = arena.make(
          'mul',
          arena.constant(-(length ** 2) / SIGMA),
          arena.make('pow', distance, arena.constant(2)),
        );
        return arena.make('sub', arena.one, arena.make('exp', exponent));
      }),
    );
  }
  if (kind === 'polynomial') {
    return product(faces.map(({distance, order}) => arena.make('pow', distance, arena.constant(order))));
  }
  const conjunction = (list: readonly FaceDistance[]): Expression[] =>
    list.length === 0
      ? []
      : [
          list
            .map(({distance}) => distance)
            .reduce((a, b) => arena.make('sub', arena.make('add', a, b), arena.make('norm', a, b))),
        ];
  const factor = product([...conjunction(faces), ...conjunction(faces.filter(({order}) => order > 1))]);
  return arena.make('mul', arena.constant(1 / evaluateExpression(factor, centre)), factor);
}
