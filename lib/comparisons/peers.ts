/** The same fields in PyTorch, where Python and torch are found. */
import {execFile} from 'node:child_process';
import {existsSync} from 'node:fs';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import * as path from 'node:path';
import {DinfError} from '../base/errors';
import {readNpy, writeNpy} from '../files/npy';
import type {PeerName} from './contenders';
import type {PeerTask} from './system';
import type {Checkpoint, Traced} from './trace';

/** The scripts, beside the package's own code and in its repository alike. */
const SCRIPTS = path.join(__dirname, '..', '..', 'benchmarks', 'peers');
const SCRIPT_NAMES: Readonly<Record<PeerName, string>> = {'pytorch-siren': 'siren.py', 'pytorch-paper': 'poisson_grid.py'};
/** A run of a peer is one from the beginning: each takes this many times the iterations of the one before. */
const GROWTH = 4;

/** Python with what the peers need. */
export interface Python {
  readonly command: string;
  /** Version of PyTorch. */
  readonly torch: string;
}

/**
 * Looks for Python with torch, numpy and scipy.
 *
 * @param wanted a command or file. Default `$PYTHON`, or `python3` on the PATH.
 * @returns Python, or why there is none.
 */
export async function findPython(wanted = process.env.PYTHON ?? 'python3'): Promise<Python | string> {
  if (!existsSync(path.join(SCRIPTS, SCRIPT_NAMES['pytorch-siren'])))
    return 'this package came without the scripts of benchmarks/peers';
  try {
    const out = await outputOf(wanted, ['-c', 'import torch, numpy, scipy; print(torch.__version__)']);
    return {command: wanted, torch: out.trim()};
  } catch (error) {
    const absent = error instanceof DinfError && error.code === 'INVALID_ARGUMENT';
    return `'${wanted}' ${absent ? 'was not found, and torch, numpy and scipy neither' : 'cannot import torch, numpy and scipy'}: pass --python FILE of a Python that has these`;
  }
}

/** Where and how long a peer runs. */
export interface PeerRun {
  readonly seed: number;
  readonly seconds: number;
  readonly device: 'cpu' | 'cuda';
  readonly threads: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Most iterations. */
  readonly mostIterations: number;
}

/** The last line of a peer. */
interface Report {
  readonly parameters: number;
  /** Without the first iteration, which pays for what PyTorch allocates once. */
  readonly secondsPerIteration: {readonly median: number};
}

/**
 * Runs a peer with one seed and takes its error at growing times.
 *
 * @throws DinfError ABORTED; INTERNAL with what Python said, where a script fails
 */
export async function tracePeer(name: PeerName, {command}: Python, task: PeerTask, run: PeerRun): Promise<Traced> {
  const folder = await mkdtemp(path.join(tmpdir(), 'dinf-peer-'));
  try {
    const image = path.join(folder, 'image.npy');
    await writeNpy(image, task.image.data, [task.image.height, task.image.width]);
    const {siren, grid} = task;
    const own =
      name === 'pytorch-siren'
        ? {width: siren.width, hidden: siren.hiddenLayers, 'learning-rate': siren.learningRate, 'decay-steps': 0}
        : {resolution: grid.resolution, levels: grid.levels, features: grid.features, 'learning-rate': grid.learningRate};
    const checkpoints: Checkpoint[] = [];
    let [iterations, unknowns, picture] = [Math.min(2, run.mostIterations), 0, undefined as Traced['picture']];
    for (;;) {
      const flags = {
        image,
        ...own,
        iterations,
        seed: run.seed,
        device: run.device,
        threads: run.threads,
        out: path.join(folder, 'out'),
      };
      const words = Object.entries(flags).flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag}`, String(value)]));
      const out = await outputOf(command, [path.join(SCRIPTS, SCRIPT_NAMES[name]), ...words], run.signal);
      const report = JSON.parse(out.trim().split('\n').at(-1)!) as Report;
      const {data} = await readNpy(path.join(folder, 'out', 'prediction.npy'));
      const prediction = Float64Array.from(data);
      const error = prediction.every(Number.isFinite) ? task.error(prediction) : NaN;
      unknowns = report.parameters;
      if (!Number.isFinite(error))
        return {run: {seed: run.seed, checkpoints, stopReason: 'diverged', message: '', unknowns}, picture};
      const seconds = iterations * report.secondsPerIteration.median;
      checkpoints.push({iterations, seconds, error});
      picture = task.picture(prediction);
      const done = (stopReason: string): Traced => ({
        run: {seed: run.seed, checkpoints, stopReason, message: '', unknowns},
        picture,
      });
      if (iterations >= run.mostIterations) return done('iterations');
      const affordable = Math.floor(run.seconds / report.secondsPerIteration.median);
      // Less than half as many again would tell nothing new.
      if (affordable < 1.5 * iterations) return done('seconds');
      iterations = Math.min(run.mostIterations, affordable, GROWTH * iterations);
    }
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
}

function outputOf(command: string, words: readonly string[], signal?: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, words, {signal, maxBuffer: 2 ** 26, encoding: 'utf8'}, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.name === 'AbortError')
        reject(new DinfError('ABORTED', 'the comparison was aborted during a run', {cause: error}));
      else if (error.code === 'ENOENT') reject(new DinfError('INVALID_ARGUMENT', `'${command}' was not found`, {cause: error}));
      else reject(new DinfError('INTERNAL', `PyTorch's peer failed: ${stderr.trim().split('\n').at(-1) ?? ''}`, {cause: error}));
    });
  });
}
