// The public suites' problems, each as a problem file and one command without any option that says how to solve it (a tolerance alone, where
// the best published error is less than the default), and what came of it: whether it was solved, how far the answer is from the truth
// and from what we said of it, and the least error that anybody published.
//   node benchmarks/suites.mjs --results benchmarks/results/suites.jsonl
// --only NAME (or several, with commas) runs one of them, --suite PINNacle, jaxpi, Scale-PINN, FastLSQ or DeepXDE those of one suite. What
// takes large systems or transforms in two coordinates is answered by references/suites.py, where Python with NumPy and SciPy is found:
// --python FILE.
import {spawnSync} from 'node:child_process';
import {readFileSync, rmSync} from 'node:fs';
import * as path from 'node:path';
import {CATALOG, toleranceOf} from './suites/catalog.mjs';
import {errorsAgainst} from './suites/errors.mjs';
import {REFERENCES} from './references/suites.mjs';
import {options, record, root, temporaryFolder} from './support.mjs';

const given = options({results: '', only: '', suite: '', device: 'cpu', python: process.env.PYTHON ?? 'python3'});

/** Longer than this, and a solve is ended: three times what it takes by default. */
const MOST_SECONDS = 180;

function solve(words, out) {
  const began = performance.now();
  const {status, stdout, stderr, error} = spawnSync(
    process.execPath,
    [path.join(root, 'dist', 'cli', 'main.js'), 'solve', ...words, '--json', '--quiet', '--device', given.device, '--out', out],
    {cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26, timeout: MOST_SECONDS * 1000, killSignal: 'SIGKILL'},
  );
  const wholeCommandSeconds = (performance.now() - began) / 1000;
  if (error !== undefined && !('code' in error && error.code === 'ETIMEDOUT')) throw error;
  const answer = stdout.startsWith('{') ? JSON.parse(stdout) : undefined;
  return {status, answer, stderr, wholeCommandSeconds};
}

const NONE = 'no reference yet';

/** What is known of the answer: a formula in the command itself, or a reference. */
async function judged(answer, reference, out) {
  if (answer === undefined) return {trueError: null};
  if (answer.metrics.relativeL2 !== undefined) return {trueError: answer.metrics.relativeL2, truth: 'formula'};
  const made = REFERENCES[reference]?.(given.python);
  if (made === undefined) return {trueError: null, truth: NONE};
  const errors = await errorsAgainst(made, out);
  return {trueError: Math.max(...Object.values(errors)), truth: made.how, truthError: made.accuracy, errors};
}

/** What neither says that it is solved nor that it is not. */
function failureOf(status, answer, stderr) {
  if (status === 0 || status === 5) return undefined;
  if (status === null) return `ended after ${MOST_SECONDS} s`;
  return answer === undefined ? stderr.trim() : `exit code ${status} with an answer, ${answer.stopReason}`;
}

const PROBLEM_FILES = path.join('benchmarks', 'suites', 'problems');

/** @param {string} name @param {import('./suites/catalog.mjs').Entry} entry */
async function run(name, {suite, reference, published, remark}) {
  const out = temporaryFolder();
  const file = path.join(PROBLEM_FILES, `${name}.json`);
  const tolerance = toleranceOf(published);
  const words = [file, ...(tolerance === undefined ? [] : ['--tolerance', String(tolerance)])];
  const {status, answer, stderr, wholeCommandSeconds} = solve(words, out);
  const known = await judged(answer, reference, out);
  rmSync(out, {recursive: true, force: true});
  const estimate = answer?.errorEstimate.relativeL2 ?? null;
  const {settings, conditions, metrics, notes, dtype, iterations, parameters, stopReason, seconds} = answer ?? {};
  const line = {
    benchmark: 'suites',
    case: name,
    device: given.device,
    suite,
    command: `dinf-grid solve ${words.join(' ')}`,
    problem: JSON.parse(readFileSync(path.join(root, file), 'utf8')),
    exit: status,
    failure: failureOf(status, answer, stderr),
    errorEstimate: answer?.errorEstimate,
    ...known,
    errorOverEstimate: estimate === null || known.trueError === null ? null : known.trueError / estimate,
    published,
    remark,
    metrics,
    notes,
    conditions: conditions?.map(({text, kind, misfit}) => `${text}: ${kind}, ${misfit.toPrecision(2)}`),
    dtype,
    resolution: settings?.resolution,
    windows: settings?.windows,
    kernel: settings?.kernel,
    iterations,
    unknowns: parameters,
    stopReason,
    seconds,
    wholeCommandSeconds,
  };
  record(line, given.results || undefined);
  return line;
}

