/** Poses and compiles a structure, off the thread that answers requests: what comes of it are plain values, which another thread takes over. */
import type {CompiledExpressions} from '../compile/evaluation';
import {compileEvaluation} from '../compile/evaluation';
import type {CompiledTerms} from '../compile/terms';
import {prepareTerms} from '../compile/terms';
import {DinfError} from '../base/errors';
import {rbfGrid} from '../pose/field';
import type {Edge} from '../pose/field';
import {bspline, parseKernel} from '../pose/kernel';
import type {Problem} from '../pose/problem';
import {problem} from '../pose/problem';
import type {ProblemTexts} from '../pose/problem-texts';
import {textsOf} from '../pose/problem-texts';
import {gridCells, sampleCount} from '../pose/problem-spec';
import type {Samples} from '../pose/sampling';
import {gauss, lattice, linspace, points} from '../pose/sampling';
import {term} from '../pose/term';
import {checkSizes} from './solve-task';
import type {SizeLimits} from './tasks';
import {DEFAULT_POINTS} from './values';

/** The body of a registration, as its schema has it. */
export interface StructureBody {
  readonly domain: Readonly<Record<string, readonly [number, number]>>;
  readonly unknowns: readonly string[];
  readonly resolution: number | readonly number[];
  readonly levels?: number;
  readonly features?: number;
  readonly kernel?: string;
  readonly edge?: string | readonly string[];
  readonly uniforms?: Readonly<Record<string, number>>;
  readonly lift?: Readonly<Record<string, string>>;
  readonly terms: readonly {
    readonly name?: string;
    readonly samples: SamplesBody;
    readonly equations: string | readonly string[];
    readonly data?: readonly string[];
    readonly loss?: 'square' | 'abs' | 'huber' | 'identity';
    readonly weight?: number;
  }[];
  readonly grid?: readonly number[];
  readonly expressions?: readonly string[];
  readonly dtype?: 'float32' | 'float64';
}

interface SamplesBody {
  readonly gauss?: number | readonly number[];
  readonly cells?: number | readonly number[];
  readonly lattice?: readonly (number | readonly number[])[];
  readonly points?: readonly (readonly number[])[];
}

/** A structure that is posed and compiled. */
export interface PosedStructure {
  readonly texts: ProblemTexts;
  /** Without data. */
  readonly terms: CompiledTerms;
  /** Of the expressions, wherever they are evaluated. */
  readonly compiled: CompiledExpressions;
  readonly grid: readonly number[];
  readonly expressions: readonly string[];
}

/** @throws DinfError what posing throws; OUT_OF_MEMORY for what is larger than the limits; ABORTED (rejects) */
export async function poseStructure(body: StructureBody, limits: SizeLimits, signal: AbortSignal): Promise<PosedStructure> {
  const posed = poseBody(body, limits);
  const {spec} = posed;
  const {domain} = spec;
  const grid = body.grid ?? domain.map(() => DEFAULT_POINTS[domain.length - 1]);
  if (grid.length !== domain.length)
    throw new DinfError('INVALID_ARGUMENT', `grid has ${grid.length} numbers, and the domain ${domain.length} coordinates`);
  const expressions = body.expressions ?? body.unknowns;
  const values = grid.reduce((product, n) => product * n, expressions.length);
  if (values > limits.values)
    throw new DinfError(
      'OUT_OF_MEMORY',
      `${values} values a variation are more than the ${limits.values} that this service takes`,
    );
  const known = await prepareTerms(spec, signal);
  const {jetSets, program} = compileEvaluation(spec, expressions, lattice(domain.map(({lower, upper}) => [lower, upper])));
  return {
    ...{texts: textsOf(posed), grid, expressions},
    terms: {...known, terms: known.terms.map((one) => ({...one, channels: []}))},
    compiled: {jetSets, program},
  };
}

function poseBody(body: StructureBody, limits: SizeLimits): Problem {
  const {domain, unknowns, uniforms, lift, resolution, levels, features, kernel, edge} = body;
  const field = rbfGrid({
    resolution: resolution,
    ...{levels, features},
    kernel: kernel === undefined ? bspline(5) : parseKernel(kernel),
    edge: edge as Edge | Edge[] | undefined,
  });
  const bounds = Object.values(domain);
  const samples = body.terms.map((one) => samplesOf(one.samples, bounds));
  const cells = gridCells(field, bounds.length);
  // Sizes are looked at before anything of such a size is made.
  const counts = samples.map((set) => countOf(set, cells, bounds.length));
  if (counts.reduce((sum, count) => sum + count, 0) > limits.samples)
    throw new DinfError('OUT_OF_MEMORY', `its samples are more than the ${limits.samples} that this service takes`);
  const posed: Problem = problem<string, string, string>({
    ...{domain, unknowns, field, uniforms, lift},
    terms: body.terms.map(({name, equations, data = [], loss, weight}, i) =>
      term(samples[i], equations, {
        ...{name, loss, weight},
        data: Object.fromEntries(data.map((channel) => [channel, new Float64Array(counts[i])])),
      }),
    ),
  });
  checkSizes(posed.spec, limits);
  return posed;
}

function samplesOf(
  {gauss: inCell, cells, lattice: axes, points: places}: SamplesBody,
  bounds: readonly (readonly [number, number])[],
): Samples {
  if (inCell !== undefined) return gauss(inCell, {cells: cells as number | undefined});
  if (places !== undefined) return points(places.flat());
  if (axes!.length !== bounds.length)
    throw new DinfError('INVALID_ARGUMENT', `a lattice of ${axes!.length} axes on a domain of ${bounds.length} coordinates`);
  return lattice(axes!.map((axis, k) => (typeof axis === 'number' ? linspace(...bounds[k], axis) : axis)));
}

function countOf(samples: Samples, cells: readonly number[], dimensions: number): number {
  const decided = samples.kind === 'gauss' && samples.cells === undefined ? {...samples, cells} : samples;
  const whole =
    decided.kind === 'gauss' && typeof decided.cells === 'number'
      ? {...decided, cells: Array<number>(dimensions).fill(decided.cells)}
      : decided;
  return sampleCount(whole, {domain: Array.from({length: dimensions}, () => ({name: '', lower: 0, upper: 1}))});
}
