/** `dinf-grid bench siren`: the grid against its rivals on every system of the paper, as errors over time. */
import * as path from 'node:path';
import type {Command} from 'commander';
import {Option} from 'commander';
import {comparedSystems, planOf, SECONDS, SEEDS} from '../comparisons';
import type {ComparisonPlan, SystemResult} from '../comparisons/compare';
import {runComparison} from '../comparisons/compare';
import {chartSheet, comparisonReport, fieldSheet, machineFacts} from '../comparisons/page';
import {standingsOf} from '../comparisons/standings';
import {COLUMNS, comparisonCsv, comparisonLatex, comparisonLines, rowsOf, WINNER_COLUMNS, winnersOf} from '../comparisons/tables';
import {tableText} from '../ablations/table';
import {DinfError} from '../base/errors';
import type {Device} from '../devices';
import {findDevice} from '../devices';
import {defaultThreads} from '../devices/cpu';
import {writeFileAtomic} from '../files/atomic-write';
import {encodePng} from '../files/image';
import {duration} from '../report/progress';
import {writeReport} from '../report/html';
import {commandLine, numeric, whole} from './arguments';
import {EXIT} from './exit';
import {listenForInterruption} from './interruption';
import {OutputFolder} from './output-folder';

interface Parsed {
  only?: string;
  full?: boolean;
  seconds?: number;
  seeds: number;
  python?: string;
  peers: boolean;
  device: string;
  dtype: 'float32' | 'float64';
  threads?: number;
  out: string;
  json?: boolean;
  quiet?: boolean;
}

const EXAMPLES = `
  $ dinf-grid bench siren --only heat,zalesak --seeds 1
  $ dinf-grid bench siren --full --device cuda --python venv/bin/python

Systems:
${comparedSystems()
  .map(({name, summary}) => `  ${name.padEnd(20)}${summary}\n`)
  .join('')}`;

/** Adds `bench` with its one benchmark. */
export function addBenchCommand(program: Command, finish: (code: number) => void): void {
  program
    .command('bench')
    .description('measure fields against each other')
    .command('siren')
    .description(
      "the grid against Siren, PINN, linear grids and the paper's preset: errors over time on every system of the paper",
    )
    .option('--only <names>', 'systems, separated by commas (default: all)')
    .option('--full', "the paper's sizes, which take a GPU, or hours")
    .option(
      '--seconds <s>',
      `of the solver, for each run of what Adam trains (default: ${SECONDS.reduced}, with --full ${SECONDS.full})`,
      numeric('--seconds', 0.001),
    )
    .option('--seeds <n>', 'how many seeds, from 0 on', whole('--seeds', 1), SEEDS)
    .option('--python <file>', 'Python with torch, numpy and scipy, for the peers (default: $PYTHON, or python3 on the PATH)')
    .option('--no-peers', "leave PyTorch's versions out")
    .option('--device <name>', 'auto, cpu, cuda or cuda:N', 'auto')
    .addOption(new Option('--dtype <type>', 'precision').choices(['float32', 'float64']).default('float32'))
    .option('--threads <n>', 'CPU threads (default: one a core)', whole('--threads', 1))
    .option('--out <dir>', 'where the page, curves, pictures and tables go', path.join('out', 'bench-siren'))
    .option('--json', 'print one JSON object a line on stdout, one for each system and field')
    .option('--quiet', 'no progress')
    .addHelpText('after', EXAMPLES)
    .action(async (parsed: Parsed) => {
      finish(await run(parsed));
    });
}

