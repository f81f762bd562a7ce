/** The bending of a thin plate (Kirchhoff): a rectangle, simply supported, under a uniform load. Our own problem, not the paper's. */
import type {Decoder, Grid, Network} from '../pose/field';
import {kernelRings} from '../pose/kernel';
import type {Problem} from '../pose/problem';
import type {Term} from '../pose/term';
import {problem} from '../pose/problem';
import {term} from '../pose/term';
import {gauss, lattice, linspace} from '../pose/sampling';
import type {Solution} from '../solve/solution';
import {errorMetrics} from '../cases/metrics';

/** A plate of width × height, with flexural rigidity D under a load q a unit area. */
export interface Plate {
  readonly width: number;
  readonly height: number;
  readonly rigidity: number;
  readonly load: number;
}

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
export function navierDeflection(
  {width, height, rigidity, load}: Plate,
  xs: ArrayLike<number>,
  ys: ArrayLike<number>,
): Float64Array {
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

/** The problem of a plate, on a grid, or on a network, for which the grid only says how densely the samples lie. */
export function plate(shape: Plate, form: 'strong' | 'ritz', grid: Grid, decoder: Decoder, network?: Network): Problem {
  const {width: a, height: b} = shape;
  return problem({
    domain: {y: [0, b], x: [0, a]},
    unknowns: ['w'],
    ...(network === undefined ? {field: grid, decoder} : {field: network}),
    uniforms: {D: shape.rigidity, q: shape.load},
    lift: {w: `16*x*(${a} - x)/${a ** 2} * y*(${b} - y)/${b ** 2} * w`}, // w = 0 on the edge
    terms:
      form === 'strong'
        ? strongForm(shape, grid.resolution as readonly number[])
        : ritzForm(shape, grid.resolution as readonly number[], kernelRings(grid.kernel)),
  });
}

/** D∇⁴w = q inside, and no bending moment on the edges, where ∂²w/∂n² is all that is left of it. */
function strongForm({width, height}: Plate, cells: readonly number[]): Term[] {
  const xs = linspace(0, width, 3 * cells[1] + 2);
  const ys = linspace(0, height, 3 * cells[0] + 2);
  // The equation's residual is a load and integrated over the plate; a moment is a load times an area, averaged over an edge.
  const weight = (MOMENT_WEIGHT * width * height) / Math.min(width, height) ** 4;
  return [
    term(gauss(3, {cells}), 'D*biharmonic(w) = q', {name: 'plate'}),
    term(lattice([ys, [0, width]]), 'D*w_xx', {name: 'moment on the edges of x', weight}),
    term(lattice([[0, height], xs]), 'D*w_yy', {name: 'moment on the edges of y', weight}),
  ];
}

/**
 * The least energy ∫ ½D(w_xx² + 2w_xy² + w_yy²) − q w. Poisson's ratio drops out, as ∫ w_xx w_yy − w_xy² vanishes where w = 0 on
 * straight edges; free of moments the edges are by themselves. Fewer points a cell than the degree needs let the energy be exploited.
 */
function ritzForm({rigidity}: Plate, cells: readonly number[], points: number): Term[] {
  return [
    term(gauss(points, {cells}), ['w_xx', 'sqrt(2)*w_xy', 'w_yy'], {name: 'bending energy', weight: rigidity / 2}),
    term(gauss(points, {cells}), '-q*w', {name: 'work of the load', loss: 'identity'}),
  ];
}

/** The deflection and the truth, shape (y, x), at places nearly as dense along both axes, and how good it is. */
export async function measurePlate(
  shape: Plate,
  solution: Solution,
): Promise<{
  xs: Float64Array;
  ys: Float64Array;
  w: Float64Array;
  truth: Float64Array;
  metrics: ReturnType<typeof errorMetrics>;
}> {
  const {width, height} = shape;
  const spacing = Math.max(width, height) / (JUDGED - 1);
  const xs = linspace(0, width, Math.round(width / spacing) + 1);
  const ys = linspace(0, height, Math.round(height / spacing) + 1);
  const {w} = await solution.evaluate(lattice([ys, xs]));
  const truth = navierDeflection(shape, xs, ys);
  return {xs, ys, w, truth, metrics: errorMetrics(w, truth)};
}
