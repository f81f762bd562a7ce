/** Solves what a stranger sent, and makes the bytes of the answer: all of it off the thread that answers requests. */
import {DinfError} from '../base/errors';
import {solvePrepared} from '../cases/solve-prepared';
import {npyBytes, npyHeader} from '../files/npy';
import {estimateSolve} from '../pool/solve-estimate';
import type {ProblemSpec} from '../pose/problem-spec';
import {sampleCount} from '../pose/problem-spec';
import type {Solution} from '../solve/solution';
import type {SolveOptions} from '../solve/solve';
import {BestSoFar} from './best-so-far';
import {pose} from './posing';
import {previewOf} from './preview';
import {SavedState} from './saved-states';
import type {Answer, SizeLimits, SolveTask, Told} from './tasks';
import {axesOf, unknownsOf, valuesOf} from './values';

/** What happens on the way. */
export interface SolveHooks {
  readonly signal: AbortSignal;
  /** Why it was ended, where that is to be said. */
  readonly note: () => string | undefined;
  /** Whether somebody may come back for the rest. */
  readonly keep: () => boolean;
  readonly onPosed: () => void;
  readonly onProgress: (progress: Told) => void;
  /** JSON; where the task asks for it. */
  readonly onField: (json: Uint8Array<ArrayBuffer>) => void;
}

/** @throws DinfError what posing and solving throw; INVALID_ARGUMENT for what is larger than the limits */
export async function solveTask(task: SolveTask, hooks: SolveHooks): Promise<Answer> {
  const {signal, onPosed} = hooks;
  const {limits, maxSeconds, bytes, threads} = task;
  const {posed, solve, goesOn} = await pose(task, {maxSeconds, maxMemory: bytes});
  const {spec} = posed;
  checkSizes(spec, limits);
  const axes = axesOf(spec, task.grid);
  const expressions = task.expressions ?? unknownsOf(spec);
  const points = axes.reduce((product, axis) => product * axis.length, 1);
  checkCount('values of the answer', points * expressions.length, limits.values, 'ask for a smaller grid or fewer expressions');
  const {dtype = solve.dtype, seed = solve.seed} = task;
  const best = posed.prepared.solve === undefined ? undefined : new BestSoFar();
  const options = {dtype, seed, threads, signal, device: 'cpu', ...listeners(task, hooks, best)} as const;
  const {stages, factorBytes} = await estimateSolve(posed, options, bytes, bytes);
  const state = task.states !== undefined && goesOn ? new SavedState(task.states, task) : undefined;
  const resume = await state?.read(posed, seed);
  onPosed();
  const running = solvePrepared(posed, posed.prepared, {...options, optimizer: stages, resume}, factorBytes);
  const found = await ended(running, best, signal);
  const {solution, stopReason, errorEstimate, spent} = found;
  try {
    const notes = [
      ...(resume === undefined
        ? []
        : [`it went on after ${resume.standing.iterations} iterations, where the service had ended before`]),
      ...(await notesOf(found, state, hooks)),
    ];
    const values = await valuesOf(solution, axes, task.expressions);
    const {loss, seconds, iterations, unknowns} = solution;
    const head = {
      ...{stopReason, met: errorEstimate.met, errorEstimate, loss, seconds, iterations, unknowns},
      notes: [...posed.notes, ...solution.notes, ...notes],
      axes: Object.fromEntries(spec.domain.map(({name}, k) => [name, Array.from(axes[k])])),
    };
    const answer = task.format === 'npy' ? npyAnswer(head, values, axes) : jsonAnswer({...head, values: listed(values)});
    return {...answer, spent};
  } finally {
    if (!spent) solution.dispose();
  }
}

/** How a solve ended, or was left. */
interface Found extends Pick<Solution, 'stopReason' | 'errorEstimate'> {
  readonly solution: Solution;
  /** Whether the solve still runs, and its solution is its own. */
  readonly spent: boolean;
}

/** The end of a solve; where that does not come some seconds after it was asked for, the best that it has shown. */
async function ended(running: PromiseLike<Solution>, best: BestSoFar | undefined, signal: AbortSignal): Promise<Found> {
  const end = Promise.resolve(running).then((solution): Found => {
    const {stopReason, errorEstimate} = solution;
    return {solution, stopReason, errorEstimate, spent: false};
  });
  if (best === undefined) return end;
  const patience = best.afterAbort(signal);
  const left = patience.promise.then(({field, errorEstimate}): Found => {
    return {solution: field, stopReason: 'aborted', errorEstimate, spent: true};
  });
  try {
    return await Promise.race([end, left]);
  } finally {
    patience.forget();
    end.catch(() => undefined); // of one that was left
  }
}

