/** Runs contenders on systems, one after another, and keeps what each run has shown. */
import {DinfError} from '../base/errors';
import {findDevice} from '../devices';
import {defaultThreads} from '../devices/cpu';
import type {BytePicture} from '../files/image';
import type {SolveOptions} from '../solve/solve';
import type {ContenderName, PeerName} from './contenders';
import {CONTENDER_NAMES, LABELS, PEER_NAMES} from './contenders';
import type {Python} from './peers';
import {findPython, tracePeer} from './peers';
import type {Entry, PosedSystem, System} from './system';
import type {Run, Traced} from './trace';
import {isTrained, trace} from './trace';

/** What a contender has shown on a system. */
export interface ContenderResult {
  readonly name: ContenderName | PeerName;
  readonly label: string;
  /** Why it was not run. Undefined: it was. */
  readonly reason: string | undefined;
  /** Field, optimizer and samples, by name. */
  readonly settings: Readonly<Record<string, string | number>>;
  /** Whether it is trained until the time is over, and not solved to an end of its own. */
  readonly trained: boolean;
  /** One for each seed. */
  readonly runs: readonly Run[];
  /** The last field of the first seed. */
  readonly picture: BytePicture | undefined;
}

/** All contenders on a system. */
export interface SystemResult {
  readonly system: string;
  readonly summary: string;
  readonly size: string;
  readonly metric: string;
  readonly hint: string;
  readonly notes: readonly string[];
  /** Seconds that what is trained had: those asked for, or the grid's own where that is more. */
  readonly budget: number;
  readonly contenders: readonly ContenderResult[];
  readonly truth: BytePicture | undefined;
}

/** What is compared. */
export interface ComparisonPlan {
  readonly systems: readonly System[];
  readonly full: boolean;
  readonly seconds: number;
  readonly seeds: number;
}

/** Where a comparison runs, and who is told of it. */
export interface ComparisonRun extends Pick<SolveOptions, 'device' | 'dtype' | 'threads' | 'signal'> {
  /** Python with torch for the peers: a command or file; false: none are run. Default: `$PYTHON`, or `python3` on the PATH. */
  readonly python?: string | false | undefined;
  /** Before each run: what it is, its number from 0, how many there are, and the seconds left for all, Infinity at first. */
  readonly onRun?: ((what: string, index: number, count: number, secondsLeft: number) => void) | undefined;
  /** After each system. */
  readonly onSystem?: ((result: SystemResult) => void) | undefined;
}

/** Why a peer is not run on most systems. */
export const NO_PEER = 'none written for this system';

/** Adam's iterations of the paper at full size; at the reduced one seconds alone end a run. */
const UNLIMITED = 1_000_000;

/**
 * Compares, system by system. A signal ends it: what is complete, contender by contender, is returned.
 *
 * @throws DinfError what posing or solving throws, but ABORTED
 */
export async function runComparison(plan: ComparisonPlan, run: ComparisonRun): Promise<SystemResult[]> {
  const device = await findDevice(run.device ?? 'auto');
  const python = run.python === false ? 'PyTorch was left out' : await findPython(run.python);
  // One that was asked for by name has to be there; the usual one may be missing.
  if (typeof run.python === 'string' && typeof python === 'string') throw new DinfError('INVALID_ARGUMENT', `python: ${python}`);
  const clock = new Clock(plan.systems.length * (CONTENDER_NAMES.length + PEER_NAMES.length) * plan.seeds, run);
  const results: SystemResult[] = [];
  for (const system of plan.systems) {
    if (run.signal?.aborted === true) break;
    const race = new Race(plan, {...run, device: run.device ?? 'auto'}, system, await system.pose(plan.full), clock);
    const complete = await race.run(python, device.name.startsWith('cuda') ? 'cuda' : 'cpu');
    if (race.contenders.length > 0) {
      const result = race.result();
      results.push(result);
      run.onSystem?.(result);
    }
    if (!complete) break;
  }
  return results;
}

/** All contenders on one system. */
class Race {
  readonly contenders: ContenderResult[] = [];
  private budget: number;

  constructor(
    private readonly plan: ComparisonPlan,
    private readonly given: ComparisonRun,
    private readonly system: System,
    private readonly posed: PosedSystem,
    private readonly clock: Clock,
  ) {
    this.budget = plan.seconds;
  }

  /** @returns whether nobody stopped it. */
  async run(python: Python | string, device: 'cpu' | 'cuda'): Promise<boolean> {
    try {
      for (const name of CONTENDER_NAMES) this.contenders.push(await this.contender(name));
      for (const name of PEER_NAMES) this.contenders.push(await this.peer(name, python, device));
    } catch (error) {
      if (error instanceof DinfError && error.code === 'ABORTED') return false;
      throw error;
    }
    return true;
  }

