/** The time-dependent problems of the paper share this: their two presets, and their errors against the exact solution. */
import {bspline, gaussian} from '../pose/kernel';
import {rejectUnknown} from '../base/options';
import type {Problem} from '../pose/problem';
import {problem} from '../pose/problem';
import {term} from '../pose/term';
import {isLinear, sampleCount} from '../pose/problem-spec';
import type {Samples} from '../pose/sampling';
import {gauss, lattice, linspace, stratified} from '../pose/sampling';
import type {Solution} from '../solve/solution';
import type {FieldOptions, NetworkPreset} from './field-options';
import {fieldFrom} from './field-options';
import {gridFrom} from './grids';
import {errorMetrics} from './metrics';
import type {StageDefaults} from './stages';

/** A law of evolution on a box of time (the first coordinate) and space, with a known solution. */
export interface EvolutionSystem {
  readonly title: string;
  /** Time first. */
  readonly domain: Readonly<Record<string, readonly [number, number]>>;
  readonly uniforms: Readonly<Record<string, number>>;
  readonly equation: string;
  /** u := lift(u), which meets the initial and boundary conditions whatever the field: one for each preset. */
  readonly lift: {readonly paper: string; readonly fast: string};
  /** The authors' settings: cells an axis, levels, boxes an axis of their stratified samples, Adam. */
  readonly paper: {resolution: number; levels: number; boxes: number; learningRate: number; iterations: number};
  /** Least squares: cells of each axis, levels, degree of the B-splines, iterations of CGLS, where the rows lie. */
  readonly fast: {
    resolution: readonly number[];
    levels: number;
    degree: number;
    iterations: number;
    samples: (domain: EvolutionSystem['domain'], cells: readonly number[]) => Samples;
  };
  /** Siren and PINN in place of the grid. */
  readonly network: NetworkPreset;
  readonly exact: (...point: number[]) => number;
  /** Points of each axis of the uniform lattice that errors are measured on. */
  readonly evaluation: readonly number[];
  /** Whether the data determine the solution at a point; errors are measured there alone. Default: everywhere. */
  readonly determined?: (...point: number[]) => boolean;
  /** Times that the strip of frames shows. Default: five, evenly over the whole time. */
  readonly frames?: readonly number[];
  /** A level whose line the pictures show. */
  readonly contour?: number;
}

/** Options of every problem here; what is left open comes from the preset. */
export type EvolutionOptions = FieldOptions;

/** A problem ready to be solved, and what it is measured against. */
export interface EvolutionCase {
  readonly system: EvolutionSystem;
  readonly problem: Problem;
  readonly preset: 'paper' | 'fast';
  readonly samplesPerIteration: number;
  readonly stages: StageDefaults;
}

/**
 * The paper's B for a face: 0 on it, 1 from about twice √σ on, σ = 0.01, with no slope on the face itself.
 *
 * @param faces distances to the faces, such as `t + 2`.
 * @param known u on the faces.
 * @returns the lift u = B·v + (1 − B)·known.
 */
export function paperLift(faces: readonly string[], known: string): string {
  const product = faces.map((distance) => `(1 - exp(-(${distance})^2/0.01))`).join('*');
  return `let B = ${product}; B*u + (1 - B)*(${known})`;
}

/**
 * Gauss points, 3 a cell and axis. Two leave splines that nearly vanish at all samples: the residual then falls, and the error stays.
 */
export function threePoints(_domain: EvolutionSystem['domain'], cells: readonly number[]): Samples {
  return gauss(3, {cells});
}

/**
 * Two points a cell and axis, three in the two cells next to an end, whose splines are cut and seen by fewer samples. In three
 * dimensions less than a third of the samples of {@link threePoints}, for errors as small.
 */
