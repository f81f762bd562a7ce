// What the benchmarks share: the machine, medians, the peers, result lines.
import {execFileSync, spawn, spawnSync} from 'node:child_process';
import {appendFileSync, mkdirSync, mkdtempSync} from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {fileURLToPath} from 'node:url';
import * as dinf from 'dinf-grid';
import {addon} from '../dist/native.js';

export const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}
export const spread = (values) => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
  count: values.length,
});

/**
 * The power law y = a x^exponent through points, by least squares of logarithms: its exponent and the standard error of that, which two points
 * do not have.
 *
 * @param {[number, number][]} points
 */
export function powerLaw(points) {
  const logs = points.filter(([x, y]) => x > 0 && y > 0).map(([x, y]) => [Math.log(x), Math.log(y)]);
  const count = logs.length;
  const mean = (axis) => logs.reduce((sum, point) => sum + point[axis], 0) / count;
  const [x, y] = [mean(0), mean(1)];
  const square = logs.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
  if (!(square > 0)) return null;
  const exponent = logs.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) / square;
  const rest = logs.reduce((sum, point) => sum + (point[1] - y - exponent * (point[0] - x)) ** 2, 0);
  return {exponent, standardError: count > 2 ? Math.sqrt(rest / (count - 2) / square) : null, factor: Math.exp(y - exponent * x)};
}

/** What nvidia-smi says of the cards, as it calls it; none where it is not found. */
const CARD = 'name,driver_version,compute_cap,clocks.max.sm,clocks.max.mem,power.limit,ecc.mode.current,mig.mode.current';
function cards() {
  const {status, stdout} = spawnSync('nvidia-smi', [`--query-gpu=${CARD}`, '--format=csv,noheader,nounits'], {encoding: 'utf8'});
  if (status !== 0) return [];
  const names = CARD.split(',');
  return rowsOf(stdout).map((values) => Object.fromEntries(names.map((name, i) => [name, values[i]])));
}
const rowsOf = (text) =>
  text
    .trim()
    .split('\n')
    .map((row) => row.split(',').map((value) => value.trim()));