  result(): SystemResult {
    const {name: system, summary, metric, hint, notes = []} = this.system;
    const {size, truth} = this.posed;
    return {system, summary, size, metric, hint, notes, budget: this.budget, contenders: this.contenders, truth};
  }

  private async contender(name: ContenderName): Promise<ContenderResult> {
    const entry = await this.posed.entry(name);
    if (typeof entry === 'string') return this.skipped(name, entry);
    const {full} = this.plan;
    const {device, dtype, threads, signal} = this.given;
    const adam = entry.stage.type === 'adam' ? entry.stage.iterations : 0;
    const mostIterations = full ? adam : UNLIMITED;
    const options = {device, dtype, threads, signal, seconds: this.budget, mostIterations};
    // The first solve of a process pays for threads and pages that later ones find.
    if (name === 'grid')
      await trace({...entry, sequence: undefined, stage: {...entry.stage, iterations: 1}}, this.posed, {
        ...options,
        seed: 0,
        seconds: 0,
      });
    const found = await this.seeded(name, (seed) => trace(entry, this.posed, {...options, seed}));
    if (name === 'grid') this.budget = Math.max(this.budget, longest(found.runs));
    return {
      name,
      label: LABELS[name],
      reason: undefined,
      settings: settingsOf(entry, found.runs[0]),
      trained: isTrained(entry),
      ...found,
    };
  }

  private async peer(name: PeerName, python: Python | string, device: 'cpu' | 'cuda'): Promise<ContenderResult> {
    const {peer} = this.posed;
    if (peer === undefined) return this.skipped(name, NO_PEER);
    if (typeof python === 'string') return this.skipped(name, python);
    const {threads = defaultThreads(), signal} = this.given;
    const most = this.plan.full ? 10_000 : UNLIMITED;
    const options = {device, threads, signal, seconds: this.budget, mostIterations: most};
    const found = await this.seeded(name, (seed) => tracePeer(name, python, peer, {...options, seed}));
    const field = name === 'pytorch-siren' ? {field: 'siren', ...peer.siren} : {field: 'grid', ...peer.grid};
    const settings = {...field, optimizer: 'adam', torch: python.torch, parameters: found.runs[0].unknowns};
    return {name, label: LABELS[name], reason: undefined, settings, trained: true, ...found};
  }

  private skipped(name: ContenderName | PeerName, reason: string): ContenderResult {
    this.clock.skip(this.plan.seeds);
    return {name, label: LABELS[name], reason, settings: {}, trained: false, runs: [], picture: undefined};
  }

  private async seeded(
    name: ContenderName | PeerName,
    once: (seed: number) => Promise<Traced>,
  ): Promise<{runs: Run[]; picture: BytePicture | undefined}> {
    const traced: Traced[] = [];
    for (let seed = 0; seed < this.plan.seeds; seed++) {
      if (this.given.signal?.aborted === true) throw new DinfError('ABORTED', 'the comparison was aborted between two runs');
      this.clock.begin(`${this.system.name}, ${LABELS[name]}, seed ${seed}`);
      traced.push(await once(seed));
    }
    return {runs: traced.map(({run}) => run), picture: traced[0].picture};
  }
}

/** The longest of some runs, in seconds. */
const longest = (runs: readonly Run[]): number => Math.max(0, ...runs.map(({checkpoints}) => checkpoints.at(-1)?.seconds ?? 0));

/** Tells which run begins, and how long all that are left will take if they are as long as those before. */
class Clock {
  private done = 0;
  private skipped = 0;
  private readonly began = performance.now();

  constructor(
    private readonly count: number,
    private readonly run: ComparisonRun,
  ) {}

  begin(what: string): void {
    const seconds = (performance.now() - this.began) / 1000;
    const ran = this.done - this.skipped;
    const left = ran > 0 ? (seconds / ran) * (this.count - this.done) : Infinity;
    this.run.onRun?.(what, this.done, this.count, left);
    this.done += 1;
  }

  skip(runs: number): void {
    this.done += runs;
    this.skipped += runs;
  }
}

/** Everything that somebody needs to run the contender again. */
function settingsOf({stage, sequence, settings, samplesPerIteration}: Entry, {unknowns}: Run): Record<string, string | number> {
  return {
    ...settings,
    optimizer: sequence === undefined ? stage.type : 'least squares, a sequence of them',
    ...(stage.type === 'adam' && {learningRate: stage.learningRate, decaySteps: stage.decaySteps}),
    ...(stage.type !== 'adam' && {iterations: stage.iterations}),
    samplesPerIteration,
    parameters: unknowns,
  };
}
