/**
 * Where data change their form: at a plane across a coordinate on whose two sides a coefficient or a source is another one, as
 * `where(y < 0.3, k1, k2)`, a solution has as many continuous derivatives as its equation is of order, less one. Cells end there, and splines
 * are no smoother.
 */
import {evaluateColumns, evaluateExpression} from '../expression/interpret';
import type {Expression} from '../expression/node';
import {operation, postorder} from '../expression/node';
import {leavesOf} from '../expression/substitute';
import {linspace} from '../pose/sampling';
import type {BoxAxis} from './conditions';
import {changeBetween} from './sign-change';

/** Places at which signs are compared. */
const PLACES = 4096;
/** More planes than that across an axis are left to refinement. */
const MOST = 32;
/** Values that are computed at most: reading a problem is to take no time. */
const MOST_WORK = 3e6;
/** So near to a bound or to one another, in parts of the axis, two places are one. */
const APART = 1e-9;

/** The places along each axis at which something switches that depends on this coordinate alone, rising. */
export function switchPlaces(
  roots: readonly Expression[],
  box: readonly BoxAxis[],
  uniforms: Readonly<Record<string, number>>,
): number[][] {
  const found = box.map((): number[] => []);
  let work = 0;
  for (const node of postorder(roots)) {
    const turns = turningOf(node);
    if (turns === undefined) continue;
    const order = postorder([turns]);
    if ((work += PLACES * order.length) > MOST_WORK) break;
    const leaves = leavesOf(turns);
    const names = new Set(leaves.flatMap((leaf) => (leaf.kind === 'coordinate' ? [leaf.name] : [])));
    if (names.size !== 1 || leaves.some(({kind}) => kind !== 'coordinate' && kind !== 'uniform')) continue;
    const axis = box.findIndex(({name}) => names.has(name));
    for (const place of zeros(turns, order, box[axis], uniforms)) {
      const near = APART * (box[axis].upper - box[axis].lower);
      if (!found[axis].some((other) => Math.abs(other - place) < near)) found[axis].push(place);
    }
  }
  return found.map((places) => (places.length > MOST ? [] : places.sort((a, b) => a - b)));
}

/** What changes its sign where a node changes its form. */
function turningOf(node: Expression): Expression | undefined {
  if (node.kind !== 'operation') return undefined;
  const [left, right] = node.operands;
  switch (node.operator) {
    case 'lt':
    case 'le':
    case 'min':
    case 'max':
      return operation('sub', left, right);
    case 'abs':
    case 'sign':
      return left;
    default:
      return undefined;
  }
}

function zeros(
  turns: Expression,
  order: readonly Expression[],
  {name, lower, upper}: BoxAxis,
  uniforms: Readonly<Record<string, number>>,
): number[] {
  const at = (place: number): number => Math.sign(evaluateExpression(turns, {...uniforms, [name]: place}));
  const places = linspace(lower, upper, PLACES + 1);
  const values = evaluateColumns(order, (leaf) => (leaf === name ? places : uniforms[leaf]), places.length);
  const margin = APART * (upper - lower);
  const found: number[] = [];
  let [place, before] = [lower, Math.sign(values[0])];
  for (let i = 1; i <= PLACES && found.length <= MOST; i++) {
    const next = places[i];
    const here = Math.sign(values[i]);
    if (here !== before && !Number.isNaN(here) && !Number.isNaN(before)) {
      // A zero at one of the places is met from both sides.
      const zero = here === 0 ? next : before === 0 ? place : changeBetween(at, place, next)[1];
      if (zero > lower + margin && zero < upper - margin && !found.includes(zero)) found.push(zero);
    }
    [place, before] = [next, here];
  }
  return found;
}
