import * as path from 'node:path';
import type {Command} from 'commander';
import {InvalidArgumentError, Option} from 'commander';
import {DinfError} from '../errors';
import type {Decoder, Edge} from '../field';
import {EDGES, linearDecoder, mlpDecoder, parseEdge} from '../field';
import {encodePng, writePng} from '../imaging/codec';
import {KERNEL_SYNTAX, parseKernel} from '../kernel';
import {toText} from '../expression';
import {resolve} from '../expression/equation';
import {writeObj} from '../mesh/obj';
import {writePly} from '../mesh/ply';
import {PROBLEMS} from '../problems';
import type {Assessment, FieldName, OptimizerName, Prepared, ProblemDefinition, RunOptions} from '../problems/definition';
import {FIELD_NAMES, OPTIMIZER_NAMES} from '../problems/definition';
import {checkFieldOptions} from '../problems/shared';
import {scopeOf} from '../problem-spec';
import {writeReport} from '../report/html';
import {writeNpy} from '../report/npy';
import {writeVti} from '../report/vti';
import type {Device} from '../device';
import {chooseDevice} from '../device';
import type {Solution} from '../solution';
import type {SolveOptions} from '../solve';
import {solve} from '../solve';
import {commandLine, numeric, usage, whole} from './arguments';
import {addEquationCommand, EQUATION_EXAMPLE} from './equation-command';
import {EXIT} from './exit';
import {listenForInterruption} from './interruption';
import {FIELD_FILE, OutputFolder} from './output-folder';
import {duration, progressView} from './progress';
import {readResumption} from './resume';

/** Options after parsing, by commander's names. */
interface Parsed {
  preset: 'paper' | 'fast';
  field: FieldName;
  width?: number;
  hiddenLayers?: number;
  kernel?: ReturnType<typeof parseKernel>;
  edge?: Edge | readonly Edge[];
  decoder?: 'linear' | 'mlp';
  resolution?: number;
  levels?: number;
  features?: number;
  optimizer?: OptimizerName[];
  iterations?: number[];
  tolerance?: number;
  learningRate?: number;
  device: string;
  dtype?: 'float32' | 'float64';
  threads?: number;
  seed?: number;
  resume?: string;
  checkpointEvery?: number;
  out?: string;
  json?: boolean;
  quiet?: boolean;
  [own: string]: unknown;
}

/** Adds `solve` with one subcommand a problem. */
export function addSolveCommand(program: Command, finish: (code: number) => void): void {
  const command = program.command('solve').description('solve one of the built-in problems, or your own equations');
  for (const definition of PROBLEMS) {
    const sub = command.command(definition.name).description(definition.summary);
    for (const {flag, description, choices} of definition.options) {
      const option = new Option(flag, description);
      sub.addOption(choices === undefined ? option : option.choices([...choices]));
    }
    addSharedOptions(sub);
    sub.action(async (parsed: Parsed) => {
      finish(await run(definition, parsed));
    });
  }
  const names = PROBLEMS.map(({name}) => name);
  addEquationCommand<Parsed>(command, {names, addSharedOptions, run}, finish);
  command.addHelpText('after', EQUATION_EXAMPLE);
}

function addSharedOptions(command: Command): void {
  command
    .addOption(
      new Option('--preset <name>', "the authors' settings, or the best that is built")
        .choices(['paper', 'fast'])
        .default('fast'),
    )
    .addOption(new Option('--field <kind>', 'what represents the unknowns').choices([...FIELD_NAMES]).default('grid'))
    .option('--width <n>', 'units a layer of a network', whole('--width', 1))
    .option('--hidden-layers <n>', 'layers of a network after its first', whole('--hidden-layers', 0))
    .option('--kernel <kernel>', KERNEL_SYNTAX, usage(parseKernel))
    .option(
      '--edge <modes>',
      `the border of the grid: ${EDGES.join(', ')}; a comma gives one an axis, in the order of the domain`,
      usage(parseEdge),
    )
    .addOption(new Option('--decoder <kind>', 'from features to unknowns').choices(['linear', 'mlp']))
    .option('--resolution <cells>', 'cells of the finest level along the longest axis', whole('--resolution', 1))
    .option('--levels <n>', 'grid levels', whole('--levels', 1))
    .option('--features <n>', 'features a node', whole('--features', 1))
    .option('--optimizer <names>', `${OPTIMIZER_NAMES.join(', ')}; a comma makes a schedule`, usage(parseOptimizers))
    .option(
      '--iterations <n>',
      'most iterations; with a schedule, one number or one a stage',
      usage((text) => text.split(',').map((part) => whole('--iterations', 0)(part))),
    )
    .option(
      '--tolerance <x>',
      'stop least squares when the gradient norm has fallen by this factor, L-BFGS when the loss falls by less in 10 iterations',
      numeric('--tolerance'),
    )
    .option('--learning-rate <x>', "Adam's initial rate", numeric('--learning-rate'))
    .option('--device <name>', 'auto, cpu, cuda or cuda:N', 'auto')
    .addOption(new Option('--dtype <type>', "precision (default: float32, or the saved field's)").choices(['float32', 'float64']))
    .option('--threads <n>', 'CPU threads (default: one a core)', whole('--threads', 1))
    .option('--seed <n>', "of everything random (default: 0, or the saved field's)", whole('--seed', 0))
    .option('--resume <file>', 'go on from a saved field of the same problem; iterations count from its first beginning')
    .option('--checkpoint-every <seconds>', 'while Adam runs, save the field that often', numeric('--checkpoint-every', 0.1))
    .option('--out <dir>', 'where pictures, the report and the field go (default: out/<problem>)')
    .option('--json', 'print one JSON object on stdout')
    .option('--quiet', 'no progress');
}