const digits = (number) => (number === null || number === undefined ? '-' : number.toExponential(1));

/** What there is to say of a line: a miss stays on the board. @param {Record<string, any>} line */
function verdict({exit, failure, truth, trueError, truthError = 0, errorEstimate, published}) {
  const solved = exit === 0;
  // What the reference itself may be wrong by is not held against us.
  const certain = trueError - truthError;
  const said = [
    [exit === 5, 'unsolved'],
    [failure !== undefined, failure?.split('\n')[0]],
    [truth === NONE, NONE],
    [published !== null && trueError !== null && trueError > published.relativeL2, 'above the published'],
    [solved && certain > 3 * errorEstimate.tolerance, 'solved, and wrong'],
    [solved && certain > 3 * errorEstimate.relativeL2, 'beyond its estimate'],
    [trueError !== null && truthError > trueError / 3, `reference known to ${digits(truthError)} alone`],
  ];
  return said.flatMap(([holds, text]) => (holds ? [text] : [])).join(', ');
}

/**
 * One line of the scoreboard.
 *
 * @param {string} name @param {import('./suites/catalog.mjs').Entry} entry @param {Record<string, any> | undefined} line
 */
function row(name, {suite, published, needs, sameAs}, line) {
  const best = published === null ? ['-', ''] : [published.relativeL2.toExponential(2), published.source];
  if (line === undefined) {
    const why = sameAs === undefined ? `needs ${needs}` : `is ${sameAs}`;
    return [suite, name, '-', '-', '-', '-', '-', ...best, why];
  }
  const {exit, trueError, errorEstimate, errorOverEstimate, wholeCommandSeconds} = line;
  const numbers = [
    digits(trueError),
    digits(errorEstimate?.relativeL2),
    errorOverEstimate?.toPrecision(2) ?? '-',
    wholeCommandSeconds.toFixed(1),
  ];
  return [suite, name, String(exit ?? 'killed'), ...numbers, ...best, verdict(line)];
}

const wanted = given.only.split(',');
const table = [['suite', 'problem', 'exit', 'error', 'estimate', 'error/estimate', 'seconds', 'published', 'by', '']];
const lines = [];
const apart = {needs: 0, sameAs: 0};
for (const [name, entry] of Object.entries(CATALOG)) {
  if ((given.only !== '' && !wanted.includes(name)) || (given.suite !== '' && given.suite !== entry.suite)) continue;
  const stated = entry.needs === undefined && entry.sameAs === undefined;
  const line = stated ? await run(name, entry) : undefined;
  if (line === undefined) apart[entry.needs === undefined ? 'sameAs' : 'needs']++;
  else lines.push(line);
  table.push(row(name, entry, line));
}
const widths = table[0].map((_, column) => Math.max(...table.map((cells) => cells[column].length)));
console.log(
  `\n${table
    .map((cells) =>
      cells
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')}`,
);
const compared = lines.filter(({published, trueError}) => published !== null && trueError !== null);
const below = compared.filter(({published, trueError}) => trueError <= (published?.relativeL2 ?? 0));
console.log(
  `\n${lines.filter(({exit}) => exit === 0).length} of ${lines.length} solved; ${below.length} of ${compared.length} with a published error ` +
    `at or below it; ${apart.sameAs} more are one of these; ${apart.needs} cannot be expressed yet.`,
);
