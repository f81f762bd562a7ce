/** The bending of a thin plate (Kirchhoff): a rectangle, simply supported, under a uniform load. Our own problem, not the paper's. */
import {DinfError} from '../errors';
import type {Decoder, GridOptions} from '../field';
import {linearDecoder} from '../field';
import {bspline, kernelRings} from '../kernel';
import {checkChoice} from '../options';
import type {Term} from '../problem';
import {problem, term} from '../problem';
import {gauss, lattice, linspace} from '../sampling';
import type {Prepared, ProblemDefinition, RunOptions} from './definition';
import {errorMetrics, gridFrom, stagesFrom, latticeOutputs, uniformAxes} from './shared';
import {comparisonPictures, fittingLevels, numberOption} from './stationary';

/** What a plate is: width × height, flexural rigidity D, load q a unit area. */
export interface Plate {
  readonly width: number;
  readonly height: number;
  readonly rigidity: number;
  readonly load: number;
}

/** Cells along the longer side of a plate up to twice as long as wide; longer ones get more. */
const RESOLUTION = 16;
/**
 * Weight of the moment rows against the equation's, for a plate of side 1. Small weights converge slowly, since the rows then hardly
 * shape the scaled columns: measured at N = 16, degree 5, 100 iterations in float64, 1e2 leaves 1.6e-6 and 1e4 1.1e-7.
 */
const MOMENT_WEIGHT = 1e4;
/** Points along the longer side where the result is judged. */
const JUDGED = 201;

/**
 * Navier's double sine series for a uniform load, w = Σ_{m, n odd} 16 q / (π⁶ D m n (m²/a² + n²/b²)²) sin(mπx/a) sin(nπy/b).
 * 200 × 200 terms: what is left out is some 1e-10 of the deflection for a square, 1e-6 for a plate 20 times as long as wide.
 *
 * @returns shape (y, x).
 */
export function navierDeflection(plate: Plate, xs: ArrayLike<number>, ys: ArrayLike<number>): Float64Array {
  const {width, height, rigidity, load} = plate;
  const orders = Array.from({length: 200}, (_, i) => 2 * i + 1);
  const sines = (at: ArrayLike<number>, side: number): Float64Array[] =>
    orders.map((m) => Float64Array.from(at, (x) => Math.sin((m * Math.PI * x) / side)));
  const sinesX = sines(xs, width);
  const sinesY = sines(ys, height);
  const deflection = new Float64Array(xs.length * ys.length);
  const row = new Float64Array(xs.length);
  for (const [j, n] of orders.entries()) {
    row.fill(0);
    for (const [i, m] of orders.entries()) {
      const factor = (16 * load) / (Math.PI ** 6 * rigidity * m * n * ((m / width) ** 2 + (n / height) ** 2) ** 2);
      for (let x = 0; x < row.length; x++) row[x] += factor * sinesX[i][x];
    }
    for (let y = 0; y < ys.length; y++) {
      for (let x = 0; x < row.length; x++) deflection[y * row.length + x] += row[x] * sinesY[j][y];
    }
  }
  return deflection;
}

/** The problem of a plate, on a field of its own choice. */
export function plate(
  shape: Plate,
  form: 'strong' | 'ritz',
  field: ReturnType<typeof gridFrom>,
  decoder: Decoder,
): ReturnType<typeof problem> {
  const {width: a, height: b} = shape;
  return problem({
    domain: {y: [0, b], x: [0, a]},
    unknowns: ['w'],
    field,
    decoder,
    uniforms: {D: shape.rigidity, q: shape.load},
    lift: {w: `16*x*(${a} - x)/${a ** 2} * y*(${b} - y)/${b ** 2} * w`}, // w = 0 on the edge
    terms:
      form === 'strong' ? strongForm(shape, field.resolution as readonly number[]) : ritzForm(shape, kernelRings(field.kernel)),
  });
}

/** D∇⁴w = q inside, and no bending moment on the edges, where ∂²w/∂n² is all that is left of it. */
function strongForm({width, height}: Plate, cells: readonly number[]): Term[] {
  const xs = linspace(0, width, 3 * cells[1] + 2);
  const ys = linspace(0, height, 3 * cells[0] + 2);
  // The equation's residual is a load and integrated over the plate; a moment is a load times an area, averaged over an edge.
  const weight = (MOMENT_WEIGHT * width * height) / Math.min(width, height) ** 4;
  return [
    term(gauss(3), 'D*biharmonic(w) = q', {name: 'plate'}),
    term(lattice([ys, [0, width]]), 'D*w_xx', {name: 'moment on the edges of x', weight}),
    term(lattice([[0, height], xs]), 'D*w_yy', {name: 'moment on the edges of y', weight}),
  ];
}

