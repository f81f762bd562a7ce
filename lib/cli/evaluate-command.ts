/** `dinf-grid evaluate FIELD`: any expression on a saved field, at a user's points or on a lattice. */
import {once} from 'node:events';
import * as path from 'node:path';
import type {Command} from 'commander';
import {Option} from 'commander';
import {loadSolution} from '../checkpoint/load';
import type {Device} from '../device';
import {chooseDevice} from '../device';
import {DinfError} from '../errors';
import {csvPoints} from '../evaluation/csv-points';
import type {EvaluatedBatch, EvaluationRun, EvaluationSummary} from '../evaluation/evaluate';
import {checkPoints, emptySummary, evaluateBatches} from '../evaluation/evaluate';
import type {GridSource} from '../evaluation/grid-points';
import {gridPoints} from '../evaluation/grid-points';
import {npyPoints} from '../evaluation/npy-points';
import type {PointSource} from '../evaluation/source';
import {csvParts, npyParts} from '../evaluation/write';
import {checkMemory} from '../memory';
import type {ProblemSpec} from '../problem-spec';
import {writeFileAtomic} from '../report/atomic-write';
import {writeVti} from '../report/vti';
import {collect, whole} from './arguments';
import {EXIT} from './exit';
import {listenForInterruption} from './interruption';
import {duration, partView} from './progress';

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

const FORMATS = ['.csv', '.npy', '.vti'] as const;
type Format = (typeof FORMATS)[number];

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
  chooseDevice(parsed.device); // before any file is read
  const format = formatOf(parsed);
  using solution = await loadSolution(field, {device: parsed.device as Device, threads: parsed.threads});
  const {domain, fields} = solution.problem.spec;
  const expressions = parsed.expression ?? fields.flatMap(({unknowns}) => unknowns);
  // One point, so that an expression that cannot be understood is refused before any point is read.
  await solution.evaluate(
    domain.map(({lower}) => lower),
    {expressions},
  );
  const grid = parsed.grid === undefined ? undefined : gridPoints(parsed.grid, domain);
  const source = grid ?? (await pointsOf(parsed.points!, domain));
  if (format === '.vti') {
    // All arrays are held, and one of them turned.
    const values = grid!.shape.reduce((product, n) => product * n, 1) * (expressions.length + 1);
    checkMemory(8 * values, `a .vti file of ${grid!.shape.join(' × ')} points`, 'write .npy, or take fewer points');
  }

  const view = partView(process.stderr, parsed.quiet === true);
  const interruption = listenForInterruption();
  const began = performance.now();
  const summary = emptySummary(expressions);
  const evaluation: EvaluationRun = {
    ...{solution, source, expressions, outside: parsed.outside, signal: interruption.signal},
    onProgress: (what, part) => {
      view.update(what, part);
    },
  };
  try {
    const names = [...domain.map(({name}) => name), ...expressions];
    const {out} = parsed;
    // A lattice has been checked with its text, and its points are known.
    const shape = async (): Promise<readonly number[]> => grid?.shape ?? [await checkPoints(evaluation)];
    if (format === '.npy') {
      await writeFileAtomic(
        out!,
        afterCheck(shape, (known) => npyParts(batches(), known, expressions.length)),
      );
    } else if (format === '.csv' && out !== undefined) {
      await writeFileAtomic(
        out,
        afterCheck(shape, () => csvParts(batches(), names, solution.dtype)),
      );
    } else if (format === '.vti') {
      await writeVti(out!, {axes: grid!.axes, arrays: await collected(batches(), expressions, grid!)});
    } else if (parsed.json === true) {
      await shape();
      for await (const batch of batches()) void batch;
    } else {
      await print(afterCheck(shape, () => csvParts(batches(), names, solution.dtype)));
      return EXIT.solved;
    }
    view.stop();
    const outputs = out === undefined ? [] : [out];
    const seconds = (performance.now() - began) / 1000;
    const {device, dtype} = solution;
    if (parsed.json === true) process.stdout.write(`${JSON.stringify({field, device, dtype, ...summary, seconds, outputs})}\n`);
    else process.stdout.write(summaryText(summary, seconds, outputs));
    return EXIT.solved;
  } finally {
    view.stop();
    interruption.stop();
  }

  function batches(): AsyncGenerator<EvaluatedBatch> {
    return evaluateBatches(evaluation, summary);
  }
}

/** @throws INVALID_ARGUMENT for options that do not go together. */
function formatOf({points, grid, out}: Parsed): Format | undefined {
  if ((points === undefined) === (grid === undefined)) {
    throw new DinfError('INVALID_ARGUMENT', 'say where to evaluate: --points FILE, or --grid "x=0..1:101", one of them');
  }
  if (out === undefined) return undefined;
  const format = FORMATS.find((one) => path.extname(out).toLowerCase() === one);
  if (format === undefined) {
    throw new DinfError('INVALID_ARGUMENT', `--out ${out}: its ending says what is written, and must be ${FORMATS.join(', ')}`);
  }
  if (format === '.vti' && grid === undefined) {
    throw new DinfError('INVALID_ARGUMENT', `--out ${out}: .vti holds a lattice: give --grid, or write .csv or .npy`);
  }
  return format;
}

function pointsOf(file: string, domain: ProblemSpec['domain']): Promise<PointSource> {
  if (path.extname(file).toLowerCase() === '.npy') return npyPoints(file, domain);
  return csvPoints(
    file,
    domain.map(({name}) => name),
  );
}

/** Checks the points only when the output is open: a folder that cannot be written to is found before. */
async function* afterCheck(
  check: () => Promise<readonly number[]>,
  parts: (shape: readonly number[]) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* parts(await check());
}

async function collected(
  batches: AsyncIterable<EvaluatedBatch>,
  expressions: readonly string[],
  {shape}: GridSource,
): Promise<Record<string, Float64Array>> {
  const points = shape.reduce((product, n) => product * n, 1);
  const arrays = expressions.map(() => new Float64Array(points));
  for await (const {first, values} of batches) {
    values.forEach((column, e) => {
      arrays[e].set(column, first);
    });
  }
  return Object.fromEntries(expressions.map((expression, e) => [expression, arrays[e]]));
}

/** To stdout, as fast as it is read; a reader that has seen enough (`head`) ends it without an error. */
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
