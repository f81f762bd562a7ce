/** `dinf-grid sweep FILE`: a problem file with many values of its parameters, on this machine or through a queue. */
import {readFile} from 'node:fs/promises';
import type {Command} from 'commander';
import {DinfError} from '../base/errors';
import type {Device} from '../devices';
import {writeFileAtomic} from '../files/atomic-write';
import {readProblemTexts} from '../equation/problem-file';
import type {Job} from '../queue/job';
import {DEFAULT_QUEUE} from '../queue/options';
import {createQueue} from '../queue/queue';
import type {Sweep, SweepTable} from '../queue/sweep';
import {parseVary, tableCsv, tableKey} from '../queue/sweep';
import {sweepLocally} from '../queue/sweep-locally';
import {collect, numeric, whole} from './arguments';
import {EXIT} from './exit';
import type {Interruption} from './interruption';
import {listenForInterruption} from './interruption';

interface Parsed {
  vary?: string[];
  redis?: string;
  queue: string;
  store: string;
  priority?: number;
  attempts: number;
  detach?: boolean;
  maxSeconds?: number;
  grid?: number;
  expression?: string[];
  device: string;
  threads?: number;
  atOnce?: number;
  out?: string;
  json?: boolean;
  quiet?: boolean;
}

const EXAMPLES = `
  $ dinf-grid sweep heat.json --vary alpha=0.1:1:10 --vary seed=1,2,3 --store results
  $ dinf-grid sweep heat.json --vary alpha=0.1:1:10 --store s3://bucket/heat --redis redis://queue:6379`;

/** Adds `sweep`. */
export function addSweepCommand(program: Command, finish: (code: number) => void): void {
  program
    .command('sweep')
    .description('solve a problem file with many values of its parameters; a table of what came of each, on stdout as CSV')
    .argument('<file>', 'a problem file (JSON)')
    .option('--vary <values>', 'NAME=1,2,3 or NAME=FROM:TO:COUNT, of a uniform or another key of the file; repeat it', collect)
    .requiredOption('--store <place>', 'where results go: a folder, or s3://bucket/prefix; what is there is not solved again')
    .option('--redis <url>', 'let workers of a queue solve it (default: this machine, one after another)')
    .option('--queue <name>', 'the queue', DEFAULT_QUEUE)
    .option('--priority <n>', 'in the queue: 1 comes first, jobs without one before all', whole('--priority', 1))
    .option(
      '--attempts <n>',
      'times that a job of the queue is begun where it fails for what may pass',
      whole('--attempts', 1),
      3,
    )
    .option('--detach', 'print the id of the sweep and leave it to the queue')
    .option('--max-seconds <s>', 'seconds after which a job ends with what it has', numeric('--max-seconds', 0.001))
    .option('--grid <n>', 'points along each axis at which results are evaluated, too', whole('--grid', 1))
    .option('-e, --expression <text>', 'what is evaluated there; repeat it (default: the unknowns)', collect)
    .option('--device <name>', 'of a sweep on this machine: auto, cpu, cuda or cuda:N', 'auto')
    .option('--threads <n>', 'of a sweep on this machine: CPU threads (default: one a core)', whole('--threads', 1))
    .option(
      '--at-once <n>',
      'of a sweep on this machine: jobs side by side, each on its part of the threads (default: as many as threads, and as memory allows)',
      whole('--at-once', 1),
    )
    .option('--out <file>', 'write the table there instead of stdout: .csv or .json')
    .option('--json', 'print the table as one JSON object')
    .option('--quiet', 'no progress')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, parsed: Parsed) => {
      finish(await run(file, parsed));
    });
}

async function run(file: string, parsed: Parsed): Promise<number> {
  if (parsed.detach === true && parsed.redis === undefined)
    throw new DinfError('INVALID_ARGUMENT', '--detach leaves a sweep to a queue: give its --redis');
  const sweep = await readSweep(file, parsed);
  const interruption = listenForInterruption();
  try {
    const table =
      parsed.redis === undefined
        ? await locally(sweep, parsed, interruption)
        : await queued(sweep, parsed.redis, parsed, interruption);
    if (table === undefined) return EXIT.solved;
    await show(table, parsed);
    if (interruption.signal.aborted) return interruption.code;
    return table.rows.every(({state}) => state === 'done') ? EXIT.solved : EXIT.failed;
  } finally {
    interruption.stop();
  }
}

async function readSweep(file: string, {vary = [], maxSeconds, grid, expression: expressions}: Parsed): Promise<Sweep> {
  await readProblemTexts(file); // says what is wrong with it, and where
  const keys = JSON.parse((await readFile(file, 'utf8')).replace(/^\uFEFF/, '')) as Record<string, unknown>;
  // Results go to the store.
  const problem = Object.fromEntries(Object.entries(keys).filter(([key]) => key !== 'out'));
  const job: Job = {problem, maxSeconds, grid, expressions};
  const given = vary.map(parseVary);
  const twice = given.find(({name}, i) => given.findIndex((one) => one.name === name) < i);
  if (twice !== undefined) throw new DinfError('INVALID_ARGUMENT', `--vary names ${twice.name} twice`);
  return {job, vary: Object.fromEntries(given.map(({name, values}) => [name, values]))};
}

function locally(sweep: Sweep, {store, device, threads, atOnce, quiet}: Parsed, {signal}: Interruption): Promise<SweepTable> {
  return sweepLocally(sweep, {
    ...{store, threads, atOnce, signal, device: device as Device},
    onRow: (done, count) => {
      if (quiet !== true) process.stderr.write(`${done} of ${count}\n`);
    },
  });
}

async function queued(sweep: Sweep, redis: string, parsed: Parsed, {signal}: Interruption): Promise<SweepTable | undefined> {
  const {queue: name, store, priority, attempts, detach, quiet} = parsed;
  await using queue = await createQueue({redis, queue: name, store});
  const {id, count} = await queue.sweep(sweep, {priority, attempts});
  if (detach === true) {
    const tables = (['csv', 'json'] as const).map((ending) => tableKey(id, ending));
    process.stdout.write(parsed.json === true ? `${JSON.stringify({id, count, tables})}\n` : `${id}\n`);
    return undefined;
  }
  let last = '';
  const timer = setInterval(() => {
    void queue.sweepLeft(id).then(
      (left) => {
        const text = `${count - left} of ${count}\n`;
        if (quiet !== true && text !== last) process.stderr.write(text);
        last = text;
      },
      () => undefined,
    );
  }, 2000);
  try {
    return await queue.waitSweep(id, {signal});
  } finally {
    clearInterval(timer);
  }
}

async function show(table: SweepTable, {out, json}: Parsed): Promise<void> {
  const asJson = out === undefined ? json === true : out.endsWith('.json');
  const text = asJson ? `${JSON.stringify(table)}\n` : tableCsv(table);
  if (out === undefined) process.stdout.write(text);
  else await writeFileAtomic(out, text);
}
