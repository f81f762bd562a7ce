import {DinfError} from '../base/errors';
import type {Grid} from '../pose/field';
import {bspline, gaussian} from '../pose/kernel';
import {checkChoice} from '../base/options';
import type {Placement, Scan} from '../files/point-cloud';
import {intoCube, placementOf, readScan} from '../files/point-cloud';
import type {OrientedPoints} from '../mesh/mesh';
import type {Problem} from '../pose/problem';
import {gauss, points, stratified} from '../pose/sampling';
import type {SolveOptions} from '../solve/solve';
import type {Prepared, PreparedStage, ProblemDefinition, RunOptions} from '../cases/definition';
import type {Represented} from './sdf';
import {eikonalProblem, signalProblem, solveEikonal} from './sdf';
import type {Reference} from './sdf-assessment';
import {assessSdf} from './sdf-assessment';
import type {ShapeName} from './sdf-shapes';
import {SHAPE_NAMES, SHAPES} from './sdf-shapes';
import type {NetworkPreset} from '../cases/field-options';
import {fieldFrom, fieldSettings} from '../cases/field-options';
import {gridFrom, halvingLevels} from '../cases/grids';
import {wholeOption} from '../cases/own-options';
import type {StageDefaults} from '../cases/stages';
import {stagesFrom} from '../cases/stages';

/** Points drawn from a mesh or a shape, and most that are kept of a cloud. */
const COUNT = 100_000;
/** Seed of points drawn before the solve: they are data, whatever the solve's own seed. */
const DATA_SEED = 1;
const RESOLUTION = 64;
/** Samples an axis of the authors: as many on the points as in space. */
const PAPER_SAMPLES = 64;
/** The Siren of its authors' signed distances. */
const NETWORK: NetworkPreset = {width: 256, hiddenLayers: 3, learningRate: 1e-4};
const AS_IT_IS: Placement = {centre: [0, 0, 0], scale: 1};

/** The origin of distances: a shape that is known, or a scan. */
export type SdfSource =
  {readonly kind: 'shape'; readonly name: ShapeName} | {readonly kind: 'scan'; readonly scan: Scan; readonly file: string};

/** Options of {@link prepareSdf} beside those of every problem. */
export interface SdfOptions extends RunOptions {
  /** Fits the known distance of a shape by its values instead of solving the Eikonal equation from points. Default false. */
  signal?: boolean;
  /** Points drawn from a shape, default 100 000. */
  count?: number;
  /** Most Picard rounds of `fast`, default 12. */
  rounds?: number;
}

/** `dinf-grid solve sdf`. */
export const sdfDefinition: ProblemDefinition = {
  name: 'sdf',
  summary: 'the signed distance of a scan, a mesh or a shape (Eikonal equation), and its surface',
  options: [
    {
      flag: '--points <file>',
      description: 'a mesh or points: .ply, .obj; rows x y z nx ny nz, or x y z: .xyz, .txt, .csv, .npy',
    },
    {flag: '--shape <name>', description: 'instead, a shape whose distance is known (default: torus)', choices: SHAPE_NAMES},
    {flag: '--signal', description: "fit the shape's known distance by its values, without the equation"},
    {flag: '--count <n>', description: `points drawn from a mesh or shape, most that are kept of a cloud (default: ${COUNT})`},
    {
      flag: '--rounds <n>',
      description: 'most rounds after the first Poisson problem (fast; they end by themselves; default: 12)',
    },
  ],
  async prepare(options) {
    const {points: file, shape, signal, count, rounds} = options.own as Record<string, string | boolean | undefined>;
    const own: SdfOptions = {
      ...options,
      signal: signal === true,
      count: wholeOption(count, '--count', 16),
      rounds: wholeOption(rounds, '--rounds', 0),
    };
    if (file === undefined) {
      return prepareSdf({kind: 'shape', name: checkChoice(shape ?? 'torus', '--shape', SHAPE_NAMES)}, own);
    }
    if (shape !== undefined) {
      throw new DinfError('INVALID_ARGUMENT', '--points and --shape exclude each other: a distance comes from one of them');
    }
    if (own.signal === true) refuseSignal();
    const scan = await readScan(String(file), {count: own.count ?? COUNT, seed: DATA_SEED});
    return prepareSdf({kind: 'scan', scan, file: String(file)}, own);
  },
};

function refuseSignal(): never {
  throw new DinfError('INVALID_ARGUMENT', '--signal needs a known distance: leave out --points, or leave out --signal');
}

/**
 * The Eikonal problem of a shape or scan, ready to be solved: `prepareSdf({kind: 'shape', name: 'torus'}, {preset: 'paper', levels: 1, own: {}})`.
 * With `fast` and a linear decoder it is a sequence of least-squares problems, which `solve` of the result runs; its `problem` is the paper's loss
 * on the same grid, which any optimizer can be given.
 *
 * @throws DinfError INVALID_ARGUMENT, NOT_A_MESH
 */
