// Classical solvers beside ours: fast Poisson transforms, algebraic multigrid, sparse LU, Chebyshev points, ETDRK4, PoissonRecon. Of each a
// ladder of resolutions, error against time; our side is one command with a tolerance. Compared at equal error and at equal time, with the
// fastest rung that is as accurate, warmed up, BLAS and transforms with as many threads as we take.
//   npm run bench:classical -- --python V/bin/python --results benchmarks/results/classical.jsonl
// --only NAME (or several, with commas). Without Python, pyamg or PoissonRecon that peer is left out with a message.
import {spawnSync} from 'node:child_process';
import {rmSync} from 'node:fs';
import * as path from 'node:path';
import {writeNpy} from '../dist/files/npy.js';
import {renderScene} from '../dist/imaging/scene/scene.js';
import {CASES, FORMULA} from './classical/cases.mjs';
import {beside} from './classical/compare.mjs';
import {judgeMesh, poissonRecon, writeCloud} from './classical/surfaces.mjs';
import {findPython, machine, options, record, root, runPeer, spread, temporaryFolder} from './support.mjs';
import {errorsAgainst} from './suites/errors.mjs';
import {REFERENCES} from './references/suites.mjs';

const given = options({results: '', only: '', python: '', poissonRecon: 'PoissonRecon', limit: 2});

/** A command that took longer is not run a second time. */
const ONCE = 15;

const names = given.only === '' ? Object.keys(CASES) : given.only.split(',');
const unknown = names.find((name) => !(name in CASES));
if (unknown !== undefined) throw new Error(`unknown case '${unknown}'; known: ${Object.keys(CASES).join(', ')}`);

for (const name of ['OPENBLAS_NUM_THREADS', 'OMP_NUM_THREADS', 'MKL_NUM_THREADS']) process.env[name] = String(machine().cores);
const python = findPython(given.python || undefined, 'numpy, scipy');
const pythonStartSeconds = python && startOf(python);

/** What a program in Python takes before it can solve anything; not counted, but said. */
function startOf(program) {
  const seconds = [0, 1, 2].map(() => {
    const began = performance.now();
    spawnSync(program, ['-c', 'import numpy, scipy.fft, scipy.sparse.linalg']);
    return (performance.now() - began) / 1000;
  });
  return Math.min(...seconds);
}

/** As one would type it. */
const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `"${word}"`);
const commandOf = (words) => `dinf-grid ${['solve', ...words].map(quoted).join(' ')}`;

/** Runs our command in a folder, and judges what it wrote. */
async function solveOnce(words, folder, cwd, judge) {
  const out = path.join(folder, 'out');
  const began = performance.now();
  const {status, stdout, stderr} = spawnSync(
    process.execPath,
    [path.join(root, 'dist', 'cli', 'main.js'), 'solve', ...words, '--json', '--quiet', '--device', 'cpu', '--out', out],
    {encoding: 'utf8', maxBuffer: 2 ** 26, cwd},
  );
  const commandSeconds = (performance.now() - began) / 1000;
  if (!stdout.startsWith('{')) throw new Error(`${commandOf(words)} exits ${status}:\n${stderr}`);
  const answer = JSON.parse(stdout);
  const judged = await judge(answer, out);
  rmSync(out, {recursive: true, force: true});
  const {seconds, parameters, iterations, dtype, settings, errorEstimate} = answer;
  return {
    exit: status,
    ...{
      seconds,
      commandSeconds,
      unknowns: parameters,
      iterations,
      dtype,
      resolution: settings?.resolution,
      kernel: settings?.kernel,
    },
    errorEstimate: errorEstimate?.relativeL2,
    ...judged,
  };
}