/**
 * The least energy ∫ ½D(w_xx² + 2w_xy² + w_yy²) − q w. Poisson's ratio drops out, as ∫ w_xx w_yy − w_xy² vanishes where w = 0 on
 * straight edges; free of moments the edges are by themselves. Fewer points a cell than the degree needs let the energy be exploited.
 */
function ritzForm({rigidity}: Plate, points: number): Term[] {
  return [
    term(gauss(points), ['w_xx', 'sqrt(2)*w_xy', 'w_yy'], {name: 'bending energy', weight: rigidity / 2}),
    term(gauss(points), '-q*w', {name: 'work of the load', loss: 'identity'}),
  ];
}

/** `dinf-grid solve plate`. */
export const plateDefinition: ProblemDefinition = {
  name: 'plate',
  summary: 'the deflection of a simply supported plate, by its equation of fourth order or by its energy',
  options: [
    {
      flag: '--form <form>',
      description: 'the equation D∇⁴w = q, or the least energy (default: strong)',
      choices: ['strong', 'ritz'],
    },
    {flag: '--width <a>', description: 'extent in x (default: 1)'},
    {flag: '--height <b>', description: 'extent in y (default: 1)'},
  ],
  prepare(options: RunOptions): Promise<Prepared> {
    return Promise.resolve(prepare(options));
  },
};

function prepare(options: RunOptions): Prepared {
  const {own} = options;
  const form = checkChoice(own.form ?? 'strong', '--form', ['strong', 'ritz'] as const);
  const shape: Plate = {
    width: numberOption(own.width, '--width', 1, 0),
    height: numberOption(own.height, '--height', 1, 0),
    rigidity: 1,
    load: 1,
  };
  const {width, height} = shape;
  const longest = Math.max(width, height);
  const ratio = longest / Math.min(width, height);
  if (ratio > 20) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `the plate is ${width} × ${height}, ${ratio.toPrecision(3)} times as long as wide: a plate is at most 20 times, longer ones are beams`,
    );
  }
  const decoder = options.decoder ?? linearDecoder();
  const field = gridFrom({...options, resolution: undefined}, grid(options, shape));
  const posed = plate(shape, form, field, decoder);
  const optimizers = stagesFrom(options, {
    schedule: [decoder.type === 'linear' ? 'lsq' : 'adam'],
    adam: {iterations: 5000, learningRate: 1e-3, decaySteps: 5000},
    lsq: {iterations: form === 'strong' ? 200 : 50},
    'gauss-newton': {iterations: 200},
  });
  const cells = field.resolution as readonly number[];
  const points = form === 'strong' ? 3 : kernelRings(field.kernel);
  const interior = cells[0] * cells[1] * points ** 2;
  const border = form === 'strong' ? 2 * (3 * (cells[0] + cells[1]) + 4) : 0;
  return {
    problem: posed,
    optimizers,
    samplesPerIteration: interior + border,
    headline: `simply supported plate of ${width} × ${height} under a uniform load, ${form === 'strong' ? 'strong form' : 'Ritz form'} (the paper has no plate: both presets are ours)`,
    settings: {
      form,
      width,
      height,
      resolution: `${cells[1]} × ${cells[0]}`,
      levels: field.levels,
      features: field.features,
      decoder: decoder.type,
    },
    async assess(solution) {
      const spacing = longest / (JUDGED - 1);
      const xs = linspace(0, width, Math.round(width / spacing) + 1);
      const ys = linspace(0, height, Math.round(height / spacing) + 1);
      const {w} = await solution.evaluate(lattice([ys, xs]));
      const truth = navierDeflection(shape, xs, ys);
      const metrics = errorMetrics(w, truth);
      const plane = {width: xs.length, height: ys.length};
      return {
        metrics,
        pictures: comparisonPictures(
          {...plane, values: truth},
          {...plane, values: w},
          {
            notes: {
              truth: "Navier's series",
              solution: `relative L2 ${metrics.relativeL2.toExponential(1)}`,
              error: `at most ${metrics.maxError.toExponential(1)}`,
            },
          },
        ),
        ...latticeOutputs(uniformAxes({y: ys, x: xs}), {deflection: w, truth}),
      };
    },
  };
}

/** Cells that are nearly square, at least 8 across; left alone, as many more along a longer plate. */
function grid(options: RunOptions, {width, height}: Plate): GridOptions {
  const longest = Math.max(width, height);
  const resolution = options.resolution ?? RESOLUTION * Math.ceil(longest / Math.min(width, height) / 2);
  const levels = options.levels ?? (options.resolution === undefined ? 2 : fittingLevels(resolution));
  const unit = 2 ** (levels - 1);
  const cells = (side: number): number =>
    side === longest ? resolution : Math.ceil(Math.max(8, (resolution * side) / longest) / unit) * unit;
  return {resolution: [cells(height), cells(width)], levels, kernel: bspline(5)};
}