async function run(definition: ProblemDefinition, parsed: Parsed): Promise<number> {
  chooseDevice(parsed.device); // before any file is read
  const out = parsed.out ?? path.join('out', definition.name);
  const options = runOptions(definition, parsed);
  const prepared = await definition.prepare(options);
  const {resume: file} = parsed;
  if (file !== undefined && prepared.solve !== undefined) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `--resume: ${definition.name} solves a sequence of problems here, which begins anew each time; --optimizer adam trains one field that can go on`,
    );
  }
  const resumption = file === undefined ? undefined : await readResumption(file, prepared, options, parsed.seed);
  const optimizers = resumption?.optimizers ?? prepared.optimizers;
  const folder = await OutputFolder.open(out);
  const view = progressView(process.stderr, parsed.quiet === true);
  const interruption = listenForInterruption();
  try {
    if (parsed.json !== true && parsed.quiet !== true) process.stderr.write(`${prepared.headline}\n`);
    const origin = commandLine();
    const {checkpointEvery: everySeconds} = parsed;
    const settings: SolveOptions = {
      device: parsed.device as Device,
      dtype: parsed.dtype,
      threads: parsed.threads,
      seed: parsed.seed,
      signal: interruption.signal,
      onProgress: (progress) => {
        view.update(progress);
      },
    };
    const running =
      prepared.solve?.(settings) ??
      solve(prepared.problem, {
        ...settings,
        optimizer: optimizers.map(({stage}) => stage),
        resume: resumption?.checkpoint,
        checkpoint: everySeconds === undefined ? undefined : {file: folder.file(FIELD_FILE), everySeconds, origin},
      });
    using solution = await Promise.resolve(running).finally(() => {
      view.stop();
    });
    const notes = [...optimizers.flatMap(({note}) => note ?? []), ...solution.notes];
    // Before anything else can fail: what was solved is not lost.
    await folder.write(FIELD_FILE, (target) => solution.save(target, {origin}));
    const assessment = await prepared.assess(solution);
    await writeOutputs(folder, definition, prepared, solution, assessment, notes);
    const summary = {
      problem: definition.name,
      device: solution.device,
      dtype: solution.dtype,
      optimizer: optimizers.map(({name}) => name).join(','),
      iterations: solution.iterations,
      seconds: solution.seconds,
      parameters: solution.unknowns,
      samplesPerIteration: prepared.samplesPerIteration,
      loss: solution.loss,
      stopReason: solution.stopReason,
      metrics: assessment.metrics,
      outputs: folder.written,
      seed: solution.seed,
      settings: prepared.settings,
      notes,
      ...(resumption && {resumed: {file, iterations: resumption.checkpoint.standing.iterations}}),
    };
    for (const note of notes) process.stderr.write(`dinf-grid: note: ${note}.\n`);
    if (parsed.json === true) process.stdout.write(`${JSON.stringify(summary)}\n`);
    else process.stdout.write(summaryText(summary));
    if (solution.stopReason === 'diverged') {
      process.stderr.write(
        `dinf-grid: diverged: ${solution.message}. The last good field was kept; lower the learning rate or check the equation.\n`,
      );
      return EXIT.diverged;
    }
    return solution.stopReason === 'aborted' ? EXIT.interrupted : EXIT.solved;
  } catch (error) {
    await folder.discard();
    throw error;
  } finally {
    interruption.stop();
  }
}

function runOptions(definition: ProblemDefinition, parsed: Parsed): RunOptions {
  const decoders: Record<string, () => Decoder> = {linear: linearDecoder, mlp: mlpDecoder};
  const own: Record<string, string | undefined> = {};
  for (const {flag} of definition.options) {
    const name = new Option(flag).attributeName();
    own[name] = parsed[name] as string | undefined;
  }
  const options: RunOptions = {
    preset: parsed.preset,
    field: parsed.field,
    width: parsed.width,
    hiddenLayers: parsed.hiddenLayers,
    kernel: parsed.kernel,
    edge: parsed.edge,
    decoder: parsed.decoder === undefined ? undefined : decoders[parsed.decoder](),
    resolution: parsed.resolution,
    levels: parsed.levels,
    features: parsed.features,
    optimizers: parsed.optimizer,
    iterations: parsed.iterations,
    tolerance: parsed.tolerance,
    learningRate: parsed.learningRate,
    own,
  };
  checkFieldOptions(options);
  return options;
}

