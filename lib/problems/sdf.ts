/** Signed distances from oriented points (paper, section 4.4): the Eikonal equation, as the authors train it and by least squares. */
import {DinfError} from '../base/errors';
import type {Decoder, Field, Grid} from '../pose/field';
import {rbfGrid} from '../pose/field';
import {bspline} from '../pose/kernel';
import type {OrientedPoints} from '../mesh/mesh';
import {leastSquares} from '../optimizers';
import type {Problem} from '../pose/problem';
import {problem} from '../pose/problem';
import {term} from '../pose/term';
import type {Samples} from '../pose/sampling';
import {gauss, gaussRule, lattice, points, stratified} from '../pose/sampling';
import type {Solution} from '../solve/solution';
import type {SolveOptions} from '../solve/solve';
import {solve} from '../solve/solve';
import {halvingLevels} from '../cases/grids';

/** The cube that every shape is brought into. */
const CUBE = {x: [-1, 1], y: [-1, 1], z: [-1, 1]} as const;

/** A field as `problem` takes it. */
export interface Represented {
  readonly field: Field;
  readonly decoder?: Decoder;
}

/** Weights of the authors' loss, which is that of Siren: on the surface, away from it, normals, unit slope. */
const PAPER = {surface: 3e3, away: 1e2, sharpness: 100, normals: 1e2, eikonal: 5e1};

/**
 * The loss of the paper: 3e3·|u| and 1e2·(1 − cos(∇u, n)) on the points, 1e2·exp(−100|u|) away from them, 5e1·|‖∇u‖ − 1| everywhere.
 *
 * @param cloud inside the cube, with outward unit normals; drawn with replacement.
 * @param samples an iteration: on the points, and in as many boxes of the cube.
 */
export function eikonalProblem(cloud: OrientedPoints, represented: Represented, samples = 64): Problem {
  const {surface, away, sharpness, normals, eikonal} = PAPER;
  const cosine = '(u_x*nx + u_y*ny + u_z*nz)/max(norm(u_x, u_y, u_z), 1e-8)';
  // The slope's mean runs over both sets, which are equally large.
  const slope = `${eikonal / 2}*(norm(u_x, u_y, u_z) - 1)`;
  return problem({
    domain: CUBE,
    unknowns: ['u'],
    ...represented,
    terms: [
      term(points(cloud.positions, {draws: samples ** 3}), [`${surface}*u`, `${normals}*(1 - ${cosine})`, slope], {
        name: 'surface',
        loss: 'abs',
        data: normalData(cloud),
      }),
      term(stratified(samples), [`${away}*exp(-${sharpness}*abs(u))`, slope], {name: 'space', loss: 'abs'}),
    ],
  });
}

/** A signed distance that is known, in the expression language, fitted by values alone. */
export function signalProblem(
  distance: string,
  represented: Represented,
  samples: readonly Samples[],
  loss: 'abs' | 'square',
): Problem {
  return problem({
    domain: CUBE,
    unknowns: ['u'],
    ...represented,
    terms: samples.map((where, i) => term(where, distanceEquation(distance), {name: ['space', 'surface'][i], loss})),
  });
}

/** `u - (…)`, behind the lets of a distance. */
function distanceEquation(distance: string): string {
  const at = distance.lastIndexOf(';') + 1;
  return `${distance.slice(0, at)} u - (${distance.slice(at)})`;
}

/** Settings of {@link solveEikonal}. */
export interface EikonalOptions {
  /** The grid of the distance; with B-splines, its finest level is the unknown. */
  readonly field: Grid;
  /** Most iterations of the first Poisson problem, default 100, and the relative gradient at which it stops, default 1e-3. */
  readonly iterations?: number;
  readonly tolerance?: number;
  /** Most rounds after it, default 12. They end by themselves, see {@link SETTLED}. */
  readonly rounds?: number;
}

/**
 * Most cells an axis of the grid of the heat flow, whose time is the square of its step: normals are smoothed over a step. Longer flows mix
 * the normals of opposite parts too early: on a scan of a rabbit, one of 1.6 steps left a pocket between ear and back that later rounds turned
 * into a second piece of surface.
 */
const HEAT_CELLS = 32;
/** Weights of value and normal on the points, and of smoothness, against the slope in space. A larger weight of the normals makes corners ring. */
const WEIGHTS = {value: 30, normal: 1, smooth: 1e-3};
const ROUND_ITERATIONS = 15;
/** Rounds step beyond the minimum of each, which halves their number; from 2 on they need not converge. */
const RELAXATION = 1.8;
/**
 * The rounds end when one lowers the loss by less than this. Going on lowers it for ever where a shape has corners, by kinks that no
 * distance has, while the error rises again (box, N = 32, a heat time of 0.01: least at round 15, 5 % above that at 9, 10 % at 21).
 */
const SETTLED = 5e-3;

