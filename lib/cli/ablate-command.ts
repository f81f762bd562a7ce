/** `dinf-grid ablate NAME`: one thing varied, and a table of what it does. */
import * as path from 'node:path';
import type {Command} from 'commander';
import {Option} from 'commander';
import {ABLATIONS} from '../ablations';
import type {Ablation, AblationOptions, Row} from '../ablations/ablation';
import {runAblation} from '../ablations/ablation';
import {contactSheet} from '../ablations/pictures';
import {columnsOf, metricText, tableCsv, tableText} from '../ablations/table';
import type {Device} from '../devices';
import {findDevice} from '../devices';
import {DinfError} from '../base/errors';
import {encodePng} from '../files/image';
import {parseIterations, parseOptimizers} from '../cases/case-options';
import type {OptimizerName} from '../cases/definition';
import {OPTIMIZER_NAMES} from '../cases/definition';
import {writeFileAtomic} from '../files/atomic-write';
import {writeReport} from '../report/html';
import {commandLine, usage, whole} from './arguments';
import {EXIT} from './exit';
import {listenForInterruption} from './interruption';
import {OutputFolder} from './output-folder';
import {duration, progressView} from '../report/progress';

interface Parsed {
  image?: string;
  size?: number;
  preset: 'paper' | 'fast';
  optimizer?: OptimizerName[];
  iterations?: number[];
  device: string;
  dtype: 'float32' | 'float64';
  threads?: number;
  seed: number;
  out?: string;
  json?: boolean;
  quiet?: boolean;
}

/** Adds `ablate` with one subcommand an ablation. */
export function addAblateCommand(program: Command, finish: (code: number) => void): void {
  const command = program.command('ablate').description('vary one thing, hold the rest, and compare');
  for (const ablation of ABLATIONS) {
    const sub = command.command(ablation.name).description(ablation.summary);
    if (ablation.size > 0) {
      sub
        .option('--image <file>', `PNG or JPEG, gray or colour (default: the built-in scene)`)
        .option('--size <n>', `pixels a side of the built-in scene (default: ${ablation.size})`, whole('--size', 16));
    }
    sub
      .addOption(
        new Option('--preset <name>', 'least squares in seconds, or Adam as the authors do')
          .choices(['paper', 'fast'])
          .default('fast'),
      )
      .option('--optimizer <names>', `${OPTIMIZER_NAMES.join(', ')}; a comma makes a schedule`, usage(parseOptimizers))
      .option(
        '--iterations <n>',
        'most iterations of each variant; with a schedule, one number or one a stage',
        usage(parseIterations),
      )
      .option('--device <name>', 'auto, cpu, cuda or cuda:N', 'auto')
      .addOption(new Option('--dtype <type>', 'precision').choices(['float32', 'float64']).default('float32'))
      .option('--threads <n>', 'CPU threads (default: one a core)', whole('--threads', 1))
      .option('--seed <n>', 'of everything random', whole('--seed', 0), 0)
      .option('--out <dir>', `where the picture, the table and the report go (default: out/ablate-${ablation.name})`)
      .option('--json', 'print one JSON object on stdout')
      .option('--quiet', 'no progress')
      .action(async (parsed: Parsed) => {
        finish(await run(ablation, parsed));
      });
  }
}

