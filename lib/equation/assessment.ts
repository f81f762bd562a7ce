/** How well a user's own equation is solved, and what there is to look at. */
import type {BoxAxis} from './conditions';
import {DinfError} from '../base/errors';
import type {Steps} from '../base/steps';
import {unhurried} from '../base/steps';
import {Arena} from '../expression/arena';
import {equationText} from '../expression/equation';
import {evaluateColumns} from '../expression/interpret';
import type {Expression} from '../expression/node';
import {postorderSteps} from '../expression/node';
import {parse} from '../expression/parse';
import type {Scope} from '../expression/scope';
import {leavesOf} from '../expression/substitute';
import type {LatticeAxis} from '../pictures/axes';
import {errorLatticePicture, latticePicture} from '../pictures/field-pictures';
import {linePicture} from '../pictures/plots';
import {fieldColours} from '../pictures/ranges';
import type {EquationSpec} from '../pose/problem-spec';
import {lattice, linspace} from '../pose/sampling';
import type {Solution} from '../solve/solution';
import type {Assessment} from '../cases/definition';
import {ERROR_HINTS, errorMetrics} from '../cases/metrics';

/** A known answer by unknown, with uniforms filled in when it is evaluated. */
export interface Truth {
  readonly expressions: Readonly<Record<string, Expression>>;
  readonly uniforms: Readonly<Record<string, number>>;
}

/** Points an axis at which a solution is looked at, by number of coordinates; odd, so that few of them are nodes. */
const POINTS = [1001, 201, 61] as const;

/** The residual is judged where it was not minimised: on this many times more points than samples. */
const FINER = 1.3;

/** The lattice for metrics, pictures and arrays: uniform, bounds included, finer than the samples. */
export function latticeOf(box: readonly BoxAxis[], cells: readonly number[], samplesPerCell: number): LatticeAxis[] {
  return box.map((axis, k) => {
    const finer = Math.ceil(FINER * cells[k] * samplesPerCell);
    // In three dimensions the lattice is bounded: its arrays grow with the cube.
    const most = box.length === 3 ? 121 : 2001;
    return {...axis, count: Math.max(POINTS[box.length - 1], Math.min(most, finer + 1 - (finer % 2)))};
  });
}

/**
 * Reads a known answer.
 *
 * @throws SYNTAX, UNKNOWN_SYMBOL; INVALID_ARGUMENT when it mentions an unknown
 */
export function readTruth(
  texts: Readonly<Record<string, string>>,
  scope: Scope,
  uniforms: Readonly<Record<string, number>>,
): Truth {
  const expressions = Object.fromEntries(
    Object.entries(texts).map(([name, text]) => {
      const expression = new Arena().simplify(parse(text, scope));
      if (leavesOf(expression).some((leaf) => leaf.kind === 'derivative')) {
        throw new DinfError(
          'INVALID_ARGUMENT',
          `the exact answer of ${name}, ${text.trim()}, mentions an unknown: write it with coordinates alone`,
        );
      }
      return [name, expression];
    }),
  );
  return {expressions, uniforms};
}

/** Points of a lattice that an expression is evaluated at together: few enough for each node of it to keep its values. */
const BLOCK = 512;

/** An expression of coordinates on a lattice, in float64: row-major, last axis fastest. */
function* valuesOn(
  expression: Expression,
  axes: readonly LatticeAxis[],
  uniforms: Readonly<Record<string, number>>,
): Steps<Float64Array> {
  const count = axes.reduce((product, axis) => product * axis.count, 1);
  const columns = new Map<string, (point: number) => number>();
  let stride = count;
  for (const {name, lower, upper, count: n} of axes) {
    const step = (stride /= n);
    const places = linspace(lower, upper, n);
    columns.set(name, (point) => places[Math.floor(point / step) % n]);
  }
  const order = yield* postorderSteps([expression]);
  const values = new Float64Array(count);
  for (let first = 0; first < count; first += BLOCK) {
    const size = Math.min(BLOCK, count - first);
    const column = (name: string): Float64Array | number => {
      const at = columns.get(name);
      return at === undefined ? uniforms[name] : Float64Array.from({length: size}, (_, i) => at(first + i));
    };
    values.set(evaluateColumns(order, column, size), first);
    yield;
  }
  return values;
}