/** The normals spread into space by heat (the vector heat method, Sharp et al. 2019): −2 n·y on the points against ‖y‖² + t‖∇y‖². */
function heatProblem(cloud: OrientedPoints, resolution: number): Problem {
  const root = 2 / resolution;
  const field = rbfGrid({resolution, levels: halvingLevels(resolution), kernel: bspline(3)});
  return problem({
    domain: CUBE,
    unknowns: ['a', 'b', 'c'],
    field,
    terms: [
      term(
        gauss(2),
        ['a', 'b', 'c'].flatMap((name) => [name, ...['x', 'y', 'z'].map((axis) => `${root}*${name}_${axis}`)]),
        {name: 'heat'},
      ),
      term(points(cloud.positions), '-2*(nx*a + ny*b + nz*c)', {name: 'normals', loss: 'identity', data: normalData(cloud)}),
    ],
  });
}

/** ∇u = p in space, p given at each sample; u = 0 and ∇u = n on the points; a trace of smoothness for where no sample decides. */
function poissonProblem(
  cloud: OrientedPoints,
  field: Grid,
  where: Samples,
  directions: Readonly<Record<string, Float64Array>>,
): Problem {
  const {value, normal, smooth} = WEIGHTS;
  const step = 2 / (field.resolution as number);
  return problem({
    domain: CUBE,
    unknowns: ['u'],
    field,
    terms: [
      term(where, ['u_x - px', 'u_y - py', 'u_z - pz'], {name: 'slope', data: directions}),
      term(points(cloud.positions), [`${value}*u`, ...['x', 'y', 'z'].map((axis) => `${normal}*(u_${axis} - n${axis})`)], {
        name: 'surface',
        data: normalData(cloud),
      }),
      term(gauss(1), `${smooth * step}*laplacian(u)`, {name: 'smoothness'}),
    ],
  });
}

/** Gauss points, `count` a cell and axis, as a lattice that can be evaluated on, too: with up to two, all weigh the same. */
function gaussLattice(cells: number, count: 1 | 2): Samples {
  const {points: rule} = gaussRule(count);
  const axis = Float64Array.from({length: cells * count}, (_, i) => -1 + (2 * (Math.floor(i / count) + rule[i % count])) / cells);
  return lattice([axis, axis, axis]);
}

/**
 * Distance from oriented points by least squares: the normals, carried into space by heat and made unit vectors, are taken for the gradient
 * of u (one Poisson problem), then replaced by u's own normalised gradient, round by round (Picard's iteration, over-relaxed).
 */
export async function solveEikonal(cloud: OrientedPoints, settings: EikonalOptions, options: SolveOptions): Promise<Solution> {
  const {field, iterations = 100, tolerance = 1e-3, rounds = 12} = settings;
  const where = gaussLattice(field.resolution as number, 2);
  // In float64: far from the surface little heat arrives, and its direction is all that counts.
  using heat = await solve(heatProblem(cloud, Math.min(HEAT_CELLS, field.resolution as number)), {
    ...options,
    dtype: 'float64',
    optimizer: leastSquares({iterations: 300, tolerance: 1e-12}),
  });
  if (heat.stopReason === 'aborted') {
    throw new DinfError('ABORTED', 'sdf: aborted while the normals were carried into space: there is no distance yet to keep');
  }
  const directions = await directionsOf(heat, where, ['a', 'b', 'c'], 1);
  let before = Infinity;
  return await solve(poissonProblem(cloud, field, where, directions), {
    ...options,
    optimizer: leastSquares({iterations, tolerance}),
    after: heat,
    repeat: {
      rounds,
      optimizer: leastSquares({iterations: ROUND_ITERATIONS, tolerance: 1e-2, fromHere: true}),
      async update(solution, round) {
        // The first solve and the first round have other data, and so losses that do not compare.
        if (round > 2 && solution.loss > (1 - SETTLED) * before) return undefined;
        before = solution.loss;
        return {slope: await directionsOf(solution, where, ['u_x', 'u_y', 'u_z'], RELAXATION)};
      },
    },
  });
}

/** The directions of a vector on a lattice; `relaxation` ω gives v + ω (v/|v| − v) instead of v/|v|. */
async function directionsOf(
  solution: Solution,
  where: Samples,
  [x, y, z]: readonly string[],
  relaxation: number,
): Promise<Record<'px' | 'py' | 'pz', Float64Array>> {
  const factor = `(${1 - relaxation} + ${relaxation}/max(norm(${x}, ${y}, ${z}), 1e-30))`;
  const expressions = [x, y, z].map((component) => `${component}*${factor}`);
  const [px, py, pz] = Object.values(await solution.evaluate(where, {expressions}));
  return {px, py, pz};
}

function normalData({normals}: OrientedPoints): Record<string, Float64Array> {
  const component = (k: number): Float64Array => Float64Array.from({length: normals.length / 3}, (_, i) => normals[3 * i + k]);
  return {nx: component(0), ny: component(1), nz: component(2)};
}
