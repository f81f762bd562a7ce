/** What a solve should say of a problem before anybody believes its result: terms that the chosen kernel cannot see. */
import {Arena} from '../expression/arena';
import type {DerivativeNode} from '../expression/node';
import {leavesOf} from '../expression/substitute';
import {toText} from '../expression/print';
import type {Kernel} from '../pose/kernel';
import {kernelText} from '../pose/kernel';
import {lifted} from '../pose/lift';
import type {GridField, ProblemSpec} from '../pose/problem-spec';

/** A spline of degree p is a polynomial of degree p along each axis of a cell: its derivatives beyond p are 0 there. */
function polynomialDegree(kernel: Kernel): number {
  return kernel.type === 'hat' ? 1 : kernel.type === 'bspline' ? kernel.degree : Infinity;
}

/**
 * One sentence for each term that reads derivatives which vanish inside every cell, whatever the features: piecewise linear
 * interpolation has no second derivative along an axis. An MLP behind the grid makes them anything but zero.
 */
export function problemNotes(spec: ProblemSpec): readonly string[] {
  const known = notes.get(spec);
  if (known !== undefined) return known;
  const found = notesOf(spec);
  notes.set(spec, found);
  return found;
}

/** Specs are immutable, and so is what there is to say of them. */
const notes = new WeakMap<ProblemSpec, readonly string[]>();

function notesOf(spec: ProblemSpec): string[] {
  return spec.terms.flatMap((term) => {
    const arena = new Arena();
    const read = new Map<string, {leaf: DerivativeNode; field: GridField}>();
    for (const equation of term.equations) {
      for (const leaf of leavesOf(lifted(spec, equation.residual, arena))) {
        if (leaf.kind !== 'derivative') continue;
        const field = spec.fields.find(({unknowns}) => unknowns.includes(leaf.unknown));
        // A network is smooth.
        if (field?.grid !== undefined) read.set(toText(leaf), {leaf, field});
      }
    }
    const vanishing = [...read].filter(
      ([, {leaf, field}]) =>
        field.decoder.type === 'linear' &&
        Object.values(leaf.orders).some((order) => order > polynomialDegree(field.grid.kernel)),
    );
    if (vanishing.length === 0) return [];
    const names = vanishing.map(([name]) => name).join(', ');
    const kernel = kernelText(vanishing[0][1].field.grid.kernel);
    return vanishing.length === read.size
      ? [
          `${term.name}: with the kernel ${kernel} and a linear decoder ${names} vanish inside every cell, and the term reads nothing else: no feature can change its loss, and nothing is learned from it. Use a smoother kernel, such as gaussian or bspline`,
        ]
      : [
          `${term.name}: with the kernel ${kernel} and a linear decoder ${names} vanish inside every cell, so that those parts of the equation are missing. Use a smoother kernel, such as gaussian or bspline`,
        ];
  });
}