/** Our curve: a point for each setting, run before the peer and, unless it takes long, after it, since shared machines drift. */
async function curve({solve, settings, group}, folder, judge, peer) {
  const cwd = group === 'surface' ? folder : root;
  const points = [];
  for (const setting of settings) points.push([await solveOnce([...solve, ...setting], folder, cwd, judge)]);
  const found = await peer();
  for (const [i, setting] of settings.entries()) {
    if (points[i][0].commandSeconds < ONCE) points[i].push(await solveOnce([...solve, ...setting], folder, cwd, judge));
  }
  const ours = points.map((runs, i) => {
    const raw = {seconds: runs.map(({seconds}) => seconds), commandSeconds: runs.map(({commandSeconds}) => commandSeconds)};
    return {
      setting: settings[i].join(' ') || 'default',
      ...runs[0],
      seconds: spread(raw.seconds),
      commandSeconds: spread(raw.commandSeconds),
      raw,
    };
  });
  return {ours, found};
}

/**
 * What both sides are given, and how an answer of ours is judged.
 *
 * @param {import('./classical/cases.mjs').Case} posed
 * @param {string} folder
 */
async function prepared({group, reference, peer}, folder) {
  const args = [...peer.args, '--limit', String(given.limit)];
  const run = async () => {
    const found = python && runPeer(python, path.join('classical', peer.script), args);
    for (const what of found?.leftOut ?? []) console.error(`${peer.script} leaves out: ${what}`);
    return found;
  };
  if (group === 'image') {
    const scene = renderScene(512);
    await writeNpy(path.join(folder, 'scene.npy'), scene.data, [scene.height, scene.width, scene.channels]);
    args.push('--image', path.join(folder, 'scene.npy'));
    return {run, judge: async ({metrics}) => ({error: 10 ** (-metrics.psnr / 20)})};
  }
  if (group === 'surface') {
    const [shape] = peer.args;
    const cloud = await writeCloud(shape, folder);
    return {
      run: () => poissonRecon(given.poissonRecon, shape, cloud, folder),
      judge: (_, out) => judgeMesh(path.join(out, 'surface.ply'), shape),
    };
  }
  if (reference === undefined) return {run, judge: async ({metrics}) => ({error: metrics.relativeL2})};
  const made = typeof reference === 'function' ? reference() : REFERENCES[reference](python);
  if (made === undefined) return {run, judge: async () => ({error: null})};
  const {t, x} = made.axes;
  await writeNpy(path.join(folder, 't.npy'), t, [t.length]);
  await writeNpy(path.join(folder, 'x.npy'), x, [x.length]);
  await writeNpy(path.join(folder, 'u.npy'), made.values.u, [t.length, x.length]);
  args.push('--reference', folder);
  return {
    run,
    truth: {how: made.how, accuracy: made.accuracy},
    judge: async (_, out) => ({error: (await errorsAgainst(made, out)).u}),
  };
}

for (const name of names) {
  const posed = CASES[name];
  const folder = temporaryFolder();
  const began = performance.now();
  const {run, judge, truth = FORMULA} = await prepared(posed, folder);
  const {ours, found} = await curve(posed, folder, judge, run);
  rmSync(folder, {recursive: true, force: true});
  const {ladder = [], ...peer} = found ?? {
    skipped: `${posed.group === 'surface' ? 'PoissonRecon' : 'Python with NumPy and SciPy'} was not found`,
  };
  const rows = ours.map((point) => beside(point, ladder, truth.accuracy)).filter((row) => row !== undefined);
  const reasons = {
    ours: posed.ours,
    classical: posed.theirs,
    open: 'no rung of the ladder comes as near, and finer ones were not tried',
  };
  const why = Object.fromEntries([...new Set(rows.map(({winner}) => winner))].map((winner) => [winner, reasons[winner]]));
  record(
    {
      benchmark: 'classical',
      case: name,
      device: 'cpu',
      ...{group: posed.group, title: posed.title, command: commandOf(posed.solve)},
      truth,
      rows,
      why,
      ours,
      ladder,
      peer: {...peer, startSeconds: posed.group === 'surface' ? undefined : pythonStartSeconds},
      caseSeconds: (performance.now() - began) / 1000,
    },
    given.results || undefined,
  );
}
