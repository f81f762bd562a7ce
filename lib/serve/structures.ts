/** Structures that clients have registered: problems whose data and uniforms come later. Bounded, and forgotten when nobody uses them. */
import {randomBytes} from 'node:crypto';
import {DinfError} from '../base/errors';
import {prepareTerms} from '../compile/terms';
import {rbfGrid} from '../pose/field';
import type {Edge} from '../pose/field';
import {bspline, parseKernel} from '../pose/kernel';
import type {Problem} from '../pose/problem';
import {problem} from '../pose/problem';
import {gridCells, sampleCount} from '../pose/problem-spec';
import type {Samples} from '../pose/sampling';
import {gauss, lattice, linspace, points} from '../pose/sampling';
import {term} from '../pose/term';
import type {StructureOptions} from '../pool/structure';
import {Refusal} from './failures';
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

/** A structure by its id. */
export interface Registered {
  readonly id: string;
  readonly caller: string;
  readonly posed: Problem;
  readonly options: StructureOptions;
  readonly grid: readonly number[];
  readonly expressions: readonly string[];
  used: number;
}

/** Characters of all equations, lifts and expressions together: they are read between other work, and not in a thread of their own. */
const MOST_TEXT = 20_000;

/** All structures of a service. */
export class Structures {
  private readonly known = new Map<string, Registered>();

  constructor(
    private readonly limits: SizeLimits & {readonly structures: number; readonly seconds: number},
    private readonly mostPerCaller = Math.max(1, Math.ceil(limits.structures / 4)),
  ) {}

  get size(): number {
    this.forget();
    return this.known.size;
  }

  /**
   * Poses a problem and keeps it.
   *
   * @throws DinfError what posing throws; OUT_OF_MEMORY (rejects)
   * @throws Refusal 429 where there are too many
   */
  async add(body: StructureBody, caller: string): Promise<Registered> {
    this.forget();
    const own = Array.from(this.known.values()).filter((one) => one.caller === caller).length;
    if (this.known.size >= this.limits.structures || own >= this.mostPerCaller) {
      const [most, whose] = own >= this.mostPerCaller ? [this.mostPerCaller, ' of this caller'] : [this.limits.structures, ''];
      throw new Refusal(
        429,
        'QUEUE_FULL',
        `${most} structures${whose} are kept already: delete one, or wait until one expires`,
        this.untilRoom(),
      );
    }
    const posed = this.pose(body);
    await prepareTerms(posed.spec);
    const {domain} = posed.spec;
    const grid = body.grid ?? domain.map(() => DEFAULT_POINTS[domain.length - 1]);
    if (grid.length !== domain.length)
      throw new DinfError('INVALID_ARGUMENT', `grid has ${grid.length} numbers, and the domain ${domain.length} coordinates`);
    const expressions = body.expressions ?? body.unknowns;
    const values = grid.reduce((product, n) => product * n, expressions.length);
    if (values > this.limits.values)
      throw new DinfError(
        'OUT_OF_MEMORY',
        `${values} values a variation are more than the ${this.limits.values} that this service takes`,
      );
    const at = lattice(domain.map(({lower, upper}, k) => linspace(lower, upper, grid[k])));
    const registered: Registered = {
      ...{id: randomBytes(16).toString('hex'), caller, posed, grid, expressions, used: Date.now()},
      options: {evaluate: {at, expressions}, dtype: body.dtype ?? 'float32', device: 'cpu'},
    };
    this.known.set(registered.id, registered);
    return registered;
  }

  /** @throws Refusal 404, also for a structure of somebody else */
  get(id: string, caller: string): Registered {
    this.forget();
    const found = this.known.get(id);
    if (found?.caller !== caller) throw new Refusal(404, 'NOT_FOUND', 'there is no such structure: it has expired, or never was');
    found.used = Date.now();
    return found;
  }

  /** @throws Refusal 404 */
  delete(id: string, caller: string): void {
    this.known.delete(this.get(id, caller).id);
  }

  /** Whole seconds until the one that is idle for longest may expire. */
  private untilRoom(): number {
    const oldest = Math.min(...Array.from(this.known.values(), ({used}) => used));
    return Math.max(1, Math.ceil(this.limits.seconds - (Date.now() - oldest) / 1000));
  }

  private forget(): void {
    const oldest = Date.now() - this.limits.seconds * 1000;
    for (const [id, {used}] of this.known) if (used < oldest) this.known.delete(id);
  }

  private pose(body: StructureBody): Problem {
    const texts = [
      ...body.terms.flatMap(({equations}) => equations),
      ...Object.values(body.lift ?? {}),
      ...(body.expressions ?? []),
    ];
    const length = texts.reduce((sum, text) => sum + text.length, 0);
    if (length > MOST_TEXT)
      throw new DinfError(
        'EXPRESSION_TOO_LARGE',
        `the texts of a structure have ${MOST_TEXT} characters at most, and these ${length}`,
      );
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
    if (counts.reduce((sum, count) => sum + count, 0) > this.limits.samples)
      throw new DinfError('OUT_OF_MEMORY', `its samples are more than the ${this.limits.samples} that this service takes`);
    const posed: Problem = problem<string, string, string>({
      ...{domain, unknowns, field, uniforms, lift},
      terms: body.terms.map(({name, equations, data = [], loss, weight}, i) =>
        term(samples[i], equations, {
          ...{name, loss, weight},
          data: Object.fromEntries(data.map((channel) => [channel, new Float64Array(counts[i])])),
        }),
      ),
    });
    checkSizes(posed.spec, this.limits);
    return posed;
  }
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