/** What is to be said of an end that came early; its state is saved where the same request can go on from it, and deleted where nobody need. */
async function notesOf(
  {solution, stopReason, spent}: Found,
  state: SavedState | undefined,
  {note, keep}: SolveHooks,
): Promise<string[]> {
  const why = stopReason === 'aborted' ? note() : undefined;
  const kept = stopReason === 'aborted' && keep();
  if (!kept) await state?.delete();
  return [
    ...(why === undefined ? [] : [why]),
    ...(spent ? ['a step of the solve took longer than it could wait for: this is the field of the last mesh before'] : []),
    ...(kept && state !== undefined && !spent ? [await state.write(solution)] : []),
  ];
}

/** What is told on the way: how far it has come with the latest error that is known, and the field. */
function listeners(
  task: SolveTask,
  {onProgress, onField}: Pick<SolveHooks, 'onProgress' | 'onField'>,
  best: BestSoFar | undefined,
): Pick<SolveOptions, 'onProgress' | 'onField'> {
  let known: number | null = null;
  return {
    onProgress: (progress) => {
      onProgress({...progress, errorEstimate: known});
    },
    ...((task.previews || best !== undefined) && {
      onField: async (found) => {
        best?.see(found);
        if (!task.previews) return;
        known = found.errorEstimate.relativeL2 ?? known;
        const json = await previewOf(found, task);
        if (json !== undefined) onField(json);
      },
    }),
  };
}

function jsonAnswer(value: unknown): Answer {
  return {body: new TextEncoder().encode(JSON.stringify(value))};
}

function npyAnswer(head: object, values: Record<string, Float64Array>, axes: readonly Float64Array[]): Answer {
  const all = Object.values(values);
  const shape = [all.length, ...axes.map((axis) => axis.length)];
  const body = Buffer.concat([npyHeader(shape, 'float64'), ...all.map(npyBytes)]);
  // Axes are as long as the grid: whoever asked for it knows them.
  const {axes: lists, ...rest} = head as {axes: Record<string, number[]>};
  const ranges = Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, [list[0], list[list.length - 1]]]));
  // Headers are Latin-1 at most.
  const text = JSON.stringify({...rest, expressions: Object.keys(values), axes: ranges});
  const escaped = text.replace(/[^\x20-\x7e]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return {body: new Uint8Array(body), head: escaped};
}

const listed = (values: Record<string, Float64Array>): Record<string, number[]> =>
  Object.fromEntries(Object.entries(values).map(([name, list]) => [name, Array.from(list)]));

/** @throws DinfError INVALID_ARGUMENT naming the limit */
export function checkSizes(spec: ProblemSpec, limits: SizeLimits): void {
  const samples = spec.terms.reduce((sum, {samples: set}) => sum + sampleCount(set, spec), 0);
  checkCount('samples', samples, limits.samples, 'use a smaller resolution or fewer samples');
  checkCount('unknowns', unknownCount(spec), limits.unknowns, 'use a smaller resolution');
}

/** Nodes of grids, and weights of networks, about. */
export function unknownCount({fields, domain}: ProblemSpec): number {
  return fields.reduce((sum, {grid, network, unknowns}) => {
    if (network !== undefined) {
      const hidden = Array<number>(network.hiddenLayers + 1).fill(network.width);
      const widths = [domain.length, ...hidden, unknowns.length];
      return sum + widths.slice(1).reduce((weights, width, i) => weights + width * (widths[i] + 1), 0);
    }
    const cells = typeof grid.resolution === 'number' ? domain.map(() => grid.resolution as number) : grid.resolution;
    return sum + unknowns.length * cells.reduce((product, n) => product * (n + 1), 1);
  }, 0);
}

function checkCount(what: string, count: number, most: number, fix: string): void {
  if (count <= most) return;
  throw new DinfError('OUT_OF_MEMORY', `${Math.round(count)} ${what} are more than the ${most} that this service takes: ${fix}`);
}