/** Metrics, pictures and arrays on the lattice. */
export async function assessEquation(
  solution: Solution,
  {
    unknowns,
    equations,
    axes,
    truth,
  }: {
    unknowns: readonly string[];
    equations: readonly EquationSpec[];
    axes: readonly LatticeAxis[];
    truth?: Truth | undefined;
  },
): Promise<Assessment> {
  const places = lattice(axes.map(({lower, upper, count}) => linspace(lower, upper, count)));
  const residuals = equations.map((equation) => equation.residual);
  const values = await solution.evaluate(places, {expressions: [...unknowns, ...residuals]});
  const residual = new Float64Array(values[unknowns[0]].length);
  for (const one of residuals) values[equationText(one)].forEach((value, i) => (residual[i] += value ** 2));
  const meanSquare = residual.reduce((sum, value) => sum + value, 0) / residual.length;
  residual.forEach((value, i) => (residual[i] = Math.sqrt(value)));

  const truths: Record<string, Float64Array> = {};
  for (const name of truth === undefined ? [] : unknowns) {
    const {expressions, uniforms} = truth!;
    truths[name] = await unhurried(valuesOn(expressions[name], axes, uniforms), 'the exact answer');
  }
  const shape = axes.map((axis) => axis.count);
  const pictures: Assessment['pictures'][number][] = [];
  const arrays: Assessment['arrays'][number][] = [];
  const volume: Record<string, Float64Array> = {};
  for (const name of unknowns) {
    const [found, known] = [values[name], truths[name] as Float64Array | undefined];
    arrays.push({name, values: found, shape});
    volume[name] = found;
    if (axes.length === 1 && known !== undefined) {
      const lines = [
        {label: `${name} (exact)`, values: known},
        {label: name, values: found},
      ];
      pictures.push({name, title: `${name}, and the exact answer beneath`, picture: linePicture(axes[0], lines)});
    } else {
      // Whatever is compared is shown in the colours of the exact answer.
      const colours = known === undefined ? {} : fieldColours(known);
      pictures.push({name, title: name, picture: latticePicture(found, axes, {caption: name, ...colours})});
    }
    if (known === undefined) continue;
    const error = found.map((value, i) => Math.abs(value - known[i]));
    volume[`${name}_exact`] = known;
    volume[`${name}_error`] = error;
    arrays.push({name: `${name}-exact`, values: known, shape});
    if (axes.length > 1) {
      pictures.push({
        name: `${name}-exact`,
        title: `${name}, exact`,
        picture: latticePicture(known, axes, {caption: `${name}, exact`, ...fieldColours(known)}),
      });
    }
    pictures.push({
      name: `${name}-error`,
      title: `Error of ${name}`,
      picture: errorLatticePicture(error, axes, `|${name} − exact|`),
    });
  }
  volume.residual = residual;
  const caption = equations.length === 1 ? '|residual|' : '|residuals|';
  pictures.push({name: 'residual', title: 'Residual', picture: errorLatticePicture(residual, axes, caption)});
  return {
    metrics: {...(truth === undefined ? {} : errorsOf(unknowns, values, truths)), residualRms: Math.sqrt(meanSquare)},
    hints: hintsOf(unknowns),
    pictures,
    arrays,
    volumes: [{name: 'solution', volume: {axes, arrays: volume}}],
  };
}

function hintsOf(unknowns: readonly string[]): Record<string, string> {
  const worst = unknowns.length === 1 ? '' : ', the largest of all unknowns';
  return {
    relativeL2: `${ERROR_HINTS.relativeL2}${worst}`,
    maxError: `${ERROR_HINTS.maxError}${worst}`,
    meanAbsoluteError: `${ERROR_HINTS.meanAbsoluteError}${worst}`,
    ...Object.fromEntries(unknowns.map((name) => [`relativeL2_${name}`, `${ERROR_HINTS.relativeL2}, of ${name} alone`])),
    residualRms: 'root mean square of left minus right, on a finer lattice than the samples',
  };
}

/** The errors of the unknown that is worst, and where there are several, the relative error of each by name. */
function errorsOf(
  unknowns: readonly string[],
  values: Readonly<Record<string, Float64Array>>,
  truths: Readonly<Record<string, Float64Array>>,
): Record<string, number> {
  const each = unknowns.map((name) => errorMetrics(values[name], truths[name]));
  const names = ['relativeL2', 'maxError', 'meanAbsoluteError'] as const;
  const worst = Object.fromEntries(names.map((metric) => [metric, Math.max(...each.map((one) => one[metric]))]));
  if (unknowns.length === 1) return worst;
  return {...worst, ...Object.fromEntries(unknowns.map((name, i) => [`relativeL2_${name}`, each[i].relativeL2]))};
}