/** Clocks of the first card while the benchmark runs, five times a second: a card that throttles is seen. */
const clocks = {sm: [], memory: [], celsius: [], watts: []};
if (process.argv.some((word, i) => process.argv[i - 1] === '--device' && word.startsWith('cuda'))) {
  const query = '--query-gpu=clocks.sm,clocks.mem,temperature.gpu,power.draw';
  const watcher = spawn('nvidia-smi', ['--id=0', query, '--format=csv,noheader,nounits', '--loop-ms=200'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  watcher.on('error', () => {
    // No nvidia-smi: lines go without clocks.
  });
  watcher.stdout.on('data', (text) => {
    for (const [sm, memory, celsius, watts] of rowsOf(String(text)).map((row) => row.map(Number))) {
      if (![sm, memory, celsius, watts].every(Number.isFinite)) continue;
      for (const [name, value] of Object.entries({sm, memory, celsius, watts})) clocks[name].push(value);
    }
  });
  // The pipe of a child is a socket, which the type of a stream does not say.
  /** @type {import('node:net').Socket} */ (watcher.stdout).unref();
  watcher.unref();
  process.on('exit', () => watcher.kill());
}
/** Since the last line. */
function clocksSince() {
  const seen = Object.entries(clocks).filter(([, values]) => values.length > 0);
  const result = Object.fromEntries(seen.map(([name, values]) => [name, spread(values)]));
  for (const [, values] of seen) values.length = 0;
  return Object.keys(result).length > 0 ? {clocks: result} : {};
}

/**
 * Solves, and tells what was spent around the solver's own seconds: compiling, allocating, copying to the device, building the result.
 *
 * @returns {Promise<{solution: dinf.Solution, setupSeconds: number}>}
 */
export async function timedSolve(problem, solveOptions) {
  const began = performance.now();
  const solution = await dinf.solve(problem, solveOptions);
  return {solution, setupSeconds: (performance.now() - began) / 1000 - solution.seconds};
}

let known;
/** Asked once a process: a look at the driver takes a while. */
export const machine = () => (known ??= lookAtMachine());

function lookAtMachine() {
  const {instructionSet} = addon().buildInfo();
  const cuda = addon().cudaStatus();
  let commit = 'unknown';
  try {
    commit = execFileSync('git', ['describe', '--always', '--dirty'], {cwd: root, encoding: 'utf8'}).trim();
  } catch {
    // a tarball has no history
  }
  return {
    cpu: os.cpus()[0].model,
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    instructionSet,
    ...(cuda.devices.length > 0 && {
      gpus: cuda.devices.map(({name}) => name),
      cards: cards(),
      cudaDriver: cuda.driverVersion,
      cudaToolkit: cuda.toolkitVersion,
    }),
    node: process.version,
    commit,
  };
}

/** Appends a result line to --results FILE, and prints it. */
export function record(line, file) {
  const text = JSON.stringify({...line, ...clocksSince(), date: new Date().toISOString().slice(0, 10), machine: machine()});
  console.log(text);
  if (file === undefined) return;
  mkdirSync(path.dirname(file), {recursive: true});
  appendFileSync(file, `${text}\n`);
}

/** Python with the modules of a peer, from --python or $PYTHON or the PATH; undefined, with a message, where there is none. */
export function findPython(wanted = process.env.PYTHON ?? 'python3', modules = 'torch, numpy, scipy') {
  const {status, error} = spawnSync(wanted, ['-c', `import ${modules}`], {encoding: 'utf8'});
  if (status === 0) return wanted;
  console.error(
    `skipping the peer: ${error ? `'${wanted}' was not found` : `'${wanted}' cannot import ${modules}`}. ` +
      'Install them as benchmarks/peers/README.md says and pass --python FILE.',
  );
  return undefined;
}

/** Runs a peer and returns the JSON of its last line. */
export function runPeer(python, script, args) {
  const {status, stdout, stderr} = spawnSync(python, [path.join(root, 'benchmarks', 'peers', script), ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`${script} failed:\n${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

/** The same, but a peer that fails says so in the result instead of ending the benchmark: what a PyTorch cannot do is a finding too. */
export function peerOrWhyNot(python, script, args) {
  try {
    return runPeer(python, script, args);
  } catch (error) {
    const failure = String(error instanceof Error ? error.message : error).trim();
    console.error(failure);
    return {failure: failure.split('\n').at(-1)};
  }
}

/** What a result line says of the peers beside our own seconds an iteration, those that failed apart. */
export function peerLines(peers, own) {
  const all = Object.entries(peers);
  const line = ({torch, threads, chunks, mode, secondsPerIteration}) => ({
    ...{torch, threads, chunks, mode, secondsPerIteration},
    ratio: secondsPerIteration.median / own.median,
  });
  const failed = all.filter(([, {failure}]) => failure !== undefined);
  return {
    peers: Object.fromEntries(all.flatMap(([name, peer]) => (peer.failure === undefined ? [[name, line(peer)]] : []))),
    ...(failed.length > 0 && {peersFailed: Object.fromEntries(failed.map(([name, {failure}]) => [name, failure]))}),
  };
}

export const temporaryFolder = () => mkdtempSync(path.join(os.tmpdir(), 'dinf-bench-'));

/** --name value pairs, with numbers as numbers. */
export function options(defaults) {
  const result = {...defaults};
  for (let i = 2; i < process.argv.length; i += 2) {
    const name = process.argv[i].replace(/^--/, '').replace(/-(.)/g, (_, c) => c.toUpperCase());
    if (!(name in result)) throw new Error(`unknown option ${process.argv[i]}; known: ${Object.keys(defaults).join(', ')}`);
    const text = process.argv[i + 1];
    result[name] = typeof defaults[name] === 'number' ? Number(text) : text;
  }
  return result;
}

/** The bytes of a .npy file of 64-bit integers. */
export function npyInt64(values, shape) {
  const header = `{'descr': '<i8', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  const padded = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11) + '\n';
  const head = Buffer.alloc(10);
  head.write('\x93NUMPY\x01\x00', 'latin1');
  head.writeUInt16LE(padded.length, 8);
  return Buffer.concat([head, Buffer.from(padded, 'latin1'), Buffer.from(values.buffer)]);
}