export function twoPoints(domain: EvolutionSystem['domain'], cells: readonly number[]): Samples {
  return lattice(
    Object.values(domain).map(([lower, upper], k) => {
      const step = (upper - lower) / cells[k];
      return Array.from({length: cells[k]}, (_, i) => {
        const count = Math.min(i, cells[k] - 1 - i) < 2 ? 3 : 2;
        return Array.from({length: count}, (__, j) => lower + step * (i + (j + 0.5) / count));
      }).flat();
    }),
  );
}

/**
 * Poses a system by a preset and what the options say beside it.
 *
 * @param name of the problem, for messages.
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function evolution(system: EvolutionSystem, options: EvolutionOptions, name: string): EvolutionCase {
  rejectUnknown(
    options,
    ['preset', 'field', 'width', 'hiddenLayers', 'kernel', 'edge', 'resolution', 'levels', 'features', 'decoder'],
    name,
  );
  const {preset = 'fast'} = options;
  const {paper, fast} = system;
  const authors = preset === 'paper';
  const network = (options.field ?? 'grid') !== 'grid';
  const sides = authors ? Object.keys(system.domain).map(() => paper.resolution) : fast.resolution;
  const grid = gridFrom(options, {
    sides,
    resolution: Math.max(...sides),
    ...(authors
      ? {levels: paper.levels, kernel: gaussian(), edge: 'clamp'}
      : {levels: fast.levels, kernel: bspline(fast.degree), edge: 'extend'}),
  });

  const posed = problem({
    domain: system.domain,
    unknowns: ['u'],
    ...fieldFrom({...options, preset}, grid, system.network),
    uniforms: system.uniforms,
    lift: {u: system.lift[preset]},
    terms: [
      // A network sees the whole domain with every sample, and has no cells to put them in: the authors' samples in both presets.
      authors || network
        ? term(stratified(paper.boxes), system.equation, {name: 'equation', loss: authors ? 'abs' : 'square'})
        : term(fast.samples(system.domain, grid.resolution as readonly number[]), system.equation, {name: 'equation'}),
    ],
  });
  return {
    system,
    problem: posed,
    preset,
    samplesPerIteration: sampleCount(posed.spec.terms[0].samples, posed.spec),
    stages: {
      // Neither mean absolute residuals nor an MLP make one least-squares problem.
      schedule: [authors || !posed.spec.fields.every(isLinear) ? 'adam' : 'lsq'],
      adam: {iterations: paper.iterations, learningRate: paper.learningRate, decaySteps: 5000},
      lsq: {iterations: fast.iterations},
      'gauss-newton': {iterations: fast.iterations},
      network: system.network,
    },
  };
}

/** The solution on the evaluation lattice, the truth there, and the errors where the data determine the solution. */
export async function measure(
  {system}: EvolutionCase,
  solution: Solution,
): Promise<{axes: readonly Float64Array[]; u: Float64Array; truth: Float64Array; metrics: Record<string, number>}> {
  const axes = Object.values(system.domain).map(([lower, upper], k) => linspace(lower, upper, system.evaluation[k]));
  const {u} = await solution.evaluate(lattice(axes));
  const truth = new Float64Array(u.length);
  const counted: number[] = [];
  forEachPoint(axes, (point, i) => {
    truth[i] = system.exact(...point);
    if (system.determined?.(...point) ?? true) counted.push(i);
  });
  const metrics = errorMetrics(
    counted.map((i) => u[i]),
    counted.map((i) => truth[i]),
  );
  return {axes, u, truth, metrics};
}

/** Visits the points of a lattice in the order of its values: the last axis fastest. */
export function forEachPoint(axes: readonly Float64Array[], visit: (point: readonly number[], index: number) => void): void {
  const total = axes.reduce((n, axis) => n * axis.length, 1);
  const point = new Array<number>(axes.length);
  for (let i = 0; i < total; i++) {
    let rest = i;
    for (let k = axes.length - 1; k >= 0; k--) {
      point[k] = axes[k][rest % axes[k].length];
      rest = Math.floor(rest / axes[k].length);
    }
    visit(point, i);
  }
}
