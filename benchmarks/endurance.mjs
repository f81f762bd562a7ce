// What a long-lived service sees: memory, threads and handles over many solves, over many that are cancelled at random moments, over
// concurrent ones; and what a command line that is killed at random moments leaves behind.
import {spawn} from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import {
  adam,
  bspline,
  DinfError,
  gauss,
  gaussNewton,
  lbfgs,
  leastSquares,
  points,
  problem,
  rbfGrid,
  solve,
  stratified,
  term,
} from '../dist/index.js';
import {readNpy} from '../dist/files/npy.js';
import {readCheckpoint} from '../dist/solve/checkpoint/checkpoint.js';
import {options, record, root, temporaryFolder} from './support.mjs';

const given = options({only: '', solves: 1000, resolution: 512, kills: 100, concurrent: 64, results: '', device: 'cpu'});
const results = given.results === '' ? undefined : given.results;
const wanted = (name) => given.only === '' || given.only.split(',').includes(name);

const poisson = problem({
  domain: {x: [0, 1], y: [0, 1]},
  unknowns: ['u'],
  field: rbfGrid({resolution: given.resolution, levels: 2, kernel: bspline(3)}),
  terms: [term(gauss(2), 'u_xx + u_yy = 1'), term(points([0, 0]), 'u = 0')],
});
const random = problem({
  domain: {x: [0, 1], y: [0, 1]},
  unknowns: ['u'],
  field: rbfGrid({resolution: 128, levels: 3, kernel: bspline(5)}),
  terms: [term(stratified(96), 'u_xx + u_yy = sin(x*y)'), term(points([0, 0]), 'u = 0')],
});

const held = () => ({
  rssMiB: Math.round(process.memoryUsage().rss / 2 ** 20),
  threads: fs.readdirSync('/proc/self/task').length,
  handles: fs.readdirSync('/proc/self/fd').length,
});

/** Repeats `body`, and returns what the process holds after some of the rounds. */
async function watched(rounds, body) {
  const marks = new Set([1, Math.round(rounds / 10), Math.round(rounds / 2), rounds]);
  const seen = [];
  let most = 0;
  for (let i = 1; i <= rounds; i++) {
    await body(i);
    const now = held();
    most = Math.max(most, now.rssMiB);
    if (marks.has(i)) seen.push({after: i, ...now});
  }
  return {rounds, mostRssMiB: most, seen};
}

async function disposed() {
  const solution = await solve(poisson, {threads: 2, device: given.device, optimizer: leastSquares({iterations: 2})});
  await solution.evaluate([0.5, 0.5]);
  solution.dispose();
}

const ends = {};
const count = (name) => (ends[name] = (ends[name] ?? 0) + 1);

async function cancelled(i) {
  const optimizers = [
    adam({iterations: 1e6}),
    leastSquares({iterations: 1e5, tolerance: 0}),
    gaussNewton({steps: 100, iterations: 1000, tolerance: 0}),
    lbfgs({iterations: 1e6, tolerance: 0}),
  ];
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), Math.random() * 150);
  try {
    const running = solve(random, {
      threads: 2,
      device: given.device,
      dtype: i % 8 < 4 ? 'float32' : 'float64',
      signal: abort.signal,
      optimizer: optimizers[i % optimizers.length],
    });
    const solution = await running;
    count(solution.stopReason);
    const value = i % 3 === 0 ? solution.evaluate([0.5, 0.5]) : undefined;
    if (i % 2 === 1) solution.dispose(); // while it evaluates
    await value?.catch((/** @type {unknown} */ error) => count(error instanceof DinfError ? error.code : String(error)));
    solution.dispose();
  } catch (error) {
    if (!(error instanceof DinfError)) throw error;
    count(error.code);
  }
  clearTimeout(timer);
}

async function together() {
  const before = held();
  const solutions = await Promise.all(
    Array.from({length: given.concurrent}, (_, i) =>
      solve(random, {
        threads: 1 + (i % 3),
        device: given.device,
        seed: 1,
        optimizer: i % 2 ? adam({iterations: 60}) : leastSquares({iterations: 60, tolerance: 0}),
      }),
    ),
  );
  const alive = held();
  const bits = await Promise.all(solutions.map(async (one) => Buffer.from((await one.parameters()).buffer).toString('base64')));
  for (const solution of solutions) solution.dispose();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const distinct = [0, 1].map((kind) => new Set(bits.filter((_, i) => i % 2 === kind)).size);
  return {solves: given.concurrent, distinctResults: distinct, before, alive, after: held()};
}

/** Kills a command at a random moment, and looks at what is in its output folder. */
async function killed(i) {
  const out = path.join(temporaryFolder(), 'out');
  const signal = i % 2 ? 'SIGTERM' : 'SIGKILL';
  const command = [
    ['heat', '--preset', 'paper', '--iterations', '4000', '--checkpoint-every', '0.1'],
    ['poisson', '--levels', '4', '--iterations', '100'],
    ['--equation', 'u_t = 0.1*u_xx', '--domain', 't=0..1,x=0..1', '--where', 't=0: u=sin(pi*x)', '--where', 'x=0|x=1: u=0'],
  ][i % 3];
  const child = spawn(process.execPath, [path.join(root, 'dist/cli/main.js'), 'solve', ...command, '--out', out, '--quiet'], {
    stdio: 'ignore',
  });
  const timer = setTimeout(() => child.kill(signal), Math.random() * 3000);
  const code = await new Promise((resolve) => child.on('exit', (status, by) => resolve(status ?? by)));
  clearTimeout(timer);
  const broken = fs.existsSync(out)
    ? (await Promise.all(fs.readdirSync(out).map((file) => faultOf(path.join(out, file))))).filter((fault) => fault !== undefined)
    : [];
  fs.rmSync(path.dirname(out), {recursive: true});
  return {signal, code, broken: signal === 'SIGKILL' ? broken.filter((fault) => !fault.includes('.tmp')) : broken};
}

/** What is wrong with a file, or nothing. */
async function faultOf(file) {
  try {
    if (file.endsWith('.tmp')) return `left over: ${path.basename(file)}`;
    if (file.endsWith('.npy')) await readNpy(file);
    if (file.endsWith('.safetensors')) await readCheckpoint(file);
    if (file.endsWith('.html') && !/<\/html>\s*$/.test(fs.readFileSync(file, 'utf8'))) return `cut: ${path.basename(file)}`;
    if (file.endsWith('.json')) JSON.parse(fs.readFileSync(file, 'utf8'));
    return undefined;
  } catch (error) {
    return `${path.basename(file)}: ${String(error)}`;
  }
}

if (wanted('solves'))
  record(
    {
      benchmark: 'endurance',
      case: 'solved, evaluated, disposed',
      resolution: given.resolution,
      ...(await watched(given.solves, disposed)),
    },
    results,
  );
if (wanted('cancelled'))
  record(
    {benchmark: 'endurance', case: 'cancelled at random moments', ...(await watched(given.solves, cancelled)), ends},
    results,
  );
if (wanted('concurrent')) record({benchmark: 'endurance', case: 'concurrent solves', ...(await together())}, results);
if (wanted('kills')) {
  const codes = {};
  const broken = [];
  for (let i = 0; i < given.kills; i++) {
    const one = await killed(i);
    codes[`${one.signal} ${one.code}`] = (codes[`${one.signal} ${one.code}`] ?? 0) + 1;
    broken.push(...one.broken);
  }
  record({benchmark: 'endurance', case: 'killed at random moments', kills: given.kills, codes, broken}, results);
}
