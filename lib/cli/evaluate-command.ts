/** `dinf-grid evaluate FIELD`: any expression on a saved field, at a user's points or on a lattice. */
import {once} from 'node:events';
import type {Command} from 'commander';
import {Option} from 'commander';
import {loadSolution} from '../solve/load';
import type {Device} from '../devices';
import {findDevice} from '../devices';
import {DinfError} from '../base/errors';
import type {EvaluationSummary} from '../evaluation/evaluate';
import {checkWritable} from '../files/atomic-write';
import {checkEvaluation, FieldEvaluation} from '../evaluation/field-evaluation';
import {collect, whole} from './arguments';
import {EXIT} from './exit';
import {listenForInterruption} from './interruption';
import {duration, partView} from '../report/progress';

interface Parsed {
  points?: string;
  grid?: string;
  expression?: string[];
  out?: string;
  outside: 'error' | 'nan';
  device: string;
  threads?: number;
  json?: boolean;
  quiet?: boolean;
}

const EXAMPLES = `
  $ dinf-grid evaluate out/heat/field.safetensors --points probes.csv -e u -e u_x
  $ dinf-grid evaluate out/heat/field.safetensors --grid "t=0.5,x:201" -e u -e "u_t - u_xx" --out slice.csv`;

/** Adds `evaluate`. */
export function addEvaluateCommand(program: Command, finish: (code: number) => void): void {
  program
    .command('evaluate')
    .description('expressions on a saved field, at points of yours or on a lattice; CSV on stdout, or a file')
    .argument('<field>', 'a saved field (.safetensors), such as solve leaves among its outputs')
    .option('--points <file>', 'points: CSV (a header may name the coordinates in any order), or .npy of shape (n, d)')
    .option('--grid <axes>', 'instead: a lattice such as "x=0..1:101,y:51,t=0.5"')
    .option('-e, --expression <text>', 'what to evaluate, such as u_xx; repeat it (default: the unknowns)', collect)
    .option('--out <file>', 'write there instead of stdout: .csv, .npy, or with --grid .vti')
    .addOption(new Option('--outside <what>', 'for points outside the domain').choices(['error', 'nan']).default('error'))
    .option('--device <name>', 'auto, cpu, cuda or cuda:N', 'auto')
    .option('--threads <n>', 'CPU threads (default: one a core)', whole('--threads', 1))
    .option('--json', 'print one JSON object on stdout: counts, extremes, outputs; the values go to --out alone')
    .option('--quiet', 'no progress')
    .addHelpText('after', EXAMPLES)
    .action(async (field: string, parsed: Parsed) => {
      finish(await run(field, parsed));
    });
}

async function run(field: string, parsed: Parsed): Promise<number> {
  await findDevice(parsed.device); // before any file is read
  const {points, grid, expression: expressions, outside, out} = parsed;
  checkEvaluation({points, grid}, out);
  if (out !== undefined) await checkWritable(out);
  using solution = await loadSolution(field, {device: parsed.device as Device, threads: parsed.threads});
  const view = partView(process.stderr, parsed.quiet === true);
  const interruption = listenForInterruption();
  try {
    const evaluation = await FieldEvaluation.open(solution, {
      ...{points, grid, expressions, outside, signal: interruption.signal},
      onProgress: (what, part) => {
        view.update(what, part);
      },
    });
    const began = performance.now();
    if (out !== undefined) await evaluation.write(out);
    else if (parsed.json === true) await evaluation.measure();
    else {
      await print(evaluation.csv());
      return EXIT.solved;
    }
    view.stop();
    const outputs = out === undefined ? [] : [out];
    const seconds = (performance.now() - began) / 1000;
    const {device, dtype} = solution;
    const {summary} = evaluation;
    if (parsed.json === true) process.stdout.write(`${JSON.stringify({field, device, dtype, ...summary, seconds, outputs})}\n`);
    else process.stdout.write(summaryText(summary, seconds, outputs));
    return EXIT.solved;
  } finally {
    view.stop();
    interruption.stop();
  }
}

/** Writes to stdout as fast as it is read; a reader that has seen enough (`head`) ends it without an error. */
async function print(parts: AsyncIterable<Uint8Array>): Promise<void> {
  const {stdout} = process;
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure = error;
  };
  stdout.on('error', fail);
  for await (const part of parts) {
    if (!stdout.write(part)) await Promise.race([once(stdout, 'drain'), once(stdout, 'close')]).catch(fail);
    if (failure === undefined) continue;
    if ((failure as NodeJS.ErrnoException).code === 'EPIPE') return;
    throw new DinfError('FILE_UNWRITABLE', `Cannot write to stdout: ${failure.message}.`, {cause: failure});
  }
}

function summaryText({points, outside, expressions}: EvaluationSummary, seconds: number, outputs: readonly string[]): string {
  return [
    `${points} points in ${duration(seconds)}${outside > 0 ? `, ${outside} of them outside the domain` : ''}`,
    ...expressions.map(
      ({expression, minimum, maximum, notFinite}) =>
        `${expression}: ${minimum.toPrecision(6)} to ${maximum.toPrecision(6)}${notFinite > 0 ? `, ${notFinite} not finite` : ''}`,
    ),
    ...outputs,
    '',
  ].join('\n');
}