async function writeOutputs(
  folder: OutputFolder,
  definition: ProblemDefinition,
  prepared: Prepared,
  solution: Solution,
  assessment: Assessment,
  notes: readonly string[],
): Promise<void> {
  for (const {name, picture} of assessment.pictures) await folder.write(`${name}.png`, (file) => writePng(file, picture));
  for (const {name, values, shape} of assessment.arrays)
    await folder.write(`${name}.npy`, (file) => writeNpy(file, values, shape));
  for (const {name, volume} of assessment.volumes ?? []) await folder.write(`${name}.vti`, (file) => writeVti(file, volume));
  for (const {name, mesh} of assessment.meshes ?? []) {
    await folder.write(`${name}.ply`, (file) => writePly(file, mesh));
    await folder.write(`${name}.obj`, (file) => writeObj(file, mesh));
  }
  await folder.write('report.html', (file) =>
    writeReport(file, {
      title: `dinf-grid: ${definition.name}`,
      subtitle: prepared.headline,
      command: commandLine(),
      figures: [
        ...Object.entries(assessment.metrics).map(([label, value]) => ({label, value, hint: METRIC_HINTS[label]})),
        {label: 'seconds', value: solution.seconds, hint: 'the solve alone, without reading files and start-up'},
        {label: 'iterations', value: solution.iterations, hint: `stopped by: ${solution.stopReason}`},
        {label: 'loss', value: solution.loss},
        {label: 'parameters', value: solution.unknowns, hint: 'unknowns of the last stage'},
        {label: 'device', value: solution.device, hint: solution.dtype},
      ],
      pictures: assessment.pictures.map(({title, picture}) => ({title, png: encodePng(picture)})),
      curves: [
        {
          title: 'Loss',
          xLabel: 'iteration',
          yLabel: 'loss',
          series: [{label: 'loss', x: [...solution.losses.iteration], y: [...solution.losses.loss]}],
        },
      ],
      sections: [
        ...(notes.length > 0 ? [{title: 'Notes', text: notes.join('\n')}] : []),
        {title: 'Equations', text: equationsText(solution)},
        {
          title: 'Settings',
          text: Object.entries({...prepared.settings, seed: solution.seed})
            .map(([key, value]) => `${key}: ${value}`)
            .join('\n'),
        },
      ],
    }),
  );
}

const METRIC_HINTS: Readonly<Record<string, string>> = {
  psnr: 'dB, peak = range of the truth, after the best offset where the border is free',
  psnrPaper: "dB, the paper's rescaling by percentiles; a perfect image scores only about 43",
  psnrAffine: 'dB, after the best a·u + b',
  ssim: '7 × 7 window, 1 is perfect',
  meanAbsoluteError: 'mean of |u − truth|; of signed distances, where the truth is at most 0.05',
  meanAbsoluteErrorEverywhere: 'the same over all of the cube',
  eikonalError: 'mean | |∇u| − 1 | where |u| is at most 0.05 of the cube',
  chamfer: 'mean distance between the surfaces, both ways, as a part of the diagonal',
  chamferFloor: 'the same between two samplings of the given surface: no result can be told from it below',
  normalConsistency: 'mean cosine between normals of nearest points, 1 is perfect',
  pieces: 'connected parts of the surface',
  eulerCharacteristic: '2 for a sphere, 0 for a torus',
  residualRms: 'root mean square of left minus right, on a finer lattice than the samples',
};

function equationsText(solution: Solution): string {
  const {spec} = solution.problem;
  return spec.terms
    .flatMap((term) =>
      term.equations.map((equation) => `${term.name} (${term.loss}): ${toText(resolve(equation, scopeOf(spec, term.data)))}`),
    )
    .join('\n');
}

function summaryText(summary: {
  metrics: Readonly<Record<string, number>>;
  seconds: number;
  iterations: number;
  device: string;
  parameters: number;
  stopReason: string;
  outputs: string[];
}): string {
  const metrics = Object.entries(summary.metrics).map(
    ([name, value]) => `${name} ${name.startsWith('psnr') ? `${value.toFixed(2)} dB` : value.toPrecision(4)}`,
  );
  return [
    metrics.join(', '),
    `${duration(summary.seconds)} (${summary.seconds.toFixed(3)} seconds) on ${summary.device}: ${summary.iterations} iterations, ${summary.parameters} unknowns, stopped by ${summary.stopReason}`,
    ...summary.outputs,
    '',
  ].join('\n');
}

export function parseOptimizers(text: string): OptimizerName[] {
  return text.split(',').map((part) => {
    const name = OPTIMIZER_NAMES.find((known) => known === part.trim());
    if (name === undefined) throw new InvalidArgumentError(`'${part}' is not one of ${OPTIMIZER_NAMES.join(', ')}.`);
    return name;
  });
}