async function run(ablation: Ablation, parsed: Parsed): Promise<number> {
  await findDevice(parsed.device); // before any file is read
  if (parsed.image !== undefined && parsed.size !== undefined) {
    throw new DinfError('INVALID_ARGUMENT', '--size is for the built-in scene, and --image names another: give one of them');
  }
  const options: AblationOptions = {
    image: parsed.image,
    size: parsed.size,
    preset: parsed.preset,
    optimizers: parsed.optimizer,
    iterations: parsed.iterations,
  };
  const trials = await ablation.trials(options);
  const output = await OutputFolder.open(parsed.out ?? path.join('out', `ablate-${ablation.name}`));
  const quiet = parsed.quiet === true;
  let view = progressView(process.stderr, true);
  const interruption = listenForInterruption();
  try {
    const rows = await runAblation(trials, {
      device: parsed.device as Device,
      dtype: parsed.dtype,
      threads: parsed.threads,
      seed: parsed.seed,
      signal: interruption.signal,
      onTrial: ({labels}, index, count, left) => {
        view.stop();
        if (quiet) return;
        const time = Number.isFinite(left) ? `, about ${duration(left)} left for all` : '';
        process.stderr.write(`${index + 1} of ${count}: ${labelText(labels)}${time}\n`);
        view = progressView(process.stderr, false);
      },
      onProgress: (progress) => {
        view.update(progress);
      },
    }).finally(() => {
      view.stop();
    });
    const interrupted = rows.length < trials.length;
    if (rows.length === 0) await output.discard();
    const outputs = rows.length === 0 ? [] : await writeOutputs(output, ablation, rows, trials.length);
    if (parsed.json === true) {
      const shown = rows.map(({picture: _picture, ...row}) => row);
      const {preset, dtype, seed, image} = parsed;
      const summary = {ablation: ablation.name, image: image ?? 'built-in scene', preset, dtype, seed, complete: !interrupted};
      process.stdout.write(`${JSON.stringify({...summary, rows: shown, outputs})}\n`);
    } else {
      process.stdout.write([textOf(ablation, rows), ...outputs.map((file) => `${file}\n`)].join(''));
    }
    if (interrupted) {
      process.stderr.write(`dinf-grid: interrupted: ${rows.length} of ${trials.length} variants were done and are kept.\n`);
      return interruption.code;
    }
    return rows.every(({stopReason}) => stopReason === 'diverged') ? EXIT.diverged : EXIT.solved;
  } catch (error) {
    await output.discard();
    throw error;
  } finally {
    interruption.stop();
  }
}

/** `levels 4`, `gradient, hat`: a number says nothing without its name. */
const labelText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => (Number.isFinite(Number(value)) ? `${name} ${value}` : value))
    .join(', ');

function textOf(ablation: Ablation, rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  const notes = notesOf(ablation, rows).map((note) => `\n${note}\n`);
  return `${tableText(columnsOf(rows, ablation.metrics))}${notes.join('')}\n`;
}

/** The ablation's own, and what the solves said, each once. */
function notesOf(ablation: Ablation, rows: readonly Row[]): string[] {
  return [...new Set([...ablation.notes, ...rows.flatMap(({notes}) => notes)])];
}

async function writeOutputs(
  output: OutputFolder,
  ablation: Ablation,
  rows: readonly Row[],
  count: number,
): Promise<readonly string[]> {
  const sheet = contactSheet(
    rows.map((row) => {
      const metric = ablation.metrics.find((name) => Object.hasOwn(row.metrics, name));
      const figure = metric === undefined ? '' : `${metric} ${metricText(metric, row.metrics[metric])}, `;
      return {caption: labelText(row.labels), note: `${figure}${row.seconds.toFixed(2)} s`, picture: row.picture};
    }),
  );
  const png = encodePng(sheet);
  await output.write(`${ablation.name}.png`, (file) => writeFileAtomic(file, png));
  await output.write(`${ablation.name}.csv`, (file) => writeFileAtomic(file, tableCsv(rows)));
  await output.write('report.html', (file) =>
    writeReport(file, {
      title: `dinf-grid: ablation of ${ablation.name}`,
      subtitle: ablation.summary + (rows.length < count ? ` (interrupted: ${rows.length} of ${count} variants)` : ''),
      command: commandLine(),
      figures: [],
      pictures: [{title: 'Results', png, alt: 'the middle of each reconstruction, in the order of the table'}],
      curves: [],
      sections: [
        {title: 'Table', text: tableText(columnsOf(rows, ablation.metrics))},
        {title: 'Notes', text: notesOf(ablation, rows).join('\n\n')},
      ],
    }),
  );
  return output.written;
}
