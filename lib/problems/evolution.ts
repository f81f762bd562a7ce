/** What the time-dependent problems of the paper share: their two presets, errors against the exact solution, pictures. */
import type {GridOptions} from '../field';
import {edgeText, linearDecoder, rbfGrid} from '../field';
import {DinfError} from '../errors';
import {bspline, gaussian, kernelText} from '../kernel';
import {rejectUnknown} from '../options';
import type {Problem} from '../problem';
import {problem, term} from '../problem';
import {sampleCount} from '../problem-spec';
import {axesPicture, curveFrames, pictureFrames} from '../report/frames';
import {sideBySide} from '../report/pictures';
import {shortNumber} from '../report/numbers';
import type {Samples} from '../sampling';
import {gauss, lattice, linspace, stratified} from '../sampling';
import type {Solution} from '../solution';
import type {Assessment, Prepared, RunOptions} from './definition';
import type {StageDefaults} from './shared';
import {errorMetrics, latticeOutputs, stagesFrom, uniformAxes} from './shared';

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
  readonly exact: (...point: number[]) => number;
  /** Points of each axis of the uniform lattice that errors are measured on. */
  readonly evaluation: readonly number[];
  /** Where the data determine the solution; errors are measured there. Default: everywhere. */
  readonly determined?: (...point: number[]) => boolean;
  /** Times that the strip of frames shows. Default: five, evenly over the whole time. */
  readonly frames?: readonly number[];
  /** A level whose line the pictures show. */
  readonly contour?: number;
}

/** Options of every problem here; what is left open comes from the preset. */
export type EvolutionOptions = Partial<
  Pick<RunOptions, 'preset' | 'kernel' | 'edge' | 'resolution' | 'levels' | 'features' | 'decoder'>
>;

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
export function threePoints(): Samples {
  return gauss(3);
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
        return Array.from({length: count}, (_, j) => lower + step * (i + (j + 0.5) / count));
      }).flat();
    }),
  );
}

/** Those options of a run that pose the problem. */
export function posing({preset, kernel, edge, resolution, levels, features, decoder}: RunOptions): EvolutionOptions {
  return {preset, kernel, edge, resolution, levels, features, decoder};
}

