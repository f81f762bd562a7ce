/** `dinf-grid solve sdf`: signed distances from scans, meshes, or shapes that are known. */
import {DinfError} from '../errors';
import type {Grid} from '../field';
import {bspline, gaussian} from '../kernel';
import {checkChoice, checkInteger} from '../options';
import type {Placement, Scan} from '../mesh/points';
import {intoCube, placementOf, readScan} from '../mesh/points';
import {gauss, points, stratified} from '../sampling';
import type {Prepared, ProblemDefinition, RunOptions} from './definition';
import type {EikonalOptions} from './sdf';
import {eikonalProblem, signalProblem, solveEikonal} from './sdf';
import type {Reference} from './sdf-assessment';
import {assessSdf} from './sdf-assessment';
import type {ShapeName} from './sdf-shapes';
import {SHAPE_NAMES, SHAPES} from './sdf-shapes';
import type {NetworkPreset} from './shared';
import {fieldFrom, fieldSettings, gridFrom, stagesFrom} from './shared';
import {fittingLevels} from './stationary';

/** Points drawn from a mesh or a shape, and most that are kept of a cloud. */
const COUNT = 100_000;
/** Of points drawn before the solve: data, whatever the solve's own seed. */
const DATA_SEED = 1;
const RESOLUTION = 64;
/** Samples an axis of the authors: as many on the points as in space. */
const PAPER_SAMPLES = 64;
/** The Siren of its authors' signed distances. */
const NETWORK: NetworkPreset = {width: 256, hiddenLayers: 3, learningRate: 1e-4};
const AS_IT_IS: Placement = {centre: [0, 0, 0], scale: 1};

/** What distances come from: a shape that is known, or a scan. */
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

export const sdfDefinition: ProblemDefinition = {
  name: 'sdf',
  summary: 'the signed distance of a scan, a mesh or a shape (Eikonal equation), and its surface',
  options: [
    {
      flag: '--points <file>',
      description: 'a mesh or oriented points: .ply, .obj; rows x y z nx ny nz: .xyz, .txt, .csv, .npy',
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
    if (own.signal === true) {
      throw new DinfError('INVALID_ARGUMENT', '--signal needs a known distance: leave out --points, or leave out --signal');
    }
    const scan = await readScan(String(file), {count: own.count ?? COUNT, seed: DATA_SEED});
    return prepareSdf({kind: 'scan', scan, file: String(file)}, own);
  },
};

/**
 * The Eikonal problem of a shape or scan, ready to be solved: `prepareSdf({kind: 'shape', name: 'torus'}, {preset: 'paper', levels: 1, own: {}})`.
 * With `fast` and a linear decoder it is a sequence of least-squares problems, which `solve` of the result runs; its `problem` is the paper's loss
 * on the same grid, which any optimizer can be given.
 *
 * @throws INVALID_ARGUMENT, NOT_A_MESH
 */
export function prepareSdf(source: SdfSource, options: SdfOptions): Prepared {
  const authors = options.preset === 'paper';
  const {signal = false, count = COUNT} = options;
  const resolution = options.resolution ?? RESOLUTION;
  const grid: Grid = gridFrom(
    options,
    authors
      ? {resolution, levels: 4, kernel: gaussian({epsilon: 1, rings: 2}), edge: 'clamp'}
      : {resolution, levels: fittingLevels(resolution), kernel: bspline(3)},
  );
  const given = source.kind === 'shape' ? SHAPES[source.name].cloud(count, DATA_SEED) : source.scan.cloud;
  const placement = source.kind === 'shape' ? AS_IT_IS : placementOf(given, authors ? 'mean' : 'box');
  const cloud = {positions: intoCube(given.positions, placement), normals: given.normals};
  const reference: Reference =
    source.kind === 'shape' ? {kind: 'shape', shape: SHAPES[source.name]} : {kind: 'scan', ...source.scan};
  const represented = fieldFrom(options, grid, NETWORK);
  const linear = represented.decoder?.type === 'linear';
  const recipe = !signal && !authors && linear && (options.optimizers ?? ['lsq']).join() === 'lsq';
  const drawn = PAPER_SAMPLES ** 3;
  const optimizers = stagesFrom(options, {
    schedule: [authors || !linear ? 'adam' : 'lsq'],
    adam: {iterations: 20_000, learningRate: 1e-2},
    lsq: signal ? {iterations: 100, tolerance: 1e-4} : {iterations: 100, tolerance: 1e-3},
    network: NETWORK,
  });
  const what = source.kind === 'shape' ? SHAPES[source.name].title : source.file;
  const total = cloud.positions.length / 3;
  const space = authors ? stratified(PAPER_SAMPLES) : gauss(2);
  const posed = signal
    ? signalProblem(
        SHAPES[(source as {name: ShapeName}).name].expression,
        represented,
        authors ? [space, points(cloud.positions, {draws: drawn})] : [space],
        authors ? 'abs' : 'square',
      )
    : eikonalProblem(cloud, represented, PAPER_SAMPLES);
  return {
    problem: posed,
    optimizers,
    samplesPerIteration:
      signal && !authors ? (2 * resolution) ** 3 : recipe ? (2 * resolution) ** 3 + total + resolution ** 3 : 2 * drawn,
    headline: signal
      ? `the signed distance of ${what}, fitted by its values`
      : `the signed distance of ${what} from ${total.toLocaleString('en')} oriented points`,
    settings: {
      ...(source.kind === 'shape' ? {shape: source.name} : {points: source.file}),
      ...(!signal && {count: total}),
      method: signal ? 'fit' : recipe ? 'vector heat, Poisson, Picard rounds' : "the paper's loss",
      centre: placement.centre.join(', '),
      scale: placement.scale,
      ...fieldSettings(posed.spec.fields[0], resolution),
    },
    ...(recipe && {
      solve(given) {
        const [{stage}] = optimizers;
        const {iterations, tolerance} = stage as {iterations: number; tolerance: number};
        const settings: EikonalOptions = {field: grid, iterations, tolerance, rounds: options.rounds};
        return solveEikonal(cloud, settings, given);
      },
    }),
    assess: (solution) => assessSdf(solution, reference, placement, {cells: 2 * resolution}),
  };
}

function wholeOption(text: string | boolean | undefined, flag: string, least: number): number | undefined {
  return text === undefined ? undefined : checkInteger(text === '' ? NaN : Number(text), flag, least, 10_000_000);
}
