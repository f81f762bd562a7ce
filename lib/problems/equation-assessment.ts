/** How good a user's own equation is solved, and what there is to look at. */
import type {BoxAxis} from '../constraints';
import {DinfError} from '../errors';
import {Arena} from '../expression/arena';
import {leafName} from '../expression/interpret';
import type {Expression} from '../expression/node';
import {postorder} from '../expression/node';
import {applyOperator} from '../expression/operators';
import {parse} from '../expression/parse';
import type {Scope} from '../expression/scope';
import {leavesOf} from '../expression/substitute';
import type {LatticeAxis} from '../report/field-pictures';
import {latticePicture, linePicture} from '../report/field-pictures';
import {lattice, linspace} from '../sampling';
import type {Solution} from '../solution';
import type {Assessment} from './definition';
import {errorMetrics} from './shared';

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

/** An expression of coordinates on a lattice, in float64: row-major, last axis fastest. */
export function valuesOn(
  expression: Expression,
  axes: readonly LatticeAxis[],
  uniforms: Readonly<Record<string, number>>,
): Float64Array {
  const count = axes.reduce((product, axis) => product * axis.count, 1);
  const columns = new Map<string, Float64Array>();
  let stride = count;
  for (const {name, lower, upper, count: n} of axes) {
    stride /= n;
    const places = linspace(lower, upper, n);
    columns.set(
      name,
      Float64Array.from({length: count}, (_, i) => places[Math.floor(i / stride) % n]),
    );
  }
  const results = new Map<Expression, Float64Array | number>();
  for (const node of postorder([expression])) {
    if (node.kind === 'constant') results.set(node, node.value);
    else if (node.kind !== 'operation') results.set(node, columns.get(leafName(node)) ?? uniforms[leafName(node)]);
    else {
      const operands = node.operands.map((operand) => results.get(operand)!);
      const fixed = node.operands[1]?.kind === 'constant';
      const at = (i: number): number =>
        applyOperator(
          node.operator,
          operands.map((one) => (typeof one === 'number' ? one : one[i])),
          fixed,
        );
      const varies = operands.some((one) => typeof one !== 'number');
      results.set(node, varies ? Float64Array.from({length: count}, (_, i) => at(i)) : at(0));
    }
  }
  const result = results.get(expression)!;
  return typeof result === 'number' ? new Float64Array(count).fill(result) : result;
}

/** Metrics, pictures and arrays on the lattice. */
export async function assessEquation(
  solution: Solution,
  {
    unknowns,
    equations,
    axes,
    truth,
  }: {unknowns: readonly string[]; equations: readonly string[]; axes: readonly LatticeAxis[]; truth?: Truth},
): Promise<Assessment> {
  const places = lattice(axes.map(({lower, upper, count}) => linspace(lower, upper, count)));
  const values = await solution.evaluate(places, {expressions: [...unknowns, ...equations]});
  const residual = new Float64Array(values[unknowns[0]].length);
  for (const equation of equations) values[equation].forEach((value, i) => (residual[i] += value ** 2));
  const meanSquare = residual.reduce((sum, value) => sum + value, 0) / residual.length;
  residual.forEach((value, i) => (residual[i] = Math.sqrt(value)));

  const truths = Object.fromEntries(
    unknowns.flatMap((name) => (truth === undefined ? [] : [[name, valuesOn(truth.expressions[name], axes, truth.uniforms)]])),
  );
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
      pictures.push({name, title: name, picture: latticePicture(found, axes, {caption: name})});
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
        picture: latticePicture(known, axes, {caption: `${name}, exact`}),
      });
    }
    pictures.push({
      name: `${name}-error`,
      title: `Error of ${name}`,
      picture: latticePicture(error, axes, {caption: `|${name} - exact|`, map: 'inferno'}),
    });
  }
  volume.residual = residual;
  const caption = equations.length === 1 ? '|residual|' : '|residuals|';
  pictures.push({name: 'residual', title: 'Residual', picture: latticePicture(residual, axes, {caption, map: 'inferno'})});
  return {
    metrics: {...(truth === undefined ? {} : errorsOf(unknowns, values, truths)), residualRms: Math.sqrt(meanSquare)},
    pictures,
    arrays,
    volumes: [{name: 'solution', volume: {axes, arrays: volume}}],
  };
}

/** Of several unknowns the worst, and then each by name. */
function errorsOf(
  unknowns: readonly string[],
  values: Readonly<Record<string, Float64Array>>,
  truths: Readonly<Record<string, Float64Array>>,
): Record<string, number> {
  const each = unknowns.map((name) => errorMetrics(values[name], truths[name]));
  const names = ['relativeL2', 'maxError', 'meanAbsoluteError'];
  const worst = Object.fromEntries(names.map((metric) => [metric, Math.max(...each.map((one) => one[metric]))]));
  if (unknowns.length === 1) return worst;
  return {...worst, ...Object.fromEntries(unknowns.map((name, i) => [`relativeL2_${name}`, each[i].relativeL2]))};
}