async function run(parsed: Parsed): Promise<number> {
  const {seconds, seeds, device, dtype, threads, full, quiet} = parsed;
  const chosen = await findDevice(device); // before any folder is made
  if (!parsed.peers && parsed.python !== undefined) {
    throw new DinfError('INVALID_ARGUMENT', '--python is for the peers, and --no-peers leaves them out: give one of them');
  }
  const only = parsed.only?.split(',').map((name) => name.trim());
  const plan = planOf({only, full, seconds, seeds});
  const output = await OutputFolder.open(parsed.out);
  const interruption = listenForInterruption();
  try {
    const results = await runComparison(plan, {
      ...{dtype, threads, device: device as Device, signal: interruption.signal},
      python: parsed.peers ? parsed.python : false,
      onRun: (what, index, count, left) => {
        if (quiet === true) return;
        const time = Number.isFinite(left) ? `, about ${duration(left)} left for all` : '';
        process.stderr.write(`${index + 1} of ${count}: ${what}${time}\n`);
      },
      onSystem: (result) => {
        if (quiet !== true) process.stderr.write(`${summaryOf(result)}\n`);
        if (parsed.json === true) printLines(result, parsed, plan, chosen.name);
      },
    });
    const complete = !interruption.signal.aborted;
    if (results.length === 0) await output.discard();
    else await writeAll(output, results, plan, parsed, chosen.name, complete);
    if (parsed.json !== true && results.length > 0) process.stdout.write(textOf(results, output.written));
    if (!complete) {
      process.stderr.write(
        `dinf-grid: interrupted: ${results.length} of ${plan.systems.length} systems have results, which are kept.\n`,
      );
      return interruption.code;
    }
    return EXIT.solved;
  } catch (error) {
    await output.discard();
    throw error;
  } finally {
    interruption.stop();
  }
}

/** One line on a system that is done. */
function summaryOf(result: SystemResult): string {
  const {system, winners} = standingsOf(result);
  return `${system}: least error when the grid is done: ${winners.equalTime ?? 'none'}; at the end: ${winners.end ?? 'none'}`;
}

function lineFacts({dtype, threads = defaultThreads()}: Parsed, {full, seconds, seeds}: ComparisonPlan, device: string): object {
  return {benchmark: 'siren', full, secondsARun: seconds, seeds, device, dtype, threads};
}

const linesOf = (results: readonly SystemResult[], parsed: Parsed, plan: ComparisonPlan, device: string): string => {
  const facts = lineFacts(parsed, plan, device);
  const when = {date: new Date().toISOString().slice(0, 10), machine: machineFacts()};
  return comparisonLines(results)
    .map((line) => `${JSON.stringify({...facts, ...line, ...when})}\n`)
    .join('');
};

function printLines(result: SystemResult, parsed: Parsed, plan: ComparisonPlan, device: string): void {
  process.stdout.write(linesOf([result], parsed, plan, device));
}

function textOf(results: readonly SystemResult[], files: readonly string[]): string {
  const tables = [tableText([WINNER_COLUMNS, ...winnersOf(results)]), tableText([COLUMNS, ...rowsOf(results)])];
  return `${tables.join('\n')}\n${files.map((file) => `${file}\n`).join('')}`;
}

async function writeAll(
  output: OutputFolder,
  results: readonly SystemResult[],
  plan: ComparisonPlan,
  parsed: Parsed,
  device: string,
  complete: boolean,
): Promise<void> {
  const {dtype, threads = defaultThreads()} = parsed;
  const facts = {...plan, device, dtype, threads, command: commandLine(), complete};
  await output.write('curves.png', (file) => writeFileAtomic(file, encodePng(chartSheet(results))));
  for (const result of results) {
    if (result.contenders.every(({picture}) => picture === undefined)) continue;
    await output.write(`${result.system}.png`, (file) => writeFileAtomic(file, encodePng(fieldSheet(result))));
  }
  await output.write('siren.csv', (file) => writeFileAtomic(file, comparisonCsv(results)));
  await output.write('siren.jsonl', (file) => writeFileAtomic(file, linesOf(results, parsed, plan, device)));
  await output.write('siren.tex', (file) => writeFileAtomic(file, comparisonLatex(results)));
  await output.write('report.html', (file) => writeReport(file, comparisonReport(results, facts)));
}