export function prepareSdf(source: SdfSource, options: SdfOptions): Prepared {
  const data = dataOf(source, options);
  const plan = planOf(options);
  const {grid, represented, method, resolution} = plan;
  const posed = method === 'values' ? valuesProblem(source, data, represented, options) : eikonalProblem(data.cloud, represented);
  const optimizers = stagesFrom(options, plan.stages);
  const count = data.cloud.positions.length / 3;
  return {
    problem: posed,
    optimizers,
    samplesPerIteration: samplesOf(plan, count, options.preset),
    headline: headlineOf(source, method, count),
    settings: {
      ...(source.kind === 'shape' ? {shape: source.name} : {points: source.file}),
      ...(method !== 'values' && {count}),
      method: {values: 'fit', rounds: 'vector heat, Poisson, Picard rounds', paper: "the paper's loss"}[method],
      centre: data.placement.centre.join(', '),
      scale: data.placement.scale,
      ...fieldSettings(posed.spec.fields[0], resolution),
    },
    ...(source.kind === 'scan' && {notes: source.scan.notes}),
    ...(method === 'rounds' && {
      solve: (given: SolveOptions) =>
        solveEikonal(data.cloud, {field: grid, ...limitsOf(optimizers), rounds: options.rounds}, given),
    }),
    assess: (solution) => assessSdf(solution, data.reference, data.placement, {cells: 2 * resolution}),
  };
}

/** Points inside the cube, how they came there, and what a result is held against. */
interface SdfData {
  readonly cloud: OrientedPoints;
  readonly placement: Placement;
  readonly reference: Reference;
}

function dataOf(source: SdfSource, {preset, count = COUNT}: SdfOptions): SdfData {
  if (source.kind === 'shape') {
    const shape = SHAPES[source.name];
    return {cloud: shape.cloud(count, DATA_SEED), placement: AS_IT_IS, reference: {kind: 'shape', shape}};
  }
  const {positions, normals} = source.scan.cloud;
  const placement = placementOf(source.scan.cloud, preset === 'paper' ? 'mean' : 'box');
  return {cloud: {positions: intoCube(positions, placement), normals}, placement, reference: {kind: 'scan', ...source.scan}};
}

/** `values`: fitted to a known distance. `rounds`: least squares, round by round. `paper`: the authors' loss. */
type Method = 'values' | 'rounds' | 'paper';

interface SdfPlan {
  readonly method: Method;
  readonly grid: Grid;
  readonly represented: Represented;
  readonly resolution: number;
  readonly stages: StageDefaults;
}

function planOf(options: SdfOptions): SdfPlan {
  const authors = options.preset === 'paper';
  const resolution = options.resolution ?? RESOLUTION;
  const grid = gridFrom(
    options,
    authors
      ? {resolution, levels: 4, kernel: gaussian({epsilon: 1, rings: 2}), edge: 'clamp'}
      : {resolution, levels: halvingLevels(resolution), kernel: bspline(3)},
  );
  const represented = fieldFrom(options, grid, NETWORK);
  const linear = represented.decoder?.type === 'linear';
  const leastSquares = !authors && linear && (options.optimizers ?? ['lsq']).join() === 'lsq';
  return {
    method: options.signal === true ? 'values' : leastSquares ? 'rounds' : 'paper',
    grid,
    represented,
    resolution,
    stages: {
      schedule: [authors || !linear ? 'adam' : 'lsq'],
      adam: {iterations: 20_000, learningRate: 1e-2},
      lsq: {iterations: 100, tolerance: options.signal === true ? 1e-4 : 1e-3},
      network: NETWORK,
    },
  };
}

/** The known distance of a shape at samples in space and, with the authors' preset, on the surface as well. */
function valuesProblem(source: SdfSource, {cloud}: SdfData, represented: Represented, {preset}: SdfOptions): Problem {
  if (source.kind !== 'shape') refuseSignal();
  const {expression} = SHAPES[source.name];
  if (preset !== 'paper') return signalProblem(expression, represented, [gauss(2)], 'square');
  const surface = points(cloud.positions, {draws: PAPER_SAMPLES ** 3});
  return signalProblem(expression, represented, [stratified(PAPER_SAMPLES), surface], 'abs');
}

function samplesOf({method, resolution}: SdfPlan, count: number, preset: RunOptions['preset']): number {
  const space = (2 * resolution) ** 3;
  if (method === 'rounds') return space + count + resolution ** 3;
  return method === 'values' && preset !== 'paper' ? space : 2 * PAPER_SAMPLES ** 3;
}

function headlineOf(source: SdfSource, method: Method, count: number): string {
  const what = source.kind === 'shape' ? SHAPES[source.name].title : source.file;
  return method === 'values'
    ? `the signed distance of ${what}, fitted by its values`
    : `the signed distance of ${what} from ${count.toLocaleString('en')} oriented points`;
}

/** Limits of the first Poisson problem: those of the only stage, of least squares. */
function limitsOf([{stage}]: readonly PreparedStage[]): {iterations: number; tolerance: number} {
  const {iterations, tolerance} = stage as {iterations: number; tolerance: number};
  return {iterations, tolerance};
}
