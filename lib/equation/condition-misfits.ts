/** How well the conditions of a problem are met by its solution. */
import {rootMeanSquare} from '../base/norms';
import {Arena} from '../expression/arena';
import {equationText, resolveSides} from '../expression/equation';
import type {Expression} from '../expression/node';
import type {Scope} from '../expression/scope';
import {SymbolTable} from '../expression/scope';
import {lattice, linspace} from '../pose/sampling';
import type {Solution} from '../solve/solution';
import type {BoxAxis, Condition, Face} from './conditions';
import type {Imposed} from './constraints';

/** A condition, how it was imposed, and how far the solution is from it. */
export interface ConditionMisfit {
  /** As it was given. */
  readonly text: string;
  /** `exact`: the solution cannot do otherwise; `initial`: where windows of time begin, to the accuracy of the splines; or by least squares. */
  readonly kind: 'exact' | 'initial' | 'least squares';
  /** Root mean square of left minus right on its faces, relative to the larger of what it prescribes there and the size of its left side. */
  readonly misfit: number;
}

/** Points an axis, by number of coordinates. */
const POINTS = [201, 101, 31] as const;

/** The misfit of every condition. */
export async function conditionMisfits(
  solution: Solution,
  given: {
    readonly conditions: readonly Condition[];
    readonly box: readonly BoxAxis[];
    readonly scope: Scope;
    /** As the solution has them, */
    readonly imposed: Imposed;
    /** which windows of time along this axis begin with. */
    readonly initialAxis: number | undefined;
  },
): Promise<ConditionMisfit[]> {
  const {conditions, box, scope, imposed, initialAxis} = given;
  const table = new SymbolTable(scope);
  const found: ConditionMisfit[] = [];
  for (const {text, faces, equation} of conditions) {
    const arena = new Arena();
    const sides = resolveSides(equation, table, arena);
    const [left, right] = [sides[0], sides.length > 1 ? sides[1]! : arena.zero];
    const everywhere = await valuesOn(solution, [left], box);
    let size = rootMeanSquare(everywhere[0]);
    let misfit = 0;
    for (const face of faces) {
      const [before, after] = await valuesOn(solution, [left, right], box, face);
      size = Math.max(size, rootMeanSquare(after));
      misfit = Math.max(misfit, rootMeanSquare(before.map((value, i) => value - after[i])));
    }
    const soft = faces.some((face) => imposed.soft.some((one) => one.equation === equation && sameFace(one.face, face)));
    const initial = faces.some(({axis}) => axis === initialAxis);
    found.push({text, kind: initial ? 'initial' : soft ? 'least squares' : 'exact', misfit: size > 0 ? misfit / size : misfit});
  }
  return found;
}

/** Expressions on a lattice of the box, or of one of its faces. */
async function valuesOn(
  solution: Solution,
  expressions: readonly Expression[],
  box: readonly BoxAxis[],
  face?: Face,
): Promise<Float64Array[]> {
  const axes = box.map(({lower, upper}, k) =>
    k === face?.axis ? [box[k][face.side]] : linspace(lower, upper, POINTS[box.length - 1]),
  );
  // Texts are keys of what comes back, and two sides may have the same.
  const values = await solution.evaluate(lattice(axes), {expressions: [...expressions]});
  return expressions.map((expression) => values[equationText(expression)]);
}

const sameFace = (a: Face, b: Face): boolean => a.axis === b.axis && a.side === b.side;