/** @throws INVALID_ARGUMENT, UNKNOWN_OPTION */
export function evolution(system: EvolutionSystem, options: EvolutionOptions, name: string): EvolutionCase {
  rejectUnknown(options, ['preset', 'kernel', 'edge', 'resolution', 'levels', 'features', 'decoder'], name);
  const {preset = 'fast', decoder = linearDecoder()} = options;
  const {paper, fast} = system;
  const dimensions = Object.keys(system.domain).length;
  const authors = preset === 'paper';
  const grid = gridFor(
    options,
    authors
      ? {resolution: Array<number>(dimensions).fill(paper.resolution), levels: paper.levels, kernel: gaussian(), edge: 'clamp'}
      : {resolution: fast.resolution, levels: fast.levels, kernel: bspline(fast.degree), edge: 'extend'},
  );
  const posed = problem({
    domain: system.domain,
    unknowns: ['u'],
    field: grid,
    decoder,
    uniforms: system.uniforms,
    lift: {u: system.lift[preset]},
    terms: [
      authors
        ? term(stratified(paper.boxes), system.equation, {name: 'equation', loss: 'abs'})
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
      schedule: [authors || decoder.type !== 'linear' ? 'adam' : 'lsq'],
      adam: {iterations: paper.iterations, learningRate: paper.learningRate, decaySteps: 5000},
      lsq: {iterations: fast.iterations},
      'gauss-newton': {iterations: fast.iterations},
    },
  };
}

/** `--resolution` is that of the longest axis; the others keep their proportion, rounded up so that they halve as often. */
function gridFor(options: EvolutionOptions, preset: GridOptions & {resolution: readonly number[]}): ReturnType<typeof rbfGrid> {
  const {kernel = preset.kernel, edge = preset.edge, levels = preset.levels ?? 1, features = 1} = options;
  const unit = 2 ** (levels - 1);
  const longest = Math.max(...preset.resolution);
  const wanted = options.resolution ?? longest;
  if (options.resolution !== undefined && wanted % unit !== 0) {
    const fits = Math.ceil(wanted / unit) * unit;
    throw new DinfError(
      'INVALID_ARGUMENT',
      `resolution ${wanted} does not halve ${levels - 1} times, as ${levels} levels need; use ${fits}, or fewer levels`,
    );
  }
  const resolution = preset.resolution.map((cells) => Math.ceil((cells * wanted) / longest / unit) * unit);
  return rbfGrid({resolution, levels, features, kernel, edge});
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

function forEachPoint(axes: readonly Float64Array[], visit: (point: readonly number[], index: number) => void): void {
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

/** What the command line needs of a posed problem. */
export function prepareEvolution(posed: EvolutionCase, options: RunOptions): Prepared {
  const {
    system,
    problem: {spec},
  } = posed;
  const {grid, decoder} = spec.fields[0];
  const {kernel} = grid;
  const samples = spec.terms[0].samples;
  return {
    problem: posed.problem,
    optimizers: stagesFrom(options, posed.stages),
    samplesPerIteration: posed.samplesPerIteration,
    headline: `${system.title}: ${system.equation} with ${Object.entries(system.uniforms)
      .map(([name, value]) => `${name} = ${shortNumber(value)}`)
      .join(', ')}`,
    settings: {
      preset: posed.preset,
      equation: spec.terms[0].equations[0],
      lift: spec.lift.u,
      loss: spec.terms[0].loss,
      samples: samples.kind,
      kernel: kernelText(kernel),
      edge: edgeText(grid),
      resolution: (grid.resolution as readonly number[]).join(' × '),
      levels: grid.levels,
      features: grid.features,
      decoder: decoder.type,
      evaluation: system.evaluation.join(' × '),
    },
    assess: async (solution) => assess(posed, solution),
  };
}

async function assess(posed: EvolutionCase, solution: Solution): Promise<Assessment> {
  const {system} = posed;
  const {axes, u, truth, metrics} = await measure(posed, solution);
  const error = u.map((value, i) => Math.abs(value - truth[i]));
  // What the data leave open is no error, and must not drown what is.
  if (system.determined !== undefined) {
    forEachPoint(axes, (point, i) => {
      if (!system.determined!(...point)) error[i] = 0;
    });
  }
  const names = Object.keys(system.domain);
  const shape = axes.map((axis) => axis.length);
  const slice = shape.slice(1).reduce((a, b) => a * b, 1);
  const [begin, end] = system.domain[names[0]];
  const frames = [...(system.frames ?? linspace(begin, end, 5))].map((time) => {
    const index = Math.round(((time - begin) / (end - begin)) * (shape[0] - 1));
    const at = (values: Float64Array): Float64Array => values.subarray(index * slice, (index + 1) * slice);
    return {title: `${names[0]} = ${shortNumber(axes[0][index])}`, u: at(u), truth: at(truth), error: at(error)};
  });
  const axisOf = (k: number): {name: string; range: readonly [number, number]; count: number} => ({
    name: names[k],
    range: system.domain[names[k]],
    count: shape[k],
  });
  // Prediction and truth share their colours; a wild prediction must not wash out the truth.
  const range = rangeOf(truth);
  const map = range[0] < -0.05 * range[1] ? ('diverging' as const) : ('viridis' as const);
  const limits = map === 'diverging' ? ([-Math.max(-range[0], range[1]), Math.max(-range[0], range[1])] as const) : range;
  const flat = axes.length === 2;
  const last = frames[frames.length - 1];
  const shown = flat ? {u, truth, error} : last;
  const plane = flat ? ([axisOf(0), axisOf(1)] as const) : ([axisOf(1), axisOf(2)] as const);
  const style = {map, range: limits, contour: system.contour};
  const solutionPicture = axesPicture(shown.u, plane, style);
  const truthPicture = axesPicture(shown.truth, plane, style);
  const errorPicture = axesPicture(shown.error, plane, {map: 'inferno', range: rangeOf(shown.error)});
  const when = flat ? 'space and time' : `at the end, ${last.title}`;
  const comparison = sideBySide([
    {caption: 'Truth', note: when, picture: truthPicture},
    {caption: 'Solution', note: `relative L2 ${metrics.relativeL2.toExponential(1)}`, picture: solutionPicture},
    {
      caption: 'Error',
      note: `largest of all ${metrics.maxError.toExponential(1)}${system.determined ? ', in the unit circle' : ''}`,
      picture: errorPicture,
    },
  ]);
  const strip = flat
    ? curveFrames(
        frames.map(({title, ...values}) => ({title, curves: [values.truth, values.u]})),
        axisOf(1),
        ['truth', 'solution'],
      )
    : pictureFrames(
        frames.map(({title}) => title),
        [
          {label: 'truth', frames: frames.map((frame) => frame.truth), ...style},
          {label: 'solution', frames: frames.map((frame) => frame.u), ...style},
          {label: 'error', frames: frames.map((frame) => frame.error), map: 'inferno', range: rangeOf(error)},
        ],
        plane,
      );
  const {arrays, volumes} = latticeOutputs(uniformAxes(Object.fromEntries(names.map((name, k) => [name, axes[k]]))), {
    solution: u,
    truth,
  });
  return {
    metrics,
    pictures: [
      {name: 'comparison', title: `Truth, solution, error (${when})`, picture: comparison},
      {name: 'frames', title: 'Through time', picture: strip},
      {name: flat ? 'space-time' : 'solution', title: `Solution (${when})`, picture: solutionPicture},
      {name: 'truth', title: `Truth (${when})`, picture: truthPicture},
      {name: 'error', title: `Absolute error (${when})`, picture: errorPicture},
    ],
    arrays: [...arrays, ...axes.map((values, k) => ({name: names[k], values, shape: [values.length]}))],
    volumes,
  };
}

function rangeOf(values: Float64Array): readonly [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  // The tail of a bump is 0 to the eye, whatever its exponent.
  return [Math.abs(low) < 1e-9 * high ? 0 : low, high];
}
