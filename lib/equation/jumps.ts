/**
 * Derivatives of what jumps: `d(where(y < 1, k1, k2)*T_y, y)` holds the jump of k times a delta function, which no grid has and symbolic
 * differentiation leaves out. What is solved then is another problem, to any number of digits.
 */
import {DinfError} from '../base/errors';
import {shortened} from '../base/shown';
import {toText} from '../expression';
import type {Arena} from '../expression/arena';
import {evaluateExpression, leafName} from '../expression/interpret';
import type {Expression, OperationNode} from '../expression/node';
import {leavesOf} from '../expression/substitute';
import type {BoxAxis} from './conditions';
import {changeBetween} from './sign-change';

/** Lines along a coordinate, places on each, and switches that are looked at. */
const LINES = 6;
const PLACES = 1024;
const MOST = 12;
/** How lines fill the box (Roberts's R3). */
const STEPS = [0.8191725133961645, 0.6710436067037893, 0.5497004779019703] as const;
/** A difference of values on both sides that is none. */
const ROUNDING = 1e-6;

/**
 * Refuses what was differentiated across a jump inside the domain.
 *
 * @param arena in which equations and conditions were read: it knows what they differentiate.
 * @throws DinfError INVALID_ARGUMENT saying what jumps, where, and what to write instead
 */
export function refuseJumps(arena: Arena, box: readonly BoxAxis[], uniforms: Readonly<Record<string, number>>): void {
  let looked = 0;
  for (const [coordinate, memo] of arena.derivatives) {
    for (const node of memo.keys()) {
      if (node.kind !== 'operation' || (node.operator !== 'where' && node.operator !== 'sign')) continue;
      if (!switchesAlong(node.operands[0], coordinate) || (looked += 1) > MOST) continue;
      const jump = jumpOf(node, coordinate, box, uniforms);
      if (jump === undefined) continue;
      throw new DinfError(
        'INVALID_ARGUMENT',
        `${shortened(toText(node))} is differentiated along ${coordinate}, and jumps from ${jump.from.toPrecision(4)} to ${jump.to.toPrecision(4)} at ${coordinate} = ${jump.place.toPrecision(4)}: ` +
          'the derivative of a jump is no function, and would be left out. Give the flux a name: an unknown q with the equation q = ..., and its derivative where that of the product stands',
      );
    }
  }
}

/** Whether a condition depends on a coordinate, and on no unknown. */
function switchesAlong(condition: Expression, coordinate: string): boolean {
  const leaves = leavesOf(condition);
  return (
    leaves.every(({kind}) => kind === 'coordinate' || kind === 'uniform') &&
    leaves.some((leaf) => leaf.kind === 'coordinate' && leaf.name === coordinate)
  );
}

/** Where a node jumps along a coordinate, and from what to what; unknowns are numbers here. */
function jumpOf(
  node: OperationNode,
  coordinate: string,
  box: readonly BoxAxis[],
  uniforms: Readonly<Record<string, number>>,
): {place: number; from: number; to: number} | undefined {
  const axis = box.findIndex(({name}) => name === coordinate);
  const {lower, upper} = box[axis];
  const values: Record<string, number> = {...uniforms};
  leavesOf(node).forEach((leaf, i) => {
    if (leaf.kind === 'derivative') values[leafName(leaf)] = 1.37 + i;
  });
  const [condition] = node.operands;
  const at = (place: number): Record<string, number> => ({...values, [coordinate]: place});
  const side = (place: number): number => Math.sign(evaluateExpression(condition, at(place)));
  for (let line = 0; line < LINES; line++) {
    box.forEach((one, k) => {
      if (k !== axis) values[one.name] = one.lower + (one.upper - one.lower) * ((0.5 + line * STEPS[k]) % 1);
    });
    const place = (i: number): number => lower + ((upper - lower) * (i + 0.5)) / PLACES;
    let before = side(place(0));
    for (let i = 1; i < PLACES; i++) {
      const here = side(place(i));
      if (here === before) continue;
      const [low, high] = changeBetween(side, place(i - 1), place(i));
      const [from, to] = [evaluateExpression(node, at(low)), evaluateExpression(node, at(high))];
      if (Math.abs(from - to) > ROUNDING * Math.max(Math.abs(from), Math.abs(to))) return {place: high, from, to};
      before = here;
    }
  }
  return undefined;
}
